/* known.c - see known.h. Names come from the definitions, which learn them as events arrive; counts and
 * values from queries of the last weeks. */
#include "assistant/known.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include "hogql/hogql.h"
#include "model/definition.h"

#define COUNT_DAYS 30   /* of which events are counted */
#define VALUE_DAYS 90   /* of which values are looked at */
#define VALUES_MOST 200 /* of one property */
#define VALUES_AT_ONCE 8 /* properties in one query */

/* -------------------------------------------------------------------------- queries */

int known_refusal(int status, const struct json *answer, struct err *e)
{
    str detail = json_get_text(answer, "detail"), code = json_get_text(answer, "code");
    enum err_kind kind = status == 403   ? ERR_DENIED
                         : status == 404 ? ERR_NOT_FOUND
                         : status == 503 ? ERR_UNAVAILABLE
                         : status == 504 ? ERR_TIMEOUT
                         : status < 500  ? ERR_INVALID
                                         : ERR_INTERNAL;
    if (!detail.p)
        return err_set(e, kind, NULL, NULL);
    err_set(e, kind, NULL, STR_FMT, STR_ARG(detail));
    snprintf(e->code, sizeof(e->code), STR_FMT, STR_ARG(code));
    return e->kind;
}

int known_query(struct run *r, struct arena *a, const struct json *node, struct json **answer,
                struct err *e)
{
    struct json *body = json_new(a, JSON_OBJECT);
    struct buf b = BUF_INIT(LIMIT_BODY_API);
    struct json_writer w = JSON_WRITER(&b);
    json_set(body, STR("query"), json_share(a, node));
    json_tree(&w, body);
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    int status = run_call(r, a, "POST", STR("query/"), NULL, text, answer);
    return status == 200 && *answer ? 0 : known_refusal(status, *answer, e);
}

int known_rows(struct run *r, struct arena *a, str select, const struct hogql_placeholder *ph,
               struct json **rows, struct err *e)
{
    struct hogql_node *tree;
    struct json *answer, *node = json_new(a, JSON_OBJECT);
    int rc = hogql_parse_select(a, select, ph, &tree, e);
    if (rc < 0)
        return rc;
    json_set(node, STR("kind"), json_new_str(a, STR("HogQLQuery")));
    json_set(node, STR("query"), json_new_str(a, hogql_to_text(a, tree)));
    rc = known_query(r, a, node, &answer, e);
    if (rc < 0)
        return rc;
    const struct json *results = json_get(answer, "results");
    if (!json_is(results, JSON_ARRAY))
        return err_internal(e, "a query answered no rows");
    *rows = json_share(a, results);
    return 0;
}

/* To the hour: the same query within an hour is answered from the cache. */
static struct hogql_node *days_ago(struct arena *a, int days)
{
    char text[CLOCK_TEXT];
    int64_t at = clock_now_us() - days * 86400 * CLOCK_SECOND;
    clock_text_sql(at - at % (3600 * CLOCK_SECOND), text);
    str whole = str_slice(arena_str(a, str_of(text)), 0, sizeof("2026-01-01 00:00:00") - 1);
    return hogql_call(a, "toDateTime", hogql_string(a, whole), hogql_string(a, STR("UTC")), NULL);
}

/* -------------------------------------------------------------------------- events */

static int by_count(const void *a, const void *b)
{
    const struct planner_event *x = a, *y = b;
    return (y->count > x->count) - (y->count < x->count);
}

