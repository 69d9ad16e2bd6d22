/* metadata.c - HogQLMetadata: what an editor shows beside a query while it is written: whether it is
 * valid, where it is not and what would mend it, which tables it reads and what its properties are.
 * Nothing is run. Places are counted in characters. */
#include <stdio.h>

#include "hogql/tables.h"
#include "query/internal.h"
#include "query/shape.h"

struct notice {
    uint32_t start, end; /* bytes; placed: whether they say anything */
    bool placed;
    str message, fix;
    struct notice *next;
};

struct metadata {
    struct query_job *j;
    const struct json *node;
    str text; /* what is judged */
    struct hogql_compiled compiled;
    struct notice *errors, *notices, **notices_tail;
};

/* -------------------------------------------------------------------------- errors */

/* The end of a query is no token, and its list of what could follow is of no help. */
static str message_of(struct arena *a, const struct err *e)
{
    str message = str_of(err_message(e));
    if (str_starts(message, STR("mismatched input '<EOF>' expecting")))
        return STR("Unexpected end of query");
    return arena_str(a, message);
}

/* compiled: the error came from hogql_compile, whose hint knows more than the error. */
static void add_error(struct metadata *m, const struct err *e, bool compiled)
{
    struct notice *n = arena_new_of(m->j->arena, struct notice);
    const struct hogql_hint *hint = &m->j->hogql.hint;
    *n = (struct notice){ .message = message_of(m->j->arena, e) };
    if (compiled && hint->end) {
        *n = (struct notice){ hint->start, hint->end, true, n->message, hint->fix, NULL };
    } else if (!compiled && e->pos >= 0) {
        n->start = (uint32_t)e->pos;
        n->end = hogql_token_end(m->text, n->start);
        n->placed = true;
    }
    m->errors = n;
}

/* -------------------------------------------------------------------------- properties */

/* A chain that ends in properties.name, or the name of a property of a table's own. */
struct property {
    enum hogql_property_owner owner;
    int group;
    str name;
};

static int group_of(str name)
{
    bool group = name.n == 7 && str_starts(name, STR("group_")) && name.p[6] >= '0' &&
                 name.p[6] <= '4';
    return group ? name.p[6] - '0' : -1;
}

/* The table that a SELECT reads first: its own properties are of events, persons or groups. */
static const struct table *first_table(const struct hogql_node *select)
{
    const struct hogql_node *from = select ? select->kids[SELECT_FROM] : NULL;
    const struct hogql_node *source = from && from->n ? from->kids[0]->kids[JOIN_SOURCE] : NULL;
    return source && source->kind == HOGQL_FIELD ? table_find(source->names, source->names_n)
                                                 : NULL;
}

static bool property_of(const struct hogql_node *field, const struct hogql_node *select,
                        struct property *out)
{
    uint32_t i = 0;
    while (i < field->names_n && !str_eqz(field->names[i], "properties"))
        i++;
    if (i + 1 >= field->names_n)
        return false;
    *out = (struct property){ HOGQL_OF_EVENT, -1, field->names[i + 1] };
    str of = i ? field->names[i - 1] : STR("");
    int group = group_of(of);
    const struct table *t = first_table(select);
    if (group >= 0)
        *out = (struct property){ HOGQL_OF_GROUP, group, out->name };
    else if (str_eqz(of, "person") || str_eqz(of, "poe"))
        out->owner = HOGQL_OF_PERSON;
    else if (t)
        out->owner = t->owner;
    return out->owner != HOGQL_OF_GROUP || group >= 0;
}

static void add_property(struct metadata *m, const struct hogql_node *at, const struct property *p)
{
    static const char *const owners[] = { "Event", "Person", "Group" };
    static const char *const types[] = { "String", "Float", "Boolean", "DateTime" };
    struct hogql_context *c = &m->j->hogql;
    enum hogql_property_type type = HOGQL_PROPERTY_STRING;
    struct err ignored = ERR_INIT;
    if (c->property_type(c->cls, p->owner, p->group, p->name, &type, &ignored) < 0)
        return;
    struct notice *n = arena_new_of(m->j->arena, struct notice);
    *n = (struct notice){ at->start, at->end, true, STR_NULL, STR_NULL, NULL };
    n->message = arena_printf(m->j->arena, "%s property '" STR_FMT "' is of type '%s'.",
                              owners[p->owner], STR_ARG(str_utf8_prefix(p->name, 200)),
                              types[type]);
    *m->notices_tail = n;
    m->notices_tail = &n->next;
}

