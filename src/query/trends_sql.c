/* trends_sql.c - the statement of a TrendsQuery: for each series and period a SELECT of value by bucket
 * and breakdown, the values beyond the limit folded into one, all of them joined by UNION ALL so that
 * they run side by side. And the actors behind one of the values: the same pieces, other columns. */
#include "base/clock.h"
#include "query/insight.h"
#include "query/trends.h"

/* One series in one period. */
struct branch {
    struct trends *t;
    const struct query_entity *entity;
    const struct query_dates *dates;
    enum trends_period period;
    struct arena *a;
    bool buckets; /* over time, not one number */
};

static struct hogql_node *name(struct branch *b, const char *text)
{
    return hogql_field(b->a, text, NULL);
}

static struct hogql_node *as(struct branch *b, struct hogql_node *x, const char *alias)
{
    return hogql_alias(b->a, x, str_of(alias));
}

/* -------------------------------------------------------------------------- pieces */

/* Days, weeks and months are dates; hours and minutes the seconds at which they begin. */
static struct hogql_node *bucket(struct branch *b)
{
    struct arena *a = b->a;
    struct hogql_node *time = name(b, "timestamp");
    switch (b->dates->interval) {
    case INTERVAL_MINUTE:
        return hogql_call(a, "toUnixTimestamp", hogql_call(a, "toStartOfMinute", time, NULL), NULL);
    case INTERVAL_HOUR:
        return hogql_call(a, "toUnixTimestamp", hogql_call(a, "toStartOfHour", time, NULL), NULL);
    case INTERVAL_WEEK:
        return hogql_call(a, "toStartOfWeek", time, NULL);
    case INTERVAL_MONTH:
        return hogql_call(a, "toStartOfMonth", time, NULL);
    default:
        return hogql_call(a, "toDate", time, NULL);
    }
}

int64_t trends_group(const struct trends *t, size_t series)
{
    const struct query_entity *en = &t->series[series];
    return str_eqz(en->math_word, "unique_group") ? en->math_group : t->group_index;
}

static struct hogql_node *actor(struct branch *b)
{
    int64_t group = trends_group(b->t, b->entity->order);
    return group >= 0 ? query_group_column(b->a, group) : name(b, "person_id");
}

static bool counts_groups(const struct branch *b)
{
    return trends_group(b->t, b->entity->order) >= 0;
}

static struct hogql_node *at_least(struct branch *b, int64_t us)
{
    return hogql_compare(b->a, HOGQL_GE, name(b, "timestamp"), hogql_datetime(b->a, us));
}

static struct hogql_node *at_most(struct branch *b, int64_t us)
{
    return hogql_compare(b->a, HOGQL_LE, name(b, "timestamp"), hogql_datetime(b->a, us));
}

static struct hogql_node *filters(struct branch *b)
{
    return hogql_and(b->a, hogql_copy(b->a, b->entity->filter),
                     hogql_copy(b->a, b->t->filter));
}

/* What counts groups leaves out events of none; NULL: nothing to leave out. */
static struct hogql_node *has_actor(struct branch *b)
{
    const struct query_math *m = b->entity->math;
    if (!counts_groups(b) || (!m->unique && m->family != MATH_PER_ACTOR))
        return NULL;
    return hogql_compare(b->a, HOGQL_NE, actor(b), hogql_string(b->a, STR("")));
}

/* What measures sessions leaves out events of none. */
static struct hogql_node *has_session(struct branch *b)
{
    return b->entity->per_session ? hogql_compare(b->a, HOGQL_NE, name(b, "$session_id"),
                                                  hogql_string(b->a, STR("")))
                                  : NULL;
}

/* Events of the entity from `from` to the range's end, with all filters. */
static struct hogql_node *where(struct branch *b, int64_t from)
{
    struct arena *a = b->a;
    struct hogql_node *all = hogql_and(a, at_least(b, from), at_most(b, b->dates->to));
    all = hogql_and(a, all, hogql_copy(a, b->entity->of_event));
    all = hogql_and(a, all, filters(b));
    all = hogql_and(a, all, has_actor(b));
    return hogql_and(a, all, has_session(b));
}

