/* property_value.c - what values a property has, for those who choose one: of recent events, of
 * persons. */
#include "api/internal.h"
#include "base/limits.h"
#include "base/map.h"
#include "hogql/hogql.h"
#include "model/definition.h"

#define VALUES "10" /* at most so many */

str like_pattern(struct arena *a, str value)
{
    char *p = arena_alloc(a, value.n * 2 + 3);
    size_t n = 0;
    p[n++] = '%';
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '%' || value.p[i] == '_' || value.p[i] == '\\')
            p[n++] = '\\';
        p[n++] = value.p[i];
    }
    p[n++] = '%';
    return (str){ p, n };
}

/* Runs a SELECT with {field}, the property as text, {pattern} and {event} filled in. */
static int run(struct req *r, str select, str key, str value, str event, struct json **rows,
               struct err *e)
{
    struct arena *a = r->arena;
    struct hogql_node *tree;
    struct hogql_node *field = hogql_field_add(a, hogql_field(a, "properties", NULL), key);
    const struct hogql_placeholder ph[] = {
        { "field", hogql_call(a, "toString", field, NULL) },
        { "pattern", hogql_string(a, like_pattern(a, value)) },
        { "event", hogql_string(a, event) },
        { NULL, NULL },
    };
    int rc = hogql_parse_select(a, select, ph, &tree, e);
    if (rc < 0)
        return rc;
    struct json *node = json_new(a, JSON_OBJECT);
    json_set(node, STR("kind"), json_new_str(a, STR("HogQLQuery")));
    json_set(node, STR("query"), json_new_str(a, hogql_to_text(a, tree)));
    return req_query_rows(r, node, rows, e);
}

static int read_key(struct req *r, str *key, struct err *e)
{
    *key = http_query_of(r->http, "key");
    if (!key->n || !str_utf8_valid(*key))
        return err_set(e, ERR_INVALID, NULL, "You must provide a key");
    return 0;
}

static void open_values(struct req *r, struct json_writer *w)
{
    http_reply_header(r->http, "Cache-Control", "max-age=10");
    *w = reply_json(r, 200);
    json_open(w, '{');
    json_key(w, "results");
    json_open(w, '[');
}

static void close_values(struct json_writer *w)
{
    json_close(w, ']');
    json_key(w, "refreshing");
    json_bool(w, false);
    json_close(w, '}');
}

static void write_name(struct json_writer *w, str name)
{
    json_open(w, '{');
    json_key(w, "name");
    json_str(w, name);
    json_close(w, '}');
}

/* A list gives its items, each once. */
static void write_value(struct req *r, struct json_writer *w, str text, struct map *seen)
{
    struct json *v;
    struct err bad = ERR_INIT;
    bool list = text.n && text.p[0] == '[' && json_parse(r->arena, text, &v, &bad) == 0;
    const struct json *m = list ? v->head : NULL;
    for (bool more = list ? m != NULL : true; more; more = list && (m = m->next)) {
        str one = text;
        if (list)
            one = m->type == JSON_BOOL ? (m->boolean ? STR("true") : STR("false")) : m->text;
        void **known = map_at(seen, one.p ? one : STR("null"));
        if (*known || seen->n > LIMIT_PROPERTY_VALUES)
            continue;
        *known = seen;
        write_name(w, one.p ? one : STR("null"));
    }
}

/* Names of events that are the project's own. */
static int reply_custom_events(struct req *r, struct err *e)
{
    struct event_filter f = { .team_id = r->project.id, .kind = EVENT_CUSTOM, .verified = -1,
                              .words = param_words(r, "value"), .labels = STR("[]") };
    struct stmt *st;
    struct json_writer w;
    int rc = event_definition_page(r->db, r->arena, &f, EVENT_BY_NAME, LIMIT_PROPERTY_VALUES, 0,
                                   &st, e);
    if (rc < 0)
        return rc;
    open_values(r, &w);
    while ((rc = stmt_step(st, e)) > 0) {
        struct event_definition d;
        event_definition_read(st, r->arena, &d);
        write_name(&w, d.name);
    }
    close_values(&w);
    return rc;
}

int event_values(struct req *r, struct err *e)
{
    str key, value = http_query_of(r->http, "value"), event = http_query_of(r->http, "event_name");
    struct map seen = MAP_INIT(r->arena);
    struct json_writer w;
    struct json *rows;
    int rc = read_key(r, &key, e);
    if (rc < 0)
        return rc;
    if (str_eqz(key, "custom_event"))
        return reply_custom_events(r, e);
    if (!event.n && r->credential == CREDENTIAL_KEY)
        return err_set(e, ERR_REQUIRED, "event_name", NULL);
    rc = run(r, STR("SELECT DISTINCT {field} AS value FROM events"
                    " WHERE timestamp > now() - toIntervalDay(7) AND isNotNull({field})"
                    " AND {field} ILIKE {pattern} AND ({event} = '' OR event = {event})"
                    " ORDER BY length(value), value LIMIT " VALUES),
             key, value, event, &rows, e);
    if (rc < 0)
        return rc;
    open_values(r, &w);
    for (const struct json *m = rows->head; m; m = m->next)
        write_value(r, &w, m->head->text, &seen);
    close_values(&w);
    return 0;
}

/* Most frequent first. */
int person_values(struct req *r, struct err *e)
{
    str key;
    struct json_writer w;
    struct json *rows;
    int rc = read_key(r, &key, e);
    if (rc == 0)
        rc = run(r, STR("SELECT {field} AS value, count() AS n FROM persons"
                        " WHERE isNotNull({field}) AND {field} ILIKE {pattern}"
                        " GROUP BY value ORDER BY n DESC, value LIMIT " VALUES),
                 key, http_query_of(r->http, "value"), STR(""), &rows, e);
    if (rc < 0)
        return rc;
    open_values(r, &w);
    for (const struct json *m = rows->head; m; m = m->next) {
        json_open(&w, '{');
        json_key(&w, "name");
        json_str(&w, m->head->text);
        json_key(&w, "count");
        json_tree(&w, m->head->next);
        json_close(&w, '}');
    }
    close_values(&w);
    return 0;
}
