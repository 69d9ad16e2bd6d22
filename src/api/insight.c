/* insight.c - saved queries over the API. Rows live in model/insight.c; how they are shown is in
 * api/insight_view.c, their lists in api/insight_list.c. */
#include "model/insight.h"

#include "api/dashboard_view.h"
#include "api/field.h"
#include "api/history.h"
#include "api/insight_list.h"
#include "api/insight_query.h"
#include "api/picture.h"
#include "api/share.h"
#include "api/tile.h"
#include "base/clock.h"
#include "base/limits.h"

#define FOLDER "Unfiled/Insights"

/* -------------------------------------------------------------------------- body */

struct input {
    struct insight i; /* first: the fields' offsets are its */
    struct id_list dashboards;
    str folder;
};

static const struct field fields[] = {
    { "name", FIELD_STR, offsetof(struct input, i.name), FIELD_NULLABLE, .max = 400 },
    { "derived_name", FIELD_STR, offsetof(struct input, i.derived_name), FIELD_NULLABLE,
      .max = 400 },
    { "order", FIELD_I64, offsetof(struct input, i.position), FIELD_NULLABLE },
    { "deleted", FIELD_BOOL, offsetof(struct input, i.deleted), 0 },
    { "dashboards", FIELD_IDS, offsetof(struct input, dashboards), FIELD_NULLABLE },
    { "description", FIELD_STR, offsetof(struct input, i.description), FIELD_NULLABLE,
      .max = 400 },
    { "tags", FIELD_TAGS, offsetof(struct input, i.tags), 0 },
    { "favorited", FIELD_BOOL, offsetof(struct input, i.favorited), 0 },
    { "saved", FIELD_BOOL, offsetof(struct input, i.saved), 0 },
    { "_create_in_folder", FIELD_STR, offsetof(struct input, folder), FIELD_NULLABLE,
      .max = 1000 },
    { 0 },
};

static int read_body(struct req *r, struct input *in, struct err *e)
{
    int rc = fields_read(r->arena, r->body, "", fields, in, e);
    if (json_is(json_get(r->body, "order"), JSON_NULL))
        in->i.position = INT64_MIN;
    if (rc == 0)
        rc = insight_read_query(r->arena, r->body, &in->i, e);
    return rc < 0 ? rc : insight_read_filters(r->arena, r->body, &in->i, e);
}

/* -------------------------------------------------------------------------- dashboards */

static bool has_id(const struct id_list *list, int64_t id)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->ids[i] == id)
            return true;
    return false;
}

static const struct place *place_on(const struct insight_view *v, int64_t dashboard_id)
{
    for (size_t i = 0; i < v->place_count; i++)
        if (v->places[i].shown_id == v->row->id && v->places[i].dashboard_id == dashboard_id)
            return &v->places[i];
    return NULL;
}

static int load_dashboard(struct req *r, int64_t id, struct dashboard *out, struct err *e)
{
    int rc = dashboard_find(r->db, r->arena, r->project.id, id, r->user.id, out, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || out->deleted)
        return err_set(e, ERR_NO_OBJECT, "dashboards", "Invalid pk \"%lld\" - object does not "
                                                       "exist.", (long long)id);
    return 0;
}

static int add_to(struct req *r, int64_t insight_id, int64_t dashboard_id, struct err *e)
{
    struct dashboard d;
    int rc = load_dashboard(r, dashboard_id, &d, e);
    if (rc < 0)
        return rc;
    if (!dashboard_may_edit(r, &d))
        return err_set(e, ERR_DENIED, NULL,
                       "You don't have permission to add insights to dashboard: %lld",
                       (long long)dashboard_id);
    rc = history_keep(r, HISTORY_DASHBOARD, dashboard_id, e);
    if (rc == 0)
        rc = tile_put_insight(r, insight_id, dashboard_id, e);
    return rc < 0 ? rc : history_note(r, HISTORY_DASHBOARD, dashboard_id, e);
}

static int remove_from(struct req *r, int64_t insight_id, int64_t dashboard_id, struct err *e)
{
    struct dashboard d;
    int rc = load_dashboard(r, dashboard_id, &d, e);
    if (rc < 0)
        return rc;
    if (!dashboard_may_edit(r, &d))
        return err_set(e, ERR_DENIED, NULL,
                       "You don't have permission to remove insights from dashboard: %lld",
                       (long long)dashboard_id);
    rc = history_keep(r, HISTORY_DASHBOARD, dashboard_id, e);
    if (rc == 0)
        rc = tile_delete_insight(r->db, insight_id, dashboard_id, e);
    return rc < 0 ? rc : history_note(r, HISTORY_DASHBOARD, dashboard_id, e);
}

