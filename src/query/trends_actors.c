/* trends_actors.c - the actors behind a number of a TrendsQuery: which series, period, bucket and value
 * were clicked on. The statement is trends_sql.c's. */
#include "query/actors.h"
#include "query/insight.h"
#include "query/trends.h"

/* The bucket that the day lies in. Totals have none: all of the range is behind them. */
static int read_day(const struct trends *t, const struct query_click *click,
                    struct trends_point *at, struct err *e)
{
    const struct query_dates *d = &t->dates[at->period];
    const int64_t *buckets = t->buckets[at->period];
    size_t n = t->buckets_n[at->period], i;
    at->last = d->to;
    if (t->display == DISPLAY_TOTAL) {
        at->first = query_dates_start(d);
        at->newest = d->to;
        return 0;
    }
    int rc = query_click_bucket(t->j, click, d, buckets, n, &i, e);
    at->first = buckets[i < n ? i : 0];
    at->newest = buckets[i < n ? i : n - 1];
    if (i + 1 < n)
        at->last = buckets[i + 1] - 1;
    return rc;
}

int query_actors_trends(struct query_job *j, const struct query_click *click,
                        struct query_actors *out, struct err *e)
{
    struct trends t = { .j = j, .node = click->insight };
    struct trends_point at = { .period = click->previous ? PERIOD_PREVIOUS : PERIOD_CURRENT,
                               .recordings = click->recordings };
    int rc = trends_read(&t, e);
    if (rc == 0)
        rc = query_click_series(click, t.series_n, e);
    if (rc == 0)
        rc = query_click_period(click, t.periods, e);
    if (rc == 0)
        rc = query_click_breakdown(click, &t.breakdown, &at.breakdown, e);
    if (rc < 0)
        return rc;
    at.series = (size_t)click->series;
    rc = read_day(&t, click, &at, e);
    if (rc == 0)
        rc = trends_actors(&t, &at, &out->select, e);
    if (rc == 0) /* those that were looked at */
        query_add_sample(j->arena, t.sample, &out->select);
    out->group_index = rc < 0 ? -1 : trends_group(&t, at.series);
    return rc;
}
