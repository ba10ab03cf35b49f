CREATE TABLE account (
 id               INTEGER PRIMARY KEY,
 name             TEXT    NOT NULL UNIQUE,
 platform         TEXT    NOT NULL,
 state            TEXT    NOT NULL CHECK (state = 'ready' OR state = 'paused' OR state = 'parked' OR state = 'removed'),
 paused           INTEGER NOT NULL DEFAULT 0, 
 parked           INTEGER NOT NULL DEFAULT 0, 
 reason           TEXT,
 remote_uid       TEXT,
 token            TEXT,              
 token_expires_at INTEGER,
 token_checked_at INTEGER,
 warned_days      INTEGER NOT NULL DEFAULT 0,
 created_at       INTEGER NOT NULL
 ) STRICT;
CREATE TABLE attempt (
 id          INTEGER PRIMARY KEY,
 send_id     INTEGER NOT NULL REFERENCES send (id),
 number      INTEGER NOT NULL,
 started_at  INTEGER NOT NULL,
 digest      TEXT,             
 ended_at    INTEGER,
 outcome     TEXT,             
 http_status INTEGER,
 took_ms     INTEGER,
 message     TEXT,
 UNIQUE (send_id, number)
 ) STRICT;
CREATE TABLE contact (
 account_id      INTEGER NOT NULL REFERENCES account (id),
 author_id       TEXT    NOT NULL,
 window_until_at INTEGER NOT NULL DEFAULT 0, 
 window_left     INTEGER NOT NULL DEFAULT 0, 
 warned          INTEGER NOT NULL DEFAULT 0, 
 followed_at     INTEGER,
 unfollowed_at   INTEGER, 
 PRIMARY KEY (account_id, author_id)
 ) STRICT, WITHOUT ROWID;
CREATE TABLE counter (
 name  TEXT    NOT NULL, 
 key   TEXT    NOT NULL,
 value INTEGER NOT NULL,
 PRIMARY KEY (name, key)
 ) STRICT, WITHOUT ROWID;
CREATE TABLE cursor (
 account_id INTEGER NOT NULL REFERENCES account (id),
 feed       TEXT    NOT NULL,
 since      TEXT,
 polled_at  INTEGER NOT NULL,
 PRIMARY KEY (account_id, feed)
 ) STRICT, WITHOUT ROWID;
CREATE TABLE event (
 id        INTEGER PRIMARY KEY,
 at        INTEGER NOT NULL,
 actor_uid INTEGER NOT NULL, 
 actor     TEXT    NOT NULL,
 action    TEXT    NOT NULL,
 object    TEXT    NOT NULL CHECK (object = 'post' OR object = 'send' OR object = 'ticket' OR object = 'account' OR object = 'daemon'),
 object_id INTEGER NOT NULL,
 detail    TEXT             
 ) STRICT;
CREATE TABLE media (
 sha256 TEXT PRIMARY KEY,
 type   TEXT NOT NULL,
 data   BLOB NOT NULL
 ) STRICT;
CREATE TABLE message (
 id          INTEGER PRIMARY KEY,
 account_id  INTEGER NOT NULL REFERENCES account (id),
 kind        TEXT    NOT NULL CHECK (kind = 'comment' OR kind = 'mention' OR kind = 'direct'),
 remote_id   TEXT    NOT NULL,
 ticket_id   INTEGER REFERENCES ticket (id),
 from_us     INTEGER NOT NULL DEFAULT 0,
 author_id   TEXT    NOT NULL,
 author_name TEXT,
 text        TEXT    NOT NULL,  
 status_id   TEXT,
 status_text TEXT,
 root_id     TEXT,
 parent_id   TEXT,
 url         TEXT,
 priority    INTEGER NOT NULL,
 class       TEXT    NOT NULL,
 spans       TEXT,              
 created_at  INTEGER NOT NULL,  
 received_at INTEGER NOT NULL,
 UNIQUE (account_id, kind, remote_id)
 ) STRICT;
CREATE TABLE message_media (
 id         INTEGER PRIMARY KEY,
 message_id INTEGER NOT NULL REFERENCES message (id),
 type       TEXT    NOT NULL,
 remote_id  TEXT    NOT NULL,
 state      TEXT    NOT NULL DEFAULT 'open' CHECK (state = 'open' OR state = 'fetched' OR state = 'failed' OR state = 'purged'),
 tries      INTEGER NOT NULL DEFAULT 0,
 next_at    INTEGER NOT NULL,
 sha256     TEXT,    
 bytes      INTEGER,
 mime       TEXT,
 why        TEXT
 ) STRICT;
CREATE TABLE meta (
 name  TEXT PRIMARY KEY,  
 value TEXT NOT NULL
 ) STRICT;
CREATE TABLE notice (
 id         INTEGER PRIMARY KEY,
 kind       TEXT    NOT NULL,
 target     TEXT    NOT NULL DEFAULT '',
 ticket_id  INTEGER,
 account_id INTEGER,
 detail     TEXT    NOT NULL,
 created_at INTEGER NOT NULL,
 next_at    INTEGER NOT NULL,
 tries      INTEGER NOT NULL DEFAULT 0,
 state      TEXT    NOT NULL DEFAULT 'open' CHECK (state = 'open' OR state = 'done' OR state = 'failed'),
 exit_code  INTEGER,
 why        TEXT,
 done_at    INTEGER
 ) STRICT;
