-- What is open is found, counted and listed without reading what is finished, however much that has become. A query says
-- `state IN (...)` in the very words of these (SEND_IS_OPEN), or SQLite does not see that they serve it.
CREATE INDEX send_queue ON send (id)
	WHERE state IN ('held', 'queued', 'sending', 'unsure', 'failed', 'pending');
-- Attempts of late, against which a find is held.
CREATE INDEX send_sent ON send (account_id, kind, sent_at) WHERE remote_id IS NOT NULL;
CREATE INDEX ticket_due ON ticket (next_due_at) WHERE state <> 'closed';
CREATE INDEX ticket_window ON ticket (account_id, window_until_at, replied)
	WHERE state <> 'closed' AND window_until_at IS NOT NULL;
