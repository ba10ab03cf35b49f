-- When a limit was noted. In the future: by a clock that was ahead.
ALTER TABLE quota ADD COLUMN blocked_at INTEGER NOT NULL DEFAULT 0;
