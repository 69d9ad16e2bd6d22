/* export_run.c - see export_run.h. */
#include "model/export_run.h"

#define COLUMNS                                                                                  \
    "SELECT id, export_id, project_id, backfill_id, status, start_at, end_at, records,"          \
    " records_total, bytes, checksum, files, error, created_at, finished_at, last_updated_at"    \
    " FROM export_run "
#define OPEN "status IN ('Starting', 'Running') "

static void read_row(struct stmt *st, struct arena *a, struct export_run *out)
{
    *out = (struct export_run){
        .id = stmt_str(st, a, 0), .export_id = stmt_str(st, a, 1), .project_id = stmt_i64(st, 2),
        .backfill_id = stmt_str(st, a, 3), .status = stmt_str(st, a, 4),
        .start_at = stmt_time(st, 5), .end_at = stmt_i64(st, 6), .records = stmt_time(st, 7),
        .total = stmt_time(st, 8), .bytes = stmt_time(st, 9), .checksum = stmt_str(st, a, 10),
        .files = stmt_str(st, a, 11), .error = stmt_str(st, a, 12), .created_at = stmt_i64(st, 13),
        .finished_at = stmt_time(st, 14), .last_updated_at = stmt_i64(st, 15),
    };
}

static int read_all(struct stmt *st, struct arena *a, struct export_run **out, size_t *n,
                    struct err *e)
{
    struct export_run *list = NULL;
    size_t count = 0;
    int rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        read_row(st, a, &list[count++]);
    }
    *out = list;
    *n = count;
    return rc;
}

int export_run_insert(struct db *d, const struct export_run *in, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT OR IGNORE INTO export_run (id, export_id, project_id, backfill_id,"
                    " status, start_at, end_at, created_at, last_updated_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "ssisstiii", in->id, in->export_id, in->project_id, in->backfill_id, in->status,
                    in->start_at, in->end_at, in->created_at, in->last_updated_at);
    return rc < 0 ? rc : db_changes(d);
}

int export_run_find(struct db *d, struct arena *a, str export_id, str id, struct export_run *out,
                    struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, COLUMNS "WHERE id = ?1 AND (?2 IS NULL OR export_id = ?2)", "ss",
                     id, export_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    read_row(st, a, out);
    stmt_end(st);
    return 1;
}

int export_run_latest(struct db *d, struct arena *a, str export_id, int64_t limit,
                      struct export_run **out, size_t *n, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     COLUMNS "WHERE export_id = ? ORDER BY created_at DESC, id DESC LIMIT ?", "si",
                     export_id, limit);
    return rc < 0 ? rc : read_all(st, a, out, n, e);
}

#define STATUS "(?2 IS NULL OR status IN (SELECT value FROM json_each(?2))) "
#define BY_CREATION COLUMNS "WHERE export_id = ?1 AND " STATUS "AND created_at BETWEEN ?3 AND ?4 "
#define BY_START                                                                               \
    COLUMNS "WHERE export_id = ?1 AND " STATUS                                                 \
            "AND coalesce(start_at, -9223372036854775807) >= ?3 AND end_at <= ?4 "
#define START "coalesce(start_at, -9223372036854775807)"

int export_run_page(struct db *d, struct arena *a, const struct export_run_filter *f, int64_t limit,
                    struct export_run **out, size_t *n, struct err *e)
{
    static const char *const orders[2][2] = {
        { BY_CREATION "AND (?5 IS NULL OR (created_at, id) < (?5, ?6))"
                      " ORDER BY created_at DESC, id DESC LIMIT ?7",
          BY_CREATION "AND (?5 IS NULL OR (created_at, id) > (?5, ?6))"
                      " ORDER BY created_at, id LIMIT ?7" },
        { BY_START "AND (?5 IS NULL OR (" START ", id) < (?5, ?6))"
                   " ORDER BY " START " DESC, id DESC LIMIT ?7",
          BY_START "AND (?5 IS NULL OR (" START ", id) > (?5, ?6))"
                   " ORDER BY " START ", id LIMIT ?7" },
    };
    struct stmt *st;
    int rc = db_open(d, a, &st, e, orders[f->by_start][f->ascending], "ssiitsi", f->export_id,
                     f->statuses, f->from, f->to, f->before_at, f->before_id, limit);
    return rc < 0 ? rc : read_all(st, a, out, n, e);
}

bool export_run_open(const struct export_run *run)
{
    return str_eqz(run->status, "Starting") || str_eqz(run->status, "Running");
}

int export_run_update(struct db *d, const struct export_run *in, struct err *e)
{
    int rc = db_run(d, e,
                    "UPDATE export_run SET status = ?, records = ?, records_total = ?, bytes = ?,"
                    " checksum = ?, files = ?, error = ?, finished_at = ?, last_updated_at = ?"
                    " WHERE id = ? AND " OPEN,
                    "stttssstis", in->status, in->records, in->total, in->bytes, in->checksum,
                    in->files, in->error, in->finished_at, in->last_updated_at, in->id);
    return rc < 0 ? rc : db_changes(d);
}

int export_run_cancel_all(struct db *d, str export_id, str backfill_id, int64_t now, struct err *e)
{
    return db_run(d, e,
                  "UPDATE export_run SET status = 'Cancelled', finished_at = ?1,"
                  " last_updated_at = ?1 WHERE export_id = ?2"
                  " AND (?3 IS NULL OR backfill_id = ?3) AND " OPEN,
                  "iss", now, export_id, backfill_id);
}

int export_run_open_ids(struct db *d, struct arena *a, str export_id, str backfill_id, str **out,
                        size_t *n, struct err *e)
{
    struct stmt *st;
    str *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e,
                     "SELECT id FROM export_run WHERE export_id = ?1"
                     " AND (?2 IS NULL OR backfill_id = ?2) AND " OPEN,
                     "ss", export_id, backfill_id);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        list[count++] = stmt_str(st, a, 0);
    }
    *out = list;
    *n = count;
    return rc;
}

int export_run_failures(struct db *d, struct arena *a, str export_id, int64_t last, int64_t *out,
                        struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT count(*) FROM (SELECT status FROM export_run WHERE export_id = ?1"
                     " ORDER BY last_updated_at DESC LIMIT ?2) WHERE status = 'Failed'",
                     "si", export_id, last);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}
