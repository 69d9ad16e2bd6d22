/* tree.c - lookups in a parsed tree; see parse.h. */
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
