-- Settings of organizations, projects and users; what people write on definitions; persons that were
-- deleted, and what the event store has yet to be told of persons that changed here.
ALTER TABLE organization ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'; -- JSON object

-- What is not in the object has its default. Columns beside it are those that queries read.
ALTER TABLE project ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'; -- JSON object
ALTER TABLE project ADD COLUMN week_start_day INTEGER
    GENERATED ALWAYS AS (settings ->> '$.week_start_day') VIRTUAL; -- 0 Sunday, 1 Monday; NULL: Sunday
ALTER TABLE project ADD COLUMN anonymize_ips INTEGER
    GENERATED ALWAYS AS (settings ->> '$.anonymize_ips') VIRTUAL; -- 1: addresses are not kept
ALTER TABLE project ADD COLUMN test_account_filters TEXT
    GENERATED ALWAYS AS (settings -> '$.test_account_filters') VIRTUAL; -- JSON list of property filters
ALTER TABLE project ADD COLUMN person_display_name_properties TEXT
    GENERATED ALWAYS AS (settings -> '$.person_display_name_properties') VIRTUAL; -- JSON list of names, or null
ALTER TABLE project ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;   -- 1: as if it were not there

ALTER TABLE user ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';     -- JSON object
CREATE INDEX session_user ON session(user_id, expires_at);
ALTER TABLE personal_api_key ADD COLUMN description TEXT NOT NULL DEFAULT '';

ALTER TABLE event_definition ADD COLUMN created_by INTEGER REFERENCES user(id); -- NULL: seen, not made
ALTER TABLE event_definition ADD COLUMN verified_at INTEGER;
ALTER TABLE event_definition ADD COLUMN verified_by INTEGER REFERENCES user(id);
ALTER TABLE event_definition ADD COLUMN owner INTEGER REFERENCES user(id);
ALTER TABLE event_definition ADD COLUMN post_to_slack INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event_definition ADD COLUMN enforcement_mode TEXT NOT NULL DEFAULT 'allow';
ALTER TABLE event_definition ADD COLUMN primary_property TEXT;       -- the one shown beside the name
ALTER TABLE event_definition ADD COLUMN default_columns TEXT NOT NULL DEFAULT '[]'; -- JSON list
CREATE INDEX event_definition_seen ON event_definition(team_id, last_seen_at, name);
CREATE INDEX event_definition_created ON event_definition(team_id, created_at, name);

ALTER TABLE property_definition ADD COLUMN verified_at INTEGER;
ALTER TABLE property_definition ADD COLUMN verified_by INTEGER REFERENCES user(id);
ALTER TABLE property_definition ADD COLUMN is_numerical INTEGER;     -- NULL: as the type says

CREATE INDEX person_email ON person(team_id, properties ->> '$.email')
    WHERE properties ->> '$.email' IS NOT NULL;

-- Persons and ids that are gone. One that comes back under the same name begins above this version:
-- the event store keeps the row of the highest.
CREATE TABLE person_tombstone (
    team_id INTEGER NOT NULL,
    kind    INTEGER NOT NULL,                -- 1 person, 2 distinct id
    key     TEXT NOT NULL,                   -- uuid, or the id
    version INTEGER NOT NULL,
    PRIMARY KEY (team_id, kind, key)
) STRICT, WITHOUT ROWID;

-- Changes for the event store, in their order; gone once it has them.
CREATE TABLE event_store_change (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id INTEGER NOT NULL,
    kind    INTEGER NOT NULL,                -- see model/event_store_change.h
    data    BLOB NOT NULL                    -- rows of the table, or what to delete
) STRICT
