/* people.c - see people.h. */
#include "ingest/cohort_change.h"
#include "ingest/people.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "ingest/payload.h"
#include "ingest/person_properties.h"
#include "ingest/rows.h"

#define ROWS_MAX (512u << 20)
#define PERSONLESS_CREATED (5 * CLOCK_SECOND) /* the creation time that says: no person */
#define ID_MAX 400 /* characters of an id that still merges */
#define UPGRADE_AFTER (60 * CLOCK_SECOND)

/* A person of the working set. */
struct who {
    struct person p;
    bool dirty;
    struct who *into; /* merged: look there */
    struct who *next;
};

/* A distinct id of the working set. who NULL: it has no person. */
struct id_slot {
    struct who *who;
    int64_t version;
    bool personless; /* known to be recorded as used without a person */
};

void people_begin(struct people *p, struct arena *a, struct db *d, bool resolve_only)
{
    *p = (struct people){ .arena = a,
                          .db = d,
                          .resolve_only = resolve_only,
                          .now = clock_now_us(),
                          .ids = MAP_INIT(a),
                          .persons = MAP_INIT(a),
                          .types = MAP_INIT(a),
                          .groups = MAP_INIT(a),
                          .person_rows = BUF_INIT(ROWS_MAX),
                          .id_rows = BUF_INIT(ROWS_MAX),
                          .override_rows = BUF_INIT(ROWS_MAX),
                          .group_rows = BUF_INIT(ROWS_MAX) };
}

void people_release(struct people *p)
{
    buf_release(&p->person_rows);
    buf_release(&p->id_rows);
    buf_release(&p->override_rows);
    buf_release(&p->group_rows);
}

/* PostHog's namespace for persons: the ids agree with data that came from there. */
struct uuid people_uuid(int64_t team_id, str distinct_id)
{
    struct uuid space;
    char text[32 + LIMIT_DISTINCT_ID * 4];
    BUG_ON(!uuid_parse(STR("932979b4-65c3-4424-8467-0b66ec27bc22"), &space));
    int n = snprintf(text, sizeof(text), "%lld:" STR_FMT, (long long)team_id,
                     STR_ARG(distinct_id));
    return uuid_v5(space, (str){ text, (size_t)n });
}

static str uuid_str(struct arena *a, struct uuid u)
{
    char text[UUID_TEXT];
    uuid_text(u, text);
    return arena_str(a, str_of(text));
}

/* -------------------------------------------------------------------------- looking up */

static struct who *add_who(struct people *p, const struct person *from)
{
    struct who *w = arena_new_of(p->arena, struct who);
    w->p = *from;
    w->next = p->first;
    p->first = w;
    if (from->id)
        *map_at(&p->persons, arena_printf(p->arena, "%lld", (long long)from->id)) = w;
    return w;
}

static struct who *known_person(struct people *p, const struct person *found)
{
    char key[24];
    snprintf(key, sizeof(key), "%lld", (long long)found->id);
    struct who *w = map_get(&p->persons, str_of(key));
    if (!w)
        w = add_who(p, found);
    while (w->into)
        w = w->into;
    return w;
}

static int find_slot(struct people *p, int64_t team_id, str distinct_id, struct id_slot **out,
                     struct err *e)
{
    char key[32 + LIMIT_DISTINCT_ID * 4];
    int n = snprintf(key, sizeof(key), "%lld:" STR_FMT, (long long)team_id, STR_ARG(distinct_id));
    str k = { key, (size_t)n };
    struct id_slot *slot = map_get(&p->ids, k);
    if (!slot) {
        struct person found;
        int rc = person_find_by_distinct_id(p->db, p->arena, team_id, distinct_id, &found, e);
        if (rc < 0)
            return rc;
        slot = arena_new_of(p->arena, struct id_slot);
        slot->who = rc ? known_person(p, &found) : NULL;
        *map_at(&p->ids, arena_str(p->arena, k)) = slot;
    }
    while (slot->who && slot->who->into)
        slot->who = slot->who->into;
    *out = slot;
    return 0;
}

/* -------------------------------------------------------------------------- changing */

static int attach(struct people *p, struct who *w, str distinct_id, struct id_slot *slot,
                  int64_t version, struct err *e)
{
    int rc = person_id_revive(p->db, p->arena, w->p.team_id, distinct_id, &version, e);
    if (rc < 0)
        return rc;
    slot->who = w;
    slot->version = version;
    row_id(&p->id_rows, w->p.team_id, distinct_id, w->p.uuid, false, version);
    if (version > 0)
        row_id(&p->override_rows, w->p.team_id, distinct_id, w->p.uuid, false, version);
    return person_id_set(p->db, w->p.team_id, distinct_id, w->p.id, version, e);
}

