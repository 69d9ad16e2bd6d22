/* taxonomy.c - see taxonomy.h and taxonomy.def. */
#include "model/taxonomy.h"

#include "json/write.h"

static const struct core {
    enum taxonomy_kind kind;
    const char *name, *label;
} cores[] = {
#define E TAXONOMY_EVENT
#define P TAXONOMY_PROPERTY
#define CORE(kind, name, label) { kind, name, label },
#include "model/taxonomy.def"
#undef CORE
#undef E
#undef P
};

/* ASCII: the labels are. */
static bool contains(const char *label, str word)
{
    for (str rest = str_of(label); rest.n >= word.n; rest = str_slice(rest, 1, rest.n)) {
        if (str_eq_nocase(str_slice(rest, 0, word.n), word))
            return true;
        if (!rest.n)
            break;
    }
    return false;
}

static bool contains_all(const char *label, const struct json *words)
{
    for (const struct json *w = words ? words->head : NULL; w; w = w->next)
        if (!contains(label, w->text))
            return false;
    return true;
}

static str names_with(struct arena *a, enum taxonomy_kind kind, const struct json *words)
{
    struct buf b = BUF_INIT(64 * 1024);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '[');
    for (size_t i = 0; i < ARRAY_LEN(cores); i++)
        if (cores[i].kind == kind && contains_all(cores[i].label, words))
            json_z(&w, cores[i].name);
    json_close(&w, ']');
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

str taxonomy_names(struct arena *a, enum taxonomy_kind kind)
{
    return names_with(a, kind, NULL);
}

str taxonomy_search(struct arena *a, enum taxonomy_kind kind, str words)
{
    struct json *list;
    struct err ignored = ERR_INIT;
    if (!words.p || json_parse(a, words, &list, &ignored) < 0)
        return STR("[]");
    return names_with(a, kind, list);
}
