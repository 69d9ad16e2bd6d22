/* event.c - events over the API: the list that older clients page through by time, and one. What is
 * asked becomes a query node; the query engine does the rest. */
#include "api/element.h"
#include "api/internal.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "model/action.h"
#include "model/person.h"

int req_query_rows(struct req *r, const struct json *node, struct json **rows, struct err *e)
{
    struct query_scope scope = req_query_scope(r);
    struct query_answer answer;
    req_give_db(r);
    int rc = query_run(&scope, node, QUERY_FORCE_BLOCKING, &answer, e);
    req_take_db(r);
    return rc < 0 ? rc : json_parse(r->arena, answer.results, rows, e);
}

/* -------------------------------------------------------------------------- the query node */

static void add(struct json *list, struct json *v)
{
    struct json **tail = &list->head;
    while (*tail)
        tail = &(*tail)->next;
    *tail = v;
    list->count++;
}

static void set_text(struct req *r, struct json *o, const char *key, str text)
{
    if (text.p)
        json_set(o, str_of(key), json_new_str(r->arena, text));
}

static void set_i64(struct req *r, struct json *o, const char *key, int64_t v)
{
    struct json *n = json_new(r->arena, JSON_NUMBER);
    n->integer = true;
    n->i64 = v;
    n->num = (double)v;
    n->text = arena_printf(r->arena, "%lld", (long long)v);
    json_set(o, str_of(key), n);
}

static const char *const columns[] = { "uuid", "event", "properties", "timestamp", "distinct_id",
                                       "elements_chain" };
enum { UUID_, EVENT_, PROPERTIES_, TIMESTAMP_, DISTINCT_ID_, ELEMENTS_, COLUMNS_ };

/* {"$browser": "Chrome", "age__gt": 5}, as older clients filter, to a list of filters. */
static struct json *filters_of(struct req *r, const struct json *old)
{
    struct json *list = json_new(r->arena, JSON_ARRAY);
    for (const struct json *m = old->head; m; m = m->next) {
        struct json *f = json_new(r->arena, JSON_OBJECT);
        ptrdiff_t at = str_find(m->key, STR("__"));
        str key = at > 0 ? str_slice(m->key, 0, (size_t)at) : m->key;
        set_text(r, f, "key", key);
        set_text(r, f, "type", STR("event"));
        set_text(r, f, "operator",
                 at > 0 ? str_slice(m->key, (size_t)at + 2, m->key.n) : STR("exact"));
        json_set(f, STR("value"), json_share(r->arena, m));
        add(list, f);
    }
    return list;
}

static int read_properties(struct req *r, struct json *node, struct err *e)
{
    str text = http_query_of(r->http, "properties");
    struct json *v;
    struct err bad = ERR_INIT;
    if (!text.n)
        return 0;
    if (json_parse(r->arena, text, &v, &bad) < 0 ||
        (v->type != JSON_ARRAY && v->type != JSON_OBJECT))
        return err_set(e, ERR_INVALID, NULL, "Properties are unparsable!");
    if (v->type == JSON_OBJECT && !json_get(v, "values"))
        v = filters_of(r, v);
    json_set(node, STR("properties"), v);
    return 0;
}

/* orderBy: a list like ["-timestamp"], by columns of the event. */
static int read_order(struct req *r, struct json *node, bool *ascending, struct err *e)
{
    static const char *const names[] = { "timestamp", "created_at", "event", "distinct_id" };
    str text = http_query_of(r->http, "orderBy");
    struct json *given, *order = json_new(r->arena, JSON_ARRAY);
    struct err bad = ERR_INIT;
    if (!text.n)
        text = STR("[\"-timestamp\"]");
    if (json_parse(r->arena, text, &given, &bad) < 0 || given->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "orderBy", "Must be a JSON list of texts.");
    *ascending = given->head && str_eqz(given->head->text, "timestamp");
    for (const struct json *m = given->head; m; m = m->next) {
        bool down = m->text.n && m->text.p[0] == '-', known = false;
        str name = down ? str_slice(m->text, 1, m->text.n) : m->text;
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            known = known || str_eqz(name, names[i]);
        if (!known)
            return err_set(e, ERR_INVALID, "orderBy", "Cannot order by \"" STR_FMT "\".",
                           STR_ARG(name));
        add(order, json_new_str(r->arena, arena_printf(r->arena, STR_FMT " %s", STR_ARG(name),
                                                       down ? "DESC" : "ASC")));
    }
    json_set(node, STR("orderBy"), order);
    return 0;
}

