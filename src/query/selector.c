/* selector.c - see selector.h.
 *
 * A chain is the elements from the innermost outwards, joined by ';', each
 * tag.class.class:name="value"name="value", classes and names in byte order, quotes within values
 * with a backslash. So the expression walks it element by element from the start: what stands in
 * quotes is never taken for structure. */
#include "query/selector.h"

#include <stdlib.h>

#include "base/buf.h"

#define COMPOUNDS_MAX 20
#define PARTS_MAX 20 /* classes, and attributes, of one element */
#define REGEX_MAX (64u << 10)

/* A value in quotes; the inside of one; the rest of an element. */
#define INSIDE "(?:[^\"\\\\]|\\\\(?s:.))*"
#define QUOTED "\"" INSIDE "\""
#define REST "(?:[^\";]|" QUOTED ")*"
#define NAMES "(?:[.:][^\";]*)?" /* classes that were not asked for */

struct attribute {
    str name, value; /* value STR_NULL: any */
    char op;         /* '=' '^' '$' '*' */
};

/* What one element must be. */
struct compound {
    str tag; /* STR_NULL: any */
    str classes[PARTS_MAX];
    struct attribute attributes[PARTS_MAX];
    size_t classes_n, attributes_n;
    bool direct; /* directly within the one before */
};

struct reader {
    struct arena *a;
    str all, rest;
    struct err *e;
};

static int not_understood(struct reader *r)
{
    return err_set(r->e, ERR_INVALID, NULL, "The selector \"" STR_FMT "\" is not supported",
                   STR_ARG(str_utf8_prefix(r->all, 200)));
}

static char peek(const struct reader *r)
{
    return r->rest.n ? r->rest.p[0] : '\0';
}

static void skip(struct reader *r, size_t n)
{
    r->rest = str_slice(r->rest, n, r->rest.n);
}


static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

/* A name; a backslash takes the next character as it is. Empty: none stands here. */
static str name(struct reader *r)
{
    char *out = arena_alloc(r->a, r->rest.n + 1);
    size_t n = 0;
    while (r->rest.n) {
        char c = r->rest.p[0];
        if (c == '\\' && r->rest.n > 1) {
            out[n++] = r->rest.p[1];
            skip(r, 2);
        } else if (name_char(c)) {
            out[n++] = c;
            skip(r, 1);
        } else {
            break;
        }
    }
    return (str){ out, n };
}

static int quoted(struct reader *r, str *out)
{
    char quote = peek(r), *text = arena_alloc(r->a, r->rest.n + 1);
    size_t n = 0;
    skip(r, 1);
    while (r->rest.n && peek(r) != quote) {
        if (peek(r) == '\\' && r->rest.n > 1)
            skip(r, 1);
        text[n++] = peek(r);
        skip(r, 1);
    }
    if (!r->rest.n)
        return not_understood(r);
    skip(r, 1);
    *out = (str){ text, n };
    return 0;
}

static int add_attribute(struct reader *r, struct compound *c, struct attribute at)
{
    if (c->attributes_n == PARTS_MAX)
        return not_understood(r);
    for (size_t i = 0; i < c->attributes_n; i++)
        if (str_eq(c->attributes[i].name, at.name)) /* each is met once on the way */
            return not_understood(r);
    c->attributes[c->attributes_n++] = at;
    return 0;
}

/* Attributes have names of their own in the chain. */
static str chain_name(struct arena *a, str attribute)
{
    if (str_eqz(attribute, "id"))
        return STR("attr_id");
    return str_eqz(attribute, "href") ? STR("href")
                                      : arena_printf(a, "attr__" STR_FMT, STR_ARG(attribute));
}

/* [name], [name="value"], [name^=value] */
static int read_attribute(struct reader *r, struct compound *c)
{
    struct attribute at = { .value = STR_NULL, .op = '=' };
    int rc = 0;
    skip(r, 1);
    str plain = name(r);
    if (!plain.n)
        return not_understood(r);
    at.name = chain_name(r->a, plain);
    if (peek(r) == '^' || peek(r) == '$' || peek(r) == '*') {
        at.op = peek(r);
        skip(r, 1);
        if (peek(r) != '=')
            return not_understood(r);
    }
    if (peek(r) == '=') {
        skip(r, 1);
        if (peek(r) == '"' || peek(r) == '\'')
            rc = quoted(r, &at.value);
        else
            at.value = name(r);
    }
    if (rc < 0)
        return rc;
    if (peek(r) != ']')
        return not_understood(r);
    skip(r, 1);
    return add_attribute(r, c, at);
}

/* :nth-child(2) */
static int read_position(struct reader *r, struct compound *c)
{
    struct attribute at = { .op = '=' };
    skip(r, 1);
    at.name = name(r);
    if ((!str_eqz(at.name, "nth-child") && !str_eqz(at.name, "nth-of-type")) || peek(r) != '(')
        return not_understood(r);
    skip(r, 1);
    at.value = name(r);
    int64_t number;
    if (!str_to_i64(at.value, &number) || peek(r) != ')')
        return not_understood(r);
    skip(r, 1);
    return add_attribute(r, c, at);
}

