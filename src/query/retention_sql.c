/* retention_sql.c - the statement of a RetentionQuery: what each actor did in each interval, out
 * of that each actor's starts and returns, out of those the pairs of a start and a value.
 *
 * Where an actor's intervals fit into the bits of a number and nothing else of them is asked,
 * they are kept so: several times as fast as lists, and actors who did the same are counted
 * together. */
#include "base/clock.h"
#include "query/retention.h"

#define BEFORE (-1) /* the number of all intervals before the range together */

/* How an actor's start looks: its interval alone, or a tuple that begins with it. */
struct shape {
    struct retention *r;
    struct arena *a;
    struct hogql_node *start; /* of the inner columns */
    int label, time, passed, held; /* places in the tuple, from 1; 0: not in it */
};

static struct hogql_node *name(const struct shape *s, const char *text)
{
    return hogql_field(s->a, text, NULL);
}

/* -------------------------------------------------------------------------- events */

static struct hogql_node *since_first(const struct shape *s, struct hogql_node *more)
{
    struct hogql_node *inside = hogql_compare(s->a, HOGQL_GE, name(s, "timestamp"),
                                              hogql_datetime(s->a, s->r->dates.from));
    return hogql_and(s->a, inside, more);
}

static struct hogql_node *or_true(const struct shape *s, struct hogql_node *x)
{
    return x ? x : hogql_bool(s->a, true);
}

/* Filters of the whole query apply to each event but to find the very first one. */
static bool filters_apart(const struct shape *s)
{
    return s->r->type == RETENTION_FIRST_EVER;
}

/* What begins: target events; to find the very first one, whatever else they are. */
static struct hogql_node *is_target(const struct shape *s)
{
    const struct retention *r = s->r;
    return filters_apart(s) ? hogql_copy(s->a, r->target.of_event)
                            : query_insight_entity(&r->q, &r->target);
}

static struct hogql_node *passes(const struct shape *s)
{
    const struct retention *r = s->r;
    return hogql_and(s->a, query_insight_entity(&r->q, &r->target),
                     hogql_copy(s->a, r->q.filter));
}

static struct hogql_node *is_return(const struct shape *s)
{
    const struct retention *r = s->r;
    struct hogql_node *x = query_insight_entity(&r->q, &r->returning);
    if (filters_apart(s))
        x = hogql_and(s->a, x, hogql_copy(s->a, r->q.filter));
    return r->type == RETENTION_RECURRING ? x : since_first(s, x);
}

static struct hogql_node *where(const struct shape *s)
{
    const struct retention *r = s->r;
    struct hogql_node *target = is_target(s), *come = is_return(s);
    struct hogql_node *either = target && come ? target : NULL; /* else all of them */
    if (either && !hogql_same(target, come))
        either = hogql_or(s->a, target, come);
    if (!filters_apart(s))
        either = hogql_and(s->a, either, hogql_copy(s->a, r->q.filter));
    int64_t from = r->type == RETENTION_RECURRING ? r->dates.from : INT64_MIN;
    return query_insight_where(&r->q, from, r->dates.to, either);
}

static int add_column(const struct shape *s, struct hogql_node *list, const char *text,
                      const struct hogql_placeholder *ph, struct err *e)
{
    struct hogql_node *x;
    int rc = hogql_parse_expr(s->a, str_of(text), ph, &x, e);
    if (rc == 0)
        hogql_add(s->a, list, x);
    return rc;
}

/* SPEC: returns in the interval of the start add to value 0 if they are of another event than
 * starts are, and come after the first of those; of the same event they are starts themselves. */
static bool returns_at_once(const struct retention *r)
{
    return strcmp(r->target.type, r->returning.type) != 0 ||
           r->target.action != r->returning.action ||
           !str_eq(r->target.event, r->returning.event);
}

/* Of an actor in an interval: how often it started and came; with a breakdown the value at its
 * first start (the least of several at one instant); with windows when it started and all times
 * it came; with a property what the starts and the returns have of it. */
