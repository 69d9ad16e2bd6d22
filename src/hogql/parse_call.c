/* parse_call.c - calls, and the forms of expressions that begin with a keyword or a mark. */
#include "base/buf.h"
#include "base/limits.h"
#include "hogql/parse.h"

/* -------------------------------------------------------------------------- windows */

/* AND ends the first of two. */
static struct hogql_node *bound(struct parser *p, enum level level)
{
    struct hogql_node *b = hogql_new(p->arena, HOGQL_BOUND, 1);
    uint32_t start = p->cur.start;
    if (parse_is_kw(p, KW_CURRENT) && parse_peek(p).kw == KW_ROW) {
        parse_advance(p);
        parse_advance(p);
        b->op = 'c';
        return parse_done(p, b, start);
    }
    if (!parse_accept_kw(p, KW_UNBOUNDED) && !(b->kids[0] = parse_expr(p, level)))
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
        return (w->kids[WINDOW_FROM] = bound(p, LEVEL_TERNARY)) != NULL;
    w->kids[WINDOW_FROM] = bound(p, LEVEL_NOT);
    if (!w->kids[WINDOW_FROM] || !parse_expect_kw(p, KW_AND))
        return false;
    return (w->kids[WINDOW_TO] = bound(p, LEVEL_TERNARY)) != NULL;
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

/* A query as the only argument: f(SELECT …). */
static struct hogql_node *query_argument(struct parser *p)
{
    struct hogql_node *list = hogql_list(p->arena, HOGQL_LIST);
    uint32_t start = p->cur.start;
    struct hogql_node *query = parse_statement(p);
    if (!query || !parse_is(p, TOK_RPAREN))
        return query ? parse_no_way(p) : NULL;
    hogql_add(p->arena, list, query);
    list->flags = HOGQL_SUBQUERY;
    return parse_done(p, list, start);
}

/* f((SELECT …) UNION ALL (SELECT …)), the first read. */
static bool query_goes_on(struct parser *p, struct hogql_node *list)
{
    struct hogql_node *first = list->n == 1 ? list->kids[0] : NULL;
    if (!first || (first->kind != HOGQL_SELECT && first->kind != HOGQL_SET) ||
        !(parse_at_set(p) || parse_is_kw(p, KW_LIMIT) || parse_is_kw(p, KW_OFFSET)))
        return true;
    list->kids[0] = parse_set_rest(p, first, true, list->start);
    list->flags = HOGQL_SUBQUERY;
    return list->kids[0] != NULL;
}

/* DISTINCT before arguments: the flag is set on the list, for arguments(), as that of a query is. */
static struct hogql_node *distinct_arguments(struct parser *p)
{
    parse_advance(p);
    struct hogql_node *list = parse_arguments(p);
    if (!list || (!parse_is(p, TOK_RPAREN) && !parse_is_kw(p, KW_ORDER)))
        return list ? parse_no_way(p) : NULL;
    list->flags = HOGQL_DISTINCT;
    return list;
}

/* f(distinct) OVER …, f(distinct)(…): DISTINCT does not go with either, so it is a field. */
static void plain_distinct(struct parser *p, struct hogql_node *call, str word)
{
    str *name = arena_new_of(p->arena, str);
    if (!(call->flags & HOGQL_DISTINCT) || call->kids[CALL_ARGS]->n || call->kids[CALL_ORDER] ||
        call->kids[CALL_PARAMS] ||
        !(parse_is_kw(p, KW_OVER) || parse_is_kw(p, KW_WITHIN) || parse_is(p, TOK_LPAREN)))
        return;
    *name = word;
    call->flags &= ~(unsigned)HOGQL_DISTINCT;
    hogql_add(p->arena, call->kids[CALL_ARGS], hogql_field_of(p->arena, name, 1));
}

/* The inside of a call's parentheses, the opening one consumed. */
static bool arguments(struct parser *p, struct hogql_node *call)
{
    struct hogql_node *list;
    str first = parse_text(p, p->cur);
    if (parse_is_kw(p, KW_DISTINCT))
        list = parse_either(p, distinct_arguments, parse_arguments);
    else if (parse_may_start_query(p))
        list = parse_either(p, query_argument, parse_arguments);
    else
        list = parse_arguments(p);
    if (!list || !query_goes_on(p, list))
        return false;
    call->flags |= list->flags;
    list->flags = 0;
    call->kids[CALL_ARGS] = list;
    if (parse_is_kw(p, KW_ORDER) && parse_peek(p).kw == KW_BY) {
        parse_advance(p);
        parse_advance(p);
        if (!(call->kids[CALL_ORDER] = parse_order_list(p)))
            return false;
    }
    if (parse_is_kw(p, KW_FROM) && str_eq_nocase(call->text, STR("substring"))) {
        parse_refuse(p, p->cur.start, "Unsupported rule: ColumnExprSubstring");
        return false;
    }
    if (!parse_expect(p, TOK_RPAREN, ")"))
        return false;
    plain_distinct(p, call, first);
    return true;
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

/* Means nothing here: aggregations leave nulls out. */
static bool ignore_nulls(struct parser *p)
{
    if (!parse_at_two(p, KW_IGNORE, KW_NULLS))
        return false;
    parse_advance(p);
    parse_advance(p);
    return true;
}

/* What may stand behind the parentheses of a call. */
static bool call_suffix(struct parser *p, struct hogql_node *call)
{
    bool plain = (!call->flags || call->kids[CALL_PARAMS]) && !call->kids[CALL_ORDER];
    if (ignore_nulls(p))
        return true;
    if (parse_is_kw(p, KW_FILTER) && parse_peek(p).type == TOK_LPAREN && !filter(p, call))
        return false;
    if (!parse_is_kw(p, KW_OVER) || !plain)
        return true;
    struct token next = parse_peek(p);
    return (next.type != TOK_LPAREN && !parse_is_name(&next)) || over(p, call);
}

/* At "(" behind a name. */
struct hogql_node *parse_call(struct parser *p, str name, uint32_t start)
{
    struct hogql_node *call = hogql_new(p->arena, HOGQL_CALL, CALL_N);
    call->text = name;
    parse_advance(p);
    if (!arguments(p, call))
        return NULL;
    bool query = call->flags & HOGQL_SUBQUERY;
    call->flags &= ~(unsigned)HOGQL_SUBQUERY;
    if (parse_is_kw(p, KW_WITHIN))
        return within_group(p, call) ? (ignore_nulls(p), parse_done(p, call, start)) : NULL;
    /* f(p)(a); behind a query, DISTINCT or ORDER BY it is a call of what the first gives */
    if (parse_is(p, TOK_LPAREN) && !query && !call->flags && !call->kids[CALL_ORDER]) {
        call->kids[CALL_PARAMS] = call->kids[CALL_ARGS];
        parse_advance(p);
        if (!arguments(p, call))
            return NULL;
        call->flags &= ~(unsigned)HOGQL_SUBQUERY;
    }
    return call_suffix(p, call) ? parse_done(p, call, start) : NULL;
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

static bool type_members(struct parser *p, struct buf *b, int depth);

static bool type_name(struct parser *p, struct buf *b)
{
    str text;
    if (!parse_name(p, &text))
        return false;
    for (size_t i = 0; i < text.n; i++)
        buf_char(b, (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] | 32 : text.p[i]));
    return true;
}

/* name [name …] ["(" members ")"]: "double precision", "y nullable(int)" as a member of a tuple. */
static bool type_one(struct parser *p, struct buf *b, int depth)
{
    if (!type_name(p, b))
        return false;
    while (parse_is_name(&p->cur)) {
        buf_char(b, ' ');
        if (!type_name(p, b))
            return false;
    }
    if (!parse_accept(p, TOK_LPAREN))
        return true;
    buf_char(b, '(');
    if (depth > 20 || !type_members(p, b, depth + 1))
        return depth <= 20 ? false : (parse_no_way(p), false);
    buf_char(b, ')');
    return parse_expect(p, TOK_RPAREN, ")");
}

/* Types, numbers and texts. */
static bool type_members(struct parser *p, struct buf *b, int depth)
{
    for (bool more = false; !parse_is(p, TOK_RPAREN); more = true) {
        if (more && !parse_expect(p, TOK_COMMA, ","))
            return false;
        if (more)
            buf_z(b, ", ");
        if (parse_is(p, TOK_STRING) && parse_peek(p).type == TOK_EQ) {
            parse_refuse(p, p->cur.start, "Unsupported rule: ColumnTypeExprEnum");
            return false;
        }
        if (parse_is(p, TOK_NUMBER) || parse_is(p, TOK_STRING)) {
            buf_str(b, parse_text(p, p->cur));
            parse_advance(p);
        } else if (!type_one(p, b, depth)) {
            return false;
        }
    }
    return true;
}

bool parse_type(struct parser *p, str *out)
{
    struct buf b = BUF_INIT(LIMIT_HOGQL_TEXT);
    bool ok = type_one(p, &b, 0);
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
    cast->kids[0] = parse_before_as(p);
    if (!cast->kids[0] || !parse_expect_kw(p, KW_AS) || !parse_type(p, &cast->text) ||
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

/* INTERVAL '3 days' */
static struct hogql_node *interval_string(struct parser *p)
{
    uint32_t start = p->cur.start;
    str text;
    parse_advance(p);
    uint32_t at = p->cur.start;
    if (!lex_unquote(p->arena, parse_text(p, p->cur), &text))
        return parse_no_way(p);
    parse_advance(p);
    struct hogql_node *n = interval_text(p, text, at);
    return n ? parse_done(p, n, start) : NULL;
}

/* INTERVAL 3 DAY */
static struct hogql_node *interval_unit(struct parser *p)
{
    uint32_t start = p->cur.start;
    parse_advance(p);
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

struct hogql_node *parse_interval(struct parser *p)
{
    struct token next = parse_peek(p), after;
    struct err ignored = ERR_INIT;
    if (next.type != TOK_STRING)
        return interval_unit(p);
    after = lex_next(p->src, next.end, &ignored);
    bool ends = after.type == TOK_END || after.type == TOK_RPAREN || after.type == TOK_COMMA;
    return ends ? interval_string(p) : parse_either(p, interval_unit, interval_string);
}

/* TRIM(BOTH 'x' FROM e) */
struct hogql_node *parse_trim(struct parser *p)
{
    uint32_t start = p->cur.start;
    parse_advance(p);
    parse_advance(p);
    enum kw side = p->cur.kw;
    if (side != KW_BOTH && side != KW_LEADING && side != KW_TRAILING)
        return parse_no_way(p);
    parse_advance(p);
    struct hogql_node *what = parse_is(p, TOK_STRING) ? parse_primary(p) : parse_no_way(p);
    if (!what || !parse_expect_kw(p, KW_FROM))
        return NULL;
    struct hogql_node *from = parse_expr(p, LEVEL_LOOSEST);
    if (!from || !parse_expect(p, TOK_RPAREN, ")"))
        return NULL;
    const char *call = side == KW_BOTH ? "trim" : side == KW_LEADING ? "trimLeft" : "trimRight";
    return parse_done(p, hogql_call(p->arena, call, from, what, NULL), start);
}

/* -------------------------------------------------------------------------- templates */

/* Text up to "{" or the closing quote; *pos is left on it. A whole text has no quotes: up to its end. */
static bool template_text(struct parser *p, uint32_t *pos, bool whole, str *out)
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
        } else if (bytes[0] == '\\' && !whole) {
            n = lex_escape(p->src, &i, '\'', bytes);
        } else if (bytes[0] == '\'' && !whole) {
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
    ok = ok && (whole || i < p->src.n);
    *pos = (uint32_t)i;
    *out = arena_str(p->arena, buf_view(&b));
    buf_release(&b);
    return ok;
}

/* From byte pos on; the end, behind a quote or of the text, is left to the caller. */
static struct hogql_node *template_parts(struct parser *p, uint32_t *pos, bool whole)
{
    struct hogql_node *call = hogql_call(p->arena, "concat", NULL);
    struct hogql_node *args = call->kids[CALL_ARGS];
    for (;;) {
        str text;
        if (!template_text(p, pos, whole, &text))
            return parse_no_way(p);
        if (text.n)
            hogql_add(p->arena, args, hogql_string(p->arena, text));
        if (*pos == p->src.n || p->src.p[*pos] != '{')
            break;
        parse_seek(p, *pos + 1);
        struct hogql_node *x = parse_expr(p, LEVEL_LOOSEST);
        if (!x)
            return NULL;
        if (!parse_is(p, TOK_RBRACE))
            return parse_mismatch(p, "}");
        hogql_add(p->arena, args, x);
        *pos = p->cur.end;
    }
    if (args->n == 0)
        return hogql_string(p->arena, STR(""));
    return args->n == 1 ? args->kids[0] : call;
}

struct hogql_node *parse_template(struct parser *p)
{
    uint32_t start = p->cur.start, pos = p->cur.end;
    struct hogql_node *n = template_parts(p, &pos, false);
    if (!n)
        return NULL;
    parse_seek(p, pos + 1);
    return parse_done(p, n, start);
}

struct hogql_node *parse_whole_template(struct parser *p)
{
    uint32_t pos = 0;
    *p->e = ERR_INIT; /* what the lexer says of the text between */
    struct hogql_node *n = template_parts(p, &pos, true);
    if (!n)
        return NULL;
    parse_seek(p, pos);
    return parse_done(p, n, 0);
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

/* Any word, with dashes in it, or a quoted name. */
static bool tag_name(struct parser *p, str *out)
{
    if (!parse_is(p, TOK_NAME))
        return parse_name(p, out);
    uint32_t end = p->cur.end;
    while (end < p->src.n && (p->src.p[end] == '-' || lex_is_name(p->src.p[end])))
        end++;
    *out = str_slice(p->src, p->cur.start, end);
    parse_seek(p, end);
    return true;
}

static bool attributes(struct parser *p, struct hogql_node *tag)
{
    while (parse_is(p, TOK_NAME) || parse_is(p, TOK_QUOTED)) {
        uint32_t start = p->cur.start;
        struct hogql_node *value = hogql_bool(p->arena, true);
        str name;
        if (!tag_name(p, &name))
            return false;
        if (parse_accept(p, TOK_EQ)) {
            bool brace = parse_accept(p, TOK_LBRACE);
            if (!brace && !parse_is(p, TOK_STRING)) {
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
    if (!tag_name(p, &name))
        return false;
    if (!str_eq(name, tag->text)) {
        parse_refuse(p, at, "Opening and closing HogQLX tags must match. Got %.*s and %.*s",
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
        str text = str_slice(p->src, from, pos);
        /* line breaks and nothing else between tags are layout */
        if (str_trim(text).n || (text.n && !memchr(text.p, '\n', text.n)))
            hogql_add(p->arena, list, hogql_string(p->arena, text));
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
    if (!tag_name(p, &tag->text) || !attributes(p, tag))
        return NULL;
    if (parse_is(p, TOK_SLASH)) {
        if (p->cur.end == p->src.n || p->src.p[p->cur.end] != '>')
            return parse_no_way(p);
        parse_advance(p);
        parse_advance(p);
    } else {
        if (!parse_is(p, TOK_GT))
            return parse_mismatch(p, ">");
        if (!tag_children(p, tag, p->cur.end))
            return NULL;
    }
    parse_leave(p);
    return parse_done(p, tag, start);
}
