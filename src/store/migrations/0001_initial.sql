-- The first schema. Times are wall milliseconds since 1970 (columns end in _at), durations milliseconds (_ms).
-- States are words, so that the file can be read with any SQLite shell. Money is not involved; people are.

CREATE TABLE meta (
	name  TEXT PRIMARY KEY,  -- 'instance': random name of this store, part of markers
	value TEXT NOT NULL
) STRICT;

CREATE TABLE account (
	id               INTEGER PRIMARY KEY,
	name             TEXT    NOT NULL UNIQUE,
	platform         TEXT    NOT NULL,
	state            TEXT    NOT NULL CHECK (state IN ('ready', 'paused', 'parked', 'removed')),
	paused           INTEGER NOT NULL DEFAULT 0, -- also remembered while removed
	parked           INTEGER NOT NULL DEFAULT 0, -- also remembered while paused or removed
	reason           TEXT,
	remote_uid       TEXT,
	token            TEXT,              -- as obtained; the file is 0600
	token_expires_at INTEGER,
	token_checked_at INTEGER,
	warned_days      INTEGER NOT NULL DEFAULT 0,
	created_at       INTEGER NOT NULL
) STRICT;

-- Where the next complete pull of a feed starts.
CREATE TABLE cursor (
	account_id INTEGER NOT NULL REFERENCES account (id),
	feed       TEXT    NOT NULL,
	since      TEXT,
	polled_at  INTEGER NOT NULL,
	PRIMARY KEY (account_id, feed)
) STRICT, WITHOUT ROWID;