/* select: the SELECT that n stands in. */
static void find_properties(struct metadata *m, const struct hogql_node *select,
                            const struct hogql_node *n)
{
    struct property p;
    if (!n)
        return;
    if (n->kind == HOGQL_FIELD && n->end && property_of(n, select, &p))
        add_property(m, n, &p);
    for (uint32_t i = 0; i < n->n; i++)
        find_properties(m, n->kind == HOGQL_SELECT ? n : select, n->kids[i]);
}

/* -------------------------------------------------------------------------- the judgement */

/* The SELECT that an expression is judged in: of the source's query, else of the table it is about. */
static int around(struct metadata *m, struct hogql_node **select, struct err *e)
{
    struct arena *a = m->j->arena;
    const struct json *source = NULL;
    int rc = query_get_object(m->node, "sourceQuery", &source, e);
    str kind = json_get_text(source, "kind");
    if (rc == 0 && str_eqz(kind, "HogQLQuery")) {
        rc = query_hogql_tree(m->j, source, select, e);
        if (rc == 0 && (*select)->kind != HOGQL_SELECT)
            return err_set(e, ERR_INVALID, NULL, "The source of an expression must be one SELECT");
        return rc;
    }
    *select = hogql_new(a, HOGQL_SELECT, SELECT_N);
    struct hogql_node *join = hogql_new(a, HOGQL_JOIN, JOIN_N);
    const char *table = str_eqz(kind, "ActorsQuery") ? "persons" : "events";
    join->kids[JOIN_SOURCE] = hogql_field(a, table, NULL);
    str *op = arena_new_of(a, str);
    *op = STR("");
    join->names = op;
    join->names_n = 1;
    (*select)->kids[SELECT_FROM] = hogql_list(a, HOGQL_LIST);
    hogql_add(a, (*select)->kids[SELECT_FROM], join);
    return rc;
}

static int judge_query(struct metadata *m, struct hogql_node *tree)
{
    struct err e = ERR_INIT;
    if (query_hogql_fill(m->j, m->node, &tree, &e) < 0) {
        add_error(m, &e, false);
        return 0;
    }
    find_properties(m, NULL, tree);
    query_limit_rows(m->j);
    if (hogql_compile(&m->j->hogql, tree, &m->compiled, &e) < 0)
        add_error(m, &e, true);
    return 0;
}

static int judge_expr(struct metadata *m, struct hogql_node *expr, struct err *e)
{
    struct hogql_node *select;
    struct arena *a = m->j->arena;
    int rc = around(m, &select, e);
    if (rc < 0)
        return rc;
    struct hogql_node *columns = hogql_list(a, HOGQL_LIST);
    hogql_add(a, columns, expr);
    select->kids[SELECT_COLUMNS] = columns;
    return judge_query(m, select);
}

/* A template's fields are those of a program, not of tables: its syntax is all that is judged. */
static int judge(struct metadata *m, enum query_language language, struct err *e)
{
    struct err wrong = ERR_INIT;
    struct hogql_node *tree;
    struct arena *a = m->j->arena;
    bool expr = language == QUERY_HOGQL_EXPR, template = language == QUERY_HOG_TEMPLATE;
    int rc = template ? hogql_parse_template(a, m->text, &tree, &wrong)
             : expr   ? hogql_parse_expr(a, m->text, NULL, &tree, &wrong)
                      : hogql_parse_select(a, m->text, NULL, &tree, &wrong);
    if (rc < 0) {
        add_error(m, &wrong, false);
        return 0;
    }
    if (template)
        return 0;
    return expr ? judge_expr(m, tree, e) : judge_query(m, tree);
}

