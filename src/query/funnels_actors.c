/* funnels_actors.c - the people behind a number of a FunnelsQuery: who came to a step, who fell off
 * before it, whose furthest step it was; of trends, who converted or did not in a bucket. They are
 * found the way they are counted, so the SELECT is a list of ids. */
#include <stdio.h>

#include "query/actors.h"
#include "query/funnels.h"

static int misses(struct err *e, const char *field)
{
    char where[64];
    snprintf(where, sizeof(where), "source.%s", field);
    return query_misfit(e, where, "Field required");
}

/* The steps whose taking is meant by "came as far as the one before": the last that had to be. */
static unsigned required_before(const struct funnel *f, unsigned step)
{
    unsigned before = step - 1;
    while (before > 1 && f->rules.optional >> (before - 1) & 1)
        before--;
    return before;
}

/* SPEC: steps count from 1; -2 are those who took the first step and not the second. */
static int read_step(const struct funnel *f, const struct json *node, struct funnel_people *out,
                     struct err *e)
{
    int64_t step = 0, n = f->rules.n;
    int rc = query_get_i64(node, "funnelStep", &step, e);
    if (rc < 0)
        return rc;
    if (step == 0)
        return err_set(e, ERR_INVALID, NULL, "Funnel steps are 1-indexed, so step 0 doesn't exist");
    if (step == -1)
        return err_set(e, ERR_INVALID, NULL,
                       "The first valid drop-off argument for funnelStep is -2. -2 refers to "
                       "persons who performed the first step but never made it to the second.");
    if (step > n || step < -n)
        return err_set(e, ERR_INVALID, NULL, "The funnel has no step %lld",
                       (long long)(step < 0 ? -step : step));
    unsigned at = (unsigned)(step < 0 ? -step : step);
    out->with = 1u << ((step < 0 ? required_before(f, at) : at) - 1);
    out->without = step < 0 ? 1u << (at - 1) : 0;
    return 0;
}

static int read_custom(const struct funnel *f, const struct json *list, struct funnel_people *out,
                       struct err *e)
{
    for (const struct json *m = list->head; m; m = m->next) {
        if (m->type != JSON_NUMBER || !m->integer || m->i64 < 1 || m->i64 > f->rules.n)
            return query_misfit(e, "source.funnelCustomSteps",
                                "Input should be a list of steps, counted from 1");
        out->furthest |= 1u << (m->i64 - 1);
    }
    return 0;
}

static int read_trend(const struct funnel *f, const struct json *node, struct funnel_people *out,
                      struct err *e)
{
    const struct json *dropped = json_get(node, "funnelTrendsDropOff");
    str text = STR_NULL;
    struct query_date date;
    size_t i = 0;
    int rc = query_get_bool(node, "funnelTrendsDropOff", &out->dropped, e);
    if (rc == 0)
        rc = query_get_text(node, "funnelTrendsEntrancePeriodStart", &text, e);
    if (rc < 0)
        return rc;
    if (!json_is(dropped, JSON_BOOL))
        return misses(e, "funnelTrendsDropOff");
    if (!text.n)
        return misses(e, "funnelTrendsEntrancePeriodStart");
    rc = query_read_date(f->q.j, "source.funnelTrendsEntrancePeriodStart", text, &date, e);
    if (rc < 0)
        return rc;
    out->bucket = query_dates_floor(&f->dates, date.at);
    while (i < f->buckets_n && f->buckets[i] != out->bucket)
        i++;
    if (i == f->buckets_n)
        return err_set(e, ERR_INVALID, NULL, "funnelTrendsEntrancePeriodStart \"" STR_FMT
                       "\" is not in the query's range", STR_ARG(str_utf8_prefix(text, 100)));
    return 0;
}

static int read_people(const struct funnel *f, const struct json *node, struct funnel_people *out,
                       struct err *e)
{
    const struct json *custom = NULL, *step = json_get(node, "funnelStep");
    int rc = query_get_list(node, "funnelCustomSteps", &custom, e);
    if (rc < 0)
        return rc;
    if (f->viz == FUNNEL_VIZ_TRENDS)
        return read_trend(f, node, out, e);
    if (custom && custom->head)
        return read_custom(f, custom, out, e);
    if (!step || step->type == JSON_NULL)
        return misses(e, "funnelStep");
    return read_step(f, node, out, e);
}

/* -------------------------------------------------------------------------- their value */

