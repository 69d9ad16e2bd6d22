-- Credentials of other systems, named by id where they are used.
CREATE TABLE integration (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id  INTEGER NOT NULL REFERENCES project(id),
    kind        TEXT NOT NULL,               -- "s3-compatible"
    config      TEXT NOT NULL,               -- JSON object: what may be shown
    secrets     BLOB NOT NULL,               -- JSON object, sealed with the folder's key
    created_at  INTEGER NOT NULL,
    created_by  INTEGER REFERENCES user(id)  -- NULL: that user is gone
) STRICT;
CREATE INDEX integration_project ON integration(project_id, id)
