/* insight.c - see insight.h. */
#include "query/insight.h"

#include <math.h>

#include "base/clock.h"
#include "query/breakdown.h"
#include "query/properties.h"

/* -------------------------------------------------------------------------- request */

int query_read_sample(const struct json *node, double *out, struct err *e)
{
    const struct json *v = json_get(node, "samplingFactor");
    *out = 1;
    if (!v || v->type == JSON_NULL)
        return 0;
    if (v->type != JSON_NUMBER)
        return query_misfit(e, "samplingFactor", "Input should be a valid number");
    if (!(v->num > 0 && v->num <= 1))
        return query_misfit(e, "samplingFactor",
                            "Input should be greater than 0 and less than or equal to 1");
    *out = v->num;
    return 0;
}

int query_insight_read(struct query_job *j, const struct json *node, struct query_insight *out,
                       struct err *e)
{
    struct query_insight q = { .j = j, .node = node };
    int rc = query_get_group(node, &q.group_index, e);
    if (rc == 0)
        rc = query_read_sample(node, &q.sample, e);
    if (rc == 0)
        rc = query_all_properties(j, PROPERTIES_OF_EVENTS, node, &q.filter, e);
    if (rc == 0)
        *out = q;
    return rc;
}

int query_insight_refuse_breakdown(const struct query_insight *q, const char *kind,
                                   struct err *e)
{
    struct query_breakdown b;
    int rc = query_breakdown_read(q->j, q->node, &b, e);
    if (rc == 0 && b.expression)
        rc = err_set(e, ERR_INVALID, NULL, "breakdownFilter is not supported in %s", kind);
    return rc;
}

int query_insight_refuse_compare(const struct query_insight *q, const char *kind, struct err *e)
{
    bool compare;
    str to;
    int rc = query_get_compare(q->node, &compare, &to, e);
    if (rc == 0 && compare)
        rc = err_set(e, ERR_INVALID, NULL, "compareFilter is not supported in %s", kind);
    return rc;
}

/* -------------------------------------------------------------------------- statement */

struct hogql_node *query_insight_actor(const struct query_insight *q)
{
    return q->group_index < 0 ? hogql_field(q->j->arena, "person_id", NULL)
                              : query_group_column(q->j->arena, q->group_index);
}

struct hogql_node *query_insight_where(const struct query_insight *q, int64_t from, int64_t to,
                                       struct hogql_node *more)
{
    struct arena *a = q->j->arena;
    struct hogql_node *time = hogql_field(a, "timestamp", NULL);
    struct hogql_node *all = hogql_compare(a, HOGQL_LE, time, hogql_datetime(a, to));
    if (from != INT64_MIN)
        all = hogql_and(a, hogql_compare(a, HOGQL_GE, hogql_copy(a, time),
                                         hogql_datetime(a, from)), all);
    all = hogql_and(a, all, more);
    if (q->group_index >= 0)
        all = hogql_and(a, all, hogql_compare(a, HOGQL_NE, query_insight_actor(q),
                                              hogql_string(a, STR(""))));
    return all;
}

struct hogql_node *query_insight_entity(const struct query_insight *q,
                                        const struct query_entity *en)
{
    struct arena *a = q->j->arena;
    return hogql_and(a, hogql_copy(a, en->of_event), hogql_copy(a, en->filter));
}

static bool reads_events(const struct hogql_node *n)
{
    const struct hogql_node *from = n->kind == HOGQL_JOIN ? n->kids[JOIN_SOURCE] : NULL;
    return from && from->kind == HOGQL_FIELD && from->names_n == 1 &&
           str_eqz(from->names[0], "events");
}

struct sampling {
    struct arena *arena;
    double part;
};

static int add_sample(void *cls, struct hogql_node **at)
{
    const struct sampling *s = cls;
    if (!reads_events(*at))
        return 0;
    struct hogql_node *sample = hogql_new(s->arena, HOGQL_SAMPLE, 2);
    sample->kids[0] = hogql_float(s->arena, s->part);
    (*at)->kids[JOIN_SAMPLE] = sample;
    return 0;
}

void query_add_sample(struct arena *a, double part, struct hogql_node **select)
{
    struct sampling s = { a, part };
    if (part < 1)
        (void)hogql_walk(select, add_sample, &s); /* add_sample never fails */
}

int query_insight_select(const struct query_insight *q, const char *text,
                         const struct hogql_placeholder *ph, struct hogql_node **out,
                         struct err *e)
{
    int rc = hogql_parse_select(q->j->arena, str_of(text), ph, out, e);
    if (rc == 0)
        query_add_sample(q->j->arena, q->sample, out);
    return rc;
}

int64_t query_insight_scaled(const struct query_insight *q, int64_t count)
{
    return q->sample < 1 ? llround((double)count / q->sample) : count;
}

/* -------------------------------------------------------------------------- buckets */

static str bucket_text(enum query_interval interval)
{
    switch (interval) {
    case INTERVAL_MINUTE:
        return STR("intDiv(toUnixTimestamp({time}) - {second}, 60)");
    case INTERVAL_HOUR:
        return STR("intDiv(toUnixTimestamp({time}) - {second}, 3600)");
    case INTERVAL_WEEK:
        return STR("intDiv(dateDiff('day', {day}, toDate({time})), 7)");
    case INTERVAL_MONTH:
        return STR("dateDiff('month', {day}, toDate({time}))");
    default:
        return STR("dateDiff('day', {day}, toDate({time}))");
    }
}

int query_insight_bucket(const struct query_insight *q, const struct query_dates *d,
                         int64_t origin, struct hogql_node *time, struct hogql_node **out,
                         struct err *e)
{
    struct arena *a = q->j->arena;
    int64_t local = tz_local(d->calendar.tz, origin);
    bool day = d->interval != INTERVAL_MINUTE && d->interval != INTERVAL_HOUR;
    struct hogql_placeholder ph[] = {
        { "time", time },
        { day ? "day" : "second", day ? hogql_date(a, local / (86400 * CLOCK_SECOND))
                                      : hogql_int(a, origin / CLOCK_SECOND) },
        { NULL, NULL },
    };
    return hogql_parse_expr(a, bucket_text(d->interval), ph, out, e);
}

static void write_texts(const struct query_insight *q, struct json_writer *w, const char *key,
                        const struct query_dates *d, const int64_t *buckets, size_t n,
                        str (*text)(const struct query_dates *, struct arena *, int64_t))
{
    json_key(w, key);
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        json_str(w, text(d, q->j->arena, buckets[i]));
    json_close(w, ']');
}

void query_insight_write_buckets(const struct query_insight *q, struct json_writer *w,
                                 const struct query_dates *d, const int64_t *buckets, size_t n)
{
    write_texts(q, w, "labels", d, buckets, n, query_dates_label);
    write_texts(q, w, "days", d, buckets, n, query_dates_day);
}

void query_insight_finish(const struct query_insight *q, const struct hogql_node *select,
                          const struct query_dates *d, struct query_result *out)
{
    struct json_writer w = query_members(out);
    out->interval = d->interval;
    out->date_to = d->to;
    json_key(&w, "hogql");
    size_t at = out->members.n;
    json_str(&w, select ? hogql_to_text(q->j->arena, select) : STR_NULL);
    if (select)
        out->hogql = query_span_from(out, at);
    if (out->has_more) {
        json_key(&w, "hasMore");
        json_bool(&w, true);
    }
    query_write_dates(&w, d, out);
    query_write_common(q->j, &w);
}