/* The person's uuid; STR_NULL when nobody has that id. */
static int read_person(struct req *r, str id, str *uuid, struct err *e)
{
    struct uuid u;
    struct person p;
    int64_t number;
    *uuid = STR_NULL;
    if (str_to_i64(id, &number)) {
        int rc = person_find(r->db, r->arena, r->project.id, number, &p, e);
        if (rc > 0)
            *uuid = p.uuid;
        return rc < 0 ? rc : 0;
    }
    if (uuid_parse(id, &u)) {
        char text[UUID_TEXT];
        uuid_text(u, text);
        *uuid = arena_str(r->arena, str_of(text));
    }
    return 0;
}

static void add_distinct_id(struct req *r, struct json *node, str id)
{
    struct json *list = json_new(r->arena, JSON_ARRAY), *f = json_new(r->arena, JSON_OBJECT);
    set_text(r, f, "type", STR("event_metadata"));
    set_text(r, f, "key", STR("distinct_id"));
    set_text(r, f, "operator", STR("exact"));
    set_text(r, f, "value", id);
    add(list, f);
    json_set(node, STR("fixedProperties"), list);
}

struct asked {
    struct json *node;
    int64_t limit;
    bool ascending, nobody; /* nobody: the person asked for does not exist */
    bool all_time;          /* no lower bound was given */
};

static int read_page(struct req *r, struct asked *q, struct err *e)
{
    struct page page = page_of(r);
    if (page.offset > LIMIT_EVENTS_OFFSET)
        return err_set(e, ERR_INVALID, "offset",
                       "Offset is limited to %d. Page by time instead: with `before` or `after`.",
                       LIMIT_EVENTS_OFFSET);
    q->limit = page.limit < LIMIT_EVENTS_PAGE ? page.limit : LIMIT_EVENTS_PAGE;
    set_i64(r, q->node, "limit", q->limit + 1); /* one more says that another page follows */
    set_i64(r, q->node, "offset", page.offset);
    return 0;
}

/* An action without steps is nobody's here, where queries refuse it. */
static int read_action(struct req *r, struct asked *q, str text, struct err *e)
{
    struct action action;
    int64_t id;
    if (!str_to_i64(text, &id))
        return err_set(e, ERR_INVALID, "action_id", "A valid integer is required.");
    int rc = action_find(r->db, r->arena, r->project.id, id, &action, e);
    if (rc < 0)
        return rc;
    if (rc > 0 && str_eqz(action.steps, "[]"))
        q->nobody = true;
    else
        set_i64(r, q->node, "actionId", id);
    return 0;
}

static int read_query(struct req *r, struct asked *q, struct err *e)
{
    str person = http_query_of(r->http, "person_id"), uuid = STR_NULL;
    str distinct_id = http_query_of(r->http, "distinct_id");
    str event = http_query_of(r->http, "event"), action = http_query_of(r->http, "action_id");
    str before = http_query_of(r->http, "before"), after = http_query_of(r->http, "after");
    struct json *select = json_new(r->arena, JSON_ARRAY);
    *q = (struct asked){ .node = json_new(r->arena, JSON_OBJECT), .all_time = !after.n };
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        add(select, json_new_str(r->arena, str_of(columns[i])));
    set_text(r, q->node, "kind", STR("EventsQuery"));
    json_set(q->node, STR("select"), select);
    set_text(r, q->node, "event", event.n ? event : STR_NULL);
    set_text(r, q->node, "before", before.n ? before : STR_NULL);
    set_text(r, q->node, "after", after.n ? after : STR("all"));
    if (distinct_id.n)
        add_distinct_id(r, q->node, distinct_id);
    int rc = action.n ? read_action(r, q, action, e) : 0;
    if (rc == 0)
        rc = read_properties(r, q->node, e);
    if (rc == 0)
        rc = read_order(r, q->node, &q->ascending, e);
    if (rc == 0)
        rc = read_page(r, q, e);
    if (rc == 0 && person.n)
        rc = read_person(r, person, &uuid, e);
    q->nobody = q->nobody || (person.n && !uuid.p);
    set_text(r, q->node, "personId", uuid);
    return rc;
}

