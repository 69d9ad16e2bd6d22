/* legacy.c - see legacy.h. A row of the table says where a flat filter stands in the node; what is not
 * in the table did not change what was asked. */
#include "query/legacy.h"

static const struct {
    const char *insight, *kind;
} kinds[] = {
    { "TRENDS", "TrendsQuery" },
    { "FUNNELS", "FunnelsQuery" },
    { "STICKINESS", "StickinessQuery" },
    { "LIFECYCLE", "LifecycleQuery" },
};

#define ANY NULL

static const struct {
    const char *filter;
    const char *kind;  /* ANY: every kind */
    const char *group; /* the object in the node that the field is in; NULL: the node itself */
    const char *field;
} places[] = {
    { "date_from", ANY, "dateRange", "date_from" },
    { "date_to", ANY, "dateRange", "date_to" },
    { "explicit_date", ANY, "dateRange", "explicitDate" },
    { "interval", ANY, NULL, "interval" },
    { "properties", ANY, NULL, "properties" },
    { "filter_test_accounts", ANY, NULL, "filterTestAccounts" },
    { "sampling_factor", ANY, NULL, "samplingFactor" },
    { "aggregation_group_type_index", ANY, NULL, "aggregation_group_type_index" },
    { "breakdown", ANY, "breakdownFilter", "breakdown" },
    { "breakdown_type", ANY, "breakdownFilter", "breakdown_type" },
    { "breakdowns", ANY, "breakdownFilter", "breakdowns" },
    { "breakdown_limit", ANY, "breakdownFilter", "breakdown_limit" },
    { "breakdown_group_type_index", ANY, "breakdownFilter", "breakdown_group_type_index" },
    { "breakdown_normalize_url", ANY, "breakdownFilter", "breakdown_normalize_url" },
    { "breakdown_hide_other_aggregation", ANY, "breakdownFilter",
      "breakdown_hide_other_aggregation" },
    { "compare", "TrendsQuery", "compareFilter", "compare" },
    { "compare_to", "TrendsQuery", "compareFilter", "compare_to" },
    { "display", "TrendsQuery", "trendsFilter", "display" },
    { "formula", "TrendsQuery", "trendsFilter", "formula" },
    { "smoothing_intervals", "TrendsQuery", "trendsFilter", "smoothingIntervals" },
    { "show_legend", "TrendsQuery", "trendsFilter", "showLegend" },
    { "show_values_on_series", "TrendsQuery", "trendsFilter", "showValuesOnSeries" },
    { "aggregation_axis_format", "TrendsQuery", "trendsFilter", "aggregationAxisFormat" },
    { "aggregation_axis_prefix", "TrendsQuery", "trendsFilter", "aggregationAxisPrefix" },
    { "aggregation_axis_postfix", "TrendsQuery", "trendsFilter", "aggregationAxisPostfix" },
    { "compare", "StickinessQuery", "compareFilter", "compare" },
    { "display", "StickinessQuery", "stickinessFilter", "display" },
    { "funnel_viz_type", "FunnelsQuery", "funnelsFilter", "funnelVizType" },
    { "funnel_order_type", "FunnelsQuery", "funnelsFilter", "funnelOrderType" },
    { "funnel_window_interval", "FunnelsQuery", "funnelsFilter", "funnelWindowInterval" },
    { "funnel_window_interval_unit", "FunnelsQuery", "funnelsFilter",
      "funnelWindowIntervalUnit" },
    { "funnel_from_step", "FunnelsQuery", "funnelsFilter", "funnelFromStep" },
    { "funnel_to_step", "FunnelsQuery", "funnelsFilter", "funnelToStep" },
    { "funnel_aggregate_by_hogql", "FunnelsQuery", "funnelsFilter", "funnelAggregateByHogQL" },
    { "breakdown_attribution_type", "FunnelsQuery", "funnelsFilter",
      "breakdownAttributionType" },
    { "breakdown_attribution_value", "FunnelsQuery", "funnelsFilter",
      "breakdownAttributionValue" },
    { "bin_count", "FunnelsQuery", "funnelsFilter", "binCount" },
};

/* What a series keeps under its own name. */
static const char *const series_fields[] = { "math", "math_property", "math_hogql",
                                             "math_group_type_index", "custom_name",
                                             "properties" };

static bool says_something(const struct json *v)
{
    if (!v || v->type == JSON_NULL)
        return false;
    if (v->type == JSON_STRING)
        return v->text.n;
    return (v->type != JSON_ARRAY && v->type != JSON_OBJECT) || v->head;
}

