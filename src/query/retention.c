/* retention.c - RetentionQuery: of those who start in each interval, how many come back in the ones
 * after it. The request as it is understood, and the run. */
#include "query/retention.h"
#include "query/actors.h"
#include "query/shape.h"

#include <math.h>

#include "base/limits.h"

#define TOTAL_DEFAULT 8 /* of a filter that does not say; of one that says null: */
#define TOTAL_OF_NULL 7

/* One of a list of words; absent: what *at was. */
static int read_word(const struct json *filter, const char *key, const char *const *words,
                     size_t n, size_t *at, struct err *e)
{
    str word = STR_NULL;
    int rc = query_get_text(filter, key, &word, e);
    if (rc < 0 || !word.p)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (str_eqz(word, words[i])) {
            *at = i;
            return 0;
        }
    return err_set(e, ERR_INVALID, NULL, "%s \"" STR_FMT "\" is not supported", key,
                   STR_ARG(str_utf8_prefix(word, 100)));
}

static int read_words(struct retention *r, const struct json *filter, struct err *e)
{
    static const char *const types[] = {
        [RETENTION_RECURRING] = "retention_recurring",
        [RETENTION_FIRST_TIME] = "retention_first_time",
        [RETENTION_FIRST_EVER] = "retention_first_ever_occurrence",
    };
    static const char *const periods[] = { "Hour", "Day", "Week", "Month" };
    static const enum query_interval intervals[] = { INTERVAL_HOUR, INTERVAL_DAY, INTERVAL_WEEK,
                                                     INTERVAL_MONTH };
    static const char *const modes[] = { "strict_calendar_dates", "24_hour_windows" };
    static const char *const references[] = { "total", "previous" };
    size_t type = RETENTION_RECURRING, period = 1, mode = 0, ignored = 0;
    int rc = read_word(filter, "retentionType", types, ARRAY_LEN(types), &type, e);
    if (rc == 0)
        rc = read_word(filter, "period", periods, ARRAY_LEN(periods), &period, e);
    if (rc == 0)
        rc = read_word(filter, "timeWindowMode", modes, ARRAY_LEN(modes), &mode, e);
    if (rc == 0) /* how the reader divides; checked, not used */
        rc = read_word(filter, "retentionReference", references, ARRAY_LEN(references), &ignored,
                       e);
    r->type = (enum retention_type)type;
    r->word = periods[period];
    r->dates.interval = intervals[period];
    r->windows = mode == 1;
    return rc;
}

static int read_numbers(struct retention *r, const struct json *filter, struct err *e)
{
    const struct json *asked = json_get(filter, "totalIntervals");
    int64_t total = json_is(asked, JSON_NULL) ? TOTAL_OF_NULL : TOTAL_DEFAULT;
    r->least = 1;
    int rc = query_get_i64(filter, "totalIntervals", &total, e);
    if (rc == 0)
        rc = query_get_i64(filter, "minimumOccurrences", &r->least, e);
    if (rc == 0)
        rc = query_get_bool(filter, "cumulative", &r->cumulative, e);
    if (rc < 0)
        return rc;
    if (total < 1 || total > LIMIT_RETENTION)
        return query_misfit(e, "retentionFilter.totalIntervals",
                            "Input should be between 1 and %d", LIMIT_RETENTION);
    if (r->least < 1)
        return query_misfit(e, "retentionFilter.minimumOccurrences",
                            "Input should be greater than or equal to 1");
    if (r->windows && r->cumulative)
        return err_set(e, ERR_INVALID, NULL,
                       "Cumulative retention is not supported for 24 hour windows.");
    r->n = (size_t)total;
    return 0;
}

