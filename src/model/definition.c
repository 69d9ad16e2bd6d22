/* definition.c - see definition.h. */
#include "model/definition.h"

#include "base/uuid.h"

int event_definition_seen(struct db *d, int64_t team_id, str name, int64_t at, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    return db_run(d, e,
                  "INSERT INTO event_definition (id, team_id, name, created_at, last_seen_at)"
                  " VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (team_id, name) DO UPDATE"
                  " SET last_seen_at = max(excluded.last_seen_at, last_seen_at)",
                  "sist", str_of(id), team_id, name, at);
}

int property_definition_seen(struct db *d, int64_t team_id, enum property_owner owner,
                             int group_idx, str name, str property_type, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    return db_run(d, e,
                  "INSERT INTO property_definition (id, team_id, type, group_idx, name,"
                  " property_type) VALUES (?, ?, ?, ?, ?, ?)"
                  " ON CONFLICT (team_id, type, group_idx, name) DO UPDATE"
                  " SET property_type = excluded.property_type WHERE property_type IS NULL",
                  "siiiss", str_of(id), team_id, (int64_t)owner, (int64_t)group_idx, name,
                  property_type);
}

int event_property_seen(struct db *d, int64_t team_id, str event, str property, struct err *e)
{
    return db_run(d, e,
                  "INSERT OR IGNORE INTO event_property (team_id, event, property)"
                  " VALUES (?, ?, ?)",
                  "iss", team_id, event, property);
}

int event_definition_any(struct db *d, struct arena *a, int64_t team_id, bool *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT EXISTS (SELECT 1 FROM event_definition WHERE team_id = ?"
                     " AND last_seen_at IS NOT NULL)",
                     "i", team_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_bool(st, 0);
    stmt_end(st);
    return 0;
}
