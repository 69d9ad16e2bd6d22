-- SQL variables: named values that queries ask for as {variables.code_name} and dashboards set.
CREATE TABLE insight_variable (
    id            TEXT PRIMARY KEY,          -- uuid
    project_id    INTEGER NOT NULL REFERENCES project(id),
    name          TEXT NOT NULL,
    code_name     TEXT NOT NULL,             -- made of the name; what queries and dashboards say
    type          TEXT NOT NULL,             -- String, Number, Boolean, List, Date
    default_value TEXT,                      -- JSON; NULL: none
    choices       TEXT,                      -- JSON list of texts and numbers, of a List; NULL: none
    is_multi      INTEGER NOT NULL DEFAULT 0, -- several of the choices at a time
    values_query  TEXT,                      -- what the choices are read by; NULL: none
    created_at    INTEGER NOT NULL,
    created_by    INTEGER REFERENCES user(id), -- NULL: that user is gone
    UNIQUE (project_id, code_name)
) STRICT
