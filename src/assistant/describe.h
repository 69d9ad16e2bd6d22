/* describe.h - a reading told to the one who asked. */
#pragma once

#include "assistant/reading.h"

/* "Number of `signed_up` events where `$browser` is Chrome, by `plan`, the last 30 days." */
str describe_reading(const struct planner_project *p, struct arena *a, const struct reading *r);
/* A title for the insight: the same without the stretch of time, shorter. */
str describe_title(const struct planner_project *p, struct arena *a, const struct reading *r);
/* The event's name, "any event" for ANY_EVENT. */
str describe_event(const struct planner_project *p, struct arena *a, int event);
str describe_filter(const struct planner_project *p, struct arena *a, const struct filter *f);
/* What a series counts: "people with `signed_up`". */
str describe_series(const struct planner_project *p, struct arena *a, const struct reading *r,
                    const struct series *s);
const char *describe_unit(enum unit unit);
