/* stickiness.c - StickinessQuery: in how many intervals of the range each actor is active, and so
 * how many actors are active in exactly one, in two, and so on.
 *
 * With intervalCount several intervals count as one; the first of them begins with the range. */
#include "base/limits.h"
#include "query/actors.h"
#include "query/insight.h"
#include "query/shape.h"

enum period { CURRENT, PREVIOUS, PERIODS };

struct stickiness {
    struct query_insight q;
    struct query_entity *series;
    size_t series_n;
    int64_t width; /* intervals that count as one */
    bool cumulative;
    bool has_criterion; /* an interval counts when its number of events compares so */
    enum hogql_compare criterion;
    int64_t criterion_value;
    bool compare;
    unsigned periods; /* 2 with compare */
    struct query_dates dates[PERIODS];
    int64_t first[PERIODS]; /* where the first interval begins */
    size_t n[PERIODS];      /* points */
    int64_t **data[PERIODS]; /* of each series: actors by intervals, from 1 */
};

/* -------------------------------------------------------------------------- request */

static bool operator_of(str word, enum hogql_compare *out)
{
    static const struct {
        const char *word;
        enum hogql_compare op;
    } operators[] = { { "gte", HOGQL_GE }, { "lte", HOGQL_LE }, { "exact", HOGQL_EQ } };
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (str_eqz(word, operators[i].word)) {
            *out = operators[i].op;
            return true;
        }
    return false;
}

static int read_criterion(struct stickiness *s, const struct json *filter, struct err *e)
{
    const struct json *criterion = NULL;
    str word = STR_NULL;
    int rc = query_get_object(filter, "stickinessCriteria", &criterion, e);
    if (rc == 0)
        rc = query_get_text(criterion, "operator", &word, e);
    if (rc < 0 || !criterion)
        return rc;
    const struct json *value = json_get(criterion, "value");
    if (!value || value->type == JSON_NULL)
        return query_misfit(e, "stickinessFilter.stickinessCriteria.value", "Field required");
    rc = query_get_i64(criterion, "value", &s->criterion_value, e);
    s->has_criterion = operator_of(word, &s->criterion);
    if (rc == 0 && !s->has_criterion)
        rc = query_misfit(e, "stickinessFilter.stickinessCriteria.operator",
                          "Input should be 'gte', 'lte' or 'exact'");
    return rc;
}

static int read_filter(struct stickiness *s, struct err *e)
{
    const struct json *filter = NULL;
    str computed = STR_NULL;
    int rc = query_get_object(s->q.node, "stickinessFilter", &filter, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_stickiness_filter, filter, e);
    if (rc == 0)
        rc = query_get_text(filter, "computedAs", &computed, e);
    if (rc == 0)
        rc = read_criterion(s, filter, e);
    if (rc < 0)
        return rc;
    s->cumulative = str_eqz(computed, "cumulative");
    if (computed.p && !s->cumulative && !str_eqz(computed, "non_cumulative"))
        return query_misfit(e, "stickinessFilter.computedAs",
                            "Input should be 'non_cumulative' or 'cumulative'");
    return 0;
}

/* A math that says who is counted. What it would make of numbers has no place here. */
static int check_maths(const struct stickiness *s, struct err *e)
{
    static const char *const known[] = { "", "total", "dau", "unique_group", "hogql" };
    for (size_t i = 0; i < s->series_n; i++) {
        bool found = false;
        for (size_t k = 0; k < ARRAY_LEN(known); k++)
            found = found || str_eqz(s->series[i].math_word, known[k]);
        if (!found)
            return err_set(e, ERR_INVALID, NULL,
                           "math \"" STR_FMT "\" is not supported in StickinessQuery",
                           STR_ARG(s->series[i].math_word));
    }
    return 0;
}