/* "Chrome", ["Chrome"], 7: the value as the funnel's answer has it; of cohorts the id. */
static bool is_label(const struct json *asked, const struct funnel_value *v)
{
    int64_t id = -1;
    if (v->cohort) {
        const struct json *one = asked->type == JSON_ARRAY ? asked->head : asked;
        if (one && one->type == JSON_STRING && str_eqz(one->text, "all"))
            return v->cohort->id == 0;
        return one && str_to_i64(one->text, &id) && id == v->cohort->id;
    }
    const struct json *m = asked->type == JSON_ARRAY ? asked->head : asked;
    size_t i = 0;
    for (; m && i < v->label_n && str_eq(m->text, v->label[i]); i++)
        m = asked->type == JSON_ARRAY ? m->next : NULL;
    return !m && i == v->label_n && v->label;
}

static bool is_other(const struct json *asked)
{
    bool list = asked->type == JSON_ARRAY;
    const struct json *m = list ? asked->head : asked;
    return m && !(list && m->next) && str_eqz(m->text, "Other");
}

/* Keeps those with the value; "Other" are all that are not shown. */
static void keep(struct funnel *f, struct funnel_counts *counts, const struct json *asked)
{
    struct funnel_people *people = f->people;
    size_t shown = funnel_limit_values(f, counts), n = 0;
    bool named = false;
    for (size_t i = 0; i < shown; i++) {
        counts->values[i]->shown = true;
        named = named || is_label(asked, counts->values[i]);
    }
    for (size_t i = 0; i < people->n; i++) {
        const struct funnel_value *v = people->found[i].value;
        bool wanted = named || !is_other(asked) ? is_label(asked, v) : !v->shown;
        if (wanted)
            people->found[n++] = people->found[i];
    }
    people->n = n;
}

/* -------------------------------------------------------------------------- the list */

/* Found under several values, one counts once; they come one after the other then. */
static struct hogql_node *ids_of(struct arena *a, const struct funnel_people *people)
{
    struct hogql_node *list = hogql_list(a, HOGQL_ARRAY);
    for (size_t i = 0; i < people->n; i++)
        if (i == 0 || !str_eq(people->found[i].id, people->found[i - 1].id))
            hogql_add(a, list, hogql_string(a, people->found[i].id));
    return list;
}

/* Ids of persons are of one length: one text of all of them is read much faster than a list. */
static int select_of(struct arena *a, const struct funnel_people *people, bool persons,
                     struct hogql_node **out, struct err *e)
{
    struct hogql_node *list = ids_of(a, people);
    struct hogql_placeholder ph[] = { { "ids", list }, { NULL, NULL } };
    if (!people->n)
        return hogql_parse_select(a, STR("SELECT '' AS actor_id WHERE false"), NULL, out, e);
    if (!persons)
        return hogql_parse_select(a, STR("SELECT arrayJoin({ids}) AS actor_id"), ph, out, e);
    char *text = arena_alloc(a, people->bytes + 1), *at = text;
    for (uint32_t i = 0; i < list->n; i++) {
        memcpy(at, list->kids[i]->text.p, list->kids[i]->text.n);
        at += list->kids[i]->text.n;
        *at++ = ',';
    }
    ph[0].value = hogql_string(a, (str){ text, (size_t)(at - text) - 1 });
    return hogql_parse_select(a, STR("SELECT arrayJoin(splitByChar(',', {ids})) AS actor_id"), ph,
                              out, e);
}

int query_actors_funnels(struct query_job *j, const struct query_click *click,
                         struct query_actors *out, struct err *e)
{
    const struct json *asked = json_get(click->node, "funnelStepBreakdown");
    struct funnel_counts *counts = arena_new_of(j->arena, struct funnel_counts);
    struct funnel_people people = { 0 };
    struct funnel f;
    struct hogql_node *select;
    int rc = funnel_read(j, click->insight, &f, e);
    if (rc < 0)
        return rc;
    if (f.by_hogql)
        return err_set(e, ERR_INVALID, NULL, "The actors of a funnel with funnelAggregateByHogQL "
                                             "are neither persons nor groups");
    if (asked && asked->type == JSON_NULL)
        asked = NULL;
    if (asked && !funnel_is_split(&f))
        return err_set(e, ERR_INVALID, NULL,
                       "funnelStepBreakdown is given but the query has no breakdown");
    f.people = &people;
    rc = read_people(&f, click->node, &people, e);
    if (rc == 0)
        rc = funnel_statement(&f, &select, e);
    if (rc == 0)
        rc = funnel_count(&f, select, counts, e);
    if (rc < 0)
        return rc;
    if (asked)
        keep(&f, counts, asked);
    out->group_index = f.q.group_index;
    return select_of(j->arena, &people, out->group_index < 0, &out->select, e);
}
