/* decode.c - members of a query node with their types checked, and the members every answer has. */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "query/internal.h"
#include "query/shape.h"

int query_misfit(struct err *e, const char *where, const char *fmt, ...)
{
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    err_set(e, ERR_INVALID, NULL, "1 validation error for QueryRequest\n%s\n  %s", where, what);
    snprintf(e->code, sizeof(e->code), "parse_error");
    return e->kind;
}

static int member(const struct json *node, const char *key, enum json_type type, const char *what,
                  const struct json **out, struct err *e)
{
    const struct json *v = json_get(node, key);
    *out = NULL;
    if (!v || v->type == JSON_NULL)
        return 0;
    if (v->type != type)
        return query_misfit(e, key, "Input should be %s", what);
    *out = v;
    return 0;
}

int query_get_text(const struct json *node, const char *key, str *out, struct err *e)
{
    const struct json *v;
    int rc = member(node, key, JSON_STRING, "a valid string", &v, e);
    if (v)
        *out = v->text;
    return rc;
}

int query_get_list(const struct json *node, const char *key, const struct json **out,
                   struct err *e)
{
    const struct json *v;
    int rc = member(node, key, JSON_ARRAY, "a valid list", &v, e);
    if (v)
        *out = v;
    return rc;
}

int query_get_object(const struct json *node, const char *key, const struct json **out,
                     struct err *e)
{
    const struct json *v;
    int rc = member(node, key, JSON_OBJECT, "a valid dictionary", &v, e);
    if (v)
        *out = v;
    return rc;
}

int query_get_bool(const struct json *node, const char *key, bool *out, struct err *e)
{
    const struct json *v;
    int rc = member(node, key, JSON_BOOL, "a valid boolean", &v, e);
    if (v)
        *out = v->boolean;
    return rc;
}

int query_get_i64(const struct json *node, const char *key, int64_t *out, struct err *e)
{
    const struct json *v = json_get(node, key);
    if (!v || v->type == JSON_NULL)
        return 0;
    if (v->type == JSON_NUMBER && v->integer) {
        *out = v->i64;
        return 0;
    }
    /* Older clients send 100.0 and "100". */
    if (v->type == JSON_NUMBER && v->num == (double)(int64_t)v->num) {
        *out = (int64_t)v->num;
        return 0;
    }
    if (v->type == JSON_STRING && str_to_i64(str_trim(v->text), out))
        return 0;
    return query_misfit(e, key, "Input should be a valid integer");
}

struct json_writer query_members(struct query_result *result)
{
    struct json_writer w = JSON_WRITER(&result->members);
    w.more[0] = result->members.n > 0;
    return w;
}

struct query_span query_span_from(const struct query_result *result, size_t at)
{
    return (struct query_span){ at, result->members.n - at };
}

static void write_timing(struct json_writer *w, const char *name, int64_t us)
{
    json_open(w, '{');
    json_key(w, "k");
    json_z(w, name);
    json_key(w, "t");
    json_f64(w, (double)us / 1e6);
    json_close(w, '}');
}

void query_write_common(struct query_job *j, struct json_writer *w)
{
    static const char *const modes[] = {
        [HOGQL_PERSONS_OVERRIDE_JOINED] = "person_id_override_properties_joined",
        [HOGQL_PERSONS_OVERRIDE_ON_EVENTS] = "person_id_override_properties_on_events",
        [HOGQL_PERSONS_ON_EVENTS] = "person_id_no_override_properties_on_events",
        [HOGQL_PERSONS_DISABLED] = "disabled",
    };
    json_key(w, "modifiers");
    json_open(w, '{');
    json_key(w, "personsOnEventsMode");
    json_z(w, modes[j->hogql.persons_mode]);
    json_close(w, '}');
    json_key(w, "timings");
    json_open(w, '[');
    write_timing(w, "./compile", j->parse_us);
    write_timing(w, "./clickhouse_execute", j->spent.engine_us);
    json_close(w, ']');
    json_key(w, "error");
    json_null(w);
}

struct hogql_node *query_column(struct arena *a, str name)
{
    str *kept = arena_alloc(a, sizeof(*kept));
    *kept = name;
    return hogql_field_of(a, kept, 1);
}

struct hogql_node *query_group_property(struct arena *a, int64_t index, str key)
{
    static const char *const tables[] = { "group_0", "group_1", "group_2", "group_3", "group_4" };
    return hogql_field_add(a, hogql_field(a, tables[index], "properties", NULL), key);
}

struct hogql_node *query_group_column(struct arena *a, int64_t index)
{
    static const char *const columns[] = { "$group_0", "$group_1", "$group_2", "$group_3",
                                           "$group_4" };
    return hogql_field(a, columns[index], NULL);
}

struct hogql_node *query_union(struct arena *a, const struct hogql_node *selects)
{
    if (selects->n < 2)
        return selects->n ? selects->kids[0] : NULL;
    struct hogql_node *set = hogql_new(a, HOGQL_SET, SET_FIRST);
    str *operators = arena_alloc(a, selects->n * sizeof(*operators));
    for (uint32_t i = 0; i < selects->n; i++) {
        hogql_add(a, set, selects->kids[i]);
        operators[i] = i ? STR("UNION ALL") : STR("");
    }
    set->names = operators;
    set->names_n = selects->n;
    return set;
}

