/* hogql_query.c - HogQLQuery: the caller's own SELECT. Placeholders are filled in: {filters} with what
 * the query's filters say about the table of its SELECT, {variables.x}, and the caller's values. */
#include "base/clock.h"
#include "base/limits.h"
#include "model/insight_variable.h"
#include "query/internal.h"
#include "query/properties.h"
#include "query/rows.h"
#include "query/shape.h"

struct fill {
    struct query_job *j;
    const struct json *filters, *values, *variables;
};

enum { LEFT_OUT = 1 }; /* a date that is not given: the comparison around it is true */

/* -------------------------------------------------------------------------- values */

static int node_of(struct arena *a, const struct json *v, struct hogql_node **out)
{
    int rc = 0;
    switch (v->type) {
    case JSON_NULL:
        *out = hogql_null(a);
        return 0;
    case JSON_BOOL:
        *out = hogql_bool(a, v->boolean);
        return 0;
    case JSON_NUMBER:
        *out = v->integer ? hogql_int(a, v->i64) : hogql_float(a, v->num);
        return 0;
    case JSON_STRING:
        *out = hogql_string(a, v->text);
        return 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    struct hogql_node *list = hogql_new(a, v->type == JSON_ARRAY ? HOGQL_ARRAY : HOGQL_DICT, 0);
    for (const struct json *m = v->head; m && rc == 0; m = m->next) {
        struct hogql_node *one;
        if (v->type == JSON_OBJECT)
            hogql_add(a, list, hogql_string(a, m->key));
        rc = node_of(a, m, &one);
        hogql_add(a, list, one);
    }
    *out = list;
    return rc;
}

static int missing_variable(struct fill *f, str name, struct err *e)
{
    struct buf others = BUF_INIT(300);
    for (const struct json *m = f->variables ? f->variables->head : NULL; m; m = m->next)
        buf_printf(&others, "%s" STR_FMT, others.n ? ", " : "",
                   STR_ARG(json_get_text(m, "code_name")));
    int rc = err_set(e, ERR_INVALID, NULL, "Variable " STR_FMT " is missing from query%s" STR_FMT
                     "%s", STR_ARG(name), others.n ? ". Did you mean: " : "",
                     STR_ARG(buf_view(&others)), others.n ? "?" : "");
    buf_release(&others);
    return rc;
}

/* A text that says a number or a boolean, as forms send them, is one when the variable's type is. */
static int typed_value(struct arena *a, const struct insight_variable *v, const struct json *value,
                       struct hogql_node **out)
{
    int64_t whole;
    double number;
    bool yes;
    str text = str_trim(value->text);
    if (value->type != JSON_STRING)
        return node_of(a, value, out);
    if (str_eqz(v->type, "Number") && str_to_i64(text, &whole))
        *out = hogql_int(a, whole);
    else if (str_eqz(v->type, "Number") && str_to_f64(text, &number))
        *out = hogql_float(a, number);
    else if (str_eqz(v->type, "Boolean") && str_to_bool(text, &yes))
        *out = hogql_bool(a, yes);
    else
        *out = hogql_string(a, value->text);
    return 0;
}

/* What the query says, else the variable's default. */
static int variable_value(struct fill *f, str name, const struct json *said,
                          struct hogql_node **out, struct err *e)
{
    struct arena *a = f->j->arena;
    const struct json *value = json_get(said, "value"), *is_null = json_get(said, "isNull");
    struct insight_variable v;
    struct json *standard;
    struct db *db = store_take(f->j->store);
    int rc = insight_variable_find_code(db, a, f->j->scope->team_id, name, &v, e);
    store_give(db);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_INVALID, NULL, "Variable " STR_FMT " does not exist", STR_ARG(name));
    *out = hogql_null(a);
    if (json_is(is_null, JSON_BOOL) && is_null->boolean)
        return 0;
    if (value && value->type != JSON_NULL)
        return typed_value(a, &v, value, out);
    if (!v.default_value.p)
        return 0;
    rc = json_parse(a, v.default_value, &standard, e);
    return rc < 0 ? rc : typed_value(a, &v, standard, out);
}

