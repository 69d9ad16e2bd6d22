/* parse.h - JSON text to a tree in an arena. simdjson does the work, behind parse.cc.
 *
 * Numbers keep their source text (`raw`): integers beyond 2^53 lose nothing. Of duplicate keys the
 * last one wins on lookup, all stay in the list. Strings are UTF-8, escapes resolved; a lone
 * surrogate is refused, a NUL is kept. The tree lives as long as the arena. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    bool boolean;
    bool integer; /* number: num fits int64, in i64 */
    int64_t i64;
    double num;
    str text;          /* string: its value; number: source text; array, object: source text */
    str key;           /* the name of this member in its object */
    struct json *head; /* first member */
    struct json *next; /* next sibling */
    size_t count;      /* members */
};

/* ERR_PARSE with a message that begins "JSON parse error". Empty input is an error. */
int json_parse(struct arena *a, str text, struct json **out, struct err *e);

/* The last member of that name; NULL when absent or o is not an object (o may be NULL). */
const struct json *json_get(const struct json *o, const char *key);
const struct json *json_get_str(const struct json *o, str key);
/* The string value of a member, STR_NULL when it is absent or no string. */
str json_get_text(const struct json *o, const char *key);
static inline bool json_is(const struct json *v, enum json_type t)
{
    return v && v->type == t;
}

/* Python's name of the value's type: PostHog's errors show it. */
const char *json_python_type(const struct json *v);

/* Building and changing trees; everything new is in the arena. */
struct json *json_new(struct arena *a, enum json_type t);
struct json *json_new_str(struct arena *a, str text);
struct json *json_new_bool(struct arena *a, bool value);
struct json *json_new_i64(struct arena *a, int64_t n);
/* A node of its own with the same value; members are shared. */
struct json *json_share(struct arena *a, const struct json *v);
/* Gives the object this member; one of that name is replaced. v must stand in no other tree. */
void json_set(struct json *o, str key, struct json *v);
void json_remove(struct json *o, str key);
/* A new object: base's members (object or NULL) with over's put in their place or after them. Of
 * duplicate names the last counts. */
struct json *json_merge(struct arena *a, const struct json *base, const struct json *over);
