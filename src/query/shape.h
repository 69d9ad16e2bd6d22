/* shape.h - which members the objects of a query may have. A member that nothing reads would give the
 * numbers of another question, so it is an error: one that the protocol does not know is a misfit, one
 * that this server does not do is named as such. What only changes how an answer is drawn passes. */
#pragma once

#include "query/internal.h"

struct query_shape {
    const char *where;   /* how errors name the object: "trendsFilter" */
    const char *known;   /* members, a blank between two; may be there */
    const char *refused; /* members that may only be there when they say nothing: null, false, "", [] */
};

extern const struct query_shape query_shape_trends, query_shape_trends_filter,
    query_shape_lifecycle, query_shape_lifecycle_filter, query_shape_stickiness,
    query_shape_stickiness_filter, query_shape_retention, query_shape_retention_filter,
    query_shape_retention_entity, query_shape_funnels, query_shape_funnels_filter,
    query_shape_paths, query_shape_paths_filter, query_shape_events, query_shape_hogql,
    query_shape_hogql_filters, query_shape_actors, query_shape_insight_actors,
    query_shape_stickiness_actors, query_shape_entity, query_shape_entity_group,
    query_shape_breakdown_filter, query_shape_breakdown, query_shape_compare_filter,
    query_shape_web_overview, query_shape_metadata, query_shape_autocomplete,
    query_shape_schema, query_shape_options,
    query_shape_date_range, query_shape_property, query_shape_property_group,
    query_shape_modifiers;

/* Nodes that are no objects pass: whoever decodes them says what they are. */
int query_shape_check(const struct query_shape *shape, const struct json *node, struct err *e);
