/* breakdown_cohort.c - rows split by cohorts: an event counts in every cohort that its person is in, and in
 * all of them when "all" is asked for. Unlike other breakdowns a value is the query's, not the event's. */
#include "query/breakdown.h"

#include "base/limits.h"
#include "query/cohort.h"
#include "query/shape.h"

static int add_cohort(struct query_job *j, const struct json *v, struct query_breakdown *b,
                      struct err *e)
{
    struct query_breakdown_cohort *c = &b->cohorts[b->cohorts_n];
    struct cohort found;
    *c = (struct query_breakdown_cohort){ .id = 0, .name = STR("all users") };
    bool text = v->type == JSON_STRING || v->type == JSON_NUMBER;
    if (text && str_eqz(v->text, "all")) {
        b->cohorts_n++;
        return 0;
    }
    if (!text || !str_to_i64(str_trim(v->text), &c->id))
        return query_misfit(e, "breakdownFilter.breakdown", "Input should be a valid integer");
    int rc = query_find_cohort(j, c->id, &found, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, NULL, "Could not find cohort with ID %lld",
                       (long long)c->id);
    c->name = rc > 0 && found.name.p ? found.name : STR("Untitled cohort");
    b->cohorts_n += rc > 0;
    return rc < 0 ? rc : 0;
}

/* arrayJoin: one row for each value that the person has. */
static int make_expression(struct query_job *j, struct query_breakdown *b, struct err *e)
{
    struct arena *a = j->arena;
    struct hogql_node *list = hogql_list(a, HOGQL_ARRAY);
    for (size_t i = 0; i < b->cohorts_n; i++) {
        struct hogql_node *value = query_breakdown_cohort_value(a, &b->cohorts[i]);
        struct hogql_node *is = query_breakdown_in_cohort(a, &b->cohorts[i]);
        hogql_add(a, list, is ? hogql_call(a, "if", is, value, hogql_string(a, STR("")), NULL)
                              : value);
    }
    struct hogql_placeholder ph[] = { { "list", list }, { NULL, NULL } };
    return hogql_parse_expr(a, STR("arrayJoin(arrayFilter(x -> x != '', {list}))"), ph,
                            &b->expression, e);
}

int query_breakdown_read_cohorts(struct query_job *j, const struct json *node,
                                 struct query_breakdown *out, bool *is, struct err *e)
{
    const struct json *filter = NULL;
    struct query_breakdown b = { 0 };
    int rc = query_get_object(node, "breakdownFilter", &filter, e);
    const struct json *value = json_get(filter, "breakdown");
    *is = rc == 0 && str_eqz(json_get_text(filter, "breakdown_type"), "cohort") && value &&
          value->type != JSON_NULL && !(value->type == JSON_ARRAY && !value->head);
    if (rc < 0 || !*is)
        return rc;
    rc = query_shape_check(&query_shape_breakdown_filter, filter, e);
    if (rc < 0)
        return rc;
    size_t n = value->type == JSON_ARRAY ? value->count : 1;
    if (n > LIMIT_SERIES)
        return query_misfit(e, "breakdownFilter.breakdown", "List should have at most %d items",
                            LIMIT_SERIES);
    b.node = filter;
    b.cohorts = arena_alloc(j->arena, n * sizeof(*b.cohorts));
    const struct json *v = value->type == JSON_ARRAY ? value->head : value;
    for (; v && rc == 0; v = value->type == JSON_ARRAY ? v->next : NULL)
        rc = add_cohort(j, v, &b, e);
    if (rc == 0)
        rc = make_expression(j, &b, e);
    b.n = 1;
    b.limit = (int64_t)n; /* all that were asked for */
    if (rc == 0)
        *out = b;
    return rc;
}

const struct query_breakdown_cohort *query_breakdown_cohort_of(const struct query_breakdown *b,
                                                               const struct json *value)
{
    int64_t id = 0;
    bool number = value && str_to_i64(str_trim(value->text), &id);
    for (size_t i = 0; value && i < b->cohorts_n; i++)
        if (number ? b->cohorts[i].id == id : !b->cohorts[i].id && str_eqz(value->text, "all"))
            return &b->cohorts[i];
    return NULL;
}

struct hogql_node *query_breakdown_cohort_value(struct arena *a,
                                                const struct query_breakdown_cohort *c)
{
    return hogql_string(a, c->id ? arena_printf(a, "%lld", (long long)c->id) : STR("all"));
}

struct hogql_node *query_breakdown_in_cohort(struct arena *a,
                                             const struct query_breakdown_cohort *c)
{
    return c->id ? hogql_compare(a, HOGQL_IN_COHORT, hogql_field(a, "person_id", NULL),
                                 hogql_int(a, c->id))
                 : NULL;
}
