/* export_run.c - the runs of batch exports over the API, and what they say. */
#include "model/export_run.h"

#include <stdio.h>

#include "api/cursor.h"
#include "api/export_body.h"
#include "api/export_view.h"
#include "api/field.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/tz.h"
#include "model/export_log.h"
#include "query/dates.h"
#include "work/export.h"

#define RUNS 100
#define LEVELS_MAX 10

static const char *const statuses[] = { "Cancelled", "Completed", "ContinuedAsNew", "Failed",
                                        "FailedRetryable", "FailedBilling", "Terminated", "TimedOut",
                                        "Running", "Starting" };

/* A parameter that is an instant, or so long before now. */
static int time_of(struct req *r, const char *name, const char *fallback, int64_t *out,
                   struct err *e)
{
    const struct tz *tz = tz_find(r->project.timezone);
    struct query_calendar calendar = { tz ? tz : tz_find(STR("UTC")), clock_now_us(), 0 };
    str text = http_query_of(r->http, name);
    struct query_date date = query_date_parse(&calendar, text.n ? text : str_of(fallback));
    if (!date.written && fallback[0])
        return err_set(e, ERR_INVALID, name, "Invalid date: " STR_FMT,
                       STR_ARG(str_utf8_prefix(text, 100)));
    *out = date.at;
    return 0;
}

static int read_statuses(struct req *r, str *out, struct err *e)
{
    str values[ARRAY_LEN(statuses)];
    size_t n = http_query_values(r->http, "status", values, ARRAY_LEN(values));
    struct json *list = json_new(r->arena, JSON_ARRAY), **tail = &list->head;
    *out = STR_NULL;
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t k = 0; k < ARRAY_LEN(statuses); k++)
            known = known || str_eqz(values[i], statuses[k]);
        if (!known) {
            err_set(e, ERR_CHOICE, NULL, "Select a valid choice. " STR_FMT " is not one of the "
                                         "available choices.",
                    STR_ARG(str_utf8_prefix(values[i], 100)));
            snprintf(e->attr, sizeof(e->attr), "status__%zu", i);
            return e->kind;
        }
        *tail = json_new_str(r->arena, values[i]);
        tail = &(*tail)->next;
    }
    if (n)
        *out = json_text_of(r->arena, list);
    return 0;
}

static int read_order(struct req *r, struct export_run_filter *f, struct err *e)
{
    str order = http_query_of(r->http, "ordering");
    if (!order.n)
        order = STR("-created_at");
    f->ascending = order.p[0] != '-';
    str name = f->ascending ? order : str_slice(order, 1, order.n);
    f->by_start = str_eqz(name, "data_interval_start");
    int rc = time_of(r, f->by_start ? "start" : "after", "-7d", &f->from, e);
    if (rc == 0)
        rc = time_of(r, f->by_start ? "end" : "before", "now", &f->to, e);
    return rc;
}

static struct cursor place_of(const struct export_run_filter *f, const struct export_run *run)
{
    int64_t start = run->start_at == INT64_MIN ? INT64_MIN + 1 : run->start_at;
    return (struct cursor){ .at = f->by_start ? start : run->created_at, .id = run->id };
}

static int run_list(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_run_filter f = { 0 };
    struct export_run *rows = NULL;
    struct cursor c, first, last;
    size_t n = 0;
    int rc = export_load(r, &x, e);
    if (rc == 0)
        rc = cursor_of(r, &c, e);
    if (rc == 0)
        rc = read_statuses(r, &f.statuses, e);
    if (rc == 0)
        rc = read_order(r, &f, e);
    if (rc < 0)
        return rc;
    f.export_id = x.id;
    f.before_at = c.at;
    f.before_id = c.id;
    f.ascending = f.ascending != c.back;
    rc = export_run_page(r->db, r->arena, &f, RUNS + 1, &rows, &n, e);
    if (rc < 0)
        return rc;
    bool more = n > RUNS;
    n -= more;
    if (n) {
        first = place_of(&f, &rows[cursor_row(&c, 0, n)]);
        last = place_of(&f, &rows[cursor_row(&c, n - 1, n)]);
    }
    struct json_writer w = cursor_open(r, &c, more, n ? &first : NULL, n ? &last : NULL);
    for (size_t i = 0; i < n; i++)
        write_export_run(&w, &rows[cursor_row(&c, i, n)]);
    page_close(&w);
    return 0;
}

static int load(struct req *r, struct batch_export *x, struct export_run *run, struct err *e)
{
    int rc = export_load(r, x, e);
    if (rc == 0)
        rc = export_run_find(r->db, r->arena, x->id, r->sub_id, run, e);
    else
        return rc;
    return rc == 0 ? err_set(e, ERR_NOT_FOUND, NULL, NULL) : rc < 0 ? rc : 0;
}

