/* events_query.c - EventsQuery: a list of expressions over events, filtered and in order, or counted in
 * groups when one of them aggregates. `*`, `person` and `person_display_name` become objects. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include "model/person.h"
#include "query/internal.h"
#include "query/properties.h"
#include "query/rows.h"

enum item_kind { ITEM_PLAIN, ITEM_STAR, ITEM_PERSON, ITEM_DISPLAY_NAME };

struct item {
    enum item_kind kind;
    str text; /* as asked for: the column's name in the answer */
    struct hogql_node *node;
    bool aggregates;
};

struct events {
    struct query_job *j;
    const struct json *node;
    struct item *items;
    size_t n;
    bool aggregated;
    struct hogql_node *where, *having;
    int64_t limit, offset, before;
    struct map persons; /* distinct id -> struct person, or &nobody */
    struct json *display_names;
};

static const struct person nobody;

/* The properties that name a person where the project does not say. */
#define DISPLAY_NAMES "[\"email\",\"name\",\"username\"]"

/* -------------------------------------------------------------------------- select */

static const char star_fields[] = "tuple(uuid, event, properties, timestamp, team_id, distinct_id,"
                                  " elements_chain, created_at, person_mode)";

static bool is_field(const struct hogql_node *n, const char *name)
{
    return n->kind == HOGQL_FIELD && n->names_n == 1 && str_eqz(n->names[0], name);
}

static int read_item(struct events *q, str text, struct item *out, struct err *e)
{
    struct arena *a = q->j->arena;
    *out = (struct item){ .text = text };
    if (str_eqz(str_trim(text), "*")) {
        out->kind = ITEM_STAR;
        return hogql_parse_expr(a, STR(star_fields), NULL, &out->node, e);
    }
    int rc = hogql_parse_expr(a, text, NULL, &out->node, e);
    if (rc < 0)
        return rc;
    if (out->node->kind == HOGQL_ALIAS)
        out->text = out->node->text;
    out->aggregates = hogql_aggregates(out->node);
    if (is_field(out->node, "person"))
        out->kind = ITEM_PERSON;
    else if (is_field(out->node, "person_display_name"))
        out->kind = ITEM_DISPLAY_NAME;
    if (out->kind != ITEM_PLAIN)
        out->node = hogql_field(a, "distinct_id", NULL);
    return 0;
}

static int read_select(struct events *q, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(q->node, "select", &list, e);
    if (rc < 0)
        return rc;
    if (!list)
        return query_misfit(e, "query.EventsQuery.select", "Field required");
    q->items = arena_alloc(q->j->arena, (list->count + 1) * sizeof(*q->items));
    for (const struct json *m = list->head; m && rc == 0; m = m->next) {
        if (m->type != JSON_STRING)
            return query_misfit(e, "query.EventsQuery.select", "Input should be a valid string");
        rc = read_item(q, m->text, &q->items[q->n++], e);
    }
    if (rc == 0 && !q->n)
        rc = read_item(q, STR("*"), &q->items[q->n++], e);
    for (size_t i = 0; i < q->n; i++)
        q->aggregated = q->aggregated || q->items[i].aggregates;
    return rc;
}

/* -------------------------------------------------------------------------- where */

static void also(struct events *q, struct hogql_node *condition)
{
    q->where = hogql_and(q->j->arena, q->where, condition);
}

static int add_where_items(struct events *q, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(q->node, "where", &list, e);
    for (const struct json *m = list ? list->head : NULL; m && rc == 0; m = m->next) {
        struct hogql_node *one;
        if (m->type != JSON_STRING)
            return query_misfit(e, "query.EventsQuery.where", "Input should be a valid string");
        rc = hogql_parse_expr(q->j->arena, m->text, NULL, &one, e);
        if (rc == 0 && hogql_aggregates(one))
            q->having = hogql_and(q->j->arena, q->having, one);
        else if (rc == 0)
            also(q, one);
    }
    return rc;
}

static int add_properties(struct events *q, struct err *e)
{
    struct hogql_node *condition;
    int rc = query_all_properties(q->j, PROPERTIES_OF_EVENTS, q->node, &condition, e);
    if (rc == 0)
        also(q, condition);
    return rc;
}

static int add_event_names(struct events *q, struct err *e)
{
    struct arena *a = q->j->arena;
    const struct json *list = NULL;
    str name = STR_NULL;
    int rc = query_get_text(q->node, "event", &name, e);
    if (rc == 0)
        rc = query_get_list(q->node, "events", &list, e);
    if (rc < 0)
        return rc;
    if (name.n)
        also(q, hogql_compare(a, HOGQL_EQ, hogql_field(a, "event", NULL), hogql_string(a, name)));
    struct hogql_node *names = hogql_list(a, HOGQL_TUPLE);
    for (const struct json *m = list ? list->head : NULL; m; m = m->next)
        if (m->type == JSON_STRING)
            hogql_add(a, names, hogql_string(a, m->text));
    if (names->n)
        also(q, hogql_compare(a, HOGQL_IN, hogql_field(a, "event", NULL), names));
    return 0;
}

