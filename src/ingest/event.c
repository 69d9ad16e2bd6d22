/* event.c - see event.h. */
#include "ingest/event.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "ingest/elements.h"
#include "ingest/payload.h"
#include "ingest/timestamp.h"

/* -------------------------------------------------------------------------- properties */

/* Top-level $set and $set_once win, key by key, over those in properties. */
static void merge_sets(struct arena *a, const struct json *sent, struct json *properties)
{
    static const char *const names[] = { "$set", "$set_once" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct json *top = json_get(sent, names[i]), *in = json_get(properties, names[i]);
        if (!json_is(top, JSON_OBJECT) || !top->head)
            continue;
        struct json *merged = json_merge(a, in, top);
        json_set(properties, str_of(names[i]), merged);
    }
}

static void stamp(struct arena *a, const struct journal_record *record, int64_t sent_at,
                  struct json *properties)
{
    char text[CLOCK_TEXT];
    bool internal = json_get(properties, "capture_internal") != NULL;
    if (!json_get(properties, "$ip") && record->ip.n)
        json_set(properties, STR("$ip"),
                 json_new_str(a, internal ? STR("127.0.0.1") : record->ip));
    if (sent_at == INT64_MIN)
        return;
    clock_text(sent_at, text);
    json_set(properties, STR("$sent_at"), json_new_str(a, arena_str(a, str_of(text))));
}

/* Ids that the client left out are made of the event's place in the journal. */
static struct uuid uuid_of(const struct json *sent, const struct journal_record *record,
                           int64_t place, size_t nth)
{
    struct uuid u;
    char seed[64], hex[65];
    if (uuid_parse(json_get_text(sent, "uuid"), &u))
        return u;
    int n = snprintf(seed, sizeof(seed), "%lld:%lld:%zu", (long long)record->now,
                     (long long)place, nth);
    sha256_hex((str){ seed, (size_t)n }, hex);
    for (int i = 0; i < 16; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        u.b[i] = (unsigned char)byte;
    }
    int64_t ms = record->now / 1000;
    for (int i = 0; i < 6; i++)
        u.b[i] = (unsigned char)(ms >> (40 - 8 * i));
    u.b[6] = (unsigned char)(0x70 | (u.b[6] & 0x0f));
    u.b[8] = (unsigned char)(0x80 | (u.b[8] & 0x3f));
    return u;
}

static str take_elements(struct arena *a, struct json *properties)
{
    const struct json *list = json_get(properties, "$elements");
    str chain = json_get_text(properties, "$elements_chain");
    if (!chain.p && json_is(list, JSON_ARRAY))
        chain = elements_chain(a, list);
    json_remove(properties, STR("$elements"));
    json_remove(properties, STR("$elements_chain"));
    return chain.p ? chain : STR("");
}

static str time_text(const struct json *v)
{
    return json_is(v, JSON_STRING) || json_is(v, JSON_NUMBER) ? v->text : STR_NULL;
}

struct event *event_make(struct arena *a, int64_t team_id, const struct journal_record *record,
                         int64_t sent_at, int64_t place, size_t nth, const struct json *sent)
{
    struct event *ev = arena_new_of(a, struct event);
    const struct json *name = json_get(sent, "event"), *p = json_get(sent, "properties");
    const struct json *offset = json_get(sent, "offset");
    struct json *properties = json_merge(a, NULL, p);
    const struct json *ignore = json_get(properties, "$ignore_sent_at");
    const struct json *when = json_get(sent, "timestamp");
    struct event_clock clock = { .now = record->now, .sent_at = sent_at };
    clock.ignore_sent_at = json_is(ignore, JSON_BOOL) && ignore->boolean;
    clock.allow_future = clock.ignore_sent_at && record->kind == RECORD_V1;
    ev->team_id = team_id;
    ev->uuid = uuid_of(sent, record, place, nth);
    ev->name = name ? payload_without_nul(a, str_utf8_prefix(name->text, LIMIT_EVENT_NAME))
                    : STR("$identify");
    ev->distinct_id = payload_distinct_id(a, sent);
    ev->created_at = record->now;
    ev->timestamp = event_timestamp(&clock, time_text(when),
                                    json_is(offset, JSON_NUMBER) && offset->integer ? offset->i64
                                                                                    : INT64_MIN);
    merge_sets(a, sent, properties);
    stamp(a, record, sent_at, properties);
    ev->elements_chain = take_elements(a, properties);
    json_remove(properties, STR("$heatmap_data")); /* no place for them: a heap on every event */
    const struct json *profile = json_get(properties, "$process_person_profile");
    ev->personless = json_is(profile, JSON_BOOL) && !profile->boolean;
    if (json_is(profile, JSON_BOOL) && profile->boolean)
        json_remove(properties, STR("$process_person_profile"));
    ev->properties = properties;
    return ev;
}