/* 1 when older events of this id carry another person's id. */
static int version_for(struct people *p, int64_t team_id, str distinct_id, str uuid,
                       struct id_slot *slot, struct err *e)
{
    if (str_eq(uuid_str(p->arena, people_uuid(team_id, distinct_id)), uuid))
        return 0;
    return slot->personless ? 1 : personless_has(p->db, p->arena, team_id, distinct_id, e);
}

static int create(struct people *p, const struct event *ev, str uuid, struct who **out,
                  struct err *e)
{
    struct person fresh = { .team_id = ev->team_id, .uuid = uuid, .created_at = ev->timestamp,
                            .properties = json_new(p->arena, JSON_OBJECT) };
    int rc = person_save(p->db, p->arena, &fresh, e);
    if (rc < 0)
        return rc;
    *out = add_who(p, &fresh);
    (*out)->dirty = true;
    return 0;
}

static int get_or_create(struct people *p, const struct event *ev, struct who **out,
                         struct err *e)
{
    struct id_slot *slot;
    int rc = find_slot(p, ev->team_id, ev->distinct_id, &slot, e);
    *out = slot ? slot->who : NULL;
    if (rc < 0 || *out)
        return rc;
    rc = create(p, ev, uuid_str(p->arena, people_uuid(ev->team_id, ev->distinct_id)), out, e);
    return rc < 0 ? rc : attach(p, *out, ev->distinct_id, slot, 0, e);
}

static void set_identified(struct who *w)
{
    w->dirty = w->dirty || !w->p.identified;
    w->p.identified = true;
}

/* -------------------------------------------------------------------------- merging */

/* Ids that many people would share by mistake: they merge nobody. */
static bool is_illegal(str id)
{
    static const char *const any_case[] = { "anonymous", "guest", "distinctid", "distinct_id", "id",
                                            "not_authenticated", "email", "undefined", "true",
                                            "false" };
    static const char *const exact[] = { "[object Object]", "NaN", "None", "none", "null", "0",
                                         "undefined" };
    bool bad = !str_trim(id).n || str_find(id, STR("\xef\xbf\xbd")) >= 0 ||
               str_utf8_len(id) > ID_MAX;
    if (id.n >= 2 && (id.p[0] == '"' || id.p[0] == '\'') && id.p[id.n - 1] == id.p[0])
        id = str_slice(id, 1, id.n - 1);
    bad = bad || !str_trim(id).n;
    for (size_t i = 0; i < ARRAY_LEN(any_case); i++)
        bad = bad || str_eq_nocase(id, str_of(any_case[i]));
    for (size_t i = 0; i < ARRAY_LEN(exact); i++)
        bad = bad || str_eqz(id, exact[i]);
    return bad;
}

/* Neither id has a person: one is made for both. */
static int merge_unknown(struct people *p, const struct event *ev, str other,
                         struct id_slot *own, struct id_slot *source, struct err *e)
{
    struct who *w;
    str from = ev->distinct_id;
    int used = source->personless ? 1 : personless_has(p->db, p->arena, ev->team_id, other, e);
    int own_used = own->personless
                       ? 1
                       : personless_has(p->db, p->arena, ev->team_id, ev->distinct_id, e);
    if (used < 0 || own_used < 0)
        return e->kind;
    if (used && !own_used)
        from = other;
    int rc = create(p, ev, uuid_str(p->arena, people_uuid(ev->team_id, from)), &w, e);
    if (rc < 0)
        return rc;
    set_identified(w);
    rc = attach(p, w, ev->distinct_id, own, own_used && !str_eq(from, ev->distinct_id), e);
    return rc < 0 ? rc : attach(p, w, other, source, used && !str_eq(from, other), e);
}

static int attach_other(struct people *p, struct who *w, str distinct_id, struct id_slot *slot,
                        struct err *e)
{
    set_identified(w);
    int version = version_for(p, w->p.team_id, distinct_id, w->p.uuid, slot, e);
    return version < 0 ? version : attach(p, w, distinct_id, slot, version, e);
}

/* All ids of source move to target; its properties fill target's gaps; it is deleted. */
static int merge_persons(struct people *p, struct who *target, struct who *source, struct err *e)
{
    struct person_id *ids;
    struct id_slot *slot;
    size_t n;
    int rc = person_ids(p->db, p->arena, source->p.id, 0, &ids, &n, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = find_slot(p, source->p.team_id, ids[i].distinct_id, &slot, e);
        if (rc == 0)
            rc = attach(p, target, ids[i].distinct_id, slot, ids[i].version + 1, e);
    }
    if (rc == 0)
        rc = cohort_change_merged(p->db, p->arena, &source->p, &target->p, e);
    if (rc == 0)
        rc = person_delete(p->db, &source->p, e);
    if (rc < 0)
        return rc;
    row_person(&p->person_rows, &source->p, true);
    target->p.properties = json_merge(p->arena, source->p.properties, target->p.properties);
    if (source->p.created_at < target->p.created_at)
        target->p.created_at = source->p.created_at;
    if (source->p.version > target->p.version)
        target->p.version = source->p.version;
    target->dirty = true;
    set_identified(target);
    source->into = target;
    source->dirty = false;
    return 0;
}

