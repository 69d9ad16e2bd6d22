/* funnels.c - FunnelsQuery, steps in order: how many actors go through all of `series` within a window,
 * and how long each step takes them.
 *
 * The engine folds each actor's events, in order of time, over what is entered so far: for each step
 * the times of the path that entered it last. An event enters a step when the step before it is
 * entered and the path is not older than the window; a path that reached the end stays. Events of one
 * instant are tried in the order of steps. */
#include "base/clock.h"
#include "base/limits.h"
#include "query/breakdown.h"
#include "query/entity.h"
#include "query/internal.h"
#include "query/properties.h"
#include "query/rows.h"

#define STEPS_MAX 30

struct funnel {
    struct query_job *j;
    const struct json *node;
    struct query_entity *steps;
    size_t n;
    struct query_dates dates;
    struct query_breakdown breakdown;
    str attribution;
    int64_t attribution_step;
    int64_t window_ms;
    int64_t group_index; /* -1: persons */
    struct hogql_node *actor, *filter;
};

/* -------------------------------------------------------------------------- request */

static int read_window(struct funnel *f, const struct json *filter, struct err *e)
{
    static const struct {
        const char *unit;
        int64_t seconds, most;
    } units[] = {
        { "second", 1, 3600 }, { "minute", 60, 1440 },       { "hour", 3600, 24 },
        { "day", 86400, 365 }, { "week", 7 * 86400, 53 }, { "month", 30 * 86400, 12 },
    };
    int64_t n = 14;
    str unit = STR("day");
    int rc = query_get_i64(filter, "funnelWindowInterval", &n, e);
    if (rc == 0)
        rc = query_get_text(filter, "funnelWindowIntervalUnit", &unit, e);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_eqz(unit, units[i].unit)) {
            int64_t count = n < 1 ? 1 : n > units[i].most * 10 ? units[i].most * 10 : n;
            f->window_ms = count * units[i].seconds * 1000;
            return 0;
        }
    return query_misfit(e, "funnelsFilter.funnelWindowIntervalUnit",
                        "Input should be 'second', 'minute', 'hour', 'day', 'week' or 'month'");
}

/* What this server does not count yet is refused, not counted wrongly. */
static int refuse_unbuilt(const struct json *filter, struct err *e)
{
    static const struct {
        const char *key, *supported;
    } words[] = {
        { "funnelVizType", "steps" },
        { "funnelOrderType", "ordered" },
    };
    const struct json *exclusions = json_get(filter, "exclusions");
    str text = STR_NULL;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        text = STR_NULL;
        int rc = query_get_text(filter, words[i].key, &text, e);
        if (rc < 0)
            return rc;
        if (text.n && !str_eqz(text, words[i].supported))
            return err_set(e, ERR_INVALID, NULL, "%s \"" STR_FMT "\" is not supported",
                           words[i].key, STR_ARG(text));
    }
    if (exclusions && exclusions->head)
        return err_set(e, ERR_INVALID, NULL, "Exclusion steps are not supported");
    return 0;
}

static int read_actor(struct funnel *f, const struct json *filter, struct err *e)
{
    static const char *const groups[] = { "$group_0", "$group_1", "$group_2", "$group_3",
                                          "$group_4" };
    str hogql = STR_NULL;
    f->group_index = -1;
    int rc = query_get_text(filter, "funnelAggregateByHogQL", &hogql, e);
    if (rc == 0)
        rc = query_get_i64(f->node, "aggregation_group_type_index", &f->group_index, e);
    if (rc < 0)
        return rc;
    if (f->group_index < -1 || f->group_index > 4)
        return query_misfit(e, "aggregation_group_type_index", "Input should be 0, 1, 2, 3 or 4");
    if (hogql.n)
        return hogql_parse_expr(f->j->arena, hogql, NULL, &f->actor, e);
    f->actor = hogql_field(f->j->arena, f->group_index < 0 ? "person_id" : groups[f->group_index],
                           NULL);
    return 0;
}