static int slot_columns(const struct shape *s, struct hogql_node *list, struct err *e)
{
    struct hogql_placeholder ph[] = {
        { "target", or_true(s, is_target(s)) },
        { "passes", or_true(s, passes(s)) },
        { "returns", or_true(s, is_return(s)) },
        { "label", s->label ? s->r->breakdown.expression : hogql_null(s->a) },
        { "value", s->held ? s->r->value : hogql_null(s->a) },
        { NULL, NULL },
    };
    int rc = add_column(s, list, "countIf({target}) AS starts", ph, e);
    if (rc == 0)
        rc = add_column(s, list, s->r->windows ? "groupArrayIf(timestamp, {returns}) AS visits"
                                               : "countIf({returns}) AS visits", ph, e);
    if (rc == 0 && s->label)
        rc = add_column(s, list, "tupleElement(minIf(tuple(timestamp, {label}), {passes}), 2)"
                                 " AS label", ph, e);
    if (rc == 0 && s->time)
        rc = add_column(s, list, "minIf(timestamp, {target}) AS begun", ph, e);
    if (rc == 0 && s->passed)
        rc = add_column(s, list, "minIf(timestamp, {target}) = minIf(timestamp, {passes})"
                                 " AS passed", ph, e);
    if (rc == 0 && s->held)
        rc = add_column(s, list, "sumIf({value}, {passes}) AS own", ph, e);
    if (rc == 0 && s->held)
        rc = add_column(s, list, "sumIf({value}, {returns}) AS brought", ph, e);
    if (rc == 0 && s->held && returns_at_once(s->r))
        rc = add_column(s, list, "minIf(timestamp, {passes}) AS began_at", ph, e);
    if (rc == 0 && s->held && returns_at_once(s->r))
        rc = add_column(s, list, "groupArrayIf(tuple(timestamp, {value}), {returns}) AS back", ph,
                        e);
    return rc;
}

static int by_slot(const struct shape *s, struct hogql_node **out, struct err *e)
{
    const struct retention *r = s->r;
    struct hogql_node *slot, *columns = hogql_list(s->a, HOGQL_LIST);
    int rc = query_insight_bucket(&r->q, &r->dates, r->dates.from, name(s, "timestamp"), &slot, e);
    if (rc == 0)
        rc = slot_columns(s, columns, e);
    if (rc < 0)
        return rc;
    if (r->type != RETENTION_RECURRING)
        slot = hogql_call(s->a, "if", since_first(s, NULL), slot, hogql_int(s->a, BEFORE), NULL);
    struct hogql_placeholder ph[] = {
        { "actor", query_insight_actor(&r->q) },
        { "slot", slot },
        { "columns", columns },
        { "where", where(s) },
        { NULL, NULL },
    };
    return query_insight_select(&r->q, "SELECT {actor} AS actor, {slot} AS slot, {columns}"
                                       " FROM events WHERE {where} GROUP BY actor, slot",
                                ph, out, e);
}

/* -------------------------------------------------------------------------- actors */

static struct hogql_node *part(const struct shape *s, struct hogql_node *of, int place)
{
    return s->start->kind == HOGQL_TUPLE
               ? hogql_call(s->a, "tupleElement", of, hogql_int(s->a, place), NULL)
               : of;
}

static int begun(const struct shape *s, struct hogql_node **out, struct err *e)
{
    struct hogql_node *x = name(s, "x");
    struct hogql_node *counts = hogql_compare(s->a, HOGQL_GE, part(s, x, 1), hogql_int(s->a, 0));
    if (s->passed)
        counts = hogql_and(s->a, counts, part(s, x, s->passed));
    struct hogql_placeholder ph[] = {
        { "start", s->start }, { "counts", counts }, { NULL, NULL }
    };
    str text = STR("groupArrayIf({start}, starts > 0)");
    if (s->r->type != RETENTION_RECURRING) /* the first, if it is in the range */
        text = STR("arrayFilter(x -> {counts},"
                   " arraySlice(arraySort(groupArrayIf({start}, starts > 0)), 1, 1))");
    return hogql_parse_expr(s->a, text, ph, out, e);
}

static int by_actor(const struct shape *s, struct hogql_node *source, struct hogql_node **out,
                    struct err *e)
{
    struct hogql_node *starts, *came;
    struct hogql_placeholder least[] = { { "least", hogql_int(s->a, s->r->least) },
                                         { NULL, NULL } };
    int rc = begun(s, &starts, e);
    if (rc == 0)
        rc = hogql_parse_expr(s->a,
                              s->r->windows ? STR("arrayFlatten(groupArray(visits))")
                              : s->held
                                  ? STR("groupArrayIf(tuple(slot, brought), visits >= {least})")
                                  : STR("groupArrayIf(slot, visits >= {least})"),
                              least, &came, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "starts", starts }, { "came", came }, { "source", source }, { NULL, NULL }
    };
    return query_insight_select(&s->r->q, "SELECT actor, {starts} AS began, {came} AS came"
                                          " FROM {source}"
                                          " GROUP BY actor", ph, out, e);
}

