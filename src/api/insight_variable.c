/* insight_variable.c - SQL variables over the API, and the variables of a dashboard brought up to date
 * with them. Rows live in model/insight_variable.c; queries fill them in in query/hogql_query.c. */
#include "model/insight_variable.h"

#include <stdio.h>

#include "api/field.h"
#include "api/internal.h"
#include "base/clock.h"
#include "base/limits.h"

/* -------------------------------------------------------------------------- body */

static const struct field fields[] = {
    { "name", FIELD_STR, offsetof(struct insight_variable, name), FIELD_FILLED, .max = 400 },
    { "type", FIELD_STR, offsetof(struct insight_variable, type), FIELD_FILLED },
    { "default_value", FIELD_ANY, offsetof(struct insight_variable, default_value),
      FIELD_NULLABLE },
    { "values", FIELD_ANY, offsetof(struct insight_variable, choices), FIELD_NULLABLE },
    { "is_multi", FIELD_BOOL, offsetof(struct insight_variable, is_multi), 0 },
    { "values_query", FIELD_STR, offsetof(struct insight_variable, values_query),
      FIELD_NULLABLE, .max = LIMIT_HOGQL_TEXT },
    { 0 },
};

static int check_type(str type, struct err *e)
{
    static const char *const types[] = { "String", "Number", "Boolean", "List", "Date" };
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_eqz(type, types[i]))
            return 0;
    return err_set(e, ERR_CHOICE, "type", "\"" STR_FMT "\" is not a valid choice.",
                   STR_ARG(str_utf8_prefix(type, 100)));
}

static int check_choices(struct req *r, struct err *e)
{
    const struct json *list = json_get(r->body, "values");
    if (!list || list->type == JSON_NULL)
        return 0;
    if (list->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "values", "Values must be a list.");
    if (list->count > LIMIT_VARIABLE_CHOICES)
        return err_set(e, ERR_INVALID, "values", "Ensure this field has no more than %d elements.",
                       LIMIT_VARIABLE_CHOICES);
    for (const struct json *m = list->head; m; m = m->next)
        if (m->type != JSON_STRING && m->type != JSON_NUMBER)
            return err_set(e, ERR_INVALID, "values", "Values must be strings or numbers.");
    return 0;
}

static int read_body(struct req *r, bool whole, struct insight_variable *in, struct err *e)
{
    static const char *const required[] = { "name", "type" };
    for (size_t i = 0; whole && i < ARRAY_LEN(required); i++)
        if (!json_get(r->body, required[i]))
            return err_set(e, ERR_REQUIRED, required[i], NULL);
    int rc = fields_read(r->arena, r->body, "", fields, in, e);
    if (rc == 0)
        rc = check_type(in->type, e);
    return rc < 0 ? rc : check_choices(r, e);
}

/* Letters, digits and '_' of the name, in lower case; what is not ASCII counts as letters. */
static str code_name_of(struct arena *a, str name)
{
    char *p = arena_alloc(a, name.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
        if (c == ' ' || c == '_')
            p[n++] = '_';
        else if (letter || (c >= '0' && c <= '9'))
            p[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
    }
    return (str){ p, n };
}

/* -------------------------------------------------------------------------- replies */

static void write_variable(struct json_writer *w, const struct insight_variable *v)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, v->id);
    json_key(w, "name");
    json_str(w, v->name);
    json_key(w, "type");
    json_str(w, v->type);
    json_put_raw(w, "default_value", v->default_value);
    json_key(w, "created_by");
    if (v->created_by)
        json_i64(w, v->created_by);
    else
        json_null(w);
    json_key(w, "created_at");
    json_time(w, v->created_at);
    json_key(w, "code_name");
    json_str(w, v->code_name);
    json_put_raw(w, "values", v->choices);
    json_key(w, "is_multi");
    json_bool(w, v->is_multi);
    json_key(w, "values_query");
    json_str(w, v->values_query);
    json_key(w, "values_query_connection_id");
    json_null(w);
    json_close(w, '}');
}

static int reply(struct req *r, int status, const struct insight_variable *v)
{
    struct json_writer w = reply_json(r, status);
    write_variable(&w, v);
    return 0;
}

/* -------------------------------------------------------------------------- handlers */

