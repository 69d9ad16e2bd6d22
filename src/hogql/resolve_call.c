/* resolve_call.c - calls: which function it is, the number of its arguments, its type. */
#include "base/limits.h"
#include "base/tz.h"
#include "hogql/resolve.h"

#define NAME_MAX_SHOWN 100

/* How many there may be of something. */
struct count_rule {
    const char *what; /* "Function", "Aggregation" */
    int least, most;
    uint32_t n;
    const char *thing; /* "argument", "parameter" */
};

static int check_count(struct resolver *r, const struct hogql_node *at, const char *name,
                       const struct count_rule *c)
{
    int n = (int)c->n;
    if (n >= c->least && (c->most < 0 || n <= c->most))
        return 0;
    int bound = n < c->least ? c->least : c->most;
    const char *how = c->least == c->most ? "" : n < c->least ? "at least " : "at most ";
    return resolve_error(r, at, "%s '%s' expects %s%d %s%s, found %d", c->what, name, how, bound,
                         c->thing, bound == 1 ? "" : "s", n);
}

static int unsupported(struct resolver *r, const struct hogql_node *n)
{
    str near = function_nearest(n->text);
    int shown = n->text.n < NAME_MAX_SHOWN ? (int)n->text.n : NAME_MAX_SHOWN;
    if (near.n)
        resolve_error(r, n, "Unsupported function call '%.*s(...)'. Perhaps you meant '" STR_FMT
                      "(...)'?", shown, n->text.p, STR_ARG(near));
    else
        resolve_error(r, n, "Unsupported function call '%.*s(...)'", shown, n->text.p);
    if (r->c->hint.end) /* the name alone */
        r->c->hint = (struct hogql_hint){ n->start, n->start + (uint32_t)n->text.n, near };
    return ERR_INVALID;
}

static int check_parameters(struct resolver *r, const struct hogql_node *n,
                            const struct function *f)
{
    const struct hogql_node *params = n->kids[CALL_PARAMS];
    const char *what = f->flags & AGGREGATE ? "Aggregation" : "Function";
    if (!params && f->params_least > 0)
        return resolve_error(r, n, "%s '%s' requires parameters in addition to arguments", what,
                             f->name);
    if (!params)
        return 0;
    struct count_rule c = { what, f->params_least, f->params_most, params->n, "parameter" };
    return check_count(r, n, f->name, &c);
}

static int check_arguments(struct resolver *r, const struct hogql_node *n,
                           const struct function *f)
{
    static const char *const comparisons[] = { "equals", "notEquals", "less", "greater",
                                               "lessOrEquals", "greaterOrEquals", "like", "ilike",
                                               "notLike", "notILike", "in", "notIn" };
    struct count_rule c = { f->flags & AGGREGATE ? "Aggregation" : "Function", f->least, f->most,
                            n->kids[CALL_ARGS]->n, "argument" };
    for (size_t i = 0; i < ARRAY_LEN(comparisons); i++)
        if (strcmp(f->name, comparisons[i]) == 0 && c.n != 2)
            return resolve_error(r, n, "Comparison '%s' requires exactly two arguments", f->name);
    return check_count(r, n, f->name, &c);
}

static bool in_list(const char *const *list, size_t n, str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqz(name, list[i]))
            return true;
    return false;
}

/* arrayReduce('name', …) names a function: one of these. */
static int check_array_reduce(struct resolver *r, const struct hogql_node *n)
{
    static const char *const allowed[] = {
        "count", "countMap", "countMapState", "sum", "sumMap", "sumMapState", "min", "minMap",
        "minMapState", "max", "maxMap", "maxMapState", "avg", "avgState", "avgMap", "avgMapState",
        "median", "uniq", "uniqState", "uniqMap", "uniqMapState",
    };
    const struct hogql_node *name = n->kids[CALL_ARGS]->kids[0];
    bool text = name->kind == HOGQL_CONSTANT && name->op == HOGQL_STRING;
    if (text && in_list(allowed, ARRAY_LEN(allowed), name->text))
        return 0;
    str shown = text ? name->text : hogql_to_text(r->arena, name);
    return resolve_error(r, name, "Invalid parametric function in 'arrayReduce', '%.*s' is not "
                         "supported.", shown.n < 100 ? (int)shown.n : 100, shown.p);
}

static int check_decimal(struct resolver *r, const struct hogql_node *n)
{
    const struct hogql_node *scale = n->kids[CALL_ARGS]->kids[1];
    if (scale->kind == HOGQL_CONSTANT && scale->op == HOGQL_INT && !scale->text.n &&
        scale->integer >= 0 && scale->integer <= 18)
        return 0;
    return resolve_error(r, scale, "toDecimal needs a scale from 0 to 18 as its second argument");
}

