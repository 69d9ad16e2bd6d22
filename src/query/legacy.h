/* legacy.h - the older way of saying an insight: flat `filters`, from before there were query nodes. */
#pragma once

#include "base/arena.h"
#include "json/parse.h"

/* The node that asks the same, in the arena, sharing values with the filters; NULL for an insight
 * that has no such node here (paths), or filters without a series. */
const struct json *query_of_filters(struct arena *a, const struct json *filters);