static int merge(struct people *p, const struct event *ev, str other, bool dangerous,
                 struct err *e)
{
    struct id_slot *own, *source;
    if (str_eq(other, ev->distinct_id) || is_illegal(other) || is_illegal(ev->distinct_id))
        return 0;
    other = str_utf8_prefix(other, LIMIT_DISTINCT_ID);
    int rc = find_slot(p, ev->team_id, ev->distinct_id, &own, e);
    if (rc == 0)
        rc = find_slot(p, ev->team_id, other, &source, e);
    if (rc < 0)
        return rc;
    if (!own->who && !source->who)
        return merge_unknown(p, ev, other, own, source, e);
    if (!own->who)
        return attach_other(p, source->who, ev->distinct_id, own, e);
    if (!source->who)
        return attach_other(p, own->who, other, source, e);
    if (own->who == source->who) {
        set_identified(own->who);
        return 0;
    }
    if (source->who->p.identified && !dangerous)
        return 0;
    return merge_persons(p, own->who, source->who, e);
}

static int apply_identity(struct people *p, const struct event *ev, struct err *e)
{
    static const struct {
        const char *event, *property;
        bool dangerous;
    } rows[] = { { "$identify", "$anon_distinct_id", false },
                 { "$create_alias", "alias", false },
                 { "$merge_dangerously", "alias", true } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!str_eqz(ev->name, rows[i].event))
            continue;
        str other = payload_id(p->arena, json_get(ev->properties, rows[i].property));
        return other.p ? merge(p, ev, other, rows[i].dangerous, e) : 0;
    }
    return 0;
}

/* -------------------------------------------------------------------------- groups */

static int type_index(struct people *p, int64_t team_id, str name, int *idx, struct err *e)
{
    str key = arena_printf(p->arena, "%lld:" STR_FMT, (long long)team_id, STR_ARG(name));
    int *known = map_get(&p->types, key);
    if (!known) {
        int found = -1;
        int rc = group_type_index(p->db, p->arena, team_id, name, &found, e);
        if (rc < 0)
            return rc;
        known = arena_new_of(p->arena, int);
        *known = rc ? found : -1;
        *map_at(&p->types, key) = known;
    }
    *idx = *known;
    return 0;
}

static str scalar(const struct json *v)
{
    return json_is(v, JSON_STRING) || json_is(v, JSON_NUMBER) ? v->text : STR_NULL;
}

static int apply_groups(struct people *p, struct event *ev, struct err *e)
{
    static const char *const names[] = { "$group_0", "$group_1", "$group_2", "$group_3",
                                         "$group_4" };
    const struct json *groups = json_get(ev->properties, "$groups");
    int rc = 0, idx;
    if (!json_is(groups, JSON_OBJECT))
        return 0;
    for (const struct json *m = groups->head; m && rc == 0; m = m->next) {
        str key = scalar(m);
        if (!key.n || !m->key.n)
            continue;
        rc = type_index(p, ev->team_id, m->key, &idx, e);
        if (rc < 0 || idx < 0)
            continue;
        ev->groups[idx] = key;
        json_set(ev->properties, str_of(names[idx]), json_new_str(p->arena, key));
    }
    return rc;
}

static int apply_group_identify(struct people *p, struct event *ev, struct err *e)
{
    str type = json_get_text(ev->properties, "$group_type");
    str key = scalar(json_get(ev->properties, "$group_key"));
    const struct json *set = json_get(ev->properties, "$group_set");
    struct group g = { .team_id = ev->team_id, .key = key, .created_at = ev->timestamp };
    int idx;
    ev->group_index = -1;
    if (!type.n || !key.n)
        return 0;
    int rc = type_index(p, ev->team_id, type, &idx, e);
    if (rc < 0 || idx < 0 || p->resolve_only)
        return rc;
    ev->group_index = idx;
    g.idx = idx;
    rc = group_find(p->db, p->arena, ev->team_id, idx, key, &g, e);
    if (rc < 0)
        return rc;
    struct json *merged = json_merge(p->arena, g.properties, set);
    if (properties_size(merged) > LIMIT_PERSON)
        return 0;
    g.properties = merged;
    g.version++;
    row_group(&p->group_rows, &g, p->now);
    return group_save(p->db, p->arena, &g, e);
}