/* {"key": value}, before property filters were lists. "key__operator" names an operator too. */
static struct json *property_list(struct arena *a, const struct json *v)
{
    struct json *list = json_new(a, JSON_ARRAY), **tail = &list->head;
    for (const struct json *m = v->head; m; m = m->next) {
        ptrdiff_t at = str_find(m->key, STR("__"));
        struct json *one = json_new(a, JSON_OBJECT);
        json_set(one, STR("key"),
                 json_new_str(a, at > 0 ? str_slice(m->key, 0, (size_t)at) : m->key));
        json_set(one, STR("value"), json_share(a, m));
        if (at > 0)
            json_set(one, STR("operator"),
                     json_new_str(a, str_slice(m->key, (size_t)at + 2, m->key.n)));
        json_set(one, STR("type"), json_new_str(a, STR("event")));
        *tail = one;
        tail = &one->next;
        list->count++;
    }
    return list;
}

static struct json *value_of(struct arena *a, const char *field, const struct json *v)
{
    bool older = strcmp(field, "properties") == 0 && v->type == JSON_OBJECT &&
                 !json_get(v, "values");
    return older ? property_list(a, v) : json_share(a, v);
}

static struct json *series_node(struct arena *a, const struct json *entity, bool action)
{
    struct json *node = json_new(a, JSON_OBJECT);
    const struct json *id = json_get(entity, "id"), *name = json_get(entity, "name");
    json_set(node, STR("kind"), json_new_str(a, action ? STR("ActionsNode") : STR("EventsNode")));
    json_set(node, action ? STR("id") : STR("event"),
             id ? json_share(a, id) : json_new(a, JSON_NULL));
    if (says_something(name))
        json_set(node, STR("name"), json_share(a, name));
    for (size_t i = 0; i < ARRAY_LEN(series_fields); i++) {
        const struct json *v = json_get(entity, series_fields[i]);
        if (says_something(v))
            json_set(node, str_of(series_fields[i]), value_of(a, series_fields[i], v));
    }
    return node;
}

static int64_t order_of(const struct json *entity, int64_t otherwise)
{
    const struct json *v = json_get(entity, "order");
    return v && v->integer ? v->i64 : otherwise;
}

struct ordered {
    struct json *node;
    int64_t order;
};

/* Before those of a higher order, behind equals. */
static void add_series(struct arena *a, struct ordered *list, size_t *n, const struct json *from,
                       bool action)
{
    for (const struct json *m = json_is(from, JSON_ARRAY) ? from->head : NULL; m; m = m->next) {
        struct ordered one = { series_node(a, m, action), order_of(m, (int64_t)*n) };
        size_t at = (*n)++;
        for (; at > 0 && list[at - 1].order > one.order; at--)
            list[at] = list[at - 1];
        list[at] = one;
    }
}

static struct json *series(struct arena *a, const struct json *filters)
{
    const struct json *events = json_get(filters, "events");
    const struct json *actions = json_get(filters, "actions");
    size_t room = (json_is(events, JSON_ARRAY) ? events->count : 0) +
                  (json_is(actions, JSON_ARRAY) ? actions->count : 0), n = 0;
    struct ordered *list = arena_alloc(a, (room + 1) * sizeof(*list));
    add_series(a, list, &n, events, false);
    add_series(a, list, &n, actions, true);
    struct json *out = json_new(a, JSON_ARRAY), **tail = &out->head;
    for (size_t i = 0; i < n; i++) {
        *tail = list[i].node;
        tail = &list[i].node->next;
    }
    out->count = n;
    return out;
}

static struct json *group_of(struct arena *a, struct json *node, const char *name)
{
    struct json *group = (struct json *)(uintptr_t)json_get(node, name);
    if (!group) {
        group = json_new(a, JSON_OBJECT);
        json_set(node, str_of(name), group);
    }
    return group;
}

const struct json *query_of_filters(struct arena *a, const struct json *filters)
{
    str insight = json_get_text(filters, "insight");
    const char *kind = insight.n ? NULL : "TrendsQuery";
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eqz(insight, kinds[i].insight))
            kind = kinds[i].kind;
    struct json *list = kind ? series(a, filters) : NULL;
    if (!list || !list->head)
        return NULL;
    struct json *node = json_new(a, JSON_OBJECT);
    json_set(node, STR("kind"), json_new_str(a, str_of(kind)));
    json_set(node, STR("series"), list);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const struct json *v = json_get(filters, places[i].filter);
        if (!says_something(v) || (places[i].kind && strcmp(places[i].kind, kind) != 0))
            continue;
        struct json *in = places[i].group ? group_of(a, node, places[i].group) : node;
        json_set(in, str_of(places[i].field), value_of(a, places[i].field, v));
    }
    return node;
}
