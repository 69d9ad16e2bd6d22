/* list_count.c - see list_count.h. */
#include "model/list_count.h"

int list_count_find(struct db *d, struct arena *a, int64_t project_id, const char *list,
                    int64_t *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT n FROM list_count WHERE project_id = ? AND list = ?",
                     "is", project_id, str_of(list));
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = rc ? stmt_i64(st, 0) : 0;
    stmt_end(st);
    return 0;
}

int list_count_add(struct db *d, int64_t project_id, const char *list, int64_t n, struct err *e)
{
    if (!n)
        return 0;
    return db_run(d, e,
                  "INSERT INTO list_count VALUES (?1, ?2, ?3)"
                  " ON CONFLICT DO UPDATE SET n = n + ?3",
                  "isi", project_id, str_of(list), n);
}
