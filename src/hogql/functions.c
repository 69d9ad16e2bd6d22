/* functions.c - see functions.h and functions.def. */
#include "hogql/functions.h"

static const struct function functions[] = {
#define FN(name, least, most, params_least, params_most, type, flags, special, target) \
    { name, least, most, params_least, params_most, TYPE_##type, flags, SPECIAL_##special, target },
#include "hogql/functions.def"
#undef FN
};

const struct function *function_at(size_t i)
{
    return i < ARRAY_LEN(functions) ? &functions[i] : NULL;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
}

static int order(str name, const char *row)
{
    for (size_t i = 0; i < name.n; i++) {
        int d = lower(name.p[i]) - lower(row[i]);
        if (d || !row[i])
            return d ? d : 1;
    }
    return row[name.n] ? -1 : 0;
}

/* The rows equal but for case stand together: the exact one, or one that allows any case. */
static const struct function *in_table(str name)
{
    size_t low = 0, high = ARRAY_LEN(functions);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (order(name, functions[mid].name) > 0)
            low = mid + 1;
        else
            high = mid;
    }
    const struct function *any = NULL;
    for (; low < ARRAY_LEN(functions) && order(name, functions[low].name) == 0; low++) {
        if (str_eqz(name, functions[low].name))
            return &functions[low];
        if (functions[low].flags & CI)
            any = &functions[low];
    }
    return any;
}

/* -------------------------------------------------------------------------- families */

/* Each of these, one of the suffixes, and perhaps one of the endings. */
static const char *const families[] = { "countDistinct", "count", "sum", "min", "max", "avg",
                                        "median" };
static const struct suffix {
    const char *text;
    int more;  /* arguments more */
    bool ending;
    enum hogql_base type; /* UNKNOWN: the family's own */
} suffixes[] = {
    { "ArgMin", 1, false, TYPE_UNKNOWN }, { "ArgMax", 1, false, TYPE_UNKNOWN },
    { "OrDefault", 0, true, TYPE_UNKNOWN }, { "OrNull", 0, true, TYPE_UNKNOWN },
    { "ForEach", 0, false, TYPE_ARRAY }, { "Array", 0, false, TYPE_UNKNOWN },
    { "Map", 0, false, TYPE_MAP }, { "State", 0, false, TYPE_UNKNOWN },
    { "Merge", 0, false, TYPE_UNKNOWN }, { "If", 1, true, TYPE_UNKNOWN },
};

static const struct suffix *suffix_at(str rest)
{
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
        if (str_starts(rest, str_of(suffixes[i].text)))
            return &suffixes[i];
    return NULL;
}

static const struct function *in_family(struct arena *a, str name)
{
    const char *family = NULL;
    for (size_t i = 0; i < ARRAY_LEN(families) && !family; i++)
        if (str_starts(name, str_of(families[i])))
            family = families[i];
    const struct function *base = family ? in_table(str_of(family)) : NULL;
    if (!base)
        return NULL;
    str rest = str_slice(name, strlen(family), name.n);
    const struct suffix *first = suffix_at(rest);
    if (!first)
        return NULL;
    rest = str_slice(rest, strlen(first->text), rest.n);
    const struct suffix *second = rest.n ? suffix_at(rest) : NULL;
    if (rest.n && (!second || !second->ending || second == first || rest.n != strlen(second->text)))
        return NULL;
    struct function *f = arena_new_of(a, struct function);
    *f = *base;
    int more = first->more + (second ? second->more : 0);
    f->name = arena_z(a, name);
    f->least = base->least + more;
    f->most = base->most + more;
    f->flags = AGGREGATE | MAYBE_NULL;
    f->type = first->type == TYPE_UNKNOWN ? base->type : first->type;
    if (strcmp(first->text, "State") == 0 || strcmp(first->text, "Merge") == 0) {
        f->least = base->least ? base->least : 1;
        f->type = TYPE_UNKNOWN;
    }
    if (strcmp(first->text, "Array") == 0 || strcmp(first->text, "Map") == 0 ||
        strcmp(first->text, "ForEach") == 0)
        f->least += f->least == 0;
    f->special = SPECIAL_NONE;
    f->target = NULL;
    return f;
}

const struct function *function_find(struct arena *a, str name)
{
    const struct function *f = in_table(name);
    return f ? f : in_family(a, name);
}

str function_nearest(str name)
{
    struct nearest n = { .name = name };
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (functions[i].name[0] != '_')
            nearest_offer(&n, str_of(functions[i].name));
    return n.best;
}
