-- What is shown to everyone who has its link: one row for each dashboard or insight that ever was.
CREATE TABLE sharing (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id   INTEGER NOT NULL REFERENCES project(id),
    dashboard_id INTEGER UNIQUE REFERENCES dashboard(id),
    insight_id   INTEGER UNIQUE REFERENCES insight(id),
    enabled      INTEGER NOT NULL DEFAULT 0,
    settings     TEXT,                       -- JSON object; NULL: none
    password_required INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    CHECK ((dashboard_id IS NULL) <> (insight_id IS NULL))
) STRICT;

-- The links: one that is handed out, and those before it that still work for a while.
CREATE TABLE sharing_token (
    hash       TEXT PRIMARY KEY,             -- SHA-256 of the token, hex
    sharing_id INTEGER NOT NULL REFERENCES sharing(id),
    sealed     BLOB NOT NULL,                -- the token, to be shown again to who may share
    expires_at INTEGER                       -- NULL: the one that is handed out
) STRICT, WITHOUT ROWID;
CREATE INDEX sharing_token_of ON sharing_token(sharing_id);
CREATE UNIQUE INDEX sharing_token_current ON sharing_token(sharing_id) WHERE expires_at IS NULL;

CREATE TABLE sharing_password (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    sharing_id INTEGER NOT NULL REFERENCES sharing(id),
    hash       TEXT NOT NULL,                -- Argon2id string
    note       TEXT,                         -- whom it was given to
    created_at INTEGER NOT NULL,
    created_by INTEGER REFERENCES user(id),
    active     INTEGER NOT NULL DEFAULT 1    -- 0: withdrawn
) STRICT;
CREATE INDEX sharing_password_of ON sharing_password(sharing_id)
