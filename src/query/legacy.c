/* legacy.c - see legacy.h. A row of the table says where a flat filter stands in the node; what
 * is not in the table did not change what was asked. */
#include "query/legacy.h"

/* Bits of the kinds that a place is in. */
enum {
    TRENDS = 1 << 0,
    FUNNELS = 1 << 1,
    STICKINESS = 1 << 2,
    LIFECYCLE = 1 << 3,
    RETENTION = 1 << 4,
    PATHS = 1 << 5,
    ALL = (1 << 6) - 1,
    SERIES = ALL & ~(RETENTION | PATHS), /* the others have entities of their own, or none */
    SPLIT = TRENDS | FUNNELS | RETENTION, /* those that have breakdowns */
};

static const struct {
    const char *insight;
    unsigned bit;
    const char *node;
} kinds[] = {
    { "TRENDS", TRENDS, "TrendsQuery" },
    { "FUNNELS", FUNNELS, "FunnelsQuery" },
    { "STICKINESS", STICKINESS, "StickinessQuery" },
    { "LIFECYCLE", LIFECYCLE, "LifecycleQuery" },
    { "RETENTION", RETENTION, "RetentionQuery" },
    { "PATHS", PATHS, "PathsQuery" },
};

static const struct {
    const char *filter;
    unsigned kinds;
    const char *group; /* the object in the node that the field is in; NULL: the node itself */
    const char *field;
} places[] = {
    { "date_from", ALL, "dateRange", "date_from" },
    { "date_to", ALL, "dateRange", "date_to" },
    { "explicit_date", ALL, "dateRange", "explicitDate" },
    { "interval", SERIES, NULL, "interval" },
    { "properties", ALL, NULL, "properties" },
    { "filter_test_accounts", ALL, NULL, "filterTestAccounts" },
    { "sampling_factor", ALL, NULL, "samplingFactor" },
    { "aggregation_group_type_index", ALL, NULL, "aggregation_group_type_index" },
    { "breakdown", SPLIT, "breakdownFilter", "breakdown" },
    { "breakdown_type", SPLIT, "breakdownFilter", "breakdown_type" },
    { "breakdowns", SPLIT, "breakdownFilter", "breakdowns" },
    { "breakdown_limit", SPLIT, "breakdownFilter", "breakdown_limit" },
    { "breakdown_group_type_index", SPLIT, "breakdownFilter", "breakdown_group_type_index" },
    { "breakdown_normalize_url", SPLIT, "breakdownFilter", "breakdown_normalize_url" },
    { "breakdown_hide_other_aggregation", SPLIT, "breakdownFilter",
      "breakdown_hide_other_aggregation" },
    { "compare", TRENDS, "compareFilter", "compare" },
    { "compare_to", TRENDS, "compareFilter", "compare_to" },
    { "display", TRENDS, "trendsFilter", "display" },
    { "formula", TRENDS, "trendsFilter", "formula" },
    { "smoothing_intervals", TRENDS, "trendsFilter", "smoothingIntervals" },
    { "show_legend", TRENDS, "trendsFilter", "showLegend" },
    { "show_values_on_series", TRENDS, "trendsFilter", "showValuesOnSeries" },
    { "aggregation_axis_format", TRENDS, "trendsFilter", "aggregationAxisFormat" },
    { "aggregation_axis_prefix", TRENDS, "trendsFilter", "aggregationAxisPrefix" },
    { "aggregation_axis_postfix", TRENDS, "trendsFilter", "aggregationAxisPostfix" },
    { "compare", STICKINESS, "compareFilter", "compare" },
    { "display", STICKINESS, "stickinessFilter", "display" },
    { "funnel_viz_type", FUNNELS, "funnelsFilter", "funnelVizType" },
    { "funnel_order_type", FUNNELS, "funnelsFilter", "funnelOrderType" },
    { "funnel_window_interval", FUNNELS, "funnelsFilter", "funnelWindowInterval" },
    { "funnel_window_interval_unit", FUNNELS, "funnelsFilter",
      "funnelWindowIntervalUnit" },
    { "funnel_from_step", FUNNELS, "funnelsFilter", "funnelFromStep" },
    { "funnel_to_step", FUNNELS, "funnelsFilter", "funnelToStep" },
    { "funnel_aggregate_by_hogql", FUNNELS, "funnelsFilter", "funnelAggregateByHogQL" },
    { "breakdown_attribution_type", FUNNELS, "funnelsFilter",
      "breakdownAttributionType" },
    { "breakdown_attribution_value", FUNNELS, "funnelsFilter",
      "breakdownAttributionValue" },
    { "bin_count", FUNNELS, "funnelsFilter", "binCount" },
    { "retention_type", RETENTION, "retentionFilter", "retentionType" },
    { "retention_reference", RETENTION, "retentionFilter", "retentionReference" },
    { "period", RETENTION, "retentionFilter", "period" },
    { "total_intervals", RETENTION, "retentionFilter", "totalIntervals" },
    { "target_entity", RETENTION, "retentionFilter", "targetEntity" },
    { "returning_entity", RETENTION, "retentionFilter", "returningEntity" },
    { "cumulative", RETENTION, "retentionFilter", "cumulative" },
    { "minimum_occurrences", RETENTION, "retentionFilter", "minimumOccurrences" },
    { "show_legend", STICKINESS, "stickinessFilter", "showLegend" },
    { "show_values_on_series", STICKINESS, "stickinessFilter", "showValuesOnSeries" },
    { "toggledLifecycles", LIFECYCLE, "lifecycleFilter", "toggledLifecycles" },
    { "include_event_types", PATHS, "pathsFilter", "includeEventTypes" },
    { "paths_hogql_expression", PATHS, "pathsFilter", "pathsHogQLExpression" },
    { "start_point", PATHS, "pathsFilter", "startPoint" },
    { "end_point", PATHS, "pathsFilter", "endPoint" },
    { "step_limit", PATHS, "pathsFilter", "stepLimit" },
    { "edge_limit", PATHS, "pathsFilter", "edgeLimit" },
    { "min_edge_weight", PATHS, "pathsFilter", "minEdgeWeight" },
    { "max_edge_weight", PATHS, "pathsFilter", "maxEdgeWeight" },
    { "path_groupings", PATHS, "pathsFilter", "pathGroupings" },
    { "path_replacements", PATHS, "pathsFilter", "pathReplacements" },
    { "local_path_cleaning_filters", PATHS, "pathsFilter", "localPathCleaningFilters" },
    { "exclude_events", PATHS, "pathsFilter", "excludeEvents" },
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

static struct json *properties_of(struct arena *a, const struct json *v)
{
    bool older = v->type == JSON_OBJECT && !json_get(v, "values");
    return older ? property_list(a, v) : json_share(a, v);
}

/* The entities of a retention held what a series held, too; they keep what tells events apart. */
static struct json *entity_of(struct arena *a, const struct json *v)
{
    static const char *const kept[] = { "id", "name", "custom_name", "type", "properties" };
    struct json *entity = json_new(a, JSON_OBJECT);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const struct json *m = json_get(v, kept[i]);
        if (m && (i == 0 || says_something(m))) /* an id of null is every event */
            json_set(entity, str_of(kept[i]), strcmp(kept[i], "properties") == 0
                                                  ? properties_of(a, m)
                                                  : json_share(a, m));
    }
    return entity;
}

