-- Who may see or change one object, where that is not what everyone in the project may.
CREATE TABLE access_control (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id  INTEGER NOT NULL REFERENCES project(id),
    resource    TEXT NOT NULL,               -- dashboard
    resource_id INTEGER NOT NULL,
    member_id   TEXT REFERENCES membership(id) ON DELETE CASCADE, -- NULL: everyone who has no rule
    level       TEXT NOT NULL CHECK (level IN ('none', 'viewer', 'editor', 'manager')),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    created_by  INTEGER REFERENCES user(id)  -- NULL: that user is gone
) STRICT;
CREATE UNIQUE INDEX access_control_object
    ON access_control(resource, resource_id, coalesce(member_id, ''));
CREATE INDEX access_control_hides ON access_control(project_id, resource) WHERE level = 'none';
CREATE INDEX access_control_member ON access_control(member_id) WHERE member_id IS NOT NULL
