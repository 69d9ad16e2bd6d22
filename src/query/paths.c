/* paths.c - PathsQuery: from which page, screen or event to which people go, step by step.
 *
 * The engine lays each actor's events out in order of time as (time, item), cuts them where half an
 * hour passed without one, folds equal neighbours into the last of them, keeps the part that the
 * query is about, and counts the edges between neighbours. An edge's ends carry their places in the
 * path, "1_/", "2_/pricing", so edges form layers and never a circle. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"
#include "query/actors.h"
#include "query/insight.h"
#include "query/path_rules.h"
#include "query/shape.h"

#define STEPS_DEFAULT 5
#define EDGES_DEFAULT 50
#define PAUSE_MS (30 * 60 * 1000)

enum types {
    TYPE_PAGEVIEW = 1 << 0,
    TYPE_SCREEN = 1 << 1,
    TYPE_CUSTOM = 1 << 2,
    TYPE_HOGQL = 1 << 3,
    TYPE_ALL = 15,
};

struct paths {
    struct query_insight q;
    struct query_dates dates;
    const struct json *filter; /* pathsFilter; NULL: none */
    unsigned types;
    struct hogql_node *expression; /* names the events that are no page and no screen; NULL: theirs */
    const struct json *excluded, *groupings, *replacements; /* lists; NULL: none */
    str start, end; /* empty: anywhere */
    int64_t steps, edges, least, most; /* least, most: of an edge's count; 0: any */
    bool clean; /* by the project's rules, too */
    bool events; /* steps carry their events */
};

/* -------------------------------------------------------------------------- request */

static int read_types(struct paths *p, struct err *e)
{
    static const char *const names[] = { "$pageview", "$screen", "custom_event", "hogql" };
    const struct json *list = NULL;
    int rc = query_get_list(p->filter, "includeEventTypes", &list, e);
    for (const struct json *m = list ? list->head : NULL; m && rc == 0; m = m->next) {
        unsigned one = 0;
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            if (str_eqz(m->text, names[i]))
                one = 1u << i;
        p->types |= one;
        if (!one)
            rc = query_misfit(e, "pathsFilter.includeEventTypes",
                              "Input should be '$pageview', '$screen', 'custom_event' or 'hogql'");
    }
    if (!p->types)
        p->types = TYPE_ALL;
    return rc;
}

static int read_expression(struct paths *p, struct err *e)
{
    str text = STR_NULL;
    int rc = query_get_text(p->filter, "pathsHogQLExpression", &text, e);
    if (rc < 0 || !str_trim(text).n || !(p->types & TYPE_HOGQL))
        return rc;
    rc = hogql_parse_expr(p->q.j->arena, text, NULL, &p->expression, e);
    if (rc == 0 && p->expression->kind == HOGQL_ALIAS)
        p->expression = p->expression->kids[0];
    return rc;
}

static int read_texts(struct paths *p, const char *key, int most, const struct json **out,
                      struct err *e)
{
    int rc = query_get_list(p->filter, key, out, e);
    if (rc == 0 && *out && (*out)->count > (size_t)most)
        rc = query_misfit(e, key, "List should have at most %d items", most);
    for (const struct json *m = *out ? (*out)->head : NULL; m && rc == 0; m = m->next)
        if (m->type != JSON_STRING)
            rc = query_misfit(e, key, "Input should be a valid string");
    return rc;
}

static int read_count(struct paths *p, const char *key, int64_t most, int64_t *out, struct err *e)
{
    int64_t n = *out;
    int rc = query_get_i64(p->filter, key, &n, e);
    if (rc == 0 && (n < 0 || n > most))
        rc = query_misfit(e, key, "Input should be between 0 and %lld", (long long)most);
    if (rc == 0 && n)
        *out = n;
    return rc;
}

/* A point without the slash at its end, which items do not have either. */
static int read_point(struct paths *p, const char *key, str *out, struct err *e)
{
    *out = STR("");
    int rc = query_get_text(p->filter, key, out, e);
    if (out->n > 1 && out->p[out->n - 1] == '/')
        out->n--;
    return rc;
}

static int read_rules(struct paths *p, struct err *e)
{
    int rc = query_get_list(p->filter, "localPathCleaningFilters", &p->replacements, e);
    if (rc == 0 && p->replacements && p->replacements->count > LIMIT_PATH_RULES)
        rc = query_misfit(e, "pathsFilter.localPathCleaningFilters",
                          "List should have at most %d items", LIMIT_PATH_RULES);
    if (rc == 0)
        rc = query_get_bool(p->filter, "pathReplacements", &p->clean, e);
    return rc;
}