static struct json *value_of(struct arena *a, const char *field, const struct json *v)
{
    if (v->type == JSON_OBJECT &&
        (strcmp(field, "targetEntity") == 0 || strcmp(field, "returningEntity") == 0))
        return entity_of(a, v);
    return strcmp(field, "properties") == 0 ? properties_of(a, v) : json_share(a, v);
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

/* Exclusions of funnels: entities that say between which steps. */
static struct json *exclusions(struct arena *a, const struct json *from)
{
    static const struct {
        const char *filter, *field;
    } ends[] = { { "funnel_from_step", "funnelFromStep" }, { "funnel_to_step", "funnelToStep" } };
    struct json *out = json_new(a, JSON_ARRAY), **tail = &out->head;
    for (const struct json *m = from->head; m; m = m->next, out->count++) {
        struct json *node = series_node(a, m, str_eqz(json_get_text(m, "type"), "actions"));
        for (size_t i = 0; i < ARRAY_LEN(ends); i++)
            if (says_something(json_get(m, ends[i].filter)))
                json_set(node, str_of(ends[i].field), json_share(a, json_get(m, ends[i].filter)));
        *tail = node;
        tail = &node->next;
    }
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
    size_t kind = 0;
    while (insight.n && kind < ARRAY_LEN(kinds) && !str_eqz(insight, kinds[kind].insight))
        kind++;
    if (kind == ARRAY_LEN(kinds))
        return NULL;
    struct json *node = json_new(a, JSON_OBJECT);
    json_set(node, STR("kind"), json_new_str(a, str_of(kinds[kind].node)));
    if (kinds[kind].bit & SERIES) {
        struct json *list = series(a, filters);
        if (!list->head)
            return NULL;
        json_set(node, STR("series"), list);
    }
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const struct json *v = json_get(filters, places[i].filter);
        if (!says_something(v) || !(places[i].kinds & kinds[kind].bit))
            continue;
        struct json *in = places[i].group ? group_of(a, node, places[i].group) : node;
        json_set(in, str_of(places[i].field), value_of(a, places[i].field, v));
    }
    const struct json *excluded = json_get(filters, "exclusions");
    if (kinds[kind].bit == FUNNELS && json_is(excluded, JSON_ARRAY) && excluded->head)
        json_set(group_of(a, node, "funnelsFilter"), STR("exclusions"), exclusions(a, excluded));
    return node;
}