-- Calls used in the current window of a limit.
CREATE TABLE quota (
	account_id       INTEGER NOT NULL REFERENCES account (id),
	scope            TEXT    NOT NULL,
	window_at        INTEGER NOT NULL,           -- begin of the window that `used` counts
	used             INTEGER NOT NULL,
	blocked_until_at INTEGER NOT NULL DEFAULT 0, -- the platform said so
	PRIMARY KEY (account_id, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE post (
	id         INTEGER PRIMARY KEY,
	key        TEXT UNIQUE,       -- the caller's
	digest     TEXT    NOT NULL,  -- SHA-256 of everything that makes it what it is
	title      TEXT,
	text       TEXT    NOT NULL,
	class      TEXT    NOT NULL CHECK (class IN ('policy', 'service', 'interact', 'solicit')),
	campaign   TEXT,
	due_at     INTEGER,
	until_at   INTEGER,
	late_ms    INTEGER NOT NULL,
	author_uid INTEGER NOT NULL,
	author     TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	-- what an article needs on top
	form       TEXT    NOT NULL DEFAULT 'auto' CHECK (form IN ('auto', 'article', 'text', 'image', 'newspic')),
	topic      TEXT,
	markdown   TEXT,
	byline     TEXT,
	digest_text TEXT,
	source_url TEXT,
	cover      TEXT,
	comments   INTEGER NOT NULL DEFAULT 0, -- 1: open, 2: open for followers only
	corrects   INTEGER REFERENCES post (id) -- the post it puts right
) STRICT;

CREATE INDEX post_corrects ON post (corrects) WHERE corrects IS NOT NULL;

CREATE TABLE media (
	sha256 TEXT PRIMARY KEY,
	type   TEXT NOT NULL,
	data   BLOB NOT NULL
) STRICT;

-- What an account has uploaded already, by content: a picture goes up once.
CREATE TABLE upload (
	account_id INTEGER NOT NULL REFERENCES account (id),
	purpose    TEXT    NOT NULL, -- the driver's word
	sha256     TEXT    NOT NULL,
	remote_id  TEXT,
	url        TEXT,
	at         INTEGER NOT NULL,
	PRIMARY KEY (account_id, purpose, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE post_media (
	post_id  INTEGER NOT NULL REFERENCES post (id),
	position INTEGER NOT NULL,
	sha256   TEXT    NOT NULL REFERENCES media (sha256),
	name     TEXT    NOT NULL,
	alt      TEXT,
	PRIMARY KEY (post_id, position)
) STRICT, WITHOUT ROWID;

-- A case.
CREATE TABLE ticket (
	id             INTEGER PRIMARY KEY,
	account_id     INTEGER NOT NULL REFERENCES account (id),
	author_id      TEXT    NOT NULL,  -- the citizen's id on that platform; never linked to another platform
	author_name    TEXT,
	thread         TEXT    NOT NULL,  -- what "same thread" means: root comment, status, or 'direct'
	state          TEXT    NOT NULL CHECK (state IN
	                       ('new', 'claimed', 'assigned', 'waiting', 'replied', 'transferred', 'closed')),
	priority       INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),
	class          TEXT    NOT NULL,
	level          INTEGER NOT NULL DEFAULT 0,
	target         TEXT,
	holder         TEXT,
	holder_uid     INTEGER,
	lease_until_at INTEGER,
	version        INTEGER NOT NULL DEFAULT 1,
	opened_at      INTEGER NOT NULL,  -- or reopened
	clock_at       INTEGER NOT NULL,  -- deadlines and ladder count from here: also raised, or written again
	updated_at     INTEGER NOT NULL,
	ack_at         INTEGER,           -- deadlines
	reply_at       INTEGER,
	answer_at      INTEGER,
	next_due_at    INTEGER NOT NULL,  -- the nearest deadline still open; far future when none: for sorting
	window_until_at INTEGER,          -- the platform takes direct answers until then
	window_ms      INTEGER NOT NULL DEFAULT 0,
	replied        INTEGER NOT NULL DEFAULT 0, -- 1: with a question, 2: with the answer
	rungs_done     INTEGER NOT NULL DEFAULT 0, -- set of bits
	rung_at        INTEGER,
	ever_p0        INTEGER NOT NULL DEFAULT 0,
	last_message_id INTEGER,
	result         TEXT,
	closed_at      INTEGER
) STRICT;

-- The inbox in its order, open tickets only.
CREATE INDEX ticket_inbox ON ticket (priority, next_due_at, id) WHERE state <> 'closed';
-- "same citizen, same thread, still open", and reopening.
CREATE INDEX ticket_thread ON ticket (account_id, author_id, thread, id);
CREATE INDEX ticket_rung ON ticket (rung_at) WHERE rung_at IS NOT NULL;
CREATE INDEX ticket_lease ON ticket (lease_until_at) WHERE lease_until_at IS NOT NULL;

-- What citizens said, and our own words under the same posts.
CREATE TABLE message (
	id          INTEGER PRIMARY KEY,
	account_id  INTEGER NOT NULL REFERENCES account (id),
	kind        TEXT    NOT NULL CHECK (kind IN ('comment', 'mention', 'direct')),
	remote_id   TEXT    NOT NULL,
	ticket_id   INTEGER REFERENCES ticket (id),
	from_us     INTEGER NOT NULL DEFAULT 0,
	author_id   TEXT    NOT NULL,
	author_name TEXT,
	text        TEXT    NOT NULL,  -- sanitised
	status_id   TEXT,
	status_text TEXT,
	root_id     TEXT,
	parent_id   TEXT,
	url         TEXT,
	priority    INTEGER NOT NULL,
	class       TEXT    NOT NULL,
	spans       TEXT,              -- JSON: why it was ranked so
	created_at  INTEGER NOT NULL,  -- the platform's clock
	received_at INTEGER NOT NULL,
	UNIQUE (account_id, kind, remote_id)
) STRICT;

CREATE INDEX message_ticket ON message (ticket_id, id);

-- Pictures and voices that came with messages: fetched before the platform forgets them, kept as files by their hash.
CREATE TABLE message_media (
	id         INTEGER PRIMARY KEY,
	message_id INTEGER NOT NULL REFERENCES message (id),
	type       TEXT    NOT NULL,
	remote_id  TEXT    NOT NULL,
	state      TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'fetched', 'failed', 'purged')),
	tries      INTEGER NOT NULL DEFAULT 0,
	next_at    INTEGER NOT NULL,
	sha256     TEXT,    -- the file's name
	bytes      INTEGER,
	mime       TEXT,
	why        TEXT
) STRICT;

CREATE INDEX message_media_open ON message_media (next_at) WHERE state = 'open';
CREATE INDEX message_media_message ON message_media (message_id);

-- A citizen's side of a conversation, as far as answering needs it. Nothing about the person.
CREATE TABLE contact (
	account_id      INTEGER NOT NULL REFERENCES account (id),
	author_id       TEXT    NOT NULL,
	window_until_at INTEGER NOT NULL DEFAULT 0, -- direct answers may be sent until then,
	window_left     INTEGER NOT NULL DEFAULT 0, -- and so many
	warned          INTEGER NOT NULL DEFAULT 0, -- hours already warned at: 36, 44
	followed_at     INTEGER,
	unfollowed_at   INTEGER, -- what is known of him goes after the office's retention
	PRIMARY KEY (account_id, author_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_unfollowed ON contact (unfollowed_at) WHERE unfollowed_at IS NOT NULL;

-- Pushes already taken: the same one again is answered and changes nothing.
CREATE TABLE push_seen (
	account_id INTEGER NOT NULL REFERENCES account (id),
	dedupe     TEXT    NOT NULL,
	at         INTEGER NOT NULL,
	PRIMARY KEY (account_id, dedupe)
) STRICT, WITHOUT ROWID;

CREATE INDEX push_seen_at ON push_seen (at);

-- The outbox: any effect on a platform that must happen exactly once.
CREATE TABLE send (
	id               INTEGER PRIMARY KEY,
	kind             TEXT    NOT NULL CHECK (kind IN ('publish', 'reply', 'withdraw')),
	account_id       INTEGER NOT NULL REFERENCES account (id),
	post_id          INTEGER REFERENCES post (id),
	ticket_id        INTEGER REFERENCES ticket (id),
	message_id       INTEGER REFERENCES message (id), -- the one answered
	text             TEXT    NOT NULL,
	mode             TEXT    NOT NULL DEFAULT 'publish' CHECK (mode IN ('publish', 'broadcast')),
	state            TEXT    NOT NULL CHECK (state IN
	                         ('held', 'queued', 'sending', 'sent', 'failed', 'unsure', 'cancelled', 'pending')),
	hold             TEXT,              -- why held
	note             TEXT,              -- shown to people
	due_at           INTEGER,           -- promised time
	until_at         INTEGER,
	late_ms          INTEGER NOT NULL,
	next_at          INTEGER NOT NULL DEFAULT 0, -- not before: back-off, limits
	attempts         INTEGER NOT NULL DEFAULT 0,
	finds            INTEGER NOT NULL DEFAULT 0,
	resends          INTEGER NOT NULL DEFAULT 0,
	doubted          INTEGER NOT NULL DEFAULT 0,
	look_at          INTEGER,           -- unsure, pending: when to look; NULL: a person must
	progress         TEXT,              -- what of its steps is finished, in the driver's words
	job_id           TEXT,              -- the platform's job
	thread_id        TEXT,              -- what its comments are asked for by
	target_id        INTEGER REFERENCES send (id), -- withdraw: what it takes back
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
	sent_at          INTEGER,
	CHECK ((kind = 'publish') = (post_id IS NOT NULL)),
	CHECK ((kind = 'reply') = (ticket_id IS NOT NULL)),
	CHECK ((kind = 'withdraw') = (target_id IS NOT NULL))
) STRICT;

-- A post goes to an account once.
CREATE UNIQUE INDEX send_delivery ON send (post_id, account_id) WHERE post_id IS NOT NULL;
-- A thing on a platform belongs to one send.
CREATE UNIQUE INDEX send_remote ON send (account_id, kind, remote_id) WHERE remote_id IS NOT NULL;
-- Open rows only: the table may grow for years.
CREATE INDEX send_open ON send (account_id, state, due_at, id)
	WHERE state IN ('held', 'queued', 'sending', 'unsure', 'failed', 'pending');
-- A push about a job finds its send.
CREATE INDEX send_job ON send (account_id, job_id) WHERE job_id IS NOT NULL;
-- Which broadcasts are promised in a window of their quota.
CREATE INDEX send_broadcast ON send (account_id, due_at) WHERE mode = 'broadcast';
-- What has comments to be asked for.
CREATE INDEX send_thread ON send (account_id, sent_at) WHERE thread_id IS NOT NULL;
-- One withdrawal of a thing at a time.
CREATE UNIQUE INDEX send_target ON send (target_id)
	WHERE target_id IS NOT NULL AND state NOT IN ('failed', 'cancelled');
CREATE INDEX send_ticket ON send (ticket_id, id) WHERE ticket_id IS NOT NULL;
CREATE INDEX send_due ON send (due_at, id);

-- Written before the request leaves.
CREATE TABLE attempt (
	id          INTEGER PRIMARY KEY,
	send_id     INTEGER NOT NULL REFERENCES send (id),
	number      INTEGER NOT NULL,
	started_at  INTEGER NOT NULL,
	digest      TEXT,             -- SHA-256 of the request without credentials
	ended_at    INTEGER,
	outcome     TEXT,             -- event of the state table; NULL: never heard of again
	http_status INTEGER,
	took_ms     INTEGER,
	message     TEXT,
	UNIQUE (send_id, number)
) STRICT;

CREATE TABLE event (
	id        INTEGER PRIMARY KEY,
	at        INTEGER NOT NULL,
	actor_uid INTEGER NOT NULL, -- -1: the daemon
	actor     TEXT    NOT NULL,
	action    TEXT    NOT NULL,
	object    TEXT    NOT NULL CHECK (object IN ('post', 'send', 'ticket', 'account', 'daemon')),
	object_id INTEGER NOT NULL,
	detail    TEXT             -- JSON
) STRICT;

CREATE INDEX event_object ON event (object, object_id, id);
CREATE INDEX event_at ON event (at, id);

-- Hook runs owed to people.
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
	state      TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'failed')),
	exit_code  INTEGER,
	why        TEXT,
	done_at    INTEGER
) STRICT;

CREATE INDEX notice_open ON notice (next_at) WHERE state = 'open';

-- Counted in the transaction that changes what is counted.
CREATE TABLE counter (
	name  TEXT    NOT NULL, -- 'send' (key 'account_id/state'), 'ticket' (key 'state/priority')
	key   TEXT    NOT NULL,
	value INTEGER NOT NULL,
	PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;
