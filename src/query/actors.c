/* actors.c - ActorsQuery: persons as a list, all of a project's or those that a source names; groups
 * when the source's actors are groups. `person`, `actor`, `group` and `person_display_name` become
 * objects from the metadata store.
 *
 * With a source the rows are the source's: a person that is not in the store any more (or never was:
 * events without a person profile) is still a row, its object is {id}. */
#include "query/actors.h"

#include "base/limits.h"
#include "base/map.h"
#include "model/person.h"
#include "query/list.h"
#include "query/properties.h"
#include "query/shape.h"

enum item_kind { ITEM_PLAIN, ITEM_ACTOR, ITEM_DISPLAY_NAME };

/* One row's actor as the store has it. */
struct found {
    bool missing;
    struct person person;
    struct group group;
    struct person_id *ids;
    size_t ids_n;
};

struct actors {
    struct query_list list; /* first: what reads items gets the list */
    struct query_job *j;
    const struct json *node;
    bool sourced;
    struct query_actors source;
    str *columns; /* names of the source's */
    size_t columns_n;
    bool grouped; /* actors are groups */
    bool joined;  /* the table of persons (or groups) is needed beside the source */
    struct map found; /* id -> struct found */
    int64_t missing;
    bool asked; /* a column needs objects */
};

/* -------------------------------------------------------------------------- source */

static int read_source(struct actors *q, struct err *e)
{
    const struct json *source = NULL;
    int rc = query_shape_check(&query_shape_actors, q->node, e);
    if (rc == 0)
        rc = query_get_object(q->node, "source", &source, e);
    if (rc < 0 || !source)
        return rc;
    q->sourced = true;
    rc = query_actors_source(q->j, source, &q->source, e);
    if (rc < 0)
        return rc;
    q->grouped = q->source.group_index >= 0;
    q->columns = query_column_names(q->j->arena, q->source.select, &q->columns_n);
    return 0;
}

static struct hogql_node *id_of(const struct actors *q)
{
    struct arena *a = q->j->arena;
    if (q->sourced)
        return hogql_field_add(a, hogql_field(a, "source", NULL), q->source.id);
    return hogql_field(a, "id", NULL);
}

/* -------------------------------------------------------------------------- names */

static const char *table_of(const struct actors *q)
{
    return q->grouped ? "groups" : "persons";
}

static bool table_has(const struct actors *q, str name)
{
    static const char *const persons[] = { "created_at", "properties", "is_identified", "team_id",
                                           "pdi" };
    static const char *const groups[] = { "created_at", "properties", "updated_at", "index",
                                          "team_id" };
    const char *const *list = q->grouped ? groups : persons;
    for (size_t i = 0; i < ARRAY_LEN(persons); i++)
        if (str_eqz(name, list[i]))
            return true;
    return false;
}

static bool source_has(const struct actors *q, str name)
{
    for (size_t i = 0; i < q->columns_n; i++)
        if (str_eq(q->columns[i], name))
            return true;
    return false;
}

/* table.a.b of a.b */
static struct hogql_node *within(struct arena *a, const char *table, const struct hogql_node *f)
{
    struct hogql_node *all = hogql_field(a, table, NULL);
    for (uint32_t i = 0; i < f->names_n; i++)
        all = hogql_field_add(a, all, f->names[i]);
    return all;
}

static void qualify_field(struct actors *q, struct hogql_node **at)
{
    struct arena *a = q->j->arena;
    struct hogql_node *f = *at;
    str first = f->names[0];
    if (source_has(q, first)) {
        *at = within(a, "source", f);
        return;
    }
    if (f->names_n == 1 && str_eqz(first, q->grouped ? "key" : "id")) {
        *at = id_of(q);
        return;
    }
    if (!table_has(q, first))
        return;
    q->joined = true;
    *at = within(a, table_of(q), f);
    if (f->names_n == 1 && str_eqz(first, "created_at")) /* of one that is not in the table */
        *at = hogql_call(a, "nullIf", *at, hogql_datetime(a, 0), NULL);
}