static int read_part(struct reader *r, struct compound *c)
{
    char first = peek(r);
    if (first == '[')
        return read_attribute(r, c);
    if (first == ':')
        return read_position(r, c);
    skip(r, 1);
    str word = name(r);
    if (!word.n || c->classes_n == PARTS_MAX)
        return not_understood(r);
    if (first == '#')
        return add_attribute(r, c, (struct attribute){ STR("attr_id"), word, '=' });
    c->classes[c->classes_n++] = word;
    return 0;
}

static int read_compound(struct reader *r, struct compound *c)
{
    str tag = name(r);
    int rc = 0;
    bool any = tag.n > 0;
    c->tag = tag.n ? tag : STR_NULL;
    if (!any && peek(r) == '*') {
        skip(r, 1);
        any = true;
    }
    while (rc == 0 && r->rest.n && strchr(".#[:", peek(r))) {
        rc = read_part(r, c);
        any = true;
    }
    return rc < 0 || any ? rc : not_understood(r);
}

/* -------------------------------------------------------------------------- the expression */

str query_regex_escape(struct arena *a, str text)
{
    char *p = arena_alloc(a, text.n * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] && strchr("\\.+*?()|[]{}^$", text.p[i]))
            p[n++] = '\\';
        p[n++] = text.p[i];
    }
    return (str){ p, n };
}

str query_tag_regex(struct arena *a, str tag)
{
    str escaped = query_regex_escape(a, tag);
    return arena_printf(a, "(^|;)" STR_FMT "(\\.|$|;|:)", STR_ARG(escaped));
}

/* The value as it stands in the chain, literally. */
static str value_of(struct arena *a, str value)
{
    char *p = arena_alloc(a, value.n * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"')
            p[n++] = '\\';
        p[n++] = value.p[i];
    }
    return query_regex_escape(a, (str){ p, n });
}

static int by_name(const void *x, const void *y)
{
    return str_compare(((const struct attribute *)x)->name, ((const struct attribute *)y)->name);
}

static void add_attributes(struct arena *a, struct buf *b, const struct compound *c)
{
    buf_z(b, NAMES ":");
    for (size_t i = 0; i < c->attributes_n; i++) {
        const struct attribute *at = &c->attributes[i];
        buf_z(b, "(?:[^\";=]+=" QUOTED ")*");
        buf_str(b, query_regex_escape(a, at->name));
        buf_z(b, "=\"");
        if (!at->value.p || at->op == '$' || at->op == '*')
            buf_z(b, INSIDE);
        if (at->value.p)
            buf_str(b, value_of(a, at->value));
        if (at->value.p && (at->op == '^' || at->op == '*'))
            buf_z(b, INSIDE);
        buf_char(b, '"');
    }
    buf_z(b, REST);
}

static void add_element(struct arena *a, struct buf *b, struct compound *c)
{
    qsort(c->classes, c->classes_n, sizeof(*c->classes), str_by_bytes);
    qsort(c->attributes, c->attributes_n, sizeof(*c->attributes), by_name);
    if (c->tag.p)
        buf_str(b, query_regex_escape(a, c->tag));
    else
        buf_z(b, "[^.:;\"]*");
    for (size_t i = 0; i < c->classes_n; i++) {
        buf_z(b, NAMES "\\.");
        buf_str(b, query_regex_escape(a, c->classes[i]));
    }
    if (c->attributes_n)
        add_attributes(a, b, c);
    else
        buf_z(b, "(?:[.:]" REST ")?");
}

int query_selector_regex(struct arena *a, str selector, str *out, struct err *e)
{
    struct compound *list = arena_alloc(a, COMPOUNDS_MAX * sizeof(*list));
    struct reader r = { a, str_trim(selector), str_trim(selector), e };
    struct buf b = BUF_INIT(REGEX_MAX);
    size_t n = 0;
    bool direct = false;
    for (;;) {
        if (n == COMPOUNDS_MAX)
            return not_understood(&r);
        list[n].direct = direct;
        int rc = read_compound(&r, &list[n++]);
        if (rc < 0)
            return rc;
        if (!r.rest.n)
            break;
        size_t before = r.rest.n;
        r.rest = str_trim(r.rest);
        direct = peek(&r) == '>';
        if (direct) {
            skip(&r, 1);
            r.rest = str_trim(r.rest);
        } else if (r.rest.n == before) {
            return not_understood(&r);
        }
    }
    buf_z(&b, "^(?:" REST ";)*");
    for (size_t i = n; i-- > 0;) {
        add_element(a, &b, &list[i]);
        if (i)
            buf_z(&b, list[i].direct ? ";" : ";(?:" REST ";)*");
    }
    buf_z(&b, "(?:;|$)");
    bool full = b.full;
    *out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return full ? not_understood(&r) : 0;
}