/* Makes the list the complete set of dashboards that the insight is on. */
static int put_on(struct req *r, const struct insight_view *v, const struct id_list *list,
                  struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < list->n && rc == 0; i++)
        if (!place_on(v, list->ids[i]))
            rc = add_to(r, v->row->id, list->ids[i], e);
    for (size_t i = 0; i < v->place_count && rc == 0; i++)
        if (v->places[i].shown_id == v->row->id && !has_id(list, v->places[i].dashboard_id))
            rc = remove_from(r, v->row->id, v->places[i].dashboard_id, e);
    return rc;
}

/* -------------------------------------------------------------------------- handlers */

static int insight_create(struct req *r, struct err *e)
{
    int64_t now = clock_now_us();
    struct input in = { .i = {
        .project_id = r->project.id, .name = STR_NULL, .derived_name = STR_NULL,
        .description = STR_NULL, .query = STR_NULL, .filters = STR("{}"), .type = STR(""),
        .position = INT64_MIN, .saved = true, .tags = STR("[]"), .created_at = now,
        .created_by = r->user.id, .updated_at = now, .last_modified_at = now,
        .last_modified_by = r->user.id, .last_viewed_at = now,
    } };
    int rc = req_check_json(r, e);
    if (rc == 0)
        rc = read_body(r, &in, e);
    in.i.folder = in.folder.n ? in.folder : STR(FOLDER);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = insight_insert(r->db, r->arena, &in.i, e);
    for (size_t i = 0; i < in.dashboards.n && rc == 0; i++)
        rc = add_to(r, in.i.id, in.dashboards.ids[i], e);
    if (rc == 0)
        rc = insight_seen(r->db, r->project.id, in.i.id, r->user.id, e);
    if (rc == 0)
        rc = history_note(r, HISTORY_INSIGHT, in.i.id, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : insight_reply_written(r, 201, &in.i, e);
}

static int load(struct req *r, bool deleted_too, struct insight *out, struct err *e)
{
    int rc = insight_find(r->db, r->arena, r->project.id, r->id, out, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || (out->deleted && !deleted_too))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return 0;
}

static bool is_material(struct req *r)
{
    static const char *const names[] = { "name", "description", "filters", "query" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (json_get(r->body, names[i]))
            return true;
    return false;
}

/* From all dashboards. */
static int take_away(struct req *r, const struct insight_view *v, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < v->place_count && rc == 0; i++)
        rc = history_keep(r, HISTORY_DASHBOARD, v->places[i].dashboard_id, e);
    if (rc == 0)
        rc = tile_delete_everywhere(r->db, v->row->id, e);
    for (size_t i = 0; i < v->place_count && rc == 0; i++)
        rc = history_note(r, HISTORY_DASHBOARD, v->places[i].dashboard_id, e);
    return rc;
}

static int change(struct req *r, struct input *in, struct err *e)
{
    const struct json *deleted = json_get(r->body, "deleted");
    bool undelete = json_is(deleted, JSON_BOOL) && !deleted->boolean;
    int rc = load(r, undelete, &in->i, e);
    struct insight before = in->i;
    struct insight_view v = { .row = &before };
    if (rc == 0)
        rc = insight_view_prepare(r, &v, 1, e);
    if (rc < 0)
        return rc;
    if (insight_privilege(r, &v) < PRIVILEGE_EDIT)
        return err_set(e, ERR_DENIED, NULL, "You don't have edit permissions for this insight.");
    in->i.saved = true; /* whoever changes one wants to keep it */
    in->i.is_sample = false;
    rc = read_body(r, in, e);
    in->i.updated_at = clock_now_us();
    if (is_material(r)) {
        in->i.last_modified_at = in->i.updated_at;
        in->i.last_modified_by = r->user.id;
    }
    if (rc == 0 && in->dashboards.given)
        rc = put_on(r, &v, &in->dashboards, e);
    if (rc == 0)
        rc = history_keep(r, HISTORY_INSIGHT, in->i.id, e);
    if (rc == 0 && in->i.deleted && !before.deleted)
        rc = take_away(r, &v, e);
    if (rc == 0)
        rc = insight_update(r->db, &in->i, e);
    return rc < 0 ? rc : history_note(r, HISTORY_INSIGHT, in->i.id, e);
}

static int insight_change(struct req *r, struct err *e)
{
    struct input in = { 0 };
    int rc = req_check_json(r, e);
    if (rc == 0)
        rc = db_begin(r->db, e); /* read and write as one: two editors lose nothing */
    if (rc == 0)
        rc = change(r, &in, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : insight_reply_written(r, 200, &in.i, e);
}

/* As the dashboard of `from_dashboard` shows it; ignored when the insight is not on that one. */
static int in_dashboard(struct req *r, struct insight_view *v, int64_t *dashboard_id,
                        struct err *e)
{
    str own = STR("{}");
    const struct json *f, *vars, *o;
    struct tile *t = arena_new_of(r->arena, struct tile);
    struct dashboard d = { .filters = STR("{}"), .variables = STR("{}") };
    int64_t id;
    int rc = 0;
    bool asked = str_to_i64(http_query_of(r->http, "from_dashboard"), &id) &&
                 (!r->shared || id == share_dashboard(r));
    const struct place *p = asked ? place_on(v, id) : NULL;
    if (p)
        rc = load_dashboard(r, id, &d, e);
    if (rc < 0)
        return rc;
    if (p && !dashboard_may_view(r, &d)) /* as if it were not there */
        d.filters = d.variables = STR("{}");
    else if (p) {
        rc = tile_find(r->db, r->arena, r->project.id, p->tile_id, t, e);
        if (rc < 0)
            return rc;
        v->tile = t;
        own = t->filters_overrides;
        *dashboard_id = id;
    }
    rc = dashboard_overrides(r, &d, &f, &vars, e);
    if (rc == 0)
        rc = insight_override(r, own, "tile_filters_override", &o, e);
    if (rc == 0)
        insight_lay_over(r, v, o->head ? o : f, vars);
    return rc;
}

/* Does the link by which the caller came show it? */
static bool is_shared(const struct req *r, const struct insight_view *v)
{
    return v->row->id == r->shared->insight_id ||
           (share_dashboard(r) && place_on(v, share_dashboard(r)));
}

static int insight_fetch(struct req *r, struct err *e)
{
    struct insight i;
    struct insight_view v = { .row = &i };
    int64_t dashboard_id = 0;
    int rc = load(r, false, &i, e);
    if (rc == 0)
        rc = insight_view_prepare(r, &v, 1, e);
    if (rc == 0 && r->shared && !is_shared(r, &v))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    if (rc == 0)
        rc = in_dashboard(r, &v, &dashboard_id, e);
    if (rc < 0)
        return rc;
    enum picture as = picture_asked(r);
    enum query_refresh mode = insight_refresh(r);
    insight_view_compute(r, &v, 1, mode, dashboard_id);
    if (as)
        return picture_reply_insight(r, as, &v, e);
    if (v.failed && mode != QUERY_CACHE_ONLY) { /* else it could not be read, nor mended */
        *e = v.failure;
        return e->kind;
    }
    struct json_writer w = reply_json(r, 200);
    insight_view_write(r, &w, &v, false);
    return 0;
}

const struct route insight_routes[] = {
    { "GET", "/api/projects/:project/insights/", insight_list, ACCESS_SCOPE, "insight:read", 0,
      .by_link = true },
    { "POST", "/api/projects/:project/insights/", insight_create, ACCESS_SCOPE, "insight:write",
      0 },
    { "GET", "/api/projects/:project/insights/my_last_viewed/", insight_list_last_viewed,
      ACCESS_SCOPE, "insight:read", 0 },
    { "GET", "/api/projects/:project/insights/trending/", insight_list_trending, ACCESS_SCOPE,
      "insight:read", 0 },
    { "POST", "/api/projects/:project/insights/viewed/", insight_mark_viewed, ACCESS_SCOPE,
      "insight:read", 0 },
    { "GET", "/api/projects/:project/insights/:id/", insight_fetch, ACCESS_SCOPE, "insight:read",
      0, .by_link = true },
    { "PATCH", "/api/projects/:project/insights/:id/", insight_change, ACCESS_SCOPE,
      "insight:write", 0 },
    { "PUT", "/api/projects/:project/insights/:id/", insight_change, ACCESS_SCOPE,
      "insight:write", 0 },
    { "DELETE", "/api/projects/:project/insights/:id/", refuse_delete, ACCESS_SCOPE,
      "insight:write", 0 },
    { 0 },
};