static int read_filter(struct paths *p, struct err *e)
{
    int rc = read_types(p, e);
    if (rc == 0)
        rc = read_expression(p, e);
    if (rc == 0)
        rc = read_texts(p, "excludeEvents", LIMIT_PATH_EXCLUDED, &p->excluded, e);
    if (rc == 0)
        rc = read_texts(p, "pathGroupings", LIMIT_PATH_RULES, &p->groupings, e);
    if (rc == 0)
        rc = read_rules(p, e);
    if (rc == 0)
        rc = read_point(p, "startPoint", &p->start, e);
    if (rc == 0)
        rc = read_point(p, "endPoint", &p->end, e);
    if (rc == 0)
        rc = read_count(p, "stepLimit", LIMIT_PATH_STEPS, &p->steps, e);
    if (rc == 0)
        rc = read_count(p, "edgeLimit", LIMIT_PATH_EDGES, &p->edges, e);
    if (rc == 0)
        rc = read_count(p, "minEdgeWeight", INT64_MAX, &p->least, e);
    if (rc == 0)
        rc = read_count(p, "maxEdgeWeight", INT64_MAX, &p->most, e);
    return rc;
}

static int read_request(struct query_job *j, const struct json *node, struct paths *p,
                        struct err *e)
{
    *p = (struct paths){ .steps = STEPS_DEFAULT, .edges = EDGES_DEFAULT };
    int rc = query_shape_check(&query_shape_paths, node, e);
    if (rc == 0)
        rc = query_insight_read(j, node, &p->q, e);
    if (rc == 0)
        rc = query_get_object(node, "pathsFilter", &p->filter, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_paths_filter, p->filter, e);
    if (rc == 0)
        rc = read_filter(p, e);
    if (rc == 0)
        rc = query_insight_refuse_breakdown(&p->q, "PathsQuery", e);
    if (rc == 0)
        rc = query_insight_refuse_compare(&p->q, "PathsQuery", e);
    if (rc == 0)
        rc = query_read_days(j, node, &p->dates, e);
    return rc;
}

/* -------------------------------------------------------------------------- items */

/* Events of the types; NULL: all. */
static struct hogql_node *of_types(const struct paths *p, struct err *e, int *rc)
{
    static const char *const conditions[] = { "event = '$pageview'", "event = '$screen'",
                                              "not startsWith(event, '$')" };
    struct hogql_node *any = NULL, *one;
    if (p->types & TYPE_HOGQL)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(conditions) && *rc == 0; i++) {
        if (!(p->types & 1u << i))
            continue;
        *rc = hogql_parse_expr(p->q.j->arena, str_of(conditions[i]), NULL, &one, e);
        if (*rc == 0)
            any = hogql_or(p->q.j->arena, any, one);
    }
    return any;
}

static int wrap(const struct paths *p, const char *text, struct hogql_node **item,
                struct hogql_node *x, struct hogql_node *y, struct err *e)
{
    struct hogql_placeholder ph[] = { { "item", *item }, { "x", x }, { "y", y }, { NULL, NULL } };
    if (!y)
        ph[2].name = NULL;
    return hogql_parse_expr(p->q.j->arena, str_of(text), ph, item, e);
}

/* A glob as a LIKE pattern that may begin and end anywhere. */
static str like_of(struct arena *a, str glob)
{
    char *p = arena_alloc(a, glob.n * 2 + 2);
    size_t n = 0;
    p[n++] = '%';
    for (size_t i = 0; i < glob.n; i++) {
        if (memchr("%_\\", glob.p[i], 3))
            p[n++] = '\\';
        p[n++] = glob.p[i] == '*' ? '%' : glob.p[i];
    }
    p[n++] = '%';
    return (str){ p, n };
}

/* SPEC: the first of the groups that holds the item is shown in its place. */
static int grouped(const struct paths *p, struct hogql_node **item, struct err *e)
{
    struct arena *a = p->q.j->arena;
    struct hogql_node *list = hogql_list(a, HOGQL_LIST), *plain = *item;
    struct hogql_placeholder ph[] = { { "list", list }, { "item", plain }, { NULL, NULL } };
    for (const struct json *m = p->groupings ? p->groupings->head : NULL; m; m = m->next) {
        if (!m->text.n)
            continue;
        hogql_add(a, list, hogql_compare(a, HOGQL_LIKE, hogql_copy(a, plain),
                                         hogql_string(a, like_of(a, m->text))));
        hogql_add(a, list, hogql_string(a, m->text));
    }
    return list->n ? hogql_parse_expr(a, STR("multiIf({list}, {item})"), ph, item, e) : 0;
}

