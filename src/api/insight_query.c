/* insight_query.c - see insight_query.h. */
#include "api/insight_query.h"

#include <stdio.h>

#include "api/field.h"
#include "query/query.h"

/* Kinds of query nodes: what a list filters them by, and what a bare one is wrapped in when it is
 * saved, so that clients find the wrapper they expect. */
static const struct kind {
    const char *name, *type, *wrapper;
} kinds[] = {
    { "TrendsQuery", "TRENDS", "InsightVizNode" },
    { "FunnelsQuery", "FUNNELS", "InsightVizNode" },
    { "RetentionQuery", "RETENTION", "InsightVizNode" },
    { "PathsQuery", "PATHS", "InsightVizNode" },
    { "StickinessQuery", "STICKINESS", "InsightVizNode" },
    { "LifecycleQuery", "LIFECYCLE", "InsightVizNode" },
    { "HogQLQuery", "SQL", "DataVisualizationNode" },
    { "EventsQuery", "JSON", NULL },
    { "ActorsQuery", "JSON", NULL },
    { "InsightActorsQuery", "JSON", NULL },
    { "GroupsQuery", "JSON", NULL },
    { "SessionsTimelineQuery", "JSON", NULL },
    { "WebOverviewQuery", "JSON", NULL },
    { "WebStatsTableQuery", "JSON", NULL },
    { "HogQuery", "JSON", NULL },
    { "EventsNode", "JSON", NULL },
    { "PersonsNode", "JSON", NULL },
    { "SavedInsightNode", "JSON", NULL },
};

static const struct kind *kind_of(const struct json *query)
{
    const struct json *source = query_unwrap(query);
    str name = json_get_text(source, "kind");
    for (size_t i = 0; name.p && i < ARRAY_LEN(kinds); i++)
        if (str_eqz(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

int insight_read_query(struct arena *a, const struct json *o, struct insight *i, struct err *e)
{
    const struct json *v = json_get(o, "query");
    if (!v)
        return 0;
    if (v->type == JSON_NULL) {
        i->query = STR_NULL;
        i->type = STR("");
        return 0;
    }
    if (v->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "query", "Query must be a valid JSON object");
    const struct kind *kind = kind_of(v);
    if (!kind) {
        str name = json_get_text(query_unwrap(v), "kind");
        err_set(e, ERR_INVALID, NULL, name.p ? "1 validation error for QuerySchemaRoot: query kind '"
                                               STR_FMT "' matches none of the expected tags"
                                             : "1 validation error for QuerySchemaRoot: unable to "
                                               "extract tag using discriminator 'kind'" STR_FMT,
                STR_ARG(str_utf8_prefix(name, 100)));
        snprintf(e->code, sizeof(e->code), "parse_error");
        return e->kind;
    }
    i->query = json_text_of(a, v);
    if (kind->wrapper && v == query_unwrap(v))
        i->query = arena_printf(a, "{\"kind\":\"%s\",\"source\":" STR_FMT "}",
                                kind->wrapper, STR_ARG(i->query));
    i->type = str_of(kind->type);
    return 0;
}

int insight_read_filters(struct arena *a, const struct json *o, struct insight *i, struct err *e)
{
    const struct json *v = json_get(o, "filters");
    if (!json_truthy(v))
        return 0;
    if (v->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "filters", "Expected a dictionary of items.");
    i->filters = json_text_of(a, v);
    str type = json_get_text(v, "insight");
    if (!i->query.p)
        i->type = type.p ? arena_str(a, str_utf8_prefix(type, 20)) : STR("TRENDS");
    return 0;
}
