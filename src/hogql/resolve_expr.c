/* resolve_expr.c - expressions: what their parts mean, and of which type they are. */
#include "base/limits.h"
#include "hogql/resolve.h"

static const struct hogql_type unknown = { TYPE_UNKNOWN, true };
static const struct hogql_type truth = { TYPE_BOOL, false };

struct hogql_type resolve_type(const struct hogql_node *n)
{
    while (n->kind == HOGQL_ALIAS)
        n = n->kids[0];
    return n->meaning ? n->meaning->type : unknown;
}

struct hogql_meaning *resolve_mean(struct resolver *r, struct hogql_node *n,
                                   enum meaning_kind kind, struct hogql_type type)
{
    n->meaning = arena_new_of(r->arena, struct hogql_meaning);
    n->meaning->kind = kind;
    n->meaning->type = type;
    return n->meaning;
}

static int value(struct resolver *r, struct hogql_node *n, struct hogql_type type)
{
    resolve_mean(r, n, MEANS_VALUE, type);
    return 0;
}

static int kids(struct resolver *r, struct scope *s, struct hogql_node *n)
{
    int rc = 0;
    for (uint32_t i = 0; i < n->n && rc == 0; i++)
        if (n->kids[i])
            rc = resolve_expr(r, s, &n->kids[i]);
    return rc;
}

static bool any_nullable(const struct hogql_node *n)
{
    for (uint32_t i = 0; i < n->n; i++)
        if (n->kids[i] && resolve_type(n->kids[i]).nullable)
            return true;
    return false;
}

static struct hogql_type constant_type(const struct hogql_node *n)
{
    static const enum hogql_base bases[] = {
        [HOGQL_NULL] = TYPE_NULL, [HOGQL_BOOL] = TYPE_BOOL, [HOGQL_INT] = TYPE_INT,
        [HOGQL_FLOAT] = TYPE_FLOAT, [HOGQL_STRING] = TYPE_STRING, [HOGQL_UUID] = TYPE_UUID,
        [HOGQL_DATE] = TYPE_DATE, [HOGQL_DATETIME] = TYPE_DATETIME,
    };
    return (struct hogql_type){ bases[n->op], n->op == HOGQL_NULL || n->op == HOGQL_UUID };
}

/* -------------------------------------------------------------------------- accesses */

/* Below a chain of constant accesses stands a field: its name and the steps make one path. */
static int access(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct hogql_node *base = *at;
    uint32_t n = 0;
    for (; base->kind == HOGQL_ACCESS || base->kind == HOGQL_TUPLE_ACCESS; base = base->kids[0]) {
        const struct hogql_node *index = base->kind == HOGQL_ACCESS ? base->kids[1] : NULL;
        if (index && !(index->kind == HOGQL_CONSTANT && !index->text.p && index->op == HOGQL_INT) &&
            !(index->kind == HOGQL_CONSTANT && index->op == HOGQL_STRING))
            break;
        n++;
    }
    if (base->kind == HOGQL_FIELD && n) {
        struct step *steps = arena_alloc(r->arena, n * sizeof(*steps));
        struct hogql_node *x = *at;
        for (uint32_t i = n; i-- > 0; x = x->kids[0]) {
            if (x->kind == HOGQL_TUPLE_ACCESS)
                steps[i].place = x->integer;
            else if (x->kids[1]->op == HOGQL_INT)
                steps[i].place = x->kids[1]->integer;
            else
                steps[i].key = x->kids[1]->text;
        }
        *at = hogql_copy(r->arena, base);
        (*at)->end = base->end;
        return resolve_field(r, s, at, steps, n);
    }
    struct hogql_node *a = *at;
    if (a->kind == HOGQL_ACCESS && a->kids[1]->kind == HOGQL_CONSTANT &&
        a->kids[1]->op == HOGQL_INT && !a->kids[1]->text.n && a->kids[1]->integer == 0)
        return resolve_error(r, a->kids[1],
                             "SQL indexes start from one, not from zero. E.g: array[1]");
    int rc = kids(r, s, a);
    return rc < 0 ? rc : value(r, a, unknown);
}

/* -------------------------------------------------------------------------- lambdas, windows */

static int lambda(struct resolver *r, struct scope *s, struct hogql_node *n)
{
    struct scope *inner = arena_new_of(r->arena, struct scope);
    *inner = (struct scope){ .outer = s, .lambda = true, .parameters = n, .select = s->select };
    int rc = resolve_expr(r, inner, &n->kids[0]);
    return rc < 0 ? rc : value(r, n, unknown);
}

