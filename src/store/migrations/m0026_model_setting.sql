-- The language model that a project asks in place of the server's.
CREATE TABLE model_setting (
    project_id INTEGER PRIMARY KEY REFERENCES project(id),
    url        TEXT NOT NULL,
    dialect    TEXT NOT NULL CHECK (dialect IN ('openai', 'anthropic')),
    model      TEXT NOT NULL,
    key        BLOB,                -- sealed with the folder's key; NULL: none is sent
    updated_at INTEGER NOT NULL,
    updated_by INTEGER REFERENCES user(id)
) STRICT
