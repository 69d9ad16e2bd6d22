/* parse_call.c - calls, and the forms of expressions that begin with a keyword or a mark. */
#include "base/buf.h"
#include "base/limits.h"
#include "hogql/parse.h"

/* -------------------------------------------------------------------------- windows */

static struct hogql_node *bound(struct parser *p)
{
    struct hogql_node *b = hogql_new(p->arena, HOGQL_BOUND, 1);
    uint32_t start = p->cur.start;
    if (parse_is_kw(p, KW_CURRENT) && parse_peek(p).kw == KW_ROW) {
        parse_advance(p);
        parse_advance(p);
        b->op = 'c';
        return parse_done(p, b, start);
    }
    if (!parse_accept_kw(p, KW_UNBOUNDED) && !(b->kids[0] = parse_expr(p, LEVEL_ADD)))
        return NULL;
    b->op = parse_is_kw(p, KW_PRECEDING) ? 'p' : 'f';
    if (!parse_is_kw(p, KW_PRECEDING) && !parse_is_kw(p, KW_FOLLOWING))
        return parse_mismatch(p, "{PRECEDING, FOLLOWING}");
    parse_advance(p);
    return parse_done(p, b, start);
}

static bool frame(struct parser *p, struct hogql_node *w)
{
    str *unit = arena_new_of(p->arena, str);
    *unit = parse_is_kw(p, KW_ROWS) ? STR("ROWS") : STR("RANGE");
    w->names = unit;
    w->names_n = 1;
    parse_advance(p);
    if (!parse_accept_kw(p, KW_BETWEEN))
        return (w->kids[WINDOW_FROM] = bound(p)) != NULL;
    w->kids[WINDOW_FROM] = bound(p);
    if (!w->kids[WINDOW_FROM] || !parse_expect_kw(p, KW_AND))
        return false;
    return (w->kids[WINDOW_TO] = bound(p)) != NULL;
}

/* ( … ), the opening one consumed. */
struct hogql_node *parse_window(struct parser *p, str name)
{
    struct hogql_node *w = hogql_new(p->arena, HOGQL_WINDOW, WINDOW_N);
    uint32_t start = p->cur.start;
    w->text = name;
    w->flags = HOGQL_SUBQUERY; /* has a body, even an empty one */
    if (parse_is_kw(p, KW_PARTITION) && parse_peek(p).kw == KW_BY) {
        struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
        parse_advance(p);
        parse_advance(p);
        do {
            struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
            if (!x)
                return NULL;
            hogql_add(p->arena, list, x);
        } while (parse_accept(p, TOK_COMMA));
        w->kids[WINDOW_PARTITION] = list;
    }
    if (parse_is_kw(p, KW_ORDER) && parse_peek(p).kw == KW_BY) {
        parse_advance(p);
        parse_advance(p);
        if (!(w->kids[WINDOW_ORDER] = parse_order_list(p)))
            return NULL;
    }
    if ((parse_is_kw(p, KW_ROWS) || parse_is_kw(p, KW_RANGE)) && !frame(p, w))
        return NULL;
    return parse_expect(p, TOK_RPAREN, ")") ? parse_done(p, w, start) : NULL;
}

/* -------------------------------------------------------------------------- calls */

/* The inside of a call's parentheses, the opening one consumed. */
static bool arguments(struct parser *p, struct hogql_node *call)
{
    struct token next = parse_peek(p);
    if (parse_is_kw(p, KW_DISTINCT) && next.type != TOK_RPAREN && next.type != TOK_COMMA &&
        next.type != TOK_DOT) {
        call->flags |= HOGQL_DISTINCT;
        parse_advance(p);
    }
    if (parse_is_kw(p, KW_SELECT) && next.type != TOK_RPAREN && next.type != TOK_COMMA &&
        next.type != TOK_DOT) {
        struct hogql_node *query = parse_statement(p);
        if (!query)
            return false;
        call->kids[CALL_ARGS] = hogql_list(p->arena, HOGQL_LIST);
        hogql_add(p->arena, call->kids[CALL_ARGS], query);
    } else if (!(call->kids[CALL_ARGS] = parse_list(p, TOK_RPAREN))) {
        return false;
    }
    if (parse_is_kw(p, KW_ORDER) && parse_peek(p).kw == KW_BY) {
        parse_advance(p);
        parse_advance(p);
        if (!(call->kids[CALL_ORDER] = parse_order_list(p)))
            return false;
    }
    return parse_expect(p, TOK_RPAREN, ")");
}

