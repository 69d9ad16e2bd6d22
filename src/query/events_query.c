/* events_query.c - EventsQuery: a list of expressions over events, filtered and in order, or counted in
 * groups when one of them aggregates. `*`, `person` and `person_display_name` become objects. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/uuid.h"
#include "model/person.h"
#include "query/action.h"
#include "query/actors.h"
#include "query/list.h"
#include "query/properties.h"
#include "query/shape.h"

enum item_kind { ITEM_PLAIN, ITEM_STAR, ITEM_PERSON, ITEM_DISPLAY_NAME };

struct events {
    struct query_list list;
    struct query_job *j;
    const struct json *node;
    int64_t before;
    struct map persons; /* distinct id -> struct person, or &nobody */
    struct json *display_names;
};

static const struct person nobody;

/* The properties that name a person where the project does not say. */
#define DISPLAY_NAMES "[\"email\",\"name\",\"username\"]"

/* -------------------------------------------------------------------------- select */

static const char star_fields[] = "tuple(uuid, event, properties, timestamp, team_id, distinct_id,"
                                  " elements_chain, created_at, person_mode)";

static int read_item(struct query_list *l, str text, struct query_item *out, struct err *e)
{
    struct arena *a = l->j->arena;
    if (str_eqz(str_trim(text), "*")) {
        *out = (struct query_item){ .text = text, .kind = ITEM_STAR };
        return hogql_parse_expr(a, STR(star_fields), NULL, &out->node, e);
    }
    int rc = query_list_item(l, text, out, e);
    if (rc < 0)
        return rc;
    if (query_is_field(out->node, "person"))
        out->kind = ITEM_PERSON;
    else if (query_is_field(out->node, "person_display_name"))
        out->kind = ITEM_DISPLAY_NAME;
    if (out->kind != ITEM_PLAIN)
        out->node = hogql_field(a, "distinct_id", NULL);
    return 0;
}

/* -------------------------------------------------------------------------- where */

static void also(struct events *q, struct hogql_node *condition)
{
    query_list_also(&q->list, condition);
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
    for (const struct json *m = list ? list->head : NULL; m; m = m->next) {
        if (m->type != JSON_STRING)
            return query_misfit(e, "query.EventsQuery.events", "Input should be a valid string");
        hogql_add(a, names, hogql_string(a, m->text));
    }
    if (names->n)
        also(q, hogql_compare(a, HOGQL_IN, hogql_field(a, "event", NULL), names));
    return 0;
}

static int add_action(struct events *q, int64_t id, struct err *e)
{
    struct action action;
    struct hogql_node *condition;
    int rc = query_find_action(q->j, id, &action, e);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_INVALID, NULL, "Action does not exist");
    if (str_eqz(action.steps, "[]"))
        return err_set(e, ERR_INVALID, NULL, "Action does not have any match groups");
    rc = query_action_condition(q->j, &action, &condition, e);
    if (rc == 0)
        also(q, condition);
    return rc;
}

/* Steps of an action that is not kept. */
static int add_steps(struct events *q, struct err *e)
{
    const struct json *list = NULL;
    struct hogql_node *condition;
    int rc = query_get_list(q->node, "actionSteps", &list, e);
    if (rc < 0 || !list || !list->head)
        return rc;
    for (const struct json *m = list->head; m; m = m->next)
        if (m->type != JSON_OBJECT)
            return query_misfit(e, "actionSteps", "Input should be a valid dictionary");
    rc = query_steps_condition(q->j, list, &condition, e);
    if (rc == 0)
        also(q, condition);
    return rc;
}

/* Events of those whom another query finds. */
static int add_source(struct events *q, const struct json *source, struct err *e)
{
    struct arena *a = q->j->arena;
    struct query_actors actors;
    struct hogql_node *x;
    int rc = query_actors_source(q->j, source, &actors, e);
    if (rc < 0)
        return rc;
    bool groups = actors.group_index >= 0;
    struct hogql_placeholder ph[] = {
        { "actor", groups ? query_group_column(a, actors.group_index)
                          : hogql_field(a, "person_id", NULL) },
        { "id", hogql_field_add(a, hogql_field(a, "source", NULL), actors.id) },
        { "source", actors.select },
        { NULL, NULL },
    };
    rc = hogql_parse_expr(a, groups ? STR("{actor} IN (SELECT {id} FROM {source} AS source)")
                                    : STR("{actor} IN (SELECT toUUID({id}) FROM {source} AS source)"),
                          ph, &x, e);
    if (rc == 0)
        also(q, x);
    return rc;
}

