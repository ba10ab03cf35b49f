-- What a person wished of a send that was on its way or in doubt: what becomes of it if it proves not to be out. None:
-- nobody wished anything.
ALTER TABLE send ADD COLUMN wish TEXT CHECK (wish IN ('hold', 'cancel'));