static bool within_group(struct parser *p, struct hogql_node *call)
{
    parse_advance(p);
    if (!parse_expect_kw(p, KW_GROUP) || !parse_expect(p, TOK_LPAREN, "(") ||
        !parse_expect_kw(p, KW_ORDER) || !parse_expect_kw(p, KW_BY) ||
        !(call->kids[CALL_WITHIN] = parse_order_list(p)))
        return false;
    return parse_expect(p, TOK_RPAREN, ")");
}

static bool filter(struct parser *p, struct hogql_node *call)
{
    parse_advance(p);
    parse_advance(p);
    if (!parse_expect_kw(p, KW_WHERE) ||
        !(call->kids[CALL_FILTER] = parse_expr(p, LEVEL_LOOSEST)))
        return false;
    return parse_expect(p, TOK_RPAREN, ")");
}

static bool over(struct parser *p, struct hogql_node *call)
{
    parse_advance(p);
    if (parse_accept(p, TOK_LPAREN))
        return (call->kids[CALL_WINDOW] = parse_window(p, STR_NULL)) != NULL;
    struct hogql_node *w = hogql_new(p->arena, HOGQL_WINDOW, WINDOW_N);
    uint32_t start = p->cur.start;
    if (!parse_name(p, &w->text))
        return false;
    call->kids[CALL_WINDOW] = w;
    return parse_done(p, w, start) != NULL;
}

/* At "(" behind a name. */
struct hogql_node *parse_call(struct parser *p, str name, uint32_t start)
{
    struct hogql_node *call = hogql_new(p->arena, HOGQL_CALL, CALL_N);
    call->text = name;
    parse_advance(p);
    if (!arguments(p, call))
        return NULL;
    if (parse_is(p, TOK_LPAREN)) {
        call->kids[CALL_PARAMS] = call->kids[CALL_ARGS];
        if (call->flags || call->kids[CALL_ORDER])
            return parse_no_way(p);
        parse_advance(p);
        if (!arguments(p, call))
            return NULL;
    }
    if (parse_is_kw(p, KW_WITHIN) && parse_peek(p).kw == KW_GROUP && !within_group(p, call))
        return NULL;
    if (parse_is_kw(p, KW_IGNORE) && parse_peek(p).kw == KW_NULLS) {
        parse_advance(p); /* means nothing here: aggregations leave nulls out */
        parse_advance(p);
    }
    if (parse_is_kw(p, KW_FILTER) && parse_peek(p).type == TOK_LPAREN && !filter(p, call))
        return NULL;
    if (parse_is_kw(p, KW_OVER)) {
        enum tok next = parse_peek(p).type;
        if ((next == TOK_LPAREN || next == TOK_NAME || next == TOK_QUOTED) && !over(p, call))
            return NULL;
    }
    return parse_done(p, call, start);
}

/* -------------------------------------------------------------------------- CASE, CAST */

/* CASE WHEN … gives if or multiIf; CASE e WHEN … gives transform. */
struct hogql_node *parse_case(struct parser *p)
{
    struct hogql_node *subject = NULL, *call;
    struct hogql_node *whens = hogql_list(p->arena, HOGQL_ARRAY);
    struct hogql_node *thens = hogql_list(p->arena, HOGQL_ARRAY);
    struct hogql_node *otherwise = NULL;
    uint32_t start = p->cur.start;
    parse_advance(p);
    if (!parse_is_kw(p, KW_WHEN) && !(subject = parse_expr(p, LEVEL_LOOSEST)))
        return NULL;
    while (parse_accept_kw(p, KW_WHEN)) {
        struct hogql_node *when = parse_expr(p, LEVEL_LOOSEST);
        if (!when || !parse_expect_kw(p, KW_THEN))
            return NULL;
        struct hogql_node *then = parse_expr(p, LEVEL_LOOSEST);
        if (!then)
            return NULL;
        hogql_add(p->arena, whens, when);
        hogql_add(p->arena, thens, then);
    }
    if (!whens->n)
        return parse_mismatch(p, "WHEN");
    if (parse_accept_kw(p, KW_ELSE) && !(otherwise = parse_expr(p, LEVEL_LOOSEST)))
        return NULL;
    if (!parse_expect_kw(p, KW_END))
        return NULL;
    if (!otherwise)
        otherwise = hogql_null(p->arena);
    if (subject)
        return parse_done(p, hogql_call(p->arena, "transform", subject, whens, thens, otherwise,
                                        NULL), start);
    call = hogql_call(p->arena, whens->n == 1 ? "if" : "multiIf", NULL);
    for (uint32_t i = 0; i < whens->n; i++) {
        hogql_add(p->arena, call->kids[CALL_ARGS], whens->kids[i]);
        hogql_add(p->arena, call->kids[CALL_ARGS], thens->kids[i]);
    }
    hogql_add(p->arena, call->kids[CALL_ARGS], otherwise);
    return parse_done(p, call, start);
}

