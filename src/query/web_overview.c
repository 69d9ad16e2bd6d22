/* web_overview.c - WebOverviewQuery: how many came, looked, in how many sessions, how long, and how many
 * left at once; or how many reached a goal. Each beside the period before when that is asked for.
 *
 * A session belongs to the period in which it starts, wherever its events lie; of its events those
 * inside the periods count. Events without a session do not count at all. */
#include <math.h>

#include "query/action.h"
#include "query/insight.h"
#include "query/shape.h"

enum { CURRENT, PREVIOUS, PERIODS };

struct overview {
    struct query_insight q;
    struct query_dates dates[PERIODS];
    unsigned periods;
    struct hogql_node *goal; /* condition on events; NULL: none */
    struct hogql_node *bounce;
    int64_t numerator, denominator; /* of the sample, as it was asked for */
};

/* A number of the answer. */
struct figure {
    const char *key, *kind;
    const char *text;  /* an aggregation over sessions; {inside}: those of the period. NULL: see rate */
    bool additive;     /* a sample stands for more */
    bool increase_bad;
};

static const struct figure plain[] = {
    { "visitors", "unit", "uniqExactIf(person, {inside})", .additive = true },
    { "views", "unit", "sumIf(views, {inside})", .additive = true },
    { "sessions", "unit", "countIf({inside})", .additive = true },
    { "session duration", "duration_s", "avgIf(duration, {inside})" },
    { "bounce rate", "percentage", "avgIf(bounced, {inside})", .increase_bad = true },
};
static const struct figure with_goal[] = {
    { "visitors", "unit", "uniqExactIf(person, {inside})", .additive = true },
    { "total conversions", "unit", "sumIf(conversions, {inside})", .additive = true },
    { "unique conversions", "unit", "uniqExactIf(converted, {inside} and conversions > 0)",
      .additive = true },
    { "conversion rate", "percentage",
      "uniqExactIf(converted, {inside} and conversions > 0) / uniqExactIf(person, {inside})" },
};

static const struct figure *figures(const struct overview *o, size_t *n)
{
    *n = o->goal ? ARRAY_LEN(with_goal) : ARRAY_LEN(plain);
    return o->goal ? with_goal : plain;
}

/* -------------------------------------------------------------------------- request */

static int read_goal(struct overview *o, struct err *e)
{
    struct query_job *j = o->q.j;
    const struct json *goal = NULL;
    struct action action;
    str event = STR_NULL;
    int64_t id = 0;
    int rc = query_get_object(o->q.node, "conversionGoal", &goal, e);
    if (rc < 0 || !goal)
        return rc;
    rc = query_get_text(goal, "customEventName", &event, e);
    if (rc == 0)
        rc = query_get_i64(goal, "actionId", &id, e);
    if (rc < 0)
        return rc;
    if (event.p) {
        o->goal = hogql_compare(j->arena, HOGQL_EQ, hogql_field(j->arena, "event", NULL),
                                hogql_string(j->arena, event));
        return 0;
    }
    if (!id)
        return query_misfit(e, "conversionGoal.actionId", "Field required");
    rc = query_find_action(j, id, &action, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, NULL, "Action ID %lld does not exist!", (long long)id);
    return rc < 0 ? rc : query_action_condition(j, &action, &o->goal, e);
}

/* What a bounce is: one page at most, and a short stay. */
static int read_bounce(struct overview *o, struct err *e)
{
    static const struct {
        const char *mode, *text;
    } modes[] = {
        { "", "session.$pageview_count + session.$screen_count <= 1"
              " and session.$autocapture_count = 0" },
        { "count_pageviews", "session.$pageview_count <= 1 and session.$autocapture_count = 0" },
        { "uniq_urls", "session.$num_uniq_urls <= 1 and session.$autocapture_count = 0" },
        { "uniq_page_screen_autocaptures",
          "session.$pageview_count + session.$screen_count + session.$autocapture_count <= 1" },
    };
    const struct json *modifiers = NULL;
    str mode = STR(""), text = STR_NULL;
    int64_t seconds = 10;
    int rc = query_get_object(o->q.node, "modifiers", &modifiers, e);
    if (rc == 0)
        rc = query_get_text(modifiers, "bounceRatePageViewMode", &mode, e);
    if (rc == 0)
        rc = query_get_i64(modifiers, "bounceRateDurationSeconds", &seconds, e);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (str_eqz(mode, modes[i].mode))
            text = str_of(modes[i].text);
    if (!text.p)
        return query_misfit(e, "modifiers.bounceRatePageViewMode",
                            "Input should be 'count_pageviews', 'uniq_urls' or "
                            "'uniq_page_screen_autocaptures'");
    rc = hogql_parse_expr(o->q.j->arena, text, NULL, &o->bounce, e);
    if (rc == 0)
        o->bounce = hogql_and(o->q.j->arena, o->bounce,
                              hogql_compare(o->q.j->arena, HOGQL_LT,
                                            hogql_field(o->q.j->arena, "session",
                                                        "$session_duration", NULL),
                                            hogql_int(o->q.j->arena, seconds)));
    return rc;
}

