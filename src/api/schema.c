/* schema.c - the OpenAPI document, made of the route table (each path with its methods, parameters and
 * what a key needs for it) and of openapi/, which describes what the operations take and answer. */
#include "api/internal.h"
#include "base/version.h"

/* What tools/mkopenapi made of openapi/: {"operations":{"GET /api/…":{…}},"schemas":{…}}. */
extern const char openapi_parts[], openapi_parts_end[];
__asm__(".pushsection .rodata\nopenapi_parts:\n.incbin \"build/web/openapi.json\"\n"
        "openapi_parts_end:\n.byte 0\n.popsection");

static const struct {
    const char *in_route, *name;
} parameters[] = {
    { ":project", "project_id" }, /* a number, or @current */
    { ":organization", "organization_id" },
    { ":id", "id" },
    { ":sub_id", "sub_id" },
};

static const char *name_of(str part)
{
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++)
        if (str_eqz(part, parameters[i].in_route))
            return parameters[i].name;
    return NULL;
}

/* "/api/{projects}/{project_id}/x/": family stands in place of "projects" before a project. */
static str openapi_path(struct arena *a, const char *path, const char *family)
{
    str out = STR(""), rest = str_of(path + 1);
    bool swap = strstr(path, "/projects/:project") != NULL;
    while (rest.p) {
        str part = str_split(&rest, '/');
        const char *name = part.n && part.p[0] == ':' ? name_of(part) : NULL;
        if (swap && str_eqz(part, "projects"))
            part = str_of(family);
        out = name ? arena_printf(a, STR_FMT "/{%s}", STR_ARG(out), name)
                   : arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(out), STR_ARG(part));
    }
    return out;
}

static void write_parameters(struct json_writer *w, const char *path)
{
    str rest = str_of(path);
    json_key(w, "parameters");
    json_open(w, '[');
    while (rest.p) {
        str part = str_split(&rest, '/');
        const char *name = part.n && part.p[0] == ':' ? name_of(part) : NULL;
        if (!name)
            continue;
        json_open(w, '{');
        json_key(w, "name");
        json_z(w, name);
        json_key(w, "in");
        json_z(w, "path");
        json_key(w, "required");
        json_bool(w, true);
        json_key(w, "schema");
        json_raw(w, STR("{\"type\":\"string\"}"));
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void write_security(struct json_writer *w, const struct route *row)
{
    json_key(w, "security");
    json_open(w, '[');
    if (row->access == ACCESS_SCOPE || row->access == ACCESS_USER) {
        json_open(w, '{');
        json_key(w, "PersonalAPIKeyAuth");
        json_open(w, '[');
        if (row->scope)
            json_z(w, row->scope);
        json_close(w, ']');
        json_close(w, '}');
    }
    if (row->access >= ACCESS_USER)
        json_raw(w, STR("{\"SessionAuth\":[]}"));
    json_close(w, ']');
}

/* Summary, parameters of the query, body and answers; of an undescribed route, that it answers. */
static void write_description(struct json_writer *w, struct arena *a, const struct route *row,
                              const struct json *operations)
{
    const struct json *op =
        json_get_str(operations, arena_printf(a, "%s %s", row->method, row->path));
    if (op) {
        json_members(w, str_slice(op->text, 1, op->text.n - 1));
        return;
    }
    json_key(w, "responses");
    json_raw(w, STR("{\"default\":{\"description\":\"The answer, or an error.\"}}"));
}

static void write_operation(struct json_writer *w, struct arena *a, const struct route *row,
                            str path, const struct json *operations)
{
    char method[8] = "", id[256];
    size_t n = 0;
    for (size_t i = 0; row->method[i] && i + 1 < sizeof(method); i++)
        method[i] = (char)(row->method[i] | 32);
    for (size_t i = 0; i < path.n && n + 1 < sizeof(id); i++) {
        char c = path.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (word)
            id[n++] = c;
        else if (n && id[n - 1] != '_')
            id[n++] = '_';
    }
    json_key(w, method);
    json_open(w, '{');
    json_key(w, "operationId");
    json_str(w, arena_printf(a, "%.*s%s", (int)n, id, method));
    write_security(w, row);
    write_description(w, a, row, operations);
    json_close(w, '}');
}

/* Once for each path: with the first row that has it. */
static bool seen_before(size_t n)
{
    const struct route *row = route_at(n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(route_at(i)->path, row->path) == 0)
            return true;
    return false;
}

static void write_path(struct json_writer *w, struct arena *a, size_t n, const char *family,
                       const struct json *operations)
{
    const struct route *first = route_at(n), *row;
    str path = openapi_path(a, first->path, family);
    json_key_str(w, path);
    json_open(w, '{');
    write_parameters(w, first->path);
    for (size_t i = n; (row = route_at(i)); i++)
        if (strcmp(row->path, first->path) == 0)
            write_operation(w, a, row, path, operations);
    json_close(w, '}');
}

static int schema_fetch(struct req *r, struct err *e)
{
    struct json *parts;
    str text = { openapi_parts, (size_t)(openapi_parts_end - openapi_parts) };
    if (json_parse(r->arena, text, &parts, e))
        return -1;
    const struct json *operations = json_get(parts, "operations");
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "openapi");
    json_z(&w, "3.0.3");
    json_key(&w, "info");
    json_open(&w, '{');
    json_key(&w, "title");
    json_z(&w, "hoglet");
    json_key(&w, "version");
    json_z(&w, HOGLET_VERSION);
    json_close(&w, '}');
    json_key(&w, "paths");
    json_open(&w, '{');
    for (size_t i = 0; route_at(i); i++) {
        if (seen_before(i))
            continue;
        write_path(&w, r->arena, i, "projects", operations);
        if (strstr(route_at(i)->path, "/projects/:project"))
            write_path(&w, r->arena, i, "environments", operations);
    }
    json_close(&w, '}');
    json_key(&w, "components");
    json_open(&w, '{');
    json_key(&w, "securitySchemes");
    json_raw(&w, STR("{\"PersonalAPIKeyAuth\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
                     "\"SessionAuth\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"sessionid\"}}"));
    json_key(&w, "schemas");
    json_raw(&w, json_get(parts, "schemas")->text);
    json_close(&w, '}');
    json_close(&w, '}');
    return 0;
}

const struct route schema_routes[] = {
    { "GET", "/api/schema/", schema_fetch, ACCESS_PUBLIC, NULL, 0 },
    { 0 },
};