static int read_dates(struct stickiness *s, struct err *e)
{
    struct query_dates *d = &s->dates[CURRENT];
    str to;
    int rc = query_read_dates(s->q.j, s->q.node, INTERVAL_DAY, d, e);
    if (rc == 0)
        rc = query_get_compare(s->q.node, &s->compare, &to, e);
    if (rc < 0)
        return rc;
    if (d->interval == INTERVAL_WEEK && s->width > 1)
        return err_set(e, ERR_INVALID, NULL,
                       "IntervalType.WEEK cannot be used with interval_count > 1");
    s->compare = s->compare && !d->first.all;
    s->periods = s->compare ? 2 : 1;
    if (s->compare)
        query_dates_previous(d, to, &s->dates[PREVIOUS]);
    for (unsigned p = 0; p < s->periods && rc == 0; p++) {
        int64_t *buckets;
        size_t n;
        rc = query_dates_buckets(&s->dates[p], s->q.j->arena, &buckets, &n, e);
        if (rc < 0)
            return rc;
        s->first[p] = buckets[0];
        s->n[p] = (n + (size_t)s->width - 1) / (size_t)s->width;
    }
    return 0;
}

static int read_request(struct query_job *j, const struct json *node, struct stickiness *s,
                        struct err *e)
{
    int rc = query_shape_check(&query_shape_stickiness, node, e);
    s->width = 1;
    if (rc == 0)
        rc = query_insight_read(j, node, &s->q, e);
    if (rc == 0)
        rc = query_series_read(j, node, "query.StickinessQuery.series", false, &s->series,
                               &s->series_n,
                               e);
    if (rc == 0)
        rc = check_maths(s, e);
    if (rc == 0)
        rc = query_get_i64(node, "intervalCount", &s->width, e);
    if (rc == 0 && (s->width < 1 || s->width > LIMIT_BUCKETS))
        rc = query_misfit(e, "intervalCount", "Input should be between 1 and %d", LIMIT_BUCKETS);
    if (rc == 0)
        rc = read_filter(s, e);
    if (rc == 0)
        rc = query_insight_refuse_breakdown(&s->q, "StickinessQuery", e);
    return rc < 0 ? rc : read_dates(s, e);
}

/* -------------------------------------------------------------------------- statement */

/* How many slots each actor is active in: bits of a number where they fit. */
static const char slots_as_bits[] =
    "SELECT {actor} AS actor,"
    " bitCount(groupBitOr(bitShiftLeft(_toInt64(1), intDiv({bucket}, {width})))) AS slots"
    " FROM events WHERE {where} GROUP BY actor";
static const char active[] =
    "SELECT {actor} AS actor, intDiv({bucket}, {width}) AS slot FROM events WHERE {where}"
    " GROUP BY actor, slot";
static const char slots_of_active[] =
    "SELECT actor, count() AS slots FROM {source} GROUP BY actor";
static const char counted[] =
    "SELECT {series} AS series, {period} AS period, slots, count() AS actors"
    " FROM {source} GROUP BY slots";

/* Whom the series counts: groups and expressions may be its own. */
static int actor_of(const struct query_insight *q, const struct query_entity *en,
                    struct hogql_node **out, struct err *e)
{
    if (str_eqz(en->math_word, "hogql"))
        return hogql_parse_expr(q->j->arena, en->math_hogql, NULL, out, e);
    *out = query_insight_actor(q);
    return 0;
}

/* SELECT actor, slots of each actor. The placeholders are actor, bucket, width and where. */
static int slots_of(const struct stickiness *s, const struct query_insight *q, enum period period,
                    const struct hogql_placeholder *ph, struct hogql_node **out, struct err *e)
{
    struct arena *a = q->j->arena;
    struct hogql_placeholder of_active[] = { { "source", NULL }, { NULL, NULL } };
    if (!s->has_criterion && s->n[period] <= INSIGHT_BITS)
        return query_insight_select(q, slots_as_bits, ph, out, e);
    int rc = query_insight_select(q, active, ph, &of_active[0].value, e);
    if (rc < 0)
        return rc;
    if (s->has_criterion)
        of_active[0].value->kids[SELECT_HAVING] =
            hogql_compare(a, s->criterion, hogql_call(a, "count", NULL),
                          hogql_int(a, s->criterion_value));
    return query_insight_select(q, slots_of_active, of_active, out, e);
}

