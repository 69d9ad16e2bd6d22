/* cohort_filter.c - what the filters of a dynamic cohort say, as a condition on persons: their properties,
 * what they did and when, and other cohorts; joined by AND, OR and negation.
 *
 * Days are cut as those of insights are, so that "in the last 7 days" is here who it is there. */
#include "query/action.h"
#include "query/cohort.h"
#include "query/properties.h"

#define COUNT_MAX 10000 /* of times, periods, units of time */
#define PERIODS_MAX 100

/* One filter of type behavioral. */
struct behaviour {
    struct query_job *j;
    struct arena *a;
    const struct json *node;
    struct hogql_node *entity; /* which events */
    struct hogql_node *filter; /* event_filters; NULL: none */
    struct query_dates range;
};

/* -------------------------------------------------------------------------- members */

static int missing(struct err *e, const char *kind, const char *key)
{
    return err_set(e, ERR_INVALID, NULL, "Missing required keys for %s filter: %s", kind, key);
}

static int positive(const struct behaviour *b, const char *key, int64_t *out, struct err *e)
{
    const struct json *v = json_get(b->node, key);
    if (!v || v->type == JSON_NULL)
        return missing(e, "behavioral", key);
    bool ok = (v->type == JSON_NUMBER && v->integer) || v->type == JSON_STRING;
    *out = v->type == JSON_NUMBER && v->integer ? v->i64 : 0;
    if (!ok || (v->type == JSON_STRING && !str_to_i64(str_trim(v->text), out)))
        return err_set(e, ERR_INVALID, NULL, "%s must be an integer", key);
    if (*out <= 0)
        return err_set(e, ERR_INVALID, NULL, "%s must be greater than 0, got %lld", key,
                       (long long)*out);
    if (*out > COUNT_MAX)
        return err_set(e, ERR_INVALID, NULL, "%s must be at most %d, got %lld", key, COUNT_MAX,
                       (long long)*out);
    return 0;
}

static const struct unit {
    const char *name;
    char letter;
    int64_t seconds; /* as a length of time */
} units[] = {
    { "hour", 'h', 3600 },     { "day", 'd', 86400 },
    { "week", 'w', 604800 }, { "month", 'm', 2592000 }, { "year", 'y', 31536000 },
};

static int unit_of(const struct behaviour *b, const char *key, const struct unit **out,
                   struct err *e)
{
    str word = json_get_text(b->node, key);
    if (!word.p)
        return missing(e, "behavioral", key);
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_eqz(word, units[i].name)) {
            *out = &units[i];
            return 0;
        }
    return err_set(e, ERR_INVALID, NULL, "%s must be one of hour, day, week, month, year",
                   key);
}

static struct query_dates back_to(const struct behaviour *b, int64_t count, const struct unit *u)
{
    struct query_dates d;
    str from = arena_printf(b->a, "-%lld%c", (long long)count, u->letter);
    query_dates_resolve(&b->j->calendar, from, STR_NULL, false, INTERVAL_DAY, 0, &d);
    return d;
}

/* The time in which it was done: N units back, or dates. */
static int read_range(struct behaviour *b, struct err *e)
{
    str from = json_get_text(b->node, "explicit_datetime");
    str to = json_get_text(b->node, "explicit_datetime_to");
    const struct unit *u;
    int64_t n;
    if (from.n) {
        query_dates_resolve(&b->j->calendar, from, to.n ? to : STR_NULL, false, INTERVAL_DAY, 0,
                            &b->range);
        return 0;
    }
    int rc = positive(b, "time_value", &n, e);
    if (rc == 0)
        rc = unit_of(b, "time_interval", &u, e);
    if (rc == 0)
        b->range = back_to(b, n, u);
    return rc;
}

static int read_entity(struct behaviour *b, const char *key, const char *type_key,
                       struct hogql_node **out, struct err *e)
{
    const struct json *v = json_get(b->node, key);
    str type = json_get_text(b->node, type_key);
    struct action action;
    int64_t id;
    if (!v || (v->type != JSON_STRING && v->type != JSON_NUMBER))
        return missing(e, "behavioral", key);
    if (!type.p)
        return missing(e, "behavioral", type_key);
    if (str_eqz(type, "events")) {
        *out = hogql_compare(b->a, HOGQL_EQ, hogql_field(b->a, "event", NULL),
                             hogql_string(b->a, v->text));
        return 0;
    }
    if (!str_eqz(type, "actions"))
        return err_set(e, ERR_INVALID, NULL, "Event type must be 'events' or 'actions'");
    if (!str_to_i64(str_trim(v->text), &id))
        return err_set(e, ERR_INVALID, NULL, "%s must be the id of an action", key);
    int rc = query_find_action(b->j, id, &action, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, NULL, "Action ID %lld does not exist!", (long long)id);
    return rc < 0 ? rc : query_action_condition(b->j, &action, out, e);
}

