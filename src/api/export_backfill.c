/* export_backfill.c - backfills of batch exports over the API: runs over a span of the past. */
#include "model/export_backfill.h"

#include <stdio.h>

#include "api/cursor.h"
#include "api/export_body.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/tz.h"
#include "base/uuid.h"
#include "export/key.h"
#include "model/export_run.h"
#include "sched/timetable.h"
#include "work/export.h"

#define BACKFILLS 50
#define DAY (86400 * CLOCK_SECOND)

/* -------------------------------------------------------------------------- shown */

static int64_t ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b > 0);
}

/* INT64_MIN: not known. */
static int64_t expected_runs(const struct batch_export *x, const struct export_backfill *b)
{
    struct timetable t;
    int64_t start = b->adjusted_start_at != INT64_MIN ? b->adjusted_start_at : b->start_at;
    int64_t end = b->end_at != INT64_MIN        ? b->end_at
                  : b->finished_at != INT64_MIN ? b->finished_at
                                                : clock_now_us();
    if (b->start_at == INT64_MIN)
        return 1;
    if (b->total == 0)
        return 0;
    if (b->by_arrival)
        return 1;
    BUG_ON(!timetable_of(x->interval, tz_find(x->timezone), 0, &t));
    return ceil_div(end - start, t.step ? t.step : t.days * DAY);
}

static int write_progress(struct req *r, struct json_writer *w, const struct batch_export *x,
                          const struct export_backfill *b, struct err *e)
{
    int64_t total = expected_runs(x, b), done = total, open, rows;
    bool completed = str_eqz(b->status, "Completed");
    bool known = completed || (export_backfill_open(b) && b->total != INT64_MIN &&
                               b->start_at != INT64_MIN);
    if (!known) {
        json_null(w);
        return 0;
    }
    int rc = completed ? 0 : export_backfill_progress(r->db, r->arena, b->id, &done, &open, &rows, e);
    if (rc < 0)
        return rc;
    total = total > done ? total : done;
    double share = completed ? 1.0 : total ? (double)done / (double)total : 0;
    json_open(w, '{');
    json_key(w, "total_runs");
    json_i64(w, total);
    json_key(w, "finished_runs");
    json_i64(w, done);
    json_key(w, "progress");
    json_f64(w, (double)(int64_t)(share * 10 + 0.5) / 10);
    json_close(w, '}');
    return 0;
}

static int write_backfill(struct req *r, struct json_writer *w, const struct batch_export *x,
                          const struct export_backfill *b, struct err *e)
{
    const struct {
        const char *key;
        int64_t at;
    } times[] = { { "start_at", b->start_at },
                  { "end_at", b->end_at },
                  { "adjusted_start_at", b->adjusted_start_at },
                  { "created_at", b->created_at },
                  { "finished_at", b->finished_at },
                  { "last_updated_at", b->last_updated_at } };
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, b->id);
    json_key(w, "team");
    json_i64(w, b->project_id);
    json_key(w, "batch_export");
    json_str(w, b->export_id);
    json_key(w, "status");
    json_str(w, b->status);
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        json_key(w, times[i].key);
        json_time(w, times[i].at);
    }
    json_key(w, "total_records_count");
    if (b->total == INT64_MIN)
        json_null(w);
    else
        json_i64(w, b->total);
    json_key(w, "progress");
    int rc = write_progress(r, w, x, b, e);
    json_close(w, '}');
    return rc;
}

static struct cursor place_of(const struct export_backfill_filter *f,
                              const struct export_backfill *b)
{
    int64_t start = b->start_at == INT64_MIN ? INT64_MIN + 1 : b->start_at;
    return (struct cursor){ .at = f->by_start ? start : b->created_at, .id = b->id };
}

static int backfill_list(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_backfill *rows = NULL;
    struct cursor c, first, last;
    str order = http_query_of(r->http, "ordering");
    struct export_backfill_filter f = { .ascending = order.n && order.p[0] != '-',
                                        .by_start = str_ends(order, STR("start_at")) };
    size_t n = 0;
    int rc = export_load(r, &x, e);
    if (rc == 0)
        rc = cursor_of(r, &c, e);
    if (rc < 0)
        return rc;
    f.export_id = x.id;
    f.before_at = c.at;
    f.before_id = c.id;
    f.ascending = f.ascending != c.back;
    rc = export_backfill_page(r->db, r->arena, &f, BACKFILLS + 1, &rows, &n, e);
    if (rc < 0)
        return rc;
    bool more = n > BACKFILLS;
    n -= more;
    if (n) {
        first = place_of(&f, &rows[cursor_row(&c, 0, n)]);
        last = place_of(&f, &rows[cursor_row(&c, n - 1, n)]);
    }
    struct json_writer w = cursor_open(r, &c, more, n ? &first : NULL, n ? &last : NULL);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = write_backfill(r, &w, &x, &rows[cursor_row(&c, i, n)], e);
    page_close(&w);
    return rc;
}

