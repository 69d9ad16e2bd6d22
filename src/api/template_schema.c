/* template_schema.c - see template_schema.h. The text and the table below it say the same. */
#include "api/template_schema.h"

#include "api/field.h"

const char template_schema[] =
    "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"$id\":\"dashboard-template\","
    "\"title\":\"Dashboard template\",\"type\":\"object\",\"required\":[\"template_name\","
    "\"dashboard_description\",\"dashboard_filters\",\"tiles\"],\"properties\":{"
    "\"id\":{\"type\":\"string\"},\"team_id\":{\"type\":\"number\"},"
    "\"created_at\":{\"type\":\"string\"},\"image_url\":{\"type\":[\"string\",\"null\"]},"
    "\"is_featured\":{\"type\":\"boolean\"},\"template_name\":{\"type\":\"string\"},"
    "\"dashboard_description\":{\"type\":\"string\"},\"dashboard_filters\":{\"type\":\"object\"},"
    "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"tiles\":{\"type\":\"array\",\"items\":{\"type\":\"object\"},\"minItems\":1},"
    "\"variables\":{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"array\",\"items\":{"
    "\"type\":\"object\",\"required\":[\"id\",\"name\",\"type\",\"default\",\"description\","
    "\"required\"],\"properties\":{\"id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
    "\"type\":{\"enum\":[\"event\",\"element\"]},\"default\":{\"type\":\"object\"},"
    "\"description\":{\"type\":\"string\"},\"required\":{\"type\":\"boolean\"}}}}]}}}";

static const char *const type_names[] = { "null", "boolean", "number", "string", "array",
                                          "object" };

struct member {
    const char *name;
    enum json_type type;
    bool required, nullable;
    enum json_type items; /* of a list; JSON_NULL: any */
};

static const struct member members[] = {
    { "template_name", JSON_STRING, true },
    { "dashboard_description", JSON_STRING, true },
    { "dashboard_filters", JSON_OBJECT, true },
    { "tiles", JSON_ARRAY, true, .items = JSON_OBJECT },
    { "id", JSON_STRING },
    { "team_id", JSON_NUMBER },
    { "created_at", JSON_STRING },
    { "image_url", JSON_STRING, .nullable = true },
    { "tags", JSON_ARRAY, .items = JSON_STRING },
    { "is_featured", JSON_BOOL },
    { "variables", JSON_ARRAY, .nullable = true, .items = JSON_OBJECT },
    { 0 },
};

static const struct member variable_members[] = {
    { "id", JSON_STRING, true },          { "name", JSON_STRING, true },
    { "type", JSON_STRING, true },        { "default", JSON_OBJECT, true },
    { "description", JSON_STRING, true }, { "required", JSON_BOOL, true },
    { 0 },
};

static int wrong_type(struct arena *a, const struct json *v, enum json_type want, struct err *e)
{
    str text = !v || v->type == JSON_NULL ? STR("None") : json_text_of(a, v);
    return err_set(e, ERR_INVALID, NULL, STR_FMT " is not of type '%s'",
                   STR_ARG(str_utf8_prefix(text, 100)), type_names[want]);
}

static int check_object(struct arena *a, const struct json *v, const struct member *table,
                        struct err *e)
{
    if (!json_is(v, JSON_OBJECT))
        return wrong_type(a, v, JSON_OBJECT, e);
    for (const struct member *m = table; m->name; m++)
        if (m->required && !json_get(v, m->name))
            return err_set(e, ERR_INVALID, NULL, "'%s' is a required property", m->name);
    for (const struct member *m = table; m->name; m++) {
        const struct json *value = json_get(v, m->name);
        if (!value || (m->nullable && value->type == JSON_NULL))
            continue;
        if (value->type != m->type)
            return wrong_type(a, value, m->type, e);
        for (const struct json *i = value->head; i && m->items != JSON_NULL; i = i->next)
            if (i->type != m->items)
                return wrong_type(a, i, m->items, e);
    }
    return 0;
}

int template_check(struct arena *a, const struct json *v, struct err *e)
{
    int rc = check_object(a, v, members, e);
    if (rc == 0 && !json_get(v, "tiles")->head)
        return err_set(e, ERR_INVALID, NULL, "[] should be non-empty");
    const struct json *variables = json_get(v, "variables");
    for (const struct json *m = variables ? variables->head : NULL; m && rc == 0; m = m->next) {
        rc = check_object(a, m, variable_members, e);
        str type = json_get_text(m, "type");
        if (rc == 0 && !str_eqz(type, "event") && !str_eqz(type, "element"))
            rc = err_set(e, ERR_INVALID, NULL, "'" STR_FMT "' is not one of ['event', 'element']",
                         STR_ARG(str_utf8_prefix(type, 100)));
    }
    return rc;
}