static int read_attribution(struct funnel *f, const struct json *filter, struct err *e)
{
    static const char *const known[] = { "first_touch", "last_touch", "all_events", "step" };
    bool found = false;
    f->attribution = STR("first_touch");
    int rc = query_get_text(filter, "breakdownAttributionType", &f->attribution, e);
    if (rc == 0)
        rc = query_get_i64(filter, "breakdownAttributionValue", &f->attribution_step, e);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        found = found || str_eqz(f->attribution, known[i]);
    if (rc == 0 && !found)
        return query_misfit(e, "funnelsFilter.breakdownAttributionType",
                            "Input should be 'first_touch', 'last_touch', 'all_events' or 'step'");
    if (rc == 0 && (f->attribution_step < 0 || (size_t)f->attribution_step >= f->n))
        return query_misfit(e, "funnelsFilter.breakdownAttributionValue",
                            "Input should be the index of a step");
    return rc;
}

static int read_steps(struct funnel *f, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(f->node, "series", &list, e);
    if (rc < 0)
        return rc;
    if (!list)
        return query_misfit(e, "query.FunnelsQuery.series", "Field required");
    if (list->count < 2 || list->count > STEPS_MAX)
        return err_set(e, ERR_INVALID, NULL, "Funnels need between 2 and %d steps", STEPS_MAX);
    f->steps = arena_alloc(f->j->arena, list->count * sizeof(*f->steps));
    for (const struct json *m = list->head; m && rc == 0; m = m->next, f->n++) {
        bool optional = false;
        rc = query_entity_read(f->j, m, f->n, &f->steps[f->n], e);
        if (rc == 0)
            rc = query_get_bool(m, "optionalInFunnel", &optional, e);
        if (rc == 0 && optional)
            rc = err_set(e, ERR_INVALID, NULL, "Optional steps are not supported");
    }
    return rc;
}

static int read_request(struct funnel *f, struct err *e)
{
    const struct json *filter = NULL;
    int rc = query_get_object(f->node, "funnelsFilter", &filter, e);
    if (rc == 0)
        rc = read_steps(f, e);
    if (rc == 0)
        rc = refuse_unbuilt(filter, e);
    if (rc == 0)
        rc = read_window(f, filter, e);
    if (rc == 0)
        rc = read_actor(f, filter, e);
    if (rc == 0)
        rc = read_attribution(f, filter, e);
    if (rc == 0)
        rc = query_breakdown_read(f->j, f->node, &f->breakdown, e);
    if (rc == 0)
        rc = query_all_properties(f->j, PROPERTIES_OF_EVENTS, f->node, &f->filter, e);
    if (rc == 0)
        rc = query_read_dates(f->j, f->node, INTERVAL_DAY, &f->dates, e);
    return rc;
}

/* -------------------------------------------------------------------------- statement */

static struct hogql_node *step_condition(struct funnel *f, size_t i)
{
    struct arena *a = f->j->arena;
    const struct query_entity *en = &f->steps[i];
    struct hogql_node *all = hogql_and(a, hogql_copy(a, en->of_event), hogql_copy(a, en->filter));
    return all ? all : hogql_bool(a, true);
}

/* The numbers of the steps that an event is: [if(is step 1, 1, 0), …]. */
static struct hogql_node *step_numbers(struct funnel *f)
{
    struct arena *a = f->j->arena;
    struct hogql_node *list = hogql_list(a, HOGQL_ARRAY);
    for (size_t i = 0; i < f->n; i++)
        hogql_add(a, list,
                  hogql_call(a, "if", step_condition(f, i), hogql_int(a, (int64_t)i + 1),
                             hogql_int(a, 0), NULL));
    return list;
}

