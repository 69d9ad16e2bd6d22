-- Who may do what: organizations, users, memberships, projects, keys, sessions.
-- Times are microseconds since 1970 UTC; JSON columns hold text.
CREATE TABLE organization (
    id         TEXT PRIMARY KEY,             -- uuid
    name       TEXT NOT NULL,
    slug       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    members_can_use_personal_api_keys INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE project (
    id              INTEGER PRIMARY KEY AUTOINCREMENT, -- also the id of its one environment
    uuid            TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL REFERENCES organization(id),
    name            TEXT NOT NULL,
    api_token       TEXT NOT NULL UNIQUE,    -- phc_…: public, write-only
    timezone        TEXT NOT NULL DEFAULT 'UTC',
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX project_organization ON project(organization_id);

CREATE TABLE user (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid          TEXT NOT NULL UNIQUE,
    distinct_id   TEXT NOT NULL,             -- how this person appears in product analytics
    email         TEXT NOT NULL UNIQUE COLLATE NOCASE,
    first_name    TEXT NOT NULL DEFAULT '',
    last_name     TEXT NOT NULL DEFAULT '',
    password_hash TEXT,                      -- Argon2id string; NULL: cannot log in
    is_active     INTEGER NOT NULL DEFAULT 1,
    date_joined   INTEGER NOT NULL,
    current_organization_id TEXT REFERENCES organization(id),
    current_project_id      INTEGER REFERENCES project(id)
) STRICT;

CREATE TABLE membership (
    id              TEXT PRIMARY KEY,        -- uuid
    organization_id TEXT NOT NULL REFERENCES organization(id),
    user_id         INTEGER NOT NULL REFERENCES user(id),
    level           INTEGER NOT NULL CHECK (level IN (1, 8, 15)), -- member, admin, owner
    joined_at       INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (organization_id, user_id)
) STRICT;
CREATE INDEX membership_user ON membership(user_id);

CREATE TABLE personal_api_key (
    id                   TEXT PRIMARY KEY,   -- random
    user_id              INTEGER NOT NULL REFERENCES user(id),
    label                TEXT NOT NULL,
    hash                 TEXT NOT NULL UNIQUE, -- SHA-256 of the value, hex
    mask_value           TEXT NOT NULL,      -- phx_...abcd
    scopes               TEXT NOT NULL,      -- JSON list; ["*"]: all
    scoped_teams         TEXT NOT NULL,      -- JSON list of project ids; []: not narrowed
    scoped_organizations TEXT NOT NULL,      -- JSON list of uuids; []: not narrowed
    created_at           INTEGER NOT NULL,
    last_used_at         INTEGER,            -- refreshed at most once an hour
    last_rolled_at       INTEGER
) STRICT;
CREATE INDEX personal_api_key_user ON personal_api_key(user_id);

CREATE TABLE session (
    hash       TEXT PRIMARY KEY,             -- SHA-256 of the cookie, hex
    user_id    INTEGER NOT NULL REFERENCES user(id),
    csrf       TEXT NOT NULL,                -- what X-CSRFToken must be
    expires_at INTEGER NOT NULL
) STRICT
