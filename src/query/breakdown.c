/* breakdown.c - see breakdown.h. */
#include "query/breakdown.h"

#include "query/shape.h"

#define LIMIT_DEFAULT 25
#define LIMIT_COUNTRIES 300
#define LIMIT_MOST 1000
#define VALUE_MAX 400 /* characters of a value that are shown */

struct one {
    str type, key;
    int64_t group;
    bool url;
};

static struct hogql_node *field_of(struct arena *a, const struct one *b)
{
    if (str_eqz(b->type, "person"))
        return hogql_field_add(a, hogql_field(a, "person", "properties", NULL), b->key);
    if (str_eqz(b->type, "session"))
        return hogql_field_add(a, hogql_field(a, "session", NULL), b->key);
    if (str_eqz(b->type, "event_metadata"))
        return query_column(a, b->key);
    if (str_eqz(b->type, "group"))
        return query_group_property(a, b->group, b->key);
    return hogql_field_add(a, hogql_field(a, "properties", NULL), b->key);
}

/* Text, with BREAKDOWN_NONE for null and ''. */
static int expression_of(struct query_job *j, const struct one *b, struct hogql_node **out,
                         struct err *e)
{
    struct arena *a = j->arena;
    struct hogql_node *field;
    static const char *const types[] = { "event", "person", "session", "group", "event_metadata",
                                         "hogql" };
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        known = known || str_eqz(b->type, types[i]);
    if (!known)
        return err_set(e, ERR_INVALID, NULL, "Breakdowns of type \"" STR_FMT
                       "\" are not supported", STR_ARG(b->type));
    if (b->group < 0 || b->group > 4)
        return query_misfit(e, "breakdownFilter.breakdown_group_type_index",
                            "Input should be 0, 1, 2, 3 or 4");
    int rc = 0;
    if (str_eqz(b->type, "hogql"))
        rc = hogql_parse_expr(a, b->key, NULL, &field, e);
    else
        field = field_of(a, b);
    if (rc < 0)
        return rc;
    if (field->kind == HOGQL_ALIAS)
        field = field->kids[0];
    struct hogql_placeholder ph[] = {
        { "field", field },
        { "none", hogql_string(a, STR(BREAKDOWN_NONE)) },
        { "most", hogql_int(a, VALUE_MAX) },
        { NULL, NULL },
    };
    str text = b->url ? STR("left(ifNull(nullIf(if(empty(replaceRegexpOne(toString({field}),"
                            " '[/?#]+$', '')) and notEmpty(toString({field})), '/',"
                            " replaceRegexpOne(toString({field}), '[/?#]+$', '')), ''), {none}),"
                            " {most})")
                      : STR("left(ifNull(nullIf(toString({field}), ''), {none}), {most})");
    return hogql_parse_expr(a, text, ph, out, e);
}

static int read_one(const struct json *node, struct one *out, struct err *e)
{
    const struct json *key = json_get(node, "property");
    *out = (struct one){ .type = STR("event"), .key = STR_NULL };
    if (!json_is(node, JSON_OBJECT) || !(json_is(key, JSON_STRING) || json_is(key, JSON_NUMBER)))
        return query_misfit(e, "breakdownFilter.breakdowns.property", "Field required");
    out->key = key->text;
    int rc = query_shape_check(&query_shape_breakdown, node, e);
    if (rc == 0)
        rc = query_get_text(node, "type", &out->type, e);
    if (rc == 0)
        rc = query_get_i64(node, "group_type_index", &out->group, e);
    if (rc == 0)
        rc = query_get_bool(node, "normalize_url", &out->url, e);
    return rc;
}

static int read_list(struct query_job *j, const struct json *list, struct query_breakdown *out,
                     struct err *e)
{
    if (list->count > BREAKDOWNS_MAX)
        return query_misfit(e, "breakdownFilter.breakdowns",
                            "List should have at most %d items", BREAKDOWNS_MAX);
    out->list = true;
    out->n = list->count;
    out->expression = hogql_list(j->arena, HOGQL_ARRAY);
    for (const struct json *m = list->head; m; m = m->next) {
        struct one b;
        struct hogql_node *x;
        int rc = read_one(m, &b, e);
        if (rc == 0)
            rc = expression_of(j, &b, &x, e);
        if (rc < 0)
            return rc;
        hogql_add(j->arena, out->expression, x);
    }
    return 0;
}