/* -------------------------------------------------------------------------- rows */

/* 2026-01-02T03:04:05.678000+00:00, as the clock of older clients' databases wrote it. */
static void time_text(str in, char out[CLOCK_TEXT])
{
    int64_t us;
    if (!clock_parse(in, &us))
        us = 0;
    clock_text_sql(us, out);
    out[10] = 'T';
    memcpy(out + 26, "+00:00", sizeof("+00:00"));
}

/* Who it is now, by the event's id; a few properties only. */
static int write_person(struct req *r, struct json_writer *w, str distinct_id, struct err *e)
{
    static const char *const names[] = { "email", "name", "username" };
    struct person p;
    int rc = person_find_by_distinct_id(r->db, r->arena, r->project.id, distinct_id, &p, e);
    if (rc <= 0) {
        json_null(w);
        return rc;
    }
    json_open(w, '{');
    json_key(w, "is_identified");
    json_bool(w, p.identified);
    json_key(w, "distinct_ids");
    json_open(w, '[');
    json_str(w, distinct_id);
    json_close(w, ']');
    json_key(w, "properties");
    json_open(w, '{');
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct json *v = json_get(p.properties, names[i]);
        if (!v)
            continue;
        json_key(w, names[i]);
        json_tree(w, v);
    }
    json_close(w, '}');
    json_close(w, '}');
    return 0;
}

static int write_event(struct req *r, struct json_writer *w, const struct json *row,
                       bool with_person, struct err *e)
{
    str cells[COLUMNS_] = { { 0 } };
    char time[CLOCK_TEXT];
    int rc = 0;
    size_t n = 0;
    for (const struct json *m = row->head; m && n < COLUMNS_; m = m->next)
        cells[n++] = m->text;
    time_text(cells[TIMESTAMP_], time);
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, cells[UUID_]);
    json_key(w, "distinct_id");
    json_str(w, cells[DISTINCT_ID_]);
    json_key(w, "properties");
    json_raw(w, cells[PROPERTIES_].n ? cells[PROPERTIES_] : STR("{}"));
    json_key(w, "event");
    json_str(w, cells[EVENT_]);
    json_key(w, "timestamp");
    json_z(w, time);
    json_key(w, "person");
    if (with_person)
        rc = write_person(r, w, cells[DISTINCT_ID_], e);
    else
        json_null(w);
    json_key(w, "elements");
    write_elements(w, r->arena, cells[ELEMENTS_]);
    json_key(w, "elements_chain");
    json_str(w, cells[ELEMENTS_].p ? cells[ELEMENTS_] : STR(""));
    json_close(w, '}');
    return rc;
}

/* -------------------------------------------------------------------------- the list */

/* Newest first without a lower bound: the last day is asked first, for it mostly has enough. */
static int find_rows(struct req *r, struct asked *q, struct json **rows, struct err *e)
{
    *rows = json_new(r->arena, JSON_ARRAY);
    if (q->nobody)
        return 0;
    if (q->all_time && !q->ascending) {
        char day_ago[CLOCK_TEXT];
        int64_t before;
        if (!clock_parse(http_query_of(r->http, "before"), &before))
            before = clock_now_us();
        clock_text(before - 86400 * CLOCK_SECOND, day_ago);
        set_text(r, q->node, "after", arena_str(r->arena, str_of(day_ago)));
        int rc = req_query_rows(r, q->node, rows, e);
        if (rc < 0 || (int64_t)(*rows)->count > q->limit)
            return rc;
        set_text(r, q->node, "after", STR("all"));
    }
    return req_query_rows(r, q->node, rows, e);
}