/* What the math makes of the events, or of `numbers` that were made of them (NULL: of the entity's). */
static int expression(struct branch *b, struct hogql_node *numbers, struct hogql_node **out,
                      struct err *e)
{
    const struct query_entity *en = b->entity;
    if (!en->math->text) /* the caller's own expression */
        return hogql_parse_expr(b->a, en->math_hogql, NULL, out, e);
    struct hogql_placeholder ph[] = {
        { "actor", actor(b) },
        { "group", en->math_group >= 0 ? query_group_column(b->a, en->math_group)
                                      : name(b, "person_id") },
        { "value", numbers ? numbers : en->value ? hogql_copy(b->a, en->value) : hogql_null(b->a) },
        { NULL, NULL },
    };
    return hogql_parse_expr(b->a, str_of(en->math->text), ph, out, e);
}

/* -------------------------------------------------------------------------- selects */

/* SELECT columns FROM source WHERE … GROUP BY the columns marked as keys. */
struct shape {
    struct hogql_node *columns, *group;
    struct hogql_node *source; /* NULL: events */
    struct hogql_node *where;
};

static struct shape shape_of(struct branch *b, struct hogql_node *source)
{
    return (struct shape){ hogql_list(b->a, HOGQL_LIST), hogql_new(b->a, HOGQL_GROUP, 0), source,
                           NULL };
}

static void value(struct branch *b, struct shape *s, struct hogql_node *x, const char *alias)
{
    hogql_add(b->a, s->columns, as(b, x, alias));
}

static void key(struct branch *b, struct shape *s, struct hogql_node *x, const char *alias)
{
    value(b, s, x, alias);
    hogql_add(b->a, s->group, name(b, alias));
}

/* bucket and breakdown, as far as the query has them, computed from events. */
static void event_keys(struct branch *b, struct shape *s)
{
    if (b->buckets)
        key(b, s, bucket(b), "bucket");
    if (b->t->breakdown.expression)
        key(b, s, hogql_copy(b->a, b->t->breakdown.expression), "breakdown");
}

/* The same, taken from a subquery that has them. */
static void inner_keys(struct branch *b, struct shape *s)
{
    if (b->buckets) {
        hogql_add(b->a, s->columns, name(b, "bucket"));
        hogql_add(b->a, s->group, name(b, "bucket"));
    }
    if (b->t->breakdown.expression) {
        hogql_add(b->a, s->columns, name(b, "breakdown"));
        hogql_add(b->a, s->group, name(b, "breakdown"));
    }
}

static int finish(struct branch *b, const struct shape *s, struct hogql_node **out, struct err *e)
{
    struct hogql_placeholder ph[] = { { "columns", s->columns },
                                      { "source", s->source },
                                      { NULL, NULL } };
    str text = s->source ? STR("SELECT {columns} FROM {source}")
                         : STR("SELECT {columns} FROM events");
    if (!s->source)
        ph[1] = (struct hogql_placeholder){ NULL, NULL };
    int rc = hogql_parse_select(b->a, text, ph, out, e);
    if (rc < 0)
        return rc;
    (*out)->kids[SELECT_WHERE] = s->where;
    if (s->group->n)
        (*out)->kids[SELECT_GROUP] = s->group;
    return 0;
}

static int aggregate(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct shape s = shape_of(b, NULL);
    struct hogql_node *x;
    int rc = expression(b, NULL, &x, e);
    if (rc < 0)
        return rc;
    event_keys(b, &s);
    value(b, &s, x, "value");
    s.where = where(b, query_dates_start(b->dates));
    return finish(b, &s, out, e);
}

/* x, the value, over the rows that `in` makes. */
static int over(struct branch *b, const struct shape *in, struct hogql_node *x,
                struct hogql_node **out, struct err *e)
{
    struct hogql_node *source;
    int rc = finish(b, in, &source, e);
    if (rc < 0)
        return rc;
    struct shape s = shape_of(b, source);
    inner_keys(b, &s);
    value(b, &s, x, "value");
    return finish(b, &s, out, e);
}

