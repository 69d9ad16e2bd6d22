/* override.c - what a dashboard lays over a query before it runs: dates, properties, a breakdown,
 * variables. The stored query stays as it is: every changed level is a new object. */
#include "query/query.h"

static bool is_wrapper(str kind)
{
    return str_eqz(kind, "InsightVizNode") || str_eqz(kind, "DataTableNode") ||
           str_eqz(kind, "DataVisualizationNode");
}

const struct json *query_unwrap(const struct json *node)
{
    while (json_get(node, "source") && is_wrapper(json_get_text(node, "kind")))
        node = json_get(node, "source");
    return json_get_text(node, "kind").p ? node : NULL;
}

/* Null, "", [], {} and a tree without leaves all say nothing. */
static bool is_empty(const struct json *v)
{
    if (!v || v->type == JSON_NULL)
        return true;
    if (v->type == JSON_STRING)
        return !v->text.n;
    if (v->type == JSON_OBJECT && json_get(v, "values") && json_get(v, "type"))
        return is_empty(json_get(v, "values"));
    return (v->type == JSON_ARRAY || v->type == JSON_OBJECT) && !v->head;
}

static void set(struct arena *a, struct json *o, const char *key, const struct json *v)
{
    json_set(o, str_of(key), v ? json_share(a, v) : json_new(a, JSON_NULL));
}

static void append(struct json *list, struct json *v)
{
    struct json **at = &list->head;
    while (*at)
        at = &(*at)->next;
    *at = v;
    list->count++;
}

static void append_all(struct arena *a, struct json *list, const struct json *from)
{
    for (const struct json *m = from ? from->head : NULL; m; m = m->next)
        append(list, json_share(a, m));
}

/* -------------------------------------------------------------------------- dates */

static const struct json *put_dates(struct arena *a, const struct json *filters,
                                    const struct json *old)
{
    const struct json *explicit_date = json_get(filters, "explicitDate");
    struct json *range = json_merge(a, old, NULL);
    set(a, range, "date_from", json_get(filters, "date_from"));
    set(a, range, "date_to", json_get(filters, "date_to"));
    if (json_is(explicit_date, JSON_BOOL))
        set(a, range, "explicitDate", explicit_date);
    return range;
}

static void switch_compare_off(struct arena *a, struct json *node)
{
    const struct json *compare = json_get(node, "compareFilter");
    if (!compare)
        return;
    struct json *off = json_merge(a, compare, NULL);
    json_set(off, STR("compare"), json_new_bool(a, false));
    json_set(node, STR("compareFilter"), off);
}

static void put_events_dates(struct arena *a, struct json *node, const struct json *filters)
{
    set(a, node, "after", json_get(filters, "date_from"));
    set(a, node, "before", json_get(filters, "date_to"));
}

/* -------------------------------------------------------------------------- properties */

static struct json *and_group(struct arena *a, const struct json *properties)
{
    if (json_is(properties, JSON_OBJECT))
        return json_share(a, properties);
    struct json *group = json_new(a, JSON_OBJECT);
    json_set(group, STR("type"), json_new_str(a, STR("AND")));
    json_set(group, STR("values"), json_share(a, properties));
    return group;
}

static struct json *combined(struct arena *a, const struct json *own, const struct json *more)
{
    if (is_empty(own))
        return json_share(a, more);
    struct json *group = json_new(a, JSON_OBJECT), *values = json_new(a, JSON_ARRAY);
    append(values, and_group(a, own));
    append(values, and_group(a, more));
    json_set(group, STR("type"), json_new_str(a, STR("AND")));
    json_set(group, STR("values"), values);
    return group;
}

/* HogQLQuery and EventsQuery have plain lists; a tree of the dashboard's becomes its leaves. */
static void append_leaves(struct arena *a, struct json *list, const struct json *from)
{
    if (json_is(from, JSON_OBJECT))
        from = json_get(from, "values");
    for (const struct json *m = from ? from->head : NULL; m; m = m->next)
        if (json_get(m, "values"))
            append_leaves(a, list, m);
        else
            append(list, json_share(a, m));
}

/* The filters of a list and of the AND groups in it; any other shape is not one a dashboard keeps. */
static int flatten(struct arena *a, struct json *list, const struct json *v, struct err *e)
{
    const struct json *values = json_get(v, "values");
    str type = json_get_text(v, "type");
    if (json_is(values, JSON_ARRAY) && str_eqz(type, "OR"))
        return err_set(e, ERR_INVALID, "properties", "Property groups must be AND-combined; OR "
                                                     "groups are not supported");
    if (!json_is(v, JSON_ARRAY) && !(json_is(values, JSON_ARRAY) && str_eqz(type, "AND")))
        return err_set(e, ERR_INVALID, "properties",
                       "Must be a list of filters or a property group");
    int rc = 0;
    const struct json *m = values ? values->head : v->head;
    for (; m && rc == 0; m = m->next)
        if (json_get(m, "values"))
            rc = flatten(a, list, m, e);
        else
            append(list, json_share(a, m));
    return rc;
}

int query_keep_filters(struct arena *a, const struct json *filters, const struct json **out,
                       struct err *e)
{
    const struct json *properties = json_get(filters, "properties");
    *out = filters;
    if (!properties || properties->type == JSON_NULL)
        return 0;
    struct json *list = json_new(a, JSON_ARRAY), *kept = json_merge(a, filters, NULL);
    int rc = flatten(a, list, properties, e);
    if (rc < 0)
        return rc;
    json_set(kept, STR("properties"), list);
    *out = kept;
    return 0;
}