/* -------------------------------------------------------------------------- pairs */

/* In microseconds. A month of windows has 30 days. */
static int64_t window_length(enum query_interval interval)
{
    const int64_t hour = 3600 * CLOCK_SECOND;
    switch (interval) {
    case INTERVAL_HOUR:
        return hour;
    case INTERVAL_WEEK:
        return 7 * 24 * hour;
    case INTERVAL_MONTH:
        return 30 * 24 * hour;
    default:
        return 24 * hour;
    }
}

/* Each start by itself, and how many intervals after it each return was. */
static int by_start(const struct shape *s, struct hogql_node *source, struct hogql_node **out,
                    struct err *e)
{
    struct hogql_placeholder ph[] = {
        { "source", source },
        { "start", part(s, name(s, "one"), 1) },
        { "label", s->label ? part(s, name(s, "one"), s->label) : hogql_string(s->a, STR("")) },
        { "begun", s->time ? part(s, name(s, "one"), s->time) : hogql_null(s->a) },
        { "reach", hogql_int(s->a, s->r->reach) },
        { "length", hogql_int(s->a, window_length(s->r->dates.interval)) },
        { "held", s->held ? part(s, name(s, "one"), s->held) : hogql_null(s->a) },
        { NULL, NULL },
    };
    return query_insight_select(
        &s->r->q,
        s->held
            ? "SELECT actor, {start} AS start, {label} AS label, {held} AS held,"
              " arrayFilter(x -> tupleElement(x, 1) > 0 and tupleElement(x, 1) <= {reach},"
              " arrayMap(t -> tuple(tupleElement(t, 1) - {start}, tupleElement(t, 2)), came))"
              " AS after"
              " FROM (SELECT actor, arrayJoin(began) AS one, came FROM {source})"
        : s->r->windows
            ? "SELECT actor, {start} AS start, {label} AS label,"
              " arrayFilter(k -> k > 0 and k <= {reach},"
              " arrayMap(t -> intDiv(dateDiff('microsecond', {begun}, t), {length}),"
              " arrayFilter(t -> t >= {begun}, came))) AS after, 1 AS actors"
              " FROM (SELECT actor, arrayJoin(began) AS one, came FROM {source})"
            : "SELECT actor, {start} AS start, {label} AS label,"
              " arrayFilter(k -> k > 0 and k <= {reach},"
              " arrayMap(t -> t - {start}, came)) AS after, 1 AS actors"
              " FROM (SELECT actor, arrayJoin(began) AS one, came FROM {source})",
        ph, out, e);
}

/* [1, 2, 2, 3, 3, 3]: the value that holds each interval after the start. */
static struct hogql_node *value_of_interval(const struct shape *s)
{
    struct hogql_node *list = hogql_list(s->a, HOGQL_ARRAY);
    for (size_t i = 1; i < s->r->values_n; i++)
        for (int64_t k = 0; k < s->r->widths[i]; k++)
            hogql_add(s->a, list, hogql_int(s->a, (int64_t)i));
    return list;
}

/* The values that a start counts in, each once, as a list; 0 always. */
static int value_list(const struct shape *s, struct hogql_node **out, struct err *e)
{
    const struct retention *r = s->r;
    struct hogql_placeholder ph[] = {
        { "after", name(s, "after") },
        { "least", hogql_int(s->a, r->least) },
        { "places", value_of_interval(s) },
        { NULL, NULL },
    };
    struct hogql_node *list = ph[0].value;
    int rc = 0;
    if (r->windows)
        rc = hogql_parse_expr(s->a,
                              STR("arrayFilter(k -> countEqual(after, k) >= {least},"
                                  " arrayDistinct(after))"),
                              ph, &list, e);
    ph[0].value = list;
    if (rc == 0 && r->reach > (int64_t)r->values_n - 1) /* brackets */
        rc = hogql_parse_expr(s->a,
                              STR("arrayDistinct(arrayMap(k -> arrayElement({places}, k),"
                                  " {after}))"),
                              ph, &list, e);
    if (rc < 0)
        return rc;
    ph[0].value = list;
    return hogql_parse_expr(s->a, STR("arrayPushFront({after}, 0)"), ph, out, e);
}