static int run_fetch(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_run run;
    int rc = load(r, &x, &run, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    write_export_run(&w, &run);
    return 0;
}

static int cannot_cancel(const struct export_run *run, struct err *e)
{
    return err_set(e, ERR_INVALID, NULL, "Cannot cancel a run that is in '" STR_FMT "' status",
                   STR_ARG(run->status));
}

static int run_cancel(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_run run;
    int rc = load(r, &x, &run, e);
    if (rc < 0)
        return rc;
    if (!export_run_open(&run))
        return cannot_cancel(&run, e);
    run.status = STR("Cancelled");
    run.finished_at = run.last_updated_at = clock_now_us();
    struct export_log line = { .run_id = run.id, .at = run.finished_at, .level = STR("WARNING"),
                               .message = STR("Batch export run was cancelled") };
    rc = export_run_update(r->db, &run, e);
    if (rc == 0) { /* it ended meanwhile */
        rc = load(r, &x, &run, e);
        return rc < 0 ? rc : cannot_cancel(&run, e);
    }
    rc = rc < 0 ? rc : export_log_insert(r->db, x.id, &line, e);
    if (rc < 0)
        return rc;
    export_worker_cancel(r->api->exports, run.id);
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "cancelled");
    json_bool(&w, true);
    json_close(&w, '}');
    return 0;
}

/* -------------------------------------------------------------------------- logs */

static int bound_of(struct req *r, const char *name, int64_t *out, struct err *e)
{
    str text = http_query_of(r->http, name);
    if (!text.n || clock_parse(text, out))
        return 0;
    return err_set(e, ERR_INVALID, name, "Datetime has wrong format. Use one of these formats instead: "
                                         "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].");
}

static str levels_of(struct req *r)
{
    str values[LEVELS_MAX];
    size_t n = http_query_values(r->http, "level", values, LEVELS_MAX);
    struct json *list = json_new(r->arena, JSON_ARRAY), **tail = &list->head;
    for (size_t i = 0; i < n; i++) {
        char *level = arena_z(r->arena, values[i]);
        for (char *c = level; *c; c++)
            *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
        bool warn = strcmp(level, "WARN") == 0;
        *tail = json_new_str(r->arena, str_of(warn ? "WARNING" : level));
        tail = &(*tail)->next;
    }
    return n ? json_text_of(r->arena, list) : STR_NULL;
}

static int read_log_filter(struct req *r, struct export_log_filter *f, struct err *e)
{
    str search = http_query_of(r->http, "search"), run = http_query_of(r->http, "instance_id");
    f->after = INT64_MIN;
    f->before = INT64_MAX;
    int rc = bound_of(r, "after", &f->after, e);
    if (rc == 0)
        rc = bound_of(r, "before", &f->before, e);
    f->levels = levels_of(r);
    f->search = search.n ? like_pattern(r->arena, search) : STR_NULL;
    if (run.n && !f->run_id.p)
        f->run_id = run;
    return rc;
}

static void write_line(struct json_writer *w, str export_id, const struct export_log *line)
{
    json_open(w, '{');
    json_key(w, "log_source_id");
    json_str(w, export_id);
    json_key(w, "instance_id");
    json_str(w, line->run_id);
    json_key(w, "timestamp");
    json_time(w, line->at);
    json_key(w, "level");
    json_str(w, line->level);
    json_key(w, "message");
    json_str(w, line->message);
    json_close(w, '}');
}

static int reply_logs(struct req *r, struct export_log_filter *f, struct err *e)
{
    struct page page = { 50, 0 };
    struct export_log *lines;
    size_t n;
    int64_t count, v;
    str limit = http_query_of(r->http, "limit");
    if (limit.n && (!str_to_i64(limit, &page.limit) || page.limit < 1 || page.limit > 500))
        return err_set(e, ERR_INVALID, "limit", "Ensure this value is from 1 to 500.");
    if (str_to_i64(http_query_of(r->http, "offset"), &v) && v > 0)
        page.offset = v < LIMIT_OFFSET ? v : LIMIT_OFFSET;
    int rc = read_log_filter(r, f, e);
    if (rc == 0)
        rc = export_log_count(r->db, r->arena, f, &count, e);
    if (rc == 0)
        rc = export_log_page(r->db, r->arena, f, page.limit, page.offset, &lines, &n, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n; i++)
        write_line(&w, f->export_id, &lines[i]);
    page_close(&w);
    return 0;
}

static int export_logs(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_log_filter f = { .run_id = STR_NULL };
    int rc = export_load(r, &x, e);
    f.export_id = x.id;
    return rc < 0 ? rc : reply_logs(r, &f, e);
}

static int run_logs(struct req *r, struct err *e)
{
    struct batch_export x;
    struct export_run run;
    int rc = load(r, &x, &run, e);
    if (rc < 0)
        return rc;
    struct export_log_filter f = { .export_id = x.id, .run_id = run.id };
    return reply_logs(r, &f, e);
}

#define AT(rest) "/api/projects/:project/batch_exports/:id/" rest

const struct route export_run_routes[] = {
    { "GET", AT("logs/"), export_logs, ACCESS_SCOPE, "batch_export:read", 0 },
    { "GET", AT("runs/"), run_list, ACCESS_SCOPE, "batch_export:read", 0 },
    { "GET", AT("runs/:sub_id/"), run_fetch, ACCESS_SCOPE, "batch_export:read", 0 },
    { "POST", AT("runs/:sub_id/cancel/"), run_cancel, ACCESS_SCOPE, "batch_export:write", 0 },
    { "GET", AT("runs/:sub_id/logs/"), run_logs, ACCESS_SCOPE, "batch_export:read", 0 },
    { 0 },
};
