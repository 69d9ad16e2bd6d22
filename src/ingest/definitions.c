/* definitions.c - see definitions.h. */
#include "ingest/definitions.h"

#include <stdio.h>

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

/* What was deleted in the meantime is learned again within the hour. */
static int64_t hour_ago(void)
{
    return clock_now_us() - 3600 * CLOCK_SECOND;
}

/* True when this was not written since `at`; remembers now. */
static bool is_new(struct definitions *s, str key, int64_t at)
{
    int64_t *last = map_get(&s->seen, key);
    if (last && *last >= at)
        return false;
    if (!last) {
        last = arena_alloc(s->arena, sizeof(*last));
        *map_at(&s->seen, arena_str(s->arena, key)) = last;
    }
    *last = clock_now_us();
    return true;
}

static str key_of(char *out, size_t room, int64_t team_id, const char *kind, str x, str y)
{
    int n = snprintf(out, room, "%lld|%s|" STR_FMT "|" STR_FMT, (long long)team_id, kind,
                     STR_ARG(x), STR_ARG(y));
    return (str){ out, (size_t)n < room ? (size_t)n : room - 1 };
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

static str type_of(str key, const struct json *v)
{
    int64_t ignored;
    static const char *const texts[] = { "utm_", "$initial_utm_", "$feature/",
                                         "$feature_flag_response", "$survey_response" };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (str_starts(key, str_of(texts[i])))
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
    static const char *const names[] = { "distinct_id", "$set", "$set_once", "$unset", "$groups",
                                         "$group_type", "$group_key", "$group_set", "$group_0",
                                         "$group_1", "$group_2", "$group_3", "$group_4",
                                         "$initial_referrer", "$initial_referring_domain",
                                         "token", "$elements" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eqz(name, names[i]))
            return true;
    return str_starts(name, STR("$session_entry_"));
}

static int learn_property(struct definitions *s, struct db *d, const struct event *ev,
                          enum property_owner owner, int group, const struct json *v,
                          struct err *e)
{
    char room[32 + NAME_MAX_], kind[16];
    str type = type_of(v->key, v);
    if (!v->key.n || v->key.n > NAME_MAX_ || !str_utf8_valid(v->key))
        return 0;
    /* A property seen with nulls or lists only is asked about again once it has a type. */
    snprintf(kind, sizeof(kind), "%d,%d,%d", owner, group, type.p != NULL);
    if (!is_new(s, key_of(room, sizeof(room), ev->team_id, kind, v->key, STR("")), hour_ago()))
        return 0;
    return property_definition_seen(d, ev->team_id, owner, group, v->key, type, e);
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
    char room[64 + LIMIT_EVENT_NAME * 4 + NAME_MAX_];
    str key = key_of(room, sizeof(room), ev->team_id, "e", ev->name, STR(""));
    int rc = is_new(s, key, hour_ago())
                 ? event_definition_seen(d, ev->team_id, ev->name, ev->created_at, e)
                 : 0;
    int left = NAMES_MAX;
    for (const struct json *m = ev->properties->head; m && rc == 0 && left; m = m->next, left--) {
        if (hidden_from_events(m->key) || !m->key.n || m->key.n > NAME_MAX_)
            continue;
        rc = learn_property(s, d, ev, OWNER_EVENT, -1, m, e);
        key = key_of(room, sizeof(room), ev->team_id, "p", ev->name, m->key);
        if (rc == 0 && is_new(s, key, hour_ago()))
            rc = event_property_seen(d, ev->team_id, ev->name, m->key, e);
    }
    return rc;
}

int definitions_learn(struct definitions *s, struct db *d, const struct event *ev, struct err *e)
{
    if (s->seen.n > REMEMBERED)
        definitions_forget(s);
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
