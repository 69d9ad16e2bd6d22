/* export.c - see export.h. */
#include "query/export.h"

#include "base/clock.h"
#include "query/internal.h"
#include "query/properties.h"

#define DAY (86400 * CLOCK_SECOND)
#define SESSION_LATE (3 * DAY)
#define SESSION_LONGEST (3 * DAY)
#define SECONDS (6 * 3600) /* of a statement: there is no end to how much one may read */

static void also(struct query_job *j, struct hogql_node **where, struct hogql_node *condition)
{
    *where = *where ? hogql_and(j->arena, *where, condition) : condition;
}

static bool is_sessions(const struct query_export *x)
{
    return str_eqz(x->model, "sessions");
}

static struct hogql_node *time_of(struct arena *a, const struct query_export *x)
{
    if (!is_sessions(x))
        return hogql_field(a, x->by_time ? "timestamp" : "inserted_at", NULL);
    struct hogql_node *end = hogql_field(a, "$end_timestamp", NULL);
    return x->by_time ? end
                      : hogql_call(a, "greatest", hogql_field(a, "max_inserted_at", NULL), end, NULL);
}

static void add_interval(struct query_job *j, const struct query_export *x,
                         struct hogql_node **where)
{
    struct arena *a = j->arena;
    if (x->from != INT64_MIN)
        also(j, where, hogql_compare(a, HOGQL_GE, time_of(a, x), hogql_datetime(a, x->from)));
    also(j, where, hogql_compare(a, HOGQL_LT, time_of(a, x), hogql_datetime(a, x->to)));
}

/* Sessions are made of their events for every query: bounds of their start tell which events need not be
 * read. An event that comes days after its session changes nothing that is exported. */
static void add_session_bounds(struct query_job *j, const struct query_export *x,
                               struct hogql_node **where)
{
    struct arena *a = j->arena;
    also(j, where, hogql_compare(a, HOGQL_LT, hogql_field(a, "$start_timestamp", NULL),
                                 hogql_datetime(a, x->to)));
    if (x->from == INT64_MIN)
        return;
    also(j, where, hogql_compare(a, HOGQL_GE, hogql_field(a, "$start_timestamp", NULL),
                                 hogql_datetime(a, x->from - SESSION_LATE - SESSION_LONGEST)));
    also(j, where, hogql_compare(a, HOGQL_GE, hogql_field(a, "$end_timestamp", NULL),
                                 hogql_datetime(a, x->from - SESSION_LATE)));
}

static void add_names(struct query_job *j, const struct json *list, enum hogql_compare op,
                      struct hogql_node **where)
{
    struct arena *a = j->arena;
    struct hogql_node *names = hogql_list(a, HOGQL_TUPLE);
    if (!json_is(list, JSON_ARRAY) || !list->head)
        return;
    for (const struct json *m = list->head; m; m = m->next)
        hogql_add(a, names, hogql_string(a, m->text));
    also(j, where, hogql_compare(a, op, hogql_field(a, "event", NULL), names));
}

static int add_filters(struct query_job *j, const struct json *filters, struct hogql_node **where,
                       struct err *e)
{
    struct hogql_node *condition;
    if (!json_is(filters, JSON_ARRAY) || !filters->head)
        return 0;
    int rc = query_properties(j, PROPERTIES_OF_EVENTS, filters, &condition, e);
    if (rc == ERR_INVALID) {
        struct err why = *e;
        return err_set(e, ERR_INVALID, NULL, "One or more provided filters are invalid: %s",
                       why.message);
    }
    if (rc == 0 && condition)
        also(j, where, condition);
    return rc;
}

static int add_part(struct query_job *j, const struct query_export *x, struct hogql_node **where,
                    struct err *e)
{
    struct hogql_node *condition;
    if (!x->hash_to)
        return 0;
    struct hogql_node *id = hogql_field(j->arena, is_sessions(x) ? "session_id" : "uuid", NULL);
    struct hogql_placeholder ph[] = { { "id", id },
                                      { "from", hogql_int(j->arena, x->hash_from) },
                                      { "to", hogql_int(j->arena, x->hash_to) },
                                      { "n", hogql_int(j->arena, QUERY_EXPORT_HASHES) },
                                      { NULL, NULL } };
    int rc = hogql_parse_expr(j->arena, STR("cityHash64({id}) % {n} >= {from} AND "
                                            "cityHash64({id}) % {n} < {to}"),
                              ph, &condition, e);
    if (rc == 0)
        also(j, where, condition);
    return rc;
}

static int make_where(struct query_job *j, const struct query_export *x, struct hogql_node **where,
                      struct err *e)
{
    *where = NULL;
    add_interval(j, x, where);
    if (is_sessions(x)) { /* lists and filters are of events */
        add_session_bounds(j, x, where);
        return add_part(j, x, where, e);
    }
    add_names(j, x->include, HOGQL_IN, where);
    add_names(j, x->exclude, HOGQL_NOT_IN, where);
    int rc = add_filters(j, x->filters, where, e);
    return rc < 0 ? rc : add_part(j, x, where, e);
}