/* -------------------------------------------------------------------------- older nodes */

/* The first nodes had the names of the flat filters in their objects, and `compare` in another one. */
static void upgrade_group(struct arena *a, struct json *node, unsigned kind,
                          const struct json *group)
{
    for (const struct json *m = group->head; m; m = m->next) {
        const char *in = NULL, *field = NULL;
        for (size_t i = 0; i < ARRAY_LEN(places) && !field; i++)
            if (places[i].group && places[i].kinds & kind && str_eqz(m->key, places[i].filter)) {
                in = places[i].group;
                field = places[i].field;
            }
        struct json *to = group_of(a, node, in ? in : arena_z(a, group->key));
        str name = field ? str_of(field) : m->key;
        if (!json_get_str(to, name))
            json_set(to, name, json_share(a, m));
    }
    (void)group_of(a, node, arena_z(a, group->key));
}

const struct json *query_upgrade(struct arena *a, const struct json *node)
{
    static const char *const groups[] = { "trendsFilter", "funnelsFilter", "stickinessFilter",
                                          "lifecycleFilter", "retentionFilter", "pathsFilter",
                                          "breakdownFilter", "compareFilter", "dateRange" };
    str name = json_get_text(node, "kind");
    if (!json_is(node, JSON_OBJECT))
        return node;
    if (!name.p) {
        const struct json *made = query_of_filters(a, node);
        return made ? made : node;
    }
    unsigned kind = 0;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eqz(name, kinds[i].node))
            kind = kinds[i].bit;
    struct json *out = json_new(a, JSON_OBJECT);
    for (const struct json *m = node->head; m; m = m->next) {
        bool group = false;
        for (size_t i = 0; i < ARRAY_LEN(groups) && kind; i++)
            group = group || (str_eqz(m->key, groups[i]) && m->type == JSON_OBJECT);
        if (group)
            upgrade_group(a, out, kind, m);
        else if (str_eqz(m->key, "source"))
            json_set(out, m->key, json_share(a, query_upgrade(a, m)));
        else if (!json_get_str(out, m->key))
            json_set(out, m->key, json_share(a, m));
    }
    return out;
}
