/* print_hogql.c - a tree as HogQL again, on one line: what the API shows as a column's name or as the
 * query behind an insight. Parsing the text gives the tree back; builds with checks demand it. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "hogql/print_hogql.h"

/* -------------------------------------------------------------------------- words */

/* Keywords that read as plain names wherever a name is printed. */
static bool soft(enum kw kw)
{
    switch (kw) {
    case KW_TIMESTAMP: case KW_TIME: case KW_KEY: case KW_SECOND: case KW_MINUTE: case KW_HOUR:
    case KW_DAY: case KW_WEEK: case KW_MONTH: case KW_QUARTER: case KW_YEAR: case KW_FIRST:
    case KW_LAST: case KW_REPLACE: case KW_IF: case KW_DATE: case KW_ID: case KW_NAME:
    case KW_RETURN: case KW_COHORT: case KW_FINAL: case KW_TOP: case KW_TOTALS: case KW_LOCAL:
    case KW_ZONE:
        return true;
    default:
        return false;
    }
}

/* Is the whole of name one word token? *kw: which keyword it is. */
static bool plain(str name, enum kw *kw)
{
    struct err ignored = ERR_INIT;
    *kw = KW_NONE;
    if (!name.n || (unsigned char)name.p[0] > 127 || name.p[0] <= ' ')
        return false;
    struct token t = lex_next(name, 0, &ignored);
    *kw = t.kw;
    return t.type == TOK_NAME && t.start == 0 && t.end == name.n;
}

static void quoted(struct printer *p, str s, char quote)
{
    buf_char(&p->b, quote);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == quote || s.p[i] == '\\')
            buf_char(&p->b, quote == '`' && s.p[i] == quote ? quote : '\\');
        buf_char(&p->b, s.p[i]);
    }
    buf_char(&p->b, quote);
}

void text_name(struct printer *p, str s)
{
    enum kw kw;
    bool bare = plain(s, &kw) && (!kw || soft(kw)) && !str_eq_nocase(s, STR("true")) &&
                !str_eq_nocase(s, STR("false")) && !str_eq_nocase(s, STR("team_id"));
    if (str_eqz(s, "team_id")) /* only refused as an alias */
        bare = true;
    if (bare)
        buf_str(&p->b, s);
    else
        quoted(p, s, '`');
}

void text_alias(struct printer *p, str s)
{
    if (str_eq_nocase(s, STR("team_id")))
        quoted(p, s, '`');
    else
        text_name(p, s);
}

void text_call_name(struct printer *p, str s)
{
    enum kw kw;
    bool bare = plain(s, &kw) && lex_kw_may_be(kw, LEX_NAME);
    switch (kw) {
    case KW_CASE: case KW_CAST: case KW_TRY_CAST: case KW_COHORT: case KW_COLUMNS: case KW_INTERVAL:
    case KW_SELECT: case KW_WITH: case KW_NULL: case KW_DISTINCT: case KW_CUBE: case KW_ROLLUP:
    case KW_VALUES: case KW_ORDER: case KW_GROUP: case KW_FROM: case KW_RECURSIVE: case KW_AS:
        bare = false;
        break;
    default:
        break;
    }
    if (bare)
        buf_str(&p->b, s);
    else
        quoted(p, s, '`');
}

void text_names(struct printer *p, const str *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_z(&p->b, ", ");
        text_name(p, list[i]);
    }
}

void text_list(struct printer *p, const struct hogql_node *n, unsigned level)
{
    for (uint32_t i = 0; n && i < n->n; i++) {
        if (i)
            buf_z(&p->b, ", ");
        text_expr(p, n->kids[i], level);
    }
}

/* -------------------------------------------------------------------------- constants */

