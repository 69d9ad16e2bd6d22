/* funnels.c - FunnelsQuery: how many actors go through the steps of `series`, one after the other,
 * within a window; how long that takes them; how it changes over time. This file reads the request
 * and puts the parts together. */
#include "query/funnels.h"
#include "query/shape.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"

/* One of `words` by its place. */
static int read_word(const struct json *filter, const char *key, const char *const words[],
                     size_t n, int *out, struct err *e)
{
    char where[128];
    str text = STR_NULL;
    int rc = query_get_text(filter, key, &text, e);
    if (rc < 0 || !text.n)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (str_eqz(text, words[i])) {
            *out = (int)i;
            return 0;
        }
    struct buf list = BUF_INIT(512);
    for (size_t i = 0; i < n; i++)
        buf_printf(&list, "%s'%s'", i == 0 ? "" : i + 1 == n ? " or " : ", ", words[i]);
    snprintf(where, sizeof(where), "funnelsFilter.%s", key);
    rc = query_misfit(e, where, "Input should be " STR_FMT, STR_ARG(buf_view(&list)));
    buf_release(&list);
    return rc;
}

static int read_window(struct funnel *f, const struct json *filter, struct err *e)
{
    static const char *const units[] = { "second", "minute", "hour", "day", "week", "month" };
    static const int64_t seconds[] = { 1, 60, 3600, 86400, 7 * 86400, 31 * 86400 };
    static const int64_t longest = 20LL * 366 * 86400; /* longer ones are as good */
    int64_t n = 14;
    int unit = 3;
    int rc = query_get_i64(filter, "funnelWindowInterval", &n, e);
    if (rc == 0)
        rc = read_word(filter, "funnelWindowIntervalUnit", units, ARRAY_LEN(units), &unit, e);
    if (rc < 0)
        return rc;
    int64_t most = longest / seconds[unit];
    f->rules.window = (n < 1 ? 1 : n > most ? most : n) * seconds[unit] * CLOCK_SECOND;
    return 0;
}

/* Groups, or what an expression says, or persons. */
static int read_actor(struct funnel *f, const struct json *filter, struct err *e)
{
    str hogql = STR_NULL;
    int rc = query_get_text(filter, "funnelAggregateByHogQL", &hogql, e);
    if (rc < 0)
        return rc;
    hogql = str_trim(hogql);
    f->by_hogql = f->q.group_index < 0 && hogql.n && !str_eqz(hogql, "person_id");
    f->actor = query_insight_actor(&f->q);
    if (!f->by_hogql)
        return 0;
    rc = hogql_parse_expr(f->q.j->arena, hogql, NULL, &f->actor, e);
    if (rc == 0 && f->actor->kind == HOGQL_ALIAS)
        f->actor = f->actor->kids[0];
    return rc;
}

static int read_attribution(struct funnel *f, const struct json *filter, struct err *e)
{
    static const char *const known[] = { "first_touch", "last_touch", "all_events", "step" };
    int word = FUNNEL_FIRST_TOUCH;
    int rc = read_word(filter, "breakdownAttributionType", known, ARRAY_LEN(known), &word, e);
    if (rc == 0)
        rc = query_get_i64(filter, "breakdownAttributionValue", &f->attribution_step, e);
    f->attribution = (enum funnel_attribution)word;
    f->rules.value_step = -1;
    if (rc < 0 || f->attribution != FUNNEL_STEP)
        return rc;
    if (f->attribution_step < 0 || f->attribution_step >= (int64_t)f->rules.n)
        return query_misfit(e, "funnelsFilter.breakdownAttributionValue",
                            "Input should be the index of a step");
    if (f->rules.order == FUNNEL_UNORDERED && f->attribution_step)
        return err_set(e, ERR_INVALID, NULL, "Only the first step can be used for breakdown "
                                             "attribution in unordered funnels");
    f->rules.value_step = f->breakdown.expression ? (int)f->attribution_step : -1;
    return 0;
}

