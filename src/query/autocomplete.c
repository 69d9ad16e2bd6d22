/* autocomplete.c - HogQLAutocomplete: what an editor offers at the place where somebody writes: tables,
 * fields, the properties that the project has seen, functions, variables. What the place is, is
 * hogql/complete's. Nothing is run. */
#include <stdio.h>

#include "base/fold.h"
#include "base/limits.h"
#include "hogql/complete.h"
#include "hogql/functions.h"
#include "model/definition.h"
#include "model/insight_variable.h"
#include "model/person.h"
#include "query/internal.h"
#include "query/shape.h"

#define SUGGESTIONS_MAX 2000
#define PROPERTIES_MAX 220

struct autocomplete {
    struct query_job *j;
    const struct json *node, *source, *globals;
    struct completion at;
    str word; /* what is written of it already */
    struct json_writer *w;
    str *labels; /* of what was written so far */
    size_t labels_n;
    bool incomplete;
};

/* -------------------------------------------------------------------------- suggestions */

static void suggest(struct autocomplete *c, const char *kind, str label, str insert,
                    const char *detail, str documentation)
{
    struct json_writer *w = c->w;
    for (size_t i = 0; i < c->labels_n; i++)
        if (str_eq(c->labels[i], label))
            return;
    if (c->labels_n == SUGGESTIONS_MAX) {
        c->incomplete = true;
        return;
    }
    c->labels = arena_grown(c->j->arena, c->labels, c->labels_n, sizeof(*c->labels));
    c->labels[c->labels_n++] = label;
    json_open(w, '{');
    json_key(w, "kind");
    json_z(w, kind);
    json_key(w, "label");
    json_str(w, label);
    json_key(w, "insertText");
    json_str(w, insert);
    json_key(w, "detail");
    json_z(w, detail);
    json_key(w, "documentation");
    json_str(w, documentation);
    json_close(w, '}');
}

/* A name as queries write it. */
static void suggest_name(struct autocomplete *c, const char *kind, str name, const char *detail)
{
    struct arena *a = c->j->arena;
    if (name.n)
        suggest(c, kind, name, hogql_to_text(a, query_column(a, name)), detail, STR_NULL);
}

static const char *type_name(enum hogql_base type)
{
    static const char *const names[] = {
        [TYPE_BOOL] = "Boolean", [TYPE_INT] = "Integer", [TYPE_FLOAT] = "Float",
        [TYPE_DECIMAL] = "Decimal", [TYPE_STRING] = "String", [TYPE_UUID] = "UUID",
        [TYPE_DATE] = "Date", [TYPE_DATETIME] = "DateTime", [TYPE_INTERVAL] = "Interval",
        [TYPE_ARRAY] = "Array", [TYPE_TUPLE] = "Tuple", [TYPE_MAP] = "Map", [TYPE_JSON] = "JSON",
    };
    return type < ARRAY_LEN(names) ? names[type] : NULL;
}

static void suggest_field(struct autocomplete *c, str name, const struct table_field *f)
{
    bool inner = f && (f->kind == FIELD_LAZY || f->kind == FIELD_PERSON || f->kind == FIELD_POE);
    suggest_name(c, "Variable", name, !f ? NULL : inner ? "Table" : type_name(f->type));
}

static void suggest_fields(struct autocomplete *c, const struct table *t,
                           const struct complete_name *names)
{
    for (size_t i = 0; t && i < t->fields_n; i++)
        suggest_field(c, str_of(t->fields[i].name), &t->fields[i]);
    for (; names; names = names->next)
        suggest_field(c, names->name, names->field);
}

static str arity(struct arena *a, const struct function *f)
{
    if (f->least == f->most)
        return arena_printf(a, "%d argument%s", f->least, f->least == 1 ? "" : "s");
    if (f->most < 0)
        return arena_printf(a, "At least %d argument%s", f->least, f->least == 1 ? "" : "s");
    return arena_printf(a, "%d to %d arguments", f->least, f->most);
}

/* Names that begin with an underscore are for the server's own queries. */
static void suggest_functions(struct autocomplete *c)
{
    struct arena *a = c->j->arena;
    const struct function *f;
    for (size_t i = 0; (f = function_at(i)); i++)
        if (f->name[0] != '_' && f->special != SPECIAL_ABSENT)
            suggest(c, "Function", str_of(f->name), arena_printf(a, "%s()", f->name),
                    type_name(f->type), arity(a, f));
}

static void suggest_tables(struct autocomplete *c)
{
    const struct table *t;
    for (const struct complete_source *s = c->at.ctes; s && !c->at.chain_n; s = s->next)
        suggest_name(c, "Folder", s->alias, "Table");
    for (size_t i = 0; (t = table_at(i)); i++)
        if (!t->raw)
            suggest_name(c, "Folder", str_of(t->name), "Table");
}

