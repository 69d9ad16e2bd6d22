/* legacy.h - the older way of saying an insight: flat `filters`, from before there were query nodes. */
#pragma once

#include "base/arena.h"
#include "json/parse.h"

/* The node that asks the same, in the arena, sharing values with the filters; NULL for an insight
 * that has no such node here, or filters without a series that need one. */
const struct json *query_of_filters(struct arena *a, const struct json *filters);
/* The node in the words of today: flat filters become one, and so do the first nodes, which had the names
 * of the filters. What is of today already stays as it is. */
const struct json *query_upgrade(struct arena *a, const struct json *node);