/* Cumulative displays count an actor once, in its first bucket. */
static int once_each(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct shape in = shape_of(b, NULL);
    key(b, &in, actor(b), "actor");
    if (b->t->breakdown.expression)
        key(b, &in, hogql_copy(b->a, b->t->breakdown.expression), "breakdown");
    value(b, &in, hogql_call(b->a, "min", bucket(b), NULL), "bucket");
    in.where = where(b, query_dates_start(b->dates));
    return over(b, &in, hogql_call(b->a, "count", NULL), out, e);
}

static int per_actor(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct shape in = shape_of(b, NULL);
    struct hogql_node *x;
    int rc = hogql_parse_expr(b->a, str_of(b->entity->math->text), NULL, &x, e);
    if (rc < 0)
        return rc;
    event_keys(b, &in);
    key(b, &in, actor(b), "actor");
    value(b, &in, hogql_call(b->a, "count", NULL), "c");
    in.where = where(b, query_dates_start(b->dates));
    return over(b, &in, x, out, e);
}

/* Sessions that have an event there, each with its number once. */
static int per_session(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct arena *a = b->a;
    struct shape in = shape_of(b, NULL);
    struct hogql_node *x;
    int rc = expression(b, name(b, "of_session"), &x, e);
    if (rc < 0)
        return rc;
    event_keys(b, &in);
    key(b, &in, name(b, "$session_id"), "session_key");
    value(b, &in, hogql_call(a, "any", hogql_copy(a, b->entity->value), NULL), "of_session");
    in.where = where(b, query_dates_start(b->dates));
    return over(b, &in, x, out, e);
}

static bool is_fine(const struct branch *b)
{
    return b->dates->interval == INTERVAL_HOUR || b->dates->interval == INTERVAL_MINUTE;
}

/* The bucket that begins at `at`, as bucket() has it. */
static struct hogql_node *bucket_at(struct branch *b, int64_t at)
{
    if (is_fine(b))
        return hogql_int(b->a, at / CLOCK_SECOND);
    return hogql_call(b->a, "toDate", hogql_string(b->a, query_dates_day(b->dates, b->a, at)),
                      NULL);
}

/* Of the days that an actor counts for, those that are buckets of the range. */
static struct hogql_node *is_bucket(struct branch *b)
{
    struct arena *a = b->a;
    const int64_t *at = b->t->buckets[b->period];
    size_t n = b->t->buckets_n[b->period];
    struct hogql_node *all =
        hogql_and(a, hogql_compare(a, HOGQL_GE, name(b, "bucket"), bucket_at(b, at[0])),
                  hogql_compare(a, HOGQL_LE, name(b, "bucket"), bucket_at(b, at[n - 1])));
    if (b->dates->interval == INTERVAL_WEEK)
        all = hogql_and(a, all,
                        hogql_compare(a, HOGQL_EQ,
                                      hogql_call(a, "toStartOfWeek", name(b, "bucket"), NULL),
                                      name(b, "bucket")));
    return all;
}

/* The buckets an event's day or hour counts for: its own and those after it, as far as the window
 * reaches. */
static int moved(struct branch *b, struct hogql_node **out, struct err *e)
{
    int64_t step = b->dates->interval == INTERVAL_HOUR ? 3600 : 60, days = b->entity->math->days;
    struct hogql_placeholder ph[] = {
        { "step", hogql_int(b->a, step) },
        { "n", hogql_int(b->a, is_fine(b) ? days * 86400 / step : days) },
        { NULL, NULL },
    };
    str text = is_fine(b) ? STR("arrayJoin(arrayMap(n -> day + n * {step}, range(0, {n})))")
                          : STR("arrayJoin(arrayMap(n -> addDays(day, n), range(0, {n})))");
    return hogql_parse_expr(b->a, text, ph, out, e);
}

/* The events of the first bucket's window are needed too. */
static int64_t window_start(const struct branch *b)
{
    const struct tz *z = b->dates->calendar.tz;
    int64_t end = b->buckets ? query_dates_floor(b->dates, b->dates->from) : b->dates->to + 1;
    return tz_instant(z, tz_local(z, end) - b->entity->math->days * 86400 * CLOCK_SECOND);
}