static int load(struct req *r, struct batch_export *x, struct export_backfill *b, struct err *e)
{
    int rc = export_load(r, x, e);
    if (rc < 0)
        return rc;
    rc = export_backfill_find(r->db, r->arena, x->id, r->sub_id, b, e);
    return rc == 0 ? err_set(e, ERR_NOT_FOUND, NULL, NULL) : rc < 0 ? rc : 0;
}

static int backfill_fetch(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_backfill b;
    int rc = load(r, &x, &b, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    return write_backfill(r, &w, &x, &b, e);
}

/* -------------------------------------------------------------------------- made */

static int begin(struct req *r, struct export_backfill *b, str shown, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    b->id = arena_str(r->arena, str_of(id));
    b->project_id = r->project.id;
    b->status = STR("Starting");
    b->created_at = b->last_updated_at = clock_now_us();
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = export_backfill_begin(r->db, r->arena, b, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    export_worker_wake(r->api->exports);
    struct json_writer w = reply_json(r, 201);
    json_open(&w, '{');
    json_key(&w, "backfill_id");
    json_str(&w, shown.n ? shown : b->id);
    json_close(&w, '}');
    return 0;
}

static int check_limit(struct req *r, struct err *e)
{
    int64_t open;
    int rc = export_backfill_count_open(r->db, r->arena, r->project.id, &open, e);
    if (rc < 0 || open < LIMIT_BACKFILLS)
        return rc;
    err_set(e, ERR_THROTTLED, NULL,
            "This team already has %lld batch export backfills running. Wait for some to finish or "
            "cancel them before creating more.", (long long)open);
    snprintf(e->code, sizeof(e->code), "too_many_concurrent_backfills");
    return e->kind;
}

static bool has_zone(str text)
{
    for (size_t i = 10; i < text.n; i++)
        if (text.p[i] == 'Z' || text.p[i] == 'z' || text.p[i] == '+' || text.p[i] == '-')
            return true;
    return false;
}

static int weekday(int64_t days)
{
    return (int)(((days + 4) % 7 + 7) % 7);
}

/* A day becomes the instant when its interval begins. */
static int read_day(const struct batch_export *x, str text, int64_t *out, struct err *e)
{
    static const char *const names[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday" };
    int64_t at, offset = x->offset == INT64_MIN ? 0 : x->offset;
    if (!clock_parse(text, &at))
        return err_set(e, ERR_INVALID, NULL, "Input '" STR_FMT "' is not a valid ISO formatted date.",
                       STR_ARG(str_utf8_prefix(text, 100)));
    if (text.n > 10)
        return err_set(e, ERR_INVALID, NULL,
                       "Input '" STR_FMT "' is not a valid ISO formatted date. Daily or weekly batch "
                       "export backfills expect only the date component, but a time was included.",
                       STR_ARG(str_utf8_prefix(text, 100)));
    int have = weekday(at / DAY), want = (int)(offset / 86400);
    if (str_eqz(x->interval, "week") && have != want)
        return err_set(e, ERR_INVALID, NULL,
                       "Input " STR_FMT " is not on the correct day of the week for this batch export. "
                       STR_FMT " is a %s but this batch export is configured to run weekly on %s.",
                       STR_ARG(text), STR_ARG(text), names[have], names[want]);
    *out = tz_instant(tz_find(x->timezone), at + offset % 86400 * CLOCK_SECOND);
    return 0;
}

static int read_bound(const struct batch_export *x, const struct json *v, int64_t *out,
                      struct err *e)
{
    str text = v && v->type != JSON_NULL ? v->text : STR_NULL;
    *out = INT64_MIN;
    if (!text.p)
        return 0;
    if (str_eqz(x->interval, "day") || str_eqz(x->interval, "week"))
        return read_day(x, text, out, e);
    if (v->type != JSON_STRING || !clock_parse(text, out))
        return err_set(e, ERR_INVALID, NULL, "Input " STR_FMT " is not a valid ISO formatted "
                                             "datetime.", STR_ARG(str_utf8_prefix(text, 100)));
    if (!has_zone(text))
        return err_set(e, ERR_INVALID, NULL, "Input " STR_FMT " is naive.", STR_ARG(text));
    return 0;
}

static int read_bounds(struct req *r, const struct batch_export *x, struct export_backfill *b,
                       struct err *e)
{
    int rc = read_bound(x, json_get(r->body, "start_at"), &b->start_at, e);
    if (rc == 0)
        rc = read_bound(x, json_get(r->body, "end_at"), &b->end_at, e);
    if (rc < 0)
        return rc;
    if (b->end_at == INT64_MIN)
        return err_set(e, ERR_INVALID, NULL, "Backfilling a BatchExport with no end date is not "
                                             "allowed");
    if (b->start_at >= b->end_at)
        return err_set(e, ERR_INVALID, NULL, "The initial backfill datetime 'start_at' must be "
                                             "before 'end_at'");
    if (b->end_at > clock_now_us())
        return err_set(e, ERR_INVALID, NULL, "The provided 'end_at' (" STR_FMT ") is in the future",
                       STR_ARG(export_time(r->arena, b->end_at, "")));
    return 0;
}

static int backfill_create(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_backfill b = { 0 };
    int rc = export_load(r, &x, e);
    if (rc == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, NULL, "BatchExport not found.");
    if (rc == 0)
        rc = check_limit(r, e);
    if (rc == 0)
        rc = read_bounds(r, &x, &b, e);
    b.export_id = x.id;
    return rc < 0 ? rc : begin(r, &b, STR_NULL, e);
}

/* Exactly the run's interval again, and the rows it is about. */
static int run_retry(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_run run;
    struct export_backfill of = { 0 };
    int rc = export_load(r, &x, e);
    if (rc == 0)
        rc = export_run_find(r->db, r->arena, x.id, r->sub_id, &run, e);
    else
        return rc;
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    if (rc > 0 && run.backfill_id.p)
        rc = export_backfill_find(r->db, r->arena, x.id, run.backfill_id, &of, e);
    if (rc < 0)
        return rc;
    struct export_backfill b = { .export_id = x.id, .start_at = run.start_at, .end_at = run.end_at,
                                 .by_arrival = !run.backfill_id.p || of.by_arrival };
    str start = export_time(r->arena, run.start_at, "START");
    str end = export_time(r->arena, run.end_at, "END");
    return begin(r, &b, arena_printf(r->arena, STR_FMT "-Backfill-" STR_FMT "-" STR_FMT,
                                     STR_ARG(x.id), STR_ARG(start), STR_ARG(end)), e);
}

/* -------------------------------------------------------------------------- ended */

static int cancel(struct req *r, struct export_backfill *b, struct err *e)
{
    str *open = NULL;
    size_t n = 0;
    b->status = STR("Cancelled");
    b->finished_at = b->last_updated_at = clock_now_us();
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = export_run_open_ids(r->db, r->arena, b->export_id, b->id, &open, &n, e);
    if (rc == 0)
        rc = export_backfill_update(r->db, b, e);
    if (rc >= 0)
        rc = export_run_cancel_all(r->db, b->export_id, b->id, b->finished_at, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        export_worker_cancel(r->api->exports, open[i]);
    return rc;
}

static int backfill_cancel(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_backfill b;
    int rc = load(r, &x, &b, e);
    if (rc < 0)
        return rc;
    if (!export_backfill_open(&b))
        return err_set(e, ERR_INVALID, NULL, "Cannot cancel a backfill that is in '" STR_FMT
                                             "' status", STR_ARG(b.status));
    rc = cancel(r, &b, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "cancelled");
    json_bool(&w, true);
    json_close(&w, '}');
    return 0;
}

#define AT(rest) "/api/projects/:project/batch_exports/:id/" rest

const struct route export_backfill_routes[] = {
    { "GET", AT("backfills/"), backfill_list, ACCESS_SCOPE, "batch_export:read", 0 },
    { "POST", AT("backfills/"), backfill_create, ACCESS_SCOPE, "batch_export:write", 0 },
    { "POST", AT("backfill/"), backfill_create, ACCESS_SCOPE, "batch_export:write", 0 },
    { "GET", AT("backfills/:sub_id/"), backfill_fetch, ACCESS_SCOPE, "batch_export:read", 0 },
    { "POST", AT("backfills/:sub_id/cancel/"), backfill_cancel, ACCESS_SCOPE, "batch_export:write",
      0 },
    { "POST", AT("runs/:sub_id/retry/"), run_retry, ACCESS_SCOPE, "batch_export:write", 0 },
    { 0 },
};
