/* dashboard_template.c - templates of dashboards over the API. Rows live in model/dashboard_template.c;
 * dashboards are made of them in api/template_use.c. Those that came with the server belong to no
 * project and cannot be changed. */
#include "model/dashboard_template.h"

#include <stdio.h>

#include "api/field.h"
#include "api/internal.h"
#include "api/template_schema.h"
#include "base/clock.h"
#include "base/limits.h"

/* -------------------------------------------------------------------------- replies */

static void write_template(struct json_writer *w, const struct dashboard_template *t)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, t->id);
    json_key(w, "template_name");
    json_str(w, t->name);
    json_key(w, "dashboard_description");
    json_str(w, t->description);
    json_put_raw(w, "dashboard_filters", t->filters);
    json_put_raw(w, "tags", t->tags);
    json_put_raw(w, "tiles", t->tiles);
    json_put_raw(w, "variables", t->variables);
    json_key(w, "deleted");
    json_bool(w, t->deleted);
    json_key(w, "created_at");
    json_time(w, t->created_at);
    json_put_id(w, "created_by", t->created_by);
    json_key(w, "image_url");
    json_str(w, t->image_url);
    json_put_id(w, "team_id", t->project_id);
    json_key(w, "scope");
    json_str(w, t->scope);
    json_put_raw(w, "availability_contexts", t->contexts);
    json_key(w, "is_featured");
    json_bool(w, t->is_featured);
    json_close(w, '}');
}

static int reply(struct req *r, int status, const struct dashboard_template *t)
{
    struct json_writer w = reply_json(r, status);
    write_template(&w, t);
    return 0;
}

/* -------------------------------------------------------------------------- list */

static int template_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct dashboard_template *rows = NULL;
    int64_t count = 0;
    size_t n = 0;
    str scope = http_query_of(r->http, "scope");
    struct template_filter f = {
        .project_id = r->project.id, .organization_id = r->organization.id,
        .scope = scope.n ? scope : STR_NULL, .words = param_words(r, "search"),
        .order = dashboard_template_order(http_query_of(r->http, "ordering")),
    };
    if (!f.order)
        f.order = dashboard_template_order(STR("template_name"));
    int rc = param_flag(r, "is_featured", &f.featured, e);
    if (rc == 0)
        rc = dashboard_template_count(r->db, r->arena, &f, &count, e);
    if (rc == 0)
        rc = dashboard_template_page(r->db, r->arena, &f, page.limit, page.offset, &rows, &n, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n; i++)
        write_template(&w, &rows[i]);
    page_close(&w);
    return 0;
}

/* -------------------------------------------------------------------------- body */

static const struct field fields[] = {
    { "template_name", FIELD_STR, offsetof(struct dashboard_template, name), FIELD_NULLABLE,
      .max = 400 },
    { "dashboard_description", FIELD_STR, offsetof(struct dashboard_template, description),
      FIELD_NULLABLE, .max = 400 },
    { "dashboard_filters", FIELD_OBJECT, offsetof(struct dashboard_template, filters),
      FIELD_NULLABLE },
    { "tags", FIELD_ANY, offsetof(struct dashboard_template, tags), FIELD_NULLABLE },
    { "tiles", FIELD_ANY, offsetof(struct dashboard_template, tiles), FIELD_NULLABLE },
    { "variables", FIELD_ANY, offsetof(struct dashboard_template, variables), FIELD_NULLABLE },
    { "deleted", FIELD_BOOL, offsetof(struct dashboard_template, deleted), FIELD_NULLABLE },
    { "image_url", FIELD_STR, offsetof(struct dashboard_template, image_url), FIELD_NULLABLE,
      .max = 8201 },
    { "scope", FIELD_STR, offsetof(struct dashboard_template, scope), 0 },
    { "availability_contexts", FIELD_ANY, offsetof(struct dashboard_template, contexts),
      FIELD_NULLABLE },
    { "is_featured", FIELD_BOOL, offsetof(struct dashboard_template, is_featured), 0 },
    { 0 },
};