/* One of them in each row; with cumulative the last. */
static int values(const struct shape *s, struct hogql_node **out, struct err *e)
{
    struct hogql_node *list;
    int rc = value_list(s, &list, e);
    if (rc == 0)
        *out = hogql_call(s->a, s->r->cumulative ? "arrayMax" : "arrayJoin", list, NULL);
    return rc;
}

/* Each start holds its own part of the property, each of its values that of the returns in it. An
 * actor that came in several intervals of a bracket is one. */
static int pairs_with_totals(const struct shape *s, struct hogql_node *source,
                             struct hogql_node **out, struct err *e)
{
    struct hogql_node *places = value_of_interval(s);
    if (!places->n) /* an empty list has no type */
        hogql_add(s->a, places, hogql_int(s->a, 0));
    struct hogql_placeholder ph[] = {
        { "places", places }, { "source", source }, { NULL, NULL }
    };
    int rc = query_insight_select(
        &s->r->q,
        "SELECT actor, start, label, arrayJoin(arrayPushFront(arrayMap(x ->"
        " tuple(_toInt64(arrayElement({places}, tupleElement(x, 1))), tupleElement(x, 2)), after),"
        " tuple(_toInt64(0), held))) AS one FROM {source}",
        ph, &source, e);
    if (rc < 0)
        return rc;
    ph[1].value = source;
    return query_insight_select(
        &s->r->q,
        s->label ? "SELECT start, tupleElement(one, 1) AS k, uniqExact(actor) AS actors,"
                   " sum(tupleElement(one, 2)) AS total, label FROM {source}"
                   " GROUP BY start, k, label"
                 : "SELECT start, tupleElement(one, 1) AS k, uniqExact(actor) AS actors,"
                   " sum(tupleElement(one, 2)) AS total FROM {source} GROUP BY start, k",
        ph, out, e);
}

static int pairs(const struct shape *s, struct hogql_node *source, struct hogql_node **out,
                 struct err *e)
{
    if (s->held)
        return pairs_with_totals(s, source, out, e);
    struct hogql_node *k = NULL;
    int rc = values(s, &k, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = { { "source", source }, { "k", k }, { NULL, NULL } };
    return query_insight_select(&s->r->q, s->label
                                              ? "SELECT start, {k} AS k, sum(actors) AS actors,"
                                                " 0 AS total, label FROM {source}"
                                                " GROUP BY start, k, label"
                                              : "SELECT start, {k} AS k, sum(actors) AS actors,"
                                                " 0 AS total FROM {source} GROUP BY start, k",
                                ph, out, e);
}

/* -------------------------------------------------------------------------- bits */

static bool fits_bits(const struct retention *r)
{
    return r->n <= INSIGHT_BITS && !r->windows && r->least == 1 && !r->breakdown.expression &&
           r->aggregation == RETENTION_COUNT;
}

/* A number with the bit of the interval that `time` is in. */
static int bit_of(const struct shape *s, const char *time, struct hogql_node **out, struct err *e)
{
    const struct retention *r = s->r;
    struct hogql_node *slot;
    int rc = query_insight_bucket(&r->q, &r->dates, r->dates.from, name(s, time), &slot, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "slot", slot }, { "inside", since_first(s, NULL) }, { NULL, NULL }
    };
    /* No number can be shifted by less than nothing: what came before the range has no bit. */
    bool before = r->type != RETENTION_RECURRING && strcmp(time, "timestamp") == 0;
    return hogql_parse_expr(s->a, before ? STR("bitShiftLeft(_toInt64(1), if({inside}, {slot}, 0))")
                                         : STR("bitShiftLeft(_toInt64(1), {slot})"),
                            ph, out, e);
}

static const char bits_recurring[] =
    "SELECT groupBitOrIf({bit}, {target}) AS began, groupBitOrIf({bit}, {returns}) AS came"
    " FROM events WHERE {where} GROUP BY {actor}";
static const char bits_first[] =
    "SELECT minIf(timestamp, {target}) AS first_at, groupBitOrIf({bit}, {returns}) AS came"
    " FROM events WHERE {where} GROUP BY {actor}";
static const char bits_first_ever[] =
    "SELECT minIf(timestamp, {target}) AS first_at, groupBitOrIf({bit}, {returns}) AS came"
    " FROM events WHERE {where} GROUP BY {actor}"
    " HAVING first_at = minIf(timestamp, {passes})";