/* The same address from the last row's time on. */
static void write_next(struct req *r, struct json_writer *w, const struct asked *q,
                       const struct json *last)
{
    char time[CLOCK_TEXT];
    const struct json *cell = last->head;
    for (int i = 0; cell && i < TIMESTAMP_; i++)
        cell = cell->next;
    time_text(cell->text, time);
    json_str(w, page_url(r, http_query_with(r->http, q->ascending ? "after" : "before", time)));
}

static int write_list(struct req *r, struct json_writer *w, const struct asked *q,
                      const struct json *rows, bool with_person, const struct json **last,
                      struct err *e)
{
    int64_t n = 0;
    int rc = 0;
    for (const struct json *m = rows->head; m && n < q->limit && rc == 0; m = m->next, n++) {
        rc = write_event(r, w, m, with_person, e);
        *last = m;
    }
    return rc;
}

static int reply_events_csv(struct req *r, const struct asked *q, const struct json *rows,
                            bool with_person, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    const struct json *last;
    json_open(&w, '[');
    int rc = write_list(r, &w, q, rows, with_person, &last, e);
    json_close(&w, ']');
    if (rc == 0)
        rc = reply_csv(r, buf_view(&b), e);
    buf_release(&b);
    return rc;
}

static int event_list(struct req *r, struct err *e)
{
    struct asked q = { 0 };
    struct json *rows;
    const struct json *last = NULL;
    int person;
    int rc = param_flag(r, "include_person", &person, e);
    if (rc == 0)
        rc = read_query(r, &q, e);
    if (rc == 0)
        rc = find_rows(r, &q, &rows, e);
    if (rc < 0)
        return rc;
    if (wants_csv(r))
        return reply_events_csv(r, &q, rows, person > 0, e);
    struct buf list = BUF_INIT(LIMIT_RESPONSE); /* `next`, which stands before it, needs its end */
    struct json_writer inner = JSON_WRITER(&list), w = reply_json(r, 200);
    json_open(&inner, '[');
    rc = write_list(r, &inner, &q, rows, person > 0, &last, e);
    json_close(&inner, ']');
    json_open(&w, '{');
    json_key(&w, "next");
    if (last && (int64_t)rows->count > q.limit)
        write_next(r, &w, &q, last);
    else
        json_null(&w);
    json_key(&w, "results");
    json_raw(&w, buf_view(&list));
    json_close(&w, '}');
    buf_release(&list);
    return rc;
}

/* -------------------------------------------------------------------------- one */

static int event_fetch(struct req *r, struct err *e)
{
    struct uuid u;
    char text[UUID_TEXT];
    struct json *node = json_new(r->arena, JSON_OBJECT), *values, *rows;
    if (!uuid_parse(r->id, &u)) {
        err_set(e, ERR_INVALID, NULL, "Invalid UUID");
        memcpy(e->code, "invalid", sizeof("invalid"));
        return e->kind;
    }
    uuid_text(u, text);
    values = json_new(r->arena, JSON_OBJECT);
    set_text(r, values, "id", arena_str(r->arena, str_of(text)));
    set_text(r, node, "kind", STR("HogQLQuery"));
    set_text(r, node, "query",
             STR("SELECT uuid, event, properties, timestamp, distinct_id, elements_chain"
                 " FROM events WHERE uuid = toUUID({id}) LIMIT 1"));
    json_set(node, STR("values"), values);
    int rc = req_query_rows(r, node, &rows, e);
    if (rc < 0)
        return rc;
    if (!rows->head)
        return err_set(e, ERR_NOT_FOUND, NULL, "No events exist for event UUID " STR_FMT,
                       STR_ARG(r->id));
    struct json_writer w = reply_json(r, 200);
    return write_event(r, &w, rows->head, true, e);
}

#define AT "/api/projects/:project/events"

const struct route event_routes[] = {
    { "GET", AT "/", event_list, ACCESS_SCOPE, "query:read", 0 },
    { "GET", AT ".csv/", event_list, ACCESS_SCOPE, "query:read", 0 },
    { "GET", AT "/values/", event_values, ACCESS_SCOPE, "query:read", 0 },
    { "GET", AT "/:id/", event_fetch, ACCESS_SCOPE, "query:read", 0 },
    { 0 },
};