static int add_actor(struct events *q, struct err *e)
{
    struct arena *a = q->j->arena;
    str person = STR_NULL;
    int64_t action = 0;
    const struct json *source = NULL;
    int rc = query_get_text(q->node, "personId", &person, e);
    if (rc == 0)
        rc = query_get_i64(q->node, "actionId", &action, e);
    if (rc == 0)
        rc = query_get_object(q->node, "source", &source, e);
    if (rc < 0)
        return rc;
    if (source)
        return err_set(e, ERR_INVALID, NULL,
                       "Events of another query's actors are not supported");
    if (action) /* there are no actions yet, so none has this id */
        return err_set(e, ERR_INVALID, NULL, "Action does not exist");
    if (person.n)
        also(q, hogql_compare(a, HOGQL_EQ, hogql_field(a, "person_id", NULL),
                              hogql_call(a, "toUUID", hogql_string(a, person), NULL)));
    return 0;
}

/* SPEC: both bounds are strict; without `before`, events a little in the future are in. */
static int add_dates(struct events *q, struct err *e)
{
    struct arena *a = q->j->arena;
    const struct query_calendar *c = &q->j->calendar;
    str after = STR_NULL, before = STR_NULL;
    int rc = query_get_text(q->node, "after", &after, e);
    if (rc == 0)
        rc = query_get_text(q->node, "before", &before, e);
    if (rc < 0)
        return rc;
    q->before = c->now + 5 * CLOCK_SECOND;
    if (before.n && !str_eqz(before, "all")) {
        q->before = query_date_parse(c, before).at;
    }
    also(q, hogql_compare(a, HOGQL_LT, hogql_field(a, "timestamp", NULL),
                          hogql_datetime(a, q->before)));
    struct query_date from = query_date_parse(c, after.n ? after : STR("-24h"));
    if (!from.all)
        also(q, hogql_compare(a, HOGQL_GT, hogql_field(a, "timestamp", NULL),
                              hogql_datetime(a, from.at)));
    return 0;
}

static int read_where(struct events *q, struct err *e)
{
    int rc = add_where_items(q, e);
    if (rc == 0)
        rc = add_properties(q, e);
    if (rc == 0)
        rc = add_event_names(q, e);
    if (rc == 0)
        rc = add_actor(q, e);
    if (rc == 0)
        rc = add_dates(q, e);
    return rc;
}

/* -------------------------------------------------------------------------- order, page */

static struct hogql_node *default_order(struct events *q)
{
    struct arena *a = q->j->arena;
    struct item *count = NULL, *aggregate = NULL, *time = NULL;
    for (size_t i = q->n; i-- > 0;) {
        struct item *it = &q->items[i];
        if (it->aggregates)
            aggregate = it;
        if (str_eqz(str_trim(it->text), "count()"))
            count = it;
        if (is_field(it->node, "timestamp") || it->kind == ITEM_STAR)
            time = it;
    }
    if (count || aggregate)
        return hogql_order(a, hogql_copy(a, (count ? count : aggregate)->node), true);
    if (time)
        return hogql_order(a, hogql_field(a, "timestamp", NULL), true);
    return hogql_order(a, hogql_copy(a, q->items[0].node), false);
}

static struct hogql_node *without_alias(struct arena *a, struct hogql_node *n)
{
    return hogql_copy(a, n->kind == HOGQL_ALIAS ? n->kids[0] : n);
}

static int add_order(struct events *q, struct hogql_node *list, struct err *e)
{
    const struct json *given = NULL;
    int rc = query_get_list(q->node, "orderBy", &given, e);
    for (const struct json *m = given ? given->head : NULL; m && rc == 0; m = m->next) {
        struct hogql_node *one;
        if (m->type != JSON_STRING)
            return query_misfit(e, "query.EventsQuery.orderBy", "Input should be a valid string");
        rc = hogql_parse_order(q->j->arena, m->text, NULL, &one, e);
        if (rc == 0)
            hogql_add(q->j->arena, list, one);
    }
    if (rc < 0 || list->n)
        return rc;
    struct hogql_node *order = default_order(q);
    order->kids[ORDER_EXPR] = without_alias(q->j->arena, order->kids[ORDER_EXPR]);
    hogql_add(q->j->arena, list, order);
    return 0;
}

