/* batch_export.c - batch exports over the API. Their runs are in export_run.c, trying a destination in
 * export_step.c; what a body may say in export_body.c. */
#include "model/batch_export.h"

#include "api/export_body.h"
#include "api/export_view.h"
#include "api/field.h"
#include "base/clock.h"
#include "base/tz.h"
#include "base/uuid.h"
#include "model/export_backfill.h"
#include "sched/timetable.h"
#include "work/export.h"

static int reply(struct req *r, int status, const struct batch_export *x, struct err *e)
{
    struct json_writer w = reply_json(r, status);
    return write_export(r, &w, x, e);
}

static int export_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct batch_export *rows;
    size_t n = 0;
    int64_t count;
    int rc = batch_export_count(r->db, r->arena, r->project.id, &count, e);
    if (rc == 0)
        rc = batch_export_page(r->db, r->arena, r->project.id, page.limit, page.offset, &rows, &n,
                               e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = write_export(r, &w, &rows[i], e);
    page_close(&w);
    return rc;
}

/* The end of the interval that is under way. */
static int64_t next_end(const struct batch_export *x, int64_t now)
{
    struct timetable t;
    int64_t offset = x->offset == INT64_MIN ? 0 : x->offset;
    BUG_ON(!timetable_of(x->interval, tz_find(x->timezone), offset, &t));
    return timetable_after(&t, now);
}

static int export_create(struct req *r, struct err *e)
{
    struct export_body b;
    char id[UUID_TEXT];
    int rc = export_body_read(r, NULL, false, &b, e);
    if (rc < 0)
        return rc;
    uuid_text(uuid_v7(), id);
    b.row.id = arena_str(r->arena, str_of(id));
    b.row.project_id = r->project.id;
    b.row.destination = str_of(b.destination->type);
    b.row.created_at = b.row.last_updated_at = clock_now_us();
    b.row.modified_by = r->user.id;
    b.row.next_at = next_end(&b.row, b.row.created_at);
    rc = batch_export_insert(r->db, &b.row, e);
    if (rc == 0)
        export_worker_wake(r->api->exports);
    return rc < 0 ? rc : reply(r, 201, &b.row, e);
}

static int export_fetch(struct req *r, struct err *e)
{
    struct batch_export x;
    int rc = export_load(r, &x, e);
    return rc < 0 ? rc : reply(r, 200, &x, e);
}

static bool same_timetable(const struct batch_export *a, const struct batch_export *b)
{
    return str_eq(a->interval, b->interval) && str_eq(a->timezone, b->timezone) &&
           a->offset == b->offset;
}

static int change(struct req *r, bool partial, struct err *e)
{
    struct batch_export stored;
    struct export_body b;
    int rc = export_load(r, &stored, e);
    if (rc == 0)
        rc = export_body_read(r, &stored, partial, &b, e);
    if (rc < 0)
        return rc;
    b.row.last_updated_at = clock_now_us();
    b.row.modified_by = r->user.id;
    if (!same_timetable(&stored, &b.row) || (stored.paused && !b.row.paused))
        b.row.next_at = next_end(&b.row, b.row.last_updated_at);
    rc = batch_export_update(r->db, &b.row, e);
    if (rc == 0)
        export_worker_wake(r->api->exports);
    return rc < 0 ? rc : reply(r, 200, &b.row, e);
}

static int export_replace(struct req *r, struct err *e)
{
    return change(r, false, e);
}

static int export_update(struct req *r, struct err *e)
{
    return change(r, true, e);
}

static int export_remove(struct req *r, struct err *e)
{
    struct batch_export x;
    str *open = NULL;
    size_t n = 0;
    int64_t now = clock_now_us();
    int rc = export_load(r, &x, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = export_run_open_ids(r->db, r->arena, x.id, STR_NULL, &open, &n, e);
    if (rc == 0)
        rc = batch_export_delete(r->db, x.project_id, x.id, now, e);
    if (rc >= 0)
        rc = export_backfill_cancel_all(r->db, x.id, now, e);
    if (rc == 0)
        rc = export_run_cancel_all(r->db, x.id, STR_NULL, now, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        export_worker_cancel(r->api->exports, open[i]);
    if (rc == 0)
        r->http->status = 204;
    return rc;
}

static void reply_paused(struct req *r, bool paused)
{
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "paused");
    json_bool(&w, paused);
    json_close(&w, '}');
}

/* Nothing changes where it is so already. */
static int set_paused(struct req *r, struct batch_export *x, bool paused, struct err *e)
{
    int64_t now = clock_now_us();
    if (x->paused == paused)
        return 0;
    x->paused = paused;
    x->last_updated_at = now;
    x->modified_by = r->user.id;
    if (paused)
        x->last_paused_at = now;
    else
        x->next_at = next_end(x, now);
    int rc = batch_export_update(r->db, x, e);
    if (rc == 0)
        export_worker_wake(r->api->exports);
    return rc;
}

static int export_pause(struct req *r, struct err *e)
{
    struct batch_export x;
    int rc = export_load(r, &x, e);
    if (rc == 0)
        rc = set_paused(r, &x, true, e);
    if (rc == 0)
        reply_paused(r, true);
    return rc;
}

/* What the pause left out. */
static int fill_pause(struct req *r, const struct batch_export *x, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    struct export_backfill b = { .id = arena_str(r->arena, str_of(id)), .export_id = x->id,
                                 .project_id = x->project_id, .start_at = x->last_paused_at,
                                 .end_at = x->last_updated_at, .status = STR("Starting"),
                                 .created_at = x->last_updated_at,
                                 .last_updated_at = x->last_updated_at };
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = export_backfill_begin(r->db, r->arena, &b, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == 0)
        export_worker_wake(r->api->exports);
    return rc;
}

static int export_unpause(struct req *r, struct err *e)
{
    struct batch_export x;
    bool fill = false;
    int rc = export_load(r, &x, e);
    bool was = rc == 0 && x.paused;
    if (rc == 0 && json_get(r->body, "backfill"))
        rc = field_bool("backfill", json_get(r->body, "backfill"), &fill, e);
    if (rc == 0)
        rc = set_paused(r, &x, false, e);
    if (rc == 0 && was && fill && x.last_paused_at != INT64_MIN)
        rc = fill_pause(r, &x, e);
    if (rc == 0)
        reply_paused(r, false);
    return rc;
}

#define AT "/api/projects/:project/batch_exports/"

const struct route batch_export_routes[] = {
    { "GET", AT, export_list, ACCESS_SCOPE, "batch_export:read", 0 },
    { "POST", AT, export_create, ACCESS_SCOPE, "batch_export:write", 0 },
    { "GET", AT ":id/", export_fetch, ACCESS_SCOPE, "batch_export:read", 0 },
    { "PUT", AT ":id/", export_replace, ACCESS_SCOPE, "batch_export:write", 0 },
    { "PATCH", AT ":id/", export_update, ACCESS_SCOPE, "batch_export:write", 0 },
    { "DELETE", AT ":id/", export_remove, ACCESS_SCOPE, "batch_export:write", 0 },
    { "POST", AT ":id/pause/", export_pause, ACCESS_SCOPE, "batch_export:write", 0 },
    { "POST", AT ":id/unpause/", export_unpause, ACCESS_SCOPE, "batch_export:write", 0 },
    { 0 },
};