/* -------------------------------------------------------------------------- pieces */

static struct hogql_node *at(const struct behaviour *b)
{
    return hogql_field(b->a, "timestamp", NULL);
}

static struct hogql_node *compare_at(const struct behaviour *b, enum hogql_compare op, int64_t us)
{
    return hogql_compare(b->a, op, at(b), hogql_datetime(b->a, us));
}

/* The events that count, up to the range's end; whole: from its beginning. */
static struct hogql_node *done(const struct behaviour *b, bool whole)
{
    struct hogql_node *all = hogql_and(b->a, hogql_copy(b->a, b->entity),
                                       compare_at(b, HOGQL_LE, b->range.to));
    if (whole && !b->range.first.all)
        all = hogql_and(b->a, all, compare_at(b, HOGQL_GE, b->range.from));
    return all;
}

static struct hogql_node *filtered(const struct behaviour *b, struct hogql_node *x)
{
    return hogql_and(b->a, x, hogql_copy(b->a, b->filter));
}

/* The persons of those events, who as a whole pass `having` (NULL: all). */
static int persons_of(const struct behaviour *b, struct hogql_node *where,
                      struct hogql_node *having, struct hogql_node **out, struct err *e)
{
    struct hogql_placeholder ph[] = { { "where", where }, { NULL, NULL } };
    int rc = hogql_parse_select(
        b->a, STR("SELECT person_id FROM events WHERE {where} GROUP BY person_id"), ph, out, e);
    if (rc == 0)
        (*out)->kids[SELECT_HAVING] = having;
    return rc;
}

static struct hogql_node *call_at(const struct behaviour *b, const char *name)
{
    return hogql_call(b->a, name, at(b), NULL);
}

static int count_operator(const struct behaviour *b, enum hogql_compare *out, struct err *e)
{
    static const struct {
        const char *word;
        enum hogql_compare op;
    } rows[] = { { "gte", HOGQL_GE }, { "lte", HOGQL_LE }, { "gt", HOGQL_GT },
                 { "lt", HOGQL_LT },  { "exact", HOGQL_EQ }, { "eq", HOGQL_EQ } };
    str word = json_get_text(b->node, "operator");
    *out = HOGQL_EQ;
    if (!word.n)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eqz(word, rows[i].word)) {
            *out = rows[i].op;
            return 0;
        }
    return err_set(e, ERR_INVALID, NULL, "count_operator must be gt(e), lt(e), exact, or None");
}

/* -------------------------------------------------------------------------- kinds */

static int performed(struct behaviour *b, struct hogql_node **out, struct err *e)
{
    int rc = read_range(b, e);
    return rc < 0 ? rc : persons_of(b, filtered(b, done(b, true)), NULL, out, e);
}

static int performed_multiple(struct behaviour *b, struct hogql_node **out, struct err *e)
{
    enum hogql_compare op;
    int64_t n;
    int rc = positive(b, "operator_value", &n, e);
    if (rc == 0)
        rc = count_operator(b, &op, e);
    if (rc == 0)
        rc = read_range(b, e);
    if (rc < 0)
        return rc;
    struct hogql_node *having = hogql_compare(b->a, op, hogql_call(b->a, "count", NULL),
                                              hogql_int(b->a, n));
    return persons_of(b, filtered(b, done(b, true)), having, out, e);
}

/* SPEC: of all events of that name the first; when it does not pass the filters, none does. */
static int performed_first(struct behaviour *b, struct hogql_node **out, struct err *e)
{
    struct hogql_node *having = NULL;
    int rc = read_range(b, e);
    if (rc < 0)
        return rc;
    if (!b->range.first.all)
        having = hogql_compare(b->a, HOGQL_GE, call_at(b, "min"),
                               hogql_datetime(b->a, b->range.from));
    if (b->filter)
        having = hogql_and(b->a, having,
                           hogql_call(b->a, "argMin", hogql_copy(b->a, b->filter), at(b), NULL));
    return persons_of(b, done(b, false), having, out, e);
}