static int add_actor(struct events *q, struct err *e)
{
    struct arena *a = q->j->arena;
    str person = STR_NULL;
    int64_t action = INT64_MIN;
    const struct json *source = NULL;
    int rc = query_get_text(q->node, "personId", &person, e);
    if (rc == 0)
        rc = query_get_i64(q->node, "actionId", &action, e);
    if (rc == 0)
        rc = query_get_object(q->node, "source", &source, e);
    if (rc < 0)
        return rc;
    rc = source ? add_source(q, source, e) : 0;
    if (rc == 0 && action != INT64_MIN)
        rc = add_action(q, action, e);
    if (rc == 0)
        rc = add_steps(q, e);
    if (rc < 0)
        return rc;
    struct uuid id;
    if (person.n && !uuid_parse(person, &id))
        return err_set(e, ERR_INVALID, NULL, "EventsQuery.personId: \"" STR_FMT "\" is not a UUID",
                       STR_ARG(str_utf8_prefix(person, 100)));
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
        struct query_date to;
        rc = query_read_date(q->j, "EventsQuery.before", before, &to, e);
        q->before = to.at;
    }
    also(q, hogql_compare(a, HOGQL_LT, hogql_field(a, "timestamp", NULL),
                          hogql_datetime(a, q->before)));
    struct query_date from;
    if (rc == 0)
        rc = query_read_date(q->j, "EventsQuery.after", after.n ? after : STR("-24h"), &from, e);
    if (rc < 0)
        return rc;
    if (!from.all)
        also(q, hogql_compare(a, HOGQL_GT, hogql_field(a, "timestamp", NULL),
                              hogql_datetime(a, from.at)));
    return 0;
}

static int read_where(struct events *q, struct err *e)
{
    int rc = query_list_where(&q->list, e);
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

/* -------------------------------------------------------------------------- order */

static struct hogql_node *default_order(struct events *q)
{
    struct arena *a = q->j->arena;
    struct query_list *l = &q->list;
    struct query_item *count = NULL, *aggregate = NULL, *time = NULL;
    for (size_t i = l->n; i-- > 0;) {
        struct query_item *it = &l->items[i];
        if (it->aggregates)
            aggregate = it;
        if (str_eqz(str_trim(it->text), "count()"))
            count = it;
        if (query_is_field(it->node, "timestamp") || it->kind == ITEM_STAR)
            time = it;
    }
    if (count || aggregate)
        return hogql_order(a, hogql_copy(a, (count ? count : aggregate)->node), true);
    if (time)
        return hogql_order(a, hogql_field(a, "timestamp", NULL), true);
    return hogql_order(a, hogql_copy(a, l->items[0].node), false);
}

static int build(struct events *q, struct hogql_node **out, struct err *e)
{
    int rc = query_list_order(&q->list, e);
    if (rc == 0)
        rc = hogql_parse_select(q->j->arena, STR("SELECT 1 FROM events"), NULL, out, e);
    if (rc < 0)
        return rc;
    if (!q->list.order->n)
        hogql_add(q->j->arena, q->list.order, default_order(q));
    query_list_finish(&q->list, *out);
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
                       const struct query_item *it, str type, const struct json *v, struct err *e)
{
    const struct person *p;
    if (it->kind == ITEM_PLAIN) {
        query_list_value(&q->list, w, type, v);
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
    int64_t left = q->list.limit;
    json_open(&w, '[');
    for (const struct json *row = tree->head; row && rc == 0 && left-- > 0; row = row->next) {
        size_t i = 0;
        json_open(&w, '[');
        for (const struct json *v = row->head; v && rc == 0 && i < q->list.n; v = v->next, i++)
            rc = write_value(q, db, &w, &q->list.items[i], rows->types[i], v, e);
        json_close(&w, ']');
    }
    json_close(&w, ']');
    store_give(db);
    return rc;
}

static bool needs_objects(const struct events *q)
{
    for (size_t i = 0; i < q->list.n; i++)
        if (q->list.items[i].kind != ITEM_PLAIN)
            return true;
    return false;
}

/* -------------------------------------------------------------------------- the answer */

int query_run_events(struct query_job *j, const struct json *node, struct query_result *out,
                     struct err *e)
{
    static const char *const usual[] = { "*" };
    struct events q = { .list = { .j = j, .node = node, .kind = "EventsQuery" }, .j = j,
                        .node = node, .persons = MAP_INIT(j->arena) };
    struct hogql_node *select;
    struct hogql_compiled compiled;
    struct query_rows rows;
    int rc = query_shape_check(&query_shape_events, node, e);
    if (rc == 0)
        rc = query_list_select(&q.list, read_item, true, usual, ARRAY_LEN(usual), e);
    if (rc == 0)
        rc = read_where(&q, e);
    if (rc == 0)
        rc = query_list_page(&q.list, e);
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
        query_rows_write(&rows, j->calendar.tz, (size_t)q.list.limit, &out->results);
    if (rc == 0) {
        out->has_more = rows.count > (size_t)q.list.limit;
        out->date_to = q.before;
        struct json_writer w = query_members(out);
        query_list_members(&q.list, &w, select, &rows, out);
        query_write_common(j, &w);
    }
    buf_release(&answer);
    return rc;
}