static int check_texts(struct req *r, const char *name, struct err *e)
{
    const struct json *list = json_get(r->body, name);
    if (!list || list->type == JSON_NULL)
        return 0;
    if (list->type != JSON_ARRAY) {
        err_set(e, ERR_INVALID, name, "Expected a list of items but got type \"%s\".",
                json_python_type(list));
        snprintf(e->code, sizeof(e->code), "not_a_list");
        return e->kind;
    }
    for (const struct json *m = list->head; m; m = m->next) {
        if (m->type != JSON_STRING)
            return err_set(e, ERR_INVALID, name, "Not a valid string.");
        if (str_utf8_len(m->text) > 255)
            return err_set(e, ERR_TOO_LONG, name,
                           "Ensure this field has no more than 255 characters.");
    }
    return 0;
}

static int denied(struct err *e)
{
    return err_set(e, ERR_DENIED, NULL,
                   "You don't have edit permissions for this dashboard template.");
}

/* What would show it to every organization is nobody's to say. */
static int check_scope(str scope, struct err *e)
{
    static const char *const scopes[] = { "team", "organization", "feature_flag" };
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
        if (str_eqz(scope, scopes[i]))
            return 0;
    if (str_eqz(scope, "global"))
        return denied(e);
    return err_set(e, ERR_CHOICE, "scope", "\"" STR_FMT "\" is not a valid choice.",
                   STR_ARG(str_utf8_prefix(scope, 100)));
}

static int check_tiles(struct req *r, const struct dashboard_template *t, struct err *e)
{
    const struct json *given = json_get(r->body, "tiles");
    if (!t->tiles.p || (given && (given->type != JSON_ARRAY || !given->head)))
        return err_set(e, ERR_INVALID, NULL, "You need to provide tiles for the template.");
    for (const struct json *m = given ? given->head : NULL; m; m = m->next)
        if (m->type != JSON_OBJECT)
            return err_set(e, ERR_INVALID, "tiles", "Invalid data. Expected a dictionary.");
    return 0;
}

static int read_body(struct req *r, struct dashboard_template *t, struct err *e)
{
    const struct json *variables = json_get(r->body, "variables");
    int rc = fields_read(r->arena, r->body, "", fields, t, e);
    if (rc == 0)
        rc = check_texts(r, "tags", e);
    if (rc == 0)
        rc = check_texts(r, "availability_contexts", e);
    if (rc == 0)
        rc = check_scope(t->scope, e);
    if (rc == 0)
        rc = check_tiles(r, t, e);
    if (rc == 0 && variables && variables->type != JSON_NULL && variables->type != JSON_ARRAY)
        rc = err_set(e, ERR_INVALID, "variables", "Expected a list of items.");
    if (!t->tags.p)
        t->tags = STR("[]");
    return rc;
}

static int taken(struct err *e)
{
    return err_set(e, ERR_INVALID, "template_name",
                   "A dashboard template with this name already exists for this project.");
}

/* -------------------------------------------------------------------------- handlers */

static int check_room(struct req *r, struct err *e)
{
    int64_t n = 0;
    int rc = dashboard_template_count_saved(r->db, r->arena, r->organization.id, &n, e);
    if (rc == 0 && n >= LIMIT_TEMPLATES)
        rc = err_set(e, ERR_INVALID, NULL,
                     "An organization can have at most %d dashboard templates.", LIMIT_TEMPLATES);
    return rc;
}