/* What an event is called: a page by its address, a screen by its name, all others by theirs or by
 * the caller's expression. */
static int item_of(const struct paths *p, struct hogql_node **out, struct err *e)
{
    struct arena *a = p->q.j->arena;
    struct hogql_node *item = p->expression ? hogql_call(a, "toString", p->expression, NULL)
                                            : hogql_field(a, "event", NULL);
    int rc = 0;
    if (p->types & TYPE_PAGEVIEW)
        rc = wrap(p, "if(event = {x}, replaceRegexpOne(ifNull(properties.$current_url, ''),"
                     " '(.)/$', '\\\\1'), {item})",
                  &item, hogql_string(a, STR("$pageview")), NULL, e);
    if (rc == 0 && p->types & TYPE_SCREEN)
        rc = wrap(p, "if(event = {x}, properties.$screen_name, {item})", &item,
                  hogql_string(a, STR("$screen")), NULL, e);
    if (rc == 0)
        rc = wrap(p, "ifNull({item}, {x})", &item, hogql_string(a, STR("")), NULL, e);
    *out = item;
    return rc;
}

/* -------------------------------------------------------------------------- statement */

static const char named[] = "SELECT {actor} AS actor, timestamp AS at, {event} AS seen,"
                            " {item} AS raw FROM events WHERE {where}";
static const char changed[] = "SELECT actor, at, seen, {item} AS item FROM {source}";
/* item: (time, name, event). Equal times are in the order of names. */
static const char visited[] =
    "SELECT actor, arraySort(groupArray(tuple(at, item, seen))) AS visits FROM {source}"
    " WHERE not has({excluded}, item) GROUP BY actor";
static const char split[] =
    "SELECT actor, part FROM (SELECT actor, visits,"
    "   arrayDifference(arrayMap(x -> toUnixTimestamp64Milli(tupleElement(x, 1)), visits)) AS gaps"
    "   FROM {source})"
    " ARRAY JOIN arraySplit((x, gap) -> gap >= {pause}, visits, gaps) AS part";
static const char folded[] =
    "SELECT actor, arrayFilter((x, last) -> last, part, arrayPushBack(arrayMap((x, y) ->"
    "   tupleElement(x, 2) != tupleElement(y, 2), arrayPopBack(part), arrayPopFront(part)), true))"
    "   AS path FROM {source}";

/* The part of the path that is shown; `place` is 0 when the point is not in it. */
static const char from_first[] = "SELECT actor, arraySlice(path, 1, {n}) AS steps FROM {source}";
static const char from_start[] =
    "SELECT actor, arraySlice(path, indexOf(arrayMap(x -> tupleElement(x, 2), path), {start}), {n})"
    "   AS steps FROM {source} WHERE has(arrayMap(x -> tupleElement(x, 2), path), {start})";
static const char to_end[] =
    "SELECT actor, arraySlice(path, greatest(place - {n} + 1, 1), least(place, {n})) AS steps"
    " FROM (SELECT actor, path, indexOf(arrayMap(x -> tupleElement(x, 2), path), {end}) AS place"
    "   FROM {source}) WHERE place > 0";
/* SPEC: of a path that is too long the middle is shown as one step. */
static const char between[] =
    "SELECT actor, if(length(whole) > {n}, arrayConcat(arraySlice(whole, 1, {half}),"
    "   arrayMap(x -> tuple(tupleElement(x, 1), '...', tupleElement(x, 3)),"
    "     arraySlice(whole, {half} + 1, 1)),"
    "   arraySlice(whole, length(whole) - {half} + 1, {half})), whole) AS steps"
    " FROM (SELECT actor, arraySlice(tail, 1, place) AS whole"
    "   FROM (SELECT actor, tail, indexOf(arrayMap(x -> tupleElement(x, 2), tail), {end}) AS place"
    "     FROM (SELECT actor, arraySlice(path, indexOf(arrayMap(x -> tupleElement(x, 2), path),"
    "         {start})) AS tail"
    "       FROM {source} WHERE has(arrayMap(x -> tupleElement(x, 2), path), {start})))"
    "   WHERE place > 0)";

/* The texts of one run share these; {source} is what the text before gave. */
static int stage(const struct paths *p, const char *text, struct hogql_node **source,
                 struct err *e)
{
    struct arena *a = p->q.j->arena;
    struct hogql_node *excluded = hogql_list(a, HOGQL_ARRAY);
    for (const struct json *m = p->excluded ? p->excluded->head : NULL; m; m = m->next)
        hogql_add(a, excluded, hogql_string(a, m->text));
    struct hogql_placeholder ph[] = {
        { "source", *source },
        { "excluded", excluded },
        { "pause", hogql_int(a, PAUSE_MS) },
        { "start", hogql_string(a, p->start) },
        { "end", hogql_string(a, p->end) },
        { "n", hogql_int(a, p->steps) },
        { "half", hogql_int(a, p->steps / 2) },
        { "edges", hogql_int(a, p->edges) },
        { "least", hogql_int(a, p->least) },
        { "most", hogql_int(a, p->most ? p->most : INT64_MAX) },
        { NULL, NULL },
    };
    return hogql_parse_select(a, str_of(text), ph, source, e);
}

