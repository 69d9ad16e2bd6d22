/* elements.c - see elements.h. */
#include "ingest/elements.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"

#define TEXT_MAX 400  /* characters kept of an element's text */
#define HREF_MAX 2048 /* and of where it leads */
#define WORDS_MAX 64  /* classes of an element */
#define PAIRS_MAX 128 /* named values of an element */

struct pair {
    str name, value;
};

static int by_name(const void *a, const void *b)
{
    return str_compare(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

/* A quote that has its backslash already gets no other. */
static void add_escaped(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' && (!i || s.p[i - 1] != '\\'))
            buf_char(b, '\\');
        buf_char(b, s.p[i]);
    }
}

static size_t split_words(str text, str *words, size_t max)
{
    size_t n = 0, from = 0;
    for (size_t i = 0; i <= text.n && n < max; i++) {
        if (i < text.n && !strchr(" \t\r\n\f", text.p[i]))
            continue;
        if (i > from)
            words[n++] = str_slice(text, from, i);
        from = i + 1;
    }
    return n;
}

static void add_classes(struct buf *b, const struct json *v)
{
    str words[WORDS_MAX];
    size_t n = 0;
    if (json_is(v, JSON_STRING))
        n = split_words(v->text, words, WORDS_MAX);
    for (const struct json *m = json_is(v, JSON_ARRAY) ? v->head : NULL; m && n < WORDS_MAX;
         m = m->next)
        if (m->type == JSON_STRING && m->text.n)
            words[n++] = m->text;
    qsort(words, n, sizeof(*words), str_by_bytes);
    for (size_t i = 0; i < n; i++) {
        buf_char(b, '.');
        for (size_t k = 0; k < words[i].n; k++)
            if (words[i].p[k] != '"')
                buf_char(b, words[i].p[k]);
    }
}

static str scalar(const struct json *v)
{
    if (json_is(v, JSON_BOOL))
        return v->boolean ? STR("true") : STR("false");
    return json_is(v, JSON_STRING) || json_is(v, JSON_NUMBER) ? v->text : STR_NULL;
}

/* The values that have names of their own in the text; the positions are always there. */
static size_t named_pairs(const struct json *el, struct pair *pairs)
{
    size_t n = 0;
    str text = str_utf8_prefix(json_get_text(el, "$el_text"), TEXT_MAX);
    str href = str_utf8_prefix(json_get_text(el, "attr__href"), HREF_MAX);
    str id = scalar(json_get(el, "attr__id"));
    str child = scalar(json_get(el, "nth_child")), type = scalar(json_get(el, "nth_of_type"));
    pairs[n++] = (struct pair){ STR("nth-child"), child.p ? child : STR("0") };
    pairs[n++] = (struct pair){ STR("nth-of-type"), type.p ? type : STR("0") };
    if (text.n)
        pairs[n++] = (struct pair){ STR("text"), text };
    if (href.n)
        pairs[n++] = (struct pair){ STR("href"), href };
    if (id.n)
        pairs[n++] = (struct pair){ STR("attr_id"), id };
    return n;
}

static void add_element(struct buf *b, const struct json *el)
{
    struct pair pairs[PAIRS_MAX];
    size_t n = named_pairs(el, pairs);
    if (b->n)
        buf_char(b, ';');
    buf_str(b, json_get_text(el, "tag_name"));
    add_classes(b, json_get(el, "attr__class"));
    buf_char(b, ':');
    for (const struct json *m = el->head; m && n < PAIRS_MAX; m = m->next)
        if (str_starts(m->key, STR("attr__")) && scalar(m).p)
            pairs[n++] = (struct pair){ m->key, scalar(m) };
    qsort(pairs, n, sizeof(*pairs), by_name);
    for (size_t i = 0; i < n; i++) {
        add_escaped(b, pairs[i].name);
        buf_z(b, "=\"");
        add_escaped(b, pairs[i].value);
        buf_char(b, '"');
    }
}

str elements_chain(struct arena *a, const struct json *list)
{
    struct buf b = BUF_INIT(LIMIT_EVENT * 4);
    for (const struct json *el = list->head; el; el = el->next)
        if (el->type == JSON_OBJECT)
            add_element(&b, el);
    str chain = arena_str(a, buf_view(&b));
    buf_release(&b);
    return chain;
}