/* A number has a bit for each day of the window before the first bucket, and of the range. */
static bool days_fit_bits(const struct branch *b)
{
    size_t days = b->t->buckets_n[b->period] + (size_t)b->entity->math->days;
    return b->buckets && b->dates->interval == INTERVAL_DAY && days <= INSIGHT_BITS;
}

static void inner_breakdown(struct branch *b, struct shape *s)
{
    if (b->t->breakdown.expression)
        key(b, s, name(b, "breakdown"), "breakdown");
}

/* How many actors were active on the same days: active has a bit for each, from the first of the window on. */
static int alike_days(struct branch *b, const struct hogql_placeholder *ph, struct hogql_node **out,
                      struct err *e)
{
    struct shape in = shape_of(b, NULL), s;
    struct hogql_node *source, *x;
    int rc = hogql_parse_expr(b->a, STR("groupBitOr(bitShiftLeft(_toInt64(1), dateDiff('day',"
                                        " {first}, toDate(timestamp)) + {days}))"), ph, &x, e);
    if (rc < 0)
        return rc;
    key(b, &in, actor(b), "actor");
    if (b->t->breakdown.expression)
        key(b, &in, hogql_copy(b->a, b->t->breakdown.expression), "breakdown");
    value(b, &in, x, "active");
    in.where = where(b, window_start(b));
    rc = finish(b, &in, &source, e);
    if (rc < 0)
        return rc;
    s = shape_of(b, source);
    key(b, &s, name(b, "active"), "active");
    inner_breakdown(b, &s);
    value(b, &s, hogql_call(b->a, "count", NULL), "actors");
    return finish(b, &s, out, e);
}

/* The same as sliding: one group for each actor, not for each of his days. */
static int sliding_bits(struct branch *b, struct hogql_node **out, struct err *e)
{
    const int64_t *at = b->t->buckets[b->period];
    int days = b->entity->math->days;
    struct hogql_node *source, *x;
    struct hogql_placeholder ph[] = {
        { "first", bucket_at(b, at[0]) },
        { "last", bucket_at(b, at[b->t->buckets_n[b->period] - 1]) },
        { "days", hogql_int(b->a, days) },
        { "window", hogql_int(b->a, ((int64_t)1 << days) - 1) },
        { NULL, NULL },
    };
    int rc = alike_days(b, ph, &source, e);
    if (rc == 0)
        rc = hogql_parse_expr(b->a, STR("addDays({first}, arrayJoin(arrayFilter(k -> bitAnd("
                                        "bitShiftRight(active, k + 1), {window}) != 0,"
                                        " range(0, dateDiff('day', {first}, {last}) + 1))))"),
                              ph, &x, e);
    if (rc < 0)
        return rc;
    struct shape s = shape_of(b, source);
    key(b, &s, x, "bucket");
    inner_breakdown(b, &s);
    value(b, &s, hogql_call(b->a, "sum", name(b, "actors"), NULL), "value");
    return finish(b, &s, out, e);
}

/* Active in the days up to the bucket: each actor's day counts for the buckets after it, too. */
static int sliding(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct shape in = shape_of(b, NULL), s;
    struct hogql_node *source, *x;
    if (b->buckets)
        key(b, &in, is_fine(b) ? bucket(b) : hogql_call(b->a, "toDate", name(b, "timestamp"), NULL),
            "day");
    if (b->t->breakdown.expression)
        key(b, &in, hogql_copy(b->a, b->t->breakdown.expression), "breakdown");
    key(b, &in, actor(b), "actor");
    in.where = where(b, window_start(b));
    int rc = finish(b, &in, &source, e);
    if (rc == 0)
        rc = moved(b, &x, e);
    if (rc < 0)
        return rc;
    s = shape_of(b, source);
    if (b->buckets) {
        key(b, &s, x, "bucket");
        s.where = is_bucket(b);
    }
    if (b->t->breakdown.expression) {
        hogql_add(b->a, s.columns, name(b, "breakdown"));
        hogql_add(b->a, s.group, name(b, "breakdown"));
    }
    rc = hogql_parse_expr(b->a, STR("count(DISTINCT actor)"), NULL, &x, e);
    if (rc < 0)
        return rc;
    value(b, &s, x, "value");
    return finish(b, &s, out, e);
}

