-- What capture learns: persons and their ids, groups, definitions; and how far it has come.
CREATE TABLE person (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id       INTEGER NOT NULL,
    uuid          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    properties    TEXT NOT NULL,             -- JSON object
    is_identified INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    UNIQUE (team_id, uuid)
) STRICT;
CREATE INDEX person_list ON person(team_id, created_at DESC, id DESC);

CREATE TABLE person_distinct_id (
    team_id     INTEGER NOT NULL,
    distinct_id TEXT NOT NULL,
    person_id   INTEGER NOT NULL REFERENCES person(id),
    version     INTEGER NOT NULL,            -- above 0: overrides the person on older events
    PRIMARY KEY (team_id, distinct_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_distinct_id_person ON person_distinct_id(person_id);

-- Ids used without a person profile: an id that gets a person later overrides those events.
CREATE TABLE personless_distinct_id (
    team_id     INTEGER NOT NULL,
    distinct_id TEXT NOT NULL,
    PRIMARY KEY (team_id, distinct_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_type (
    team_id    INTEGER NOT NULL,
    idx        INTEGER NOT NULL CHECK (idx BETWEEN 0 AND 4),
    name       TEXT NOT NULL,
    PRIMARY KEY (team_id, idx),
    UNIQUE (team_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_entity (
    team_id    INTEGER NOT NULL,
    idx        INTEGER NOT NULL,             -- of its type
    key        TEXT NOT NULL,
    properties TEXT NOT NULL,                -- JSON object
    created_at INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    PRIMARY KEY (team_id, idx, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_definition (
    id           TEXT PRIMARY KEY,           -- uuid
    team_id      INTEGER NOT NULL,
    name         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER,                    -- refreshed at most once an hour
    description  TEXT NOT NULL DEFAULT '',
    tags         TEXT NOT NULL DEFAULT '[]', -- JSON list
    verified     INTEGER NOT NULL DEFAULT 0,
    hidden       INTEGER NOT NULL DEFAULT 0,
    updated_at   INTEGER,
    updated_by   INTEGER REFERENCES user(id),
    UNIQUE (team_id, name)
) STRICT;

CREATE TABLE property_definition (
    id            TEXT PRIMARY KEY,          -- uuid
    team_id       INTEGER NOT NULL,
    type          INTEGER NOT NULL,          -- 1 event, 2 person, 3 group
    group_idx     INTEGER NOT NULL DEFAULT -1,
    name          TEXT NOT NULL,
    property_type TEXT,                      -- String, Numeric, Boolean, DateTime; NULL: unknown
    description   TEXT NOT NULL DEFAULT '',
    tags          TEXT NOT NULL DEFAULT '[]',
    verified      INTEGER NOT NULL DEFAULT 0,
    hidden        INTEGER NOT NULL DEFAULT 0,
    updated_at    INTEGER,
    updated_by    INTEGER REFERENCES user(id),
    UNIQUE (team_id, type, group_idx, name)
) STRICT;

CREATE TABLE event_property (
    team_id  INTEGER NOT NULL,
    event    TEXT NOT NULL,
    property TEXT NOT NULL,
    PRIMARY KEY (team_id, event, property)
) STRICT, WITHOUT ROWID;

-- How far the journal was carried into the event store. While `batch_end` is set, the batch from
-- `position` to there has changed persons but is perhaps not in the event store yet; the rows that
-- follow from those changes wait here.
CREATE TABLE ingest_mark (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    position   INTEGER NOT NULL,
    batch_end  INTEGER,
    persons    BLOB,
    ids        BLOB,
    overrides  BLOB,
    groups     BLOB
) STRICT;
INSERT INTO ingest_mark (id, position) VALUES (1, 0)