/* The events that count, each with its item. */
static int items(const struct paths *p, struct hogql_node **out, struct err *e)
{
    struct arena *a = p->q.j->arena;
    struct hogql_node *item, *seen = hogql_int(a, 0), *types;
    int rc = item_of(p, &item, e);
    if (rc == 0 && p->events)
        rc = hogql_parse_expr(a, STR("tuple(distinct_id,"
                                           " tuple(timestamp, uuid, $session_id, $window_id))"),
                              NULL, &seen, e);
    types = rc == 0 ? of_types(p, e, &rc) : NULL;
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "actor", query_insight_actor(&p->q) },
        { "event", seen },
        { "item", item },
        { "where", query_insight_where(&p->q, query_dates_start(&p->dates), p->dates.to,
                                       hogql_and(a, types, hogql_copy(a, p->q.filter))) },
        { NULL, NULL },
    };
    rc = query_insight_select(&p->q, named, ph, out, e);
    if (rc < 0)
        return rc;
    item = hogql_field(a, "raw", NULL);
    rc = p->clean ? query_path_rules_project(p->q.j, &item, e) : 0;
    if (rc == 0)
        rc = query_path_rules(p->q.j, p->replacements,
                              "pathsFilter.localPathCleaningFilters", &item, e);
    if (rc == 0)
        rc = grouped(p, &item, e);
    struct hogql_placeholder change[] = { { "item", item }, { "source", *out }, { NULL, NULL } };
    return rc < 0 ? rc : hogql_parse_select(a, STR(changed), change, out, e);
}

/* SELECT actor, steps: one row for each path of each actor. */
static int walked(const struct paths *p, struct hogql_node **out, struct err *e)
{
    const char *cut = p->start.n ? p->end.n ? between : from_start : p->end.n ? to_end : from_first;
    const char *const stages[] = { visited, split, folded, cut };
    int rc = items(p, out, e);
    for (size_t i = 0; i < ARRAY_LEN(stages) && rc == 0; i++)
        rc = stage(p, stages[i], out, e);
    return rc;
}

static const char counted[] =
    "SELECT tupleElement(edge, 1) AS source, tupleElement(edge, 2) AS target, count() AS value,"
    " avg(tupleElement(edge, 3)) AS took"
    " FROM (SELECT steps FROM {source})"
    " ARRAY JOIN arrayMap((x, y, k) -> tuple("
    "     concat(toString(k), '_', tupleElement(x, 2)),"
    "     concat(toString(k + 1), '_', tupleElement(y, 2)),"
    "     toUnixTimestamp64Milli(tupleElement(y, 1)) - toUnixTimestamp64Milli(tupleElement(x, 1))),"
    "   arrayPopBack(steps), arrayPopFront(steps), arrayEnumerate(arrayPopBack(steps))) AS edge"
    " GROUP BY source, target HAVING value >= {least} AND value <= {most}"
    " ORDER BY value DESC, source ASC, target ASC LIMIT {edges}";

/* -------------------------------------------------------------------------- result */

struct edge {
    str source, target;
    int64_t value;
    double took; /* ms */
    bool reached;
};

static size_t read_edges(struct arena *a, const struct json *rows, struct edge **out)
{
    size_t n = 0;
    struct edge *list = arena_alloc(a, (rows->count + 1) * sizeof(*list));
    for (const struct json *row = rows->head; row; row = row->next) {
        const struct json *source = row->head, *target = source->next, *value = target->next;
        list[n++] = (struct edge){ source->text, target->text, value->i64, value->next->num,
                                   str_starts(source->text, STR("1_")) };
    }
    *out = list;
    return n;
}

/* SPEC: an edge that no path of the shown ones leads to is left out. The ends carry their places, so
 * as many rounds as there are steps reach all. */
static void follow(const struct paths *p, struct edge *list, size_t n)
{
    struct map reached = MAP_INIT(p->q.j->arena);
    for (int64_t round = 0; round < p->steps; round++)
        for (size_t i = 0; i < n; i++) {
            list[i].reached = list[i].reached || map_get(&reached, list[i].source);
            if (list[i].reached)
                *map_at(&reached, list[i].target) = &list[i];
        }
}

