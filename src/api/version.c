/* version.c - versions of dashboards and insights over the API: every save is one; they are listed,
 * looked at, compared, and brought back. Bringing back is a save too: nothing is lost by it. */
#include "api/dashboard_view.h"
#include "api/field.h"
#include "api/history.h"
#include "api/insight_query.h"
#include "api/insight_view.h"
#include "api/tile.h"
#include "base/clock.h"
#include "base/limits.h"

/* What the path names. */
struct target {
    enum history_kind kind;
    int64_t id;
    struct dashboard d;
    struct insight i;
};

/* Deleted ones too: their versions are how they come back. */
static int load(struct req *r, struct target *t, struct err *e)
{
    int64_t id;
    int rc = 0;
    if (str_find(str_of(r->route->path), STR("/insights/")) >= 0) {
        t->kind = HISTORY_INSIGHT;
        rc = insight_find(r->db, r->arena, r->project.id, r->id, &t->i, e);
        t->id = t->i.id;
    } else {
        t->kind = HISTORY_DASHBOARD;
        if (str_to_i64(r->id, &id))
            rc = dashboard_find(r->db, r->arena, r->project.id, id, r->user.id, &t->d, e);
        t->id = t->d.id;
    }
    if (rc <= 0)
        return rc < 0 ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return t->kind == HISTORY_DASHBOARD ? dashboard_check_level(r, &t->d, e) : 0;
}

