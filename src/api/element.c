/* element.c - see element.h. An element is `tag.class.class:name="value"name="value"`; elements stand
 * between semicolons; quotes in values are escaped. */
#include "api/element.h"

#define ATTRIBUTES 128 /* of one element; further ones are left out */

struct attribute {
    str name, value;
};

struct element {
    str tag, classes; /* classes between dots */
    struct attribute attributes[ATTRIBUTES];
    size_t n;
};

/* Up to the mark, or to the end: *rest moves behind it. Quoted text is passed over. */
static str until(str *rest, char mark)
{
    bool quoted = false;
    for (size_t i = 0; i < rest->n; i++) {
        char c = rest->p[i];
        if (c == '\\' && quoted)
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (c == mark && !quoted) {
            str before = str_slice(*rest, 0, i);
            *rest = str_slice(*rest, i + 1, rest->n);
            return before;
        }
    }
    str all = *rest;
    *rest = (str){ rest->p + rest->n, 0 };
    return all;
}

/* The value between quotes at the begin of *rest, without escapes. */
static str quoted_value(struct arena *a, str *rest)
{
    char *out = arena_alloc(a, rest->n + 1);
    size_t n = 0, i = 1;
    for (; i < rest->n && rest->p[i] != '"'; i++) {
        if (rest->p[i] == '\\' && i + 1 < rest->n && rest->p[i + 1] == '"')
            i++; /* only quotes are escaped */
        out[n++] = rest->p[i];
    }
    *rest = i < rest->n ? str_slice(*rest, i + 1, rest->n) : (str){ rest->p + rest->n, 0 };
    return (str){ out, n };
}

static void read_attributes(struct element *el, struct arena *a, str rest)
{
    while (rest.n && el->n < ATTRIBUTES) {
        ptrdiff_t at = str_find(rest, STR("=\""));
        if (at < 0)
            return;
        str name = str_slice(rest, 0, (size_t)at);
        rest = str_slice(rest, (size_t)at + 1, rest.n);
        el->attributes[el->n++] = (struct attribute){ name, quoted_value(a, &rest) };
    }
}

static void read_element(struct element *el, struct arena *a, str text)
{
    str head = until(&text, ':');
    el->n = 0;
    el->classes = head;
    el->tag = until(&el->classes, '.');
    read_attributes(el, a, text);
}

/* STR_NULL when it is not there. */
static str value_of(const struct element *el, const char *name)
{
    for (size_t i = 0; i < el->n; i++)
        if (str_eqz(el->attributes[i].name, name))
            return el->attributes[i].value;
    return STR_NULL;
}

static void write_number(struct json_writer *w, const char *key, str text)
{
    int64_t v;
    json_key(w, key);
    if (str_to_i64(text, &v))
        json_i64(w, v);
    else
        json_null(w);
}

static bool has_field(str name)
{
    static const char *const names[] = { "text", "href", "attr_id", "nth-child", "nth-of-type" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eqz(name, names[i]))
            return true;
    return false;
}

static void write_element(struct json_writer *w, const struct element *el, int64_t order)
{
    str classes = el->classes;
    json_open(w, '{');
    json_key(w, "text");
    json_str(w, value_of(el, "text"));
    json_key(w, "tag_name");
    json_str(w, el->tag.n ? el->tag : STR_NULL);
    json_key(w, "attr_class");
    if (classes.n) {
        json_open(w, '[');
        while (classes.p) {
            str one = str_split(&classes, '.');
            if (one.n)
                json_str(w, one);
        }
        json_close(w, ']');
    } else {
        json_null(w);
    }
    json_key(w, "href");
    json_str(w, value_of(el, "href"));
    json_key(w, "attr_id");
    json_str(w, value_of(el, "attr_id"));
    write_number(w, "nth_child", value_of(el, "nth-child"));
    write_number(w, "nth_of_type", value_of(el, "nth-of-type"));
    json_key(w, "attributes");
    json_open(w, '{');
    for (size_t i = 0; i < el->n; i++)
        if (!has_field(el->attributes[i].name)) {
            json_key_str(w, el->attributes[i].name);
            json_str(w, el->attributes[i].value);
        }
    json_close(w, '}');
    json_key(w, "order");
    json_i64(w, order);
    json_close(w, '}');
}

void write_elements(struct json_writer *w, struct arena *a, str chain)
{
    struct element *el = arena_new_of(a, struct element);
    json_open(w, '[');
    for (int64_t order = 0; chain.n; order++) {
        str one = until(&chain, ';');
        if (!one.n)
            continue;
        read_element(el, a, one);
        write_element(w, el, order);
    }
    json_close(w, ']');
}