static struct hogql_node *where(struct funnel *f)
{
    struct arena *a = f->j->arena;
    struct hogql_node *any = NULL, *time = hogql_field(a, "timestamp", NULL);
    for (size_t i = 0; i < f->n; i++)
        any = hogql_or(a, any, step_condition(f, i));
    struct hogql_node *all =
        hogql_and(a, hogql_compare(a, HOGQL_GE, time, hogql_datetime(a, f->dates.from)),
                  hogql_compare(a, HOGQL_LE, hogql_copy(a, time), hogql_datetime(a, f->dates.to)));
    all = hogql_and(a, hogql_and(a, all, any), hogql_copy(a, f->filter));
    if (f->group_index >= 0)
        all = hogql_and(a, all, hogql_compare(a, HOGQL_NE, hogql_copy(a, f->actor),
                                              hogql_string(a, STR(""))));
    return all;
}

/* The actor's value of the breakdown, by attribution. */
static int attributed(struct funnel *f, struct hogql_node **out, struct err *e)
{
    struct arena *a = f->j->arena;
    struct hogql_placeholder ph[] = {
        { "value", f->breakdown.expression },
        { "none", query_breakdown_label(a, &f->breakdown, BREAKDOWN_NONE) },
        { "step", step_condition(f, (size_t)f->attribution_step) },
        { NULL, NULL },
    };
    str text = STR("argMinIf({value}, timestamp, {value} != {none})");
    if (str_eqz(f->attribution, "last_touch"))
        text = STR("argMaxIf({value}, timestamp, {value} != {none})");
    else if (str_eqz(f->attribution, "step"))
        text = STR("argMinIf({value}, timestamp, {step})");
    else if (str_eqz(f->attribution, "all_events"))
        text = STR("{value}");
    return hogql_parse_expr(a, text, ph, out, e);
}

static const char per_actor[] =
    "SELECT {actor} AS actor, {label} AS label,"
    " arraySort(groupArray((toUnixTimestamp64Milli(timestamp),"
    "   arrayFilter(k -> k > 0, {numbers})))) AS visits"
    " FROM events WHERE {where} GROUP BY actor";
static const char walked[] =
    "SELECT label, arrayFold((paths, x) -> if(notEmpty(arrayElement(paths, {n})), paths,"
    "   arrayMap(k -> if(not has(tupleElement(x, 2), k), arrayElement(paths, k),"
    "     if(k = 1, [tupleElement(x, 1)],"
    "       if(notEmpty(arrayElement(paths, k - 1))"
    "         and tupleElement(x, 1) - arrayElement(arrayElement(paths, k - 1), 1) <= {window},"
    "         arrayPushBack(arrayElement(paths, k - 1), tupleElement(x, 1)),"
    "         arrayElement(paths, k)))),"
    "     range(1, {n} + 1))),"
    "   visits, arrayMap(k -> arrayMap(y -> tupleElement(y, 1), arraySlice(visits, 1, 0)),"
    "     range(1, {n} + 1))) AS ends"
    " FROM {source}";
static const char reached[] =
    "SELECT label, arrayLastIndex(path -> notEmpty(path), ends) AS steps,"
    " arrayElement(ends, steps) AS times, count() OVER (PARTITION BY label) AS size FROM {source}";
static const char placed[] =
    "SELECT label, steps, times, dense_rank() OVER (ORDER BY size DESC, label ASC) AS place"
    " FROM {source}";

/* {source} wrapped by the template. */
static int wrap(struct funnel *f, const char *text, struct hogql_node **source, struct err *e)
{
    struct arena *a = f->j->arena;
    struct hogql_node *out;
    struct hogql_placeholder ph[] = {
        { "source", *source },
        { "n", hogql_int(a, (int64_t)f->n) },
        { "window", hogql_int(a, f->window_ms) },
        { NULL, NULL },
    };
    int rc = hogql_parse_select(a, str_of(text), ph, &out, e);
    if (rc == 0)
        *source = out;
    return rc;
}

static int expression(struct funnel *f, const char *text, int64_t k, struct hogql_node *list,
                      struct err *e)
{
    struct arena *a = f->j->arena;
    struct hogql_node *x;
    struct hogql_placeholder ph[] = { { "k", hogql_int(a, k) }, { NULL, NULL } };
    int rc = hogql_parse_expr(a, str_of(text), ph, &x, e);
    if (rc == 0)
        hogql_add(a, list, x);
    return rc;
}

