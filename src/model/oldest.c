/* oldest.c - see oldest.h. */
#include "model/oldest.h"

int organization_oldest(struct db *d, struct arena *a, str *id, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT id FROM organization ORDER BY created_at, id LIMIT 1",
                     "");
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *id = stmt_str(st, a, 0);
    stmt_end(st);
    return 1;
}

int owner_oldest(struct db *d, struct arena *a, str organization_id, int64_t *user_id,
                 struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT user_id FROM membership WHERE organization_id = ?"
                     " ORDER BY level DESC, joined_at, user_id LIMIT 1",
                     "s", organization_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *user_id = stmt_i64(st, 0);
    stmt_end(st);
    return 1;
}