/* A type with optional arguments: decimal(10, 2), nullable(string). Its text in lower case, blanks
 * left out. */
static bool type_name(struct parser *p, str *out)
{
    struct buf b = BUF_INIT(LIMIT_HOGQL_TEXT);
    int depth = 0;
    bool ok = parse_is(p, TOK_NAME);
    if (!ok)
        parse_no_way(p);
    while (ok) {
        buf_str(&b, parse_text(p, p->cur));
        if (parse_is(p, TOK_COMMA))
            buf_char(&b, ' ');
        depth += parse_is(p, TOK_LPAREN) - parse_is(p, TOK_RPAREN);
        parse_advance(p);
        if (depth == 0 && !parse_is(p, TOK_LPAREN))
            break;
        ok = parse_is(p, TOK_NAME) || parse_is(p, TOK_NUMBER) || parse_is(p, TOK_COMMA) ||
             parse_is(p, TOK_LPAREN) || parse_is(p, TOK_RPAREN) || parse_is(p, TOK_STRING);
        if (!ok)
            parse_no_way(p);
    }
    for (size_t i = 0; i < b.n; i++)
        b.p[i] = (char)(b.p[i] >= 'A' && b.p[i] <= 'Z' ? b.p[i] | 32 : b.p[i]);
    *out = arena_str(p->arena, buf_view(&b));
    buf_release(&b);
    return ok;
}

struct hogql_node *parse_cast(struct parser *p)
{
    struct hogql_node *cast = hogql_new(p->arena, HOGQL_CAST, 1);
    uint32_t start = p->cur.start;
    cast->flags = parse_is_kw(p, KW_TRY_CAST) ? HOGQL_TRY : 0;
    parse_advance(p);
    parse_advance(p);
    cast->kids[0] = parse_expr(p, LEVEL_LOOSEST);
    if (!cast->kids[0] || !parse_expect_kw(p, KW_AS) || !type_name(p, &cast->text) ||
        !parse_expect(p, TOK_RPAREN, ")"))
        return NULL;
    return parse_done(p, cast, start);
}

/* -------------------------------------------------------------------------- INTERVAL, TRIM */

static const struct {
    const char *word, *call;
} units[] = {
    { "second", "toIntervalSecond" }, { "minute", "toIntervalMinute" },
    { "hour", "toIntervalHour" }, { "day", "toIntervalDay" }, { "week", "toIntervalWeek" },
    { "month", "toIntervalMonth" }, { "quarter", "toIntervalQuarter" },
    { "year", "toIntervalYear" },
};

static const char *unit_call(str word)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_eq_nocase(word, str_of(units[i].word)))
            return units[i].call;
    return NULL;
}

/* '3 days' */
static struct hogql_node *interval_text(struct parser *p, str text, uint32_t pos)
{
    ptrdiff_t blank = str_find_char(text, ' ');
    int64_t count;
    if (blank <= 0 || str_find_char(str_slice(text, (size_t)blank + 1, text.n), ' ') >= 0)
        return parse_fail(p, pos, "Unsupported interval type: must be in the format '<count> "
                                  "<unit>'");
    str number = str_slice(text, 0, (size_t)blank);
    str unit = str_slice(text, (size_t)blank + 1, text.n), word = unit;
    if (!str_to_i64(number, &count) || number.p[0] == '-')
        return parse_fail(p, pos, "Unsupported interval count: '%.*s' is not a valid integer",
                          number.n < 100 ? (int)number.n : 100, number.p);
    if (word.n > 1 && word.p[word.n - 1] == 's')
        word.n--;
    const char *call = unit_call(word);
    for (size_t i = 0; i < word.n && call; i++)
        if (word.p[i] < 'a')
            call = NULL;
    if (!call)
        return parse_fail(p, pos, "Unsupported interval unit: %.*s",
                          unit.n < 100 ? (int)unit.n : 100, unit.p);
    return hogql_call(p->arena, call, hogql_int(p->arena, count), NULL);
}