static int variable_list(struct req *r, struct err *e)
{
    struct page page;
    struct insight_variable *rows = NULL;
    int64_t count;
    size_t n = 0;
    int rc = insight_variable_count(r->db, r->arena, r->project.id, &count, e);
    if (rc == 0)
        rc = page_numbered(r, LIMIT_VARIABLES_PAGE, count, &page, e);
    if (rc == 0)
        rc = insight_variable_page(r->db, r->arena, r->project.id, page.limit, page.offset, &rows,
                                   &n, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n; i++)
        write_variable(&w, &rows[i]);
    page_close(&w);
    return 0;
}

static int load(struct req *r, struct insight_variable *out, struct err *e)
{
    int rc = insight_variable_find(r->db, r->arena, r->project.id, r->id, out, e);
    return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int taken(struct err *e)
{
    return err_set(e, ERR_INVALID, NULL, "Variable with this code name already exists");
}

static int variable_create(struct req *r, struct err *e)
{
    struct insight_variable in = {
        .project_id = r->project.id, .default_value = STR_NULL, .choices = STR_NULL,
        .values_query = STR_NULL, .created_at = clock_now_us(), .created_by = r->user.id,
    };
    int rc = read_body(r, true, &in, e);
    if (rc < 0)
        return rc;
    in.code_name = code_name_of(r->arena, in.name);
    if (!in.code_name.n)
        return err_set(e, ERR_INVALID, "name", "Ensure this field has a letter or a digit.");
    rc = db_begin(r->db, e);
    if (rc == 0)
        rc = insight_variable_insert(r->db, r->arena, &in, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == ERR_UNIQUE)
        return taken(e);
    return rc < 0 ? rc : reply(r, 201, &in);
}

static int variable_fetch(struct req *r, struct err *e)
{
    struct insight_variable v;
    int rc = load(r, &v, e);
    return rc < 0 ? rc : reply(r, 200, &v);
}

/* The code name stays whatever the name becomes: queries say it. */
static int variable_change(struct req *r, struct err *e)
{
    struct insight_variable v;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load(r, &v, e);
    if (rc >= 0)
        rc = read_body(r, str_eqz(r->http->method, "PUT"), &v, e);
    if (rc == 0)
        rc = insight_variable_update(r->db, &v, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply(r, 200, &v);
}

static int variable_remove(struct req *r, struct err *e)
{
    struct insight_variable v;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load(r, &v, e);
    if (rc >= 0)
        rc = insight_variable_delete(r->db, &v, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == 0)
        r->http->status = 204;
    return rc;
}

/* -------------------------------------------------------------------------- of a dashboard */

int req_current_variables(struct req *r, const struct json *set, const struct json **out,
                          struct err *e)
{
    struct json *current = json_new(r->arena, JSON_OBJECT);
    for (const struct json *m = set ? set->head : NULL; m; m = m->next) {
        struct insight_variable v;
        str code_name = json_get_text(m, "code_name");
        int rc = code_name.p ? insight_variable_find_code(r->db, r->arena, r->project.id,
                                                          code_name, &v, e)
                             : 0;
        if (rc < 0)
            return rc;
        if (rc == 0)
            continue;
        struct json *entry = json_merge(r->arena, m, NULL);
        json_set(entry, STR("code_name"), json_new_str(r->arena, v.code_name));
        json_set(entry, STR("variableId"), json_new_str(r->arena, v.id));
        json_set(current, v.id, entry);
    }
    *out = current;
    return 0;
}

#define AT "/api/projects/:project/insight_variables/"

const struct route insight_variable_routes[] = {
    { "GET", AT, variable_list, ACCESS_SCOPE, "insight_variable:read" },
    { "POST", AT, variable_create, ACCESS_SCOPE, "insight_variable:write" },
    { "GET", AT ":id/", variable_fetch, ACCESS_SCOPE, "insight_variable:read" },
    { "PUT", AT ":id/", variable_change, ACCESS_SCOPE, "insight_variable:write" },
    { "PATCH", AT ":id/", variable_change, ACCESS_SCOPE, "insight_variable:write" },
    { "DELETE", AT ":id/", variable_remove, ACCESS_SCOPE, "insight_variable:write" },
    { 0 },
};
