/* parse_expr.c - operators by precedence, and what follows a value. */
#include "hogql/parse.h"

/* -------------------------------------------------------------------------- what follows a value */

static struct hogql_node *access(struct parser *p, struct hogql_node *value,
                                 struct hogql_node *index, bool nullish)
{
    struct hogql_node *n = hogql_new(p->arena, HOGQL_ACCESS, 2);
    n->kids[0] = value;
    n->kids[1] = index;
    n->flags = nullish ? HOGQL_NULLISH : 0;
    return n;
}

/* [e] or [i:j] behind a value. */
static struct hogql_node *bracket(struct parser *p, struct hogql_node *value, bool nullish)
{
    struct hogql_node *from = NULL, *slice;
    parse_advance(p);
    if (!parse_is(p, TOK_COLON) && !(from = parse_expr(p, LEVEL_LOOSEST)))
        return NULL;
    if (!parse_is(p, TOK_COLON) || nullish)
        return parse_expect(p, TOK_RBRACKET, "]")
                   ? parse_done(p, access(p, value, from, nullish), value->start)
                   : NULL;
    parse_advance(p);
    slice = hogql_new(p->arena, HOGQL_SLICE, 3);
    slice->kids[0] = value;
    slice->kids[1] = from;
    if (!parse_is(p, TOK_RBRACKET) && !(slice->kids[2] = parse_expr(p, LEVEL_LOOSEST)))
        return NULL;
    return parse_expect(p, TOK_RBRACKET, "]") ? parse_done(p, slice, value->start) : NULL;
}

/* A place in a tuple: the token is ".1" behind a value, or "1" behind "." or "?.". */
static struct hogql_node *place(struct parser *p, struct hogql_node *value, bool nullish)
{
    struct hogql_node *n = hogql_new(p->arena, HOGQL_TUPLE_ACCESS, 1);
    str text = parse_text(p, p->cur);
    if (text.p[0] == '.')
        text = str_slice(text, 1, text.n);
    ptrdiff_t point = str_find_char(text, '.'); /* behind "?." two places look like a number */
    if (point > 0)
        text.n = (size_t)point;
    n->kids[0] = value;
    n->flags = nullish ? HOGQL_NULLISH : 0;
    if (!str_to_i64(text, &n->integer))
        return parse_no_way(p);
    parse_seek(p, (uint32_t)(text.p + text.n - p->src.p));
    return parse_done(p, n, value->start);
}

static struct hogql_node *member(struct parser *p, struct hogql_node *value, bool nullish)
{
    str *text = arena_new_of(p->arena, str);
    if (!parse_name(p, text))
        return NULL;
    return parse_done(p, access(p, value, hogql_string(p->arena, *text), nullish), value->start);
}

static struct hogql_node *double_colon(struct parser *p, struct hogql_node *value)
{
    struct hogql_node *cast = hogql_new(p->arena, HOGQL_CAST, 1);
    struct err ignored = ERR_INIT;
    str type;
    parse_advance(p);
    uint32_t start = p->cur.start;
    if (parse_is(p, TOK_NAME) && !lex_kw_may_be(p->cur.kw, LEX_TYPE))
        return parse_no_way(p);
    if (!parse_name(p, &type))
        return NULL;
    /* In quotes it may be anything; no type is. */
    struct token word = lex_next(type, 0, &ignored);
    if (word.type != TOK_NAME || word.start || word.end != type.n)
        return parse_fail(p, start, "Unsupported type in CAST: " STR_FMT,
                          STR_ARG(str_utf8_prefix(type, 100)));
    if (str_eq_nocase(type, STR("timestamp")) && parse_is_kw(p, KW_WITH)) {
        static const char *const words[] = { "local", "time", "zone" };
        parse_advance(p);
        bool local = str_eq_nocase(parse_text(p, p->cur), STR("local"));
        for (size_t i = local ? 0 : 1; i < ARRAY_LEN(words); i++) {
            if (!str_eq_nocase(parse_text(p, p->cur), str_of(words[i])))
                return parse_mismatch(p, words[i]);
            parse_advance(p);
        }
        type = local ? STR("timestamp with local time zone") : STR("timestamp with time zone");
    }
    char *lower = arena_z(p->arena, type);
    for (size_t i = 0; i < type.n; i++)
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] | 32 : lower[i]);
    cast->kids[0] = value;
    cast->text = (str){ lower, type.n };
    return parse_done(p, cast, value->start);
}

