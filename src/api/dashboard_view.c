/* dashboard_view.c - see dashboard_view.h. */
#include "api/dashboard_view.h"

#include <stdio.h>

#include "api/dashboard_text.h"
#include "base/clock.h"

bool dashboard_may_restrict(const struct req *r, const struct dashboard *d)
{
    return !r->shared &&
           (d->created_by == r->user.id || r->organization.level >= LEVEL_ADMIN);
}

/* By its restriction level alone. */
static bool is_privileged(const struct req *r, const struct dashboard *d)
{
    return !r->shared && (d->restriction_level <= PRIVILEGE_VIEW || d->collaborates ||
                          dashboard_may_restrict(r, d));
}

const char *dashboard_level(const struct req *r, const struct dashboard *d)
{
    static const char *const levels[] = { "none", "viewer", "editor", "manager" };
    for (size_t i = 0; i < ARRAY_LEN(levels) && !dashboard_may_restrict(r, d); i++)
        if (str_eqz(d->level, levels[i]))
            return levels[i];
    return "manager";
}

bool dashboard_may_view(const struct req *r, const struct dashboard *d)
{
    return r->shared || strcmp(dashboard_level(r, d), "none") != 0;
}

static bool may_change(const struct req *r, const struct dashboard *d)
{
    return dashboard_may_view(r, d) && strcmp(dashboard_level(r, d), "viewer") != 0;
}

int dashboard_check_level(struct req *r, const struct dashboard *d, struct err *e)
{
    str method = r->http->method;
    bool reads = str_eqz(method, "GET") || str_eqz(method, "HEAD");
    if (reads ? dashboard_may_view(r, d) : may_change(r, d))
        return 0;
    return err_set(e, ERR_DENIED, NULL, "You do not have %s access to this resource.",
                   reads ? "viewer" : "editor");
}

bool dashboard_may_edit(const struct req *r, const struct dashboard *d)
{
    return may_change(r, d) && is_privileged(r, d);
}

struct dashboard dashboard_blank(const struct req *r)
{
    return (struct dashboard){
        .project_id = r->project.id, .name = STR_NULL, .description = STR(""),
        .created_at = clock_now_us(), .created_by = r->user.id, .last_accessed_at = INT64_MIN,
        .last_viewed_at = INT64_MIN, .last_refresh = INT64_MIN, .creation_mode = STR("default"),
        .restriction_level = PRIVILEGE_VIEW, .filters = STR("{}"), .variables = STR("{}"),
        .breakdown_colors = STR("[]"), .tags = STR("[]"), .folder = STR("Unfiled/Dashboards"),
        .level = STR("editor"),
    };
}

void dashboard_write_short(struct req *r, struct json_writer *w, const struct dashboard *d)
{
    json_key(w, "id");
    json_i64(w, d->id);
    json_key(w, "name");
    json_str(w, d->name);
    json_key(w, "description");
    json_str(w, d->description);
    json_key(w, "pinned");
    json_bool(w, d->pinned);
    if (!r->hides_authors) {
        json_key(w, "created_at");
        json_time(w, d->created_at);
        write_loaded_user(r, w, "created_by", d->created_by);
    }
    json_key(w, "last_accessed_at");
    json_time(w, d->last_accessed_at);
    json_key(w, "last_viewed_at");
    json_time(w, d->last_viewed_at);
    json_key(w, "is_shared");
    json_bool(w, d->shared);
    json_key(w, "deleted");
    json_bool(w, d->deleted);
    json_key(w, "creation_mode");
    json_str(w, d->creation_mode);
    json_key(w, "tags");
    json_raw(w, d->tags);
    json_key(w, "restriction_level");
    json_i64(w, d->restriction_level);
    json_key(w, "effective_restriction_level");
    json_i64(w, r->shared ? PRIVILEGE_EDIT : d->restriction_level);
    json_key(w, "effective_privilege_level");
    json_i64(w, is_privileged(r, d) ? PRIVILEGE_EDIT : PRIVILEGE_VIEW);
    json_key(w, "user_access_level");
    json_z(w, r->shared ? NULL : dashboard_level(r, d));
    json_key(w, "access_control_version");
    json_z(w, d->restriction_level > PRIVILEGE_VIEW ? "v1" : "v2");
    json_key(w, "last_refresh");
    json_time(w, d->last_refresh);
    json_key(w, "team_id");
    json_i64(w, d->project_id);
    json_key(w, "folder");
    json_str(w, r->shared ? STR_NULL : d->folder);
}

static void write_object_or_null(struct json_writer *w, const char *key, str object)
{
    json_key(w, key);
    json_raw(w, str_eqz(object, "{}") ? STR("null") : object);
}

void dashboard_write(struct req *r, struct json_writer *w, const struct dashboard *d,
                     const struct json *filters, const struct json *variables,
                     const struct tile_set *tiles)
{
    json_open(w, '{');
    dashboard_write_short(r, w, d);
    json_key(w, "filters");
    json_tree(w, filters);
    json_key(w, "variables");
    json_tree(w, variables);
    json_key(w, "breakdown_colors");
    json_raw(w, d->breakdown_colors);
    json_key(w, "data_color_theme_id");
    if (d->data_color_theme_id)
        json_i64(w, d->data_color_theme_id);
    else
        json_null(w);
    json_key(w, "quick_filter_ids");
    json_raw(w, STR("[]"));
    write_object_or_null(w, "persisted_filters", d->filters);
    write_object_or_null(w, "persisted_variables", d->variables);
    json_key(w, "tiles");
    json_open(w, '[');
    for (size_t i = 0; i < tiles->n; i++)
        tile_write(r, w, tiles, &tiles->tiles[i], (int64_t)i);
    json_close(w, ']');
    json_close(w, '}');
}

int dashboard_overrides(struct req *r, const struct dashboard *d, const struct json **filters,
                        const struct json **variables, struct err *e)
{
    int rc = insight_override(r, d->filters, "filters_override", filters, e);
    if (rc == 0)
        rc = insight_override(r, d->variables, "variables_override", variables, e);
    return rc < 0 ? rc : req_current_variables(r, *variables, variables, e);
}

int dashboard_view_load(struct req *r, const struct dashboard *d, struct dashboard_view *out,
                        struct err *e)
{
    struct dashboard_view v = { .d = d };
    int rc = dashboard_overrides(r, d, &v.filters, &v.variables, e);
    if (rc == 0)
        rc = req_load_users(r, &d->created_by, 1, e);
    if (rc == 0)
        rc = tile_set_load(r, d, "sm", v.filters, v.variables, &v.tiles, e);
    if (rc < 0)
        return rc;
    tile_set_compute(r, &v.tiles, insight_refresh(r), d->id);
    *out = v;
    return 0;
}

int dashboard_reply(struct req *r, int status, const struct dashboard *d, struct err *e)
{
    struct dashboard_view v;
    bool text;
    int rc = dashboard_format(r, &text, e);
    if (rc == 0)
        rc = dashboard_view_load(r, d, &v, e);
    if (rc < 0)
        return rc;
    if (text) {
        dashboard_text_one(r, status, d, &v.tiles);
        return 0;
    }
    struct json_writer w = reply_json(r, status);
    dashboard_write(r, &w, d, v.filters, v.variables, &v.tiles);
    return 0;
}