/* Actors whose first event it is: the first of that name, or the first that passes the filters.
 * more: further columns of the source, NULL none. *counts: who counts. */
static int firsts_source(struct branch *b, const struct hogql_node *more, struct hogql_node **out,
                         struct hogql_node **counts, struct err *e)
{
    struct arena *a = b->a;
    struct shape in = shape_of(b, NULL);
    struct hogql_node *passes = filters(b), *time = name(b, "timestamp");
    bool any_first = str_eqz(b->entity->math_word, "first_time_for_user");
    key(b, &in, actor(b), "actor");
    value(b, &in, hogql_call(a, "min", time, NULL), "first_at");
    if (b->buckets)
        value(b, &in, hogql_call(a, "min", bucket(b), NULL), "bucket");
    if (b->t->breakdown.cohorts) /* an actor is in several */
        key(b, &in, hogql_copy(a, b->t->breakdown.expression), "breakdown");
    else if (b->t->breakdown.expression)
        value(b, &in,
              hogql_call(a, "argMin", hogql_copy(a, b->t->breakdown.expression), time, NULL),
              "breakdown");
    if (any_first && passes)
        value(b, &in, hogql_call(a, "argMin", passes, time, NULL), "passes");
    in.where = hogql_and(a, hogql_copy(a, b->entity->of_event), at_most(b, b->dates->to));
    in.where = hogql_and(a, in.where, has_actor(b));
    if (!any_first)
        in.where = hogql_and(a, in.where, passes);
    for (uint32_t i = 0; more && i < more->n; i++)
        hogql_add(a, in.columns, more->kids[i]);
    *counts = any_first && passes ? name(b, "passes") : NULL;
    return finish(b, &in, out, e);
}

static struct hogql_node *first_since(struct branch *b, int64_t us)
{
    return hogql_compare(b->a, HOGQL_GE, name(b, "first_at"), hogql_datetime(b->a, us));
}

static int firsts(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct hogql_node *source, *counts;
    int rc = firsts_source(b, NULL, &source, &counts, e);
    if (rc < 0)
        return rc;
    struct shape s = shape_of(b, source);
    inner_keys(b, &s);
    value(b, &s, hogql_call(b->a, "count", NULL), "value");
    s.where = hogql_and(b->a, first_since(b, query_dates_start(b->dates)), counts);
    return finish(b, &s, out, e);
}

/* A window as long as the interval or shorter counts like dau. */
static bool window_is_dau(const struct branch *b)
{
    enum query_interval interval = b->dates->interval;
    int days = b->entity->math->days;
    return b->buckets && (interval == INTERVAL_MONTH || (interval == INTERVAL_WEEK && days == 7));
}

static int by_family(struct branch *b, struct hogql_node **out, struct err *e)
{
    const struct query_math *m = b->entity->math;
    switch (m->family) {
    case MATH_PER_ACTOR:
        return per_actor(b, out, e);
    case MATH_FIRST:
        return firsts(b, out, e);
    case MATH_WINDOW:
        if (!window_is_dau(b))
            return days_fit_bits(b) ? sliding_bits(b, out, e) : sliding(b, out, e);
        break;
    case MATH_AGGREGATE:
        break;
    }
    if (b->entity->per_session)
        return per_session(b, out, e);
    if (b->t->display == DISPLAY_CUMULATIVE && m->unique)
        return once_each(b, out, e);
    return aggregate(b, out, e);
}

/* -------------------------------------------------------------------------- breakdown limit */

/* Values by their sum; from the limit on they become one. "No value" is not counted among them. */
static const char ranked[] =
    "SELECT breakdown, buckets, numbers,"
    " row_number() OVER (ORDER BY if(breakdown = {none}, 1, 0) ASC, total DESC, breakdown ASC)"
    "   AS place"
    " FROM (SELECT breakdown, groupArray(bucket) AS buckets,"
    "   groupArray(ifNull(toFloat(value), 0)) AS numbers, sum(ifNull(toFloat(value), 0)) AS total"
    "   FROM {source} GROUP BY breakdown)";
