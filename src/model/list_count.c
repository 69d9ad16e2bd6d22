/* list_count.c - see list_count.h. */
#include "model/list_count.h"

int list_count_find(struct db *d, struct arena *a, int64_t project_id, const char *list,
                    int64_t *n, int64_t *version, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT n, version FROM list_count WHERE project_id = ? AND list = ?", "is",
                     project_id, str_of(list));
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *n = rc ? stmt_i64(st, 0) : 0;
    *version = rc ? stmt_i64(st, 1) : 0;
    stmt_end(st);
    return 0;
}

int list_count_add(struct db *d, int64_t project_id, const char *list, int64_t n, struct err *e)
{
    return db_run(d, e,
                  "INSERT INTO list_count VALUES (?1, ?2, ?3, 1)"
                  " ON CONFLICT DO UPDATE SET n = n + ?3, version = version + 1",
                  "isi", project_id, str_of(list), n);
}

int list_count_user_changed(struct db *d, int64_t user_id, struct err *e)
{
    return db_run(d, e,
                  "UPDATE list_count SET version = version + 1 WHERE list = 'dashboard'"
                  " AND project_id IN (SELECT project_id FROM dashboard WHERE created_by = ?)",
                  "i", user_id);
}
