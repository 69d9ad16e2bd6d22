/* tree.c - lookups in a parsed tree; see parse.h. */
#include "base/map.h"
#include "json/parse.h"

const struct json *json_get_str(const struct json *o, str key)
{
    const struct json *found = NULL;
    if (!json_is(o, JSON_OBJECT))
        return NULL;
    for (const struct json *m = o->head; m; m = m->next)
        if (str_eq(m->key, key))
            found = m;
    return found;
}

const struct json *json_get(const struct json *o, const char *key)
{
    return json_get_str(o, str_of(key));
}

str json_get_text(const struct json *o, const char *key)
{
    const struct json *v = json_get(o, key);
    return json_is(v, JSON_STRING) ? v->text : STR_NULL;
}

const char *json_python_type(const struct json *v)
{
    static const char *const names[] = { "NoneType", "bool", "int", "str", "list", "dict" };
    return v->type == JSON_NUMBER && !v->integer ? "float" : names[v->type];
}

struct json *json_new(struct arena *a, enum json_type t)
{
    struct json *v = arena_new_of(a, struct json);
    v->type = t;
    return v;
}

struct json *json_new_str(struct arena *a, str text)
{
    struct json *v = json_new(a, JSON_STRING);
    v->text = text;
    return v;
}

struct json *json_new_bool(struct arena *a, bool value)
{
    struct json *v = json_new(a, JSON_BOOL);
    v->boolean = value;
    return v;
}

struct json *json_new_i64(struct arena *a, int64_t n)
{
    struct json *out = json_new(a, JSON_NUMBER);
    out->integer = true;
    out->i64 = n;
    out->num = (double)n;
    out->text = arena_printf(a, "%lld", (long long)n);
    return out;
}

struct json *json_share(struct arena *a, const struct json *v)
{
    struct json *copy = arena_new_of(a, struct json);
    *copy = *v;
    copy->next = NULL;
    return copy;
}

void json_remove(struct json *o, str key)
{
    struct json **at = &o->head;
    while (*at)
        if (str_eq((*at)->key, key)) {
            *at = (*at)->next;
            o->count--;
        } else {
            at = &(*at)->next;
        }
}

void json_set(struct json *o, str key, struct json *v)
{
    struct json **at = &o->head;
    v->next = NULL;
    v->key = key;
    while (*at && !str_eq((*at)->key, key))
        at = &(*at)->next;
    if (*at)
        v->next = (*at)->next;
    else
        o->count++;
    *at = v;
}

#define FEW 24 /* members that a walk finds faster than a hash */

struct merge {
    struct arena *arena;
    struct json *out, **tail;
    struct map places; /* once there are many: name -> struct json ** that links the member */
};

static struct json **place_of(struct merge *m, str key)
{
    if (m->out->count > FEW)
        return map_get(&m->places, key);
    for (struct json **at = &m->out->head; *at; at = &(*at)->next)
        if (str_eq((*at)->key, key))
            return at;
    return NULL;
}

static void index_all(struct merge *m)
{
    for (struct json **at = &m->out->head; *at; at = &(*at)->next)
        *map_at(&m->places, (*at)->key) = at;
}

static void merge_member(struct merge *m, const struct json *v)
{
    struct json *copy = json_share(m->arena, v), **at = place_of(m, v->key);
    if (at) { /* in its place; the next member's link moves into the copy */
        struct json *next = (*at)->next;
        copy->next = next;
        if (m->tail == &(*at)->next)
            m->tail = &copy->next;
        if (next && m->out->count > FEW)
            *map_at(&m->places, next->key) = &copy->next;
        *at = copy;
        return;
    }
    *m->tail = copy;
    if (m->out->count == FEW)
        index_all(m);
    else if (m->out->count > FEW)
        *map_at(&m->places, copy->key) = m->tail;
    m->tail = &copy->next;
    m->out->count++;
}

struct json *json_merge(struct arena *a, const struct json *base, const struct json *over)
{
    struct merge m = { .arena = a, .out = json_new(a, JSON_OBJECT), .places = MAP_INIT(a) };
    m.tail = &m.out->head;
    for (const struct json *v = json_is(base, JSON_OBJECT) ? base->head : NULL; v; v = v->next)
        merge_member(&m, v);
    for (const struct json *v = json_is(over, JSON_OBJECT) ? over->head : NULL; v; v = v->next)
        merge_member(&m, v);
    return m.out;
}
