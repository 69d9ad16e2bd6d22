/* definitions.c - see definitions.h. */
#include "ingest/definitions.h"

#include "base/clock.h"
#include "base/limits.h"

#define REMEMBERED 200000 /* then all is forgotten: the memory is bounded, a write more is not bad */
#define NAME_MAX_ 400     /* bytes of a property's name */
#define NAMES_MAX 1000    /* properties learned from one event */

void definitions_init(struct definitions *s)
{
    s->arena = arena_new();
    s->seen = MAP_INIT(s->arena);
}

void definitions_release(struct definitions *s)
{
    arena_free(s->arena);
}

void definitions_forget(struct definitions *s)
{
    definitions_release(s);
    definitions_init(s);
}

/* What a key is about. */
enum { ABOUT_EVENT = 'e', ABOUT_EVENT_PROPERTY = 'p', ABOUT_PROPERTY = 'o' };

/* A key of `seen`: bytes put together, for they are made for every property of every event. */
struct key {
    char bytes[32 + LIMIT_EVENT_NAME * 4 + NAME_MAX_];
    size_t n;
};

static void key_begin(struct key *k, int64_t team_id, char about, char detail)
{
    memcpy(k->bytes, &team_id, sizeof(team_id));
    k->bytes[sizeof(team_id)] = about;
    k->bytes[sizeof(team_id) + 1] = detail;
    k->n = sizeof(team_id) + 2;
}

/* A name with its length before it, so that no two names together look like two others. */
static void key_add(struct key *k, str s)
{
    uint16_t n = (uint16_t)s.n;
    BUG_ON(s.n > sizeof(k->bytes) - k->n - sizeof(n)); /* names are bounded */
    memcpy(k->bytes + k->n, &n, sizeof(n));
    memcpy(k->bytes + k->n + sizeof(n), s.p, s.n);
    k->n += sizeof(n) + s.n;
}

/* True when this was not written for an hour, for what was deleted meanwhile is learned again;
 * remembers now. */
static bool is_new(struct definitions *s, const struct key *k)
{
    str key = { k->bytes, k->n };
    int64_t *last = map_get(&s->seen, key);
    if (last && *last >= s->now - 3600 * CLOCK_SECOND)
        return false;
    if (!last) {
        last = arena_alloc(s->arena, sizeof(*last));
        *map_at(&s->seen, arena_str(s->arena, key)) = last;
    }
    *last = s->now;
    return true;
}

/* -------------------------------------------------------------------------- types */

static bool looks_like_time(str key)
{
    static const char *const parts[] = { "time", "timestamp", "date", "_at", "-at", "createdat",
                                         "updatedat" };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (str_find(key, str_of(parts[i])) >= 0)
            return true;
    return false;
}

/* Names whose values are texts whatever they look like. */
static bool is_text(str key)
{
    static const str texts[] = { STR_INIT("utm_"), STR_INIT("$initial_utm_"), STR_INIT("$feature/"),
                                 STR_INIT("$feature_flag_response"), STR_INIT("$survey_response") };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (str_starts(key, texts[i]))
            return true;
    return false;
}

/* Whether type_of knows one. */
static bool has_type(str key, const struct json *v)
{
    return v->type == JSON_BOOL || v->type == JSON_NUMBER || v->type == JSON_STRING || is_text(key);
}

static str type_of(str key, const struct json *v)
{
    int64_t ignored;
    if (is_text(key))
        return STR("String");
    if (v->type == JSON_BOOL)
        return STR("Boolean");
    if (v->type == JSON_NUMBER)
        return looks_like_time(key) && v->num > 1e9 ? STR("DateTime") : STR("Numeric");
    if (v->type != JSON_STRING)
        return STR_NULL;
    if (str_eq_nocase(v->text, STR("true")) || str_eq_nocase(v->text, STR("false")))
        return STR("Boolean");
    if (v->text.n >= 10 && v->text.p[0] >= '0' && v->text.p[0] <= '9' &&
        clock_parse(v->text, &ignored))
        return STR("DateTime");
    return STR("String");
}

/* -------------------------------------------------------------------------- learning */