static int check_math(const struct query_entity *en, struct err *e)
{
    if (en->math->family == MATH_FIRST || !en->math_word.n || str_eqz(en->math_word, "total"))
        return 0;
    return query_misfit(e, "series.math", "Input should be 'total', 'first_time_for_user' or "
                                          "'first_time_for_user_with_filters'");
}

static int read_steps(struct funnel *f, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(f->q.node, "series", &list, e);
    if (rc < 0)
        return rc;
    if (!list)
        return query_misfit(e, "query.FunnelsQuery.series", "Field required");
    if (list->count < 2)
        return err_set(e, ERR_INVALID, NULL, "Funnels require at least two steps.");
    if (list->count > FUNNEL_STEPS_MAX)
        return err_set(e, ERR_INVALID, NULL, "Funnels can have at most %d steps.",
                       FUNNEL_STEPS_MAX);
    f->steps = arena_alloc(f->q.j->arena, list->count * sizeof(*f->steps));
    for (const struct json *m = list->head; m && rc == 0; m = m->next, f->rules.n++) {
        bool optional = false;
        rc = query_entity_read(f->q.j, m, f->rules.n, &f->steps[f->rules.n], e);
        if (rc == 0)
            rc = check_math(&f->steps[f->rules.n], e);
        if (rc == 0)
            rc = query_get_bool(m, "optionalInFunnel", &optional, e);
        f->rules.optional |= (uint32_t)optional << f->rules.n;
    }
    return rc;
}

/* -------------------------------------------------------------------------- entities compared */

static bool same_json(const struct json *x, const struct json *y)
{
    struct buf one = BUF_INIT(1 << 20), two = BUF_INIT(1 << 20);
    struct json_writer w1 = JSON_WRITER(&one), w2 = JSON_WRITER(&two);
    json_tree(&w1, x);
    json_tree(&w2, y);
    bool same = str_eq(buf_view(&one), buf_view(&two));
    buf_release(&one);
    buf_release(&two);
    return same;
}

/* Is every event of y one of x, as far as can be seen: the same name, and no filter y has not? */
static bool contains(const struct query_entity *x, const struct query_entity *y)
{
    const struct json *filters = json_get(x->node, "properties");
    const struct json *others = json_get(y->node, "properties");
    if (x->type != y->type || x->action != y->action || !str_eq(x->event, y->event))
        return false;
    for (const struct json *m = json_is(filters, JSON_ARRAY) ? filters->head : NULL; m;
         m = m->next) {
        const struct json *o = json_is(others, JSON_ARRAY) ? others->head : NULL;
        while (o && !same_json(m, o))
            o = o->next;
        if (!o)
            return false;
    }
    return !json_is(filters, JSON_OBJECT) || (others && same_json(filters, others));
}

/* -------------------------------------------------------------------------- exclusions, ranges */

static int check_exclusion(struct funnel *f, const struct funnel_exclusion *x, struct err *e)
{
    int64_t last = (int64_t)f->rules.n - 1;
    if (f->rules.order == FUNNEL_UNORDERED && (x->from != 0 || x->to != last))
        return err_set(e, ERR_INVALID, NULL, "Partial Exclusions not allowed in unordered funnels");
    if (x->from >= x->to)
        return err_set(e, ERR_INVALID, NULL, "Exclusion event range is invalid. End of range "
                                             "should be greater than start.");
    if (x->from < 0 || x->from >= last)
        return err_set(e, ERR_INVALID, NULL, "Exclusion event range is invalid. Start of range is "
                                             "greater than number of steps.");
    if (x->to > last)
        return err_set(e, ERR_INVALID, NULL, "Exclusion event range is invalid. End of range is "
                                             "greater than number of steps.");
    for (int64_t i = x->from; i <= x->to; i++)
        if (contains(&f->steps[i], &x->entity))
            return err_set(e, ERR_INVALID, NULL, "Exclusion steps cannot contain an event that's "
                                                 "part of funnel steps.");
    return 0;
}