static void constant(struct printer *p, const struct hogql_node *n)
{
    char text[CLOCK_TEXT];
    switch ((enum hogql_constant)n->op) {
    case HOGQL_NULL:
        buf_z(&p->b, "NULL");
        break;
    case HOGQL_BOOL:
        buf_z(&p->b, n->integer ? "true" : "false");
        break;
    case HOGQL_INT:
        if (n->text.n)
            buf_str(&p->b, n->text);
        else
            buf_printf(&p->b, "%lld", (long long)n->integer);
        break;
    case HOGQL_FLOAT:
        hogql_float_text(&p->b, n->real);
        break;
    case HOGQL_STRING:
        quoted(p, n->text, '\'');
        break;
    case HOGQL_UUID:
        buf_z(&p->b, "toUUID(");
        quoted(p, n->text, '\'');
        buf_char(&p->b, ')');
        break;
    case HOGQL_DATE:
        clock_text_sql(n->integer * 86400 * CLOCK_SECOND, text);
        buf_printf(&p->b, "toDate('%.10s')", text);
        break;
    case HOGQL_DATETIME:
        clock_text(n->integer, text);
        buf_printf(&p->b, "toDateTime('%s')", text);
        break;
    }
}

/* -------------------------------------------------------------------------- expressions */

/* -x, read as 0 - x. */
static bool is_minus(const struct hogql_node *n)
{
    const struct hogql_node *zero = n->kind == HOGQL_ARITHMETIC ? n->kids[0] : NULL;
    return zero && n->op == '-' && zero->kind == HOGQL_CONSTANT && zero->op == HOGQL_INT &&
           !zero->text.n && !zero->integer;
}

static unsigned level_of(const struct hogql_node *n)
{
    switch (n->kind) {
    case HOGQL_ALIAS: case HOGQL_NAMED: case HOGQL_LAMBDA:
        return LEVEL_LOOSEST;
    case HOGQL_OR:
        return LEVEL_OR;
    case HOGQL_AND:
        return LEVEL_AND;
    case HOGQL_NOT:
        return LEVEL_NOT;
    case HOGQL_BETWEEN:
        return LEVEL_BETWEEN;
    case HOGQL_COMPARE:
        return n->op == HOGQL_IS_DISTINCT || n->op == HOGQL_IS_NOT_DISTINCT ? LEVEL_DISTINCT
                                                                            : LEVEL_COMPARE;
    case HOGQL_ARITHMETIC:
        if (is_minus(n))
            return LEVEL_UNARY;
        return n->op == '+' || n->op == '-' ? LEVEL_ADD : LEVEL_MULTIPLY;
    default:
        return LEVEL_PRIMARY;
    }
}

static void chain(struct printer *p, const struct hogql_node *n, const char *word, unsigned level)
{
    for (uint32_t i = 0; i < n->n; i++) {
        if (i)
            buf_z(&p->b, word);
        text_expr(p, n->kids[i], level + 1);
    }
}

/* IN COHORT takes numbers and texts, all else in brackets; IN cohort would be the beginning of it. */
static bool wrap_in(const struct hogql_node *n)
{
    const struct hogql_node *right = n->kids[1];
    if (n->op == HOGQL_IN_COHORT || n->op == HOGQL_NOT_IN_COHORT)
        return right->kind != HOGQL_CONSTANT ||
               (right->op != HOGQL_INT && right->op != HOGQL_STRING);
    return right->kind == HOGQL_FIELD && str_eq_nocase(right->names[0], STR("cohort"));
}

/* A sign and a number would be one literal. */
static void minus(struct printer *p, const struct hogql_node *n)
{
    const struct hogql_node *first = n;
    while (first->kind == HOGQL_ACCESS || first->kind == HOGQL_TUPLE_ACCESS ||
           first->kind == HOGQL_SLICE || first->kind == HOGQL_CALL_EXPR ||
           (first->kind == HOGQL_CAST && !(first->flags & HOGQL_TRY)))
        first = first->kids[0];
    bool number = first->kind == HOGQL_CONSTANT &&
                  (first->op == HOGQL_INT || first->op == HOGQL_FLOAT);
    bool again = is_minus(n);
    buf_z(&p->b, number ? "-(" : again ? "- " : "-");
    text_expr(p, n, number ? LEVEL_LOOSEST : LEVEL_UNARY);
    buf_z(&p->b, number ? ")" : "");
}