static const char folded[] =
    "SELECT if(place > {limit} and breakdown != {none}, {other}, breakdown) AS label,"
    " one_bucket AS bucket, sum(one_number) AS value FROM {source}"
    " ARRAY JOIN buckets AS one_bucket, numbers AS one_number GROUP BY label, bucket";
static const char ranked_total[] =
    "SELECT breakdown, ifNull(toFloat(value), 0) AS one_number,"
    " row_number() OVER (ORDER BY if(breakdown = {none}, 1, 0) ASC,"
    " one_number DESC, breakdown ASC) AS place FROM {source}";
static const char folded_total[] =
    "SELECT if(place > {limit} and breakdown != {none}, {other}, breakdown) AS label,"
    " sum(one_number) AS value FROM {source} GROUP BY label";

static const char beyond[] =
    "SELECT breakdown FROM {source} WHERE place > {limit} and breakdown != {none}";

/* The values in their order of rank, then what text makes of them. */
static int rank_values(struct branch *b, struct hogql_node *source, const char *text,
                       struct hogql_node **out, struct err *e)
{
    const struct query_breakdown *bd = &b->t->breakdown;
    struct hogql_placeholder ph[] = {
        { "source", source },
        { "none", query_breakdown_label(b->a, bd, BREAKDOWN_NONE) },
        { "other", query_breakdown_label(b->a, bd, BREAKDOWN_OTHER) },
        { "limit", hogql_int(b->a, bd->limit) },
        { NULL, NULL },
    };
    struct hogql_node *in_order;
    int rc = hogql_parse_select(b->a, str_of(b->buckets ? ranked : ranked_total), ph, &in_order,
                                e);
    if (rc < 0)
        return rc;
    ph[0].value = in_order;
    return hogql_parse_select(b->a, str_of(text), ph, out, e);
}

/* -------------------------------------------------------------------------- the whole */

/* All branches have the same columns. */
static int branch_select(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct arena *a = b->a;
    struct hogql_node *source;
    bool breakdown = b->t->breakdown.expression != NULL;
    int rc = by_family(b, &source, e);
    if (rc == 0 && breakdown)
        rc = rank_values(b, source, b->buckets ? folded : folded_total, &source, e);
    if (rc < 0)
        return rc;
    struct shape s = shape_of(b, source);
    value(b, &s, hogql_int(a, (int64_t)b->entity->order), "series");
    value(b, &s, hogql_int(a, b->period), "period");
    value(b, &s, hogql_call(a, "toFloat", name(b, "value"), NULL), "number");
    if (b->buckets)
        hogql_add(a, s.columns, name(b, "bucket"));
    if (breakdown)
        hogql_add(a, s.columns, name(b, "label"));
    return finish(b, &s, out, e);
}

static struct branch branch_of(struct trends *t, size_t i, enum trends_period period)
{
    return (struct branch){ .t = t, .entity = &t->series[i], .dates = &t->dates[period],
                            .period = period, .a = t->j->arena,
                            .buckets = t->display != DISPLAY_TOTAL };
}

static int add_branch(struct trends *t, size_t i, enum trends_period period,
                      struct hogql_node *selects, struct err *e)
{
    struct hogql_node *select;
    struct branch b = branch_of(t, i, period);
    int rc = branch_select(&b, &select, e);
    if (rc == 0)
        hogql_add(t->j->arena, selects, select);
    return rc;
}

int trends_statement(struct trends *t, struct hogql_node **out, struct err *e)
{
    struct arena *a = t->j->arena;
    struct hogql_node *selects = hogql_list(a, HOGQL_LIST);
    for (size_t i = 0; i < t->series_n; i++)
        for (unsigned period = 0; period < t->periods && !t->series[i].missing; period++) {
            int rc = add_branch(t, i, (enum trends_period)period, selects, e);
            if (rc < 0)
                return rc;
        }
    *out = query_union(a, selects);
    if (*out)
        query_add_sample(a, t->sample, out);
    return 0;
}

/* The least and the greatest number of each part of the breakdown that has bins, over the events of all
 * series. */
