/* internal.h - what the files that describe charts share. */
#pragma once

#include <math.h>

#include "render/chart.h"

struct describing {
    struct arena *a;
    const struct chart_source *s;
    const struct json *outer, *source; /* the node, and without its wrappers */
    const struct json *result;         /* parsed; NULL: none */
    const struct json *filter;         /* the kind's own: trendsFilter, …; NULL: none */
    struct chart *out;
};

void chart_trends(struct describing *d);
void chart_stickiness(struct describing *d);
void chart_lifecycle(struct describing *d);
void chart_funnel(struct describing *d);
void chart_retention(struct describing *d);
void chart_paths(struct describing *d);
void chart_rows(struct describing *d);

/* A member of the kind's filter, or of an older insight's filters; NULL: neither has it. */
const struct json *chart_option(const struct describing *d, const char *name);
str chart_option_text(const struct describing *d, const char *name);
/* A number, or a text that is one; NAN. */
double chart_num(const struct json *v);
/* Room for so many series, each with a value (NAN) for each of the chart's names. */
void chart_make_series(struct describing *d, size_t series, size_t names);
/* The texts of a list as names of the chart: buckets, columns. */
void chart_make_names(struct describing *d, const struct json *list);
/* Copies a list of numbers into a series. */
void chart_take_values(const struct describing *d, struct chart_series *to, const struct json *list);
/* "Page view" for $pageview. */
str chart_event(str name);
/* A breakdown's value in words. */
str chart_breakdown(struct arena *a, const struct json *v);
/* A series that has values other than 0. */
bool chart_any(const struct chart *c);
