/* dashboard.c - dashboards over the API. Rows live in model/dashboard.c. */
#include "api/internal.h"
#include "base/clock.h"
#include "model/collaborator.h"
#include "model/dashboard.h"

/* The creator and organization admins: they may edit whatever the level, and change the level. */
static bool may_restrict(const struct req *r, const struct dashboard *d)
{
    return d->created_by == r->user.id || r->organization.level >= LEVEL_ADMIN;
}

/* 1 the caller may edit it, 0 not. */
static int may_edit(struct req *r, const struct dashboard *d, struct err *e)
{
    if (d->restriction_level == PRIVILEGE_VIEW || may_restrict(r, d))
        return 1;
    return collaborator_find(r->db, r->arena, d->id, r->user.id, e);
}

int dashboard_check_edit(struct req *r, const struct dashboard *d, struct err *e)
{
    int rc = may_edit(r, d, e);
    if (rc == 0)
        return err_set(e, ERR_DENIED, NULL, "You don't have edit permissions for this dashboard.");
    return rc < 0 ? rc : 0;
}

static int write_short(struct req *r, struct json_writer *w, const struct dashboard *d,
                       struct err *e)
{
    int edit = may_edit(r, d, e);
    if (edit < 0)
        return edit;
    json_key(w, "id");
    json_i64(w, d->id);
    json_key(w, "name");
    json_str(w, d->name);
    json_key(w, "description");
    json_str(w, d->description);
    json_key(w, "pinned");
    json_bool(w, d->pinned);
    json_key(w, "created_at");
    json_time(w, d->created_at);
    json_key(w, "created_by");
    int rc = write_user_basic(r, w, d->created_by, e);
    json_key(w, "last_accessed_at");
    json_time(w, d->last_accessed_at);
    json_key(w, "last_viewed_at");
    json_time(w, d->last_viewed_at);
    json_key(w, "is_shared");
    json_bool(w, false);
    json_key(w, "deleted");
    json_bool(w, d->deleted);
    json_key(w, "creation_mode");
    json_str(w, d->creation_mode);
    json_key(w, "tags");
    json_raw(w, d->tags);
    json_key(w, "restriction_level");
    json_i64(w, d->restriction_level);
    json_key(w, "effective_restriction_level");
    json_i64(w, d->restriction_level);
    json_key(w, "effective_privilege_level");
    json_i64(w, edit ? PRIVILEGE_EDIT : PRIVILEGE_VIEW);
    json_key(w, "user_access_level");
    json_z(w, may_restrict(r, d) ? "manager" : "editor");
    json_key(w, "access_control_version");
    json_z(w, d->restriction_level > PRIVILEGE_VIEW ? "v1" : "v2");
    json_key(w, "last_refresh");
    json_time(w, d->last_refresh);
    json_key(w, "team_id");
    json_i64(w, d->project_id);
    return rc;
}

static void write_object_or_null(struct json_writer *w, const char *key, str object)
{
    json_key(w, key);
    json_raw(w, str_eqz(object, "{}") ? STR("null") : object);
}

static int reply_dashboard(struct req *r, int status, const struct dashboard *d, struct err *e)
{
    struct json_writer w = reply_json(r, status);
    json_open(&w, '{');
    int rc = write_short(r, &w, d, e);
    json_key(&w, "filters");
    json_raw(&w, d->filters);
    json_key(&w, "variables");
    json_raw(&w, d->variables);
    json_key(&w, "breakdown_colors");
    json_raw(&w, d->breakdown_colors);
    json_key(&w, "data_color_theme_id");
    if (d->data_color_theme_id)
        json_i64(&w, d->data_color_theme_id);
    else
        json_null(&w);
    write_object_or_null(&w, "persisted_filters", d->filters);
    write_object_or_null(&w, "persisted_variables", d->variables);
    json_key(&w, "tiles");
    json_raw(&w, STR("[]"));
    json_close(&w, '}');
    return rc;
}