/* The names of the list may be those of columns, and would hide them from the conditions: so these are
 * within. */
static const char row_query[] =
    "SELECT {list} FROM (SELECT uuid, team_id, event, timestamp, created_at, inserted_at, distinct_id,"
    " elements_chain, properties, poe.properties AS person_properties, event_person_id"
    " FROM events WHERE {where})";
static const char count_query[] =
    "SELECT count(), sum(length(properties) + length(poe.properties) + 200), min({time})"
    " FROM events WHERE {where}";

static const char session_query[] = "SELECT {list} FROM sessions WHERE {where}";
static const char session_count_query[] =
    "SELECT count(), count() * 1000, min({time}) FROM sessions WHERE {where}";

/* list: of row_query; NULL: there is none. */
static int make_select(struct query_job *j, const struct query_export *x, const char *text,
                       struct hogql_node *list, struct hogql_node **out, struct err *e)
{
    struct hogql_node *where;
    int rc = make_where(j, x, &where, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = { { "where", where },
                                      { "time", time_of(j->arena, x) },
                                      { list ? "list" : NULL, list },
                                      { NULL, NULL } };
    return hogql_parse_select(j->arena, str_of(text), ph, out, e);
}

static void begin(struct query_job *j, const struct query_scope *s)
{
    query_job_init(j, s);
    j->seconds = SECONDS;
    j->has_place = true; /* exports have places of their own */
    j->hogql.named = true;
    j->hogql.once = true;
    j->hogql.persons_mode = HOGQL_PERSONS_ON_EVENTS; /* as it was when they arrived */
}

static bool is_hogql(const struct query_export *x)
{
    return str_eqz(x->model, "hogql");
}

/* The project's own SELECT, as it reads elsewhere. */
static int make_hogql(struct query_job *j, const struct query_export *x, struct hogql_node **out,
                      struct err *e)
{
    struct query_job usual;
    query_job_init(&usual, j->scope);
    j->hogql.persons_mode = usual.hogql.persons_mode;
    if (x->hash_to)
        return err_internal(e, "rows of a query cannot be divided");
    int rc = query_export_modifiers(j, x->modifiers, e);
    return rc < 0 ? rc : query_export_tree(j, x, out, e);
}

static int count_hogql(struct query_job *j, const struct query_export *x,
                       struct query_export_size *out, struct err *e)
{
    struct hogql_node *rows, *select;
    const struct json *answer;
    int rc = make_hogql(j, x, &rows, e);
    struct hogql_placeholder ph[] = { { "rows", rc < 0 ? NULL : rows }, { NULL, NULL } };
    if (rc == 0)
        rc = hogql_parse_select(j->arena, STR("SELECT count() FROM {rows}"), ph, &select, e);
    if (rc == 0)
        rc = query_select(j, select, &answer, e);
    if (rc < 0)
        return rc;
    if (!answer->head || !answer->head->head)
        return err_internal(e, "no count of an export's rows");
    *out = (struct query_export_size){ answer->head->head->i64, 0, INT64_MIN };
    return 0;
}

int query_export_count(const struct query_scope *s, const struct query_export *x,
                       struct query_export_size *out, struct err *e)
{
    struct query_job j;
    struct hogql_node *select;
    const struct json *answer;
    begin(&j, s);
    if (is_hogql(x))
        return count_hogql(&j, x, out, e);
    int rc = make_select(&j, x, is_sessions(x) ? session_count_query : count_query, NULL, &select, e);
    if (rc == 0)
        rc = query_select(&j, select, &answer, e);
    if (rc < 0)
        return rc;
    const struct json *row = answer->head;
    if (!row || row->count != 3)
        return err_internal(e, "no count of an export's rows");
    const struct json *bytes = row->head->next;
    *out = (struct query_export_size){ row->head->i64, bytes->i64, INT64_MIN };
    if (out->rows && !clock_parse(bytes->next->text, &out->earliest))
        return err_internal(e, "no begin of an export's rows: " STR_FMT, STR_ARG(bytes->next->text));
    return 0;
}

int query_export_rows(const struct query_scope *s, const struct query_export *x, const char *format,
                      const char *settings, query_take_fn take, void *context, struct err *e)
{
    struct query_job j;
    struct hogql_compiled compiled;
    struct hogql_node *list = hogql_list(s->arena, HOGQL_LIST), *item, *select;
    begin(&j, s);
    int rc = is_hogql(x) ? make_hogql(&j, x, &select, e) : 0;
    for (const struct query_export_column *c = x->columns; c->hogql && rc == 0; c++) {
        rc = hogql_parse_expr(s->arena, str_of(c->hogql), NULL, &item, e);
        if (rc == 0)
            hogql_add(s->arena, list, hogql_alias(s->arena, item, str_of(c->name)));
    }
    if (rc == 0 && !is_hogql(x))
        rc = make_select(&j, x, is_sessions(x) ? session_query : row_query, list, &select, e);
    j.stream_settings = settings;
    return rc < 0 ? rc : query_stream(&j, select, &compiled, format, take, context, e);
}