/* -------------------------------------------------------------------------- one event */

static bool is_one_of(str name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqz(name, names[i]))
            return true;
    return false;
}

static void without_person_keys(struct event *ev)
{
    static const char *const keys[] = { "$set", "$set_once", "$unset", "$group_0", "$group_1",
                                        "$group_2", "$group_3", "$group_4" };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        json_remove(ev->properties, str_of(keys[i]));
}

/* The event's id has no person; should it get one, what it did until then is found by this. */
static int note_personless(struct people *p, struct event *ev, struct id_slot *slot, struct err *e)
{
    ev->person_id = people_uuid(ev->team_id, ev->distinct_id);
    if (slot->personless || p->resolve_only)
        return 0;
    slot->personless = true;
    return personless_add(p->db, ev->team_id, ev->distinct_id, e);
}

/* Without a person, unless one existed for this id before the event: then it gets the event. */
static int apply_personless(struct people *p, struct event *ev, bool *full, struct err *e)
{
    static const char *const need_person[] = { "$identify", "$create_alias", "$merge_dangerously",
                                               "$groupidentify" };
    struct id_slot *slot;
    *full = false;
    ev->dropped = is_one_of(ev->name, need_person, ARRAY_LEN(need_person));
    if (ev->dropped)
        return 0;
    int rc = find_slot(p, ev->team_id, ev->distinct_id, &slot, e);
    if (rc < 0)
        return rc;
    if (slot->who && slot->who->p.created_at < ev->timestamp - UPGRADE_AFTER) {
        ev->person_mode = PERSON_FORCE_UPGRADE;
        *full = true;
        return 0;
    }
    without_person_keys(ev);
    ev->person_mode = PERSON_PROPERTYLESS;
    ev->person_created_at = PERSONLESS_CREATED;
    if (!slot->who)
        return note_personless(p, ev, slot, e);
    BUG_ON(!uuid_parse(slot->who->p.uuid, &ev->person_id));
    return 0;
}

static int apply_person(struct people *p, struct event *ev, struct err *e)
{
    static const char *const never[] = { "$exception", "$$heatmap", "$groupidentify" };
    struct who *w = NULL;
    struct id_slot *slot;
    bool changes = !p->resolve_only && !is_one_of(ev->name, never, ARRAY_LEN(never));
    int rc = changes ? apply_identity(p, ev, e) : 0;
    if (rc == 0 && changes)
        rc = get_or_create(p, ev, &w, e);
    if (rc == 0 && !changes && (rc = find_slot(p, ev->team_id, ev->distinct_id, &slot, e)) == 0)
        w = slot->who;
    if (rc < 0)
        return rc;
    if (!w) {
        ev->person_created_at = ev->timestamp;
        return note_personless(p, ev, slot, e);
    }
    struct json *stored = NULL;
    ev->person_properties = properties_apply(p->arena, w->p.properties, ev, &stored);
    if (stored && changes && properties_size(stored) <= LIMIT_PERSON) {
        w->p.properties = stored;
        w->dirty = true;
    }
    if (changes && str_eqz(ev->name, "$identify"))
        set_identified(w);
    ev->person_created_at = w->p.created_at;
    BUG_ON(!uuid_parse(w->p.uuid, &ev->person_id));
    return 0;
}

int people_apply(struct people *p, struct event *ev, struct err *e)
{
    static const char *const diverted[] = { "$$client_ingestion_warning", "$performance_event",
                                            "$snapshot", "$$heatmap" };
    bool full = true;
    int rc = 0;
    ev->dropped = is_one_of(ev->name, diverted, ARRAY_LEN(diverted));
    if (ev->dropped)
        return 0;
    if (ev->personless)
        rc = apply_personless(p, ev, &full, e);
    if (rc == 0 && !ev->dropped && full) /* groups are of events that have persons */
        rc = apply_groups(p, ev, e);
    if (rc == 0 && !ev->dropped && str_eqz(ev->name, "$groupidentify"))
        rc = apply_group_identify(p, ev, e);
    if (rc == 0 && !ev->dropped && full)
        rc = apply_person(p, ev, e);
    return rc;
}

int people_finish(struct people *p, struct err *e)
{
    for (struct who *w = p->first; w; w = w->next) {
        if (!w->dirty)
            continue;
        w->p.version++;
        int rc = person_save(p->db, p->arena, &w->p, e);
        if (rc < 0)
            return rc;
        row_person(&p->person_rows, &w->p, false);
    }
    bool full = p->person_rows.full || p->id_rows.full || p->override_rows.full ||
                p->group_rows.full;
    return full ? err_internal(e, "a batch changes too many persons") : 0;
}