static struct json *lengthened(struct arena *a, const struct json *own, const struct json *more)
{
    struct json *list = json_new(a, JSON_ARRAY);
    append_all(a, list, json_is(own, JSON_ARRAY) ? own : NULL);
    append_leaves(a, list, more);
    return list;
}

/* -------------------------------------------------------------------------- by kind */

static void on_hogql(struct arena *a, struct json *node, const struct json *filters, bool dates)
{
    const struct json *properties = json_get(filters, "properties");
    const struct json *test = json_get(filters, "filterTestAccounts");
    struct json *own = json_merge(a, json_get(node, "filters"), NULL);
    if (dates)
        set(a, own, "dateRange", put_dates(a, filters, json_get(own, "dateRange")));
    if (!is_empty(properties))
        json_set(own, STR("properties"), lengthened(a, json_get(own, "properties"), properties));
    if (json_is(test, JSON_BOOL))
        set(a, own, "filterTestAccounts", test);
    json_set(node, STR("filters"), own);
}

static void on_events(struct arena *a, struct json *node, const struct json *filters, bool dates)
{
    const struct json *properties = json_get(filters, "properties");
    const struct json *test = json_get(filters, "filterTestAccounts");
    if (dates)
        put_events_dates(a, node, filters);
    if (!is_empty(properties))
        json_set(node, STR("properties"), lengthened(a, json_get(node, "properties"), properties));
    if (json_is(test, JSON_BOOL))
        set(a, node, "filterTestAccounts", test);
}

static void on_insight(struct arena *a, struct json *node, const struct json *filters, bool dates)
{
    const struct json *properties = json_get(filters, "properties");
    const struct json *breakdown = json_get(filters, "breakdown_filter");
    const struct json *interval = json_get(filters, "interval");
    const struct json *test = json_get(filters, "filterTestAccounts");
    str kind = json_get_text(node, "kind");
    if (dates)
        set(a, node, "dateRange", put_dates(a, filters, json_get(node, "dateRange")));
    if (dates && str_eqz(json_get_text(filters, "date_from"), "all"))
        switch_compare_off(a, node);
    if (!is_empty(properties))
        json_set(node, STR("properties"), combined(a, json_get(node, "properties"), properties));
    bool split = str_eqz(kind, "TrendsQuery") || str_eqz(kind, "FunnelsQuery") ||
                 str_eqz(kind, "RetentionQuery");
    if (!is_empty(breakdown) && split)
        set(a, node, "breakdownFilter", breakdown);
    if (json_is(interval, JSON_STRING))
        set(a, node, "interval", interval);
    if (json_is(test, JSON_BOOL))
        set(a, node, "filterTestAccounts", test);
}

/* Rebuilds the wrappers above the source, and gives the source to change. */
static struct json *open_source(struct arena *a, const struct json *node, const struct json **out)
{
    struct json *copy = json_merge(a, node, NULL);
    const struct json *source = json_get(node, "source");
    *out = copy;
    if (!source || !is_wrapper(json_get_text(node, "kind")))
        return copy;
    const struct json *inner;
    struct json *innermost = open_source(a, source, &inner);
    if (inner == innermost)
        json_set(copy, STR("source"), innermost);
    else
        set(a, copy, "source", inner);
    return innermost;
}

int query_with_filters(struct arena *a, const struct json *node, const struct json *filters,
                       const struct json **out, struct err *e)
{
    if (is_empty(filters)) {
        *out = node;
        return 0;
    }
    if (filters->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "filters_override", "Expected a dictionary of items.");
    if (!query_unwrap(node)) {
        *out = node;
        return 0;
    }
    const struct json *changed;
    struct json *source = open_source(a, node, &changed);
    bool dates = !is_empty(json_get(filters, "date_from")) ||
                 !is_empty(json_get(filters, "date_to"));
    str kind = json_get_text(source, "kind");
    if (str_eqz(kind, "HogQLQuery"))
        on_hogql(a, source, filters, dates);
    else if (str_eqz(kind, "EventsQuery"))
        on_events(a, source, filters, dates);
    else
        on_insight(a, source, filters, dates);
    *out = changed;
    return 0;
}

/* By its id, or by its code name: a variable that was made anew has another id. */
static const struct json *value_for(const struct json *variables, const struct json *own)
{
    const struct json *over = json_get_str(variables, own->key);
    str code_name = json_get_text(own, "code_name");
    for (const struct json *m = variables->head; m && !over && code_name.p; m = m->next)
        if (str_eq(json_get_text(m, "code_name"), code_name))
            over = m;
    return json_is(over, JSON_OBJECT) ? over : NULL;
}

/* isNull of the value below says nothing about the one laid over it. */
static struct json *laid_over(struct arena *a, const struct json *own, const struct json *over)
{
    struct json *v = json_merge(a, own, over);
    if (json_get(over, "value") && !json_get(over, "isNull"))
        json_remove(v, STR("isNull"));
    return v;
}

int query_with_variables(struct arena *a, const struct json *node, const struct json *variables,
                         const struct json **out, struct err *e)
{
    const struct json *source = query_unwrap(node);
    *out = node;
    if (is_empty(variables) || !source || !json_is(json_get(source, "variables"), JSON_OBJECT))
        return 0;
    if (variables->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "variables_override", "Expected a dictionary of items.");
    struct json *own = json_new(a, JSON_OBJECT);
    for (const struct json *m = json_get(source, "variables")->head; m; m = m->next)
        json_set(own, m->key, laid_over(a, m, value_for(variables, m)));
    json_set(open_source(a, node, out), STR("variables"), own);
    return 0;
}
