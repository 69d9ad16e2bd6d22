-- Dashboards and their tags. Tiles and insights come with the queries that fill them.
CREATE TABLE dashboard (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id        INTEGER NOT NULL REFERENCES project(id),
    name              TEXT,
    description       TEXT NOT NULL DEFAULT '',
    pinned            INTEGER NOT NULL DEFAULT 0,
    created_at        INTEGER NOT NULL,
    created_by        INTEGER REFERENCES user(id),
    last_accessed_at  INTEGER,
    last_refresh      INTEGER,
    deleted           INTEGER NOT NULL DEFAULT 0, -- soft: the row stays
    creation_mode     TEXT NOT NULL DEFAULT 'default',
    restriction_level INTEGER NOT NULL DEFAULT 21 CHECK (restriction_level IN (21, 37)),
    filters           TEXT NOT NULL DEFAULT '{}',  -- JSON object
    variables         TEXT NOT NULL DEFAULT '{}',  -- JSON object
    breakdown_colors  TEXT NOT NULL DEFAULT '[]',  -- JSON list
    data_color_theme_id INTEGER,
    tags              TEXT NOT NULL DEFAULT '[]'   -- JSON list of lower-case strings
) STRICT;
-- The order of the list: pinned first, then by name, null names last.
CREATE INDEX dashboard_list ON dashboard(project_id, deleted, pinned DESC, name IS NULL, name, id);

CREATE TABLE dashboard_view (
    dashboard_id INTEGER NOT NULL REFERENCES dashboard(id),
    user_id      INTEGER NOT NULL REFERENCES user(id),
    viewed_at    INTEGER NOT NULL,           -- when this user last opened it
    PRIMARY KEY (dashboard_id, user_id)
) STRICT, WITHOUT ROWID
