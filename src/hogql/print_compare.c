/* print_compare.c - comparisons and logic. A comparison is never null: where an operand may be, the
 * result is put in its place. */
#include "hogql/print.h"

static bool is_null(const struct hogql_node *n)
{
    return n->kind == HOGQL_CONSTANT && n->op == HOGQL_NULL;
}

static bool is_string(const struct hogql_node *n)
{
    return n->kind == HOGQL_CONSTANT && n->op == HOGQL_STRING;
}

static bool is_number_type(struct hogql_type t)
{
    return t.base == TYPE_INT || t.base == TYPE_FLOAT || t.base == TYPE_DECIMAL;
}

/* -------------------------------------------------------------------------- constants */

/* Two constants of a kind: their equality; -1: not to be told here. */
static int same_constants(const struct hogql_node *x, const struct hogql_node *y)
{
    if (x->kind != HOGQL_CONSTANT || y->kind != HOGQL_CONSTANT)
        return -1;
    if (is_null(x) || is_null(y))
        return is_null(x) && is_null(y);
    if (x->op != y->op)
        return -1;
    if (x->op == HOGQL_STRING)
        return str_eq(x->text, y->text);
    if (x->op == HOGQL_BOOL || (x->op == HOGQL_INT && !x->text.n && !y->text.n))
        return x->integer == y->integer;
    return -1;
}

/* A comparison with a constant null. */
static int null_truth(const struct hogql_node *n, bool both)
{
    switch ((enum hogql_compare)n->op) {
    case HOGQL_EQ: case HOGQL_IS_NULL: case HOGQL_IS_NOT_DISTINCT: case HOGQL_LIKE:
    case HOGQL_ILIKE:
        return both;
    case HOGQL_NE: case HOGQL_IS_NOT_NULL: case HOGQL_IS_DISTINCT: case HOGQL_NOT_LIKE:
    case HOGQL_NOT_ILIKE:
        return !both;
    case HOGQL_NOT_REGEX: case HOGQL_NOT_IREGEX:
        return 1;
    case HOGQL_IN: case HOGQL_NOT_IN:
        return -1;
    default:
        return 0;
    }
}

static int compare_truth(const struct hogql_node *n)
{
    const struct hogql_node *x = n->kids[0], *y = n->kids[1];
    if (x->kind != HOGQL_CONSTANT || y->kind != HOGQL_CONSTANT)
        return -1;
    if (is_null(x) || is_null(y))
        return null_truth(n, is_null(x) && is_null(y));
    int same = same_constants(x, y);
    if (same >= 0 && n->op == HOGQL_EQ)
        return same;
    if (same >= 0 && n->op == HOGQL_NE)
        return !same;
    return -1;
}

static int chain_truth(const struct hogql_node *n)
{
    int neutral = n->kind == HOGQL_AND, all = neutral;
    for (uint32_t i = 0; i < n->n; i++) {
        int t = sql_truth(n->kids[i]);
        if (t >= 0 && t != neutral)
            return t;
        if (t < 0)
            all = -1;
    }
    return all;
}

int sql_truth(const struct hogql_node *n)
{
    int t;
    switch (n->kind) {
    case HOGQL_CONSTANT:
        if (n->op == HOGQL_BOOL)
            return n->integer != 0;
        return n->op == HOGQL_INT && !n->text.n && (n->integer == 0 || n->integer == 1)
                   ? (int)n->integer : -1;
    case HOGQL_COMPARE:
        return compare_truth(n);
    case HOGQL_AND: case HOGQL_OR:
        return chain_truth(n);
    case HOGQL_NOT:
        t = sql_truth(n->kids[0]);
        return t < 0 ? t : !t;
    default:
        return -1;
    }
}

void sql_logic(struct sql *p, const struct hogql_node *n)
{
    int known = sql_truth(n);
    if (known >= 0) {
        buf_char(&p->b, (char)('0' + known));
        return;
    }
    if (n->kind == HOGQL_NOT) {
        buf_z(&p->b, "not(");
        sql_expr(p, n->kids[0]);
        buf_char(&p->b, ')');
        return;
    }
    uint32_t left = 0;
    for (uint32_t i = 0; i < n->n; i++)
        left += sql_truth(n->kids[i]) < 0;
    bool call = left > 1, first = true;
    if (call)
        buf_z(&p->b, n->kind == HOGQL_AND ? "and(" : "or(");
    for (uint32_t i = 0; i < n->n; i++) {
        if (sql_truth(n->kids[i]) >= 0)
            continue;
        if (!first)
            buf_z(&p->b, ", ");
        first = false;
        sql_expr(p, n->kids[i]);
    }
    if (call)
        buf_char(&p->b, ')');
}

/* -------------------------------------------------------------------------- operands */

static bool plain_time(const struct hogql_node *n)
{
    return n->kind == HOGQL_FIELD && n->meaning && n->meaning->kind == MEANS_COLUMN &&
           n->meaning->zoned;
}

