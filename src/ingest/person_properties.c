/* person_properties.c - see person_properties.h. */
#include "ingest/person_properties.h"

#include "base/map.h"

/* Event properties that are copied to the person: as $set, and as $set_once under $initial_…. */
static const struct {
    const char *name, *initial;
    bool kept; /* a change of it is a change of the person */
} automatic[] = {
#define PLAIN(n) { "$" n, "$initial_" n, false }
#define KEPT(n) { "$" n, "$initial_" n, true }
#define CAMPAIGN(n) { n, "$initial_" n, true }
    KEPT("app_build"), KEPT("app_name"), KEPT("app_namespace"), KEPT("app_version"),
    PLAIN("browser"), PLAIN("browser_version"), PLAIN("current_url"), PLAIN("device_type"),
    PLAIN("os"), PLAIN("os_name"), PLAIN("os_version"), PLAIN("pathname"),
    PLAIN("raw_user_agent"), PLAIN("referrer"), PLAIN("referring_domain"), PLAIN("screen_height"),
    PLAIN("screen_width"), PLAIN("viewport_height"), PLAIN("viewport_width"),
    CAMPAIGN("utm_source"), CAMPAIGN("utm_medium"), CAMPAIGN("utm_campaign"),
    CAMPAIGN("utm_content"), CAMPAIGN("utm_name"), CAMPAIGN("utm_term"), CAMPAIGN("gclid"),
    CAMPAIGN("gad_source"), CAMPAIGN("gclsrc"), CAMPAIGN("dclid"), CAMPAIGN("gbraid"),
    CAMPAIGN("wbraid"), CAMPAIGN("fbclid"), CAMPAIGN("msclkid"), CAMPAIGN("twclid"),
    CAMPAIGN("li_fat_id"), CAMPAIGN("mc_cid"), CAMPAIGN("igshid"), CAMPAIGN("ttclid"),
    CAMPAIGN("rdt_cid"), CAMPAIGN("irclid"), CAMPAIGN("_kx"), CAMPAIGN("epik"), CAMPAIGN("qclid"),
    CAMPAIGN("sccid"),
#undef PLAIN
#undef KEPT
#undef CAMPAIGN
};

size_t properties_size(const struct json *o)
{
    size_t n = 2;
    for (const struct json *m = o->head; m; m = m->next)
        n += m->key.n + m->text.n + 8 + (m->text.p ? 0 : m->count * 16);
    return n;
}

static bool is_volatile(str key)
{
    if (str_starts(key, STR("$geoip_")))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(automatic); i++)
        if (!automatic[i].kept && str_eqz(key, automatic[i].name))
            return true;
    return false;
}

static bool same_value(const struct json *x, const struct json *y)
{
    if (!x || !y || x->type != y->type)
        return false;
    if (x->type == JSON_BOOL)
        return x->boolean == y->boolean;
    return x->type == JSON_NULL || (x->text.p && y->text.p && str_eq(x->text, y->text));
}

/* Lookup in the person's properties, by hash when they are many. */
struct lookup {
    const struct json *o;
    struct map names;
};

static struct lookup lookup_of(struct arena *a, const struct json *o)
{
    struct lookup l = { o, MAP_INIT(a) };
    if (o->count > 64)
        for (struct json *m = o->head; m; m = m->next)
            *map_at(&l.names, m->key) = m;
    return l;
}

static const struct json *look_up(const struct lookup *l, str key)
{
    return l->names.n ? map_get(&l->names, key) : json_get_str(l->o, key);
}

struct change {
    struct arena *arena;
    struct lookup now;
    struct json *over, **tail;
    struct json **auto_from, **auto_to; /* what add_automatic set, between two ends of the list */
    bool lasting; /* something besides volatile keys changes */
};

static void add(struct change *c, str key, const struct json *v)
{
    struct json *copy = json_share(c->arena, v);
    copy->key = key;
    *c->tail = copy;
    c->tail = &copy->next;
    c->over->count++;
    c->lasting = c->lasting || !is_volatile(key);
}

static void set_once(struct change *c, str key, const struct json *v)
{
    const struct json *now = look_up(&c->now, key);
    if (!now || now->type == JSON_NULL)
        add(c, key, v);
}

static bool set_automatically(const struct change *c, str key)
{
    if (c->auto_from)
        for (const struct json *m = *c->auto_from; m != *c->auto_to; m = m->next)
            if (str_eq(m->key, key))
                return true;
    return false;
}

/* What the person has already is no change, unless it undoes what the event did by itself. */
static void set(struct change *c, str key, const struct json *v)
{
    if (!same_value(look_up(&c->now, key), v) || set_automatically(c, key))
        add(c, key, v);
}

static bool is_server(const struct event *ev)
{
    const struct json *v = json_get(ev->properties, "$is_server");
    return json_is(v, JSON_BOOL) && v->boolean;
}

/* once: the $initial_ form. An explicit $set or $set_once of the name comes later and wins. */
static void add_automatic(struct change *c, const struct event *ev, bool once)
{
    bool server = is_server(ev);
    for (size_t i = 0; i < ARRAY_LEN(automatic); i++) {
        str name = str_of(automatic[i].name);
        const struct json *v = json_get_str(ev->properties, name);
        if (!v || v->type == JSON_NULL)
            continue;
        if (server && (str_eqz(name, "$os") || str_eqz(name, "$os_version")))
            continue;
        if (once && str_eqz(name, "$os_name"))
            set_once(c, STR("$initial_os"), v);
        else if (once)
            set_once(c, str_of(automatic[i].initial), v);
        else
            set(c, name, v);
    }
}

static void add_explicit(struct change *c, const struct event *ev, const char *name,
                         void (*how)(struct change *, str, const struct json *))
{
    const struct json *o = json_get(ev->properties, name);
    for (const struct json *m = json_is(o, JSON_OBJECT) ? o->head : NULL; m; m = m->next)
        how(c, m->key, m);
}

/* $unset: a list of names, or an object whose names count. */
static bool unset(struct json *o, const struct json *names)
{
    size_t before = o->count, left = 256; /* more names at once are no one's need */
    bool list = json_is(names, JSON_ARRAY);
    if (!list && !json_is(names, JSON_OBJECT))
        return false;
    for (const struct json *m = names->head; m && left; m = m->next, left--)
        if (!list || m->type == JSON_STRING)
            json_remove(o, list ? m->text : m->key);
    return o->count != before;
}

static bool always_writes(str name)
{
    static const char *const names[] = { "$identify", "$create_alias", "$merge_dangerously",
                                         "$set" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eqz(name, names[i]))
            return true;
    return false;
}

const struct json *properties_apply(struct arena *a, const struct json *now,
                                    const struct event *ev, struct json **stored)
{
    struct change c = { .arena = a, .now = lookup_of(a, now), .over = json_new(a, JSON_OBJECT) };
    const struct json *names = json_get(ev->properties, "$unset");
    c.tail = &c.over->head;
    add_automatic(&c, ev, true);
    add_explicit(&c, ev, "$set_once", set_once);
    struct json **from = c.tail;
    add_automatic(&c, ev, false);
    c.auto_from = from;
    c.auto_to = c.tail;
    add_explicit(&c, ev, "$set", set);
    *stored = NULL;
    if (!c.over->count && !names)
        return now;
    struct json *after = json_merge(a, now, c.over);
    bool removed = unset(after, names);
    if (c.lasting || removed || (c.over->count && always_writes(ev->name)))
        *stored = after;
    return after;
}