/* sampling {enabled, forceSamplingRate {numerator, denominator}}. Without a rate all is counted. */
static int read_sampling(struct overview *o, struct err *e)
{
    const struct json *sampling = NULL, *rate = NULL;
    bool enabled = false;
    o->numerator = 1;
    int rc = query_get_object(o->q.node, "sampling", &sampling, e);
    if (rc == 0)
        rc = query_get_bool(sampling, "enabled", &enabled, e);
    if (rc == 0)
        rc = query_get_object(sampling, "forceSamplingRate", &rate, e);
    if (rc < 0 || !enabled || !rate)
        return rc;
    o->denominator = 1;
    rc = query_get_i64(rate, "numerator", &o->numerator, e);
    if (rc == 0)
        rc = query_get_i64(rate, "denominator", &o->denominator, e);
    if (rc == 0 && (o->numerator < 1 || o->denominator < o->numerator))
        rc = query_misfit(e, "sampling.forceSamplingRate",
                          "numerator / denominator should be greater than 0 and at most 1");
    o->q.sample = (double)o->numerator / (double)(o->denominator ? o->denominator : 1);
    return rc;
}

static int read_dates(struct overview *o, struct err *e)
{
    const struct json *compare = NULL;
    bool asked = false;
    str to = STR_NULL;
    int rc = query_read_days(o->q.j, o->q.node, &o->dates[CURRENT], e);
    if (rc == 0)
        rc = query_get_object(o->q.node, "compareFilter", &compare, e);
    if (rc == 0)
        rc = query_get_bool(compare, "compare", &asked, e);
    if (rc == 0)
        rc = query_get_text(compare, "compare_to", &to, e);
    o->periods = asked && !o->dates[CURRENT].first.all ? 2 : 1;
    if (rc == 0 && o->periods > 1)
        query_dates_previous(&o->dates[CURRENT], to, &o->dates[PREVIOUS]);
    return rc;
}

static int read_request(struct query_job *j, const struct json *node, struct overview *o,
                        struct err *e)
{
    int rc = query_shape_check(&query_shape_web_overview, node, e);
    if (rc == 0)
        rc = query_insight_read(j, node, &o->q, e);
    if (rc == 0)
        rc = read_goal(o, e);
    if (rc == 0)
        rc = read_bounce(o, e);
    if (rc == 0)
        rc = read_sampling(o, e);
    if (rc == 0)
        rc = read_dates(o, e);
    return rc;
}

/* -------------------------------------------------------------------------- statement */

static const char sessions[] =
    "SELECT $session_id AS key, argMin(person_id, timestamp) AS person,"
    " min(session.$start_timestamp) AS started, countIf({view}) AS views,"
    " any(session.$session_duration) AS duration, any({bounce}) AS bounced,"
    " countIf({goal}) AS conversions, argMinIf(person_id, timestamp, {goal}) AS converted"
    " FROM events WHERE {where} GROUP BY key";

static struct hogql_node *inside(const struct overview *o, unsigned period, const char *field)
{
    struct arena *a = o->q.j->arena;
    const struct query_dates *d = &o->dates[period];
    return hogql_and(a,
                     hogql_compare(a, HOGQL_GE, hogql_field(a, field, NULL),
                                   hogql_datetime(a, d->from)),
                     hogql_compare(a, HOGQL_LE, hogql_field(a, field, NULL),
                                   hogql_datetime(a, d->to)));
}

/* Pages, screens and what reaches the goal, in sessions, inside the periods. */
static struct hogql_node *where(const struct overview *o, const struct hogql_node *view)
{
    struct arena *a = o->q.j->arena;
    int64_t from = o->dates[CURRENT].from, to = o->dates[CURRENT].to;
    struct hogql_node *when = NULL;
    struct hogql_node *all = hogql_compare(a, HOGQL_NE, hogql_field(a, "$session_id", NULL),
                                           hogql_string(a, STR("")));
    all = hogql_and(a, all, hogql_or(a, hogql_copy(a, view), hogql_copy(a, o->goal)));
    for (unsigned i = 0; i < o->periods; i++) {
        from = o->dates[i].from < from ? o->dates[i].from : from;
        to = o->dates[i].to > to ? o->dates[i].to : to;
        when = hogql_or(a, when, inside(o, i, "timestamp"));
    }
    if (o->periods > 1) /* one alone is said by the bounds */
        all = hogql_and(a, all, when);
    return query_insight_where(&o->q, from, to, hogql_and(a, all, hogql_copy(a, o->q.filter)));
}