/* A zone that is written out and that nobody knows; the others show when the query runs. */
static int check_zone(struct resolver *r, const struct hogql_node *n, const struct function *f)
{
    const struct hogql_node *list = n->kids[CALL_ARGS], *zone = NULL;
    if (f->flags & TZ && f->most > f->least && (int)list->n == f->most)
        zone = list->kids[list->n - 1];
    else if (strcmp(f->name, "timezone") == 0)
        zone = list->kids[0];
    if (!zone || zone->kind != HOGQL_CONSTANT || zone->op != HOGQL_STRING || tz_find(zone->text))
        return 0;
    return resolve_error(r, zone, "Unknown timezone: '%.*s'",
                         zone->text.n < NAME_MAX_SHOWN ? (int)zone->text.n : NAME_MAX_SHOWN,
                         zone->text.p);
}

/* -------------------------------------------------------------------------- expansions */

/* WITH x -> x + 1 AS f … f(1): the body with arguments for parameters. */
struct substitution {
    const struct hogql_node *lambda, *args;
    struct arena *arena;
};

static int substitute(void *cls, struct hogql_node **at)
{
    struct substitution *sub = cls;
    struct hogql_node *n = *at;
    for (uint32_t i = 0; n->kind == HOGQL_FIELD && n->names_n == 1 && i < sub->lambda->names_n; i++)
        if (str_eq(n->names[0], sub->lambda->names[i])) {
            *at = hogql_copy(sub->arena, sub->args->kids[i]);
            break;
        }
    return 0;
}

static int lambda_cte(struct resolver *r, struct scope *s, struct hogql_node **at, bool *done)
{
    struct hogql_node *n = *at;
    for (struct scope *o = s; o; o = o->outer) {
        for (struct cte *c = o->ctes; c; c = c->next) {
            if (!c->expr || c->expr->kind != HOGQL_LAMBDA || !str_eq(c->name, n->text))
                continue;
            *done = true;
            struct count_rule count = { "Function", (int)c->expr->names_n, (int)c->expr->names_n,
                                        n->kids[CALL_ARGS]->n, "argument" };
            int rc = check_count(r, n, arena_z(r->arena, c->name), &count);
            if (rc < 0)
                return rc;
            if (++r->expansions > 50)
                return resolve_error(r, n, "Too many CTE expansions (50+). Probably a CTE loop.");
            if (arena_used(r->arena) > LIMIT_HOGQL_MEMORY)
                return resolve_error(r, n, "The query is too large");
            struct substitution sub = { c->expr, n->kids[CALL_ARGS], r->arena };
            *at = hogql_copy(r->arena, c->expr->kids[0]);
            hogql_walk(at, substitute, &sub);
            rc = resolve_expr(r, s, at);
            r->expansions--;
            return rc;
        }
    }
    return 0;
}

/* -------------------------------------------------------------------------- calls */

static int list(struct resolver *r, struct scope *s, struct hogql_node *l)
{
    int rc = 0;
    for (uint32_t i = 0; l && i < l->n && rc == 0; i++)
        rc = resolve_expr(r, s, &l->kids[i]);
    return rc;
}

/* count(*) is count(); f(*COLUMNS(…)) gets the columns as arguments. */
static int spread(struct resolver *r, struct scope *s, struct hogql_node *n)
{
    struct hogql_node *args = n->kids[CALL_ARGS];
    if (args->n == 1 && args->kids[0]->kind == HOGQL_STAR && str_eq_nocase(n->text, STR("count"))) {
        args->n = 0;
        return 0;
    }
    struct hogql_node *all = NULL;
    for (uint32_t i = 0; i < args->n; i++) {
        struct hogql_node *x = args->kids[i];
        bool is = x->kind == HOGQL_SPREAD;
        if (!is && !all)
            continue;
        if (!all) {
            all = hogql_list(r->arena, HOGQL_LIST);
            for (uint32_t k = 0; k < i; k++)
                hogql_add(r->arena, all, args->kids[k]);
        }
        if (!is) {
            hogql_add(r->arena, all, x);
            continue;
        }
        struct hogql_node *one = hogql_list(r->arena, HOGQL_LIST);
        hogql_add(r->arena, one, x->kids[0]);
        int rc = resolve_stars(r, s, one);
        if (rc < 0)
            return rc;
        for (uint32_t k = 0; k < one->n; k++)
            hogql_add(r->arena, all, one->kids[k]);
    }
    if (all)
        n->kids[CALL_ARGS] = all;
    return 0;
}

static int window(struct resolver *r, struct scope *s, struct hogql_node *n,
                  const struct function *f)
{
    struct hogql_node *w = n->kids[CALL_WINDOW];
    if (!w && f->flags & WINDOW)
        return resolve_error(r, n, "Window function '%s' needs an OVER clause", f->name);
    if (!w)
        return 0;
    if (!(f->flags & (WINDOW | AGGREGATE)))
        return resolve_error(r, n, "Function '%s' cannot be used with OVER", f->name);
    int rc = list(r, s, w->kids[WINDOW_PARTITION]);
    return rc < 0 ? rc : list(r, s, w->kids[WINDOW_ORDER]);
}

