/* event_store_change.c - see event_store_change.h. */
#include "model/event_store_change.h"

int change_add(struct db *d, const struct change *c, struct err *e)
{
    return db_run(d, e,
                  "INSERT INTO event_store_change (team_id, kind, data, created_at, position)"
                  " VALUES (?, ?, ?, ?, ?)",
                  "iixti", c->team_id, (int64_t)c->kind, c->data, c->created_at, c->position);
}

int change_next(struct db *d, struct arena *a, int64_t id, struct change *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT id, team_id, kind, data, created_at, position"
                     " FROM event_store_change WHERE id > ? ORDER BY id LIMIT 1",
                     "i", id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *out = (struct change){ stmt_i64(st, 0), stmt_i64(st, 1), (enum change_kind)stmt_i64(st, 2),
                            stmt_str(st, a, 3), stmt_i64(st, 4), stmt_i64(st, 5) };
    stmt_end(st);
    return 1;
}

int change_done(struct db *d, int64_t id, struct err *e)
{
    return db_run(d, e, "DELETE FROM event_store_change WHERE id = ?", "i", id);
}
