/* tool_taxonomy.c - what there is in the project: events, properties, values. */
#include <stdio.h>

#include "assistant/known.h"
#include "assistant/tool.h"
#include "base/limits.h"

#define EVENTS_MOST 500
#define VALUES_SHOWN 25
#define PROPERTIES_SHOWN 500

static bool redacted(const struct tool_call *c, str name)
{
    for (const struct json *p = c->redacted ? c->redacted->head : NULL; p; p = p->next)
        if (p->type == JSON_STRING && str_eq(p->text, name))
            return true;
    return false;
}

static int64_t number(const struct json *q, const char *name, int64_t least, int64_t most,
                      int64_t otherwise)
{
    const struct json *v = json_get(q, name);
    if (!json_is(v, JSON_NUMBER) || !v->integer)
        return otherwise;
    return v->i64 < least ? least : v->i64 > most ? most : v->i64;
}

static void put_events(struct tool_call *c, const struct known *k, const struct json *q,
                       struct buf *b)
{
    const struct planner_project *p = &k->project;
    size_t limit = (size_t)number(q, "limit", 1, EVENTS_MOST, EVENTS_MOST);
    size_t from = (size_t)number(q, "offset", 0, LIMIT_PLANNER_NAMES, 0), i = from;
    for (; i < p->events_n && i < from + limit; i++) {
        buf_printf(b, "- " STR_FMT, STR_ARG(p->events[i].name));
        if (!p->events[i].count)
            buf_z(b, " (not seen in 30 days)");
        else if (c->level >= LEVEL_AGGREGATES)
            buf_printf(b, " (%lld in 30 days)", (long long)p->events[i].count);
        buf_char(b, '\n');
    }
    if (i < p->events_n)
        buf_printf(b, "There are more: ask with offset %zu.", i);
    if (!p->events_n)
        buf_z(b, "The project has no events yet.");
}

/* The places of events with that name; -1: none, and *b says which are near. */
static int64_t find_event(const struct known *k, str name, struct buf *b)
{
    for (size_t i = 0; i < k->project.events_n; i++)
        if (str_eq(k->project.events[i].name, name))
            return (int64_t)i;
    buf_printf(b, "There is no event \"" STR_FMT "\". Events:", STR_ARG(name));
    for (size_t i = 0; i < k->project.events_n && i < 30; i++)
        buf_printf(b, "%s " STR_FMT, i ? "," : "", STR_ARG(k->project.events[i].name));
    return -1;
}

static bool came_with(const struct planner_property *q, int64_t event)
{
    for (size_t i = 0; i < q->events_n; i++)
        if (q->events[i] == event)
            return true;
    return false;
}

/* event: its place, or -1 for all of the owner's. */
static void put_properties(const struct known *k, enum planner_owner owner, int64_t event,
                           struct buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < k->project.properties_n; i++) {
        const struct planner_property *q = &k->project.properties[i];
        if (q->owner != owner || (event >= 0 && !came_with(q, event)) || n++ >= PROPERTIES_SHOWN)
            continue;
        buf_printf(b, "- " STR_FMT " (" STR_FMT ")\n", STR_ARG(q->name),
                   STR_ARG(q->type.p ? q->type : STR("unknown type")));
    }
    if (!n)
        buf_z(b, "There are no properties.");
    if (n > PROPERTIES_SHOWN)
        buf_printf(b, "There are %zu more.", n - PROPERTIES_SHOWN);
}