/* [group, counts of steps 1 to n, averages of 2 to n, medians of 2 to n] */
static int counted(struct funnel *f, struct hogql_node *source, struct hogql_node **out,
                   struct err *e)
{
    struct arena *a = f->j->arena;
    struct hogql_node *columns = hogql_list(a, HOGQL_LIST);
    struct hogql_placeholder ph[] = {
        { "source", source },
        { "limit", hogql_int(a, f->breakdown.limit) },
        { "other", query_breakdown_label(a, &f->breakdown, BREAKDOWN_OTHER) },
        { "columns", columns },
        { NULL, NULL },
    };
    int rc = 0;
    for (int64_t k = 1; k <= (int64_t)f->n && rc == 0; k++)
        rc = expression(f, "countIf(steps >= {k})", k, columns, e);
    for (int64_t k = 2; k <= (int64_t)f->n && rc == 0; k++)
        rc = expression(f, "avgIf(arrayElement(times, {k}) - arrayElement(times, {k} - 1),"
                           " steps >= {k} and arrayElement(times, {k}) >"
                           " arrayElement(times, {k} - 1))", k, columns, e);
    for (int64_t k = 2; k <= (int64_t)f->n && rc == 0; k++)
        rc = expression(f, "medianIf(arrayElement(times, {k}) - arrayElement(times, {k} - 1),"
                           " steps >= {k} and arrayElement(times, {k}) >"
                           " arrayElement(times, {k} - 1))", k, columns, e);
    if (rc < 0)
        return rc;
    return hogql_parse_select(a, f->breakdown.expression
                                     ? STR("SELECT if(place > {limit}, {other}, label) AS group,"
                                           " {columns} FROM {source} GROUP BY group")
                                     : STR("SELECT '' AS group, {columns} FROM {source}"),
                              ph, out, e);
}

static int statement(struct funnel *f, struct hogql_node **out, struct err *e)
{
    struct arena *a = f->j->arena;
    struct hogql_node *source, *label = hogql_string(a, STR(""));
    int rc = f->breakdown.expression ? attributed(f, &label, e) : 0;
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "actor", f->actor },
        { "label", label },
        { "numbers", step_numbers(f) },
        { "where", where(f) },
        { NULL, NULL },
    };
    rc = hogql_parse_select(a, STR(per_actor), ph, &source, e);
    if (rc < 0)
        return rc;
    if (f->breakdown.expression && str_eqz(f->attribution, "all_events"))
        hogql_add(a, source->kids[SELECT_GROUP], hogql_field(a, "label", NULL));
    rc = wrap(f, walked, &source, e);
    if (rc == 0)
        rc = wrap(f, reached, &source, e);
    if (rc == 0)
        rc = wrap(f, placed, &source, e);
    return rc < 0 ? rc : counted(f, source, out, e);
}

/* -------------------------------------------------------------------------- result */

/* The columns of one group: counts, averages, medians; index of the step from 0. */
static const struct json *column(const struct json *row, size_t at)
{
    const struct json *v = row->head;
    while (at-- && v)
        v = v->next;
    return v;
}

static void write_seconds(struct json_writer *w, const char *key, const struct json *ms)
{
    json_key(w, key);
    if (json_is(ms, JSON_NUMBER))
        json_f64(w, ms->num / 1000);
    else
        json_null(w);
}

/* ["Chrome"]; "" for none, "Other" for what is beyond the limit. */
static void write_group(struct json_writer *w, const struct json *group)
{
    const struct json *v = group->type == JSON_ARRAY ? group->head : group;
    json_open(w, '[');
    for (; v; v = group->type == JSON_ARRAY ? v->next : NULL)
        if (str_eqz(v->text, BREAKDOWN_OTHER))
            json_z(w, "Other");
        else
            json_str(w, str_eqz(v->text, BREAKDOWN_NONE) ? STR("") : v->text);
    json_close(w, ']');
}