/* -------------------------------------------------------------------------- the answer */

static int64_t characters(str text, uint32_t bytes)
{
    return (int64_t)str_utf8_len(str_slice(text, 0, bytes < text.n ? bytes : text.n));
}

static void write_notices(const struct metadata *m, struct json_writer *w, const char *key,
                          const struct notice *n)
{
    json_key(w, key);
    json_open(w, '[');
    for (; n; n = n->next) {
        json_open(w, '{');
        json_key(w, "message");
        json_str(w, n->message);
        if (n->placed) {
            json_key(w, "start");
            json_i64(w, characters(m->text, n->start));
            json_key(w, "end");
            json_i64(w, characters(m->text, n->end));
        }
        if (n->fix.n) {
            json_key(w, "fix");
            json_str(w, n->fix);
        }
        json_close(w, '}');
    }
    json_close(w, ']');
}

/* The tables read: as queries write them, then as the event store has them, each once. */
static void write_tables(const struct metadata *m, struct json_writer *w)
{
    const struct hogql_compiled *c = &m->compiled;
    json_key(w, "table_names");
    json_open(w, '[');
    for (size_t i = 0; i < c->tables_n; i++)
        json_str(w, c->tables[i]);
    json_close(w, ']');
    json_key(w, "ch_table_names");
    json_open(w, '[');
    for (size_t i = 0; i < c->tables_n; i++) {
        const char *physical = table_find(&c->tables[i], 1)->physical;
        bool again = !physical;
        for (size_t k = 0; k < i && !again; k++) {
            const char *other = table_find(&c->tables[k], 1)->physical;
            again = other && strcmp(other, physical) == 0;
        }
        if (!again)
            json_z(w, physical);
    }
    json_close(w, ']');
}

int query_read_language(const struct json *node, const char *kind, enum query_language *out,
                        struct err *e)
{
    static const char *const known[] = { "hogQL", "hogQLExpr", "hogTemplate", /* in enum order */
                                         "hog", "hogJson", "liquid" };
    char where[64];
    str language = STR_NULL;
    int rc = query_get_text(node, "language", &language, e);
    size_t i = 0;
    if (rc < 0)
        return rc;
    snprintf(where, sizeof(where), "query.%s.language", kind);
    if (!language.p)
        return query_misfit(e, where, "Field required");
    while (i < ARRAY_LEN(known) && !str_eqz(language, known[i]))
        i++;
    if (i == ARRAY_LEN(known))
        return query_misfit(e, where, "Input should be 'hog', 'hogJson', 'hogQL', 'hogQLExpr', "
                                      "'hogTemplate' or 'liquid'");
    if (i > QUERY_HOG_TEMPLATE)
        return err_set(e, ERR_INVALID, NULL, "Unsupported language: %s", known[i]);
    *out = (enum query_language)i;
    return 0;
}

int query_metadata(struct query_job *j, const struct json *node, struct json_writer *w,
                   struct err *e)
{
    struct metadata m = { .j = j, .node = node, .text = STR_NULL };
    enum query_language language;
    m.notices_tail = &m.notices;
    int rc = query_shape_check(&query_shape_metadata, node, e);
    if (rc == 0)
        rc = query_read_language(node, "HogQLMetadata", &language, e);
    if (rc == 0)
        rc = query_get_text(node, "query", &m.text, e);
    if (rc == 0 && !m.text.p)
        rc = query_misfit(e, "query.HogQLMetadata.query", "Field required");
    if (rc == 0)
        rc = judge(&m, language, e);
    if (rc < 0)
        return rc;
    json_key(w, "query");
    json_str(w, m.text);
    json_key(w, "isValid");
    json_bool(w, !m.errors);
    json_key(w, "isUsingIndices");
    json_z(w, "undecisive"); /* only running it would tell */
    write_notices(&m, w, "errors", m.errors);
    write_notices(&m, w, "warnings", NULL);
    write_notices(&m, w, "notices", m.notices);
    write_tables(&m, w);
    return 0;
}
