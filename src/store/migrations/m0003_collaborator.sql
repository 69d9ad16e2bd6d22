-- Who may edit a dashboard whose restriction level is 37, besides its creator and the admins.
CREATE TABLE dashboard_collaborator (
    id           TEXT PRIMARY KEY,           -- uuid
    dashboard_id INTEGER NOT NULL REFERENCES dashboard(id),
    user_id      INTEGER NOT NULL REFERENCES user(id),
    level        INTEGER NOT NULL,           -- 37; rows survive a lowered restriction level
    added_at     INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (dashboard_id, user_id)
) STRICT
