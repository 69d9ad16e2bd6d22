/* complete_scan.c - see complete_scan.h. */
#include "hogql/complete_scan.h"

struct bracket {
    uint32_t at;
    char text; /* of a template: '\'' within quotes, 'w' whole; 0: a bracket of the language */
};

struct reader {
    struct complete_scan *s;
    uint32_t start, end, pos;
    struct bracket *open;
    uint32_t open_n;
};

str complete_word(const struct complete_scan *s, uint32_t i)
{
    str text = str_slice(s->text, s->t[i].t.start, s->t[i].t.end), out = text;
    if (s->t[i].t.type == TOK_QUOTED && !lex_unquote(s->c->arena, text, &out))
        return text;
    return out;
}

/* -------------------------------------------------------------------------- clauses */

/* Behind a point a word is a name, unless the name is what is being written there. */
static bool is_member(const struct complete_scan *s, uint32_t i)
{
    return i && i != s->at && complete_is_point(s, i - 1);
}

bool complete_is_from(const struct complete_scan *s, uint32_t i)
{
    return complete_is_kw(s, i, KW_FROM) && !is_member(s, i) &&
           !(i > 1 && complete_is_kw(s, i - 1, KW_DISTINCT) &&
             !complete_is_kw(s, i - 2, KW_SELECT));
}

static bool begins_clause(const struct complete_scan *s, uint32_t i)
{
    if (is_member(s, i))
        return false;
    switch (s->t[i].t.kw) {
    case KW_FROM:
        return complete_is_from(s, i);
    case KW_PREWHERE: case KW_WHERE: case KW_HAVING: case KW_QUALIFY: case KW_LIMIT:
    case KW_UNION: case KW_INTERSECT: case KW_EXCEPT:
        return true;
    case KW_GROUP: case KW_ORDER:
        return complete_is_kw(s, i + 1, KW_BY);
    case KW_ARRAY:
        return complete_is_kw(s, i + 1, KW_JOIN);
    default:
        return false;
    }
}

uint32_t complete_clause(const struct complete_scan *s, uint32_t i, uint32_t to)
{
    while (i < to && !begins_clause(s, i))
        i = complete_next(s, i);
    return i < to ? i : to;
}

uint32_t complete_set(const struct complete_scan *s, uint32_t i, uint32_t to)
{
    while (i < to && !complete_is_kw(s, i, KW_UNION) && !complete_is_kw(s, i, KW_INTERSECT) &&
           !complete_is_kw(s, i, KW_EXCEPT))
        i = complete_next(s, i);
    return i < to ? i : to;
}

/* -------------------------------------------------------------------------- brackets */

static void push(struct reader *r, char text)
{
    r->open = arena_grown(r->s->c->arena, r->open, r->open_n, sizeof(*r->open));
    r->open[r->open_n++] = (struct bracket){ r->s->n - 1, text };
}

/* The brackets from number k on are closed before that token; the first of them by it, if it is one. */
static void close_to(struct reader *r, uint32_t k, uint32_t at, bool by_it)
{
    while (r->open_n > k) {
        struct complete_token *t = &r->s->t[r->open[--r->open_n].at];
        t->inner = at;
        t->after = at + (by_it && r->open_n == k);
    }
}

static bool matches(enum tok open, enum tok close)
{
    return (open == TOK_LPAREN && close == TOK_RPAREN) ||
           (open == TOK_LBRACKET && close == TOK_RBRACKET) ||
           (open == TOK_LBRACE && close == TOK_RBRACE);
}

/* The innermost open bracket of that kind is closed, with those in it that were not; one that is not
 * there closes nothing. The template that goes on behind it, if any. */
static char closing(struct reader *r, enum tok close)
{
    uint32_t k = r->open_n;
    while (k && !matches(r->open[k - 1].text ? TOK_LBRACE : r->s->t[r->open[k - 1].at].t.type, close))
        k--;
    if (!k)
        return 0;
    char text = r->open[k - 1].text;
    close_to(r, k - 1, r->s->n - 1, true);
    return text;
}

