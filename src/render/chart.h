/* chart.h - the one description of what is drawn: made from an insight's query and result, drawn as SVG
 * (draw.h) or in characters (text.h). The page has its own in web/src/charts; both show the same.
 *
 * Queries and results come from outside: what does not have the documented shape is CHART_UNKNOWN or
 * CHART_EMPTY. Everything is in the arena; values that are not there are NAN. */
#pragma once

#include "base/arena.h"
#include "json/parse.h"

#define CHART_PALETTE 10 /* colours */

enum chart_kind {
    CHART_EMPTY,     /* nothing matched */
    CHART_UNKNOWN,   /* a kind of result that cannot be drawn: `label` */
    CHART_SERIES,    /* names: buckets; series */
    CHART_NUMBER,    /* label, value, previous */
    CHART_BARS,      /* parts */
    CHART_PIE,       /* parts, none below zero */
    CHART_FUNNEL,    /* names: steps; series: a bar at each step for each group */
    CHART_RETENTION, /* names: columns; series: rows, counts of people */
    CHART_TABLE,     /* names: columns; cells */
    CHART_PATHS,     /* edges */
};

enum chart_form { CHART_LINE, CHART_AREA, CHART_BAR, CHART_STACKED };

/* How an insight wants its values written. */
struct chart_format {
    str name; /* numeric, duration, duration_ms, percentage, percentage_scaled, currency, short */
    str prefix, postfix;
    int decimals, min_decimals; /* decimals -1: not said */
};

struct chart_series {
    str label;
    int color;      /* of the palette */
    bool previous;  /* of the period before */
    double *values; /* chart.name_count of them */
};

struct chart_part {
    str label;
    int color;
    double value;
};

struct chart_edge {
    str from, to; /* without the step */
    int step;     /* of `from`, from 1 */
    double value;
};

struct chart {
    enum chart_kind kind;
    enum chart_form form;
    struct chart_format format;
    str label;
    double value, previous;
    str *names;
    size_t name_count;
    struct chart_series *series;
    size_t series_count;
    struct chart_part *parts;
    size_t part_count;
    struct chart_edge *edges;
    size_t edge_count;
    str **cells; /* row by row, name_count each; STR_NULL: no value */
    bool *numeric; /* by column: its cells are numbers */
    size_t row_count;
    bool more;   /* there are rows beyond these */
    bool open;   /* the last bucket is not over: its values will still grow */
};

struct chart_source {
    const struct json *query;   /* the insight's node, with its wrappers; NULL: none */
    const struct json *filters; /* of older insights; NULL: none */
    str result, columns;        /* JSON; STR_NULL: none */
    bool has_more;
    str timezone; /* of the project */
};

/* NULL-free: whatever comes, a chart of some kind. */
const struct chart *chart_describe(struct arena *a, const struct chart_source *s);

/* The value as the insight wants it, 1,234.5; compact: for an axis, 1.2M. */
str chart_number(struct arena *a, double v, const struct chart_format *f, bool compact);
/* Seconds as at most two units: 2h 5m. */
str chart_duration(struct arena *a, double seconds);
/* A bucket's name on an axis: "9 Jan", "14:00", "Jan 2020"; any other text as it is. */
str chart_bucket(struct arena *a, str bucket, str interval);
/* The largest |value| of all series, of stacks when they are stacked; at least 0. */
void chart_range(const struct chart *c, double *least, double *most);
