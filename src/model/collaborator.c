/* collaborator.c - see collaborator.h. */
#include "model/collaborator.h"

#include "base/clock.h"
#include "base/uuid.h"

#define COLUMNS                                                                             \
    "SELECT c.id, u.uuid, c.dashboard_id, c.user_id, c.level, c.added_at, c.updated_at"     \
    " FROM dashboard_collaborator c JOIN user u ON u.id = c.user_id WHERE c.dashboard_id = ?1 "

int collaborator_insert(struct db *d, struct arena *a, struct collaborator *in, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    in->id = arena_str(a, str_of(id));
    in->added_at = in->updated_at = clock_now_us();
    return db_run(d, e, "INSERT INTO dashboard_collaborator VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                  "siiit", in->id, in->dashboard_id, in->user_id, in->level, in->added_at);
}

int collaborator_list(struct db *d, struct arena *a, int64_t dashboard_id, struct stmt **out,
                      struct err *e)
{
    return db_open(d, a, out, e, COLUMNS "AND u.is_active ORDER BY c.added_at, c.id", "i",
                   dashboard_id);
}

void collaborator_read(struct stmt *st, struct arena *a, struct collaborator *out)
{
    *out = (struct collaborator){ .id = stmt_str(st, a, 0), .user_uuid = stmt_str(st, a, 1),
                                  .dashboard_id = stmt_i64(st, 2), .user_id = stmt_i64(st, 3),
                                  .level = stmt_i64(st, 4), .added_at = stmt_i64(st, 5),
                                  .updated_at = stmt_i64(st, 6) };
}

int collaborator_find(struct db *d, struct arena *a, int64_t dashboard_id, int64_t user_id,
                      struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, COLUMNS "AND c.user_id = ?2", "ii", dashboard_id, user_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    stmt_end(st);
    return 1;
}

int collaborator_find_uuid(struct db *d, struct arena *a, int64_t dashboard_id, str user_uuid,
                           struct collaborator *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, COLUMNS "AND u.uuid = ?2", "is", dashboard_id, user_uuid);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    collaborator_read(st, a, out);
    stmt_end(st);
    return 1;
}

int collaborator_delete(struct db *d, str id, struct err *e)
{
    return db_run(d, e, "DELETE FROM dashboard_collaborator WHERE id = ?", "s", id);
}
