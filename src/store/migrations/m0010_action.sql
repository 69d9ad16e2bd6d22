-- Actions: one name for all the ways in which something is done. An event is of an action when it
-- matches any of the steps.
CREATE TABLE action (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id  INTEGER NOT NULL REFERENCES project(id),
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    tags        TEXT NOT NULL DEFAULT '[]',  -- JSON list of lower-case strings
    steps       TEXT NOT NULL DEFAULT '[]',  -- JSON list of objects, complete and checked
    post_to_slack        INTEGER NOT NULL DEFAULT 0,
    slack_message_format TEXT NOT NULL DEFAULT '',
    pinned_at   INTEGER,                     -- NULL: not pinned
    deleted     INTEGER NOT NULL DEFAULT 0,  -- soft: insights that name it go on
    folder      TEXT,                        -- path in the project tree; NULL: unfiled
    created_at  INTEGER NOT NULL,
    created_by  INTEGER REFERENCES user(id), -- NULL: that user is gone
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX action_name ON action(project_id, name) WHERE deleted = 0