/* With a source a name can be its own or the table's: each gets its table before it. */
static void qualify(struct actors *q, struct hogql_node **at)
{
    struct hogql_node *n = *at;
    if (!q->sourced || !n || n->kind == HOGQL_SELECT || n->kind == HOGQL_SET)
        return;
    if (n->kind == HOGQL_FIELD) {
        if (n->names_n)
            qualify_field(q, at);
        return;
    }
    for (uint32_t i = 0; i < n->n; i++)
        qualify(q, &n->kids[i]);
}

/* -------------------------------------------------------------------------- select */

static bool is_actor(const struct actors *q, const struct hogql_node *n)
{
    return query_is_field(n, "actor") || query_is_field(n, q->grouped ? "group" : "person");
}

static bool is_delete(const struct hogql_node *n)
{
    return n->kind == HOGQL_FIELD && n->names_n == 2 && str_eqz(n->names[0], "person") &&
           str_eqz(n->names[1], "$delete");
}

static int read_item(struct query_list *l, str text, struct query_item *out, struct err *e)
{
    struct actors *q = (struct actors *)l;
    int rc = query_list_item(l, text, out, e);
    if (rc < 0)
        return rc;
    if (is_actor(q, out->node))
        out->kind = ITEM_ACTOR;
    else if (!q->grouped && query_is_field(out->node, "person_display_name"))
        out->kind = ITEM_DISPLAY_NAME;
    else if (is_delete(out->node))
        out->node = hogql_int(l->j->arena, 1);
    else
        qualify(q, &out->node);
    if (out->kind == ITEM_PLAIN)
        return 0;
    q->asked = true;
    out->node = id_of(q);
    return 0;
}

static int read_select(struct actors *q, struct err *e)
{
    static const char *const persons[] = { "person", "id", "created_at", "person.$delete" };
    static const char *const groups[] = { "group" };
    return q->grouped ? query_list_select(&q->list, read_item, false, groups, ARRAY_LEN(groups), e)
                      : query_list_select(&q->list, read_item, false, persons, ARRAY_LEN(persons),
                                          e);
}

/* -------------------------------------------------------------------------- where */

static str naming_properties(const struct actors *q)
{
    str names = q->j->scope->display_names;
    return names.n ? names : STR("[\"email\",\"name\",\"username\"]");
}

/* A property or the id holds the text, whatever its case. */
static struct hogql_node *holds(struct actors *q, struct hogql_node *field, str text)
{
    struct arena *a = q->j->arena;
    struct hogql_node *place =
        hogql_call(a, "positionCaseInsensitiveUTF8", hogql_call(a, "toString", field, NULL),
                   hogql_string(a, text), NULL);
    return hogql_compare(a, HOGQL_GT, hogql_call(a, "ifNull", place, hogql_int(a, 0), NULL),
                         hogql_int(a, 0));
}

/* The condition that one of the person's distinct ids holds it. */
static int holds_distinct_id(struct actors *q, str text, struct hogql_node **out, struct err *e)
{
    struct arena *a = q->j->arena;
    struct hogql_placeholder ph[] = { { "text", hogql_string(a, text) },
                                      { "id", hogql_field(a, "id", NULL) },
                                      { NULL, NULL } };
    return hogql_parse_expr(a, STR("{id} IN (SELECT person_id FROM person_distinct_ids WHERE"
                                   " positionCaseInsensitiveUTF8(distinct_id, {text}) > 0)"),
                            ph, out, e);
}