/* These read a text themselves. */
static bool wants_text(const struct function *f, const struct hogql_node *args)
{
    static const char *const names[] = { "toFloatOrZero", "toIntOrZero", "toFloatOrDefault" };
    bool field = args->n && (args->kids[0]->kind == HOGQL_FIELD ||
                             args->kids[0]->kind == HOGQL_ACCESS);
    return field && in_list(names, ARRAY_LEN(names), str_of(f->name));
}

static int arguments(struct resolver *r, struct scope *s, struct hogql_node *n,
                     const struct function *f)
{
    bool aggregate = f->flags & AGGREGATE && !n->kids[CALL_WINDOW];
    bool outer = r->in_aggregate;
    const char *outer_name = r->aggregate;
    if (aggregate && outer)
        return resolve_error(r, n, "Aggregation '%s' cannot be nested inside another aggregation "
                             "'%s'.", f->name, r->aggregate);
    r->in_aggregate = outer || aggregate;
    if (aggregate)
        r->aggregate = f->name;
    int rc = list(r, s, n->kids[CALL_PARAMS]);
    if (rc == 0 && wants_text(f, n->kids[CALL_ARGS])) {
        r->raw = true;
        rc = resolve_expr(r, s, &n->kids[CALL_ARGS]->kids[0]);
        r->raw = false;
    }
    if (rc == 0)
        rc = list(r, s, n->kids[CALL_ARGS]);
    if (rc == 0)
        rc = list(r, s, n->kids[CALL_ORDER]);
    if (rc == 0 && n->kids[CALL_FILTER])
        rc = resolve_expr(r, s, &n->kids[CALL_FILTER]);
    r->in_aggregate = outer;
    r->aggregate = outer_name;
    return rc;
}

static int check_call(struct resolver *r, const struct hogql_node *n, const struct function *f)
{
    int rc = check_parameters(r, n, f);
    if (rc == 0)
        rc = check_arguments(r, n, f);
    if (rc == 0 && f->special == SPECIAL_ARRAY_REDUCE)
        rc = check_array_reduce(r, n);
    if (rc == 0 && f->special == SPECIAL_TO_DECIMAL)
        rc = check_decimal(r, n);
    if (rc == 0)
        rc = check_zone(r, n, f);
    if (rc == 0 && n->kids[CALL_WITHIN])
        rc = resolve_error(r, n, "WITHIN GROUP is not supported in ClickHouse dialect");
    if (rc == 0 && n->kids[CALL_ORDER])
        rc = resolve_error(r, n, "ORDER BY in a call is not supported in the 'clickhouse' dialect");
    if (rc == 0 && !(f->flags & AGGREGATE) && (n->flags & HOGQL_DISTINCT || n->kids[CALL_FILTER]))
        rc = resolve_error(r, n, "Function '%s' cannot be used with %s", f->name,
                           n->flags & HOGQL_DISTINCT ? "DISTINCT" : "FILTER");
    return rc;
}

/* percentile_cont and percentile_disc exist to say this. */
static int percentile(struct resolver *r, const struct hogql_node *n)
{
    if (!n->kids[CALL_WITHIN])
        return resolve_error(r, n, STR_FMT " requires WITHIN GROUP", STR_ARG(n->text));
    return resolve_error(r, n, "WITHIN GROUP is not supported in ClickHouse dialect");
}

int resolve_call(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct hogql_node *n = *at;
    bool done = false;
    int rc = lambda_cte(r, s, at, &done);
    if (done || rc < 0)
        return rc;
    const struct function *f = function_find(r->arena, n->text);
    if (!f)
        return unsupported(r, n);
    rc = f->special == SPECIAL_WITHIN ? percentile(r, n) : spread(r, s, n);
    if (rc == 0)
        rc = check_call(r, n, f);
    if (rc == 0 && f->special == SPECIAL_ABSENT)
        rc = resolve_error(r, n, "Function '%s' is not available: %s", f->name, f->target);
    if (rc == 0 && f->special == SPECIAL_ACTION)
        return resolve_action(r, s, at);
    if (rc == 0 && f->special == SPECIAL_EXPANDED)
        return resolve_expansion(r, s, at, f);
    if (rc == 0)
        rc = arguments(r, s, n, f);
    if (rc == 0)
        rc = window(r, s, n, f);
    if (rc < 0)
        return rc;
    resolve_mean(r, n, MEANS_CALL, resolve_call_type(n, f))->function = f;
    return 0;
}

/* -------------------------------------------------------------------------- aggregations */

bool hogql_aggregates(const struct hogql_node *n)
{
    if (!n || n->kind == HOGQL_SELECT || n->kind == HOGQL_SET)
        return false;
    if (n->kind == HOGQL_CALL && !n->kids[CALL_WINDOW]) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        const struct function *f = function_find(a, n->text);
        if (f && f->flags & AGGREGATE)
            return true;
    }
    for (uint32_t i = 0; i < n->n; i++)
        if (hogql_aggregates(n->kids[i]))
            return true;
    return false;
}