/* How many of the periods, the newest ends now, have as many events as are asked for. */
static struct hogql_node *periods(const struct behaviour *b, int64_t length, const struct unit *u,
                                  int64_t total, enum hogql_compare op, int64_t times)
{
    struct arena *a = b->a;
    struct hogql_node *sum = NULL;
    int64_t end = INT64_MAX;
    for (int64_t i = 1; i <= total; i++) {
        int64_t begin = back_to(b, length * i, u).from;
        struct hogql_node *in = compare_at(b, HOGQL_GE, begin);
        if (end != INT64_MAX)
            in = hogql_and(a, in, compare_at(b, HOGQL_LT, end));
        struct hogql_node *count = hogql_call(a, "countIf", in, NULL);
        struct hogql_node *enough = hogql_compare(a, op, count, hogql_int(a, times));
        if (op == HOGQL_LE || op == HOGQL_LT) /* a period without any is no active one */
            enough = hogql_and(a, enough, hogql_compare(a, HOGQL_GT, hogql_copy(a, count),
                                                        hogql_int(a, 0)));
        struct hogql_node *one = hogql_call(a, "if", enough, hogql_int(a, 1), hogql_int(a, 0),
                                            NULL);
        sum = sum ? hogql_arithmetic(a, '+', sum, one) : one;
        end = begin;
    }
    return sum;
}

static int performed_regularly(struct behaviour *b, struct hogql_node **out, struct err *e)
{
    enum hogql_compare op;
    const struct unit *u;
    int64_t times, length, total, least;
    int rc = positive(b, "time_value", &length, e);
    if (rc == 0)
        rc = unit_of(b, "time_interval", &u, e);
    if (rc == 0)
        rc = positive(b, "operator_value", &times, e);
    if (rc == 0)
        rc = positive(b, "min_periods", &least, e);
    if (rc == 0)
        rc = positive(b, "total_periods", &total, e);
    if (rc == 0)
        rc = count_operator(b, &op, e);
    if (rc < 0)
        return rc;
    if (least > total)
        return err_set(e, ERR_INVALID, NULL,
                       "min_periods (%lld) cannot be greater than total_periods (%lld)",
                       (long long)least, (long long)total);
    if (total > PERIODS_MAX || length * total > COUNT_MAX)
        return err_set(e, ERR_INVALID, NULL, "total_periods must be at most %d", PERIODS_MAX);
    b->range = back_to(b, length * total, u);
    struct hogql_node *having = hogql_compare(b->a, HOGQL_GE,
                                              periods(b, length, u, total, op, times),
                                              hogql_int(b->a, least));
    return persons_of(b, filtered(b, done(b, true)), having, out, e);
}

/* The second event after a first one, soon enough. Events at one time are one moment, so that what is
 * at the same time is not before. */
static int performed_sequence(struct behaviour *b, struct hogql_node **out, struct err *e)
{
    static const char text[] =
        "SELECT person_id FROM (SELECT person_id, at, is_second,"
        " max(if(is_first = 1, at, NULL)) OVER (PARTITION BY person_id ORDER BY at ASC"
        "   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before"
        " FROM (SELECT person_id, timestamp AS at, max(if({first}, 1, 0)) AS is_first,"
        "   max(if({second}, 1, 0)) AS is_second FROM events WHERE {where}"
        "   GROUP BY person_id, at))"
        " WHERE is_second = 1 AND before IS NOT NULL AND at <= addSeconds(before, {window})"
        " GROUP BY person_id";
    const struct unit *u;
    struct hogql_node *second;
    int64_t n;
    int rc = read_range(b, e);
    if (rc == 0)
        rc = read_entity(b, "seq_event", "seq_event_type", &second, e);
    if (rc == 0)
        rc = positive(b, "seq_time_value", &n, e);
    if (rc == 0)
        rc = unit_of(b, "seq_time_interval", &u, e);
    if (rc < 0)
        return rc;
    struct hogql_node *first = filtered(b, hogql_copy(b->a, b->entity));
    b->entity = hogql_or(b->a, hogql_copy(b->a, first), hogql_copy(b->a, second));
    struct hogql_placeholder ph[] = {
        { "first", first },
        { "second", second },
        { "where", done(b, true) },
        { "window", hogql_int(b->a, n * u->seconds) },
        { NULL, NULL },
    };
    return hogql_parse_select(b->a, str_of(text), ph, out, e);
}

/* The range, and the later time from which on it stopped or began again. */
static int read_two_ranges(struct behaviour *b, int64_t *recent, struct err *e)
{
    const struct unit *u;
    int64_t n;
    int rc = read_range(b, e);
    if (rc == 0)
        rc = positive(b, "seq_time_value", &n, e);
    if (rc == 0)
        rc = unit_of(b, "seq_time_interval", &u, e);
    if (rc < 0)
        return rc;
    *recent = back_to(b, n, u).from;
    if (b->range.first.all || *recent <= b->range.from)
        return err_set(e, ERR_INVALID, NULL, "seq_time_value must be more recent than time_value");
    return 0;
}

