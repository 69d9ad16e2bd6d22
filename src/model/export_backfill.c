/* export_backfill.c - see export_backfill.h. */
#include "model/export_backfill.h"

#define COLUMNS                                                                                  \
    "SELECT id, export_id, project_id, start_at, end_at, adjusted_start_at, status, total,"      \
    " next_at, by_arrival, created_at, finished_at, last_updated_at FROM export_backfill "
#define OPEN "status IN ('Starting', 'Running') "

static void read_row(struct stmt *st, struct arena *a, struct export_backfill *out)
{
    *out = (struct export_backfill){
        .id = stmt_str(st, a, 0), .export_id = stmt_str(st, a, 1), .project_id = stmt_i64(st, 2),
        .start_at = stmt_time(st, 3), .end_at = stmt_time(st, 4),
        .adjusted_start_at = stmt_time(st, 5), .status = stmt_str(st, a, 6),
        .total = stmt_time(st, 7), .next_at = stmt_time(st, 8), .by_arrival = stmt_bool(st, 9),
        .created_at = stmt_i64(st, 10), .finished_at = stmt_time(st, 11),
        .last_updated_at = stmt_i64(st, 12),
    };
}

int export_backfill_insert(struct db *d, const struct export_backfill *in, struct err *e)
{
    return db_run(d, e,
                  "INSERT INTO export_backfill (id, export_id, project_id, start_at, end_at, status,"
                  " by_arrival, created_at, last_updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "ssittsbii", in->id, in->export_id, in->project_id, in->start_at, in->end_at,
                  in->status, (int)in->by_arrival, in->created_at, in->last_updated_at);
}

int export_backfill_find(struct db *d, struct arena *a, str export_id, str id,
                         struct export_backfill *out, struct err *e)
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

bool export_backfill_open(const struct export_backfill *b)
{
    return str_eqz(b->status, "Starting") || str_eqz(b->status, "Running");
}

int export_backfill_update(struct db *d, const struct export_backfill *in, struct err *e)
{
    int rc = db_run(d, e,
                    "UPDATE export_backfill SET status = ?, adjusted_start_at = ?, total = ?,"
                    " next_at = ?, finished_at = ?, last_updated_at = ? WHERE id = ? AND " OPEN,
                    "sttttis", in->status, in->adjusted_start_at, in->total, in->next_at,
                    in->finished_at, in->last_updated_at, in->id);
    return rc < 0 ? rc : db_changes(d);
}

int export_backfill_count_open(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                               struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT count(*) FROM export_backfill WHERE project_id = ? AND " OPEN, "i",
                     project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *out = stmt_i64(st, 0);
    stmt_end(st);
    return 0;
}

int export_backfill_cancel_all(struct db *d, str export_id, int64_t now, struct err *e)
{
    return db_run(d, e,
                  "UPDATE export_backfill SET status = 'Cancelled', finished_at = ?1,"
                  " last_updated_at = ?1 WHERE export_id = ?2 AND " OPEN,
                  "is", now, export_id);
}

int export_backfill_progress(struct db *d, struct arena *a, str id, int64_t *ended, int64_t *open,
                             int64_t *rows, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT coalesce(sum(status IN ('Completed', 'Failed')), 0),"
                     " coalesce(sum(status IN ('Starting', 'Running')), 0),"
                     " coalesce(sum(records), 0) FROM export_run WHERE backfill_id = ?",
                     "s", id);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *ended = stmt_i64(st, 0);
    *open = stmt_i64(st, 1);
    *rows = stmt_i64(st, 2);
    stmt_end(st);
    return 0;
}

#define START "coalesce(start_at, -9223372036854775807)"

int export_backfill_page(struct db *d, struct arena *a, const struct export_backfill_filter *f,
                         int64_t limit, struct export_backfill **out, size_t *n, struct err *e)
{
    static const char *const orders[2][2] = {
        { COLUMNS "WHERE export_id = ?1 AND (?2 IS NULL OR (created_at, id) < (?2, ?3))"
                  " ORDER BY created_at DESC, id DESC LIMIT ?4",
          COLUMNS "WHERE export_id = ?1 AND (?2 IS NULL OR (created_at, id) > (?2, ?3))"
                  " ORDER BY created_at, id LIMIT ?4" },
        { COLUMNS "WHERE export_id = ?1 AND (?2 IS NULL OR (" START ", id) < (?2, ?3))"
                  " ORDER BY " START " DESC, id DESC LIMIT ?4",
          COLUMNS "WHERE export_id = ?1 AND (?2 IS NULL OR (" START ", id) > (?2, ?3))"
                  " ORDER BY " START ", id LIMIT ?4" },
    };
    struct stmt *st;
    struct export_backfill *list = NULL;
    size_t count = 0;
    int rc = db_open(d, a, &st, e, orders[f->by_start][f->ascending], "stsi", f->export_id,
                     f->before_at, f->before_id, limit);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        list = arena_grown(a, list, count, sizeof(*list));
        read_row(st, a, &list[count++]);
    }
    *out = list;
    *n = count;
    return rc;
}
