/* person_properties.c - see person_properties.h. */
#include "ingest/person_properties.h"

#include "base/map.h"

/* Event properties that are copied to the person: as $set, and as $set_once under $initial_…. */
static const struct automatic {
    str name, initial;
    bool kept; /* a change of it is a change of the person */
} automatic[] = {
#define PLAIN(n) { STR_INIT("$" n), STR_INIT("$initial_" n), false }
#define KEPT(n) { STR_INIT("$" n), STR_INIT("$initial_" n), true }
#define CAMPAIGN(n) { STR_INIT(n), STR_INIT("$initial_" n), true }
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
        if (!automatic[i].kept && str_eq(key, automatic[i].name))
            return true;
    return false;
}

/* An object's members of those names, each found in one walk over the object; NULL: it has none. */
struct found {
    const struct json *name[ARRAY_LEN(automatic)], *initial[ARRAY_LEN(automatic)];
};

static void find_all(const struct json *o, struct found *out)
{
    memset(out, 0, sizeof(*out));
    for (const struct json *m = o->head; m; m = m->next)
        for (size_t i = 0; i < ARRAY_LEN(automatic); i++) {
            if (m->key.n == automatic[i].name.n && str_eq(m->key, automatic[i].name))
                out->name[i] = m;
            if (m->key.n == automatic[i].initial.n && str_eq(m->key, automatic[i].initial))
                out->initial[i] = m;
        }
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
    struct found automatic;
};

static struct lookup lookup_of(struct arena *a, const struct json *o)
{
    struct lookup l = { .o = o, .names = MAP_INIT(a) };
    find_all(o, &l.automatic);
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

static void add(struct change *c, str key, const struct json *v, bool lasting)
{
    struct json *copy = json_share(c->arena, v);
    copy->key = key;
    *c->tail = copy;
    c->tail = &copy->next;
    c->over->count++;
    c->lasting = c->lasting || lasting;
}

static void set_once(struct change *c, str key, const struct json *v)
{
    const struct json *now = look_up(&c->now, key);
    if (!now || now->type == JSON_NULL)
        add(c, key, v, !is_volatile(key));
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
        add(c, key, v, !is_volatile(key));
}

static bool is_server(const struct event *ev)
{
    const struct json *v = json_get(ev->properties, "$is_server");
    return json_is(v, JSON_BOOL) && v->boolean;
}

/* A server's own system is not its users'. */
static bool stays_out(const struct automatic *row, bool server)
{
    return server && (str_eqz(row->name, "$os") || str_eqz(row->name, "$os_version"));
}

/* The $initial_ forms, where the person has none yet. An explicit $set_once comes later and wins. */
static void add_initial(struct change *c, const struct found *sent, bool server)
{
    const str os = STR("$initial_os");
    for (size_t i = 0; i < ARRAY_LEN(automatic); i++) {
        const struct json *v = sent->name[i], *now = c->now.automatic.initial[i];
        if (!v || v->type == JSON_NULL || stays_out(&automatic[i], server))
            continue;
        if (str_eqz(automatic[i].name, "$os_name"))
            set_once(c, os, v);
        else if (!now || now->type == JSON_NULL)
            add(c, automatic[i].initial, v, true);
    }
}

/* What the person has already is no change. An explicit $set comes later and wins. */
static void add_automatic(struct change *c, const struct found *sent, bool server)
{
    for (size_t i = 0; i < ARRAY_LEN(automatic); i++) {
        const struct json *v = sent->name[i];
        if (v && v->type != JSON_NULL && !stays_out(&automatic[i], server) &&
            !same_value(c->now.automatic.name[i], v))
            add(c, automatic[i].name, v, automatic[i].kept);
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
    struct found sent;
    bool server = is_server(ev);
    find_all(ev->properties, &sent);
    c.tail = &c.over->head;
    add_initial(&c, &sent, server);
    add_explicit(&c, ev, "$set_once", set_once);
    struct json **from = c.tail;
    add_automatic(&c, &sent, server);
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