static int actors(struct stickiness *s, const struct query_entity *en, enum period period,
                  struct hogql_node **out, struct err *e)
{
    struct query_insight q = s->q;
    struct arena *a = q.j->arena;
    const struct query_dates *d = &s->dates[period];
    struct hogql_node *actor, *bucket;
    if (str_eqz(en->math_word, "unique_group"))
        q.group_index = en->math_group;
    int rc = actor_of(&q, en, &actor, e);
    if (rc == 0)
        rc = query_insight_bucket(&q, d, s->first[period], hogql_field(a, "timestamp", NULL),
                                  &bucket, e);
    if (rc < 0)
        return rc;
    struct hogql_node *more = hogql_and(a, query_insight_entity(&q, en), hogql_copy(a, q.filter));
    if (str_eqz(en->math_word, "hogql")) /* what has no actor is nobody's */
        more = hogql_and(a, more, hogql_compare(a, HOGQL_IS_NOT_NULL, hogql_copy(a, actor),
                                                hogql_null(a)));
    struct hogql_placeholder ph[] = {
        { "actor", actor },
        { "bucket", bucket },
        { "width", hogql_int(a, s->width) },
        { "where", query_insight_where(&q, query_dates_start(d), d->to, more) },
        { NULL, NULL },
    };
    return slots_of(s, &q, period, ph, out, e);
}

static int branch(struct stickiness *s, const struct query_entity *en, enum period period,
                  struct hogql_node **out, struct err *e)
{
    struct hogql_node *source;
    int rc = actors(s, en, period, &source, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "series", hogql_int(s->q.j->arena, (int64_t)en->order) },
        { "period", hogql_int(s->q.j->arena, period) },
        { "source", source },
        { NULL, NULL },
    };
    return query_insight_select(&s->q, counted, ph, out, e);
}

static int statement(struct stickiness *s, struct hogql_node **out, struct err *e)
{
    struct hogql_node *selects = hogql_list(s->q.j->arena, HOGQL_LIST), *select;
    for (size_t i = 0; i < s->series_n; i++)
        for (unsigned p = 0; p < s->periods; p++) {
            int rc = branch(s, &s->series[i], (enum period)p, &select, e);
            if (rc < 0)
                return rc;
            hogql_add(s->q.j->arena, selects, select);
        }
    *out = query_union(s->q.j->arena, selects);
    return 0;
}

/* -------------------------------------------------------------------------- result */

static void make_room(struct stickiness *s)
{
    struct arena *a = s->q.j->arena;
    for (unsigned p = 0; p < s->periods; p++) {
        size_t size = s->n[p] * sizeof(**s->data[p]);
        s->data[p] = arena_alloc(a, (s->series_n + 1) * sizeof(*s->data[p]));
        for (size_t i = 0; i < s->series_n; i++) {
            s->data[p][i] = arena_alloc(a, size);
            memset(s->data[p][i], 0, size);
        }
    }
}

/* [series, period, slots, actors] */
static int take_row(struct stickiness *s, const struct json *row, struct err *e)
{
    int64_t v[4];
    size_t n = 0;
    for (const struct json *m = row->head; m && n < ARRAY_LEN(v); m = m->next)
        v[n++] = m->i64;
    if (n != ARRAY_LEN(v) || v[0] < 0 || (size_t)v[0] >= s->series_n || v[1] < 0 ||
        v[1] >= s->periods || v[2] < 1 || (size_t)v[2] > s->n[v[1]])
        return err_internal(e, "a row of a stickiness has an unknown shape");
    s->data[v[1]][v[0]][v[2] - 1] = query_insight_scaled(&s->q, v[3]);
    return 0;
}

/* "1 day", "2 days"; cumulative "2 days or more". */
static void write_labels(const struct stickiness *s, struct json_writer *w, enum period period)
{
    const char *unit = query_interval_name(s->dates[period].interval);
    json_key(w, "days");
    json_open(w, '[');
    for (size_t i = 1; i <= s->n[period]; i++)
        json_i64(w, (int64_t)i);
    json_close(w, ']');
    json_key(w, "labels");
    json_open(w, '[');
    for (size_t i = 1; i <= s->n[period]; i++)
        json_str(w, arena_printf(s->q.j->arena, "%zu %s%s%s", i, unit, i == 1 ? "" : "s",
                                 s->cumulative ? " or more" : ""));
    json_close(w, ']');
}