int trends_bins_statement(struct trends *t, struct hogql_node **out, struct err *e)
{
    struct arena *a = t->j->arena;
    struct branch b = { 0 };
    struct hogql_node *any = NULL;
    for (size_t i = 0; i < t->series_n; i++) {
        b = branch_of(t, i, PERIOD_CURRENT);
        any = hogql_or(a, any, where(&b, query_dates_start(b.dates)));
    }
    struct shape s = { hogql_list(a, HOGQL_LIST), hogql_new(a, HOGQL_GROUP, 0), NULL, any };
    for (size_t i = 0; i < t->breakdown.n; i++) {
        const struct query_breakdown_part *part = &t->breakdown.parts[i];
        for (int k = 0; k < 2 && part->bins; k++)
            hogql_add(a, s.columns, hogql_call(a, k ? "max" : "min", hogql_copy(a, part->number),
                                               NULL));
    }
    int rc = any ? finish(&b, &s, out, e) : 0;
    if (rc == 0)
        query_add_sample(a, t->sample, out);
    return rc;
}

/* -------------------------------------------------------------------------- the actors of a value */

/* The expression would make several rows of an event. */
static int of_cohort(struct branch *b, const struct json *v, struct hogql_node **out,
                     struct err *e)
{
    const struct query_breakdown_cohort *c = query_breakdown_cohort_of(&b->t->breakdown, v);
    if (!c)
        return err_set(e, ERR_INVALID, NULL, "The breakdown has no cohort \"" STR_FMT "\"",
                       STR_ARG(v->text));
    *out = query_breakdown_in_cohort(b->a, c);
    return 0;
}

/* That `of` is the breakdown value, or one of those beyond the limit; NULL: any. */
static int of_value(struct branch *b, const struct json *v, struct hogql_node *of,
                    struct hogql_node **out, struct err *e)
{
    struct hogql_node *source;
    *out = NULL;
    if (!v)
        return 0;
    if (b->t->breakdown.cohorts && b->entity->math->family != MATH_FIRST)
        return of_cohort(b, v, out, e);
    if (query_breakdown_rank(&b->t->breakdown, v) != 2) {
        *out = hogql_compare(b->a, HOGQL_EQ, of,
                             query_breakdown_value(b->a, &b->t->breakdown, v));
        return 0;
    }
    int rc = by_family(b, &source, e);
    if (rc == 0)
        rc = rank_values(b, source, beyond, &source, e);
    if (rc == 0)
        *out = hogql_compare(b->a, HOGQL_IN, of, source);
    return rc;
}

/* What is known of an actor's events; and of its first one, as firsts_source gives it. */
static const char seen[] =
    "SELECT count() AS event_count,"
    " arraySlice(arraySort(groupUniqArray(distinct_id)), 1, 100) AS event_distinct_ids,"
    " arraySlice(groupUniqArray(tuple(timestamp, uuid, $session_id, $window_id)), 1, 100)"
    "   AS matching_events";
static const char first_seen[] =
    "SELECT argMin(distinct_id, timestamp) AS first_id,"
    " argMin(tuple(timestamp, uuid, $session_id, $window_id), timestamp) AS first_event";
static const char seen_first[] = "SELECT 1 AS event_count, [first_id] AS event_distinct_ids,"
                                 " [first_event] AS matching_events";

/* Adds the columns of a SELECT; all but the last unless it is wanted, too. */
static int add_columns(struct branch *b, struct hogql_node *columns, const char *text, bool last,
                       struct err *e)
{
    struct hogql_node *select;
    int rc = hogql_parse_select(b->a, str_of(text), NULL, &select, e);
    if (rc < 0)
        return rc;
    const struct hogql_node *list = select->kids[SELECT_COLUMNS];
    for (uint32_t i = 0; i + !last < list->n; i++)
        hogql_add(b->a, columns, list->kids[i]);
    return 0;
}

