-- What was changed, by whom, from what to what. Entries of saved objects hold the object as it was
-- afterwards: its versions.
CREATE TABLE history (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,        -- uuid
    project_id  INTEGER NOT NULL REFERENCES project(id),
    scope       TEXT NOT NULL,               -- Dashboard, Insight
    item_id     INTEGER NOT NULL,
    name        TEXT,                        -- of the object at that time
    activity    TEXT NOT NULL,               -- created, updated, deleted, restored
    changes     TEXT NOT NULL,               -- JSON list of {type, action, field, before, after}
    version     INTEGER,                     -- 1, 2, … of the object; NULL: it was not saved itself
    snapshot    TEXT,                        -- JSON object, the saved object; NULL: none, or too old
    created_at  INTEGER NOT NULL,
    user_id     INTEGER REFERENCES user(id)  -- NULL: that user is gone
) STRICT;
CREATE UNIQUE INDEX history_version ON history(scope, item_id, version) WHERE version IS NOT NULL;
CREATE INDEX history_item ON history(scope, item_id, seq);
CREATE INDEX history_project ON history(project_id, seq)
