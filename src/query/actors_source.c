/* actors_source.c - the actors that a `source` names, as a SELECT: see actors.h. */
#include "query/actors.h"
#include "query/breakdown.h"
#include "query/insight.h"
#include "query/shape.h"

static const struct {
    const char *kind;
    query_actors_fn actors;
    const char *own; /* a kind of click that only this insight has; NULL: none */
} insights[] = {
    { "FunnelsQuery", query_actors_funnels, "FunnelsActorsQuery" },
    { "LifecycleQuery", query_actors_lifecycle },
    { "PathsQuery", query_actors_paths },
    { "RetentionQuery", query_actors_retention },
    { "StickinessQuery", query_actors_stickiness, "StickinessActorsQuery" },
    { "TrendsQuery", query_actors_trends },
};

/* -------------------------------------------------------------------------- parts of a click */

int query_click_bucket(struct query_job *j, const struct query_click *click,
                       const struct query_dates *d, const int64_t *buckets, size_t n, size_t *at,
                       struct err *e)
{
    struct query_date date;
    size_t i = 0;
    *at = n;
    if (!click->day)
        return 0;
    if (click->day->type != JSON_STRING)
        return query_misfit(e, "source.day", "Input should be a valid string");
    int rc = query_read_date(j, "source.day", click->day->text, &date, e);
    if (rc < 0)
        return rc;
    int64_t bucket = query_dates_floor(d, date.at);
    while (i < n && buckets[i] != bucket)
        i++;
    if (i == n)
        return err_set(e, ERR_INVALID, NULL, "day \"" STR_FMT "\" is not in the query's range",
                       STR_ARG(str_utf8_prefix(click->day->text, 100)));
    *at = i;
    return 0;
}

int query_click_no_value(const struct query_click *click, struct err *e)
{
    return click->breakdown ? err_set(e, ERR_INVALID, NULL,
                                      "breakdown is given but the query has none")
                            : 0;
}

int query_click_breakdown(const struct query_click *click, const struct query_breakdown *b,
                          const struct json **out, struct err *e)
{
    *out = click->breakdown;
    if (!b->expression)
        return query_click_no_value(click, e);
    if (*out && !query_breakdown_fits(b, *out))
        return query_misfit(e, "source.breakdown", "Input should be %s",
                            b->list ? "a list with a value for each breakdown"
                                    : "a valid string");
    return 0;
}

int query_click_period(const struct query_click *click, unsigned periods, struct err *e)
{
    return click->previous && periods < 2
               ? err_set(e, ERR_INVALID, NULL,
                         "compare is \"previous\" but the query compares no periods")
               : 0;
}

int query_click_series(const struct query_click *click, size_t n, struct err *e)
{
    return click->series < 0 || (size_t)click->series >= n
               ? err_set(e, ERR_INVALID, NULL, "series %lld is not in the query",
                         (long long)click->series)
               : 0;
}

/* -------------------------------------------------------------------------- behind an insight */

static int read_click(const struct json *node, const struct query_shape *shape,
                      struct query_click *out, struct err *e)
{
    struct query_click c = { .node = node, .status = STR_NULL, .interval = -1 };
    const struct json *day = json_get(node, "day"), *breakdown = json_get(node, "breakdown");
    str compare = STR_NULL;
    int rc = query_shape_check(shape, node, e);
    if (rc == 0)
        rc = query_get_object(node, "source", &c.insight, e);
    if (rc == 0)
        rc = query_get_text(node, "status", &c.status, e);
    if (rc == 0)
        rc = query_get_i64(node, "interval", &c.interval, e);
    if (rc == 0)
        rc = query_get_i64(node, "series", &c.series, e);
    if (rc == 0)
        rc = query_get_text(node, "compare", &compare, e);
    if (rc == 0)
        rc = query_get_bool(node, "includeRecordings", &c.recordings, e);
    if (rc < 0)
        return rc;
    if (!c.insight)
        return query_misfit(e, "source.source", "Field required");
    if (compare.n && !str_eqz(compare, "current") && !str_eqz(compare, "previous"))
        return query_misfit(e, "source.compare", "Input should be 'current' or 'previous'");
    if (day && day->type != JSON_NULL && day->type != JSON_STRING && day->type != JSON_NUMBER)
        return query_misfit(e, "source.day", "Input should be a valid string");
    c.day = day && day->type != JSON_NULL && (day->type != JSON_STRING || day->text.n) ? day : NULL;
    c.breakdown = breakdown && breakdown->type != JSON_NULL ? breakdown : NULL;
    c.previous = str_eqz(compare, "previous");
    *out = c;
    return 0;
}