static int dashboard_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct stmt *st;
    int64_t count;
    int rc = dashboard_count(r->db, r->arena, r->project.id, &count, e);
    if (rc == 0)
        rc = dashboard_page(r->db, r->arena, r->project.id, r->user.id, page.limit, page.offset,
                            &st, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    while ((rc = stmt_step(st, e)) > 0) {
        struct dashboard d;
        dashboard_read(st, r->arena, &d);
        json_open(&w, '{');
        rc = write_short(r, &w, &d, e);
        json_close(&w, '}');
        if (rc < 0)
            return rc;
    }
    page_close(&w);
    return rc;
}

/* Trimmed, lower-cased, without repeats. */
static int read_tags(struct req *r, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, "tags");
    if (!v)
        return 0;
    if (v->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, "tags", NULL);
    if (v->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "tags", "Expected a list of items.");
    struct buf b = BUF_INIT(65536);
    struct json_writer w = JSON_WRITER(&b);
    str *seen = arena_alloc(r->arena, (v->count + 1) * sizeof(*seen));
    size_t n = 0;
    json_open(&w, '[');
    for (const struct json *m = v->head; m; m = m->next) {
        char *text = arena_z(r->arena, str_trim(m->text));
        str tag = { text, str_trim(m->text).n };
        bool again = m->type != JSON_STRING || !tag.n;
        for (size_t i = 0; i < tag.n; i++)
            if (text[i] >= 'A' && text[i] <= 'Z')
                text[i] += 32;
        for (size_t i = 0; i < n; i++)
            again = again || str_eq(seen[i], tag);
        if (again)
            continue;
        seen[n++] = tag;
        json_str(&w, tag);
    }
    json_close(&w, ']');
    bool full = b.full;
    *out = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return full ? err_set(e, ERR_INVALID, "tags", "Too many tags.") : 0;
}

static int read_level(struct req *r, int64_t *out, struct err *e)
{
    const struct json *v = json_get(r->body, "restriction_level");
    if (!v)
        return 0;
    if (!v->integer || (v->i64 != PRIVILEGE_VIEW && v->i64 != PRIVILEGE_EDIT))
        return err_set(e, ERR_CHOICE, "restriction_level", "\"" STR_FMT
                       "\" is not a valid choice.", STR_ARG(v->text));
    *out = v->i64;
    return 0;
}

/* The writable fields over what d holds. */
static int read_fields(struct req *r, struct dashboard *d, struct err *e)
{
    const struct json *colors = json_get(r->body, "breakdown_colors");
    const struct json *name = json_get(r->body, "name");
    int rc = 0;
    if (json_is(name, JSON_NULL))
        d->name = STR_NULL;
    else
        rc = body_str(r, "name", 400, &d->name, e);
    if (rc == 0)
        rc = body_str(r, "description", 100000, &d->description, e);
    if (rc == 0)
        rc = body_bool(r, "pinned", &d->pinned, e);
    if (rc == 0)
        rc = body_bool(r, "deleted", &d->deleted, e);
    if (rc == 0)
        rc = read_tags(r, &d->tags, e);
    if (rc == 0)
        rc = read_level(r, &d->restriction_level, e);
    if (rc == 0 && json_is(colors, JSON_ARRAY))
        d->breakdown_colors = colors->text;
    return rc;
}

static int dashboard_create(struct req *r, struct err *e)
{
    struct dashboard d = {
        .project_id = r->project.id, .name = STR_NULL, .description = STR(""),
        .created_at = clock_now_us(), .created_by = r->user.id, .last_accessed_at = INT64_MIN,
        .last_viewed_at = INT64_MIN, .last_refresh = INT64_MIN, .creation_mode = STR("default"),
        .restriction_level = PRIVILEGE_VIEW, .filters = STR("{}"), .variables = STR("{}"),
        .breakdown_colors = STR("[]"), .tags = STR("[]"),
    };
    int rc = read_fields(r, &d, e);
    if (rc == 0)
        rc = dashboard_insert(r->db, &d, e);
    if (rc < 0)
        return rc;
    return reply_dashboard(r, 201, &d, e);
}

