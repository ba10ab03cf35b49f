-- What followers chose for themselves, by their own message or a menu's button; nobody else writes here. The platform
-- has it too: a row that is not settled is still to be told there. It goes when the follower leaves the topic, or us.
CREATE TABLE topic_choice (
	account_id INTEGER NOT NULL REFERENCES account (id),
	author_id  TEXT    NOT NULL,
	topic      TEXT    NOT NULL,
	wanted     INTEGER NOT NULL,           -- 0: left; the row goes when the platform knows
	version    INTEGER NOT NULL DEFAULT 1, -- counts his changes: an answer about an older one settles nothing
	settled    INTEGER NOT NULL DEFAULT 0,
	next_at    INTEGER NOT NULL DEFAULT 0, -- not before
	why        TEXT,                       -- what the platform said against it
	chosen_at  INTEGER NOT NULL,
	PRIMARY KEY (account_id, author_id, topic)
) STRICT, WITHOUT ROWID;

CREATE INDEX topic_choice_open ON topic_choice (account_id, next_at) WHERE settled = 0;
CREATE INDEX topic_choice_topic ON topic_choice (account_id, topic);