/* -------------------------------------------------------------------------- properties */

static const char *const property_types[] = { "String", "Numeric", "Boolean", "DateTime" };

static int properties_of(struct autocomplete *c, enum property_owner owner, int group,
                         struct err *e)
{
    struct arena *a = c->j->arena;
    struct buf words = BUF_INIT(4096);
    struct json_writer w = JSON_WRITER(&words);
    json_open(&w, '[');
    if (c->word.n)
        json_str(&w, fold_lower(a, str_utf8_prefix(c->word, 200)));
    json_close(&w, ']');
    struct property_filter f = {
        .team_id = c->j->scope->team_id, .owner = owner, .group_idx = group, .only = STR_NULL,
        .without = STR_NULL, .events = STR_NULL, .numerical = -1, .feature_flag = -1,
        .exclude_hidden = true, .verified = -1, .labels = STR_NULL,
        .words = c->word.n ? arena_str(a, buf_view(&words)) : STR_NULL,
    };
    buf_release(&words);
    struct stmt *st;
    struct db *db = store_take(c->j->store);
    int rc = property_definition_page(db, a, &f, PROPERTIES_MAX + 1, 0, &st, e), n = 0;
    for (; rc == 0 && (rc = stmt_step(st, e)) > 0; rc = 0) {
        struct property_definition p;
        const char *type = property_types[0];
        property_definition_read(st, a, &p);
        c->incomplete |= ++n > PROPERTIES_MAX;
        for (size_t i = 0; i < ARRAY_LEN(property_types); i++)
            if (str_eqz(p.type, property_types[i]))
                type = property_types[i];
        if (n <= PROPERTIES_MAX)
            suggest_name(c, "Variable", p.name, type);
    }
    store_give(db);
    return rc < 0 ? rc : 0;
}

static int suggest_properties(struct autocomplete *c, const struct complete_target *t,
                              struct err *e)
{
    static const enum property_owner owners[] = { OWNER_EVENT, OWNER_PERSON, OWNER_GROUP };
    if (t->owner != HOGQL_OF_GROUP || t->group >= 0)
        return properties_of(c, owners[t->owner], t->group, e);
    int rc = 0; /* of the table of all groups */
    for (int i = 0; rc == 0 && i < GROUP_TYPES; i++)
        rc = properties_of(c, OWNER_GROUP, i, e);
    return rc;
}

/* -------------------------------------------------------------------------- placeholders, globals */

static void suggest_members(struct autocomplete *c, const struct json *of)
{
    static const char *const types[] = {
        [JSON_NULL] = NULL, [JSON_BOOL] = "Boolean", [JSON_NUMBER] = "Float",
        [JSON_STRING] = "String", [JSON_ARRAY] = "Array", [JSON_OBJECT] = "Object",
    };
    for (const struct json *m = json_is(of, JSON_OBJECT) ? of->head : NULL; m; m = m->next)
        suggest_name(c, "Variable", m->key, types[m->type]);
}

/* What the chain names within the caller's globals. */
static void suggest_globals(struct autocomplete *c)
{
    const struct json *at = c->globals;
    for (uint32_t i = 0; i < c->at.chain_n; i++) {
        const struct json *m = json_is(at, JSON_OBJECT) ? at->head : NULL;
        while (m && !str_eq(m->key, c->at.chain[i]))
            m = m->next;
        at = m;
    }
    suggest_members(c, at);
}

/* The query's own variables and the project's. */
static int suggest_variables(struct autocomplete *c, struct err *e)
{
    const struct json *own = json_get(c->source, "variables");
    struct insight_variable *all = NULL;
    size_t n = 0;
    for (const struct json *m = json_is(own, JSON_OBJECT) ? own->head : NULL; m; m = m->next)
        suggest_name(c, "Variable", json_get_text(m, "code_name"), NULL);
    struct db *db = store_take(c->j->store);
    int rc = insight_variable_page(db, c->j->arena, c->j->scope->team_id, SUGGESTIONS_MAX, 0, &all,
                                   &n, e);
    store_give(db);
    for (size_t i = 0; rc == 0 && i < n; i++)
        suggest_name(c, "Variable", all[i].code_name, NULL);
    return rc;
}