static void put_values(struct tool_call *c, struct known *k, enum planner_owner owner, str name,
                       struct tool_result *out, struct buf *b)
{
    struct err e = ERR_INIT;
    struct planner_property *q = NULL;
    for (size_t i = 0; i < k->project.properties_n; i++)
        if (k->project.properties[i].owner == owner && str_eq(k->project.properties[i].name, name))
            q = &k->project.properties[i];
    if (!q) {
        tool_fail(c, out, "There is no property \"" STR_FMT "\". Ask for the properties first.",
                  STR_ARG(name));
        return;
    }
    if (c->level == LEVEL_SCHEMA || redacted(c, name)) {
        buf_z(b, "This project does not let you see values of this property.");
        return;
    }
    if (k->project.values(k->project.context, &q, 1, &e) < 0) {
        tool_fail(c, out, "The values could not be read: %s", err_message(&e));
        return;
    }
    for (size_t i = 0; i < q->values_n && i < VALUES_SHOWN; i++)
        buf_printf(b, "- " STR_FMT " (%lld)\n", STR_ARG(str_utf8_prefix(q->values[i].text, 200)),
                   (long long)q->values[i].count);
    if (q->values_n > VALUES_SHOWN)
        buf_printf(b, "and %s%zu more", q->all ? "" : "at least ", q->values_n - VALUES_SHOWN);
    if (!q->values_n)
        buf_z(b, "No values were seen lately.");
}

static bool owner_of(str entity, enum planner_owner *out)
{
    *out = PLANNER_PERSON;
    if (str_eqz(entity, "person") || str_eqz(entity, "persons"))
        return true;
    *out = PLANNER_GROUP;
    return entity.n > 0 && !str_eqz(entity, "session");
}

static void answer(struct tool_call *c, struct known *k, const struct json *q,
                   struct tool_result *out, struct buf *b)
{
    str kind = json_get_text(q, "kind"), event = json_get_text(q, "event_name");
    str property = json_get_text(q, "property_name");
    enum planner_owner owner;
    if (str_eqz(kind, "events")) {
        put_events(c, k, q, b);
    } else if (str_eqz(kind, "event_properties")) {
        int64_t at = find_event(k, event, b);
        if (at >= 0)
            put_properties(k, PLANNER_EVENT, at, b);
    } else if (str_eqz(kind, "event_property_values")) {
        if (!event.n || find_event(k, event, b) >= 0)
            put_values(c, k, PLANNER_EVENT, property, out, b);
    } else if (str_eqz(kind, "entity_properties") && owner_of(json_get_text(q, "entity"), &owner)) {
        put_properties(k, owner, -1, b);
    } else if (str_eqz(kind, "entity_property_values") &&
               owner_of(json_get_text(q, "entity"), &owner)) {
        put_values(c, k, owner, property, out, b);
    } else {
        tool_fail(c, out, "query.kind must be events, event_properties, event_property_values, "
                          "entity_properties or entity_property_values.");
    }
}

static void read_taxonomy(struct tool_call *c, struct tool_result *out)
{
    struct known k;
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    if (known_load(c->run, c->arena, &k, &e) < 0) {
        tool_fail(c, out, "The taxonomy could not be read: %s", err_message(&e));
        return;
    }
    answer(c, &k, json_get(c->args, "query"), out, &b);
    if (out->outcome == TOOL_DONE)
        out->text = tool_capped(c->arena, arena_str(c->arena, buf_view(&b)), 24000);
    buf_release(&b);
}

const struct tool taxonomy_tools[] = {
    { "read_taxonomy",
      "Reads which events, properties and property values this project has. Always look here before "
      "you name an event, a property or a value in a query.",
      "{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"object\",\"properties\":{"
      "\"kind\":{\"type\":\"string\",\"enum\":[\"events\",\"event_properties\","
      "\"event_property_values\",\"entity_properties\",\"entity_property_values\"]},"
      "\"event_name\":{\"type\":\"string\"},\"property_name\":{\"type\":\"string\"},"
      "\"entity\":{\"type\":\"string\",\"description\":\"person, or a group type\"},"
      "\"limit\":{\"type\":\"integer\"},\"offset\":{\"type\":\"integer\"}},"
      "\"required\":[\"kind\"]}},\"required\":[\"query\"]}",
      read_taxonomy, NULL },
    { 0 },
};