/* From when on events count for the values of the buckets from `first` on. */
static int64_t actors_since(const struct branch *b, int64_t first, int64_t last)
{
    const struct query_dates *d = b->dates;
    const struct tz *z = d->calendar.tz;
    bool hours = d->interval == INTERVAL_HOUR || d->interval == INTERVAL_MINUTE;
    int64_t days = b->entity->math->days, step = d->interval == INTERVAL_HOUR ? 3600 : 60;
    bool window = b->entity->math->family == MATH_WINDOW && !window_is_dau(b);
    if (b->t->display == DISPLAY_CUMULATIVE)
        first = b->t->buckets[b->period][0];
    if (!window)
        return first > query_dates_start(d) ? first : query_dates_start(d);
    if (b->buckets && hours)
        return first - (days * 86400 - step) * CLOCK_SECOND;
    int64_t end = b->buckets ? tz_local(z, first) + 86400 * CLOCK_SECOND : tz_local(z, last + 1);
    return tz_instant(z, end - days * 86400 * CLOCK_SECOND);
}

/* Until when: a window ends with its bucket's first day. */
static int64_t actors_until(const struct branch *b, const struct trends_point *at)
{
    const struct tz *z = b->dates->calendar.tz;
    int64_t last = at->last;
    bool days = b->dates->interval == INTERVAL_WEEK || b->dates->interval == INTERVAL_MONTH;
    if (b->buckets && days && b->entity->math->family == MATH_WINDOW && !window_is_dau(b))
        last = tz_instant(z, tz_local(z, at->newest) + 86400 * CLOCK_SECOND) - 1;
    return last < b->dates->to ? last : b->dates->to;
}

/* The events that the math takes its number from. */
static struct hogql_node *counted_events(struct branch *b, int64_t since)
{
    struct arena *a = b->a;
    const struct query_entity *en = b->entity;
    struct hogql_node *all = where(b, since);
    if (counts_groups(b) && !en->math->unique)
        all = hogql_and(a, all, hogql_compare(a, HOGQL_NE, actor(b), hogql_string(a, STR(""))));
    if (en->value)
        all = hogql_and(a, all, hogql_compare(a, HOGQL_IS_NOT_NULL, hogql_copy(a, en->value),
                                              hogql_null(a)));
    if (str_eqz(en->math_word, "unique_session"))
        all = hogql_and(a, all, hogql_compare(a, HOGQL_NE, name(b, "$session_id"),
                                              hogql_string(a, STR(""))));
    return all;
}

static int first_actors(struct branch *b, const struct trends_point *at, struct hogql_node *value_is,
                        int64_t since, struct hogql_node **out, struct err *e)
{
    struct hogql_node *source, *counts, *more = hogql_list(b->a, HOGQL_LIST);
    int rc = add_columns(b, more, first_seen, true, e);
    if (rc == 0)
        rc = firsts_source(b, more, &source, &counts, e);
    if (rc < 0)
        return rc;
    struct shape s = shape_of(b, source);
    value(b, &s, name(b, "actor"), "actor_id");
    rc = add_columns(b, s.columns, seen_first, at->recordings, e);
    s.where = hogql_and(b->a, first_since(b, since), counts);
    s.where = hogql_and(b->a, s.where, value_is);
    return rc < 0 ? rc : finish(b, &s, out, e);
}

int trends_actors(struct trends *t, const struct trends_point *at, struct hogql_node **out,
                  struct err *e)
{
    struct branch b = branch_of(t, at->series, at->period);
    bool first = b.entity->math->family == MATH_FIRST;
    struct query_dates dates = *b.dates;
    struct hogql_node *value_is;
    struct hogql_node *of = first ? name(&b, "breakdown")
                                  : hogql_copy(b.a, t->breakdown.expression);
    int rc = of_value(&b, at->breakdown, of, &value_is, e);
    if (rc < 0)
        return rc;
    int64_t since = actors_since(&b, at->first, at->last);
    dates.to = actors_until(&b, at);
    b.dates = &dates;
    if (first)
        return first_actors(&b, at, value_is, since, out, e);
    struct shape s = shape_of(&b, NULL);
    key(&b, &s, actor(&b), "actor_id");
    s.where = hogql_and(b.a, counted_events(&b, since), value_is);
    rc = add_columns(&b, s.columns, seen, at->recordings, e);
    return rc < 0 ? rc : finish(&b, &s, out, e);
}
