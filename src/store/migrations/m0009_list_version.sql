-- Another value after every change of what a list's rows show, so that a kept page can be known to be
-- the newest.
ALTER TABLE list_count ADD COLUMN version INTEGER NOT NULL DEFAULT 1