struct hogql_node *parse_interval(struct parser *p)
{
    uint32_t start = p->cur.start;
    parse_advance(p);
    struct token first = p->cur;
    struct token next = parse_peek(p);
    if (first.type == TOK_STRING && !(next.type == TOK_NAME && unit_call(parse_text(p, next)))) {
        str text;
        if (!lex_unquote(p->arena, parse_text(p, first), &text))
            return parse_no_way(p);
        parse_advance(p);
        struct hogql_node *n = interval_text(p, text, first.start);
        return n ? parse_done(p, n, start) : NULL;
    }
    struct hogql_node *count = parse_expr(p, LEVEL_LOOSEST);
    if (!count)
        return NULL;
    if (!parse_is(p, TOK_NAME))
        return parse_no_way(p);
    str unit = parse_text(p, p->cur);
    const char *call = unit_call(unit);
    if (!call)
        return parse_fail(p, p->cur.start, "Unsupported interval unit: %.*s",
                          unit.n < 100 ? (int)unit.n : 100, unit.p);
    parse_advance(p);
    return parse_done(p, hogql_call(p->arena, call, count, NULL), start);
}

/* TRIM(BOTH 'x' FROM e), or a call of trim. */
struct hogql_node *parse_trim(struct parser *p)
{
    uint32_t start = p->cur.start;
    str name = parse_text(p, p->cur);
    parse_advance(p);
    enum kw side = parse_peek(p).kw;
    if (side != KW_BOTH && side != KW_LEADING && side != KW_TRAILING)
        return parse_call(p, name, start);
    parse_advance(p);
    parse_advance(p);
    struct hogql_node *what = parse_expr(p, LEVEL_LOOSEST);
    if (!what || !parse_expect_kw(p, KW_FROM))
        return NULL;
    struct hogql_node *from = parse_expr(p, LEVEL_LOOSEST);
    if (!from || !parse_expect(p, TOK_RPAREN, ")"))
        return NULL;
    const char *call = side == KW_BOTH ? "trim" : side == KW_LEADING ? "trimLeft" : "trimRight";
    return parse_done(p, hogql_call(p->arena, call, from, what, NULL), start);
}

/* -------------------------------------------------------------------------- templates */

/* Text up to "{" or the closing quote; *pos is left on it. */
static bool template_text(struct parser *p, uint32_t *pos, str *out)
{
    struct buf b = BUF_INIT(LIMIT_HOGQL_TEXT);
    size_t i = *pos;
    bool ok = true;
    while (ok && i < p->src.n && p->src.p[i] != '{') {
        char bytes[4] = { p->src.p[i] };
        int n = 1;
        if (bytes[0] == '\\' && i + 1 < p->src.n &&
            (p->src.p[i + 1] == '{' || p->src.p[i + 1] == '}')) {
            bytes[0] = p->src.p[i + 1];
            i += 2;
        } else if (bytes[0] == '\\') {
            n = lex_escape(p->src, &i, bytes);
        } else if (bytes[0] == '\'') {
            if (i + 1 >= p->src.n || p->src.p[i + 1] != '\'')
                break;
            i += 2;
        } else {
            i++;
        }
        ok = n >= 0;
        if (ok)
            buf_add(&b, bytes, (size_t)n);
    }
    ok = ok && i < p->src.n;
    *pos = (uint32_t)i;
    *out = arena_str(p->arena, buf_view(&b));
    buf_release(&b);
    return ok;
}

struct hogql_node *parse_template(struct parser *p)
{
    uint32_t start = p->cur.start, pos = p->cur.end;
    struct hogql_node *call = hogql_call(p->arena, "concat", NULL);
    struct hogql_node *args = call->kids[CALL_ARGS];
    for (;;) {
        str text;
        if (!template_text(p, &pos, &text))
            return parse_no_way(p);
        if (text.n)
            hogql_add(p->arena, args, hogql_string(p->arena, text));
        if (p->src.p[pos] == '\'')
            break;
        parse_seek(p, pos + 1);
        struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
        if (!x)
            return NULL;
        if (!parse_is(p, TOK_RBRACE))
            return parse_mismatch(p, "}");
        hogql_add(p->arena, args, x);
        pos = p->cur.end;
    }
    parse_seek(p, pos + 1);
    if (args->n == 0)
        return parse_done(p, hogql_string(p->arena, STR("")), start);
    if (args->n == 1 && args->kids[0]->kind == HOGQL_CONSTANT && args->kids[0]->op == HOGQL_STRING)
        return parse_done(p, args->kids[0], start);
    return parse_done(p, call, start);
}