/* Those that are defined, with what the last weeks saw of them. */
static int load_events(struct known *k, struct db *d, struct map *counts, struct map *places,
                       struct err *e)
{
    struct stmt *st;
    struct planner_event *list = NULL;
    size_t n = 0;
    struct event_filter all = { .team_id = k->run->project.id, .kind = EVENT_ANY,
                                .exclude_hidden = true, .verified = -1, .tags = STR_NULL,
                                .words = STR_NULL, .labels = STR_NULL };
    int rc = event_definition_page(d, k->arena, &all, EVENT_BY_NAME, LIMIT_PLANNER_NAMES, 0, &st,
                                   e);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        struct event_definition one;
        event_definition_read(st, k->arena, &one);
        const int64_t *count = map_get(counts, one.name);
        list = arena_grown(k->arena, list, n, sizeof(*list));
        list[n++] = (struct planner_event){ one.name, count ? *count : 0 };
    }
    if (n)
        qsort(list, n, sizeof(*list), by_count);
    for (size_t i = 0; i < n; i++) {
        uint32_t *at = arena_new_of(k->arena, uint32_t);
        *at = (uint32_t)i;
        *map_at(places, list[i].name) = at;
    }
    k->project.events = list;
    k->project.events_n = n;
    return rc;
}

static int count_events(struct known *k, struct map *counts, struct err *e)
{
    struct json *rows;
    const struct hogql_placeholder ph[] = { { "from", days_ago(k->arena, COUNT_DAYS) },
                                            { NULL, NULL } };
    int rc = known_rows(k->run, k->arena,
                        STR("SELECT event, count() AS n FROM events WHERE timestamp > {from}"
                            " GROUP BY event ORDER BY n DESC LIMIT 4000"), ph, &rows, e);
    if (rc < 0)
        return rc;
    for (const struct json *row = rows->head; row; row = row->next) {
        const struct json *name = row->head, *n = name ? name->next : NULL;
        if (!json_is(name, JSON_STRING) || !json_is(n, JSON_NUMBER))
            continue;
        int64_t *count = arena_new_of(k->arena, int64_t);
        *count = n->i64;
        *map_at(counts, name->text) = count;
    }
    return 0;
}

/* -------------------------------------------------------------------------- properties */

static int load_properties(struct known *k, struct db *d, struct err *e)
{
    static const enum planner_owner owners[] = { [OWNER_EVENT] = PLANNER_EVENT,
                                                 [OWNER_PERSON] = PLANNER_PERSON,
                                                 [OWNER_GROUP] = PLANNER_GROUP };
    struct stmt *st;
    struct planner_property *list = NULL;
    size_t n = 0;
    int rc = property_definition_all(d, k->arena, k->run->project.id, LIMIT_PLANNER_NAMES, &st, e);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        int64_t owner = stmt_i64(st, 2);
        if (owner < OWNER_EVENT || owner > OWNER_GROUP)
            continue;
        list = arena_grown(k->arena, list, n, sizeof(*list));
        list[n++] = (struct planner_property){ .name = stmt_str(st, k->arena, 0),
                                               .type = stmt_str(st, k->arena, 1),
                                               .owner = owners[owner],
                                               .group_idx = (int)stmt_i64(st, 3) };
    }
    k->project.properties = list;
    k->project.properties_n = n;
    return rc;
}

/* Which events each came with. Both are sorted by name. */
static int load_events_of(struct known *k, struct db *d, const struct map *places, struct err *e)
{
    struct stmt *st;
    struct map by_name = MAP_INIT(k->arena);
    struct planner_project *p = &k->project;
    for (size_t i = 0; i < p->properties_n; i++)
        if (p->properties[i].owner == PLANNER_EVENT)
            *map_at(&by_name, p->properties[i].name) = &p->properties[i];
    int rc = event_property_all(d, k->arena, k->run->project.id, &st, e);
    if (rc < 0)
        return rc;
    while ((rc = stmt_step(st, e)) > 0) {
        struct planner_property *q = map_get(&by_name, stmt_str(st, k->arena, 0));
        const uint32_t *at = map_get(places, stmt_str(st, k->arena, 1));
        if (!q || !at)
            continue;
        uint32_t *list = arena_grown(k->arena, (void *)(uintptr_t)q->events, q->events_n,
                                     sizeof(*list));
        list[q->events_n++] = *at;
        q->events = list;
    }
    return rc;
}

/* -------------------------------------------------------------------------- values */