static void compare(struct printer *p, const struct hogql_node *n)
{
    unsigned level = level_of(n);
    bool in = n->op >= HOGQL_IN && n->op <= HOGQL_NOT_IN_COHORT;
    text_expr(p, n->kids[0], level);
    buf_printf(&p->b, " %s", hogql_compare_text(n->op));
    if (n->op == HOGQL_IS_NULL || n->op == HOGQL_IS_NOT_NULL)
        return;
    buf_char(&p->b, ' ');
    if (in && wrap_in(n))
        text_enclosed(p, &(struct hogql_node){ .kids = n->kids + 1, .n = 1 }, "(", ")");
    else
        text_expr(p, n->kids[1], in ? LEVEL_ADD : level + 1);
}

static void bound(struct printer *p, const struct hogql_node *n)
{
    if (n->op == 'c') {
        buf_z(&p->b, "CURRENT ROW");
        return;
    }
    if (n->kids[0])
        text_expr(p, n->kids[0], LEVEL_ADD);
    else
        buf_z(&p->b, "UNBOUNDED");
    buf_z(&p->b, n->op == 'p' ? " PRECEDING" : " FOLLOWING");
}

void text_order_list(struct printer *p, const struct hogql_node *n)
{
    static const char *const fill[] = { NULL, " FROM ", " TO ", " STEP " };
    for (uint32_t i = 0; i < n->n; i++) {
        const struct hogql_node *o = n->kids[i];
        if (i)
            buf_z(&p->b, ", ");
        text_expr(p, o->kids[ORDER_EXPR], LEVEL_TERNARY);
        buf_z(&p->b, o->flags & HOGQL_DESC ? " DESC" : " ASC");
        if (o->op)
            buf_z(&p->b, o->op == 1 ? " NULLS FIRST" : " NULLS LAST");
        if (o->flags & HOGQL_FILL)
            buf_z(&p->b, " WITH FILL");
        for (int slot = ORDER_FROM; slot < ORDER_N; slot++) {
            if (!o->kids[slot])
                continue;
            buf_z(&p->b, fill[slot]);
            text_expr(p, o->kids[slot], LEVEL_TERNARY);
        }
    }
}

void text_window(struct printer *p, const struct hogql_node *w)
{
    const char *gap = "";
    buf_char(&p->b, '(');
    if (w->kids[WINDOW_PARTITION]) {
        buf_z(&p->b, "PARTITION BY ");
        text_list(p, w->kids[WINDOW_PARTITION], LEVEL_TERNARY);
        gap = " ";
    }
    if (w->kids[WINDOW_ORDER]) {
        buf_printf(&p->b, "%sORDER BY ", gap);
        text_order_list(p, w->kids[WINDOW_ORDER]);
        gap = " ";
    }
    if (w->kids[WINDOW_FROM]) {
        buf_printf(&p->b, "%s" STR_FMT " ", gap, STR_ARG(w->names[0]));
        if (w->kids[WINDOW_TO])
            buf_z(&p->b, "BETWEEN ");
        bound(p, w->kids[WINDOW_FROM]);
        if (w->kids[WINDOW_TO]) {
            buf_z(&p->b, " AND ");
            bound(p, w->kids[WINDOW_TO]);
        }
    }
    buf_char(&p->b, ')');
}