static int find_version(struct req *r, const struct target *t, str number,
                        struct history_entry *out, struct err *e)
{
    int64_t n;
    int rc = str_to_i64(number, &n) ? history_find(r->db, r->arena, t->kind, t->id, n, out, e) : 0;
    return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

/* -------------------------------------------------------------------------- looking */

static void write_version(struct req *r, struct json_writer *w, const struct history_entry *h)
{
    json_open(w, '{');
    json_key(w, "version");
    json_i64(w, h->version);
    json_key(w, "activity");
    json_str(w, h->activity);
    json_key(w, "name");
    json_str(w, h->name);
    write_loaded_user(r, w, "created_by", h->user_id);
    json_key(w, "created_at");
    json_time(w, h->created_at);
    json_key(w, "changes");
    json_raw(w, h->changes);
    if (h->snapshot.p) {
        json_key(w, "snapshot");
        json_raw(w, h->snapshot);
    }
    json_close(w, '}');
}

static int version_list(struct req *r, struct err *e)
{
    struct target t = { 0 };
    int rc = load(r, &t, e);
    if (rc < 0)
        return rc;
    struct history_filter f = { .project_id = r->project.id, .viewer = r->user.id,
                                .sees_all = true, .versions = true, .activity = STR_NULL,
                                .scope = str_of(history_scope(t.kind)), .item_id = t.id };
    return history_reply_page(r, &f, write_version, e);
}

/* With `compare`, the changes are those from that version to this one. */
static int version_fetch(struct req *r, struct err *e)
{
    struct target t = { 0 };
    struct history_entry h, other;
    str compare = http_query_of(r->http, "compare");
    int rc = load(r, &t, e);
    if (rc == 0)
        rc = find_version(r, &t, r->sub_id, &h, e);
    if (rc > 0 && compare.n)
        rc = find_version(r, &t, compare, &other, e);
    if (rc > 0 && compare.n)
        rc = history_changes(r, t.kind, other.snapshot, h.snapshot, &h.changes, e);
    if (rc >= 0)
        rc = req_load_users(r, &h.user_id, 1, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    write_version(r, &w, &h);
    return 0;
}

/* -------------------------------------------------------------------------- a dashboard's tiles */

static enum tristate tristate_of(const struct json *v)
{
    return !json_is(v, JSON_BOOL) ? UNSAID : v->boolean ? YES : NO;
}

static int64_t number_of(const struct json *o, const char *key)
{
    const struct json *v = json_get(o, key);
    return v && v->integer ? v->i64 : 0;
}

/* 1: a tile of the dashboard shows it, be it a deleted one. 0: it was moved away, and what is done to it
 * here would be done to the dashboard that has it now. */
static int is_of(struct req *r, const struct tile *t, struct err *e)
{
    struct tile found;
    return tile_find_like(r->db, r->arena, t->dashboard_id, t, &found, e);
}

static int restore_insight_of(struct req *r, int64_t insight_id, struct tile *t, struct err *e)
{
    struct insight i;
    str id = arena_printf(r->arena, "%lld", (long long)insight_id);
    int rc = insight_find(r->db, r->arena, r->project.id, id, &i, e);
    t->insight_id = insight_id;
    if (rc <= 0 || !i.deleted)
        return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
    i.deleted = false;
    rc = history_keep(r, HISTORY_INSIGHT, i.id, e);
    if (rc == 0)
        rc = insight_update(r->db, &i, e);
    return rc < 0 ? rc : history_note(r, HISTORY_INSIGHT, i.id, e);
}

static int restore_text(struct req *r, const struct json *was, struct tile *t, struct err *e)
{
    int rc = text_card_find(r->db, r->arena, r->project.id, number_of(was, "id"), &t->text, e);
    if (rc > 0)
        rc = is_of(r, t, e);
    if (rc == 0)
        t->text = (struct text_card){ .project_id = r->project.id, .created_by = r->user.id };
    t->text.body = json_get_text(was, "body");
    t->text.last_modified_by = r->user.id;
    t->text.last_modified_at = clock_now_us();
    return rc < 0 ? rc : rc > 0 ? text_card_update(r->db, &t->text, e)
                                : text_card_insert(r->db, &t->text, e);
}

static int restore_button(struct req *r, const struct json *was, struct tile *t, struct err *e)
{
    struct button_card *b = &t->button;
    int rc = button_card_find(r->db, r->arena, r->project.id, json_get_text(was, "id"), b, e);
    if (rc > 0)
        rc = is_of(r, t, e);
    if (rc == 0)
        *b = (struct button_card){ .project_id = r->project.id, .created_by = r->user.id };
    b->url = json_get_text(was, "url");
    b->text = json_get_text(was, "text");
    b->placement = json_get_text(was, "placement");
    b->style = json_get_text(was, "style");
    b->last_modified_by = r->user.id;
    b->last_modified_at = clock_now_us();
    return rc < 0 ? rc : rc > 0 ? button_card_update(r->db, b, e)
                                : button_card_insert(r->db, r->arena, b, e);
}

/* What the tile showed, as it was; ERR_NOT_FOUND: an insight that is nowhere any more. */
static int restore_shown(struct req *r, const struct json *entry, struct tile *t, struct err *e)
{
    const struct json *text = json_get(entry, "text");
    int64_t insight_id = number_of(entry, "insight_id");
    if (insight_id)
        return restore_insight_of(r, insight_id, t, e);
    return json_is(text, JSON_OBJECT) ? restore_text(r, text, t, e)
                                      : restore_button(r, json_get(entry, "button_tile"), t, e);
}

/* The tile of that time when it is still there, else the one that shows the same, else a new one. */
static int restore_tile(struct req *r, const struct json *entry, int64_t dashboard_id,
                        struct err *e)
{
    struct tile t = tile_blank(dashboard_id), found;
    int rc = restore_shown(r, entry, &t, e);
    if (rc < 0)
        return rc;
    rc = tile_find_like(r->db, r->arena, dashboard_id, &t, &found, e);
    if (rc < 0)
        return rc;
    t.id = rc ? found.id : 0;
    t.deleted = rc && found.deleted != UNSAID ? NO : UNSAID;
    t.layouts = json_text_of(r->arena, json_get(entry, "layouts"));
    t.color = json_get_text(entry, "color");
    t.filters_overrides = json_text_of(r->arena, json_get(entry, "filters_overrides"));
    t.show_description = tristate_of(json_get(entry, "show_description"));
    t.transparent_background = tristate_of(json_get(entry, "transparent_background"));
    return t.id ? tile_update(r->db, &t, e) : tile_insert(r->db, &t, e);
}

static int restore_tiles(struct req *r, const struct json *tiles, int64_t dashboard_id,
                         struct err *e)
{
    int rc = tile_delete_all(r->db, dashboard_id, e);
    for (const struct json *m = tiles ? tiles->head : NULL; m && rc == 0; m = m->next)
        rc = restore_tile(r, m, dashboard_id, e);
    return rc;
}

/* -------------------------------------------------------------------------- bringing back */

static int restore_dashboard(struct req *r, struct target *t, const struct json *was, struct err *e)
{
    struct dashboard *d = &t->d;
    int rc = dashboard_check_edit(r, d, e);
    if (rc < 0)
        return rc;
    d->name = json_get_text(was, "name");
    d->description = json_get_text(was, "description");
    d->pinned = json_get(was, "pinned")->boolean;
    d->tags = json_text_of(r->arena, json_get(was, "tags"));
    d->filters = json_text_of(r->arena, json_get(was, "filters"));
    d->variables = json_text_of(r->arena, json_get(was, "variables"));
    d->breakdown_colors = json_text_of(r->arena, json_get(was, "breakdown_colors"));
    if (dashboard_may_restrict(r, d))
        d->restriction_level = number_of(was, "restriction_level");
    d->deleted = false; /* whoever brings one back wants to see it */
    rc = dashboard_update(r->db, d, e);
    return rc < 0 ? rc : restore_tiles(r, json_get(was, "tiles"), d->id, e);
}

static int restore_insight(struct req *r, struct target *t, const struct json *was, struct err *e)
{
    struct insight *i = &t->i;
    struct insight_view v = { .row = i };
    int rc = insight_view_prepare(r, &v, 1, e);
    if (rc < 0)
        return rc;
    if (insight_privilege(r, &v) < PRIVILEGE_EDIT)
        return err_set(e, ERR_DENIED, NULL, "You don't have edit permissions for this insight.");
    const struct json *order = json_get(was, "order");
    i->name = json_get_text(was, "name");
    i->derived_name = json_get_text(was, "derived_name");
    i->description = json_get_text(was, "description");
    i->tags = json_text_of(r->arena, json_get(was, "tags"));
    i->favorited = json_get(was, "favorited")->boolean;
    i->position = order && order->integer ? order->i64 : INT64_MIN;
    i->deleted = false;
    i->filters = STR("{}");
    i->updated_at = i->last_modified_at = clock_now_us();
    i->last_modified_by = r->user.id;
    rc = insight_read_query(r->arena, was, i, e);
    if (rc == 0)
        rc = insight_read_filters(r->arena, was, i, e);
    return rc < 0 ? rc : insight_update(r->db, i, e);
}

static int restore(struct req *r, struct target *t, struct err *e)
{
    struct history_entry h;
    struct json *was;
    int rc = load(r, t, e);
    if (rc == 0)
        rc = history_keep(r, t->kind, t->id, e);
    if (rc == 0)
        rc = find_version(r, t, r->sub_id, &h, e);
    if (rc > 0)
        rc = json_parse(r->arena, h.snapshot, &was, e);
    if (rc < 0)
        return rc;
    rc = t->kind == HISTORY_DASHBOARD ? restore_dashboard(r, t, was, e)
                                      : restore_insight(r, t, was, e);
    return rc < 0 ? rc : history_note(r, t->kind, t->id, e);
}

static int version_restore(struct req *r, struct err *e)
{
    struct target t = { 0 };
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = restore(r, &t, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    return t.kind == HISTORY_DASHBOARD ? dashboard_reply(r, 200, &t.d, e)
                                       : insight_reply_written(r, 200, &t.i, e);
}

#define DASHBOARD "/api/projects/:project/dashboards/:id/versions/"
#define INSIGHT "/api/projects/:project/insights/:id/versions/"

const struct route version_routes[] = {
    { "GET", DASHBOARD, version_list, ACCESS_SCOPE, "dashboard:read" },
    { "GET", DASHBOARD ":sub_id/", version_fetch, ACCESS_SCOPE, "dashboard:read" },
    { "POST", DASHBOARD ":sub_id/restore/", version_restore, ACCESS_SCOPE, "dashboard:write" },
    { "GET", INSIGHT, version_list, ACCESS_SCOPE, "insight:read" },
    { "GET", INSIGHT ":sub_id/", version_fetch, ACCESS_SCOPE, "insight:read" },
    { "POST", INSIGHT ":sub_id/restore/", version_restore, ACCESS_SCOPE, "insight:write" },
    { 0 },
};