static int stopped(struct behaviour *b, struct hogql_node **out, struct err *e)
{
    int64_t recent;
    int rc = read_two_ranges(b, &recent, e);
    if (rc < 0)
        return rc;
    struct hogql_node *having = hogql_compare(b->a, HOGQL_LT, call_at(b, "max"),
                                              hogql_datetime(b->a, recent));
    return persons_of(b, filtered(b, done(b, true)), having, out, e);
}

/* Did it before the range, not in it, and again since. */
static int restarted(struct behaviour *b, struct hogql_node **out, struct err *e)
{
    struct arena *a = b->a;
    int64_t recent;
    int rc = read_two_ranges(b, &recent, e);
    if (rc < 0)
        return rc;
    struct hogql_node *pause = hogql_and(a, compare_at(b, HOGQL_GE, b->range.from),
                                         compare_at(b, HOGQL_LT, recent));
    struct hogql_node *having =
        hogql_compare(a, HOGQL_EQ, hogql_call(a, "countIf", pause, NULL), hogql_int(a, 0));
    having = hogql_and(a, having, hogql_compare(a, HOGQL_GE, call_at(b, "max"),
                                                hogql_datetime(a, recent)));
    having = hogql_and(a, having, hogql_compare(a, HOGQL_LT, call_at(b, "min"),
                                                hogql_datetime(a, b->range.from)));
    return persons_of(b, filtered(b, done(b, false)), having, out, e);
}

static const struct {
    const char *name;
    int (*build)(struct behaviour *b, struct hogql_node **out, struct err *e);
} behaviours[] = {
    { "performed_event", performed },
    { "performed_event_multiple", performed_multiple },
    { "performed_event_first_time", performed_first },
    { "performed_event_regularly", performed_regularly },
    { "performed_event_sequence", performed_sequence },
    { "stopped_performing_event", stopped },
    { "restarted_performing_event", restarted },
};

static struct hogql_node *person(struct arena *a)
{
    return hogql_field(a, "id", NULL);
}

static int behavioral(struct query_job *j, const struct json *node, struct hogql_node **out,
                      struct err *e)
{
    struct behaviour b = { .j = j, .a = j->arena, .node = node };
    struct hogql_node *persons;
    str value = json_get_text(node, "value");
    if (!value.p)
        return missing(e, "behavioral", "value");
    int rc = read_entity(&b, "key", "event_type", &b.entity, e);
    if (rc == 0)
        rc = query_properties(j, PROPERTIES_OF_EVENTS, json_get(node, "event_filters"), &b.filter,
                              e);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(behaviours); i++) {
        if (!str_eqz(value, behaviours[i].name))
            continue;
        rc = behaviours[i].build(&b, &persons, e);
        if (rc == 0)
            *out = hogql_compare(b.a, HOGQL_IN, person(b.a), persons);
        return rc;
    }
    return err_set(e, ERR_INVALID, NULL, "The behavioral filter \"" STR_FMT "\" is not supported",
                   STR_ARG(str_utf8_prefix(value, 100)));
}

/* -------------------------------------------------------------------------- trees */

static int one_filter(struct query_job *j, const struct json *node, struct hogql_node **out,
                      struct err *e)
{
    str type = json_get_text(node, "type");
    const struct json *negation = json_get(node, "negation");
    struct hogql_node *x = NULL;
    int rc;
    if (node->type != JSON_OBJECT || !type.p)
        return err_set(e, ERR_INVALID, NULL, "A filter needs a type");
    if (str_eqz(type, "behavioral"))
        rc = behavioral(j, node, &x, e);
    else if (str_eqz(type, "person") || str_eqz(type, "person_metadata") ||
             str_eqz(type, "hogql"))
        rc = json_get(node, "key") ? query_properties(j, PROPERTIES_OF_PERSONS, node, &x, e)
                                   : missing(e, "person", "key");
    else if (str_eqz(type, "cohort")) /* its own negation is read there */
        return json_get(node, "value") ? query_properties(j, PROPERTIES_OF_PERSONS, node, out, e)
                                       : missing(e, "cohort", "value");
    else
        return err_set(e, ERR_INVALID, NULL, "The filter type \"" STR_FMT
                       "\" does not work in cohorts", STR_ARG(str_utf8_prefix(type, 100)));
    if (rc == 0)
        *out = x && json_is(negation, JSON_BOOL) && negation->boolean ? hogql_not(j->arena, x) : x;
    return rc;
}

