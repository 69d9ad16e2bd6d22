/* properties.h - property filters, lists and trees of them, as HogQL conditions. */
#pragma once

#include "query/internal.h"

/* The table that the filters are about. */
enum query_property_scope {
    PROPERTIES_OF_EVENTS,
    PROPERTIES_OF_PERSONS,
    PROPERTIES_OF_SESSIONS,
    PROPERTIES_OF_GROUPS,
};

/* filters: a list of filters, a tree {type: AND|OR, values}, one filter, or nothing. *out is NULL when
 * they say nothing. Errors are the documented ones. */
int query_properties(struct query_job *j, enum query_property_scope scope,
                     const struct json *filters, struct hogql_node **out, struct err *e);
/* All that a node has: `properties`, `fixedProperties`, and with filterTestAccounts the project's. */
int query_all_properties(struct query_job *j, enum query_property_scope scope,
                         const struct json *node, struct hogql_node **out, struct err *e);