static struct hogql_node *call_expr(struct parser *p, struct hogql_node *what)
{
    struct hogql_node *n = hogql_list(p->arena, HOGQL_CALL_EXPR);
    parse_advance(p);
    struct hogql_node *args = parse_list(p, TOK_RPAREN);
    if (!args || !parse_expect(p, TOK_RPAREN, ")"))
        return NULL;
    hogql_add(p->arena, n, what);
    for (uint32_t i = 0; i < args->n; i++)
        hogql_add(p->arena, n, args->kids[i]);
    return parse_done(p, n, what->start);
}

static bool is_place(struct parser *p)
{
    str text = parse_text(p, p->cur);
    if (!parse_is(p, TOK_NUMBER) || text.p[0] != '.')
        return false;
    for (size_t i = 1; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    return true;
}

static struct hogql_node *postfix(struct parser *p, struct hogql_node *n)
{
    /* a lambda takes all that follows it, unless it ended in parentheses */
    while (n && !(n->kind == HOGQL_LAMBDA && n->end == p->last)) {
        if (parse_is(p, TOK_DOT)) {
            parse_advance(p);
            n = parse_is(p, TOK_NUMBER) && !is_place(p) ? place(p, n, false)
                                                        : member(p, n, false);
        } else if (is_place(p)) {
            n = place(p, n, false);
        } else if (parse_is(p, TOK_LBRACKET)) {
            n = bracket(p, n, false);
        } else if (parse_is(p, TOK_NULL_DOT)) {
            parse_advance(p);
            n = parse_is(p, TOK_LBRACKET) ? bracket(p, n, true)
                : parse_is(p, TOK_NUMBER) ? place(p, n, true)
                                          : member(p, n, true);
        } else if (parse_is(p, TOK_DOUBLE_COLON)) {
            n = double_colon(p, n);
        } else if (parse_is(p, TOK_LPAREN)) {
            n = call_expr(p, n);
        } else {
            break;
        }
    }
    return n;
}

/* -------------------------------------------------------------------------- operators */

static bool negate(struct arena *a, struct hogql_node *n)
{
    if (n->kind != HOGQL_CONSTANT || (n->op != HOGQL_INT && n->op != HOGQL_FLOAT))
        return false;
    if (n->op == HOGQL_FLOAT) {
        n->real = -n->real;
        return true;
    }
    if (!n->text.n && n->integer != INT64_MIN) {
        n->integer = -n->integer;
        return true;
    }
    if (!n->text.n)
        n->text = STR("9223372036854775808");
    else if (n->text.p[0] == '-')
        n->text = str_slice(n->text, 1, n->text.n);
    else
        n->text = arena_printf(a, "-" STR_FMT, STR_ARG(n->text));
    n->integer = 0; /* as the text tells it */
    if (str_to_i64(n->text, &n->integer))
        n->text = STR_NULL;
    return true;
}

/* A sign and a number are one literal; any other minus takes from zero. */
static struct hogql_node *minus(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *n;
    parse_advance(p);
    if (parse_at_number(p)) {
        n = parse_number(p);
        if (n)
            negate(p->arena, n);
        return n ? postfix(p, parse_done(p, n, start)) : NULL;
    }
    n = parse_expr(p, LEVEL_UNARY);
    return n ? parse_done(p, hogql_arithmetic(p->arena, '-', hogql_int(p->arena, 0), n), start)
             : NULL;
}

static struct hogql_node *plus(struct parser *p)
{
    uint32_t start = p->cur.start;
    parse_advance(p);
    struct hogql_node *n = parse_at_number(p) ? parse_number(p) : parse_no_way(p);
    return n ? postfix(p, parse_done(p, n, start)) : NULL;
}

static struct hogql_node *not_form(struct parser *p)
{
    uint32_t start = p->cur.start;
    parse_advance(p);
    struct hogql_node *n = parse_expr(p, LEVEL_NOT);
    return n ? parse_done(p, hogql_not(p->arena, n), start) : NULL;
}

static struct hogql_node *value(struct parser *p)
{
    return postfix(p, parse_primary(p));
}

/* Behind a field that is called "not"? */
static bool not_is_name(struct parser *p)
{
    struct err ignored = ERR_INIT;
    struct token next = parse_peek(p), after;
    switch (next.kw) {
    case KW_LIKE: case KW_ILIKE: case KW_IS: case KW_AND: case KW_OR: case KW_AS: case KW_FROM:
    case KW_BETWEEN:
        after = lex_next(p->src, next.end, &ignored); /* "not is" alone negates a field */
        return after.type != TOK_END && after.type != TOK_RPAREN && after.type != TOK_COMMA;
    default:
        break;
    }
    after = lex_next(p->src, next.end, &ignored); /* not(x) is a call, not (SELECT …) is not */
    return next.type == TOK_LPAREN && after.kw != KW_SELECT && after.kw != KW_WITH;
}

static struct hogql_node *prefix(struct parser *p)
{
    if (parse_is(p, TOK_DASH))
        return minus(p);
    if (parse_is(p, TOK_PLUS))
        return plus(p);
    if (parse_is_kw(p, KW_NOT))
        return not_is_name(p) ? parse_either(p, value, not_form)
                              : parse_either(p, not_form, value);
    return value(p);
}

/* An operator that is symbols or words: how tight, and what to do. */
struct infix {
    enum level level;
    int op;          /* of the node */
    unsigned tokens; /* to skip */
};

static bool symbol_infix(enum tok t, struct infix *out)
{
    static const struct {
        enum tok t;
        enum level level;
        int op;
    } rows[] = {
        { TOK_STAR, LEVEL_MULTIPLY, '*' }, { TOK_SLASH, LEVEL_MULTIPLY, '/' },
        { TOK_PERCENT, LEVEL_MULTIPLY, '%' }, { TOK_PLUS, LEVEL_ADD, '+' },
        { TOK_DASH, LEVEL_ADD, '-' }, { TOK_CONCAT, LEVEL_ADD, '|' },
        { TOK_EQ, LEVEL_COMPARE, HOGQL_EQ }, { TOK_NE, LEVEL_COMPARE, HOGQL_NE },
        { TOK_LT, LEVEL_COMPARE, HOGQL_LT }, { TOK_LE, LEVEL_COMPARE, HOGQL_LE },
        { TOK_GT, LEVEL_COMPARE, HOGQL_GT }, { TOK_GE, LEVEL_COMPARE, HOGQL_GE },
        { TOK_REGEX, LEVEL_COMPARE, HOGQL_REGEX }, { TOK_NOT_REGEX, LEVEL_COMPARE, HOGQL_NOT_REGEX },
        { TOK_IREGEX, LEVEL_COMPARE, HOGQL_IREGEX },
        { TOK_NOT_IREGEX, LEVEL_COMPARE, HOGQL_NOT_IREGEX },
        { TOK_SPACESHIP, LEVEL_SPACESHIP, HOGQL_IS_NOT_DISTINCT },
        { TOK_NULLISH, LEVEL_NULLISH, 0 }, { TOK_QUERY, LEVEL_TERNARY, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].t != t)
            continue;
        *out = (struct infix){ rows[i].level, rows[i].op, 1 };
        return true;
    }
    return false;
}