static int read_page(struct events *q, struct err *e)
{
    q->limit = LIMIT_QUERY_ROWS_DEFAULT;
    int rc = query_get_i64(q->node, "limit", &q->limit, e);
    if (rc == 0)
        rc = query_get_i64(q->node, "offset", &q->offset, e);
    if (rc < 0)
        return rc;
    if (q->limit < 0 || q->offset < 0)
        return query_misfit(e, q->limit < 0 ? "query.EventsQuery.limit" : "query.EventsQuery.offset",
                            "Input should be greater than or equal to 0");
    if (q->limit > LIMIT_QUERY_ROWS)
        q->limit = LIMIT_QUERY_ROWS;
    return 0;
}

static int build(struct events *q, struct hogql_node **out, struct err *e)
{
    struct arena *a = q->j->arena;
    struct hogql_node *columns = hogql_list(a, HOGQL_LIST), *order = hogql_list(a, HOGQL_LIST);
    struct hogql_node *group = hogql_new(a, HOGQL_GROUP, 0);
    for (size_t i = 0; i < q->n; i++) {
        hogql_add(a, columns, q->items[i].node);
        if (q->aggregated && !q->items[i].aggregates)
            hogql_add(a, group, without_alias(a, q->items[i].node));
    }
    int rc = add_order(q, order, e);
    struct hogql_placeholder ph[] = {
        { "columns", columns },
        { "where", q->where },
        { "limit", hogql_int(a, q->limit + 1) }, /* one more tells whether there is more */
        { "offset", hogql_int(a, q->offset) },
        { NULL, NULL },
    };
    if (rc == 0)
        rc = hogql_parse_select(
            a, STR("SELECT {columns} FROM events WHERE {where} LIMIT {limit} OFFSET {offset}"), ph,
            out, e);
    if (rc < 0)
        return rc;
    (*out)->kids[SELECT_ORDER] = order;
    (*out)->kids[SELECT_HAVING] = q->having;
    if (group->n)
        (*out)->kids[SELECT_GROUP] = group;
    return 0;
}

/* -------------------------------------------------------------------------- objects */

static int person_of(struct events *q, struct db *db, str distinct_id, const struct person **out,
                     struct err *e)
{
    void **slot = map_at(&q->persons, distinct_id);
    if (!*slot) {
        struct person *p = arena_new_of(q->j->arena, struct person);
        int rc = person_find_by_distinct_id(db, q->j->arena, q->j->scope->team_id, distinct_id, p,
                                            e);
        if (rc < 0)
            return rc;
        slot = map_at(&q->persons, distinct_id);
        *slot = rc > 0 ? (void *)p : (void *)&nobody;
    }
    *out = *slot;
    return 0;
}

static void write_person(struct events *q, struct json_writer *w, const struct person *p,
                         str distinct_id)
{
    char text[QUERY_TIME_TEXT];
    json_open(w, '{');
    if (p != &nobody) {
        json_key(w, "uuid");
        json_str(w, p->uuid);
        json_key(w, "created_at");
        json_str(w, (str){ text, query_time_text(q->j->calendar.tz, p->created_at, text) });
        json_key(w, "properties");
        json_tree(w, p->properties);
    }
    json_key(w, "distinct_id");
    json_str(w, distinct_id);
    json_close(w, '}');
}

/* What a person is called: the first of the project's naming properties, or its distinct id. */
static str display_name(const struct events *q, const struct person *p, str distinct_id)
{
    const struct json *m = p == &nobody ? NULL : q->display_names->head;
    for (; m; m = m->next) {
        const struct json *name = json_get_str(p->properties, m->text);
        if ((json_is(name, JSON_STRING) || json_is(name, JSON_NUMBER)) && name->text.n)
            return name->text;
    }
    return distinct_id;
}

static void write_display_name(const struct events *q, struct json_writer *w,
                               const struct person *p, str distinct_id)
{
    json_open(w, '{');
    json_key(w, "display_name");
    json_str(w, display_name(q, p, distinct_id));
    json_key(w, "id");
    json_str(w, p == &nobody ? STR_NULL : p->uuid);
    json_key(w, "distinct_id");
    json_str(w, distinct_id);
    json_close(w, '}');
}

/* The tuple of star_fields as an object; properties as the text that was captured. */
static void write_star(struct events *q, struct json_writer *w, const struct json *tuple)
{
    static const char *const names[] = { "uuid", "event", "properties", "timestamp", "team_id",
                                         "distinct_id", "elements_chain", "created_at",
                                         "person_mode" };
    size_t i = 0;
    json_open(w, '{');
    for (const struct json *m = tuple->head; m && i < ARRAY_LEN(names); m = m->next, i++) {
        int64_t us;
        char text[QUERY_TIME_TEXT];
        bool time = str_eqz(STR("timestamp"), names[i]) || str_eqz(STR("created_at"), names[i]);
        json_key(w, names[i]);
        if (str_eqz(STR("properties"), names[i]))
            json_raw(w, m->text.n ? m->text : STR("{}"));
        else if (time && clock_parse(m->text, &us))
            json_str(w, (str){ text, query_time_text(q->j->calendar.tz, us, text) });
        else
            json_tree(w, m);
    }
    json_close(w, '}');
}

