/* ast.c - building, copying, comparing and walking trees. */
#include "hogql/ast.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[HOGQL_KINDS] = {
    "CONSTANT", "FIELD", "STAR", "COLUMNS", "CALL", "CALL_EXPR", "AND", "OR", "NOT", "ARITHMETIC",
    "COMPARE", "BETWEEN", "ARRAY", "TUPLE", "DICT", "ACCESS", "TUPLE_ACCESS", "SLICE", "LAMBDA",
    "CAST", "ALIAS", "NAMED", "SPREAD", "POSITION", "PLACEHOLDER", "TAG", "LIST", "SELECT", "SET",
    "CTE", "JOIN", "VALUES", "PIVOT", "SAMPLE", "GROUP", "ORDER", "WINDOW", "BOUND",
};

static const char *const flag_names[HOGQL_FLAGS] = {
    "DISTINCT", "NEGATED", "NULLISH", "TRY", "HIDDEN", "SUBQUERY", "MATERIALIZED",
    "NOT MATERIALIZED", "FINAL", "USING", "DESC", "FILL", "WITH TIES", "PERCENT", "RECURSIVE",
    "BY NAME", "UNPIVOT", "INCLUDE NULLS",
};

static const char *const compare_texts[HOGQL_COMPARES] = {
    "=", "!=", "<", "<=", ">", ">=", "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE", "IN", "NOT IN",
    "IN COHORT", "NOT IN COHORT", "=~", "!~", "=~*", "!~*", "IS NULL", "IS NOT NULL",
    "IS DISTINCT FROM", "IS NOT DISTINCT FROM",
};

const char *hogql_kind_name(enum hogql_kind kind)
{
    return kind_names[kind];
}

const char *hogql_flag_name(unsigned bit)
{
    return flag_names[bit];
}

const char *hogql_compare_text(unsigned op)
{
    return compare_texts[op];
}

/* -------------------------------------------------------------------------- building */

struct hogql_node *hogql_new(struct arena *a, enum hogql_kind kind, uint32_t n)
{
    struct hogql_node *node =
        arena_alloc(a, sizeof(*node) + n * sizeof(struct hogql_node *));
    node->kind = kind;
    node->kids = n ? (struct hogql_node **)(node + 1) : NULL;
    node->n = node->room = n;
    return node;
}

void hogql_add(struct arena *a, struct hogql_node *to, struct hogql_node *kid)
{
    if (to->n == to->room) {
        uint32_t room = to->room ? to->room * 2 : 4;
        struct hogql_node **kids = arena_alloc(a, room * sizeof(struct hogql_node *));
        if (to->n)
            memcpy(kids, to->kids, to->n * sizeof(struct hogql_node *));
        to->kids = kids;
        to->room = room;
    }
    to->kids[to->n++] = kid;
    if (kid && kid->height >= to->height)
        to->height = kid->height + 1;
}

static struct hogql_node *constant(struct arena *a, enum hogql_constant type, int64_t integer)
{
    struct hogql_node *n = hogql_new(a, HOGQL_CONSTANT, 0);
    n->op = type;
    n->integer = integer;
    return n;
}

struct hogql_node *hogql_null(struct arena *a)
{
    return constant(a, HOGQL_NULL, 0);
}

struct hogql_node *hogql_bool(struct arena *a, bool value)
{
    return constant(a, HOGQL_BOOL, value);
}

struct hogql_node *hogql_int(struct arena *a, int64_t value)
{
    return constant(a, HOGQL_INT, value);
}

struct hogql_node *hogql_float(struct arena *a, double value)
{
    struct hogql_node *n = constant(a, HOGQL_FLOAT, 0);
    n->real = value;
    return n;
}

struct hogql_node *hogql_string(struct arena *a, str value)
{
    struct hogql_node *n = constant(a, HOGQL_STRING, 0);
    n->text = value;
    return n;
}

struct hogql_node *hogql_date(struct arena *a, int64_t days)
{
    return constant(a, HOGQL_DATE, days);
}

struct hogql_node *hogql_datetime(struct arena *a, int64_t us)
{
    return constant(a, HOGQL_DATETIME, us);
}

struct hogql_node *hogql_field_of(struct arena *a, const str *names, uint32_t n)
{
    struct hogql_node *f = hogql_new(a, HOGQL_FIELD, 0);
    f->names = names;
    f->names_n = n;
    return f;
}

struct hogql_node *hogql_field(struct arena *a, const char *first, ...)
{
    va_list ap;
    uint32_t n = 1;
    va_start(ap, first);
    while (va_arg(ap, const char *))
        n++;
    va_end(ap);
    str *names = arena_alloc(a, n * sizeof(*names));
    names[0] = str_of(first);
    va_start(ap, first);
    for (uint32_t i = 1; i < n; i++)
        names[i] = str_of(va_arg(ap, const char *));
    va_end(ap);
    return hogql_field_of(a, names, n);
}

struct hogql_node *hogql_field_add(struct arena *a, const struct hogql_node *field, str name)
{
    str *names = arena_alloc(a, (field->names_n + 1) * sizeof(*names));
    memcpy(names, field->names, field->names_n * sizeof(*names));
    names[field->names_n] = name;
    return hogql_field_of(a, names, field->names_n + 1);
}