static const char bits_begun[] =
    "SELECT {begun} AS began, came FROM {source} WHERE first_at >= {from}";
static const char bits_together[] =
    "SELECT began, came, count() AS actors FROM {source} GROUP BY began, came";
static const char bits_by_start[] =
    "SELECT start, arrayFilter(k -> bitTest(came, k + start), range(1, least({n} - start, {end})))"
    "   AS after, actors"
    " FROM (SELECT arrayJoin(arrayFilter(i -> bitTest(began, i), range(0, {n}))) AS start,"
    "   came, actors FROM {source})";

/* {source} within the next statement. */
static int bits_wrap(const struct shape *s, const char *text, struct hogql_placeholder *ph,
                     struct err *e)
{
    struct hogql_node *next;
    int rc = query_insight_select(&s->r->q, text, ph, &next, e);
    if (rc == 0)
        ph[0].value = next;
    return rc;
}

static int by_bits(const struct shape *s, struct hogql_node **out, struct err *e)
{
    const struct retention *r = s->r;
    struct hogql_node *bit, *begun_bit;
    int rc = bit_of(s, "timestamp", &bit, e);
    if (rc == 0)
        rc = bit_of(s, "first_at", &begun_bit, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "source", hogql_null(s->a) },
        { "actor", query_insight_actor(&r->q) },
        { "bit", bit },
        { "begun", begun_bit },
        { "target", or_true(s, is_target(s)) },
        { "passes", or_true(s, passes(s)) },
        { "returns", or_true(s, is_return(s)) },
        { "where", where(s) },
        { "from", hogql_datetime(s->a, r->dates.from) },
        { "n", hogql_int(s->a, (int64_t)r->n) },
        { "end", hogql_int(s->a, r->reach + 1) },
        { NULL, NULL },
    };
    rc = bits_wrap(s, r->type == RETENTION_RECURRING  ? bits_recurring
                      : r->type == RETENTION_FIRST_TIME ? bits_first
                                                        : bits_first_ever,
                   ph, e);
    if (rc == 0 && r->type != RETENTION_RECURRING)
        rc = bits_wrap(s, bits_begun, ph, e);
    if (rc == 0)
        rc = bits_wrap(s, bits_together, ph, e);
    if (rc == 0)
        rc = bits_wrap(s, bits_by_start, ph, e);
    *out = ph[0].value;
    return rc;
}

/* -------------------------------------------------------------------------- breakdown limit */

/* Values by the number of starts; from the limit on they become one. "No value" is not counted
 * among them. */
static const char ranked[] =
    "SELECT start, k, actors, total, label, dense_rank() OVER (ORDER BY if(label = {none}, 1, 0) ASC,"
    " starts DESC, label ASC) AS place FROM (SELECT start, k, actors, total, label,"
    " sum(if({all} or k = 0, actors, 0)) OVER (PARTITION BY label) AS starts FROM {source})";
static const char folded[] =
    "SELECT start, k, sum(actors) AS actors, sum(total) AS total,"
    " if(place > {limit} and label != {none}, {other}, label) AS value FROM {source}"
    " GROUP BY start, k, value";

static const char beyond[] =
    "SELECT label FROM {source} WHERE place > {limit} and label != {none}";

/* The values in order, then what text makes of them. */
static int rank_values(const struct shape *s, struct hogql_node *source, const char *text,
                       struct hogql_node **out, struct err *e)
{
    const struct query_breakdown *b = &s->r->breakdown;
    struct hogql_placeholder ph[] = {
        { "source", source },
        { "none", query_breakdown_label(s->a, b, BREAKDOWN_NONE) },
        { "other", query_breakdown_label(s->a, b, BREAKDOWN_OTHER) },
        { "limit", hogql_int(s->a, b->limit) },
        { "all", hogql_bool(s->a, s->r->cumulative) }, /* one pair for each start */
        { NULL, NULL },
    };
    int rc = query_insight_select(&s->r->q, ranked, ph, &source, e);
    ph[0].value = source;
    return rc < 0 ? rc : query_insight_select(&s->r->q, text, ph, out, e);
}

/* -------------------------------------------------------------------------- the whole */

static int add_part(struct shape *s, const char *column)
{
    hogql_add(s->a, s->start, name(s, column));
    return (int)s->start->n;
}

