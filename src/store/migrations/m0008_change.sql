-- Deletions of events wait for what the journal held when they were asked for: `position` in it.
ALTER TABLE event_store_change ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event_store_change ADD COLUMN position INTEGER NOT NULL DEFAULT 0