static int suggest_placeholders(struct autocomplete *c, struct err *e)
{
    static const struct {
        const char *first, *second, *name;
    } rows[] = {
        { NULL, NULL, "filters" }, { NULL, NULL, "variables" }, { "filters", NULL, "dateRange" },
        { "filters", "dateRange", "from" }, { "filters", "dateRange", "to" },
    };
    const str *chain = c->at.chain;
    uint32_t n = c->at.chain_n;
    if (!n)
        suggest_members(c, json_get(c->source, "values"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t depth = !rows[i].first ? 0 : !rows[i].second ? 1 : 2;
        if (n == depth && (depth < 1 || str_eqz(chain[0], rows[i].first)) &&
            (depth < 2 || str_eqz(chain[1], rows[i].second)))
            suggest_name(c, "Variable", str_of(rows[i].name), NULL);
    }
    return n == 1 && str_eqz(chain[0], "variables") ? suggest_variables(c, e) : 0;
}

/* -------------------------------------------------------------------------- the answer */

static int suggestions(struct autocomplete *c, struct err *e)
{
    struct complete_target t;
    switch (c->at.place) {
    case COMPLETE_NOTHING:
        return 0;
    case COMPLETE_TABLE:
        suggest_tables(c);
        return 0;
    case COMPLETE_PLACEHOLDER:
        suggest_globals(c);
        return suggest_placeholders(c, e);
    case COMPLETE_MEMBER:
        if (!hogql_complete_target(&c->j->hogql, &c->at, &t)) {
            suggest_globals(c);
            return 0;
        }
        if (t.properties)
            return suggest_properties(c, &t, e);
        suggest_fields(c, t.table, t.names);
        return 0;
    case COMPLETE_VALUE:
        break;
    }
    suggest_fields(c, NULL, c->at.aliases);
    for (const struct complete_source *s = c->at.sources; s; s = s->next)
        suggest_fields(c, s->table, s->names);
    for (const struct complete_source *s = c->at.sources; s; s = s->next)
        suggest_name(c, "Folder", s->alias, "Table");
    suggest_globals(c);
    suggest_functions(c);
    return 0;
}

/* An expression stands in its source's query, else in one of the table that the source is about. */
static str around(const struct autocomplete *c)
{
    str kind = json_get_text(c->source, "kind"), query = json_get_text(c->source, "query");
    if (str_eqz(kind, "HogQLQuery") && query.p && query.n <= LIMIT_HOGQL_TEXT)
        return query;
    return str_eqz(kind, "ActorsQuery") ? STR("SELECT 1 FROM persons")
                                        : STR("SELECT 1 FROM events");
}

static int read_position(const struct json *node, const char *key, str text, uint32_t *out,
                         struct err *e)
{
    int64_t at = -1;
    char where[64];
    int rc = query_get_i64(node, key, &at, e);
    if (rc < 0)
        return rc;
    snprintf(where, sizeof(where), "query.HogQLAutocomplete.%s", key);
    if (!json_get(node, key))
        return query_misfit(e, where, "Field required");
    if (at < 0)
        return query_misfit(e, where, "Input should be greater than or equal to 0");
    *out = (uint32_t)str_utf8_prefix(text, (size_t)at).n;
    return 0;
}

static int read_node(struct autocomplete *c, struct err *e)
{
    static const enum complete_form forms[] = { COMPLETE_SELECT, COMPLETE_EXPR,
                                                COMPLETE_TEMPLATE };
    enum query_language language;
    uint32_t start = 0, end = 0;
    str text = STR_NULL;
    int rc = query_shape_check(&query_shape_autocomplete, c->node, e);
    if (rc == 0)
        rc = query_read_language(c->node, "HogQLAutocomplete", &language, e);
    if (rc == 0)
        rc = query_get_text(c->node, "query", &text, e);
    if (rc == 0 && !text.p)
        rc = query_misfit(e, "query.HogQLAutocomplete.query", "Field required");
    if (rc == 0 && text.n > LIMIT_HOGQL_TEXT)
        rc = err_set(e, ERR_INVALID, NULL, "The query is longer than %u bytes", LIMIT_HOGQL_TEXT);
    if (rc == 0)
        rc = read_position(c->node, "startPosition", text, &start, e);
    if (rc == 0)
        rc = read_position(c->node, "endPosition", text, &end, e);
    if (rc == 0)
        rc = query_get_object(c->node, "sourceQuery", &c->source, e);
    if (rc == 0)
        rc = query_get_object(c->node, "globals", &c->globals, e);
    if (rc < 0)
        return rc;
    hogql_complete(&c->j->hogql, text, start, end, forms[language], around(c), &c->at);
    c->word = str_slice(text, c->at.start, c->at.end);
    return 0;
}

int query_autocomplete(struct query_job *j, const struct json *node, struct json_writer *w,
                       struct err *e)
{
    struct autocomplete c = { .j = j, .node = node, .w = w };
    int rc = read_node(&c, e);
    if (rc < 0)
        return rc;
    json_key(w, "suggestions");
    json_open(w, '[');
    rc = suggestions(&c, e);
    json_close(w, ']');
    json_key(w, "incomplete_list");
    json_bool(w, c.incomplete);
    json_key(w, "timings");
    json_null(w);
    return rc;
}