static int read_single(struct query_job *j, const struct json *node, const struct json *value,
                       struct query_breakdown *out, struct err *e)
{
    struct one b = { .type = STR("event"), .key = STR_NULL };
    int rc = query_get_text(node, "breakdown_type", &b.type, e);
    if (rc == 0)
        rc = query_get_i64(node, "breakdown_group_type_index", &b.group, e);
    if (rc == 0)
        rc = query_get_bool(node, "breakdown_normalize_url", &b.url, e);
    if (rc < 0)
        return rc;
    if (value->type == JSON_ARRAY && value->count == 1)
        value = value->head;
    if (value->type != JSON_STRING && value->type != JSON_NUMBER)
        return query_misfit(e, "breakdownFilter.breakdown", "Input should be a valid string");
    b.key = value->text;
    if (str_eqz(b.key, "$geoip_country_code"))
        out->limit = LIMIT_COUNTRIES;
    out->n = 1;
    return expression_of(j, &b, &out->expression, e);
}

int query_breakdown_read(struct query_job *j, const struct json *node, struct query_breakdown *out,
                         struct err *e)
{
    const struct json *filter = NULL, *list = NULL;
    struct query_breakdown b = { .limit = LIMIT_DEFAULT };
    int rc = query_get_object(node, "breakdownFilter", &filter, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_breakdown_filter, filter, e);
    if (rc == 0)
        rc = query_get_list(filter, "breakdowns", &list, e);
    if (rc < 0)
        return rc;
    const struct json *single = json_get(filter, "breakdown");
    b.node = filter;
    if (list && list->head)
        rc = read_list(j, list, &b, e);
    else if (single && single->type != JSON_NULL &&
             !(single->type == JSON_ARRAY && !single->head))
        rc = read_single(j, filter, single, &b, e);
    if (rc == 0)
        rc = query_get_i64(filter, "breakdown_limit", &b.limit, e);
    if (rc == 0)
        rc = query_get_bool(filter, "breakdown_hide_other_aggregation", &b.hide_other, e);
    if (rc < 0)
        return rc;
    if (b.limit < 1 || b.limit > LIMIT_MOST)
        return query_misfit(e, "breakdownFilter.breakdown_limit",
                            "Input should be between 1 and %d", LIMIT_MOST);
    *out = b;
    return 0;
}

struct hogql_node *query_breakdown_label(struct arena *a, const struct query_breakdown *b,
                                         const char *label)
{
    if (!b->list)
        return hogql_string(a, str_of(label));
    struct hogql_node *list = hogql_list(a, HOGQL_ARRAY);
    for (size_t i = 0; i < b->n; i++)
        hogql_add(a, list, hogql_string(a, str_of(label)));
    return list;
}

int query_breakdown_rank(const struct query_breakdown *b, const struct json *value)
{
    const struct json *first = b->list ? value->head : value;
    for (const struct json *v = first; v; v = b->list ? v->next : NULL)
        if (!str_eq(v->text, first->text))
            return 0;
    if (!first)
        return 0;
    return str_eqz(first->text, BREAKDOWN_OTHER) ? 2 : str_eqz(first->text, BREAKDOWN_NONE);
}

str query_breakdown_text(struct arena *a, const struct json *value)
{
    if (value->type != JSON_ARRAY)
        return value->text;
    str out = STR("");
    for (const struct json *v = value->head; v; v = v->next)
        out = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(out), v == value->head ? "" : "::",
                           STR_ARG(v->text));
    return out;
}

int query_breakdown_compare(const struct json *x, const struct json *y)
{
    if (x->type == JSON_ARRAY && y->type == JSON_ARRAY) {
        int order = 0;
        for (x = x->head, y = y->head; x && y && !order; x = x->next, y = y->next)
            order = query_breakdown_compare(x, y);
        return order;
    }
    size_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
    int order = n ? memcmp(x->text.p, y->text.p, n) : 0;
    return order ? order : (x->text.n > y->text.n) - (x->text.n < y->text.n);
}