struct hogql_node *hogql_call(struct arena *a, const char *name, ...)
{
    struct hogql_node *call = hogql_new(a, HOGQL_CALL, CALL_N), *arg;
    va_list ap;
    call->text = str_of(name);
    call->kids[CALL_ARGS] = hogql_list(a, HOGQL_LIST);
    va_start(ap, name);
    while ((arg = va_arg(ap, struct hogql_node *)))
        hogql_add(a, call->kids[CALL_ARGS], arg);
    va_end(ap);
    return call;
}

/* Chains are flat: x may be one of that kind already, and y's members are taken over. */
static struct hogql_node *chain(struct arena *a, enum hogql_kind kind, struct hogql_node *x,
                                struct hogql_node *y)
{
    if (!x || !y)
        return x ? x : y;
    struct hogql_node *all = hogql_list(a, kind);
    struct hogql_node *both[] = { x, y };
    for (int side = 0; side < 2; side++) {
        if (both[side]->kind != kind) {
            hogql_add(a, all, both[side]);
            continue;
        }
        for (uint32_t i = 0; i < both[side]->n; i++)
            hogql_add(a, all, both[side]->kids[i]);
    }
    return all;
}

struct hogql_node *hogql_and(struct arena *a, struct hogql_node *x, struct hogql_node *y)
{
    return chain(a, HOGQL_AND, x, y);
}

struct hogql_node *hogql_or(struct arena *a, struct hogql_node *x, struct hogql_node *y)
{
    return chain(a, HOGQL_OR, x, y);
}

static struct hogql_node *pair(struct arena *a, enum hogql_kind kind, unsigned op,
                               struct hogql_node *x, struct hogql_node *y)
{
    struct hogql_node *n = hogql_new(a, kind, 2);
    n->op = op;
    n->kids[0] = x;
    n->kids[1] = y;
    return n;
}

struct hogql_node *hogql_not(struct arena *a, struct hogql_node *x)
{
    struct hogql_node *n = hogql_new(a, HOGQL_NOT, 1);
    n->kids[0] = x;
    return n;
}

struct hogql_node *hogql_arithmetic(struct arena *a, char op, struct hogql_node *x,
                                    struct hogql_node *y)
{
    return pair(a, HOGQL_ARITHMETIC, (unsigned char)op, x, y);
}

struct hogql_node *hogql_compare(struct arena *a, enum hogql_compare op, struct hogql_node *x,
                                 struct hogql_node *y)
{
    return pair(a, HOGQL_COMPARE, op, x, y);
}

struct hogql_node *hogql_list(struct arena *a, enum hogql_kind kind)
{
    return hogql_new(a, kind, 0);
}

struct hogql_node *hogql_alias(struct arena *a, struct hogql_node *x, str name)
{
    struct hogql_node *n = hogql_new(a, HOGQL_ALIAS, 1);
    n->kids[0] = x;
    n->text = name;
    return n;
}

struct hogql_node *hogql_order(struct arena *a, struct hogql_node *x, bool descending)
{
    struct hogql_node *n = hogql_new(a, HOGQL_ORDER, ORDER_N);
    n->kids[ORDER_EXPR] = x;
    n->flags = descending ? HOGQL_DESC : 0;
    return n;
}

/* -------------------------------------------------------------------------- trees */

struct hogql_node *hogql_copy(struct arena *a, const struct hogql_node *tree)
{
    if (!tree)
        return NULL;
    struct hogql_node *n = hogql_new(a, tree->kind, tree->n);
    struct hogql_node **kids = n->kids;
    *n = *tree;
    n->kids = kids;
    n->room = n->n;
    for (uint32_t i = 0; i < n->n; i++)
        n->kids[i] = hogql_copy(a, tree->kids[i]);
    return n;
}

static bool same_number(const struct hogql_node *x, const struct hogql_node *y)
{
    if (x->kind == HOGQL_CONSTANT && x->op == HOGQL_FLOAT && x->real != x->real)
        return y->real != y->real; /* NaN equals itself here */
    return x->integer == y->integer;
}

bool hogql_same(const struct hogql_node *x, const struct hogql_node *y)
{
    if (!x || !y)
        return x == y;
    if (x->kind != y->kind || x->op != y->op || x->flags != y->flags || x->n != y->n ||
        x->names_n != y->names_n || !str_eq(x->text, y->text) || !same_number(x, y))
        return false;
    for (uint32_t i = 0; i < x->names_n; i++)
        if (!str_eq(x->names[i], y->names[i]))
            return false;
    for (uint32_t i = 0; i < x->n; i++)
        if (!hogql_same(x->kids[i], y->kids[i]))
            return false;
    return true;
}

int hogql_walk(struct hogql_node **at, int (*fn)(void *cls, struct hogql_node **at), void *cls)
{
    if (!*at)
        return 0;
    for (uint32_t i = 0; i < (*at)->n; i++) {
        int rc = hogql_walk(&(*at)->kids[i], fn, cls);
        if (rc < 0)
            return rc;
    }
    return fn(cls, at);
}

void hogql_float_text(struct buf *b, double v)
{
    char text[40];
    if (isnan(v) || isinf(v)) {
        buf_z(b, isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    buf_z(b, text);
    if (!strpbrk(text, ".e"))
        buf_z(b, ".0");
}
