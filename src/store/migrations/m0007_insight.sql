-- Insights, the tiles that show them on dashboards, and how long lists are.
CREATE TABLE insight (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id  INTEGER NOT NULL REFERENCES project(id),
    short_id    TEXT NOT NULL,               -- 8 letters and digits, for addresses
    name        TEXT,
    derived_name TEXT,                       -- what the client made of the query
    description TEXT,
    query       TEXT,                        -- JSON object; NULL: none
    filters     TEXT NOT NULL DEFAULT '{}',  -- JSON object, the older way of saying a query
    type        TEXT NOT NULL DEFAULT '',    -- TRENDS, FUNNELS, …, SQL, JSON: what lists filter by
    position    INTEGER,                     -- `order`
    deleted     INTEGER NOT NULL DEFAULT 0,  -- soft: the row stays
    favorited   INTEGER NOT NULL DEFAULT 0,
    saved       INTEGER NOT NULL DEFAULT 1,
    is_sample   INTEGER NOT NULL DEFAULT 0,  -- made by a template
    folder      TEXT,                        -- path in the project tree; NULL: unfiled
    tags        TEXT NOT NULL DEFAULT '[]',  -- JSON list of lower-case strings
    created_at  INTEGER NOT NULL,
    created_by  INTEGER REFERENCES user(id),
    updated_at  INTEGER NOT NULL,            -- of any change
    last_modified_at INTEGER NOT NULL,       -- of a change to what it says or asks
    last_modified_by INTEGER REFERENCES user(id),
    last_viewed_at   INTEGER,                -- by anyone
    UNIQUE (project_id, short_id)
) STRICT;
CREATE INDEX insight_list ON insight(project_id, deleted, position IS NULL, position, id);
CREATE INDEX insight_created ON insight(project_id, deleted, created_at, id);
CREATE INDEX insight_modified ON insight(project_id, deleted, last_modified_at, id);

CREATE TABLE insight_view (
    insight_id INTEGER NOT NULL REFERENCES insight(id),
    user_id    INTEGER NOT NULL REFERENCES user(id),
    viewed_at  INTEGER NOT NULL,             -- when this user last opened it
    PRIMARY KEY (insight_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX insight_view_user ON insight_view(user_id, viewed_at);

CREATE TABLE text_card (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id  INTEGER NOT NULL REFERENCES project(id),
    body        TEXT,                        -- Markdown
    created_by  INTEGER REFERENCES user(id),
    last_modified_at INTEGER NOT NULL,
    last_modified_by INTEGER REFERENCES user(id)
) STRICT;

CREATE TABLE button_card (
    id          TEXT PRIMARY KEY,            -- uuid
    project_id  INTEGER NOT NULL REFERENCES project(id),
    url         TEXT NOT NULL,
    text        TEXT NOT NULL,
    placement   TEXT NOT NULL,               -- left, right
    style       TEXT NOT NULL,               -- primary, secondary
    created_by  INTEGER REFERENCES user(id),
    last_modified_at INTEGER NOT NULL,
    last_modified_by INTEGER REFERENCES user(id)
) STRICT;

-- One thing shown on one dashboard: an insight, a text or a button.
CREATE TABLE tile (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    dashboard_id INTEGER NOT NULL REFERENCES dashboard(id),
    insight_id   INTEGER REFERENCES insight(id),
    text_id      INTEGER REFERENCES text_card(id),
    button_id    TEXT REFERENCES button_card(id),
    layouts      TEXT NOT NULL DEFAULT '{}', -- JSON object by breakpoint
    color        TEXT,
    filters_overrides TEXT NOT NULL DEFAULT '{}', -- JSON object; not empty: in place of the dashboard's
    show_description       INTEGER,          -- NULL: not said
    transparent_background INTEGER,          -- NULL: not said
    deleted      INTEGER,                    -- 1: gone; NULL: never was; 0: was, and came back
    CHECK ((insight_id IS NOT NULL) + (text_id IS NOT NULL) + (button_id IS NOT NULL) = 1),
    UNIQUE (dashboard_id, insight_id),
    UNIQUE (dashboard_id, text_id),
    UNIQUE (dashboard_id, button_id)
) STRICT;
CREATE INDEX tile_insight ON tile(insight_id) WHERE insight_id IS NOT NULL;
CREATE INDEX tile_text ON tile(text_id) WHERE text_id IS NOT NULL;
CREATE INDEX tile_button ON tile(button_id) WHERE button_id IS NOT NULL;

ALTER TABLE dashboard ADD COLUMN folder TEXT; -- path in the project tree; NULL: unfiled
UPDATE dashboard SET folder = 'Unfiled/Dashboards';

-- Rows that an unfiltered list has, kept by whoever changes them, so that a page need not count.
CREATE TABLE list_count (
    project_id INTEGER NOT NULL REFERENCES project(id),
    list       TEXT NOT NULL,                -- dashboard, insight
    n          INTEGER NOT NULL,
    PRIMARY KEY (project_id, list)
) STRICT, WITHOUT ROWID;
INSERT INTO list_count SELECT project_id, 'dashboard', count(*) FROM dashboard WHERE deleted = 0
    GROUP BY project_id