static bool word_infix(struct parser *p, struct infix *out)
{
    bool negated = parse_is_kw(p, KW_NOT);
    enum kw kw = negated ? parse_peek(p).kw : p->cur.kw;
    unsigned skip = negated ? 2 : 1;
    switch (kw) {
    case KW_AND:
        *out = (struct infix){ LEVEL_AND, 0, 1 };
        return !negated;
    case KW_OR:
        *out = (struct infix){ LEVEL_OR, 0, 1 };
        return !negated;
    case KW_BETWEEN:
        *out = (struct infix){ LEVEL_BETWEEN, negated, skip };
        return true;
    case KW_LIKE:
        *out = (struct infix){ LEVEL_COMPARE, negated ? HOGQL_NOT_LIKE : HOGQL_LIKE, skip };
        return true;
    case KW_ILIKE:
        *out = (struct infix){ LEVEL_COMPARE, negated ? HOGQL_NOT_ILIKE : HOGQL_ILIKE, skip };
        return true;
    case KW_IN:
        *out = (struct infix){ LEVEL_COMPARE, negated ? HOGQL_NOT_IN : HOGQL_IN, skip };
        return true;
    case KW_IS:
        /* IS [NOT] DISTINCT FROM is looser; told apart when it is read */
        *out = (struct infix){ LEVEL_COMPARE, HOGQL_IS_NULL, 1 };
        return !negated;
    default:
        return false;
    }
}