CREATE TABLE post (
 id         INTEGER PRIMARY KEY,
 key        TEXT UNIQUE,       
 digest     TEXT    NOT NULL,  
 title      TEXT,
 text       TEXT    NOT NULL,
 class      TEXT    NOT NULL CHECK (class = 'policy' OR class = 'service' OR class = 'interact' OR class = 'solicit'),
 campaign   TEXT,
 due_at     INTEGER,
 until_at   INTEGER,
 late_ms    INTEGER NOT NULL,
 author_uid INTEGER NOT NULL,
 author     TEXT    NOT NULL,
 created_at INTEGER NOT NULL,
 form       TEXT    NOT NULL DEFAULT 'auto' CHECK (form = 'auto' OR form = 'article' OR form = 'text' OR form = 'image' OR form = 'newspic'),
 topic      TEXT,
 markdown   TEXT,
 byline     TEXT,
 digest_text TEXT,
 source_url TEXT,
 cover      TEXT,
 comments   INTEGER NOT NULL DEFAULT 0, 
 corrects   INTEGER REFERENCES post (id) 
 ) STRICT;
CREATE TABLE post_media (
 post_id  INTEGER NOT NULL REFERENCES post (id),
 position INTEGER NOT NULL,
 sha256   TEXT    NOT NULL REFERENCES media (sha256),
 name     TEXT    NOT NULL,
 alt      TEXT,
 PRIMARY KEY (post_id, position)
 ) STRICT, WITHOUT ROWID;
CREATE TABLE push_seen (
 account_id INTEGER NOT NULL REFERENCES account (id),
 dedupe     TEXT    NOT NULL,
 at         INTEGER NOT NULL,
 PRIMARY KEY (account_id, dedupe)
 ) STRICT, WITHOUT ROWID;
CREATE TABLE quota (
 account_id       INTEGER NOT NULL REFERENCES account (id),
 scope            TEXT    NOT NULL,
 window_at        INTEGER NOT NULL,           
 used             INTEGER NOT NULL,
 blocked_until_at INTEGER NOT NULL DEFAULT 0, blocked_at INTEGER NOT NULL DEFAULT 0, 
 PRIMARY KEY (account_id, scope)
 ) STRICT, WITHOUT ROWID;
CREATE TABLE send (
 id               INTEGER PRIMARY KEY,
 kind             TEXT    NOT NULL CHECK (kind = 'publish' OR kind = 'reply' OR kind = 'withdraw'),
 account_id       INTEGER NOT NULL REFERENCES account (id),
 post_id          INTEGER REFERENCES post (id),
 ticket_id        INTEGER REFERENCES ticket (id),
 message_id       INTEGER REFERENCES message (id), 
 text             TEXT    NOT NULL,
 mode             TEXT    NOT NULL DEFAULT 'publish' CHECK (mode IN ('publish', 'broadcast')),
 state            TEXT    NOT NULL CHECK (state = 'held' OR state = 'queued' OR state = 'sending' OR state = 'sent' OR state = 'failed'
 OR state = 'unsure' OR state = 'cancelled' OR state = 'pending'),
 hold             TEXT,              
 note             TEXT,              
 due_at           INTEGER,           
 until_at         INTEGER,
 late_ms          INTEGER NOT NULL,
 next_at          INTEGER NOT NULL DEFAULT 0, 
 attempts         INTEGER NOT NULL DEFAULT 0,
 finds            INTEGER NOT NULL DEFAULT 0,
 resends          INTEGER NOT NULL DEFAULT 0,
 doubted          INTEGER NOT NULL DEFAULT 0,
 look_at          INTEGER,           
 progress         TEXT,              
 job_id           TEXT,              
 thread_id        TEXT,              
 target_id        INTEGER REFERENCES send (id), 
 withdrawn_at     INTEGER,
 first_attempt_at INTEGER,
 last_attempt_at  INTEGER,
 remote_id        TEXT,
 url              TEXT,
 error_domain     TEXT,
 error_advice     TEXT,
 error_code       INTEGER,
 error_message    TEXT,
 author_uid       INTEGER NOT NULL,
 author           TEXT    NOT NULL,
 created_at       INTEGER NOT NULL,
 sent_at          INTEGER, wish TEXT CHECK (wish IN ('hold', 'cancel')),
 CHECK ((kind = 'publish') = (post_id IS NOT NULL)),
 CHECK ((kind = 'reply') = (ticket_id IS NOT NULL)),
 CHECK ((kind = 'withdraw') = (target_id IS NOT NULL))
 ) STRICT;