static void call(struct printer *p, const struct hogql_node *n)
{
    text_call_name(p, n->text);
    if (n->kids[CALL_PARAMS]) {
        buf_char(&p->b, '(');
        text_list(p, n->kids[CALL_PARAMS], LEVEL_LOOSEST);
        buf_char(&p->b, ')');
    }
    buf_z(&p->b, n->flags & HOGQL_DISTINCT ? "(DISTINCT " : "(");
    text_list(p, n->kids[CALL_ARGS], LEVEL_LOOSEST);
    if (n->kids[CALL_ORDER]) {
        buf_z(&p->b, " ORDER BY ");
        text_order_list(p, n->kids[CALL_ORDER]);
    }
    buf_char(&p->b, ')');
    if (n->kids[CALL_WITHIN]) {
        buf_z(&p->b, " WITHIN GROUP (ORDER BY ");
        text_order_list(p, n->kids[CALL_WITHIN]);
        buf_char(&p->b, ')');
    }
    if (n->kids[CALL_FILTER]) {
        buf_z(&p->b, " FILTER (WHERE ");
        text_expr(p, n->kids[CALL_FILTER], LEVEL_TERNARY);
        buf_char(&p->b, ')');
    }
    if (n->kids[CALL_WINDOW]) {
        buf_z(&p->b, " OVER ");
        if (n->kids[CALL_WINDOW]->flags & HOGQL_SUBQUERY)
            text_window(p, n->kids[CALL_WINDOW]);
        else
            text_name(p, n->kids[CALL_WINDOW]->text);
    }
}

static void star(struct printer *p, const struct hogql_node *n)
{
    bool wrap = n->kids[STAR_REPLACE];
    if (wrap)
        buf_char(&p->b, '(');
    for (uint32_t i = 0; i < n->names_n; i++) {
        text_name(p, n->names[i]);
        buf_char(&p->b, '.');
    }
    buf_char(&p->b, '*');
    if (n->kids[STAR_EXCLUDE]) {
        buf_z(&p->b, " EXCLUDE (");
        text_list(p, n->kids[STAR_EXCLUDE], LEVEL_LOOSEST);
        buf_char(&p->b, ')');
    }
    if (wrap) {
        buf_z(&p->b, " REPLACE (");
        text_list(p, n->kids[STAR_REPLACE], LEVEL_LOOSEST);
        buf_z(&p->b, "))");
    }
}

static void dict(struct printer *p, const struct hogql_node *n)
{
    buf_char(&p->b, '{');
    for (uint32_t i = 0; i < n->n; i++) {
        if (i)
            buf_z(&p->b, i % 2 ? ": " : ", ");
        text_expr(p, n->kids[i], LEVEL_TERNARY);
    }
    buf_char(&p->b, '}');
}

static void tag(struct printer *p, const struct hogql_node *n)
{
    buf_printf(&p->b, "<" STR_FMT, STR_ARG(n->text));
    for (uint32_t i = 0; i < n->n; i++) {
        buf_printf(&p->b, " " STR_FMT "={", STR_ARG(n->kids[i]->text));
        text_expr(p, n->kids[i]->kids[0], LEVEL_TERNARY);
        buf_char(&p->b, '}');
    }
    buf_z(&p->b, " />");
}

/* Behind "name, " a parameter without parentheses would be the second of two. */
static bool behind_name(const struct printer *p)
{
    const char *end = p->b.p + p->b.n;
    return p->b.n > 2 && end[-1] == ' ' && end[-2] == ',' &&
           (end[-3] == '`' || lex_is_name(end[-3]));
}

static void lambda(struct printer *p, const struct hogql_node *n)
{
    bool wrap = n->names_n != 1 || behind_name(p);
    if (wrap)
        buf_char(&p->b, '(');
    text_names(p, n->names, n->names_n);
    buf_z(&p->b, wrap ? ") -> " : " -> ");
    text_expr(p, n->kids[0], LEVEL_TERNARY);
}

static void cast(struct printer *p, const struct hogql_node *n)
{
    if (str_find(n->text, STR(" with ")) > 0) {
        text_expr(p, n->kids[0], LEVEL_PRIMARY);
        buf_printf(&p->b, "::" STR_FMT, STR_ARG(n->text));
        return;
    }
    buf_z(&p->b, n->flags & HOGQL_TRY ? "TRY_CAST(" : "CAST(");
    text_expr(p, n->kids[0], LEVEL_TERNARY);
    buf_printf(&p->b, " AS " STR_FMT ")", STR_ARG(n->text));
}