/* SPEC: without a property there is nothing but the count. */
static int read_aggregation(struct retention *r, const struct json *filter, struct err *e)
{
    static const char *const aggregations[] = {
        [RETENTION_COUNT] = "count", [RETENTION_SUM] = "sum", [RETENTION_AVG] = "avg"
    };
    static const char *const types[] = { "event", "person" };
    struct arena *a = r->q.j->arena;
    size_t aggregation = RETENTION_COUNT, type = 0;
    str property = STR_NULL;
    int rc = read_word(filter, "aggregationType", aggregations, ARRAY_LEN(aggregations),
                       &aggregation, e);
    if (rc == 0)
        rc = read_word(filter, "aggregationPropertyType", types, ARRAY_LEN(types), &type, e);
    if (rc == 0)
        rc = query_get_text(filter, "aggregationProperty", &property, e);
    if (rc < 0 || aggregation == RETENTION_COUNT || !property.n)
        return rc;
    if (r->cumulative || r->windows)
        return err_set(e, ERR_INVALID, NULL, "aggregationType \"%s\" is not supported with %s",
                       aggregations[aggregation], r->windows ? "24_hour_windows" : "cumulative");
    struct hogql_node *field = type == 1 ? hogql_field(a, "person", "properties", NULL)
                                         : hogql_field(a, "properties", NULL);
    field = hogql_call(a, "toFloat", hogql_field_add(a, field, property), NULL);
    r->value = hogql_call(a, "ifNull", field, hogql_int(a, 0), NULL);
    r->aggregation = (enum retention_aggregation)aggregation;
    return 0;
}

/* Without brackets each value is one interval. */
static int read_brackets(struct retention *r, const struct json *filter, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(filter, "retentionCustomBrackets", &list, e);
    if (rc < 0)
        return rc;
    bool custom = list && list->head;
    r->values_n = custom ? list->count + 1 : r->n;
    if (r->values_n > LIMIT_RETENTION)
        return query_misfit(e, "retentionFilter.retentionCustomBrackets",
                            "List should have at most %d items", LIMIT_RETENTION - 1);
    r->widths = arena_alloc(r->q.j->arena, r->values_n * sizeof(*r->widths));
    r->widths[0] = 1;
    const struct json *m = custom ? list->head : NULL;
    for (size_t i = 1; i < r->values_n; i++, m = m ? m->next : NULL) {
        r->widths[i] = 1;
        if (m && (m->type != JSON_NUMBER || m->num != floor(m->num) || !(m->num >= 1) ||
                  m->num > LIMIT_RETENTION_REACH))
            return query_misfit(e, "retentionFilter.retentionCustomBrackets",
                                "Input should be a valid integer between 1 and %d",
                                LIMIT_RETENTION_REACH);
        if (m)
            r->widths[i] = (int64_t)m->num;
        r->reach += r->widths[i];
    }
    if (r->reach > LIMIT_RETENTION_REACH)
        return query_misfit(e, "retentionFilter.retentionCustomBrackets",
                            "The brackets should hold at most %d intervals",
                            LIMIT_RETENTION_REACH);
    return 0;
}

/* {id, name, type, properties} as the node of a series. Absent: page views. */
static int read_entity(struct retention *r, const struct json *filter, const char *key,
                       size_t order, struct query_entity *out, struct err *e)
{
    static const char *const kept[] = { "name", "custom_name", "properties", "fixedProperties" };
    struct arena *a = r->q.j->arena;
    const struct json *given = NULL;
    str type = STR_NULL;
    int rc = query_get_object(filter, key, &given, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_retention_entity, given, e);
    if (rc == 0)
        rc = query_get_text(given, "type", &type, e);
    if (rc < 0)
        return rc;
    bool action = str_eqz(type, "actions");
    if (type.n && !action && !str_eqz(type, "events"))
        return err_set(e, ERR_INVALID, NULL, "%s.type \"" STR_FMT "\" is not supported", key,
                       STR_ARG(str_utf8_prefix(type, 100)));
    struct json *node = json_new(a, JSON_OBJECT);
    const struct json *id = json_get(given, "id");
    json_set(node, STR("kind"), json_new_str(a, action ? STR("ActionsNode") : STR("EventsNode")));
    json_set(node, action ? STR("id") : STR("event"),
             !given ? json_new_str(a, STR("$pageview"))
             : id   ? json_share(a, id)
                    : json_new(a, JSON_NULL));
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const struct json *v = json_get(given, kept[i]);
        if (v)
            json_set(node, str_of(kept[i]), json_share(a, v));
    }
    return query_entity_read(r->q.j, node, order, out, e);
}