static int add_search(struct actors *q, struct err *e)
{
    struct arena *a = q->j->arena;
    struct hogql_node *any, *ids;
    struct json *names;
    str text = STR_NULL;
    int rc = query_get_text(q->node, "search", &text, e);
    text = str_trim(text);
    if (rc < 0 || !text.n)
        return rc;
    if (q->grouped) {
        any = hogql_or(a, holds(q, hogql_field(a, "properties", "name", NULL), text),
                       holds(q, hogql_field(a, "key", NULL), text));
        query_list_also(&q->list, any);
        return 0;
    }
    rc = json_parse(a, naming_properties(q), &names, e);
    if (rc == 0)
        rc = holds_distinct_id(q, text, &ids, e);
    if (rc < 0)
        return rc;
    any = hogql_or(a, ids, holds(q, hogql_field(a, "id", NULL), text));
    for (const struct json *m = names->head; m; m = m->next)
        any = hogql_or(a, any,
                       holds(q, hogql_field_add(a, hogql_field(a, "properties", NULL), m->text),
                             text));
    query_list_also(&q->list, any);
    return 0;
}

static int read_where(struct actors *q, struct err *e)
{
    static const char *const keys[] = { "properties", "fixedProperties" };
    int rc = query_list_where(&q->list, e);
    for (size_t i = 0; i < ARRAY_LEN(keys) && rc == 0; i++) {
        struct hogql_node *condition;
        rc = query_properties(q->j, q->grouped ? PROPERTIES_OF_GROUPS : PROPERTIES_OF_PERSONS,
                              json_get(q->node, keys[i]), &condition, e);
        if (rc == 0)
            query_list_also(&q->list, condition);
    }
    if (rc == 0)
        rc = add_search(q, e);
    qualify(q, &q->list.where);
    qualify(q, &q->list.having);
    return rc;
}

/* -------------------------------------------------------------------------- order */

/* Persons are in the order of what they are called first. */
static int order_of(struct actors *q, struct hogql_node **at, struct err *e)
{
    struct arena *a = q->j->arena;
    struct json *names;
    bool actor = is_actor(q, *at) || query_is_field(*at, "person_display_name");
    if (actor && q->grouped)
        *at = hogql_field(a, "key", NULL);
    if (actor && !q->grouped) {
        int rc = json_parse(a, naming_properties(q), &names, e);
        if (rc < 0)
            return rc;
        *at = names->head ? hogql_field_add(a, hogql_field(a, "properties", NULL),
                                            names->head->text)
                          : hogql_field(a, "id", NULL);
    }
    qualify(q, at);
    return 0;
}

static int read_order(struct actors *q, struct err *e)
{
    struct arena *a = q->j->arena;
    struct query_list *l = &q->list;
    int rc = query_list_order(l, e);
    for (uint32_t i = 0; i < l->order->n && rc == 0; i++)
        rc = order_of(q, &l->order->kids[i]->kids[ORDER_EXPR], e);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < l->n && !l->order->n; i++)
        if (str_eqz(str_trim(l->items[i].text), "created_at"))
            hogql_add(a, l->order, hogql_order(a, hogql_copy(a, l->items[i].node), true));
    if (!l->order->n && l->items[0].node->kind != HOGQL_CONSTANT)
        hogql_add(a, l->order, hogql_order(a, hogql_copy(a, l->items[0].node), false));
    if (!l->aggregated) /* equal ones stay in their order from page to page */
        hogql_add(a, l->order, hogql_order(a, id_of(q), false));
    return 0;
}

/* -------------------------------------------------------------------------- statement */

static int build(struct actors *q, struct hogql_node **out, struct err *e)
{
    struct arena *a = q->j->arena;
    struct hogql_placeholder ph[] = {
        { "source", q->source.select },
        { "id", id_of(q) },
        { "index", hogql_int(a, q->source.group_index) },
        { NULL, NULL },
    };
    str text = STR("SELECT 1 FROM persons");
    if (!q->sourced)
        ph[0].name = NULL;
    else if (!q->joined)
        text = STR("SELECT 1 FROM {source} AS source");
    else if (q->grouped)
        text = STR("SELECT 1 FROM {source} AS source"
                   " LEFT JOIN (SELECT * FROM groups WHERE index = {index}) AS groups"
                   " ON groups.key = {id}");
    else
        text = STR("SELECT 1 FROM {source} AS source LEFT JOIN persons"
                   " ON persons.id = toUUID({id})");
    int rc = hogql_parse_select(a, text, ph, out, e);
    if (rc == 0)
        query_list_finish(&q->list, *out);
    return rc;
}