/* IS [NOT] NULL, IS [NOT] DISTINCT FROM e. *looser: the operator binds too loosely here. */
static struct hogql_node *is_form(struct parser *p, struct hogql_node *left, enum level level,
                                  bool *looser)
{
    struct token is = p->cur, next = parse_peek(p);
    *looser = false;
    uint32_t pos = next.end;
    bool negated = next.kw == KW_NOT;
    struct err ignored = ERR_INIT;
    struct token word = negated ? lex_next(p->src, pos, &ignored) : next;
    if (word.kw == KW_DISTINCT && level > LEVEL_DISTINCT) {
        *looser = true;
        return left;
    }
    parse_seek(p, is.end);
    if (negated)
        parse_advance(p);
    if (parse_accept_kw(p, KW_NULL)) {
        struct hogql_node *n =
            hogql_compare(p->arena, negated ? HOGQL_IS_NOT_NULL : HOGQL_IS_NULL, left,
                          hogql_null(p->arena));
        n = parse_done(p, n, left->start);
        return n ? postfix(p, n) : NULL;
    }
    if (!parse_is_kw(p, KW_DISTINCT))
        return parse_no_way(p);
    parse_advance(p);
    if (!parse_expect_kw(p, KW_FROM))
        return NULL;
    struct hogql_node *right = parse_expr(p, LEVEL_COMPARE);
    return right ? parse_done(p, hogql_compare(p->arena, negated ? HOGQL_IS_NOT_DISTINCT
                                                                 : HOGQL_IS_DISTINCT,
                                               left, right), left->start)
                 : NULL;
}

static struct hogql_node *ternary(struct parser *p, struct hogql_node *condition)
{
    struct hogql_node *yes = parse_expr(p, LEVEL_TERNARY), *no;
    if (!yes || !parse_expect(p, TOK_COLON, ":"))
        return NULL;
    no = parse_expr(p, LEVEL_TERNARY);
    return no ? hogql_call(p->arena, "if", condition, yes, no, NULL) : NULL;
}

static struct hogql_node *between(struct parser *p, struct hogql_node *value, bool negated)
{
    struct hogql_node *n = hogql_new(p->arena, HOGQL_BETWEEN, 3);
    n->flags = negated ? HOGQL_NEGATED : 0;
    n->kids[0] = value;
    n->kids[1] = parse_expr(p, LEVEL_NULLISH);
    if (!n->kids[1] || !parse_expect_kw(p, KW_AND))
        return NULL;
    n->kids[2] = parse_expr(p, LEVEL_NULLISH);
    return n->kids[2] ? n : NULL;
}

static bool is_concat(const struct hogql_node *n)
{
    return n->kind == HOGQL_CALL && str_eqz(n->text, "concat") && !n->flags &&
           !n->kids[CALL_PARAMS] && !n->kids[CALL_ORDER] && !n->kids[CALL_WITHIN] &&
           !n->kids[CALL_FILTER] && !n->kids[CALL_WINDOW];
}

