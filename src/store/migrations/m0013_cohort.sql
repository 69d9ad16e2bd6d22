-- Cohorts: sets of persons. Of a dynamic one the filters say who is in it; its members are computed into
-- the event store, each time under a new version, and the version in force stays until the next one is
-- whole. Of a static one the members are here, and the event store has a copy.
CREATE TABLE cohort (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id  INTEGER NOT NULL REFERENCES project(id),
    name        TEXT,
    description TEXT NOT NULL DEFAULT '',
    groups      TEXT NOT NULL DEFAULT '[]',  -- JSON list: the older way of saying filters
    filters     TEXT,                        -- JSON object {properties: tree}; NULL: none
    is_static   INTEGER NOT NULL,
    deleted     INTEGER NOT NULL DEFAULT 0,  -- soft: the row stays, queries do not find it
    folder      TEXT,                        -- path in the project tree; NULL: unfiled
    created_at  INTEGER NOT NULL,
    created_by  INTEGER REFERENCES user(id), -- NULL: that user is gone
    count       INTEGER,                     -- members; NULL: not known yet
    version      INTEGER NOT NULL DEFAULT 0, -- in force; 0: none was computed yet
    last_version INTEGER NOT NULL DEFAULT 0, -- the newest number given; of a static one, to a member's row
    requested    INTEGER NOT NULL DEFAULT 0, -- calculations asked for
    done         INTEGER NOT NULL DEFAULT 0, -- and ended, well or not
    tried_at     INTEGER,                    -- when the last one ended
    last_calculation   INTEGER,              -- when the version in force was computed
    errors_calculating INTEGER NOT NULL DEFAULT 0, -- failures since then
    last_error_message TEXT
) STRICT;
CREATE INDEX cohort_list ON cohort(project_id, deleted, created_at DESC, id DESC);
CREATE INDEX cohort_due ON cohort(tried_at) WHERE is_static = 0 AND deleted = 0;

-- Members of static cohorts.
CREATE TABLE cohort_member (
    cohort_id INTEGER NOT NULL REFERENCES cohort(id),
    person_id INTEGER NOT NULL,              -- person.id
    PRIMARY KEY (cohort_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX cohort_member_person ON cohort_member(person_id)