static int read_exclusions(struct funnel *f, const struct json *filter, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(filter, "exclusions", &list, e);
    if (rc < 0 || !list)
        return rc;
    if (list->count > LIMIT_SERIES)
        return query_misfit(e, "funnelsFilter.exclusions", "List should have at most %d items",
                            LIMIT_SERIES);
    f->exclusions = arena_alloc(f->q.j->arena, (list->count + 1) * sizeof(*f->exclusions));
    for (const struct json *m = list->head; m && rc == 0; m = m->next, f->exclusions_n++) {
        struct funnel_exclusion *x = &f->exclusions[f->exclusions_n];
        x->from = x->to = INT64_MIN;
        rc = query_entity_read(f->q.j, m, f->exclusions_n, &x->entity, e);
        if (rc == 0)
            rc = query_get_i64(m, "funnelFromStep", &x->from, e);
        if (rc == 0)
            rc = query_get_i64(m, "funnelToStep", &x->to, e);
        if (rc == 0 && (x->from == INT64_MIN || x->to == INT64_MIN))
            rc = query_misfit(e, x->from == INT64_MIN ? "funnelsFilter.exclusions.funnelFromStep"
                                                      : "funnelsFilter.exclusions.funnelToStep",
                              "Field required");
        if (rc == 0)
            rc = check_exclusion(f, x, e);
    }
    return rc;
}

static int read_range(struct funnel *f, const struct json *filter, struct err *e)
{
    int64_t last = (int64_t)f->rules.n - 1, from = -1, to = -1;
    int rc = query_get_i64(filter, "funnelFromStep", &from, e);
    const struct json *given = json_get(filter, "funnelFromStep");
    if (rc == 0 && given && given->type != JSON_NULL && (from < 0 || from > last - 1))
        return err_set(e, ERR_INVALID, NULL,
                       "funnelFromStep is out of bounds. It must be between 0 and %d.",
                       (int)last - 1);
    if (rc == 0)
        rc = query_get_i64(filter, "funnelToStep", &to, e);
    given = json_get(filter, "funnelToStep");
    if (rc == 0 && given && given->type != JSON_NULL && (to < 1 || to > last))
        return err_set(e, ERR_INVALID, NULL,
                       "funnelToStep is out of bounds. It must be between 1 and %d.", (int)last);
    f->from_step = from < 0 ? 0 : from;
    f->to_step = to < 0 ? last : to;
    if (rc == 0 && f->from_step >= f->to_step)
        return err_set(e, ERR_INVALID, NULL, "Funnel step range is invalid. funnelToStep should be "
                                             "greater than funnelFromStep.");
    if (rc == 0)
        rc = query_get_i64(filter, "binCount", &f->bins, e);
    given = json_get(filter, "binCount");
    if (rc == 0 && given && given->type != JSON_NULL)
        f->bins = f->bins < 1 ? 1 : f->bins > 90 ? 90 : f->bins;
    return rc;
}

static int check_optional(struct funnel *f, struct err *e)
{
    if (!f->rules.optional)
        return 0;
    if (f->viz != FUNNEL_VIZ_STEPS || f->rules.order == FUNNEL_UNORDERED)
        return err_set(e, ERR_INVALID, NULL,
                       "Optional funnel steps are only supported in funnels with step order "
                       "Sequential or Strict and the graph type \"Conversion Steps\".");
    if (f->rules.optional & 1)
        return err_set(e, ERR_INVALID, NULL, "The first step of a funnel cannot be optional.");
    for (unsigned i = 0; i + 1 < f->rules.n; i++)
        if ((f->rules.optional >> i & 3) == 1 &&
            contains(&f->steps[i + 1], &f->steps[i]))
            return err_set(e, ERR_INVALID, NULL, "An optional step cannot be the same as the "
                                                 "following required step.");
    return 0;
}

/* -------------------------------------------------------------------------- request */