/* One call for a chain, the calls of concat() in it among them. */
static struct hogql_node *concat(struct parser *p, struct hogql_node *left,
                                 struct hogql_node *right)
{
    if (!is_concat(left))
        left = hogql_call(p->arena, "concat", left, NULL);
    struct hogql_node *args = left->kids[CALL_ARGS];
    if (!is_concat(right)) {
        hogql_add(p->arena, args, right);
        return left;
    }
    const struct hogql_node *more = right->kids[CALL_ARGS];
    for (uint32_t i = 0; i < more->n; i++)
        hogql_add(p->arena, args, more->kids[i]);
    return left;
}

/* AND and OR gather their operands in one flat node. */
static struct hogql_node *flat(struct parser *p, enum hogql_kind kind, struct hogql_node *left,
                               enum level level)
{
    struct hogql_node *all = hogql_list(p->arena, kind);
    enum kw kw = kind == HOGQL_AND ? KW_AND : KW_OR;
    hogql_add(p->arena, all, left);
    do {
        struct hogql_node *right = parse_expr(p, level + 1);
        if (!right)
            return NULL;
        hogql_add(p->arena, all, right);
    } while (parse_accept_kw(p, kw));
    return all;
}

/* Does a value follow, rather than an operator, a clause or the end? */
static bool begins_value(struct token t)
{
    switch (t.type) {
    case TOK_NUMBER: case TOK_STRING: case TOK_QUOTED: case TOK_LPAREN: case TOK_LBRACE:
    case TOK_LBRACKET: case TOK_TEMPLATE: case TOK_POSITION: case TOK_DASH:
        return true;
    case TOK_NAME:
        return !t.kw || t.kw == KW_COHORT || t.kw == KW_CASE || t.kw == KW_CAST ||
               t.kw == KW_IF || t.kw == KW_DATE || t.kw == KW_NULL || t.kw == KW_ID ||
               t.kw == KW_TRY_CAST || t.kw == KW_COLUMNS || t.kw == KW_TIMESTAMP ||
               t.kw == KW_TRIM || t.kw == KW_INTERVAL || t.kw == KW_INF || t.kw == KW_NAN ||
               t.kw == KW_INFINITY || t.kw == KW_NOT;
    default:
        return false;
    }
}

/* IN COHORT value, rather than IN cohort, a field, and an operator. */
static bool cohort_follows(struct parser *p)
{
    struct err ignored = ERR_INIT;
    struct token next = parse_peek(p);
    struct token after = lex_next(p->src, next.end, &ignored);
    if (next.type == TOK_STAR) /* cohort * 2 */
        return !begins_value(after);
    if (next.type == TOK_NAME && after.type == TOK_LPAREN && next.kw != KW_AND && next.kw != KW_OR &&
        lex_kw_may_be(next.kw, LEX_NAME)) /* any(…) */
        return true;
    return begins_value(next) || parse_at_tag(p, next);
}

static struct hogql_node *in_form(struct parser *p, struct hogql_node *left, int op)
{
    struct hogql_node *right;
    if (parse_is_kw(p, KW_COHORT) && cohort_follows(p)) {
        parse_advance(p);
        op = op == HOGQL_IN ? HOGQL_IN_COHORT : HOGQL_NOT_IN_COHORT;
    }
    right = parse_expr(p, LEVEL_ADD);
    return right ? hogql_compare(p->arena, (enum hogql_compare)op, left, right) : NULL;
}

static struct hogql_node *binary(struct parser *p, struct hogql_node *left,
                                 const struct infix *in)
{
    struct hogql_node *right;
    switch (in->level) {
    case LEVEL_TERNARY:
        return ternary(p, left);
    case LEVEL_OR:
        return flat(p, HOGQL_OR, left, LEVEL_OR);
    case LEVEL_AND:
        return flat(p, HOGQL_AND, left, LEVEL_AND);
    case LEVEL_BETWEEN:
        return between(p, left, in->op);
    case LEVEL_COMPARE:
        if (in->op == HOGQL_IN || in->op == HOGQL_NOT_IN)
            return in_form(p, left, in->op);
        break;
    default:
        break;
    }
    right = parse_expr(p, in->level + 1);
    if (!right)
        return NULL;
    if (in->level == LEVEL_COMPARE || in->level == LEVEL_SPACESHIP)
        return hogql_compare(p->arena, (enum hogql_compare)in->op, left, right);
    if (in->level == LEVEL_NULLISH)
        return hogql_call(p->arena, "ifNull", left, right, NULL);
    if (in->op == '|')
        return concat(p, left, right);
    return hogql_arithmetic(p->arena, (char)in->op, left, right);
}

