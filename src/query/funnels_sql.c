/* funnels_sql.c - the statement of a FunnelsQuery: one pass over the events of the range, one row
 * for each actor, with when each event was and which steps it is. */
#include "query/funnels.h"

/* -------------------------------------------------------------------------- conditions */

/* SPEC: the first event of that name in all of history that the user has, or the first that passes
 * the filters; both count only when they are in the range. */
static int first_for_user(struct funnel *f, const struct query_entity *en, struct hogql_node **out,
                          struct err *e)
{
    struct arena *a = f->q.j->arena;
    struct hogql_node *time = hogql_field(a, "timestamp", NULL);
    bool of_name = str_eqz(en->math_word, "first_time_for_user");
    struct hogql_node *where =
        hogql_and(a, hogql_copy(a, en->of_event),
                  hogql_compare(a, HOGQL_LE, time, hogql_datetime(a, f->dates.to)));
    struct hogql_node *having =
        hogql_compare(a, HOGQL_GE, hogql_call(a, "min", hogql_copy(a, time), NULL),
                      hogql_datetime(a, f->dates.from));
    if (!of_name)
        where = hogql_and(a, where, hogql_copy(a, en->filter));
    struct hogql_placeholder ph[] = {
        { "where", where },
        { "having", having },
        { "passes", en->filter ? en->filter : hogql_bool(a, true) },
        { NULL, NULL },
    };
    return hogql_parse_expr(
        a, of_name && en->filter
               ? STR("uuid IN (SELECT argMin(uuid, tuple(timestamp, uuid)) FROM events"
                     " WHERE {where} GROUP BY person_id"
                     " HAVING {having} AND"
                     " argMin(ifNull({passes}, false), tuple(timestamp, uuid)))")
               : STR("uuid IN (SELECT argMin(uuid, tuple(timestamp, uuid)) FROM events"
                     " WHERE {where} GROUP BY person_id HAVING {having})"),
        ph, out, e);
}

/* Is the event this step? Without its math, that is. */
static struct hogql_node *is_entity(struct funnel *f, const struct query_entity *en)
{
    struct hogql_node *all = query_insight_entity(&f->q, en);
    return all ? all : hogql_bool(f->q.j->arena, true);
}

static struct hogql_node *is_any(struct funnel *f)
{
    struct arena *a = f->q.j->arena;
    struct hogql_node *any = NULL;
    for (size_t i = 0; i < f->rules.n; i++)
        any = hogql_or(a, any, is_entity(f, &f->steps[i]));
    for (size_t i = 0; i < f->exclusions_n; i++)
        any = hogql_or(a, any, is_entity(f, &f->exclusions[i].entity));
    return any;
}

/* The numbers added up are powers of two, each once. */
static struct hogql_node *bit(struct funnel *f, struct hogql_node *sum, struct hogql_node *is,
                              unsigned at)
{
    struct arena *a = f->q.j->arena;
    struct hogql_node *one =
        hogql_call(a, "if", is, hogql_int(a, (int64_t)1 << at), hogql_int(a, 0), NULL);
    return sum ? hogql_arithmetic(a, '+', sum, one) : one;
}

/* Which steps the event is, one bit each; then which exclusions, for the steps that have any. */
static int marks(struct funnel *f, struct hogql_node **out, struct err *e)
{
    struct arena *a = f->q.j->arena;
    struct hogql_node *sum = NULL, *first;
    f->bits = 0;
    f->excluded = 0;
    for (unsigned i = 0; i < f->rules.n; i++) {
        struct query_entity *en = &f->steps[i];
        struct hogql_node *is = is_entity(f, en);
        int rc = en->math->family == MATH_FIRST ? first_for_user(f, en, &first, e) : 0;
        if (rc < 0)
            return rc;
        if (en->math->family == MATH_FIRST)
            is = hogql_and(a, is, first);
        sum = bit(f, sum, is, f->bits++);
    }
    for (unsigned step = 1; step < f->rules.n; step++) {
        struct hogql_node *any = NULL;
        for (size_t i = 0; i < f->exclusions_n; i++)
            if (f->exclusions[i].from < step && step <= f->exclusions[i].to)
                any = hogql_or(a, any, is_entity(f, &f->exclusions[i].entity));
        if (!any)
            continue;
        sum = bit(f, sum, any, f->bits++);
        f->excluded |= 1u << step;
    }
    *out = sum;
    return 0;
}

