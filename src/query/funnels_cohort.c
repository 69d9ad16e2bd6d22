/* funnels_cohort.c - funnels broken down by cohort: each cohort is a funnel of its own, of the
 * events of its members; a person in two of them counts in both. */
#include "query/cohort.h"
#include "query/funnels.h"
#include "query/shape.h"

#define COHORTS_MAX 32 /* their bits in funnel_event.value */

/* 7, "7" or "all": everybody, written as cohort 0. */
static int read_one(struct funnel *f, const struct json *v, struct funnel_cohort *out,
                    struct err *e)
{
    struct cohort c;
    int64_t id = 0;
    bool all = v->type == JSON_STRING && str_eqz(v->text, "all");
    bool number = v->type == JSON_NUMBER ? v->integer && (id = v->i64, true)
                                         : v->type == JSON_STRING && str_to_i64(v->text, &id);
    *out = (struct funnel_cohort){ 0, STR("all users") };
    if (all || (number && id == 0))
        return 0;
    if (!number)
        return query_misfit(e, "breakdownFilter.breakdown",
                            "Input should be the id of a cohort, or 'all'");
    int rc = query_find_cohort(f->q.j, id, &c, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, NULL, "Cohort with id %lld does not exist", (long long)id);
    *out = (struct funnel_cohort){ id, c.name.p ? c.name : STR("Untitled cohort") };
    return rc < 0 ? rc : 0;
}

int funnel_read_cohorts(struct funnel *f, const struct json *breakdown, struct err *e)
{
    const struct json *list = json_get(breakdown, "breakdown");
    bool many = json_is(list, JSON_ARRAY);
    size_t n = !list || list->type == JSON_NULL ? 0 : many ? list->count : 1;
    if (n == 0 || n > COHORTS_MAX)
        return query_misfit(e, "breakdownFilter.breakdown",
                            "Input should be a list of 1 to %d cohorts", COHORTS_MAX);
    int rc = query_shape_check(&query_shape_breakdown_filter, breakdown, e);
    f->cohorts = arena_alloc(f->q.j->arena, n * sizeof(*f->cohorts));
    for (const struct json *m = many ? list->head : list; m && rc == 0; m = many ? m->next : NULL)
        rc = read_one(f, m, &f->cohorts[f->cohorts_n++], e);
    return rc;
}

/* One bit for each of the cohorts that the event's person is in. */
struct hogql_node *funnel_cohort_bits(struct funnel *f)
{
    struct arena *a = f->q.j->arena;
    struct hogql_node *sum = hogql_int(a, 0);
    for (size_t i = 0; i < f->cohorts_n; i++) {
        struct hogql_node *bit = hogql_int(a, (int64_t)1 << i);
        if (f->cohorts[i].id)
            bit = hogql_call(a, "if",
                             hogql_compare(a, HOGQL_IN_COHORT, hogql_field(a, "person_id", NULL),
                                           hogql_int(a, f->cohorts[i].id)),
                             bit, hogql_int(a, 0), NULL);
        sum = hogql_arithmetic(a, '+', sum, bit);
    }
    return hogql_call(a, "_toUInt64", sum, NULL);
}
