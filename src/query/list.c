/* list.c - see list.h. */
#include "query/list.h"

#include "base/clock.h"
#include "base/limits.h"

#define TEXT_MOST (128u << 10) /* bytes of HogQL given back: lists of ids can be longer */

/* The field at fault, with the kind before it: "query.EventsQuery.select". */
static int misfit(const struct query_list *l, const char *key, const char *what, struct err *e)
{
    return query_misfit(e, arena_z(l->j->arena, arena_printf(l->j->arena, "query.%s.%s", l->kind,
                                                             key)), "%s", what);
}

bool query_is_field(const struct hogql_node *n, const char *name)
{
    return n->kind == HOGQL_FIELD && n->names_n == 1 && str_eqz(n->names[0], name);
}

/* -------------------------------------------------------------------------- request */

int query_list_item(struct query_list *l, str text, struct query_item *out, struct err *e)
{
    *out = (struct query_item){ .text = text };
    int rc = hogql_parse_expr(l->j->arena, text, NULL, &out->node, e);
    if (rc < 0)
        return rc;
    if (out->node->kind == HOGQL_ALIAS)
        out->text = out->node->text;
    out->aggregates = hogql_aggregates(out->node);
    return 0;
}

int query_list_select(struct query_list *l, query_item_fn read, bool required,
                      const char *const *usual, size_t n, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(l->node, "select", &list, e);
    if (rc < 0)
        return rc;
    if (!list && required)
        return misfit(l, "select", "Field required", e);
    l->items = arena_alloc(l->j->arena, ((list ? list->count : 0) + n + 1) * sizeof(*l->items));
    for (const struct json *m = list ? list->head : NULL; m && rc == 0; m = m->next) {
        if (m->type != JSON_STRING)
            return misfit(l, "select", "Input should be a valid string", e);
        rc = read(l, m->text, &l->items[l->n++], e);
    }
    bool none = !l->n;
    for (size_t i = 0; i < n && none && rc == 0; i++)
        rc = read(l, str_of(usual[i]), &l->items[l->n++], e);
    for (size_t i = 0; i < l->n; i++)
        l->aggregated = l->aggregated || l->items[i].aggregates;
    return rc;
}

void query_list_also(struct query_list *l, struct hogql_node *condition)
{
    l->where = hogql_and(l->j->arena, l->where, condition);
}

int query_list_where(struct query_list *l, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(l->node, "where", &list, e);
    for (const struct json *m = list ? list->head : NULL; m && rc == 0; m = m->next) {
        struct hogql_node *one;
        if (m->type != JSON_STRING)
            return misfit(l, "where", "Input should be a valid string", e);
        rc = hogql_parse_expr(l->j->arena, m->text, NULL, &one, e);
        if (rc == 0 && hogql_aggregates(one))
            l->having = hogql_and(l->j->arena, l->having, one);
        else if (rc == 0)
            query_list_also(l, one);
    }
    return rc;
}

int query_list_order(struct query_list *l, struct err *e)
{
    const struct json *given = NULL;
    l->order = hogql_list(l->j->arena, HOGQL_LIST);
    int rc = query_get_list(l->node, "orderBy", &given, e);
    for (const struct json *m = given ? given->head : NULL; m && rc == 0; m = m->next) {
        struct hogql_node *one;
        if (m->type != JSON_STRING)
            return misfit(l, "orderBy", "Input should be a valid string", e);
        rc = hogql_parse_order(l->j->arena, m->text, NULL, &one, e);
        if (rc == 0)
            hogql_add(l->j->arena, l->order, one);
    }
    return rc;
}

int query_list_page(struct query_list *l, struct err *e)
{
    l->limit = LIMIT_QUERY_ROWS_DEFAULT;
    int rc = query_get_i64(l->node, "limit", &l->limit, e);
    if (rc == 0)
        rc = query_get_i64(l->node, "offset", &l->offset, e);
    if (rc < 0)
        return rc;
    if (l->limit < 0 || l->offset < 0)
        return misfit(l, l->limit < 0 ? "limit" : "offset",
                      "Input should be greater than or equal to 0", e);
    if (l->limit > LIMIT_QUERY_ROWS)
        l->limit = LIMIT_QUERY_ROWS;
    return 0;
}

/* -------------------------------------------------------------------------- statement */

static struct hogql_node *without_alias(struct arena *a, const struct hogql_node *n)
{
    return hogql_copy(a, n->kind == HOGQL_ALIAS ? n->kids[0] : n);
}

void query_list_finish(struct query_list *l, struct hogql_node *select)
{
    struct arena *a = l->j->arena;
    struct hogql_node *columns = hogql_list(a, HOGQL_LIST), *group = hogql_new(a, HOGQL_GROUP, 0);
    for (size_t i = 0; i < l->n; i++) {
        hogql_add(a, columns, l->items[i].node);
        bool constant = l->items[i].node->kind == HOGQL_CONSTANT;
        if (l->aggregated && !l->items[i].aggregates && !constant)
            hogql_add(a, group, without_alias(a, l->items[i].node));
    }
    for (uint32_t i = 0; i < l->order->n; i++) {
        struct hogql_node *o = l->order->kids[i];
        o->kids[ORDER_EXPR] = without_alias(a, o->kids[ORDER_EXPR]);
    }
    select->kids[SELECT_COLUMNS] = columns;
    select->kids[SELECT_WHERE] = l->where;
    select->kids[SELECT_HAVING] = l->having;
    select->kids[SELECT_GROUP] = group->n ? group : NULL;
    select->kids[SELECT_ORDER] = l->order->n ? l->order : NULL;
    select->kids[SELECT_LIMIT] = hogql_int(a, l->limit + 1);
    select->kids[SELECT_OFFSET] = hogql_int(a, l->offset);
}

/* -------------------------------------------------------------------------- answer */

void query_list_value(const struct query_list *l, struct json_writer *w, str type,
                      const struct json *v)
{
    int64_t us;
    char text[QUERY_TIME_TEXT];
    bool time = json_is(v, JSON_STRING) && str_find(type, STR("DateTime")) >= 0;
    if (time && clock_parse(v->text, &us))
        json_str(w, (str){ text, query_time_text(l->j->calendar.tz, us, text) });
    else
        json_tree(w, v);
}

void query_list_members(struct query_list *l, struct json_writer *w,
                        const struct hogql_node *select, const struct query_rows *rows,
                        struct query_result *out)
{
    json_key(w, "columns");
    size_t at = out->members.n;
    json_open(w, '[');
    for (size_t i = 0; i < l->n; i++)
        json_str(w, l->items[i].text);
    json_close(w, ']');
    out->columns = query_span_from(out, at);
    json_key(w, "types");
    at = out->members.n;
    json_open(w, '[');
    for (size_t i = 0; i < rows->n; i++)
        json_str(w, query_type_name(rows->types[i]));
    json_close(w, ']');
    out->types = query_span_from(out, at);
    json_key(w, "hasMore");
    json_bool(w, out->has_more);
    json_key(w, "limit");
    json_i64(w, l->limit);
    json_key(w, "offset");
    json_i64(w, l->offset);
    str text = hogql_to_text(l->j->arena, select);
    json_key(w, "hogql");
    at = out->members.n;
    json_str(w, text.n <= TEXT_MOST ? text : STR_NULL);
    out->hogql = query_span_from(out, at);
}