static int write_value(struct events *q, struct db *db, struct json_writer *w,
                       const struct item *it, str type, const struct json *v, struct err *e)
{
    const struct person *p;
    int64_t us;
    char text[QUERY_TIME_TEXT];
    if (it->kind == ITEM_PLAIN) {
        bool time = json_is(v, JSON_STRING) && str_find(type, STR("DateTime")) >= 0;
        if (time && clock_parse(v->text, &us))
            json_str(w, (str){ text, query_time_text(q->j->calendar.tz, us, text) });
        else
            json_tree(w, v);
        return 0;
    }
    if (it->kind == ITEM_STAR) {
        write_star(q, w, v);
        return 0;
    }
    int rc = person_of(q, db, v->text, &p, e);
    if (rc == 0 && it->kind == ITEM_PERSON)
        write_person(q, w, p, v->text);
    else if (rc == 0)
        write_display_name(q, w, p, v->text);
    return rc;
}

static int write_objects(struct events *q, const struct query_rows *rows, struct buf *out,
                         struct err *e)
{
    const struct json *tree;
    str names = q->j->scope->display_names;
    int rc = json_parse(q->j->arena, names.n ? names : STR(DISPLAY_NAMES), &q->display_names, e);
    if (rc == 0)
        rc = query_rows_parse(q->j->arena, rows, &tree, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(out);
    struct db *db = store_take(q->j->store);
    int64_t left = q->limit;
    json_open(&w, '[');
    for (const struct json *row = tree->head; row && rc == 0 && left-- > 0; row = row->next) {
        size_t i = 0;
        json_open(&w, '[');
        for (const struct json *v = row->head; v && rc == 0 && i < q->n; v = v->next, i++)
            rc = write_value(q, db, &w, &q->items[i], rows->types[i], v, e);
        json_close(&w, ']');
    }
    json_close(&w, ']');
    store_give(db);
    return rc;
}

static bool needs_objects(const struct events *q)
{
    for (size_t i = 0; i < q->n; i++)
        if (q->items[i].kind != ITEM_PLAIN)
            return true;
    return false;
}

/* -------------------------------------------------------------------------- the answer */

static void write_members(struct events *q, const struct hogql_node *select,
                          const struct query_rows *rows, struct query_result *out)
{
    struct json_writer w = query_members(out);
    json_key(&w, "columns");
    size_t at = out->members.n;
    json_open(&w, '[');
    for (size_t i = 0; i < q->n; i++)
        json_str(&w, q->items[i].text);
    json_close(&w, ']');
    out->columns = query_span_from(out, at);
    json_key(&w, "types");
    at = out->members.n;
    json_open(&w, '[');
    for (size_t i = 0; i < rows->n; i++)
        json_str(&w, query_type_name(rows->types[i]));
    json_close(&w, ']');
    out->types = query_span_from(out, at);
    json_key(&w, "hasMore");
    json_bool(&w, out->has_more);
    json_key(&w, "limit");
    json_i64(&w, q->limit);
    json_key(&w, "offset");
    json_i64(&w, q->offset);
    json_key(&w, "hogql");
    at = out->members.n;
    json_str(&w, hogql_to_text(q->j->arena, select));
    out->hogql = query_span_from(out, at);
    query_write_common(q->j, &w);
}

int query_run_events(struct query_job *j, const struct json *node, struct query_result *out,
                     struct err *e)
{
    struct events q = { .j = j, .node = node, .persons = MAP_INIT(j->arena) };
    struct hogql_node *select;
    struct hogql_compiled compiled;
    struct query_rows rows;
    int rc = read_select(&q, e);
    if (rc == 0)
        rc = read_where(&q, e);
    if (rc == 0)
        rc = read_page(&q, e);
    if (rc == 0)
        rc = build(&q, &select, e);
    if (rc < 0)
        return rc;
    struct buf answer = BUF_INIT(LIMIT_QUERY_RESULT);
    rc = query_execute(j, select, &compiled, &answer, e);
    if (rc == 0)
        rc = query_rows_read(j->arena, buf_view(&answer), &rows, e);
    if (rc == 0 && needs_objects(&q))
        rc = write_objects(&q, &rows, &out->results, e);
    else if (rc == 0)
        query_rows_write(&rows, j->calendar.tz, (size_t)q.limit, &out->results);
    if (rc == 0) {
        out->has_more = rows.count > (size_t)q.limit;
        out->date_to = q.before;
        write_members(&q, select, &rows, out);
    }
    buf_release(&answer);
    return rc;
}
