/* history.c - see history.h; and the log of it over the API. Rows live in model/history.c. */
#include "api/history.h"

#include <stdio.h>

#include "api/field.h"
#include "api/dashboard_view.h"
#include "base/clock.h"
#include "base/limits.h"
#include "model/insight.h"

/* -------------------------------------------------------------------------- differences */

static bool same(struct req *r, const struct json *a, const struct json *b)
{
    return str_eq(json_text_of(r->arena, a), json_text_of(r->arena, b));
}

static void write_change(struct json_writer *w, enum history_kind kind, const char *field,
                         const struct json *before, const struct json *after)
{
    json_open(w, '{');
    json_key(w, "type");
    json_z(w, history_scope(kind));
    json_key(w, "action");
    json_z(w, !before ? "created" : !after ? "deleted" : "changed");
    json_key(w, "field");
    json_z(w, field);
    json_key(w, "before");
    if (before)
        json_tree(w, before);
    else
        json_null(w);
    json_key(w, "after");
    if (after)
        json_tree(w, after);
    else
        json_null(w);
    json_close(w, '}');
}

static const struct json *tile_of(const struct json *list, int64_t id)
{
    for (const struct json *m = list ? list->head : NULL; m; m = m->next) {
        const struct json *v = json_get(m, "id");
        if (v && v->i64 == id)
            return m;
    }
    return NULL;
}

/* Tile by tile: a dashboard has many, of which few change at a time. */
static void write_tiles(struct req *r, struct json_writer *w, const struct json *from,
                        const struct json *to)
{
    for (const struct json *m = from ? from->head : NULL; m; m = m->next) {
        const struct json *after = tile_of(to, json_get(m, "id")->i64);
        if (!after || !same(r, m, after))
            write_change(w, HISTORY_DASHBOARD, "tiles", m, after);
    }
    for (const struct json *m = to ? to->head : NULL; m; m = m->next)
        if (!tile_of(from, json_get(m, "id")->i64))
            write_change(w, HISTORY_DASHBOARD, "tiles", NULL, m);
}

int history_changes(struct req *r, enum history_kind kind, str from, str to, str *out,
                    struct err *e)
{
    struct json *a, *b;
    *out = STR("[]");
    if (!from.p)
        return 0;
    int rc = json_parse(r->arena, from, &a, e);
    if (rc == 0)
        rc = json_parse(r->arena, to, &b, e);
    if (rc < 0)
        return rc;
    struct buf buf = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&buf);
    json_open(&w, '[');
    for (const struct json *m = b->head; m; m = m->next) {
        const struct json *before = json_get_str(a, m->key);
        if (str_eqz(m->key, "tiles"))
            write_tiles(r, &w, before, m);
        else if (before && !same(r, before, m))
            write_change(&w, kind, arena_z(r->arena, m->key), before, m);
    }
    json_close(&w, ']');
    *out = arena_str(r->arena, buf_view(&buf));
    buf_release(&buf);
    return 0;
}

/* -------------------------------------------------------------------------- notes */

int history_keep(struct req *r, enum history_kind kind, int64_t id, struct err *e)
{
    struct history_entry last, now;
    int rc = history_last(r->db, r->arena, kind, id, &last, e);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = history_look(r->db, r->arena, kind, id, &now, e);
    now.activity = STR("created");
    return rc <= 0 ? rc : history_insert(r->db, r->arena, &now, e);
}

static bool is_deleted(const struct history_entry *h)
{
    return str_find(h->snapshot, STR("\"deleted\":true")) >= 0;
}

int history_note(struct req *r, enum history_kind kind, int64_t id, struct err *e)
{
    struct history_entry last = { .snapshot = STR_NULL }, now;
    int had = history_last(r->db, r->arena, kind, id, &last, e);
    int rc = had < 0 ? had : history_look(r->db, r->arena, kind, id, &now, e);
    if (rc <= 0 || (had && str_eq(last.snapshot, now.snapshot)))
        return rc < 0 ? rc : 0;
    rc = history_changes(r, kind, last.snapshot, now.snapshot, &now.changes, e);
    now.activity = STR("updated");
    if (!had)
        now.activity = STR("created");
    else if (is_deleted(&now) != is_deleted(&last))
        now.activity = is_deleted(&now) ? STR("deleted") : STR("restored");
    now.created_at = clock_now_us();
    now.user_id = r->user.id;
    return rc < 0 ? rc : history_insert(r->db, r->arena, &now, e);
}