/* LIMIT 10 %: a percent sign that no operand follows. */
static bool ends_limit(struct parser *p)
{
    struct err ignored = ERR_INIT;
    struct token next = parse_peek(p);
    switch (next.type) {
    case TOK_END: case TOK_RPAREN: case TOK_SEMICOLON: case TOK_COMMA: case TOK_PERCENT:
        return true;
    default:
        break;
    }
    struct token after = lex_next(p->src, next.end, &ignored);
    bool ends = after.type == TOK_END || after.type == TOK_RPAREN;
    return next.kw == KW_UNION || next.kw == KW_INTERSECT || next.kw == KW_EXCEPT ||
           next.kw == KW_SETTINGS || (next.kw == KW_WITH && after.kw == KW_TIES) ||
           ((next.kw == KW_OFFSET || next.kw == KW_LIMIT) && !ends);
}

static bool is_infix(struct parser *p, struct infix *out)
{
    if (parse_is(p, TOK_PERCENT) && p->limit && ends_limit(p))
        return false;
    return parse_is(p, TOK_NAME) ? word_infix(p, out) : symbol_infix(p->cur.type, out);
}

/* AS name, again and again: the loosest of all, so that nothing but its end may follow. */
static struct hogql_node *aliases(struct parser *p, struct hogql_node *n)
{
    uint32_t start = n->start;
    while (n && parse_is_kw(p, KW_AS)) {
        struct hogql_node *alias = hogql_alias(p->arena, n, STR_NULL);
        parse_advance(p);
        if (parse_reserved_alias(p, p->cur))
            return NULL;
        if (parse_is(p, TOK_STRING)) {
            if (!lex_unquote(p->arena, parse_text(p, p->cur), &alias->text))
                return parse_no_way(p);
            parse_advance(p);
        } else if (!parse_name(p, &alias->text)) {
            return NULL;
        }
        n = parse_done(p, alias, start);
    }
    return n;
}

/* name := expression */
static struct hogql_node *named(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *n = hogql_new(p->arena, HOGQL_NAMED, 1);
    if (!parse_name(p, &n->text))
        return NULL;
    parse_advance(p);
    n->kids[0] = parse_expr(p, LEVEL_LOOSEST);
    return n->kids[0] ? parse_done(p, n, start) : NULL;
}

struct hogql_node *parse_before_as(struct parser *p)
{
    int outer = p->before_as;
    p->before_as = p->depth + 1;
    struct hogql_node *n = parse_expr(p, LEVEL_TERNARY);
    p->before_as = outer;
    return n;
}

struct hogql_node *parse_expr(struct parser *p, enum level level)
{
    struct infix in;
    if (!parse_enter(p))
        return NULL;
    uint32_t start = p->cur.start;
    struct hogql_node *n;
    if (level == LEVEL_LOOSEST && parse_is_name(&p->cur) && parse_peek(p).type == TOK_ASSIGN)
        n = named(p);
    else
        n = prefix(p);
    while (n && is_infix(p, &in) && in.level >= level) {
        if (in.op == HOGQL_IS_NULL && in.level == LEVEL_COMPARE && parse_is_kw(p, KW_IS)) {
            bool looser;
            n = is_form(p, n, level, &looser);
            if (looser)
                break;
            continue;
        }
        for (unsigned i = 0; i < in.tokens; i++)
            parse_advance(p);
        n = binary(p, n, &in);
        /* AND and OR take whole chains, so a chain begun here ends here */
        if (n)
            n = parse_done(p, n, start);
    }
    if (n && level == LEVEL_LOOSEST)
        n = aliases(p, n);
    parse_leave(p);
    return n;
}