static bool hidden_from_events(str name)
{
    static const str names[] = { STR_INIT("distinct_id"), STR_INIT("$set"), STR_INIT("$set_once"),
                                 STR_INIT("$unset"), STR_INIT("$groups"), STR_INIT("$group_type"),
                                 STR_INIT("$group_key"), STR_INIT("$group_set"), STR_INIT("$group_0"),
                                 STR_INIT("$group_1"), STR_INIT("$group_2"), STR_INIT("$group_3"),
                                 STR_INIT("$group_4"), STR_INIT("$initial_referrer"),
                                 STR_INIT("$initial_referring_domain"), STR_INIT("token"),
                                 STR_INIT("$elements") };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(name, names[i]))
            return true;
    return str_starts(name, STR("$session_entry_"));
}

static bool can_be_learned(str name)
{
    return name.n && name.n <= NAME_MAX_ && str_utf8_valid(name);
}

static int learn_property(struct definitions *s, struct db *d, const struct event *ev,
                          enum property_owner owner, int group, const struct json *v,
                          struct err *e)
{
    struct key k;
    if (!can_be_learned(v->key))
        return 0;
    /* A property seen with nulls or lists only is asked about again once it has a type. */
    key_begin(&k, ev->team_id, ABOUT_PROPERTY,
              (char)(owner | (group + 1) << 3 | has_type(v->key, v) << 6));
    key_add(&k, v->key);
    return is_new(s, &k) ? property_definition_seen(d, ev->team_id, owner, group, v->key,
                                                    type_of(v->key, v), e)
                         : 0;
}

/* A property of this event: one look while both it and the property itself are known. */
static int learn_event_property(struct definitions *s, struct db *d, const struct event *ev,
                                const struct json *v, struct err *e)
{
    struct key k;
    if (!v->key.n || v->key.n > NAME_MAX_)
        return 0;
    key_begin(&k, ev->team_id, ABOUT_EVENT_PROPERTY, has_type(v->key, v) ? 't' : ' ');
    key_add(&k, v->key);
    key_add(&k, ev->name);
    if (!is_new(s, &k) || hidden_from_events(v->key) || !can_be_learned(v->key))
        return 0;
    int rc = learn_property(s, d, ev, OWNER_EVENT, -1, v, e);
    return rc < 0 ? rc : event_property_seen(d, ev->team_id, ev->name, v->key, e);
}

static int learn_all(struct definitions *s, struct db *d, const struct event *ev,
                     enum property_owner owner, int group, const struct json *o, struct err *e)
{
    int rc = 0, left = NAMES_MAX;
    for (const struct json *m = json_is(o, JSON_OBJECT) ? o->head : NULL; m && rc == 0 && left;
         m = m->next, left--)
        rc = learn_property(s, d, ev, owner, group, m, e);
    return rc;
}

static int learn_event(struct definitions *s, struct db *d, const struct event *ev,
                       struct err *e)
{
    struct key k;
    int rc = 0, left = NAMES_MAX;
    key_begin(&k, ev->team_id, ABOUT_EVENT, ' ');
    key_add(&k, ev->name);
    if (is_new(s, &k))
        rc = event_definition_seen(d, ev->team_id, ev->name, ev->created_at, e);
    for (const struct json *m = ev->properties->head; m && rc == 0 && left; m = m->next, left--)
        rc = learn_event_property(s, d, ev, m, e);
    return rc;
}

int definitions_learn(struct definitions *s, struct db *d, const struct event *ev, struct err *e)
{
    if (s->seen.n > REMEMBERED)
        definitions_forget(s);
    s->now = clock_now_us();
    int rc = learn_event(s, d, ev, e);
    if (rc == 0 && str_eqz(ev->name, "$groupidentify"))
        return ev->group_index < 0 ? 0
                                   : learn_all(s, d, ev, OWNER_GROUP, ev->group_index,
                                               json_get(ev->properties, "$group_set"), e);
    /* Persons are learned from what they have after the event: automatic ones too. */
    if (rc == 0 && ev->person_properties)
        rc = learn_all(s, d, ev, OWNER_PERSON, -1, ev->person_properties, e);
    return rc;
}