static int variable(struct fill *f, str name, struct hogql_node **out, struct err *e)
{
    const struct json *m = f->variables ? f->variables->head : NULL;
    while (m && !str_eq(json_get_text(m, "code_name"), name))
        m = m->next;
    if (!m)
        return missing_variable(f, name, e);
    return variable_value(f, name, m, out, e);
}

/* -------------------------------------------------------------------------- filters */

static const struct filtered {
    const char *table, *time;
    enum query_property_scope scope;
} filtered[] = {
    { "events", "timestamp", PROPERTIES_OF_EVENTS },
    { "sessions", "$start_timestamp", PROPERTIES_OF_SESSIONS },
    { "groups", "created_at", PROPERTIES_OF_GROUPS },
    { "persons", "created_at", PROPERTIES_OF_PERSONS },
};

/* The first table of the SELECT that filters can be about. */
static const struct filtered *filtered_table(const struct hogql_node *select)
{
    const struct hogql_node *from = select ? select->kids[SELECT_FROM] : NULL;
    for (uint32_t i = 0; from && i < from->n; i++) {
        const struct hogql_node *source = from->kids[i]->kids[JOIN_SOURCE];
        if (!source || source->kind != HOGQL_FIELD || !source->names_n)
            continue;
        for (size_t k = 0; k < ARRAY_LEN(filtered); k++)
            if (str_eqz(source->names[source->names_n - 1], filtered[k].table))
                return &filtered[k];
    }
    return NULL;
}

static str date_of(const struct fill *f, const char *which)
{
    return json_get_text(json_get(f->filters, "dateRange"), which);
}

static int check_dates(struct fill *f, struct err *e)
{
    static const struct {
        const char *key, *where;
    } ends[] = {
        { "date_from", "filters.dateRange.date_from" },
        { "date_to", "filters.dateRange.date_to" },
    };
    const struct json *range = NULL;
    struct query_date d;
    int rc = query_get_object(f->filters, "dateRange", &range, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_date_range, range, e);
    for (size_t i = 0; i < ARRAY_LEN(ends) && rc == 0; i++) {
        str text = STR_NULL;
        rc = query_get_text(range, ends[i].key, &text, e);
        if (rc == 0 && text.n)
            rc = query_read_date(f->j, ends[i].where, text, &d, e);
    }
    return rc;
}

/* timestamp >= date_from; NULL when that is not given, or "all". */
static struct hogql_node *date_condition(struct fill *f, const struct filtered *t,
                                         const char *which, enum hogql_compare op)
{
    struct arena *a = f->j->arena;
    str text = date_of(f, which);
    if (!text.n)
        return NULL;
    struct query_date d = query_date_parse(&f->j->calendar, text);
    return d.all ? NULL : hogql_compare(a, op, hogql_field(a, t->time, NULL),
                                        hogql_datetime(a, d.at));
}

static int filters_condition(struct fill *f, const struct hogql_node *select,
                             struct hogql_node **out, struct err *e)
{
    struct arena *a = f->j->arena;
    struct hogql_node *properties;
    const struct filtered *t = filtered_table(select);
    if (!t)
        return err_set(e, ERR_INVALID, NULL,
                       "Cannot use 'filters' placeholder in a SELECT clause that does not select "
                       "from the events, sessions, logs, traces or groups table.");
    int rc = query_all_properties(f->j, t->scope, f->filters, &properties, e);
    if (rc < 0)
        return rc;
    struct hogql_node *all = hogql_and(a, properties, date_condition(f, t, "date_to", HOGQL_LT));
    all = hogql_and(a, all, date_condition(f, t, "date_from", HOGQL_GE));
    *out = all ? all : hogql_bool(a, true);
    return 0;
}

