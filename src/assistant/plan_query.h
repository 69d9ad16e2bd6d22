/* plan_query.h - the queries of a reading. */
#pragma once

#include "assistant/reading.h"

/* Fills in what the question left open: the stretch of time, the interval, a funnel's window. */
void plan_complete(const struct planner_project *p, struct arena *a, struct reading *r);
/* The insights of a completed reading; at most PLAN_INSIGHTS. */
#define PLAN_INSIGHTS 8
size_t plan_queries(const struct planner_project *p, struct arena *a, const struct reading *r,
                    struct planner_insight out[PLAN_INSIGHTS]);