/* -------------------------------------------------------------------------- objects */

static int find(struct actors *q, struct db *db, str id, const struct found **out, struct err *e)
{
    void **slot = map_at(&q->found, id);
    if (*slot) {
        *out = *slot;
        return 0;
    }
    struct arena *a = q->j->arena;
    int64_t team = q->j->scope->team_id;
    struct found *f = *slot = arena_new_of(a, struct found);
    int rc = q->grouped ? group_find(db, a, team, (int)q->source.group_index, id, &f->group, e)
                        : person_find_uuid(db, a, team, id, &f->person, e);
    if (rc > 0 && !q->grouped) {
        rc = person_ids(db, a, f->person.id, LIMIT_PERSON_IDS, &f->ids, &f->ids_n, e);
        rc = rc < 0 ? rc : 1;
    }
    f->missing = rc == 0;
    *out = f;
    return rc < 0 ? rc : 0;
}

static void write_time(const struct actors *q, struct json_writer *w, int64_t us)
{
    char text[QUERY_TIME_TEXT];
    json_key(w, "created_at");
    json_str(w, (str){ text, query_time_text(q->j->calendar.tz, us, text) });
}

static void write_person(const struct actors *q, struct json_writer *w, const struct found *f)
{
    json_key(w, "properties");
    json_tree(w, f->person.properties);
    json_key(w, "is_identified");
    json_bool(w, f->person.identified);
    write_time(q, w, f->person.created_at);
    json_key(w, "distinct_ids");
    json_open(w, '[');
    for (size_t i = 0; i < f->ids_n; i++)
        json_str(w, f->ids[i].distinct_id);
    json_close(w, ']');
}

static void write_group(const struct actors *q, struct json_writer *w, const struct found *f)
{
    json_key(w, "type");
    json_z(w, "group");
    json_key(w, "group_key");
    json_str(w, f->group.key);
    json_key(w, "group_type_index");
    json_i64(w, f->group.idx);
    json_key(w, "properties");
    json_tree(w, f->group.properties);
    json_key(w, "group_properties");
    json_tree(w, f->group.properties);
    write_time(q, w, f->group.created_at);
}

static void write_actor(const struct actors *q, struct json_writer *w, str id,
                        const struct found *f)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, id);
    if (!f->missing && q->grouped)
        write_group(q, w, f);
    else if (!f->missing)
        write_person(q, w, f);
    json_close(w, '}');
}

static void write_display_name(const struct actors *q, struct json_writer *w, str id,
                               const struct found *f)
{
    json_open(w, '{');
    json_key(w, "display_name");
    json_str(w, f->missing ? id
                           : person_name(q->j->arena, &f->person, q->j->scope->display_names,
                                         f->ids, f->ids_n));
    json_key(w, "id");
    json_str(w, id);
    json_close(w, '}');
}

static int write_row(struct actors *q, struct db *db, const struct query_rows *rows,
                     const struct json *row, struct json_writer *w, struct err *e)
{
    const struct found *f = NULL;
    size_t i = 0;
    json_open(w, '[');
    for (const struct json *v = row->head; v && i < q->list.n; v = v->next, i++) {
        const struct query_item *it = &q->list.items[i];
        if (it->kind == ITEM_PLAIN) {
            query_list_value(&q->list, w, rows->types[i], v);
            continue;
        }
        if (v->type == JSON_NULL) {
            json_null(w);
            continue;
        }
        int rc = find(q, db, v->text, &f, e);
        if (rc < 0)
            return rc;
        if (it->kind == ITEM_ACTOR)
            write_actor(q, w, v->text, f);
        else
            write_display_name(q, w, v->text, f);
    }
    json_close(w, ']');
    q->missing += f && f->missing;
    return 0;
}