static int tree(struct query_job *j, const struct json *node, struct hogql_node **out,
                struct err *e)
{
    const struct json *values = json_get(node, "values");
    str type = json_get_text(node, "type");
    bool any = str_eqz(type, "OR");
    *out = NULL;
    if (!values)
        return one_filter(j, node, out, e);
    if ((!any && !str_eqz(type, "AND")) || values->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, NULL, "A group of filters needs a type, AND or OR, and a "
                                             "list of values");
    for (const struct json *m = values->head; m; m = m->next) {
        struct hogql_node *one;
        int rc = tree(j, m, &one, e);
        if (rc < 0)
            return rc;
        *out = any ? hogql_or(j->arena, *out, one) : hogql_and(j->arena, *out, one);
    }
    return 0;
}

/* -------------------------------------------------------------------------- the older way */

static void set_text(struct arena *a, struct json *o, const char *key, str text)
{
    json_set(o, str_of(key), json_new_str(a, text));
}

/* {event_id or action_id, days, count, count_operator} as the filter it means. */
static struct json *older_behaviour(struct arena *a, const struct json *group)
{
    const struct json *action = json_get(group, "action_id"), *event = json_get(group, "event_id");
    const struct json *count = json_get(group, "count"), *days = json_get(group, "days");
    bool acted = json_is(action, JSON_NUMBER) || json_is(action, JSON_STRING);
    struct json *o = json_new(a, JSON_OBJECT);
    set_text(a, o, "type", STR("behavioral"));
    set_text(a, o, "event_type", acted ? STR("actions") : STR("events"));
    set_text(a, o, "value", json_is(count, JSON_NUMBER) ? STR("performed_event_multiple")
                                                        : STR("performed_event"));
    set_text(a, o, "time_interval", STR("day"));
    json_set(o, STR("key"), json_share(a, acted ? action : event));
    if (days)
        json_set(o, STR("time_value"), json_share(a, days));
    if (json_is(count, JSON_NUMBER))
        json_set(o, STR("operator_value"), json_share(a, count));
    if (json_get_text(group, "count_operator").n)
        set_text(a, o, "operator", json_get_text(group, "count_operator"));
    return o;
}

/* {properties: [filters without a type]}: of persons. */
static int older_properties(struct query_job *j, const struct json *list,
                            struct hogql_node **out, struct err *e)
{
    *out = NULL;
    if (!json_is(list, JSON_ARRAY))
        return err_set(e, ERR_INVALID, NULL, "The properties of a group must be a list");
    for (const struct json *m = list->head; m; m = m->next) {
        struct json *filter = json_share(j->arena, m);
        struct hogql_node *one;
        if (m->type == JSON_OBJECT && !json_get(m, "type"))
            filter = json_merge(j->arena, m, NULL);
        if (m->type == JSON_OBJECT && !json_get(m, "type"))
            set_text(j->arena, filter, "type", STR("person"));
        int rc = one_filter(j, filter, &one, e);
        if (rc < 0)
            return rc;
        *out = hogql_and(j->arena, *out, one);
    }
    return 0;
}

static int older_group(struct query_job *j, const struct json *group, struct hogql_node **out,
                       struct err *e)
{
    const struct json *properties = json_get(group, "properties");
    *out = NULL;
    if (json_get(group, "event_id") || json_get(group, "action_id"))
        return one_filter(j, older_behaviour(j->arena, group), out, e);
    if (json_is(properties, JSON_OBJECT))
        return tree(j, properties, out, e);
    return properties ? older_properties(j, properties, out, e)
                      : err_set(e, ERR_INVALID, NULL, "A group needs properties, an event_id or an "
                                                      "action_id");
}

/* -------------------------------------------------------------------------- the whole */

int query_cohort_condition(struct query_job *j, const struct cohort *c, struct hogql_node **out,
                           struct err *e)
{
    struct json *v;
    struct hogql_node *all = NULL, *one;
    int rc = json_parse(j->arena, c->filters.p ? c->filters : c->groups, &v, e);
    if (rc < 0)
        return rc;
    const struct json *properties = json_get(v, "properties");
    if (json_is(properties, JSON_OBJECT) && properties->head)
        rc = tree(j, properties, &all, e);
    for (const struct json *m = v->type == JSON_ARRAY ? v->head : NULL; m && rc == 0; m = m->next) {
        rc = older_group(j, m, &one, e);
        if (rc == 0)
            all = hogql_or(j->arena, all, one);
    }
    if (rc == 0)
        *out = all ? all : hogql_bool(j->arena, false); /* nothing said: nobody */
    return rc;
}
