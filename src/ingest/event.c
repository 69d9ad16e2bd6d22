/* event.c - see event.h. */
#include "ingest/event.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "ingest/payload.h"
#include "ingest/timestamp.h"
#include "json/write.h"

/* -------------------------------------------------------------------------- elements */

/* $elements of older browser SDKs, as the text newer ones send themselves. */
static void add_quoted(struct buf *b, str s)
{
    buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_char(b, '\\');
        buf_char(b, s.p[i]);
    }
    buf_char(b, '"');
}

static int by_text(const void *a, const void *b)
{
    const str *x = a, *y = b;
    int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return c ? c : (x->n > y->n) - (x->n < y->n);
}

static void add_classes(struct buf *b, str text)
{
    str words[64];
    size_t n = 0;
    while (text.p && n < ARRAY_LEN(words)) {
        str word = str_split(&text, ' ');
        if (word.n)
            words[n++] = word;
    }
    qsort(words, n, sizeof(*words), by_text);
    for (size_t i = 0; i < n; i++) {
        buf_char(b, '.');
        for (size_t k = 0; k < words[i].n; k++)
            if (words[i].p[k] != '"')
                buf_char(b, words[i].p[k]);
    }
}

static str scalar_text(const struct json *v)
{
    return v->type == JSON_STRING || v->type == JSON_NUMBER ? v->text : STR_NULL;
}

/* The names the chain uses for what the list calls otherwise; the rest is written as it is. */
static str chain_name(str key)
{
    static const struct {
        const char *sent, *chain;
    } names[] = { { "$el_text", "text" },     { "attr__href", "href" }, { "attr__id", "attr_id" },
                  { "nth_child", "nth-child" }, { "nth_of_type", "nth-of-type" } };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eqz(key, names[i].sent))
            return str_of(names[i].chain);
    return key;
}

static void add_element(struct buf *b, const struct json *el)
{
    const struct json *members[128];
    str tag = json_get_text(el, "tag_name"), classes = json_get_text(el, "attr__class");
    size_t n = 0;
    if (b->n)
        buf_char(b, ';');
    buf_str(b, tag);
    add_classes(b, classes);
    buf_char(b, ':');
    for (const struct json *m = el->head; m && n < ARRAY_LEN(members); m = m->next)
        if (!str_eqz(m->key, "tag_name") && scalar_text(m).p)
            members[n++] = m;
    for (size_t i = 1; i < n; i++) /* few: sorted in place by the names written */
        for (size_t k = i; k; k--) {
            str x = chain_name(members[k - 1]->key), y = chain_name(members[k]->key);
            if (by_text(&x, &y) <= 0)
                break;
            const struct json *swap = members[k];
            members[k] = members[k - 1];
            members[k - 1] = swap;
        }
    for (size_t i = 0; i < n; i++) {
        buf_str(b, chain_name(members[i]->key));
        buf_char(b, '=');
        add_quoted(b, scalar_text(members[i]));
    }
}

static str take_elements(struct arena *a, struct json *properties)
{
    const struct json *list = json_get(properties, "$elements");
    str chain = json_get_text(properties, "$elements_chain");
    if (!chain.p && json_is(list, JSON_ARRAY)) {
        struct buf b = BUF_INIT(LIMIT_EVENT);
        for (const struct json *el = list->head; el; el = el->next)
            if (el->type == JSON_OBJECT)
                add_element(&b, el);
        chain = arena_str(a, buf_view(&b));
        buf_release(&b);
    }
    json_remove(properties, STR("$elements"));
    json_remove(properties, STR("$elements_chain"));
    return chain.p ? chain : STR("");
}

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

static str without_nul(struct arena *a, str s)
{
    char *p = arena_z(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (!p[i])
            p[i] = '?';
    return (str){ p, s.n };
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
    ev->name = name ? without_nul(a, str_utf8_prefix(name->text, LIMIT_EVENT_NAME))
                    : STR("$identify");
    ev->distinct_id = payload_distinct_id(a, sent);
    ev->created_at = record->now;
    ev->timestamp = event_timestamp(&clock, when ? scalar_text(when) : STR_NULL,
                                    json_is(offset, JSON_NUMBER) && offset->integer ? offset->i64
                                                                                    : INT64_MIN);
    merge_sets(a, sent, properties);
    stamp(a, record, sent_at, properties);
    ev->elements_chain = take_elements(a, properties);
    const struct json *profile = json_get(properties, "$process_person_profile");
    ev->personless = json_is(profile, JSON_BOOL) && !profile->boolean;
    if (json_is(profile, JSON_BOOL) && profile->boolean)
        json_remove(properties, STR("$process_person_profile"));
    ev->properties = properties;
    return ev;
}