static void write_item(const struct stickiness *s, struct json_writer *w, size_t i,
                       enum period period)
{
    const struct query_entity *en = &s->series[i];
    int64_t *data = s->data[period][i], sum = 0;
    for (size_t k = 0; k < s->n[period]; k++)
        sum += data[k];
    for (size_t k = s->n[period]; s->cumulative && k-- > 1;)
        data[k - 1] += data[k];
    json_open(w, '{');
    json_key(w, "action");
    json_open(w, '{');
    query_entity_write(w, en);
    json_close(w, '}');
    json_key(w, "label");
    json_str(w, en->custom_name.n ? en->custom_name : en->label);
    json_key(w, "count");
    json_i64(w, sum);
    json_key(w, "data");
    json_open(w, '[');
    for (size_t k = 0; k < s->n[period]; k++)
        json_i64(w, data[k]);
    json_close(w, ']');
    write_labels(s, w, period);
    if (s->compare) {
        json_key(w, "compare");
        json_bool(w, true);
        json_key(w, "compare_label");
        json_z(w, period == CURRENT ? "current" : "previous");
    }
    json_close(w, '}');
}

static int write_results(struct stickiness *s, const struct json *rows, struct buf *out,
                         struct err *e)
{
    struct json_writer w = JSON_WRITER(out);
    make_room(s);
    for (const struct json *row = rows ? rows->head : NULL; row; row = row->next) {
        int rc = take_row(s, row, e);
        if (rc < 0)
            return rc;
    }
    json_open(&w, '[');
    for (unsigned p = 0; p < s->periods; p++)
        for (size_t i = 0; i < s->series_n; i++)
            write_item(s, &w, i, (enum period)p);
    json_close(&w, ']');
    return 0;
}

int query_run_stickiness(struct query_job *j, const struct json *node, struct query_result *out,
                         struct err *e)
{
    struct stickiness s = { 0 };
    struct hogql_node *select = NULL;
    const struct json *rows = NULL;
    int rc = read_request(j, node, &s, e);
    if (rc == 0)
        rc = statement(&s, &select, e);
    if (rc == 0 && select)
        rc = query_select(j, select, &rows, e);
    if (rc == 0)
        rc = write_results(&s, rows, &out->results, e);
    if (rc == 0)
        query_insight_finish(&s.q, select, &s.dates[CURRENT], out);
    return rc;
}

/* -------------------------------------------------------------------------- actors */

/* How an actor's number of intervals compares to the day that was clicked on. */
static int read_operator(const struct stickiness *s, const struct query_click *click,
                         enum hogql_compare *out, struct err *e)
{
    str word = STR_NULL;
    *out = s->cumulative ? HOGQL_GE : HOGQL_EQ;
    int rc = query_get_text(click->node, "operator", &word, e);
    if (rc == 0 && word.n && !operator_of(word, out))
        rc = query_misfit(e, "source.operator", "Input should be 'gte', 'lte' or 'exact'");
    return rc;
}

static int behind(struct stickiness *s, const struct query_click *click, struct query_actors *out,
                  struct err *e)
{
    struct arena *a = s->q.j->arena;
    const struct query_entity *en = &s->series[click->series];
    enum hogql_compare op;
    int64_t slots = 0;
    struct hogql_node *source;
    int rc = read_operator(s, click, &op, e);
    if (rc == 0)
        rc = query_get_i64(click->node, "day", &slots, e);
    if (rc == 0 && str_eqz(en->math_word, "hogql"))
        rc = err_set(e, ERR_INVALID, NULL, "Actors of math \"hogql\" are not supported: it may "
                                           "count anything");
    if (rc == 0)
        rc = actors(s, en, click->previous ? PREVIOUS : CURRENT, &source, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = { { "source", source }, { NULL, NULL } };
    rc = query_insight_select(&s->q, "SELECT actor AS actor_id, slots AS interval_count"
                                     " FROM {source}", ph, &out->select, e);
    if (rc == 0 && click->day)
        out->select->kids[SELECT_WHERE] =
            hogql_compare(a, op, hogql_field(a, "slots", NULL), hogql_int(a, slots));
    out->group_index = str_eqz(en->math_word, "unique_group") ? en->math_group : s->q.group_index;
    return rc;
}

int query_actors_stickiness(struct query_job *j, const struct query_click *click,
                            struct query_actors *out, struct err *e)
{
    struct stickiness s = { 0 };
    int rc = read_request(j, click->insight, &s, e);
    if (rc == 0)
        rc = query_click_series(click, s.series_n, e);
    if (rc == 0)
        rc = query_click_period(click, s.periods, e);
    if (rc == 0)
        rc = query_click_no_value(click, e);
    return rc < 0 ? rc : behind(&s, click, out, e);
}
