/* parse.cc - the one C++ file: walks simdjson's DOM into our arena tree. No exception leaves it. */
#include <simdjson.h>

extern "C" {
#include "json/parse.h"
}
#include "base/limits.h"

using namespace simdjson;

namespace {

str copy(arena *a, std::string_view v)
{
    return arena_str(a, str{ v.data(), v.size() });
}

/* What the walk cannot get from the DOM: the text of a number as it stood in the source. simdjson
 * keeps only its value, so a second cursor runs over the source beside the tree, token by token. */
struct cursor {
    const char *p, *end;
    bool masked; /* the DOM's numbers are not the source's */

    void skip_to_value()
    {
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r' || *p == ',' ||
                           *p == ':'))
            p++;
    }
    void skip_string()
    {
        skip_to_value();
        for (p++; p < end && *p != '"'; p++)
            if (*p == '\\')
                p++;
        p++;
    }
    void skip_scalar()
    {
        skip_to_value();
        while (p < end && !strchr(",]} \t\r\n", *p))
            p++;
    }
    void skip_char()
    {
        skip_to_value();
        p++;
    }
};

json *node(arena *a, json_type t)
{
    json *v = static_cast<json *>(arena_alloc(a, sizeof(json)));
    v->type = t;
    return v;
}

json *walk(arena *a, dom::element el, cursor &c);

void append(json *parent, json ***tail, json *v)
{
    **tail = v;
    *tail = &v->next;
    parent->count++;
}

json *walk_object(arena *a, dom::object o, cursor &c)
{
    json *v = node(a, JSON_OBJECT), **tail = &v->head;
    c.skip_char();
    const char *from = c.p - 1;
    for (auto field : o) {
        c.skip_string();
        json *member = walk(a, field.value, c);
        member->key = copy(a, field.key);
        append(v, &tail, member);
    }
    c.skip_char();
    v->text = str{ from, static_cast<size_t>(c.p - from) };
    return v;
}

json *walk_array(arena *a, dom::array list, cursor &c)
{
    json *v = node(a, JSON_ARRAY), **tail = &v->head;
    c.skip_char();
    const char *from = c.p - 1;
    for (auto item : list)
        append(v, &tail, walk(a, item, c));
    c.skip_char();
    v->text = str{ from, static_cast<size_t>(c.p - from) };
    return v;
}

json *walk_number(arena *a, dom::element el, cursor &c)
{
    json *v = node(a, JSON_NUMBER);
    c.skip_to_value();
    const char *from = c.p;
    c.skip_scalar();
    v->text = str{ from, static_cast<size_t>(c.p - from) };
    int64_t i;
    double d;
    uint64_t u;
    if (el.is_int64() && !el.get_int64().get(i)) {
        v->integer = true;
        v->i64 = i;
        v->num = static_cast<double>(i);
    } else if (el.is_uint64() && !el.get_uint64().get(u)) {
        v->num = static_cast<double>(u);
    } else if (!el.get_double().get(d)) {
        v->num = d;
    }
    if (c.masked && !v->integer)
        str_to_f64(v->text, &v->num);
    return v;
}

json *walk(arena *a, dom::element el, cursor &c)
{
    switch (el.type()) {
    case dom::element_type::OBJECT:
        return walk_object(a, dom::object(el), c);
    case dom::element_type::ARRAY:
        return walk_array(a, dom::array(el), c);
    case dom::element_type::STRING: {
        json *v = node(a, JSON_STRING);
        v->text = copy(a, std::string_view(el));
        c.skip_string();
        return v;
    }
    case dom::element_type::BOOL: {
        json *v = node(a, JSON_BOOL);
        v->boolean = bool(el);
        c.skip_scalar();
        return v;
    }
    case dom::element_type::NULL_VALUE:
        c.skip_scalar();
        return node(a, JSON_NULL);
    default:
        return walk_number(a, el, c);
    }
}

/* Length of the well-formed JSON number at p, or 0. */
size_t number_length(const char *p, const char *end)
{
    const char *from = p;
    auto digits = [&] {
        const char *at = p;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
        return p > at;
    };
    if (p < end && *p == '-')
        p++;
    if (p < end && *p == '0')
        p++;
    else if (!digits())
        return 0;
    if (p < end && *p == '.' && (p++, !digits()))
        return 0;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        if (!digits())
            return 0;
    }
    return static_cast<size_t>(p - from);
}

/* simdjson refuses numbers that fit neither 64 bits nor a double. They are legal, and our tree keeps
 * their text: puts 1.000 of the same length in place of every long one or one with an exponent. */
void mask_numbers(char *p, char *end)
{
    while (p < end) {
        if (*p == '"') {
            for (p++; p < end && *p != '"'; p++)
                if (*p == '\\')
                    p++;
            p++;
            continue;
        }
        size_t n = number_length(p, end);
        if (n > 2 && (n > 18 || memchr(p, 'e', n) || memchr(p, 'E', n))) {
            memset(p, '0', n);
            p[0] = '1';
            p[1] = '.';
        }
        p += n ? n : 1;
    }
}

} // namespace

extern "C" int json_parse(arena *a, str text, json **out, err *e)
{
    try {
        /* Our copy: simdjson reads up to SIMDJSON_PADDING bytes past the end, and raw slices of
         * the tree point into it. */
        char *own = static_cast<char *>(arena_alloc(a, text.n + SIMDJSON_PADDING));
        if (text.n)
            memcpy(own, text.p, text.n);
        dom::parser parser(SIMDJSON_MAXSIZE_BYTES);
        error_code bad = parser.allocate(text.n ? text.n : 1, LIMIT_JSON_DEPTH);
        if (bad)
            return err_internal(e, "simdjson: %s", error_message(bad));
        dom::element root;
        bad = parser.parse(own, text.n, false).get(root);
        bool masked = bad == NUMBER_ERROR;
        if (masked) {
            char *copy = static_cast<char *>(arena_alloc(a, text.n + SIMDJSON_PADDING));
            memcpy(copy, own, text.n);
            mask_numbers(copy, copy + text.n);
            bad = parser.parse(copy, text.n, false).get(root);
        }
        if (bad)
            return err_set(e, ERR_PARSE, nullptr, "JSON parse error - %s", error_message(bad));
        cursor c{ own, own + text.n, masked };
        *out = walk(a, root, c);
        return 0;
    } catch (const std::exception &x) {
        return err_set(e, ERR_PARSE, nullptr, "JSON parse error - %s", x.what());
    }
}