static int write_rows(struct actors *q, const struct query_rows *rows, struct buf *out,
                      struct err *e)
{
    const struct json *tree;
    int rc = query_rows_parse(q->j->arena, rows, &tree, e);
    if (rc < 0)
        return rc;
    struct json_writer w = JSON_WRITER(out);
    struct db *db = store_take(q->j->store);
    int64_t left = q->list.limit;
    json_open(&w, '[');
    for (const struct json *row = tree->head; row && rc == 0 && left-- > 0; row = row->next)
        rc = write_row(q, db, rows, row, &w, e);
    store_give(db);
    if (rc == 0)
        json_close(&w, ']');
    return rc;
}

/* -------------------------------------------------------------------------- the runs */

static int run(struct actors *q, const struct hogql_node *select, struct query_result *out,
               struct err *e)
{
    struct hogql_compiled compiled;
    struct query_rows rows;
    struct buf answer = BUF_INIT(LIMIT_QUERY_RESULT);
    int rc = query_execute(q->j, select, &compiled, &answer, e);
    if (rc == 0)
        rc = query_rows_read(q->j->arena, buf_view(&answer), &rows, e);
    if (rc == 0 && q->asked)
        rc = write_rows(q, &rows, &out->results, e);
    else if (rc == 0)
        query_rows_write(&rows, q->j->calendar.tz, (size_t)q->list.limit, &out->results);
    if (rc == 0) {
        struct json_writer w = query_members(out);
        out->has_more = rows.count > (size_t)q->list.limit;
        query_list_members(&q->list, &w, select, &rows, out);
        json_key(&w, "missing_actors_count");
        if (q->asked)
            json_i64(&w, q->missing);
        else
            json_null(&w);
        query_write_common(q->j, &w);
    }
    buf_release(&answer);
    return rc;
}

static int run_list(struct actors *q, struct query_result *out, struct err *e)
{
    struct hogql_node *select;
    int rc = read_select(q, e);
    if (rc == 0)
        rc = read_where(q, e);
    if (rc == 0)
        rc = read_order(q, e);
    if (rc == 0)
        rc = query_list_page(&q->list, e);
    if (rc == 0)
        rc = build(q, &select, e);
    return rc < 0 ? rc : run(q, select, out, e);
}

int query_run_actors(struct query_job *j, const struct json *node, struct query_result *out,
                     struct err *e)
{
    struct actors q = { .list = { .j = j, .node = node, .kind = "ActorsQuery" }, .j = j,
                        .node = node, .found = MAP_INIT(j->arena) };
    int rc = read_source(&q, e);
    return rc < 0 ? rc : run_list(&q, out, e);
}

/* The source alone: its columns as they are, in the order of ids. */
int query_run_insight_actors(struct query_job *j, const struct json *node,
                             struct query_result *out, struct err *e)
{
    struct actors q = { .list = { .j = j, .node = node, .kind = "InsightActorsQuery" }, .j = j,
                        .node = node, .sourced = true };
    struct arena *a = j->arena;
    struct hogql_node *select;
    int rc = query_actors_source(j, node, &q.source, e);
    if (rc < 0)
        return rc;
    q.columns = query_column_names(a, q.source.select, &q.columns_n);
    q.list.items = arena_alloc(a, q.columns_n * sizeof(*q.list.items));
    for (size_t i = 0; i < q.columns_n; i++)
        q.list.items[q.list.n++] = (struct query_item){
            .text = q.columns[i],
            .node = hogql_field_add(a, hogql_field(a, "source", NULL), q.columns[i]),
        };
    q.list.order = hogql_list(a, HOGQL_LIST);
    hogql_add(a, q.list.order, hogql_order(a, id_of(&q), false));
    rc = query_list_page(&q.list, e);
    if (rc == 0)
        rc = build(&q, &select, e);
    return rc < 0 ? rc : run(&q, select, out, e);
}