static int template_create(struct req *r, struct err *e)
{
    struct dashboard_template t = {
        .project_id = r->project.id, .scope = STR("team"), .name = STR_NULL,
        .description = STR_NULL, .filters = STR_NULL, .tags = STR_NULL, .tiles = STR_NULL,
        .variables = STR_NULL, .image_url = STR_NULL, .contexts = STR_NULL,
        .created_at = clock_now_us(), .created_by = r->user.id,
    };
    int rc = read_body(r, &t, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = check_room(r, e);
    if (rc == 0)
        rc = dashboard_template_insert(r->db, r->arena, &t, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == ERR_UNIQUE)
        return taken(e);
    return rc < 0 ? rc : reply(r, 201, &t);
}

static int load(struct req *r, struct dashboard_template *out, struct err *e)
{
    int rc = dashboard_template_find(r->db, r->arena, r->project.id, r->organization.id, r->id,
                                     out, e);
    if (rc < 0)
        return rc;
    return rc ? 0 : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int template_fetch(struct req *r, struct err *e)
{
    struct dashboard_template t;
    int rc = load(r, &t, e);
    return rc < 0 ? rc : reply(r, 200, &t);
}

static int template_change(struct req *r, struct err *e)
{
    struct dashboard_template t;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load(r, &t, e);
    if (rc == 0 && t.project_id != r->project.id)
        rc = denied(e);
    if (rc == 0)
        rc = read_body(r, &t, e);
    if (rc == 0)
        rc = dashboard_template_update(r->db, &t, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == ERR_UNIQUE)
        return taken(e);
    return rc < 0 ? rc : reply(r, 200, &t);
}

static int template_json_schema(struct req *r, struct err *e)
{
    (void)e;
    struct json_writer w = reply_json(r, 200);
    json_raw(&w, str_of(template_schema));
    return 0;
}

/* -------------------------------------------------------------------------- copies */

static int check_source(struct req *r, const struct dashboard_template *t, struct err *e)
{
    static const char attr[] = "source_template_id";
    if (str_eqz(t->scope, "global"))
        return err_set(e, ERR_INVALID, attr,
                       "Only project-scoped templates can be copied to another project.");
    if (str_eqz(t->scope, "feature_flag"))
        return err_set(e, ERR_INVALID, attr,
                       "Feature-flag templates cannot be copied with this endpoint.");
    if (t->project_id == r->project.id)
        return err_set(e, ERR_INVALID, attr, "Source and destination must be different projects.");
    return 0;
}

/* "name", "name (copy)", "name (copy 2)", …: the first that the project has not. */
static int insert_under_free_name(struct req *r, struct dashboard_template *t, struct err *e)
{
    str name = str_utf8_prefix(t->name, 380);
    int rc = dashboard_template_insert(r->db, r->arena, t, e);
    for (int i = 1; rc == ERR_UNIQUE && i <= LIMIT_TEMPLATES; i++) {
        *e = ERR_INIT;
        t->name = i == 1 ? arena_printf(r->arena, STR_FMT " (copy)", STR_ARG(name))
                         : arena_printf(r->arena, STR_FMT " (copy %d)", STR_ARG(name), i);
        rc = dashboard_template_insert(r->db, r->arena, t, e);
    }
    return rc;
}

static int template_copy(struct req *r, struct err *e)
{
    static const struct field row[] = { { "source_template_id", FIELD_STR, 0, FIELD_REQUIRED },
                                        { 0 } };
    struct dashboard_template t;
    str id = STR_NULL;
    int rc = fields_read(r->arena, r->body, "", row, &id, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = dashboard_template_find_within(r->db, r->arena, r->organization.id, id, &t, e);
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    if (rc > 0)
        rc = check_source(r, &t, e);
    if (rc == 0)
        rc = check_room(r, e);
    t.project_id = r->project.id;
    t.scope = STR("team");
    t.is_featured = false;
    t.created_at = clock_now_us();
    t.created_by = r->user.id;
    if (rc == 0)
        rc = insert_under_free_name(r, &t, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply(r, 201, &t);
}

#define AT "/api/projects/:project/dashboard_templates/"

const struct route dashboard_template_routes[] = {
    { "GET", AT, template_list, ACCESS_SCOPE, "dashboard_template:read" },
    { "POST", AT, template_create, ACCESS_SCOPE, "dashboard_template:write" },
    { "GET", AT "json_schema/", template_json_schema, ACCESS_SESSION },
    { "POST", AT "copy_between_projects/", template_copy, ACCESS_SESSION },
    { "GET", AT ":id/", template_fetch, ACCESS_SCOPE, "dashboard_template:read" },
    { "PUT", AT ":id/", template_change, ACCESS_SCOPE, "dashboard_template:write" },
    { "PATCH", AT ":id/", template_change, ACCESS_SCOPE, "dashboard_template:write" },
    { "DELETE", AT ":id/", refuse_delete, ACCESS_SCOPE, "dashboard_template:write" },
    { 0 },
};
