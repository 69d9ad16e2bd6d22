/* schema.c - DatabaseSchemaQuery: the tables that queries can read, with their fields and what those
 * are. Nothing is run. */
#include "hogql/tables.h"
#include "query/internal.h"
#include "query/shape.h"

static const char *type_of(const struct table_field *f, enum field_kind kind)
{
    static const char *const types[] = {
        [TYPE_UNKNOWN] = "unknown", [TYPE_BOOL] = "boolean", [TYPE_INT] = "integer",
        [TYPE_FLOAT] = "float", [TYPE_DECIMAL] = "decimal", [TYPE_STRING] = "string",
        [TYPE_UUID] = "string", [TYPE_DATE] = "date", [TYPE_DATETIME] = "datetime",
        [TYPE_ARRAY] = "array", [TYPE_JSON] = "json",
    };
    if (kind == FIELD_LAZY)
        return "lazy_table";
    if (kind == FIELD_POE)
        return "virtual_table";
    const char *type = f->type < ARRAY_LEN(types) ? types[f->type] : NULL;
    return type ? type : "unknown";
}

static void write_names(struct json_writer *w, const struct table *t)
{
    json_key(w, "fields");
    json_open(w, '[');
    for (size_t i = 0; i < t->fields_n; i++)
        json_z(w, t->fields[i].name);
    json_close(w, ']');
}

static void write_field(struct query_job *j, struct json_writer *w, const struct table *t,
                        const struct table_field *f)
{
    struct arena *a = j->arena;
    enum field_kind kind = table_field_kind(f, j->hogql.persons_mode);
    json_key(w, f->name);
    json_open(w, '{');
    json_key(w, "name");
    json_z(w, f->name);
    json_key(w, "hogql_value");
    json_str(w, hogql_to_text(a, query_column(a, str_of(f->name))));
    json_key(w, "type");
    json_z(w, type_of(f, kind));
    json_key(w, "schema_valid");
    json_bool(w, true);
    const struct lazy_join *join = kind == FIELD_LAZY ? table_join(t, f->lazy) : NULL;
    if (join || kind == FIELD_POE) {
        json_key(w, "table");
        json_z(w, join ? join->target : t->name);
        write_names(w, join ? table_named(join->target) : table_poe());
    }
    json_close(w, '}');
}

static void write_table(struct query_job *j, struct json_writer *w, const struct table *t)
{
    json_key(w, t->name);
    json_open(w, '{');
    json_key(w, "type");
    json_z(w, "posthog");
    json_key(w, "id");
    json_z(w, t->name);
    json_key(w, "name");
    json_z(w, t->name);
    json_key(w, "fields");
    json_open(w, '{');
    for (size_t i = 0; i < t->fields_n; i++)
        if (t->fields[i].kind != FIELD_LAZY || table_join(t, t->fields[i].lazy))
            write_field(j, w, t, &t->fields[i]);
    json_close(w, '}');
    json_close(w, '}');
}

int query_schema(struct query_job *j, const struct json *node, struct json_writer *w,
                 struct err *e)
{
    const struct table *t;
    int rc = query_shape_check(&query_shape_schema, node, e);
    if (rc < 0)
        return rc;
    json_key(w, "tables");
    json_open(w, '{');
    for (size_t i = 0; (t = table_at(i)); i++)
        if (!t->raw)
            write_table(j, w, t);
    json_close(w, '}');
    json_key(w, "joins");
    json_raw(w, STR("[]"));
    return 0;
}