static int arithmetic(struct resolver *r, struct hogql_node *n)
{
    struct hogql_type x = resolve_type(n->kids[0]), y = resolve_type(n->kids[1]);
    struct hogql_type t = { TYPE_UNKNOWN, x.nullable || y.nullable };
    bool ints = (x.base == TYPE_INT || x.base == TYPE_BOOL) &&
                (y.base == TYPE_INT || y.base == TYPE_BOOL);
    if (x.base == TYPE_DATETIME || x.base == TYPE_DATE)
        t.base = y.base == TYPE_INTERVAL || y.base == TYPE_INT ? x.base : TYPE_UNKNOWN;
    else if (x.base == TYPE_INTERVAL)
        t.base = y.base;
    else if (n->op == '/')
        t.base = TYPE_FLOAT;
    else if (ints)
        t.base = TYPE_INT;
    else if (x.base == TYPE_FLOAT || y.base == TYPE_FLOAT)
        t.base = TYPE_FLOAT;
    return value(r, n, t);
}

/* Types that CAST knows, and the function each is. */
static int cast(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    static const struct {
        const char *type, *call;
    } casts[] = {
        { "int", "toInt" }, { "integer", "toInt" }, { "bigint", "toInt" }, { "smallint", "toInt" },
        { "int64", "toInt" }, { "int32", "toInt" }, { "int8", "toInt" }, { "int16", "toInt" },
        { "float", "toFloat" }, { "double", "toFloat" }, { "real", "toFloat" },
        { "float64", "toFloat" }, { "numeric", "toFloat" },
        { "string", "toString" }, { "text", "toString" }, { "varchar", "toString" },
        { "char", "toString" }, { "bool", "toBool" }, { "boolean", "toBool" },
        { "date", "toDate" }, { "datetime", "toDateTime" }, { "timestamp", "toDateTime" },
        { "timestamptz", "toDateTime" }, { "timestamp with time zone", "toDateTime" },
        { "timestamp with local time zone", "toDateTime" }, { "uuid", "toUUID" },
        { "json", "toString" }, { "nullable(string)", "toNullableString" },
        { "nullable(int64)", "toInt" }, { "nullable(float64)", "toFloat" },
    };
    struct hogql_node *n = *at;
    if (n->flags & HOGQL_TRY)
        return resolve_error(r, n, "TRY_CAST is not allowed in clickhouse dialect");
    int64_t digits, scale;
    if (str_starts(n->text, STR("decimal(")) && str_ends(n->text, STR(")"))) {
        str inside = str_slice(n->text, 8, n->text.n - 1);
        str first = str_trim(str_split(&inside, ','));
        str second = inside.p ? str_trim(inside) : STR("0");
        if (str_to_i64(first, &digits) && str_to_i64(second, &scale)) {
            struct hogql_node *call = hogql_call(r->arena, "toDecimal", n->kids[0],
                                                 hogql_int(r->arena, scale), NULL);
            call->start = n->start;
            call->end = n->end;
            *at = call;
            return resolve_expr(r, s, at);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(casts); i++) {
        if (!str_eqz(n->text, casts[i].type))
            continue;
        *at = hogql_call(r->arena, casts[i].call, n->kids[0], NULL);
        (*at)->start = n->start;
        (*at)->end = n->end;
        return resolve_expr(r, s, at);
    }
    return resolve_error(r, n, "Unsupported type in CAST: %.*s",
                         n->text.n < 100 ? (int)n->text.n : 100, n->text.p);
}

/* A tag is a tuple: its kind, then names and values, for the client to draw. */
static int tag(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct hogql_node *n = *at, *t = hogql_list(r->arena, HOGQL_TUPLE);
    if (s->condition) /* what clients draw, no value to compute with */
        return resolve_error(r, n, "Printing HogQLX tags is only supported in HogQL queries");
    hogql_add(r->arena, t, hogql_string(r->arena, STR("__hx_tag")));
    hogql_add(r->arena, t, hogql_string(r->arena, n->text));
    for (uint32_t i = 0; i < n->n; i++) {
        hogql_add(r->arena, t, hogql_string(r->arena, n->kids[i]->text));
        hogql_add(r->arena, t, n->kids[i]->kids[0]);
    }
    *at = t;
    return resolve_expr(r, s, at);
}

static int dict(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct hogql_node *n = *at, *t = hogql_list(r->arena, HOGQL_TUPLE);
    hogql_add(r->arena, t, hogql_string(r->arena, STR("__hx_obj")));
    for (uint32_t i = 0; i < n->n; i++)
        hogql_add(r->arena, t, n->kids[i]);
    *at = t;
    return resolve_expr(r, s, at);
}

static int alias(struct resolver *r, struct scope *s, struct hogql_node *n)
{
    int rc = resolve_expr(r, s, &n->kids[0]);
    if (rc < 0)
        return rc;
    if (!s->select)
        return resolve_error(r, n, "Aliases are allowed only within SELECT queries");
    for (struct alias *a = s->aliases; a; a = a->next)
        if (str_eq(a->name, n->text))
            return resolve_error(r, n, "Cannot redefine an alias with the name: " STR_FMT,
                                 STR_ARG(n->text));
    struct alias *a = arena_new_of(r->arena, struct alias);
    a->name = n->text;
    a->type = resolve_type(n->kids[0]);
    a->expr = n->kids[0];
    a->next = s->aliases;
    s->aliases = a;
    return value(r, n, a->type);
}

/* -------------------------------------------------------------------------- all kinds */

static int subquery(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct outputs out = { 0 };
    return resolve_query(r, s, at, &out);
}

static int simple(struct resolver *r, struct scope *s, struct hogql_node *n)
{
    int rc = kids(r, s, n);
    if (rc < 0)
        return rc;
    switch (n->kind) {
    case HOGQL_ARITHMETIC:
        return arithmetic(r, n);
    case HOGQL_ARRAY: case HOGQL_SLICE:
        return value(r, n, (struct hogql_type){ TYPE_ARRAY, false });
    case HOGQL_TUPLE:
        return value(r, n, (struct hogql_type){ TYPE_TUPLE, false });
    case HOGQL_AND: case HOGQL_OR: case HOGQL_NOT:
        return value(r, n, (struct hogql_type){ TYPE_BOOL, any_nullable(n) });
    case HOGQL_ORDER: case HOGQL_NAMED:
        return value(r, n, resolve_type(n->kids[0]));
    default:
        return value(r, n, truth);
    }
}

static int dispatch(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    struct hogql_node *n = *at;
    switch (n->kind) {
    case HOGQL_CONSTANT:
        return value(r, n, constant_type(n));
    case HOGQL_FIELD:
        return resolve_field(r, s, at, NULL, 0);
    case HOGQL_ACCESS: case HOGQL_TUPLE_ACCESS:
        return access(r, s, at);
    case HOGQL_CALL:
        return resolve_call(r, s, at);
    case HOGQL_CALL_EXPR:
        return resolve_error(r, n, "You can only call simple functions in HogQL, not expressions");
    case HOGQL_LAMBDA:
        return lambda(r, s, n);
    case HOGQL_CAST:
        return cast(r, s, at);
    case HOGQL_ALIAS:
        return alias(r, s, n);
    case HOGQL_TAG:
        return tag(r, s, at);
    case HOGQL_DICT:
        return dict(r, s, at);
    case HOGQL_SELECT: case HOGQL_SET:
        return subquery(r, s, at);
    case HOGQL_COMPARE:
        if (n->op == HOGQL_IN_COHORT || n->op == HOGQL_NOT_IN_COHORT)
            return resolve_cohort(r, s, at);
        return simple(r, s, n);
    case HOGQL_PLACEHOLDER:
        return resolve_placeholder(r, n);
    case HOGQL_POSITION:
        return resolve_error(r, n, "Positional references are not allowed in clickhouse dialect");
    case HOGQL_STAR: case HOGQL_COLUMNS: case HOGQL_SPREAD:
        return resolve_error(r, n, "Cannot use '*' here");
    default:
        return simple(r, s, n);
    }
}

int resolve_expr(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    if ((*at)->meaning && (*at)->meaning->kind != MEANS_TABLE)
        return 0; /* a tree that shares a part, or one that was made whole */
    if (++r->depth > 2 * LIMIT_HOGQL_DEPTH)
        return resolve_error(r, *at, "The query is nested too deeply: at most %d levels",
                             LIMIT_HOGQL_DEPTH);
    int rc = dispatch(r, s, at);
    r->depth--;
    return rc;
}