static int each_insight(struct req *r, int64_t dashboard_id,
                        int (*fn)(struct req *r, enum history_kind kind, int64_t id,
                                  struct err *e),
                        struct err *e)
{
    int64_t *ids;
    size_t n;
    int rc = insight_ids_on(r->db, r->arena, dashboard_id, &ids, &n, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = fn(r, HISTORY_INSIGHT, ids[i], e);
    return rc;
}

int history_keep_insights_on(struct req *r, int64_t dashboard_id, struct err *e)
{
    return each_insight(r, dashboard_id, history_keep, e);
}

int history_note_insights_on(struct req *r, int64_t dashboard_id, struct err *e)
{
    return each_insight(r, dashboard_id, history_note, e);
}

int history_note_beside(struct req *r, enum history_kind kind, int64_t id, const char *field,
                        str before, str after, struct err *e)
{
    struct history_entry now;
    struct json *a = NULL, *b = NULL;
    int rc = history_look(r->db, r->arena, kind, id, &now, e);
    if (rc > 0 && before.p)
        rc = json_parse(r->arena, before, &a, e) < 0 ? e->kind : rc;
    if (rc > 0 && after.p)
        rc = json_parse(r->arena, after, &b, e) < 0 ? e->kind : rc;
    if (rc <= 0 || (a && b && same(r, a, b)))
        return rc < 0 ? rc : 0;
    struct buf buf = BUF_INIT(LIMIT_FIELD);
    struct json_writer w = JSON_WRITER(&buf);
    json_open(&w, '[');
    write_change(&w, kind, field, a, b);
    json_close(&w, ']');
    now.changes = arena_str(r->arena, buf_view(&buf));
    buf_release(&buf);
    now.activity = STR("updated");
    now.snapshot = STR_NULL;
    now.created_at = clock_now_us();
    now.user_id = r->user.id;
    return history_insert(r->db, r->arena, &now, e);
}

/* -------------------------------------------------------------------------- the log */

static void write_entry(struct req *r, struct json_writer *w, const struct history_entry *h)
{
    char id[24];
    snprintf(id, sizeof(id), "%lld", (long long)h->item_id);
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, h->id);
    write_loaded_user(r, w, "user", h->user_id);
    json_key(w, "activity");
    json_str(w, h->activity);
    json_key(w, "scope");
    json_z(w, history_scope(h->kind));
    json_key(w, "item_id");
    json_z(w, id);
    json_key(w, "detail");
    json_open(w, '{');
    json_key(w, "id");
    json_z(w, id);
    json_key(w, "name");
    json_str(w, h->name);
    json_key(w, "version");
    if (h->version)
        json_i64(w, h->version);
    else
        json_null(w);
    json_key(w, "changes");
    json_raw(w, h->changes);
    json_close(w, '}');
    json_key(w, "created_at");
    json_time(w, h->created_at);
    json_key(w, "is_system");
    json_bool(w, false);
    json_key(w, "was_impersonated");
    json_bool(w, false);
    json_key(w, "organization_id");
    json_str(w, r->organization.id);
    json_key(w, "unread");
    json_bool(w, false);
    json_close(w, '}');
}

int history_reply_page(struct req *r, const struct history_filter *f, history_write_fn write,
                       struct err *e)
{
    struct page page = page_of(r);
    struct history_entry *rows = NULL;
    int64_t count = 0;
    size_t n = 0;
    int rc = history_count(r->db, r->arena, f, &count, e);
    if (rc == 0)
        rc = history_page(r->db, r->arena, f, page.limit, page.offset, &rows, &n, e);
    if (rc == 0)
        rc = req_load_user_column(r, rows, n, sizeof(*rows), offsetof(struct history_entry, user_id),
                                  e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n; i++)
        write(r, &w, &rows[i]);
    page_close(&w);
    return 0;
}

static int reply_page(struct req *r, struct history_filter *f, struct err *e)
{
    f->project_id = r->project.id;
    f->viewer = r->user.id;
    f->sees_all = r->organization.level >= LEVEL_ADMIN;
    return history_reply_page(r, f, write_entry, e);
}

static str filter_text(struct req *r, const char *name)
{
    str v = http_query_of(r->http, name);
    return v.n ? v : STR_NULL;
}

static int activity_list(struct req *r, struct err *e)
{
    struct history_filter f = { .scope = filter_text(r, "scope"),
                                .activity = filter_text(r, "activity") };
    str item = http_query_of(r->http, "item_id"), user = http_query_of(r->http, "user");
    struct user u = { 0 };
    if (item.n && !str_to_i64(item, &f.item_id))
        f.item_id = -1; /* no such thing: nothing is shown */
    int rc = user.n && !str_to_i64(user, &f.user_id)
                 ? user_find_uuid(r->db, r->arena, user, &u, e)
                 : 0;
    if (user.n && !f.user_id)
        f.user_id = u.id ? u.id : -1;
    return rc < 0 ? rc : reply_page(r, &f, e);
}

static int activity_of_dashboard(struct req *r, struct err *e)
{
    struct dashboard d;
    struct history_filter f = { .scope = STR("Dashboard"), .activity = STR_NULL };
    int rc = dashboard_load(r, r->id, &d, e);
    f.item_id = d.id;
    return rc < 0 ? rc : reply_page(r, &f, e);
}

static int activity_of_insight(struct req *r, struct err *e)
{
    struct insight i;
    struct history_filter f = { .scope = STR("Insight"), .activity = STR_NULL };
    int rc = insight_find(r->db, r->arena, r->project.id, r->id, &i, e);
    if (rc == 0 || (rc > 0 && i.deleted))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    f.item_id = i.id;
    return rc < 0 ? rc : reply_page(r, &f, e);
}

#define AT "/api/projects/:project/"

const struct route history_routes[] = {
    { "GET", AT "activity_log/", activity_list, ACCESS_SCOPE, "activity_log:read" },
    { "GET", AT "dashboards/:id/activity/", activity_of_dashboard, ACCESS_SCOPE,
      "activity_log:read" },
    { "GET", AT "insights/:id/activity/", activity_of_insight, ACCESS_SCOPE,
      "activity_log:read" },
    { 0 },
};
