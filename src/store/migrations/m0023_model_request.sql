-- What was sent to a language model, for those who answer for the data.
CREATE TABLE model_request (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id   INTEGER NOT NULL REFERENCES project(id),
    user_id      INTEGER NOT NULL REFERENCES user(id),
    conversation INTEGER NOT NULL REFERENCES conversation(number),
    at           INTEGER NOT NULL,
    model        TEXT NOT NULL,
    level        TEXT NOT NULL,       -- of the project's data that it may hold: schema, aggregates, rows
    outcome      TEXT NOT NULL,       -- done, request_refused, refused, away, gone
    bytes        INTEGER NOT NULL,    -- of the request
    tokens_in    INTEGER NOT NULL,    -- as the provider counts; 0: not told
    tokens_out   INTEGER NOT NULL,
    ms           INTEGER NOT NULL
) STRICT;
CREATE INDEX model_request_project ON model_request(project_id, id)