int query_get_group(const struct json *node, int64_t *out, struct err *e)
{
    *out = -1;
    int rc = query_get_i64(node, "aggregation_group_type_index", out, e);
    if (rc == 0 && (*out < -1 || *out > 4))
        rc = query_misfit(e, "aggregation_group_type_index", "Input should be 0, 1, 2, 3 or 4");
    return rc;
}

int query_get_compare(const struct json *node, bool *compare, str *to, struct err *e)
{
    const struct json *filter = NULL;
    *compare = false;
    *to = STR_NULL;
    struct query_calendar any = { .tz = tz_find(STR("UTC")) };
    int rc = query_get_object(node, "compareFilter", &filter, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_compare_filter, filter, e);
    if (rc == 0)
        rc = query_get_bool(filter, "compare", compare, e);
    if (rc == 0)
        rc = query_get_text(filter, "compare_to", to, e);
    struct query_date shift = query_date_parse(&any, *to);
    if (rc == 0 && str_trim(*to).n && !(shift.written && shift.unit))
        rc = query_misfit(e, "compareFilter.compare_to", "Input should be a time span such as '-1w'");
    return rc;
}

/* -------------------------------------------------------------------------- dates */

/* SPEC: a project without events begins in 2015. */
static int64_t beginning(void)
{
    return clock_days(2015, 1, 1) * 86400 * CLOCK_SECOND;
}

/* The time of the project's first event. */
static int first_event(struct query_job *j, int64_t *out, struct err *e)
{
    struct hogql_node *select;
    const struct json *tree;
    int rc = hogql_parse_select(j->arena, STR("SELECT count() > 0, min(timestamp) FROM events"),
                                NULL, &select, e);
    if (rc == 0)
        rc = query_select(j, select, &tree, e);
    if (rc < 0)
        return rc;
    const struct json *row = tree->head ? tree->head->head : NULL;
    *out = beginning();
    if (row && row->i64 && row->next)
        clock_parse(row->next->text, out);
    return 0;
}

int query_read_date(const struct query_job *j, const char *where, str text,
                    struct query_date *out, struct err *e)
{
    *out = query_date_parse(&j->calendar, text);
    if (out->written)
        return 0;
    return err_set(e, ERR_INVALID, NULL, "%s: \"" STR_FMT "\" is not a date", where,
                   STR_ARG(str_utf8_prefix(text, 100)));
}

static int check_date(const struct query_job *j, const char *where, str text, struct err *e)
{
    struct query_date d;
    return str_trim(text).n ? query_read_date(j, where, text, &d, e) : 0;
}

int query_read_dates(struct query_job *j, const struct json *node, enum query_interval interval,
                     struct query_dates *out, struct err *e)
{
    const struct json *range = NULL;
    str from = STR_NULL, to = STR_NULL, word = STR_NULL;
    bool keep = false;
    int64_t earliest = 0;
    int rc = query_get_object(node, "dateRange", &range, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_date_range, range, e);
    if (rc == 0)
        rc = query_get_text(range, "date_from", &from, e);
    if (rc == 0)
        rc = query_get_text(range, "date_to", &to, e);
    if (rc == 0)
        rc = check_date(j, "dateRange.date_from", from, e);
    if (rc == 0)
        rc = check_date(j, "dateRange.date_to", to, e);
    if (rc == 0)
        rc = query_get_bool(range, "explicitDate", &keep, e);
    if (rc == 0)
        rc = query_get_text(node, "interval", &word, e);
    if (rc == 0 && word.p && !query_interval_of(word, &interval))
        rc = query_misfit(e, "interval", "Input should be 'minute', 'hour', 'day', 'week' or "
                                         "'month'");
    if (rc == 0 && str_eqz(str_trim(from), "all"))
        rc = first_event(j, &earliest, e);
    if (rc == 0)
        query_dates_resolve(&j->calendar, from, to, keep, interval, earliest, out);
    return rc;
}

int query_read_days(struct query_job *j, const struct json *node, struct query_dates *out,
                    struct err *e)
{
    struct json *plain = json_merge(j->arena, node, NULL);
    json_set(plain, STR("interval"), json_new(j->arena, JSON_NULL));
    return query_read_dates(j, plain, INTERVAL_DAY, out, e);
}

void query_write_dates(struct json_writer *w, const struct query_dates *d,
                       struct query_result *out)
{
    char text[QUERY_TIME_TEXT];
    json_key(w, "resolved_date_range");
    size_t at = out->members.n;
    json_open(w, '{');
    json_key(w, "date_from");
    json_str(w, (str){ text, query_time_text(d->calendar.tz, d->from, text) });
    json_key(w, "date_to");
    json_str(w, (str){ text, query_time_text(d->calendar.tz, d->to, text) });
    json_close(w, '}');
    out->dates = query_span_from(out, at);
}