static bool is_instant(const struct hogql_node *n)
{
    enum hogql_base base = resolve_type(n).base;
    return base == TYPE_DATETIME || base == TYPE_DATE || is_string(n);
}

/* A constant text of a day and a time of day. */
static bool has_hours(const struct hogql_node *n)
{
    return is_string(n) && n->text.n > 10 && sql_is_time(n->text);
}

static void true_or_false(struct sql *p, str text)
{
    buf_z(&p->b, str_eqz(text, "true") ? "1" : str_eqz(text, "false") ? "0" : "NULL");
}

/* A text that is compared as a number. */
static bool as_number(const struct hogql_node *n, const struct hogql_node *other)
{
    bool numbers = is_number_type(resolve_type(other));
    if (other->kind == HOGQL_TUPLE || other->kind == HOGQL_ARRAY) { /* IN (1, 2) */
        numbers = other->n > 0;
        for (uint32_t i = 0; i < other->n; i++)
            numbers = numbers && is_number_type(resolve_type(other->kids[i]));
    }
    return numbers && resolve_type(n).base == TYPE_STRING;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits with a point and an exponent perhaps: a number in SQL too. */
static bool is_number(const struct hogql_node *n)
{
    double v;
    str s = is_string(n) ? n->text : STR("");
    size_t sign = s.n > 1 && s.p[0] == '-';
    return s.n && is_digit(s.p[sign]) && is_digit(s.p[s.n - 1]) && str_to_f64(s, &v);
}

static bool may_be_null(const struct hogql_node *n, const struct hogql_node *other)
{
    return resolve_type(n).nullable || (as_number(n, other) && !is_number(n));
}

/* One side, made comparable with the other: a text beside a time is a time in the project's zone, and
 * so is a date; a text beside a number is a number; a truth beside a text is "true" or "false". */
static void operand(struct sql *p, const struct hogql_node *n, const struct hogql_node *other)
{
    struct hogql_type t = resolve_type(n), o = resolve_type(other);
    if (plain_time(n) && is_instant(other)) {
        /* the zone makes no difference to an instant, and without it the index can be used */
        sql_name(p, n->meaning->source->sql_alias);
        buf_char(&p->b, '.');
        sql_name(p, n->meaning->column->name);
    } else if (is_string(n) && (o.base == TYPE_DATETIME || (o.base == TYPE_DATE && has_hours(n)))) {
        sql_time(p, n->text);
    } else if (t.base == TYPE_DATE && (o.base == TYPE_DATETIME || has_hours(other))) {
        /* the engine's own conversion of a date takes the zone of neither */
        buf_z(&p->b, "toDateTime64(");
        sql_expr(p, n);
        buf_z(&p->b, ", 6, ");
        sql_zone(p);
        buf_char(&p->b, ')');
    } else if (as_number(n, other) && is_number(n)) {
        buf_str(&p->b, n->text);
    } else if (as_number(n, other)) {
        sql_number(p, n);
    } else if (n->kind == HOGQL_CONSTANT && n->op == HOGQL_BOOL && o.base == TYPE_STRING) {
        buf_z(&p->b, n->integer ? "'true'" : "'false'");
    } else if (is_string(n) && o.base == TYPE_BOOL) {
        true_or_false(p, n->text);
    } else {
        sql_expr(p, n);
    }
}

/* Of a pattern match: a text, whatever it was. */
static void subject(struct sql *p, const struct hogql_node *n)
{
    enum hogql_base base = resolve_type(n).base;
    bool cast = base == TYPE_INT || base == TYPE_FLOAT || base == TYPE_BOOL || base == TYPE_UUID ||
                base == TYPE_DATETIME || base == TYPE_DATE || base == TYPE_DECIMAL;
    if (cast)
        buf_z(&p->b, "toString(");
    sql_expr(p, n);
    if (cast)
        buf_char(&p->b, ')');
}

static void call2(struct sql *p, const char *name, const struct hogql_node *x,
                  const struct hogql_node *y)
{
    buf_printf(&p->b, "%s(", name);
    operand(p, x, y);
    buf_z(&p->b, ", ");
    operand(p, y, x);
    buf_char(&p->b, ')');
}

static void like(struct sql *p, const char *name, const struct hogql_node *n)
{
    buf_printf(&p->b, "%s(", name);
    subject(p, n->kids[0]);
    buf_z(&p->b, ", ");
    sql_expr(p, n->kids[1]);
    buf_char(&p->b, ')');
}

static void regex(struct sql *p, const struct hogql_node *n, bool any_case)
{
    buf_z(&p->b, "match(");
    subject(p, n->kids[0]);
    buf_z(&p->b, any_case ? ", concat('(?i)', " : ", ");
    sql_expr(p, n->kids[1]);
    buf_z(&p->b, any_case ? "))" : ")");
}

/* The operator alone. */
static void bare(struct sql *p, const struct hogql_node *n)
{
    static const char *const calls[HOGQL_COMPARES] = {
        [HOGQL_EQ] = "equals", [HOGQL_NE] = "notEquals", [HOGQL_LT] = "less",
        [HOGQL_LE] = "lessOrEquals", [HOGQL_GT] = "greater", [HOGQL_GE] = "greaterOrEquals",
        [HOGQL_LIKE] = "like", [HOGQL_NOT_LIKE] = "notLike", [HOGQL_ILIKE] = "ilike",
        [HOGQL_NOT_ILIKE] = "notILike", [HOGQL_IN] = "in", [HOGQL_NOT_IN] = "notIn",
        [HOGQL_IS_DISTINCT] = "notEquals", [HOGQL_IS_NOT_DISTINCT] = "equals",
    };
    switch ((enum hogql_compare)n->op) {
    case HOGQL_REGEX: case HOGQL_IREGEX:
        regex(p, n, n->op == HOGQL_IREGEX);
        break;
    case HOGQL_NOT_REGEX: case HOGQL_NOT_IREGEX:
        buf_z(&p->b, "not(");
        regex(p, n, n->op == HOGQL_NOT_IREGEX);
        buf_char(&p->b, ')');
        break;
    case HOGQL_LIKE: case HOGQL_NOT_LIKE: case HOGQL_ILIKE: case HOGQL_NOT_ILIKE:
        like(p, calls[n->op], n);
        break;
    default:
        call2(p, calls[n->op], n->kids[0], n->kids[1]);
        break;
    }
}

static void both_null(struct sql *p, const struct hogql_node *n, bool equal)
{
    buf_z(&p->b, equal ? "and(isNull(" : "or(isNotNull(");
    sql_expr(p, n->kids[0]);
    buf_z(&p->b, equal ? "), isNull(" : "), isNotNull(");
    sql_expr(p, n->kids[1]);
    buf_z(&p->b, "))");
}

static void null_check(struct sql *p, const struct hogql_node *n, bool equal)
{
    buf_z(&p->b, equal ? "isNull(" : "isNotNull(");
    sql_expr(p, is_null(n->kids[0]) ? n->kids[1] : n->kids[0]);
    buf_char(&p->b, ')');
}

static void compare(struct sql *p, const struct hogql_node *n)
{
    int known = compare_truth(n);
    if (known >= 0) {
        buf_char(&p->b, (char)('0' + known));
        return;
    }
    bool equal = n->op == HOGQL_EQ || n->op == HOGQL_IS_NULL || n->op == HOGQL_IS_NOT_DISTINCT;
    bool unequal = n->op == HOGQL_NE || n->op == HOGQL_IS_NOT_NULL || n->op == HOGQL_IS_DISTINCT;
    if ((equal || unequal) && (is_null(n->kids[0]) || is_null(n->kids[1]))) {
        null_check(p, n, equal);
        return;
    }
    bool left = may_be_null(n->kids[0], n->kids[1]), right = may_be_null(n->kids[1], n->kids[0]);
    /* a wrapped comparison of the time would hide it from the index */
    bool time = n->op <= HOGQL_GE && (plain_time(n->kids[0]) || plain_time(n->kids[1]));
    if ((!left && !right) || time || n->op == HOGQL_IN || n->op == HOGQL_NOT_IN ||
        (p->in_on && n->op != HOGQL_IS_DISTINCT && n->op != HOGQL_IS_NOT_DISTINCT)) {
        bare(p, n);
        return;
    }
    bool negated = unequal || n->op == HOGQL_NOT_LIKE || n->op == HOGQL_NOT_ILIKE ||
                   n->op == HOGQL_NOT_REGEX || n->op == HOGQL_NOT_IREGEX;
    buf_z(&p->b, "ifNull(");
    bare(p, n);
    buf_z(&p->b, ", ");
    if ((equal || unequal) && left && right)
        both_null(p, n, equal);
    else
        buf_char(&p->b, negated ? '1' : '0');
    buf_char(&p->b, ')');
}

void sql_compare(struct sql *p, const struct hogql_node *n)
{
    bool bounds = p->in_where && sql_bounds(p, n, false);
    if (bounds)
        buf_z(&p->b, "and(");
    compare(p, n);
    if (bounds) {
        sql_bounds(p, n, true);
        buf_char(&p->b, ')');
    }
}

void sql_between(struct sql *p, const struct hogql_node *n)
{
    bool nullable = false;
    for (int i = 0; i < 3; i++)
        nullable = nullable || resolve_type(n->kids[i]).nullable;
    nullable = nullable && !plain_time(n->kids[0]);
    if (n->flags & HOGQL_NEGATED)
        buf_z(&p->b, "not(");
    buf_z(&p->b, nullable ? "ifNull(and(" : "and(");
    call2(p, "greaterOrEquals", n->kids[0], n->kids[1]);
    buf_z(&p->b, ", ");
    call2(p, "lessOrEquals", n->kids[0], n->kids[2]);
    buf_z(&p->b, nullable ? "), 0)" : ")");
    if (n->flags & HOGQL_NEGATED)
        buf_char(&p->b, ')');
}
