/* export_log.c - see export_log.h. */
#include "model/export_log.h"

#include "base/limits.h"

#define LISTED                                                                            \
    "WHERE export_id = ?1 AND (?2 IS NULL OR run_id = ?2) AND at > ?3 AND at < ?4"        \
    " AND (?5 IS NULL OR level IN (SELECT value FROM json_each(?5)))"                     \
    " AND (?6 IS NULL OR message LIKE ?6 ESCAPE '\\') "

int export_log_insert(struct db *d, str export_id, const struct export_log *in, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO export_log (export_id, run_id, at, level, message)"
                    " VALUES (?, ?, ?, ?, ?)",
                    "ssiss", export_id, in->run_id, in->at, in->level, in->message);
    if (rc == 0 && db_last_id(d) % 100 == 0) /* now and then */
        rc = db_run(d, e,
                    "DELETE FROM export_log WHERE export_id = ?1 AND id <= (SELECT id FROM export_log"
                    " WHERE export_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                    "si", export_id, (int64_t)LIMIT_EXPORT_LOG);
    return rc;
}

int export_log_page(struct db *d, struct arena *a, const struct export_log_filter *f, int64_t limit,
                    int64_t offset, struct export_log **out, size_t *n, struct err *e)
{
    struct stmt *st;
    struct export_log *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     "SELECT run_id, at, level, message FROM export_log " LISTED
                     "ORDER BY id DESC LIMIT ?7 OFFSET ?8",
                     "ssiissii", f->export_id, f->run_id, f->after, f->before, f->levels, f->search,
                     limit, offset);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        list[count++] = (struct export_log){ stmt_str(st, a, 0), stmt_i64(st, 1),
                                             stmt_str(st, a, 2), stmt_str(st, a, 3) };
    }
    *out = list;
    *n = count;
    return rc;
}

int export_log_count(struct db *d, struct arena *a, const struct export_log_filter *f, int64_t *out,
                     struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT count(*) FROM export_log " LISTED, "ssiiss", f->export_id,
                     f->run_id, f->after, f->before, f->levels, f->search);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}
