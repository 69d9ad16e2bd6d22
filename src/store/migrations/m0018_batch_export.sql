-- What carries rows to a destination, again and again.
CREATE TABLE batch_export (
    id               TEXT PRIMARY KEY,        -- uuid, ordered by time
    project_id       INTEGER NOT NULL REFERENCES project(id),
    name             TEXT NOT NULL,
    model            TEXT NOT NULL,           -- "events"
    destination      TEXT NOT NULL,           -- "S3Compatible"
    config           TEXT NOT NULL,           -- JSON object: settings that may be shown
    secrets          BLOB NOT NULL,           -- JSON object: the others, sealed with the folder's key
    integration_id   INTEGER,                 -- where credentials come from; NULL: from the settings
    "interval"       TEXT NOT NULL,           -- "hour"
    timezone         TEXT NOT NULL,           -- of days and weeks
    "offset"         INTEGER,                 -- seconds that a day or week begins later; NULL: the default
    paused           INTEGER NOT NULL,
    start_at         INTEGER,                 -- nothing fires before; NULL: no bound
    end_at           INTEGER,                 -- nothing fires after; NULL: no bound
    filters          TEXT,                    -- JSON list; NULL: none
    hogql_query      TEXT,                    -- NULL: the model's own columns
    hogql_modifiers  TEXT,                    -- JSON object; NULL: none
    primary_key      TEXT,                    -- JSON list of columns; NULL: none
    version_key      TEXT,                    -- JSON list of columns; NULL: none
    incremental_mode TEXT NOT NULL,           -- "APPEND", "MERGE"
    schema           TEXT,                    -- JSON object: what a query's columns became; NULL: none
    created_at       INTEGER NOT NULL,
    last_updated_at  INTEGER NOT NULL,
    last_paused_at   INTEGER,
    modified_by      INTEGER REFERENCES user(id), -- NULL: that user is gone
    deleted          INTEGER NOT NULL,
    next_at          INTEGER                  -- end of the next interval to be run; NULL: none is known
) STRICT;
CREATE INDEX batch_export_project ON batch_export(project_id, created_at DESC);
CREATE INDEX batch_export_due ON batch_export(next_at) WHERE deleted = 0 AND paused = 0;

-- Runs over a span of the past.
CREATE TABLE export_backfill (
    id                TEXT PRIMARY KEY,       -- uuid
    export_id         TEXT NOT NULL REFERENCES batch_export(id),
    project_id        INTEGER NOT NULL,
    start_at          INTEGER,                -- NULL: from the beginning
    end_at            INTEGER,                -- NULL: until it has caught up
    adjusted_start_at INTEGER,                -- where the data begin, when that is later
    status            TEXT NOT NULL,          -- as of runs
    total             INTEGER,                -- rows; NULL: not known
    next_at           INTEGER,                -- start of the next of its runs
    created_at        INTEGER NOT NULL,
    finished_at       INTEGER,
    last_updated_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX export_backfill_export ON export_backfill(export_id, created_at DESC);

-- One interval carried over once.
CREATE TABLE export_run (
    id              TEXT PRIMARY KEY,         -- uuid
    export_id       TEXT NOT NULL REFERENCES batch_export(id),
    project_id      INTEGER NOT NULL,
    backfill_id     TEXT REFERENCES export_backfill(id), -- NULL: by the timetable
    status          TEXT NOT NULL,            -- "Starting", "Running", "Completed" …
    start_at        INTEGER,                  -- of the interval; NULL: the beginning
    end_at          INTEGER NOT NULL,         -- of the interval, not in it
    records         INTEGER,                  -- rows written; NULL: not done
    records_total   INTEGER,                  -- rows read
    bytes           INTEGER,
    checksum        TEXT,                     -- hex, of all that was written
    files           TEXT,                     -- JSON list of what was written; NULL: no files
    error           TEXT,                     -- of the last attempt
    created_at      INTEGER NOT NULL,
    finished_at     INTEGER,
    last_updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX export_run_export ON export_run(export_id, created_at DESC);
CREATE INDEX export_run_backfill ON export_run(backfill_id) WHERE backfill_id IS NOT NULL;
-- An interval of the timetable is run once.
CREATE UNIQUE INDEX export_run_interval ON export_run(export_id, end_at) WHERE backfill_id IS NULL;

-- What runs say.
CREATE TABLE export_log (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    export_id TEXT NOT NULL,
    run_id    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    level     TEXT NOT NULL,                  -- "INFO"
    message   TEXT NOT NULL
) STRICT;
CREATE INDEX export_log_export ON export_log(export_id, id DESC);
CREATE INDEX export_log_run ON export_log(run_id, id DESC);

-- Work to be done once, by whichever server leases it first.
CREATE TABLE job (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,                   -- "export_run"
    ref      TEXT NOT NULL,                   -- what it is about
    queue    TEXT NOT NULL,                   -- of one queue one job runs at a time
    due      INTEGER NOT NULL,                -- not before, by the machine's clock
    tries    INTEGER NOT NULL,                -- attempts that failed
    added    INTEGER NOT NULL,
    owner    TEXT,                            -- who works on it; NULL: nobody
    leased   INTEGER                          -- until when that holds, unless it is renewed
) STRICT;
CREATE UNIQUE INDEX job_ref ON job(kind, ref);
CREATE INDEX job_due ON job(due)