/* What stands between a value and its end: [i], .1, [i:j] */
static void access(struct printer *p, const struct hogql_node *n)
{
    const struct hogql_node *value = n->kids[0];
    text_expr(p, value, LEVEL_PRIMARY);
    /* a point right behind digits were part of them: 1.2 and a?.1.2 */
    if (value->kind == HOGQL_CONSTANT ||
        (value->kind == HOGQL_TUPLE_ACCESS && value->flags & HOGQL_NULLISH))
        buf_char(&p->b, ' ');
    if (n->flags & HOGQL_NULLISH)
        buf_z(&p->b, n->kind == HOGQL_ACCESS ? "?." : "?");
    if (n->kind == HOGQL_TUPLE_ACCESS) {
        buf_printf(&p->b, ".%lld", (long long)n->integer);
        return;
    }
    buf_char(&p->b, '[');
    if (n->kids[1])
        text_expr(p, n->kids[1], LEVEL_TERNARY);
    if (n->kind == HOGQL_SLICE) {
        buf_char(&p->b, ':');
        if (n->kids[2])
            text_expr(p, n->kids[2], LEVEL_TERNARY);
    }
    buf_char(&p->b, ']');
}

void text_enclosed(struct printer *p, const struct hogql_node *n, const char *open,
                     const char *close)
{
    buf_z(&p->b, open);
    text_list(p, n, LEVEL_LOOSEST);
    buf_z(&p->b, close);
}

static void field(struct printer *p, const struct hogql_node *n)
{
    for (uint32_t i = 0; i < n->names_n; i++) {
        if (i)
            buf_char(&p->b, '.');
        text_name(p, n->names[i]);
    }
}

/* What is called, when it is no name. Without parentheses where it can be, because behind NOT they
 * would be those of a call. */
static void callee(struct printer *p, const struct hogql_node *n)
{
    bool wrap = n->kind == HOGQL_CALL || (n->kind == HOGQL_FIELD && n->names_n == 1);
    if (wrap)
        buf_char(&p->b, '(');
    text_expr(p, n, wrap ? LEVEL_LOOSEST : LEVEL_PRIMARY);
    if (wrap)
        buf_char(&p->b, ')');
}

static bool takes_alias(const struct hogql_node *n)
{
    while (n->kind == HOGQL_NOT)
        n = n->kids[0];
    return n->kind == HOGQL_NAMED || n->kind == HOGQL_LAMBDA;
}