static void write_step(struct funnel *f, struct json_writer *w, const struct json *row, size_t i)
{
    const struct query_entity *en = &f->steps[i];
    const struct json *count = column(row, 1 + i);
    json_open(w, '{');
    json_key(w, "action_id");
    if (en->action)
        json_i64(w, en->action);
    else
        json_str(w, en->event);
    json_key(w, "name");
    json_str(w, en->label);
    json_key(w, "custom_name");
    json_str(w, en->custom_name);
    json_key(w, "order");
    json_i64(w, (int64_t)i);
    json_key(w, "people");
    json_raw(w, STR("[]"));
    json_key(w, "count");
    json_i64(w, count ? count->i64 : 0);
    json_key(w, "type");
    json_z(w, en->type);
    write_seconds(w, "average_conversion_time", i ? column(row, f->n + i) : NULL);
    write_seconds(w, "median_conversion_time", i ? column(row, 2 * f->n - 1 + i) : NULL);
    if (f->breakdown.expression) {
        json_key(w, "breakdown");
        write_group(w, row->head);
        json_key(w, "breakdown_value");
        write_group(w, row->head);
    }
    json_close(w, '}');
}

static void write_steps(struct funnel *f, struct json_writer *w, const struct json *row)
{
    json_open(w, '[');
    for (size_t i = 0; i < f->n; i++)
        write_step(f, w, row, i);
    json_close(w, ']');
}

/* By conversions at the last step, then the one before, and so on. */
static int compare_groups(const struct funnel *f, const struct json *x, const struct json *y)
{
    for (size_t i = f->n; i > 0; i--) {
        int64_t a = column(x, i)->i64, b = column(y, i)->i64;
        if (a != b)
            return a > b ? -1 : 1;
    }
    return 0;
}

static void write_groups(struct funnel *f, struct json_writer *w, const struct json *rows)
{
    const struct json **list = arena_alloc(f->j->arena, (rows->count + 1) * sizeof(*list));
    size_t n = 0;
    for (const struct json *row = rows->head; row; row = row->next) {
        size_t at = n++; /* few groups: put each in its place */
        while (at && compare_groups(f, row, list[at - 1]) < 0) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = row;
    }
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        write_steps(f, w, list[i]);
    json_close(w, ']');
}

static int run_statement(struct funnel *f, const struct hogql_node *select,
                         struct query_result *out, struct err *e)
{
    struct hogql_compiled compiled;
    struct query_rows rows;
    const struct json *tree;
    struct buf answer = BUF_INIT(LIMIT_QUERY_RESULT);
    int rc = query_execute(f->j, select, &compiled, &answer, e);
    if (rc == 0)
        rc = query_rows_read(f->j->arena, buf_view(&answer), &rows, e);
    if (rc == 0)
        rc = query_rows_parse(f->j->arena, &rows, &tree, e);
    buf_release(&answer);
    if (rc < 0)
        return rc;
    if (rows.n != 3 * f->n - 1 || (!f->breakdown.expression && rows.count != 1))
        return err_internal(e, "the rows of a funnel have an unknown shape");
    struct json_writer w = JSON_WRITER(&out->results);
    if (f->breakdown.expression)
        write_groups(f, &w, tree);
    else
        write_steps(f, &w, tree->head);
    return 0;
}

int query_run_funnels(struct query_job *j, const struct json *node, struct query_result *out,
                      struct err *e)
{
    struct funnel f = { .j = j, .node = node };
    struct hogql_node *select;
    int rc = read_request(&f, e);
    if (rc == 0)
        rc = statement(&f, &select, e);
    if (rc == 0)
        rc = run_statement(&f, select, out, e);
    if (rc < 0)
        return rc;
    out->interval = f.dates.interval;
    out->date_to = f.dates.to;
    struct json_writer w = query_members(out);
    json_key(&w, "hogql");
    size_t at = out->members.n;
    json_str(&w, hogql_to_text(j->arena, select));
    out->hogql = query_span_from(out, at);
    query_write_dates(&w, &f.dates);
    query_write_common(j, &w);
    return 0;
}
