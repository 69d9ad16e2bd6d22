/* model_setting.c - see model_setting.h. */
#include "model/model_setting.h"

#include "base/clock.h"

int model_setting_find(struct db *d, struct arena *a, int64_t project_id,
                       struct model_setting *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT url, dialect, model, key, updated_at, updated_by FROM model_setting"
                     " WHERE project_id = ?", "i", project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *out = (struct model_setting){ stmt_str(st, a, 0), stmt_str(st, a, 1), stmt_str(st, a, 2),
                                   stmt_str(st, a, 3), stmt_i64(st, 4), stmt_i64(st, 5) };
    stmt_end(st);
    return 1;
}

int model_setting_put(struct db *d, int64_t project_id, struct model_setting *m, struct err *e)
{
    m->updated_at = clock_now_us();
    return db_run(d, e,
                  "INSERT OR REPLACE INTO model_setting (project_id, url, dialect, model, key,"
                  " updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
                  "isssxii", project_id, m->url, m->dialect, m->model, m->key, m->updated_at,
                  m->updated_by);
}

int model_setting_delete(struct db *d, int64_t project_id, struct err *e)
{
    return db_run(d, e, "DELETE FROM model_setting WHERE project_id = ?", "i", project_id);
}