/* Events of the range that pass all filters and belong to an actor. */
static int where(struct funnel *f, struct hogql_node **out, struct err *e)
{
    struct arena *a = f->q.j->arena;
    struct hogql_node *named, *all = hogql_copy(a, f->q.filter);
    /* SPEC: in strict funnels any other event of the actor's stands in between. */
    if (f->rules.order != FUNNEL_STRICT)
        all = hogql_and(a, is_any(f), all);
    all = query_insight_where(&f->q, f->dates.from, f->dates.to, all);
    if (f->by_hogql) {
        struct hogql_placeholder ph[] = { { "actor", f->actor }, { NULL, NULL } };
        int rc = hogql_parse_expr(a, STR("ifNull(toString({actor}), '') != ''"), ph, &named, e);
        if (rc < 0)
            return rc;
        all = hogql_and(a, all, named);
    }
    *out = all;
    return 0;
}

/* -------------------------------------------------------------------------- columns */

static int column(struct funnel *f, const char *text, const struct hogql_placeholder *ph,
                  const char *alias, struct hogql_node *columns, struct err *e)
{
    struct hogql_node *x;
    int rc = hogql_parse_expr(f->q.j->arena, str_of(text), ph, &x, e);
    if (rc == 0)
        hogql_add(f->q.j->arena, columns, hogql_alias(f->q.j->arena, x, str_of(alias)));
    return rc;
}

/* An event as one number: its marks, and above them the microseconds since the range's beginning.
 * One array of numbers costs the engine a third of two. */
static int visits(struct funnel *f, const struct hogql_node *bits, struct hogql_node *columns,
                  struct err *e)
{
    struct arena *a = f->q.j->arena;
    struct hogql_placeholder ph[] = {
        { "from", hogql_datetime(a, f->dates.from) },
        { "scale", hogql_int(a, (int64_t)1 << f->bits) },
        { "marks", hogql_copy(a, bits) },
        { NULL, NULL },
    };
    f->wide = f->dates.to - f->dates.from > INT64_MAX >> f->bits;
    return column(f, f->wide
                         ? "groupArray(_toUInt128(_toUInt128(dateDiff('microsecond', {from},"
                           " timestamp)) * {scale} + {marks}))"
                         : "groupArray(_toUInt64(dateDiff('microsecond', {from}, timestamp)"
                           " * {scale} + {marks}))",
                  ph, "visits", columns, e);
}

/* Of values at the same time one is taken by its checksum, so that the answer is the same each time
 * it is asked; comparing the values themselves would cost the engine more than all the rest. */
static int label(struct funnel *f, const struct hogql_node *bits, struct hogql_node *columns,
                 struct err *e)
{
    struct arena *a = f->q.j->arena;
    struct hogql_placeholder ph[] = {
        { "value", f->breakdown.expression },
        { "none", query_breakdown_label(a, &f->breakdown, BREAKDOWN_NONE) },
        { "from", hogql_datetime(a, f->dates.from) },
        { "marks", hogql_copy(a, bits) },
        { NULL, NULL },
    };
    return column(f, f->attribution == FUNNEL_FIRST_TOUCH
                         ? "argMinIf({value}, dateDiff('microsecond', {from}, timestamp) * 8192"
                           " + cityHash64({value}) % 8192, {value} != {none} AND {marks} != 0)"
                         : "argMaxIf({value}, dateDiff('microsecond', {from}, timestamp) * 8192"
                           " + cityHash64({value}) % 8192, {value} != {none} AND {marks} != 0)",
                  ph, "label", columns, e);
}

int funnel_statement(struct funnel *f, struct hogql_node **out, struct err *e)
{
    struct arena *a = f->q.j->arena;
    struct hogql_node *columns = hogql_list(a, HOGQL_LIST), *condition, *bits;
    int rc = where(f, &condition, e);
    if (rc == 0)
        rc = marks(f, &bits, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "actor", f->actor },
        { "value", f->breakdown.expression },
        { "columns", columns },
        { "where", condition },
        { NULL, NULL },
    };
    if (f->people)
        rc = column(f, "toString({actor})", ph, "actor", columns, e);
    if (rc == 0 && f->breakdown.expression && !funnel_has_values(f))
        rc = label(f, bits, columns, e);
    if (rc == 0)
        rc = visits(f, bits, columns, e);
    if (rc == 0 && funnel_has_values(f))
        rc = column(f, "groupArray({value})", ph, "values", columns, e);
    if (f->cohorts_n)
        hogql_add(a, columns,
                  hogql_alias(a, hogql_call(a, "groupArray", funnel_cohort_bits(f), NULL),
                              STR("cohorts")));
    if (rc < 0)
        return rc;
    return query_insight_select(
        &f->q, "SELECT {columns} FROM events WHERE {where} GROUP BY {actor}", ph, out, e);
}