static int filters_part(struct fill *f, const struct hogql_node *select,
                        const struct hogql_node *chain, struct hogql_node **out, struct err *e)
{
    if (chain->names_n == 1)
        return filters_condition(f, select, out, e);
    bool range = chain->names_n == 3 && str_eqz(chain->names[1], "dateRange");
    if (!range || (!str_eqz(chain->names[2], "from") && !str_eqz(chain->names[2], "to")))
        return err_set(e, ERR_INVALID, NULL, "Unsupported filters placeholder");
    str text = date_of(f, str_eqz(chain->names[2], "from") ? "date_from" : "date_to");
    struct query_date d = text.n ? query_date_parse(&f->j->calendar, text)
                                 : (struct query_date){ .all = true };
    if (d.all)
        return LEFT_OUT;
    *out = hogql_datetime(f->j->arena, d.at);
    return 0;
}

/* -------------------------------------------------------------------------- filling in */

static int placeholder(struct fill *f, const struct hogql_node *select, struct hogql_node **at,
                       struct err *e)
{
    const struct hogql_node *chain = (*at)->n ? (*at)->kids[0] : NULL;
    if (!chain || chain->kind != HOGQL_FIELD || !chain->names_n)
        return 0; /* the compiler says what is wrong with it */
    const struct json *v = json_get_str(f->values, chain->names[0]);
    for (uint32_t i = 1; v && i < chain->names_n; i++)
        v = json_get_str(v, chain->names[i]);
    if (v)
        return node_of(f->j->arena, v, at);
    if (str_eqz(chain->names[0], "filters"))
        return filters_part(f, select, chain, at, e);
    if (str_eqz(chain->names[0], "variables") && chain->names_n == 2)
        return variable(f, chain->names[1], at, e);
    return 0;
}

/* select: the SELECT that *at stands in, NULL outside of any. */
static int fill_in(struct fill *f, const struct hogql_node *select, struct hogql_node **at,
                   struct err *e)
{
    struct hogql_node *n = *at;
    int worst = 0;
    if (!n)
        return 0;
    if (n->kind == HOGQL_PLACEHOLDER)
        return placeholder(f, select, at, e);
    for (uint32_t i = 0; i < n->n; i++) {
        int rc = fill_in(f, n->kind == HOGQL_SELECT ? n : select, &n->kids[i], e);
        if (rc < 0)
            return rc;
        worst = rc > worst ? rc : worst;
    }
    if (worst == LEFT_OUT && (n->kind == HOGQL_COMPARE || n->kind == HOGQL_BETWEEN)) {
        *at = hogql_bool(f->j->arena, true);
        return 0;
    }
    return worst;
}

/* -------------------------------------------------------------------------- the run */

struct hogql_input {
    str text;
    const struct json *filters, *values, *variables;
};

static int read_input(const struct json *node, struct hogql_input *in, struct err *e)
{
    *in = (struct hogql_input){ .text = STR_NULL };
    int rc = query_shape_check(&query_shape_hogql, node, e);
    if (rc == 0)
        rc = query_get_text(node, "query", &in->text, e);
    if (rc == 0)
        rc = query_get_object(node, "filters", &in->filters, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_hogql_filters, in->filters, e);
    if (rc == 0)
        rc = query_get_object(node, "values", &in->values, e);
    if (rc == 0)
        rc = query_get_object(node, "variables", &in->variables, e);
    if (rc < 0)
        return rc;
    if (!in->text.p)
        return query_misfit(e, "query.HogQLQuery.query", "Field required");
    if (in->filters && json_get(in->values, "filters"))
        return err_set(e, ERR_INVALID, NULL, "Query contains 'filters' both as placeholder and as "
                                             "a query parameter.");
    return 0;
}

static void write_columns(struct json_writer *w, struct query_result *out,
                          const struct hogql_compiled *compiled, const struct query_rows *rows)
{
    json_key(w, "columns");
    size_t at = out->members.n;
    json_open(w, '[');
    for (size_t i = 0; i < rows->n; i++)
        json_str(w, i < compiled->columns_n ? compiled->columns[i].name : rows->names[i]);
    json_close(w, ']');
    out->columns = query_span_from(out, at);
    json_key(w, "types");
    at = out->members.n;
    json_open(w, '[');
    for (size_t i = 0; i < rows->n; i++) {
        json_open(w, '[');
        json_str(w, i < compiled->columns_n ? compiled->columns[i].name : rows->names[i]);
        json_str(w, query_type_name(rows->types[i]));
        json_close(w, ']');
    }
    json_close(w, ']');
    out->types = query_span_from(out, at);
}