/* SPEC: the last row is the interval that holds date_to, and the others are those before it;
 * date_from says nothing. */
static int read_dates(struct retention *r, struct err *e)
{
    struct arena *a = r->q.j->arena;
    struct json *only = json_new(a, JSON_OBJECT);
    const struct json *range = json_get(r->q.node, "dateRange");
    if (range)
        json_set(only, STR("dateRange"), json_share(a, range));
    int rc = query_read_dates(r->q.j, only, r->dates.interval, &r->dates, e);
    if (rc < 0)
        return rc;
    int64_t last = query_dates_floor(&r->dates, r->dates.to);
    r->buckets = arena_alloc(a, r->n * sizeof(*r->buckets));
    for (size_t i = 0; i < r->n; i++)
        r->buckets[i] = query_dates_step(&r->dates, last, (int64_t)i + 1 - (int64_t)r->n);
    r->dates.from = r->buckets[0];
    r->dates.to = query_dates_step(&r->dates, last, 1) - 1;
    return 0;
}

static int read_request(struct query_job *j, const struct json *node, struct retention *r,
                        struct err *e)
{
    const struct json *filter = NULL;
    int rc = query_shape_check(&query_shape_retention, node, e);
    if (rc == 0)
        rc = query_insight_read(j, node, &r->q, e);
    if (rc == 0)
        rc = query_get_object(node, "retentionFilter", &filter, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_retention_filter, filter, e);
    if (rc == 0)
        rc = read_words(r, filter, e);
    if (rc == 0)
        rc = read_numbers(r, filter, e);
    if (rc == 0)
        rc = read_aggregation(r, filter, e);
    if (rc == 0)
        rc = read_brackets(r, filter, e);
    if (rc == 0)
        rc = read_entity(r, filter, "targetEntity", 0, &r->target, e);
    if (rc == 0)
        rc = read_entity(r, filter, "returningEntity", 1, &r->returning, e);
    if (rc == 0)
        rc = query_breakdown_read(j, node, &r->breakdown, e);
    if (rc == 0)
        rc = query_breakdown_refuse_bins(&r->breakdown, "RetentionQuery", e);
    if (rc == 0)
        rc = query_insight_refuse_compare(&r->q, "RetentionQuery", e);
    return rc < 0 ? rc : read_dates(r, e);
}

int query_run_retention(struct query_job *j, const struct json *node, struct query_result *out,
                        struct err *e)
{
    struct retention r = { 0 };
    struct hogql_node *select;
    const struct json *rows;
    int rc = read_request(j, node, &r, e);
    if (rc == 0)
        rc = retention_statement(&r, &select, e);
    if (rc == 0)
        rc = query_select(j, select, &rows, e);
    if (rc == 0)
        rc = retention_write_results(&r, rows, &out->results, &out->has_more, e);
    if (rc == 0)
        query_insight_finish(&r.q, select, &r.dates, out);
    return rc;
}

int query_actors_retention(struct query_job *j, const struct query_click *click,
                           struct query_actors *out, struct err *e)
{
    struct retention r = { 0 };
    const struct json *value;
    int rc = read_request(j, click->insight, &r, e);
    if (rc == 0)
        rc = query_click_breakdown(click, &r.breakdown, &value, e);
    if (rc == 0)
        rc = query_click_period(click, 1, e);
    if (rc == 0 && (click->interval < 0 || (size_t)click->interval >= r.n))
        rc = query_misfit(e, "source.interval", "Input should be between 0 and %zu", r.n - 1);
    r.aggregation = RETENTION_COUNT; /* says nothing of who */
    if (rc == 0)
        rc = retention_actors(&r, click->interval, value, &out->select, e);
    out->group_index = r.q.group_index;
    return rc;
}