static int of_insight(struct query_job *j, const struct json *node, struct query_actors *out,
                      struct err *e)
{
    struct query_click click;
    str own = json_get_text(node, "kind");
    bool any = str_eqz(own, "InsightActorsQuery");
    int rc = read_click(node, str_eqz(own, "StickinessActorsQuery") ? &query_shape_stickiness_actors
                                                                   : &query_shape_insight_actors,
                        &click, e);
    if (rc < 0)
        return rc;
    str kind = json_get_text(click.insight, "kind");
    for (size_t i = 0; i < ARRAY_LEN(insights); i++)
        if (str_eqz(kind, insights[i].kind) &&
            (any || (insights[i].own && str_eqz(own, insights[i].own)))) {
            rc = insights[i].actors(j, &click, out, e);
            out->id = STR("actor_id");
            return rc;
        }
    return err_set(e, ERR_INVALID, NULL, "Actors of \"" STR_FMT "\" are not supported",
                   STR_ARG(str_utf8_prefix(kind, 100)));
}

/* -------------------------------------------------------------------------- of one's own query */

str *query_column_names(struct arena *a, const struct hogql_node *select, size_t *n)
{
    while (select->kind == HOGQL_SET && select->n > SET_FIRST)
        select = select->kids[SET_FIRST];
    const struct hogql_node *list = select->kind == HOGQL_SELECT ? select->kids[SELECT_COLUMNS]
                                                                 : NULL;
    *n = list ? list->n : 0;
    str *names = arena_alloc(a, (*n + 1) * sizeof(*names));
    for (size_t i = 0; i < *n; i++) {
        const struct hogql_node *x = list->kids[i];
        names[i] = STR_NULL;
        if (x->kind == HOGQL_ALIAS)
            names[i] = x->text;
        else if (x->kind == HOGQL_FIELD && x->names_n)
            names[i] = x->names[x->names_n - 1];
    }
    return names;
}

static bool holds_id(str name)
{
    for (size_t i = 0; i + 2 <= name.n; i++)
        if (str_eq_nocase(str_slice(name, i, i + 2), STR("id")))
            return true;
    return false;
}

/* SPEC: the column called group_key, actor_id or person_id, else the first whose name holds "id". */
static int id_column(struct query_job *j, struct query_actors *out, struct err *e)
{
    static const char *const known[] = { "group_key", "actor_id", "person_id" };
    size_t n;
    str *names = query_column_names(j->arena, out->select, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(known); k++)
            if (str_eqz(names[i], known[k])) {
                out->id = names[i];
                return 0;
            }
    for (size_t i = 0; i < n; i++)
        if (holds_id(names[i])) {
            out->id = names[i];
            return 0;
        }
    return err_set(e, ERR_INVALID, NULL, "Source query must have an id column");
}

static int of_hogql(struct query_job *j, const struct json *node, struct query_actors *out,
                    struct err *e)
{
    int rc = query_hogql_tree(j, node, &out->select, e);
    out->group_index = -1;
    return rc < 0 ? rc : id_column(j, out, e);
}

int query_actors_source(struct query_job *j, const struct json *source, struct query_actors *out,
                        struct err *e)
{
    static const struct {
        const char *kind;
        int (*read)(struct query_job *j, const struct json *node, struct query_actors *out,
                    struct err *e);
    } kinds[] = {
        { "InsightActorsQuery", of_insight },
        { "FunnelsActorsQuery", of_insight },
        { "StickinessActorsQuery", of_insight },
        { "HogQLQuery", of_hogql },
    };
    str kind = json_get_text(source, "kind");
    *out = (struct query_actors){ .group_index = -1, .id = STR_NULL };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eqz(kind, kinds[i].kind))
            return kinds[i].read(j, source, out, e);
    return err_set(e, ERR_INVALID, NULL, "A source of kind \"" STR_FMT "\" is not supported",
                   STR_ARG(str_utf8_prefix(kind, 100)));
}