/* What a start holds of the property; its place in the tuple. */
static int add_held(struct shape *s, struct err *e)
{
    struct hogql_placeholder least[] = { { "least", hogql_int(s->a, s->r->least) },
                                         { NULL, NULL } };
    int rc = add_column(s, s->start, returns_at_once(s->r)
                                         ? "own + if(visits >= {least}, arraySum(arrayMap(x ->"
                                           " if(tupleElement(x, 1) > began_at, tupleElement(x, 2),"
                                           " 0), back)), 0)"
                                         : "own",
                        least, e);
    s->held = (int)s->start->n;
    return rc;
}

static int shape_of(struct retention *r, struct shape *out, struct err *e)
{
    struct shape s = { .r = r, .a = r->q.j->arena };
    s.start = hogql_list(s.a, HOGQL_TUPLE);
    add_part(&s, "slot");
    if (r->breakdown.expression)
        s.label = add_part(&s, "label");
    if (r->windows)
        s.time = add_part(&s, "begun");
    if (r->type == RETENTION_FIRST_EVER)
        s.passed = add_part(&s, "passed");
    int rc = r->aggregation == RETENTION_COUNT ? 0 : add_held(&s, e);
    if (s.start->n == 1)
        s.start = s.start->kids[0];
    *out = s;
    return rc;
}

/* SELECT actor, start, label, after: one row for each start of each actor. */
static int starts(const struct shape *s, struct hogql_node **out, struct err *e)
{
    int rc = by_slot(s, out, e);
    if (rc == 0)
        rc = by_actor(s, *out, out, e);
    return rc < 0 ? rc : by_start(s, *out, out, e);
}

int retention_statement(struct retention *r, struct hogql_node **out, struct err *e)
{
    struct shape s;
    struct hogql_node *source;
    int rc = shape_of(r, &s, e);
    if (rc == 0)
        rc = fits_bits(r) ? by_bits(&s, &source, e) : starts(&s, &source, e);
    if (rc == 0)
        rc = pairs(&s, source, &source, e);
    if (rc == 0 && s.label)
        rc = rank_values(&s, source, folded, &source, e);
    if (rc == 0)
        *out = source;
    return rc;
}

/* -------------------------------------------------------------------------- who */

/* That the label is the value, or one of those beyond the limit; NULL: any. */
static int of_value(const struct shape *s, const struct json *value, struct hogql_node **out,
                    struct err *e)
{
    const struct query_breakdown *b = &s->r->breakdown;
    struct hogql_node *source;
    *out = NULL;
    if (!value)
        return 0;
    if (query_breakdown_rank(b, value) != 2) {
        *out = hogql_compare(s->a, HOGQL_EQ, name(s, "label"),
                             query_breakdown_value(s->a, b, value));
        return 0;
    }
    int rc = starts(s, &source, e);
    if (rc == 0)
        rc = pairs(s, source, &source, e);
    if (rc == 0)
        rc = rank_values(s, source, beyond, &source, e);
    if (rc == 0)
        *out = hogql_compare(s->a, HOGQL_IN, name(s, "label"), source);
    return rc;
}

int retention_actors(struct retention *r, int64_t row, const struct json *value,
                     struct hogql_node **out, struct err *e)
{
    struct shape s;
    struct hogql_node *source, *list, *condition = NULL;
    int rc = shape_of(r, &s, e);
    if (rc == 0)
        rc = of_value(&s, value, &condition, e);
    if (rc == 0)
        rc = starts(&s, &source, e);
    if (rc == 0)
        rc = value_list(&s, &list, e);
    if (rc < 0)
        return rc;
    struct hogql_node *is_row = hogql_compare(s.a, HOGQL_EQ, name(&s, "start"),
                                              hogql_int(s.a, row));
    struct hogql_placeholder ph[] = {
        { "source", source },
        { "list", list },
        { "condition", hogql_and(s.a, is_row, condition) },
        { NULL, NULL },
    };
    return query_insight_select(&r->q, r->cumulative
                                           ? "SELECT actor AS actor_id,"
                                             " range(0, arrayMax({list}) + 1) AS appearances"
                                             " FROM {source} WHERE {condition}"
                                           : "SELECT actor AS actor_id,"
                                             " arraySort({list}) AS appearances"
                                             " FROM {source} WHERE {condition}",
                                ph, out, e);
}
