/* trends_sql.c - the statement of a TrendsQuery: for each series and period a SELECT of value by bucket
 * and breakdown, the values beyond the limit folded into one, all of them joined by UNION ALL so that
 * they run side by side. */
#include "base/clock.h"
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

static struct hogql_node *actor(struct branch *b)
{
    const struct query_entity *en = b->entity;
    if (str_eqz(en->math_word, "unique_group"))
        return query_group_column(b->a, en->math_group);
    if (b->t->group_index >= 0)
        return query_group_column(b->a, b->t->group_index);
    return name(b, "person_id");
}

static bool counts_groups(const struct branch *b)
{
    return b->t->group_index >= 0 || str_eqz(b->entity->math_word, "unique_group");
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

/* Events of the entity from `from` to the range's end, with all filters. */
static struct hogql_node *where(struct branch *b, int64_t from)
{
    struct arena *a = b->a;
    struct hogql_node *all = hogql_and(a, at_least(b, from), at_most(b, b->dates->to));
    all = hogql_and(a, all, hogql_copy(a, b->entity->of_event));
    all = hogql_and(a, all, filters(b));
    if (counts_groups(b) && b->entity->math->unique)
        all = hogql_and(a, all, hogql_compare(a, HOGQL_NE, actor(b), hogql_string(a, STR(""))));
    return all;
}

static int expression(struct branch *b, struct hogql_node **out, struct err *e)
{
    const struct query_entity *en = b->entity;
    if (!en->math->text) /* the caller's own expression */
        return hogql_parse_expr(b->a, en->math_hogql, NULL, out, e);
    struct hogql_placeholder ph[] = {
        { "actor", actor(b) },
        { "group", en->math_group >= 0 ? query_group_column(b->a, en->math_group)
                                      : name(b, "person_id") },
        { "value", en->value ? hogql_copy(b->a, en->value) : hogql_null(b->a) },
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
    int rc = expression(b, &x, e);
    if (rc < 0)
        return rc;
    event_keys(b, &s);
    value(b, &s, x, "value");
    s.where = where(b, query_dates_start(b->dates));
    return finish(b, &s, out, e);
}

/* Cumulative displays count an actor once, in its first bucket. */
static int once_each(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct shape in = shape_of(b, NULL), s;
    struct hogql_node *source;
    key(b, &in, actor(b), "actor");
    if (b->t->breakdown.expression)
        key(b, &in, hogql_copy(b->a, b->t->breakdown.expression), "breakdown");
    value(b, &in, hogql_call(b->a, "min", bucket(b), NULL), "bucket");
    in.where = where(b, query_dates_start(b->dates));
    int rc = finish(b, &in, &source, e);
    if (rc < 0)
        return rc;
    s = shape_of(b, source);
    inner_keys(b, &s);
    value(b, &s, hogql_call(b->a, "count", NULL), "value");
    return finish(b, &s, out, e);
}

static int per_actor(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct shape in = shape_of(b, NULL), s;
    struct hogql_node *source, *x;
    int rc = hogql_parse_expr(b->a, str_of(b->entity->math->text), NULL, &x, e);
    if (rc < 0)
        return rc;
    event_keys(b, &in);
    key(b, &in, actor(b), "actor");
    value(b, &in, hogql_call(b->a, "count", NULL), "c");
    in.where = where(b, query_dates_start(b->dates));
    rc = finish(b, &in, &source, e);
    if (rc < 0)
        return rc;
    s = shape_of(b, source);
    inner_keys(b, &s);
    value(b, &s, x, "value");
    return finish(b, &s, out, e);
}

/* Active in the days up to the bucket: each actor's day counts for the buckets after it, too. */
static int sliding(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct shape in = shape_of(b, NULL), s;
    struct hogql_node *source, *moved;
    bool fine = b->dates->interval == INTERVAL_HOUR || b->dates->interval == INTERVAL_MINUTE;
    int64_t step = b->dates->interval == INTERVAL_HOUR ? 3600 : 60, days = b->entity->math->days;
    int64_t start = b->buckets ? query_dates_start(b->dates) : b->dates->to + 1;
    struct hogql_placeholder ph[] = {
        { "step", hogql_int(b->a, step) },
        { "n", hogql_int(b->a, fine ? days * 86400 / step : days) },
        { NULL, NULL },
    };
    str text = fine ? STR("arrayJoin(arrayMap(n -> day + n * {step}, range(0, {n})))")
                    : STR("arrayJoin(arrayMap(n -> addDays(day, n), range(0, {n})))");
    int rc = hogql_parse_expr(b->a, text, ph, &moved, e);
    if (rc < 0)
        return rc;
    if (b->buckets)
        key(b, &in, fine ? bucket(b) : hogql_call(b->a, "toDate", name(b, "timestamp"), NULL),
            "day");
    if (b->t->breakdown.expression)
        key(b, &in, hogql_copy(b->a, b->t->breakdown.expression), "breakdown");
    key(b, &in, actor(b), "actor");
    in.where = where(b, tz_instant(b->dates->calendar.tz,
                                   tz_local(b->dates->calendar.tz, start) -
                                       days * 86400 * CLOCK_SECOND));
    rc = finish(b, &in, &source, e);
    if (rc < 0)
        return rc;
    s = shape_of(b, source);
    if (b->buckets)
        key(b, &s, moved, "bucket");
    if (b->t->breakdown.expression) {
        hogql_add(b->a, s.columns, name(b, "breakdown"));
        hogql_add(b->a, s.group, name(b, "breakdown"));
    }
    rc = hogql_parse_expr(b->a, STR("count(DISTINCT actor)"), NULL, &moved, e);
    value(b, &s, moved, "value");
    return rc < 0 ? rc : finish(b, &s, out, e);
}

/* Actors whose first event it is: the first of that name, or the first that passes the filters. */
static int firsts(struct branch *b, struct hogql_node **out, struct err *e)
{
    struct arena *a = b->a;
    struct shape in = shape_of(b, NULL), s;
    struct hogql_node *source, *passes = filters(b), *time = name(b, "timestamp");
    bool any_first = str_eqz(b->entity->math_word, "first_time_for_user");
    key(b, &in, actor(b), "actor");
    value(b, &in, hogql_call(a, "min", time, NULL), "first_at");
    if (b->buckets)
        value(b, &in, hogql_call(a, "min", bucket(b), NULL), "bucket");
    if (b->t->breakdown.expression)
        value(b, &in,
              hogql_call(a, "argMin", hogql_copy(a, b->t->breakdown.expression), time, NULL),
              "breakdown");
    if (any_first && passes)
        value(b, &in, hogql_call(a, "argMin", passes, time, NULL), "passes");
    in.where = hogql_and(a, hogql_copy(a, b->entity->of_event), at_most(b, b->dates->to));
    if (!any_first)
        in.where = hogql_and(a, in.where, passes);
    int rc = finish(b, &in, &source, e);
    if (rc < 0)
        return rc;
    s = shape_of(b, source);
    inner_keys(b, &s);
    value(b, &s, hogql_call(a, "count", NULL), "value");
    s.where = hogql_compare(a, HOGQL_GE, name(b, "first_at"),
                            hogql_datetime(a, query_dates_start(b->dates)));
    if (any_first && passes)
        s.where = hogql_and(a, s.where, name(b, "passes"));
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
            return sliding(b, out, e);
        break;
    case MATH_AGGREGATE:
        break;
    }
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
    "SELECT breakdown, ifNull(toFloat(value), 0) AS one_number, row_number() OVER (ORDER BY if(breakdown = {none}, 1, 0) ASC,"
    " value DESC, breakdown ASC) AS place FROM {source}";
static const char folded_total[] =
    "SELECT if(place > {limit} and breakdown != {none}, {other}, breakdown) AS label,"
    " sum(one_number) AS value FROM {source} GROUP BY label";

static int limit_values(struct branch *b, struct hogql_node *source, struct hogql_node **out,
                        struct err *e)
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
    return hogql_parse_select(b->a, str_of(b->buckets ? folded : folded_total), ph, out, e);
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
        rc = limit_values(b, source, &source, e);
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

static int add_branch(struct trends *t, size_t i, enum trends_period period,
                      struct hogql_node *set, struct err *e)
{
    struct hogql_node *select;
    struct branch b = { .t = t, .entity = &t->series[i], .dates = &t->dates[period],
                        .period = period, .a = t->j->arena,
                        .buckets = t->display != DISPLAY_TOTAL };
    int rc = branch_select(&b, &select, e);
    if (rc == 0)
        hogql_add(t->j->arena, set, select);
    return rc;
}

int trends_statement(struct trends *t, struct hogql_node **out, struct err *e)
{
    struct arena *a = t->j->arena;
    struct hogql_node *set = hogql_new(a, HOGQL_SET, SET_FIRST);
    for (size_t i = 0; i < t->series_n; i++)
        for (unsigned period = 0; period < t->periods && !t->series[i].missing; period++) {
            int rc = add_branch(t, i, (enum trends_period)period, set, e);
            if (rc < 0)
                return rc;
        }
    uint32_t n = set->n - SET_FIRST;
    *out = n == 0 ? NULL : n == 1 ? set->kids[SET_FIRST] : set;
    str *operators = arena_alloc(a, (n + 1) * sizeof(*operators));
    for (uint32_t i = 0; i < n; i++)
        operators[i] = i ? STR("UNION ALL") : STR("");
    set->names = operators;
    set->names_n = n;
    return 0;
}