static void take_value(struct known *k, struct planner_property *q, const struct json *value,
                       const struct json *count)
{
    if (!json_is(value, JSON_STRING) || !value->text.n)
        return;
    struct planner_value *list = arena_grown(k->arena, (void *)(uintptr_t)q->values, q->values_n,
                                             sizeof(*list));
    list[q->values_n++] = (struct planner_value){ value->text,
                                                  json_is(count, JSON_NUMBER) ? count->i64 : 0 };
    q->values = list;
}

/* One property after the other within one query: its place, a value, its count. */
static str select_values(struct known *k, struct planner_property *const *wanted, size_t n,
                         struct hogql_placeholder *ph)
{
    struct arena *a = k->arena;
    struct buf b = BUF_INIT(LIMIT_HOGQL_TEXT);
    for (size_t i = 0; i < n; i++) {
        bool person = wanted[i]->owner == PLANNER_PERSON;
        const char *name = arena_printf(a, "p%zu", i).p;
        ph[i] = (struct hogql_placeholder){
            name, hogql_call(a, "toString",
                             hogql_field_add(a, hogql_field(a, "properties", NULL),
                                             wanted[i]->name), NULL)
        };
        buf_printf(&b, "%s(SELECT %zu AS place, {%s} AS value, count() AS n FROM %s WHERE value IS "
                       "NOT NULL%s GROUP BY value ORDER BY n DESC LIMIT %d)",
                   i ? " UNION ALL " : "SELECT place, value, n FROM (", i, name,
                   person ? "persons" : "events", person ? "" : " AND timestamp > {from}",
                   VALUES_MOST);
    }
    buf_z(&b, ") LIMIT 10000");
    ph[n] = (struct hogql_placeholder){ "from", days_ago(a, VALUE_DAYS) };
    ph[n + 1] = (struct hogql_placeholder){ NULL, NULL };
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

static int tell_some(struct known *k, struct planner_property *const *wanted, size_t n,
                     struct err *e)
{
    struct json *rows;
    struct hogql_placeholder ph[VALUES_AT_ONCE + 2];
    str select = select_values(k, wanted, n, ph);
    int rc = known_rows(k->run, k->arena, select, ph, &rows, e);
    if (rc < 0)
        return rc;
    for (const struct json *row = rows->head; row; row = row->next) {
        const struct json *place = row->head, *value = place ? place->next : NULL;
        if (json_is(place, JSON_NUMBER) && place->i64 >= 0 && (size_t)place->i64 < n && value)
            take_value(k, wanted[place->i64], value, value->next);
    }
    return 0;
}

static int tell_values(void *context, struct planner_property *const *wanted, size_t n,
                       struct err *e)
{
    struct known *k = context;
    int rc = 0;
    size_t some = 0;
    struct planner_property *now[VALUES_AT_ONCE];
    for (size_t i = 0; i < n; i++) {
        wanted[i]->asked = true;
        if (wanted[i]->owner != PLANNER_GROUP) /* groups' values are looked up by nobody yet */
            now[some++] = wanted[i];
        if (some == VALUES_AT_ONCE || (i + 1 == n && some)) {
            rc = tell_some(k, now, some, e);
            some = 0;
        }
        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; i < n; i++)
        wanted[i]->all = wanted[i]->owner != PLANNER_GROUP && wanted[i]->values_n < VALUES_MOST;
    return 0;
}

/* -------------------------------------------------------------------------- all of it */

int known_load(struct run *r, struct arena *a, struct known *k, struct err *e)
{
    struct map counts = MAP_INIT(a), places = MAP_INIT(a);
    const struct tz *tz = tz_find(r->project.timezone);
    *k = (struct known){ .run = r, .arena = a };
    k->project = (struct planner_project){ .now = clock_now_us(),
                                           .tz = tz ? tz : tz_find(STR("UTC")),
                                           .week_start = r->project.week_start_day,
                                           .values = tell_values, .context = k };
    int rc = count_events(k, &counts, e);
    if (rc < 0)
        return rc;
    struct db *d = store_take(r->cfg->store);
    rc = load_events(k, d, &counts, &places, e);
    if (rc == 0)
        rc = load_properties(k, d, e);
    if (rc == 0)
        rc = load_events_of(k, d, &places, e);
    store_give(d);
    return rc;
}