static void write_page(struct json_writer *w, const struct hogql_compiled *compiled, bool more)
{
    json_key(w, "hasMore");
    if (compiled->limit_applied)
        json_bool(w, more);
    else
        json_null(w);
    json_key(w, "limit");
    if (compiled->limit_applied)
        json_i64(w, LIMIT_QUERY_ROWS_DEFAULT);
    else
        json_null(w);
    json_key(w, "offset");
    if (compiled->limit_applied)
        json_i64(w, 0);
    else
        json_null(w);
}

static void write_members(struct query_job *j, const struct hogql_input *in,
                          const struct hogql_node *select, const struct hogql_compiled *compiled,
                          const struct query_rows *rows, struct query_result *out)
{
    struct json_writer w = query_members(out);
    write_columns(&w, out, compiled, rows);
    write_page(&w, compiled, out->has_more);
    json_key(&w, "query");
    json_str(&w, in->text);
    json_key(&w, "hogql");
    size_t at = out->members.n;
    json_str(&w, hogql_to_text(j->arena, select));
    out->hogql = query_span_from(out, at);
    json_key(&w, "clickhouse");
    json_null(&w);
    json_key(&w, "explain");
    json_null(&w);
    json_key(&w, "metadata");
    json_null(&w);
    query_write_common(j, &w);
}

/* The caller's SELECT with its placeholders filled. */
static int read_tree(struct query_job *j, const struct hogql_input *in, struct hogql_node **out,
                     struct err *e)
{
    struct fill f = { j, in->filters, in->values, in->variables };
    int64_t begin = clock_mono_us();
    int rc = hogql_parse_select(j->arena, in->text, NULL, out, e);
    if (rc == 0)
        rc = check_dates(&f, e);
    if (rc == 0)
        rc = fill_in(&f, NULL, out, e);
    j->parse_us += clock_mono_us() - begin;
    return rc < 0 ? rc : 0;
}

int query_hogql_fill(struct query_job *j, const struct json *node, struct hogql_node **tree,
                     struct err *e)
{
    struct fill f = { .j = j };
    int rc = query_get_object(node, "filters", &f.filters, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_hogql_filters, f.filters, e);
    if (rc == 0)
        rc = check_dates(&f, e);
    if (rc == 0)
        rc = query_get_object(node, "variables", &f.variables, e);
    if (rc == 0)
        rc = fill_in(&f, NULL, tree, e);
    return rc < 0 ? rc : 0;
}

int query_hogql_tree(struct query_job *j, const struct json *node, struct hogql_node **out,
                     struct err *e)
{
    struct hogql_input in;
    int rc = read_input(node, &in, e);
    return rc < 0 ? rc : read_tree(j, &in, out, e);
}

int query_run_hogql(struct query_job *j, const struct json *node, struct query_result *out,
                    struct err *e)
{
    struct hogql_input in;
    struct hogql_node *select;
    struct hogql_compiled compiled;
    struct query_rows rows;
    int rc = read_input(node, &in, e);
    if (rc == 0)
        rc = read_tree(j, &in, &select, e);
    if (rc < 0)
        return rc;
    query_limit_rows(j);
    struct buf answer = BUF_INIT(LIMIT_QUERY_RESULT);
    rc = query_execute(j, select, &compiled, &answer, e);
    if (rc == 0)
        rc = query_rows_read(j->arena, buf_view(&answer), &rows, e);
    if (rc == 0) {
        size_t most = compiled.limit_applied ? LIMIT_QUERY_ROWS_DEFAULT : SIZE_MAX;
        out->has_more = rows.count > most;
        query_rows_write(&rows, j->calendar.tz, most, &out->results);
        write_members(j, &in, select, &compiled, &rows, out);
    }
    buf_release(&answer);
    return rc;
}