static void inner(struct printer *p, const struct hogql_node *n)
{
    switch (n->kind) {
    case HOGQL_CONSTANT:
        constant(p, n);
        break;
    case HOGQL_FIELD:
        field(p, n);
        break;
    case HOGQL_STAR:
        star(p, n);
        break;
    case HOGQL_COLUMNS:
        buf_z(&p->b, "COLUMNS(");
        if (n->n)
            text_list(p, n, LEVEL_LOOSEST);
        else
            quoted(p, n->text, '\'');
        buf_char(&p->b, ')');
        break;
    case HOGQL_CALL:
        call(p, n);
        break;
    case HOGQL_CALL_EXPR:
        callee(p, n->kids[0]);
        buf_char(&p->b, '(');
        for (uint32_t i = 1; i < n->n; i++) {
            if (i > 1)
                buf_z(&p->b, ", ");
            text_expr(p, n->kids[i], LEVEL_LOOSEST);
        }
        buf_char(&p->b, ')');
        break;
    case HOGQL_AND:
        chain(p, n, " AND ", LEVEL_AND);
        break;
    case HOGQL_OR:
        chain(p, n, " OR ", LEVEL_OR);
        break;
    case HOGQL_NOT:
        buf_z(&p->b, "NOT ");
        /* a lambda ends where the NOT does; behind NOT its parentheses were those of a call */
        text_expr(p, n->kids[0], n->kids[0]->kind == HOGQL_LAMBDA ? LEVEL_LOOSEST : LEVEL_NOT);
        break;
    case HOGQL_ARITHMETIC:
        if (is_minus(n)) {
            minus(p, n->kids[1]);
            break;
        }
        text_expr(p, n->kids[0], level_of(n));
        buf_printf(&p->b, " %c ", (char)n->op);
        text_expr(p, n->kids[1], level_of(n) + 1);
        break;
    case HOGQL_COMPARE:
        compare(p, n);
        break;
    case HOGQL_BETWEEN:
        text_expr(p, n->kids[0], LEVEL_BETWEEN);
        buf_z(&p->b, n->flags & HOGQL_NEGATED ? " NOT BETWEEN " : " BETWEEN ");
        text_expr(p, n->kids[1], LEVEL_NULLISH);
        buf_z(&p->b, " AND ");
        text_expr(p, n->kids[2], LEVEL_NULLISH);
        break;
    case HOGQL_ARRAY:
        text_enclosed(p, n, "[", "]");
        break;
    case HOGQL_TUPLE:
        text_enclosed(p, n, "(", n->n == 1 ? ",)" : ")");
        break;
    case HOGQL_DICT:
        dict(p, n);
        break;
    case HOGQL_ACCESS: case HOGQL_TUPLE_ACCESS: case HOGQL_SLICE:
        access(p, n);
        break;
    case HOGQL_LAMBDA:
        lambda(p, n);
        break;
    case HOGQL_CAST:
        cast(p, n);
        break;
    case HOGQL_ALIAS: /* a name's value and a lambda's body would take the alias for their own */
        text_expr(p, n->kids[0], takes_alias(n->kids[0]) ? LEVEL_PRIMARY : LEVEL_LOOSEST);
        if (n->flags & HOGQL_HIDDEN)
            break;
        buf_z(&p->b, " AS ");
        text_alias(p, n->text);
        break;
    case HOGQL_NAMED:
        text_name(p, n->text);
        buf_z(&p->b, " := ");
        text_expr(p, n->kids[0], LEVEL_TERNARY);
        break;
    case HOGQL_SPREAD:
        buf_char(&p->b, '*');
        text_expr(p, n->kids[0], LEVEL_PRIMARY);
        break;
    case HOGQL_POSITION:
        buf_printf(&p->b, "#%lld", (long long)n->integer);
        break;
    case HOGQL_PLACEHOLDER:
        buf_char(&p->b, '{');
        text_expr(p, n->kids[0], LEVEL_TERNARY);
        buf_char(&p->b, '}');
        break;
    case HOGQL_TAG:
        tag(p, n);
        break;
    case HOGQL_SELECT: case HOGQL_SET:
        buf_char(&p->b, '(');
        text_query(p, n);
        buf_char(&p->b, ')');
        break;
    default:
        text_list(p, n, LEVEL_LOOSEST);
        break;
    }
}

void text_expr(struct printer *p, const struct hogql_node *n, unsigned level)
{
    bool wrap = level_of(n) < level;
    if (wrap)
        buf_char(&p->b, '(');
    inner(p, n);
    if (wrap)
        buf_char(&p->b, ')');
}

str hogql_to_text(struct arena *a, const struct hogql_node *tree)
{
    struct printer p = { BUF_INIT(LIMIT_HOGQL_SQL) };
    if (tree->kind == HOGQL_ORDER) {
        struct hogql_node one = { .kind = HOGQL_LIST, .n = 1,
                                  .kids = (struct hogql_node *[]){ (struct hogql_node *)tree } };
        text_order_list(&p, &one);
    } else if (tree->kind == HOGQL_SELECT || tree->kind == HOGQL_SET) {
        text_query(&p, tree);
    } else {
        text_expr(&p, tree, LEVEL_LOOSEST);
    }
    str text = arena_str(a, buf_view(&p.b));
    buf_release(&p.b);
    return text;
}