/* -------------------------------------------------------------------------- tags */

static struct hogql_node *attribute(struct parser *p, str name, struct hogql_node *value,
                                    uint32_t start)
{
    struct hogql_node *n = hogql_new(p->arena, HOGQL_NAMED, 1);
    n->text = name;
    n->kids[0] = value;
    return parse_done(p, n, start);
}

static bool attributes(struct parser *p, struct hogql_node *tag)
{
    while (parse_is(p, TOK_NAME)) {
        uint32_t start = p->cur.start;
        struct hogql_node *value = hogql_bool(p->arena, true);
        str name = parse_text(p, p->cur);
        parse_advance(p);
        if (parse_accept(p, TOK_EQ)) {
            bool brace = parse_accept(p, TOK_LBRACE);
            if (!brace && !parse_is(p, TOK_STRING) && !parse_is(p, TOK_QUOTED)) {
                parse_no_way(p);
                return false;
            }
            if (brace) {
                value = parse_expr(p, LEVEL_LOOSEST);
            } else {
                value = hogql_string(p->arena, STR(""));
                if (!lex_unquote(p->arena, parse_text(p, p->cur), &value->text))
                    value = parse_no_way(p);
                parse_advance(p);
            }
            if (!value || (brace && !parse_expect(p, TOK_RBRACE, "}")))
                return false;
        }
        struct hogql_node *n = attribute(p, name, value, start);
        if (!n)
            return false;
        hogql_add(p->arena, tag, n);
    }
    return true;
}

/* At "</": the name must be the tag's. */
static bool closing_tag(struct parser *p, struct hogql_node *tag)
{
    str name;
    parse_advance(p);
    parse_advance(p);
    uint32_t at = p->cur.start;
    if (!parse_name(p, &name))
        return false;
    if (!str_eq(name, tag->text)) {
        parse_fail(p, at, "Opening and closing HogQLX tags must match. Got %.*s and %.*s",
                   tag->text.n < 100 ? (int)tag->text.n : 100, tag->text.p,
                   name.n < 100 ? (int)name.n : 100, name.p);
        return false;
    }
    return parse_expect(p, TOK_GT, ">");
}

/* Text, {expression} and tags, up to and with the closing tag. */
static bool tag_children(struct parser *p, struct hogql_node *tag, uint32_t pos)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_ARRAY);
    uint32_t start = pos;
    for (;;) {
        uint32_t from = pos;
        while (pos < p->src.n && p->src.p[pos] != '<' && p->src.p[pos] != '{')
            pos++;
        if (pos > from)
            hogql_add(p->arena, list, hogql_string(p->arena, str_slice(p->src, from, pos)));
        parse_seek(p, pos);
        struct hogql_node *kid;
        if (parse_is(p, TOK_LT) && parse_peek(p).type == TOK_SLASH)
            break;
        if (parse_is(p, TOK_LBRACE)) {
            parse_advance(p);
            kid = parse_expr(p, LEVEL_LOOSEST);
            if (kid && !parse_is(p, TOK_RBRACE))
                kid = parse_mismatch(p, "}");
            pos = p->cur.end;
        } else {
            kid = parse_is(p, TOK_LT) ? parse_tag(p) : parse_no_way(p);
            pos = p->last;
        }
        if (!kid)
            return false;
        hogql_add(p->arena, list, kid);
    }
    if (list->n) {
        struct hogql_node *n = attribute(p, STR("children"), list, start);
        if (!n)
            return false;
        hogql_add(p->arena, tag, n);
    }
    return closing_tag(p, tag);
}

struct hogql_node *parse_tag(struct parser *p)
{
    uint32_t start = p->cur.start;
    struct hogql_node *tag = hogql_list(p->arena, HOGQL_TAG);
    if (!parse_enter(p))
        return NULL;
    parse_advance(p);
    if (!parse_name(p, &tag->text) || !attributes(p, tag))
        return NULL;
    if (parse_accept(p, TOK_SLASH)) {
        if (!parse_expect(p, TOK_GT, ">"))
            return NULL;
    } else {
        if (!parse_is(p, TOK_GT))
            return parse_mismatch(p, ">");
        if (!tag_children(p, tag, p->cur.end))
            return NULL;
    }
    parse_leave(p);
    return parse_done(p, tag, start);
}