CREATE TABLE ticket (
 id             INTEGER PRIMARY KEY,
 account_id     INTEGER NOT NULL REFERENCES account (id),
 author_id      TEXT    NOT NULL,  
 author_name    TEXT,
 thread         TEXT    NOT NULL,  
 state          TEXT    NOT NULL CHECK (state = 'new' OR state = 'claimed' OR state = 'assigned' OR state = 'waiting' OR state = 'replied'
 OR state = 'transferred' OR state = 'closed'),
 priority       INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),
 class          TEXT    NOT NULL,
 level          INTEGER NOT NULL DEFAULT 0,
 target         TEXT,
 holder         TEXT,
 holder_uid     INTEGER,
 lease_until_at INTEGER,
 version        INTEGER NOT NULL DEFAULT 1,
 opened_at      INTEGER NOT NULL,  
 clock_at       INTEGER NOT NULL,  
 updated_at     INTEGER NOT NULL,
 ack_at         INTEGER,           
 reply_at       INTEGER,
 answer_at      INTEGER,
 next_due_at    INTEGER NOT NULL,  
 window_until_at INTEGER,          
 window_ms      INTEGER NOT NULL DEFAULT 0,
 replied        INTEGER NOT NULL DEFAULT 0, 
 rungs_done     INTEGER NOT NULL DEFAULT 0, 
 rung_at        INTEGER,
 ever_p0        INTEGER NOT NULL DEFAULT 0,
 last_message_id INTEGER,
 result         TEXT,
 closed_at      INTEGER
 ) STRICT;
CREATE TABLE topic_choice (
 account_id INTEGER NOT NULL REFERENCES account (id),
 author_id  TEXT    NOT NULL,
 topic      TEXT    NOT NULL,
 wanted     INTEGER NOT NULL,           
 version    INTEGER NOT NULL DEFAULT 1, 
 settled    INTEGER NOT NULL DEFAULT 0,
 next_at    INTEGER NOT NULL DEFAULT 0, 
 why        TEXT,                       
 chosen_at  INTEGER NOT NULL,
 PRIMARY KEY (account_id, author_id, topic)
 ) STRICT, WITHOUT ROWID;
CREATE TABLE upload (
 account_id INTEGER NOT NULL REFERENCES account (id),
 purpose    TEXT    NOT NULL, 
 sha256     TEXT    NOT NULL,
 remote_id  TEXT,
 url        TEXT,
 at         INTEGER NOT NULL,
 PRIMARY KEY (account_id, purpose, sha256)
 ) STRICT, WITHOUT ROWID;
CREATE INDEX contact_unfollowed ON contact (unfollowed_at) WHERE unfollowed_at IS NOT NULL;
CREATE INDEX event_at ON event (at, id);
CREATE INDEX event_object ON event (object, object_id, id);
CREATE INDEX message_media_file ON message_media (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX message_media_message ON message_media (message_id);
CREATE INDEX message_media_open ON message_media (next_at) WHERE state = 'open';
CREATE INDEX message_ticket ON message (ticket_id, id);
CREATE INDEX notice_open ON notice (next_at) WHERE state = 'open';
CREATE INDEX post_corrects ON post (corrects) WHERE corrects IS NOT NULL;
CREATE INDEX push_seen_at ON push_seen (at);
CREATE INDEX send_broadcast ON send (account_id, due_at) WHERE mode = 'broadcast';
CREATE UNIQUE INDEX send_delivery ON send (post_id, account_id) WHERE post_id IS NOT NULL;
CREATE INDEX send_due ON send (due_at, id);
CREATE INDEX send_job ON send (account_id, job_id) WHERE job_id IS NOT NULL;
CREATE INDEX send_open ON send (account_id, state, due_at, id) WHERE state NOT IN ('sent', 'cancelled');
CREATE INDEX send_queue ON send (id) WHERE state NOT IN ('sent', 'cancelled');
CREATE UNIQUE INDEX send_remote ON send (account_id, kind, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX send_sent ON send (account_id, kind, sent_at) WHERE remote_id IS NOT NULL;
CREATE UNIQUE INDEX send_target ON send (target_id)
 WHERE target_id IS NOT NULL AND state NOT IN ('failed', 'cancelled');
CREATE INDEX send_thread ON send (account_id, sent_at) WHERE thread_id IS NOT NULL;
CREATE INDEX send_ticket ON send (ticket_id, id) WHERE ticket_id IS NOT NULL;
CREATE INDEX ticket_due ON ticket (next_due_at) WHERE state <> 'closed';
CREATE INDEX ticket_inbox ON ticket (priority, next_due_at, id) WHERE state <> 'closed';
CREATE INDEX ticket_lease ON ticket (lease_until_at) WHERE lease_until_at IS NOT NULL;
CREATE INDEX ticket_rung ON ticket (rung_at) WHERE rung_at IS NOT NULL;
CREATE INDEX ticket_thread ON ticket (account_id, author_id, thread, id);
CREATE INDEX ticket_window ON ticket (account_id, window_until_at, replied)
 WHERE state <> 'closed' AND window_until_at IS NOT NULL;
CREATE INDEX topic_choice_open ON topic_choice (account_id, next_at) WHERE settled = 0;
CREATE INDEX topic_choice_topic ON topic_choice (account_id, topic);
