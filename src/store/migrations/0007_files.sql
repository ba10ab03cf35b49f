-- Who has a file: asked for every one of them at the start, and before one is deleted.
CREATE INDEX message_media_file ON message_media (sha256) WHERE sha256 IS NOT NULL;