static int write_results(const struct paths *p, const struct json *rows, struct buf *out)
{
    struct edge *list;
    size_t n = read_edges(p->q.j->arena, rows, &list);
    struct json_writer w = JSON_WRITER(out);
    follow(p, list, n);
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++) {
        if (!list[i].reached)
            continue;
        json_open(&w, '{');
        json_key(&w, "source");
        json_str(&w, list[i].source);
        json_key(&w, "target");
        json_str(&w, list[i].target);
        json_key(&w, "value");
        json_i64(&w, query_insight_scaled(&p->q, list[i].value));
        json_key(&w, "average_conversion_time");
        json_f64(&w, list[i].took);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    return 0;
}

int query_run_paths(struct query_job *j, const struct json *node, struct query_result *out,
                    struct err *e)
{
    struct paths p;
    struct hogql_node *select;
    const struct json *rows;
    int rc = read_request(j, node, &p, e);
    if (rc == 0)
        rc = walked(&p, &select, e);
    if (rc == 0)
        rc = stage(&p, counted, &select, e);
    if (rc == 0)
        rc = query_select(j, select, &rows, e);
    if (rc == 0)
        rc = write_results(&p, rows, &out->results);
    if (rc == 0)
        query_insight_finish(&p.q, select, &p.dates, out);
    return rc;
}

/* -------------------------------------------------------------------------- actors */

/* Each step with its key and that of the step before it, "" for the first. */
static const char stepped[] =
    "SELECT actor, key, before, place = many AS last, tupleElement(step, 3) AS seen"
    " FROM (SELECT actor, steps, length(steps) AS many, arrayMap((x, k) ->"
    "     concat(toString(k), '_', tupleElement(x, 2)), steps, arrayEnumerate(steps)) AS keys"
    "   FROM {source})"
    " ARRAY JOIN steps AS step, keys AS key, arrayPopBack(arrayPushFront(keys, '')) AS before,"
    "   arrayEnumerate(keys) AS place";
static const char behind[] =
    "SELECT actor AS actor_id, count() AS event_count,"
    " arraySlice(arraySort(groupUniqArray(tupleElement(seen, 1))), 1, 100) AS event_distinct_ids,"
    " arraySlice(groupUniqArray(tupleElement(seen, 2)), 1, 100) AS matching_events"
    " FROM {source} WHERE {condition} GROUP BY actor_id";

/* Which steps were clicked on: an edge by its ends, one of them alone, or the end of paths. */
static int clicked(const struct paths *p, struct hogql_node **out, struct err *e)
{
    static const struct {
        const char *key, *column;
    } keys[] = { { "pathStartKey", "before" }, { "pathEndKey", "key" } };
    struct arena *a = p->q.j->arena;
    str last = STR_NULL;
    *out = NULL;
    int rc = query_get_text(p->filter, "pathDropoffKey", &last, e);
    if (rc == 0 && last.n)
        *out = hogql_and(a, hogql_field(a, "last", NULL),
                         hogql_compare(a, HOGQL_EQ, hogql_field(a, "key", NULL),
                                       hogql_string(a, last)));
    for (size_t i = 0; i < ARRAY_LEN(keys) && rc == 0 && !last.n; i++) {
        str key = STR_NULL;
        rc = query_get_text(p->filter, keys[i].key, &key, e);
        if (rc == 0 && key.n)
            *out = hogql_and(a, *out,
                             hogql_compare(a, HOGQL_EQ, hogql_field(a, keys[i].column, NULL),
                                           hogql_string(a, key)));
    }
    if (!*out)
        *out = hogql_bool(a, true);
    return rc;
}

int query_actors_paths(struct query_job *j, const struct query_click *click,
                       struct query_actors *out, struct err *e)
{
    struct paths p;
    struct hogql_node *source, *condition = NULL;
    int rc = read_request(j, click->insight, &p, e);
    if (rc == 0)
        rc = query_click_no_value(click, e);
    if (rc == 0)
        rc = query_click_period(click, 1, e);
    p.events = true;
    if (rc == 0)
        rc = clicked(&p, &condition, e);
    if (rc == 0)
        rc = walked(&p, &source, e);
    if (rc == 0)
        rc = stage(&p, stepped, &source, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "source", source }, { "condition", condition }, { NULL, NULL }
    };
    out->group_index = p.q.group_index;
    rc = hogql_parse_select(j->arena, STR(behind), ph, &out->select, e);
    if (rc == 0 && !click->recordings)
        out->select->kids[SELECT_COLUMNS]->n--; /* the last, matching_events */
    return rc;
}