/* count( FROM events: a call that is open still ends before FROM. TRIM(BOTH 'x' FROM s) does not. */
static void before_from(struct reader *r)
{
    const struct complete_scan *s = r->s;
    uint32_t k = r->open_n;
    while (k) {
        uint32_t at = r->open[k - 1].at;
        bool form = at && (complete_is_kw(s, at - 1, KW_TRIM) ||
                           complete_is_kw(s, at - 1, KW_SUBSTRING) ||
                           complete_is_kw(s, at - 1, KW_EXTRACT));
        if (complete_is_query(s, at + 1) || form || r->open[k - 1].text)
            break;
        k--;
    }
    close_to(r, k, s->n - 1, false);
}

/* -------------------------------------------------------------------------- tokens */

static void add(struct reader *r, struct token t)
{
    struct complete_scan *s = r->s;
    if (t.start < r->start && t.end > r->start)
        s->in_text = true;
    if (t.start < r->end && t.end > r->start && t.type != TOK_END)
        return; /* the word itself */
    s->t = arena_grown(s->c->arena, s->t, s->n, sizeof(*s->t));
    s->t[s->n++] = (struct complete_token){ .t = t };
    if (t.end <= r->start)
        s->at = s->n;
}

/* A template's text from r->pos on: to the quote that ends it, or to an expression, as a parenthesis. */
static void template_text(struct reader *r, char kind)
{
    str text = r->s->text;
    uint32_t i = r->pos, from = i;
    while (i < text.n && text.p[i] != '{' && !(kind == '\'' && text.p[i] == '\''))
        i += text.p[i] == '\\' ? 2 : 1;
    if (r->start >= from && r->start <= i)
        r->s->in_text = true;
    r->pos = i + 1;
    if (i < text.n && text.p[i] == '{') {
        add(r, (struct token){ TOK_LPAREN, KW_NONE, i, i + 1 });
        push(r, kind);
    }
}

static void take(struct reader *r, struct token t)
{
    add(r, t);
    switch (t.type) {
    case TOK_TEMPLATE:
        r->pos = t.end;
        template_text(r, '\'');
        return;
    case TOK_LPAREN: case TOK_LBRACKET: case TOK_LBRACE:
        push(r, 0);
        break;
    case TOK_RPAREN: case TOK_RBRACKET: case TOK_RBRACE: {
        char text = closing(r, t.type);
        r->pos = t.end;
        if (text)
            template_text(r, text);
        return;
    }
    default:
        if (r->s->n && complete_is_from(r->s, r->s->n - 1))
            before_from(r);
    }
    r->pos = t.end;
}

/* Would a word at the place be read as one? Not in a comment. */
static bool in_comment(const struct reader *r)
{
    const struct complete_scan *s = r->s;
    struct err ignored = ERR_INIT;
    uint32_t from = s->at ? s->t[s->at - 1].t.end : 0;
    str text = arena_printf(s->c->arena, STR_FMT "x",
                            STR_ARG(str_slice(s->text, from, r->start)));
    struct token t = lex_next(text, 0, &ignored);
    return t.type != TOK_NAME || t.start != r->start - from;
}

void complete_scan(struct complete_scan *s, struct hogql_context *c, str text, uint32_t start,
                   uint32_t end, bool template)
{
    *s = (struct complete_scan){ .c = c, .text = text };
    struct reader r = { s, start, end, 0, NULL, 0 };
    if (template)
        template_text(&r, 'w');
    while (r.pos < text.n) {
        struct err ignored = ERR_INIT;
        struct token t = lex_next(text, r.pos, &ignored);
        if (t.type == TOK_END)
            break;
        if (t.type != TOK_BAD) {
            take(&r, t);
            continue;
        }
        /* a quote that is open holds all the rest; another character is passed over */
        bool quote = memchr("'\"`", text.p[t.start], 3) != NULL;
        s->in_text |= quote && start > t.start;
        r.pos = quote ? (uint32_t)text.n : t.end > t.start ? t.end : t.start + 1;
    }
    close_to(&r, 0, s->n, false);
    if (!s->in_text)
        s->in_text = in_comment(&r);
}
