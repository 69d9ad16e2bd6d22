/* insight_query.h - the query of an insight as clients send it: checked, wrapped, and told what lists
 * filter it by. */
#pragma once

#include "json/parse.h"
#include "model/insight.h"

/* The member `query` of o: sets the insight's query and type. Absent: nothing changes. */
int insight_read_query(struct arena *a, const struct json *o, struct insight *i, struct err *e);
/* The member `filters`, the older way of saying a query. Absent or empty: nothing changes. */
int insight_read_filters(struct arena *a, const struct json *o, struct insight *i, struct err *e);