static int read_shape(struct funnel *f, const struct json *filter, struct err *e)
{
    static const char *const shapes[] = { "steps", "time_to_convert", "trends", "flow" };
    static const char *const orders[] = { "ordered", "strict", "unordered" };
    int viz = FUNNEL_VIZ_STEPS, order = FUNNEL_ORDERED;
    int rc = read_word(filter, "funnelVizType", shapes, ARRAY_LEN(shapes), &viz, e);
    if (rc == 0)
        rc = read_word(filter, "funnelOrderType", orders, ARRAY_LEN(orders), &order, e);
    f->viz = viz > FUNNEL_VIZ_TRENDS ? FUNNEL_VIZ_STEPS : (enum funnel_viz)viz; /* flow: drawn otherwise */
    f->rules.order = (enum funnel_order)order;
    if (rc == 0)
        rc = read_window(f, filter, e);
    if (rc == 0)
        rc = read_exclusions(f, filter, e);
    if (rc == 0)
        rc = read_range(f, filter, e);
    if (rc == 0)
        rc = check_optional(f, e);
    return rc;
}

static int read_breakdown(struct funnel *f, struct err *e)
{
    const struct json *filter = NULL;
    str type = STR_NULL;
    int rc = query_get_object(f->q.node, "breakdownFilter", &filter, e);
    if (rc == 0)
        rc = query_get_text(filter, "breakdown_type", &type, e);
    if (rc == 0 && str_eqz(type, "cohort"))
        return funnel_read_cohorts(f, filter, e);
    return rc < 0 ? rc : query_breakdown_read(f->q.j, f->q.node, &f->breakdown, e);
}

int funnel_read(struct query_job *j, const struct json *node, struct funnel *f, struct err *e)
{
    const struct json *filter = NULL;
    *f = (struct funnel){ 0 };
    int rc = query_shape_check(&query_shape_funnels, node, e);
    if (rc == 0)
        rc = query_insight_read(j, node, &f->q, e);
    if (rc == 0)
        rc = query_get_object(node, "funnelsFilter", &filter, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_funnels_filter, filter, e);
    if (rc == 0)
        rc = query_insight_refuse_compare(&f->q, "FunnelsQuery", e);
    if (rc == 0)
        rc = read_steps(f, e);
    if (rc == 0)
        rc = read_shape(f, filter, e);
    if (rc == 0)
        rc = read_actor(f, filter, e);
    if (rc == 0 && f->viz != FUNNEL_VIZ_TIMES) /* which are of all actors */
        rc = read_breakdown(f, e);
    if (rc == 0)
        rc = query_breakdown_refuse_bins(&f->breakdown, "FunnelsQuery", e);
    if (rc == 0)
        rc = read_attribution(f, filter, e);
    if (rc == 0)
        rc = query_read_dates(f->q.j, f->q.node, INTERVAL_DAY, &f->dates, e);
    if (rc == 0 && f->viz == FUNNEL_VIZ_TRENDS)
        rc = query_dates_buckets(&f->dates, f->q.j->arena, &f->buckets, &f->buckets_n, e);
    return rc;
}

int query_run_funnels(struct query_job *j, const struct json *node, struct query_result *out,
                      struct err *e)
{
    struct funnel f;
    struct hogql_node *select;
    struct funnel_counts *counts = arena_new_of(j->arena, struct funnel_counts);
    int rc = funnel_read(j, node, &f, e);
    if (rc == 0)
        rc = funnel_statement(&f, &select, e);
    if (rc == 0)
        rc = funnel_count(&f, select, counts, e);
    if (rc == 0)
        rc = funnel_write(&f, counts, &out->results, e);
    if (rc < 0)
        return rc;
    query_insight_finish(&f.q, select, &f.dates, out);
    struct json_writer w = query_members(out);
    w.more[w.depth] = true; /* those that are there */
    json_key(&w, "isUdf");
    json_bool(&w, true);
    return 0;
}