static int load(struct req *r, str text, bool deleted_too, struct dashboard *d, struct err *e)
{
    int64_t id;
    int rc = str_to_i64(text, &id)
                 ? dashboard_find(r->db, r->arena, r->project.id, id, r->user.id, d, e)
                 : 0;
    if (rc < 0)
        return rc;
    if (rc == 0 || (d->deleted && !deleted_too))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return 0;
}

int dashboard_load(struct req *r, str id, struct dashboard *out, struct err *e)
{
    return load(r, id, false, out, e);
}

static int dashboard_fetch(struct req *r, struct err *e)
{
    struct dashboard d;
    int rc = dashboard_load(r, r->id, &d, e);
    if (rc == 0)
        rc = dashboard_seen(r->db, d.id, r->user.id, e);
    if (rc == 0)
        rc = dashboard_load(r, r->id, &d, e);
    return rc < 0 ? rc : reply_dashboard(r, 200, &d, e);
}

/* An object replaces the stored one whole; an empty or false value leaves it alone. */
static int read_filters(struct req *r, const char *name, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, name);
    bool empty = !v || v->type == JSON_NULL || (v->type == JSON_BOOL && !v->boolean) ||
                 (v->type == JSON_NUMBER && v->num == 0) ||
                 (v->type == JSON_STRING && !v->text.n) ||
                 ((v->type == JSON_ARRAY || v->type == JSON_OBJECT) && !v->count);
    if (empty)
        return 0;
    if (v->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, NULL, "Filters must be a dictionary");
    *out = v->text;
    return 0;
}

static int dashboard_change(struct req *r, struct err *e)
{
    struct dashboard d;
    bool stays_deleted = true;
    struct err ignored = ERR_INIT; /* a bad value is reported with the other fields */
    (void)body_bool(r, "deleted", &stays_deleted, &ignored);
    int rc = db_begin(r->db, e); /* read and write as one: two editors lose nothing */
    if (rc == 0)
        rc = load(r, r->id, !stays_deleted, &d, e);
    if (rc == 0)
        rc = dashboard_check_edit(r, &d, e);
    if (rc == 0)
        rc = read_fields(r, &d, e);
    if (rc == 0)
        rc = read_filters(r, "filters", &d.filters, e);
    if (rc == 0)
        rc = read_filters(r, "variables", &d.variables, e);
    if (rc == 0 && json_get(r->body, "restriction_level") && !may_restrict(r, &d))
        return err_set(e, ERR_DENIED, NULL, "Only the dashboard owner and project admins have the "
                                            "restriction rights required to change the "
                                            "dashboard's restriction level.");
    if (rc == 0)
        rc = dashboard_update(r->db, &d, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_dashboard(r, 200, &d, e);
}

/* Soft deletion is a PATCH; this answers 405 without a body, as clients expect. */
static int dashboard_remove(struct req *r, struct err *e)
{
    (void)e;
    r->http->status = 405;
    return 0;
}

const struct route dashboard_routes[] = {
    { "GET", "/api/projects/:project/dashboards/", dashboard_list, ACCESS_SCOPE, "dashboard:read",
      0 },
    { "POST", "/api/projects/:project/dashboards/", dashboard_create, ACCESS_SCOPE,
      "dashboard:write", 0 },
    { "GET", "/api/projects/:project/dashboards/:id/", dashboard_fetch, ACCESS_SCOPE,
      "dashboard:read", 0 },
    { "PATCH", "/api/projects/:project/dashboards/:id/", dashboard_change, ACCESS_SCOPE,
      "dashboard:write", 0 },
    { "PUT", "/api/projects/:project/dashboards/:id/", dashboard_change, ACCESS_SCOPE,
      "dashboard:write", 0 },
    { "DELETE", "/api/projects/:project/dashboards/:id/", dashboard_remove, ACCESS_SCOPE,
      "dashboard:write", 0 },
    { 0 },
};
