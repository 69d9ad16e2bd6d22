/* match.h - which row of the route tables a request means. Every request asks, some twice, so that the rows are
 * told apart by two numbers before their paths are compared. */
#pragma once

#include "base/str.h"

struct route;
struct route_index;

/* Path parameters as they stand in the path; resolved later. STR_NULL when not there. */
struct route_match {
    str project, organization, id, sub_id;
};

/* Of the rows of n tables, which must outlive it. Never changes: any thread. */
struct route_index *route_index_new(const struct route *const *tables, size_t n);
void route_index_free(struct route_index *x); /* NULL is allowed */

/* The first row for method and path; m then points into the path. NULL: none; *other is then a row for the path
 * with another method, best one that reads, or NULL. What answers GET answers HEAD: the HTTP library leaves the body
 * out. */
const struct route *route_find(const struct route_index *x, str method, str path,
                               struct route_match *m, const struct route **other);