static int add_figure(const struct overview *o, const struct figure *f, unsigned period,
                      struct hogql_node *columns, struct err *e)
{
    struct hogql_node *x;
    struct hogql_placeholder ph[] = { { "inside", inside(o, period, "started") },
                                      { NULL, NULL } };
    int rc = hogql_parse_expr(o->q.j->arena, str_of(f->text), ph, &x, e);
    if (rc == 0)
        hogql_add(o->q.j->arena, columns, x);
    return rc;
}

static int statement(const struct overview *o, struct hogql_node **out, struct err *e)
{
    struct arena *a = o->q.j->arena;
    struct hogql_node *view, *source, *columns = hogql_list(a, HOGQL_LIST);
    size_t n;
    const struct figure *list = figures(o, &n);
    int rc = hogql_parse_expr(a, STR("event in ('$pageview', '$screen')"), NULL, &view, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "view", view },
        { "bounce", o->bounce },
        { "goal", o->goal ? o->goal : hogql_bool(a, false) },
        { "where", where(o, view) },
        { NULL, NULL },
    };
    rc = query_insight_select(&o->q, sessions, ph, &source, e);
    for (unsigned period = 0; period < o->periods; period++)
        for (size_t i = 0; i < n && rc == 0; i++)
            rc = add_figure(o, &list[i], period, columns, e);
    struct hogql_placeholder all[] = { { "columns", columns }, { "source", source },
                                       { NULL, NULL } };
    return rc < 0 ? rc : hogql_parse_select(a, STR("SELECT {columns} FROM {source}"), all, out, e);
}

/* -------------------------------------------------------------------------- result */

/* NaN: there is none. */
static double value_of(const struct overview *o, const struct figure *f, const struct json *v)
{
    if (!json_is(v, JSON_NUMBER) || !isfinite(v->num))
        return NAN;
    if (strcmp(f->kind, "percentage") == 0)
        return v->num * 100;
    return f->additive && o->q.sample < 1 ? v->num / o->q.sample : v->num;
}

static void write_number(struct json_writer *w, const char *key, double v)
{
    json_key(w, key);
    if (v == floor(v) && fabs(v) < 9007199254740992.0)
        json_i64(w, (int64_t)v);
    else
        json_f64(w, v); /* NaN is null */
}

static void write_figure(struct json_writer *w, const struct figure *f, double value,
                         double previous)
{
    json_open(w, '{');
    json_key(w, "key");
    json_z(w, f->key);
    json_key(w, "kind");
    json_z(w, f->kind);
    json_key(w, "isIncreaseBad");
    if (f->increase_bad)
        json_bool(w, true);
    else
        json_null(w);
    write_number(w, "value", value);
    write_number(w, "previous", previous);
    /* SPEC: halves go to the even neighbour. */
    write_number(w, "changeFromPreviousPct",
                 previous == 0 ? NAN : nearbyint(100 * (value - previous) / previous));
    json_close(w, '}');
}

static void write_results(const struct overview *o, const struct json *rows, struct buf *out)
{
    const struct json *values[2 * ARRAY_LEN(plain)] = { 0 };
    size_t n, i = 0;
    const struct figure *list = figures(o, &n);
    struct json_writer w = JSON_WRITER(out);
    for (const struct json *v = rows->head ? rows->head->head : NULL; v && i < o->periods * n;
         v = v->next)
        values[i++] = v;
    json_open(&w, '[');
    for (i = 0; i < n; i++)
        write_figure(&w, &list[i], value_of(o, &list[i], values[i]),
                     o->periods > 1 ? value_of(o, &list[i], values[n + i]) : NAN);
    json_close(&w, ']');
}

static void write_time(struct query_job *j, struct json_writer *w, const char *key, int64_t at)
{
    char text[QUERY_TIME_TEXT];
    json_key(w, key);
    json_str(w, (str){ text, query_time_text(j->calendar.tz, at, text) });
}

static void write_members(const struct overview *o, struct query_result *out)
{
    struct json_writer w = query_members(out);
    write_time(o->q.j, &w, "dateFrom", o->dates[CURRENT].from);
    write_time(o->q.j, &w, "dateTo", o->dates[CURRENT].to);
    json_key(&w, "samplingRate");
    json_open(&w, '{');
    json_key(&w, "numerator");
    json_i64(&w, o->numerator);
    json_key(&w, "denominator");
    if (o->denominator)
        json_i64(&w, o->denominator);
    else
        json_null(&w);
    json_close(&w, '}');
    json_key(&w, "usedPreAggregatedTables");
    json_bool(&w, false);
}

int query_run_web_overview(struct query_job *j, const struct json *node, struct query_result *out,
                           struct err *e)
{
    struct overview o = { 0 };
    struct hogql_node *select;
    const struct json *rows;
    int rc = read_request(j, node, &o, e);
    if (rc == 0)
        rc = statement(&o, &select, e);
    if (rc == 0)
        rc = query_select(j, select, &rows, e);
    if (rc < 0)
        return rc;
    write_results(&o, rows, &out->results);
    write_members(&o, out);
    query_insight_finish(&o.q, select, &o.dates[CURRENT], out);
    return 0;
}
