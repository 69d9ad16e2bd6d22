/* trends_actors.c - the actors behind a number of a TrendsQuery: which series, period, bucket and value
 * were clicked on. The statement is trends_sql.c's. */
#include "query/actors.h"
#include "query/insight.h"
#include "query/trends.h"

static int read_breakdown(const struct trends *t, const struct json *v, struct trends_point *at,
                          struct err *e)
{
    if (v && !t->breakdown.expression)
        return err_set(e, ERR_INVALID, NULL, "breakdown is given but the query has none");
    if (v && v->type == JSON_ARRAY && v->count != (t->breakdown.list ? t->breakdown.n : 1))
        return query_misfit(e, "source.breakdown", "List should have %zu items", t->breakdown.n);
    at->breakdown = v;
    return 0;
}

/* The bucket that the day lies in. Totals have none: all of the range is behind them. */
static int read_day(const struct trends *t, const struct json *day, struct trends_point *at,
                    struct err *e)
{
    const struct query_dates *d = &t->dates[at->period];
    const int64_t *buckets = t->buckets[at->period];
    size_t n = t->buckets_n[at->period], i = 0;
    at->first = t->display == DISPLAY_TOTAL ? query_dates_start(d) : buckets[0];
    at->newest = t->display == DISPLAY_TOTAL ? d->to : buckets[n - 1];
    at->last = d->to;
    if (!day || t->display == DISPLAY_TOTAL)
        return 0;
    if (day->type != JSON_STRING)
        return query_misfit(e, "source.day", "Input should be a valid string");
    struct query_date date;
    int rc = query_read_date(t->j, "source.day", day->text, &date, e);
    if (rc < 0)
        return rc;
    int64_t bucket = query_dates_floor(d, date.at);
    while (i < n && buckets[i] != bucket)
        i++;
    if (i == n)
        return err_set(e, ERR_INVALID, NULL, "day \"" STR_FMT "\" is not in the query's range",
                       STR_ARG(str_utf8_prefix(day->text, 100)));
    at->first = at->newest = bucket;
    at->last = i + 1 < n ? buckets[i + 1] - 1 : d->to;
    return 0;
}

int query_actors_trends(struct query_job *j, const struct query_click *click,
                        struct query_actors *out, struct err *e)
{
    struct trends t = { .j = j, .node = click->insight };
    struct trends_point at = { .period = click->previous ? PERIOD_PREVIOUS : PERIOD_CURRENT,
                               .recordings = click->recordings };
    int rc = trends_read(&t, e);
    if (rc < 0)
        return rc;
    if (click->series < 0 || (size_t)click->series >= t.series_n)
        return err_set(e, ERR_INVALID, NULL, "series %lld is not in the query",
                       (long long)click->series);
    if (at.period >= t.periods)
        return err_set(e, ERR_INVALID, NULL,
                       "compare is \"previous\" but the query compares no periods");
    at.series = (size_t)click->series;
    rc = read_breakdown(&t, click->breakdown, &at, e);
    if (rc == 0)
        rc = read_day(&t, click->day, &at, e);
    if (rc == 0)
        rc = trends_actors(&t, &at, &out->select, e);
    if (rc == 0) /* those that were looked at */
        query_add_sample(j->arena, t.sample, &out->select);
    out->group_index = rc < 0 ? -1 : trends_group(&t, at.series);
    return rc;
}
