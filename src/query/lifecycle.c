/* lifecycle.c - LifecycleQuery: of the actors of each interval, who is new, who was there in the
 * one before, who came back after a pause; and who was there before and is not now.
 *
 * Intervals count whole, also the one that holds date_to. Who was there before the first is
 * looked up, so the scan begins one interval earlier: in the statement that one has the number 0.
 * An actor's intervals are the bits of a number where they fit, else a list. */
#include "base/limits.h"
#include "query/actors.h"
#include "query/insight.h"
#include "query/shape.h"

enum status { NEW, RETURNING, RESURRECTING, DORMANT, STATUSES };

static const char *const status_names[] = { "new", "returning", "resurrecting", "dormant" };

struct lifecycle {
    struct query_insight q;
    struct query_entity entity;
    struct query_dates dates;
    int64_t *buckets;
    size_t n;
    bool lists; /* what actors were active in is wanted as a list of buckets, not as bits */
    int64_t *data[STATUSES]; /* for each bucket */
};

/* -------------------------------------------------------------------------- request */

/* Which statuses are shown is the reader's affair; that they are statuses is checked. */
static int check_toggled(const struct json *node, struct err *e)
{
    const struct json *filter = NULL, *list = NULL;
    int rc = query_get_object(node, "lifecycleFilter", &filter, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_lifecycle_filter, filter, e);
    if (rc == 0)
        rc = query_get_list(filter, "toggledLifecycles", &list, e);
    for (const struct json *m = list ? list->head : NULL; m && rc == 0; m = m->next) {
        bool known = false;
        for (size_t i = 0; i < STATUSES && m->type == JSON_STRING; i++)
            known = known || str_eqz(m->text, status_names[i]);
        if (!known)
            rc = query_misfit(e, "lifecycleFilter.toggledLifecycles",
                              "Input should be 'new', 'returning', 'resurrecting' or 'dormant'");
    }
    return rc;
}

/* SPEC: only the first series is used. */
static int read_entity(struct lifecycle *l, struct err *e)
{
    const struct json *list = NULL;
    int rc = query_get_list(l->q.node, "series", &list, e);
    if (rc < 0)
        return rc;
    if (!list)
        return query_misfit(e, "query.LifecycleQuery.series", "Field required");
    if (!list->head)
        return query_misfit(e, "query.LifecycleQuery.series",
                            "List should have at least 1 item after validation, not 0");
    rc = query_entity_read(l->q.j, list->head, 0, &l->entity, e);
    if (!l->entity.math_word.p)
        l->entity.math_word = STR("total");
    return rc;
}

static int read_request(struct query_job *j, const struct json *node, struct lifecycle *l,
                        struct err *e)
{
    int rc = query_shape_check(&query_shape_lifecycle, node, e);
    if (rc == 0)
        rc = query_insight_read(j, node, &l->q, e);
    if (rc == 0)
        rc = read_entity(l, e);
    if (rc == 0)
        rc = check_toggled(node, e);
    if (rc == 0)
        rc = query_insight_refuse_breakdown(&l->q, "LifecycleQuery", e);
    if (rc == 0)
        rc = query_insight_refuse_compare(&l->q, "LifecycleQuery", e);
    if (rc == 0)
        rc = query_read_dates(j, node, INTERVAL_DAY, &l->dates, e);
    if (rc == 0)
        rc = query_dates_buckets(&l->dates, j->arena, &l->buckets, &l->n, e);
    return rc;
}

/* -------------------------------------------------------------------------- statement */

static const char as_bits[] = "groupBitOr(bitShiftLeft(_toInt64(1), {bucket}))";
static const char as_list[] = "arraySort(groupUniqArray({bucket}))";
static const char per_actor[] =
    "SELECT {actor} AS actor, {active} AS active FROM events WHERE {where} GROUP BY actor";
/* Persons as stored with their events: the birth is there, too. */
static const char per_actor_with_birth[] =
    "SELECT {actor} AS actor, {active} AS active, min(person.created_at) AS created_at"
    " FROM events WHERE {where} GROUP BY actor";
static const char born_persons[] =
    "SELECT a.actor AS actor, a.active AS active, ifNull(b.born, 0) AS born"
    " FROM {source} AS a LEFT JOIN (SELECT id AS actor, {bucket} AS born FROM persons WHERE {created}) AS b"
    " ON a.actor = b.actor";
static const char born_groups[] =
    "SELECT a.actor AS actor, a.active AS active, ifNull(b.born, 0) AS born"
    " FROM {source} AS a LEFT JOIN (SELECT key AS actor, {bucket} AS born FROM groups WHERE index = {index} AND {created}) AS b"
    " ON a.actor = b.actor";
static const char born_as_stored[] =
    "SELECT actor, active, if({created}, {bucket}, 0) AS born FROM {source}";
/* Of each bucket: who was active, was born in it, was active in the one before, and both. */
static const char counted_bits[] =
    "SELECT bucket, sum(same) AS actors, sumIf(same, bucket = born) AS fresh,"
    " sumIf(same, bitTest(moved, bucket)) AS kept,"
    " sumIf(same, bitTest(moved, bucket) AND bucket = born) AS both"
    " FROM (SELECT arrayJoin(arrayFilter(i -> bitTest(active, i), range(0, {n}))) AS bucket,"
    "   bitShiftLeft(active, 1) AS moved, born, same"
    "   FROM (SELECT active, born, count() AS same FROM {source} GROUP BY active, born))"
    " GROUP BY bucket";
static const char counted_list[] =
    "SELECT bucket, count() AS actors, countIf(bucket = born) AS fresh,"
    " countIf(bucket = last + 1) AS kept, countIf(bucket = last + 1 AND bucket = born) AS both"
    " FROM (SELECT born, active, arrayPushFront(arrayPopBack(active), -1) AS before"
    "   FROM {source}) ARRAY JOIN active AS bucket, before AS last GROUP BY bucket";

static int64_t scan_from(const struct lifecycle *l)
{
    return query_dates_step(&l->dates, l->buckets[0], -1);
}

static int64_t scan_to(const struct lifecycle *l)
{
    return query_dates_step(&l->dates, l->buckets[l->n - 1], 1) - 1;
}

static struct hogql_node *created_inside(const struct lifecycle *l)
{
    struct arena *a = l->q.j->arena;
    struct hogql_node *at = hogql_field(a, "created_at", NULL);
    return hogql_and(a, hogql_compare(a, HOGQL_GE, at, hogql_datetime(a, scan_from(l))),
                     hogql_compare(a, HOGQL_LE, hogql_copy(a, at),
                                   hogql_datetime(a, scan_to(l))));
}

static bool stored_with_events(const struct lifecycle *l)
{
    return l->q.group_index < 0 && l->q.j->hogql.persons_mode == HOGQL_PERSONS_ON_EVENTS;
}

/* One bit less than there are: the bits are moved by one to see the bucket before. */
static bool fits_bits(const struct lifecycle *l)
{
    return !l->lists && l->n + 1 < INSIGHT_BITS;
}

static int activity(struct lifecycle *l, struct hogql_node **out, struct err *e)
{
    struct arena *a = l->q.j->arena;
    struct hogql_placeholder of_bucket[] = { { "bucket", NULL }, { NULL, NULL } };
    struct hogql_node *active, *profiled;
    int rc = query_insight_bucket(&l->q, &l->dates, scan_from(l),
                                  hogql_field(a, "timestamp", NULL), &of_bucket[0].value, e);
    if (rc == 0)
        rc = hogql_parse_expr(a, str_of(fits_bits(l) ? as_bits : as_list), of_bucket, &active, e);
    if (rc < 0)
        return rc;
    profiled = hogql_compare(a, HOGQL_EQ, hogql_field(a, "person_mode", NULL),
                             hogql_string(a, STR("full")));
    struct hogql_node *more = hogql_and(a, query_insight_entity(&l->q, &l->entity),
                                        hogql_copy(a, l->q.filter));
    struct hogql_placeholder ph[] = {
        { "actor", query_insight_actor(&l->q) },
        { "active", active },
        { "where", query_insight_where(&l->q, scan_from(l), scan_to(l),
                                       hogql_and(a, more, profiled)) },
        { NULL, NULL },
    };
    return query_insight_select(&l->q, stored_with_events(l) ? per_actor_with_birth : per_actor,
                                ph, out, e);
}

/* SPEC: new is who was created in the interval, not whose first event of this name is in it. */
static int with_births(struct lifecycle *l, struct hogql_node *source, struct hogql_node **out,
                       struct err *e)
{
    struct arena *a = l->q.j->arena;
    struct hogql_node *bucket;
    int rc = query_insight_bucket(&l->q, &l->dates, scan_from(l),
                                  hogql_field(a, "created_at", NULL), &bucket, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "source", source },
        { "bucket", bucket },
        { "created", created_inside(l) },
        { "index", hogql_int(a, l->q.group_index) },
        { NULL, NULL },
    };
    const char *text = l->q.group_index >= 0    ? born_groups
                       : stored_with_events(l) ? born_as_stored
                                               : born_persons;
    return query_insight_select(&l->q, text, ph, out, e);
}

/* SELECT actor, active, born: one row for each actor. */
static int lives(struct lifecycle *l, struct hogql_node **out, struct err *e)
{
    struct hogql_node *source;
    int rc = activity(l, &source, e);
    return rc < 0 ? rc : with_births(l, source, out, e);
}

static int statement(struct lifecycle *l, struct hogql_node **out, struct err *e)
{
    struct hogql_node *source;
    int rc = lives(l, &source, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "source", source },
        { "n", hogql_int(l->q.j->arena, (int64_t)l->n + 1) },
        { NULL, NULL },
    };
    return query_insight_select(&l->q, fits_bits(l) ? counted_bits : counted_list, ph, out, e);
}

/* -------------------------------------------------------------------------- result */

/* [bucket, actors, fresh, kept, both] */
static int take_row(struct lifecycle *l, const struct json *row, struct err *e)
{
    int64_t v[5];
    size_t n = 0;
    for (const struct json *m = row->head; m && n < ARRAY_LEN(v); m = m->next)
        v[n++] = m->i64;
    if (n != ARRAY_LEN(v) || v[0] < 0 || (size_t)v[0] > l->n)
        return err_internal(e, "a row of a lifecycle has an unknown shape");
    size_t at = (size_t)v[0];
    if (at > 0) {
        l->data[NEW][at - 1] = v[2];
        l->data[RETURNING][at - 1] = v[3] - v[4];
        l->data[RESURRECTING][at - 1] = v[1] - v[2] - (v[3] - v[4]);
        l->data[DORMANT][at - 1] += v[3]; /* less who was there before: see below */
    }
    if (at < l->n)
        l->data[DORMANT][at] -= v[1];
    return 0;
}

static void write_item(struct lifecycle *l, struct json_writer *w, enum status s)
{
    str label = l->entity.custom_name.n ? l->entity.custom_name : l->entity.label;
    int64_t sum = 0;
    json_open(w, '{');
    json_key(w, "action");
    json_open(w, '{');
    query_entity_write(w, &l->entity);
    json_close(w, '}');
    json_key(w, "label");
    json_str(w, arena_printf(l->q.j->arena, STR_FMT " - %s", STR_ARG(label), status_names[s]));
    json_key(w, "status");
    json_z(w, status_names[s]);
    for (size_t i = 0; i < l->n; i++) {
        l->data[s][i] = query_insight_scaled(&l->q, l->data[s][i]);
        sum += l->data[s][i];
    }
    json_key(w, "count");
    json_f64(w, (double)sum);
    json_key(w, "data");
    json_open(w, '[');
    for (size_t i = 0; i < l->n; i++)
        json_i64(w, l->data[s][i]);
    json_close(w, ']');
    query_insight_write_buckets(&l->q, w, &l->dates, l->buckets, l->n);
    json_close(w, '}');
}

static int write_results(struct lifecycle *l, const struct json *rows, struct buf *out,
                         struct err *e)
{
    struct json_writer w = JSON_WRITER(out);
    for (size_t s = 0; s < STATUSES; s++) {
        size_t size = l->n * sizeof(*l->data[s]);
        l->data[s] = arena_alloc(l->q.j->arena, size);
        memset(l->data[s], 0, size);
    }
    for (const struct json *row = rows->head; row; row = row->next) {
        int rc = take_row(l, row, e);
        if (rc < 0)
            return rc;
    }
    json_open(&w, '[');
    for (size_t s = 0; s < STATUSES; s++)
        write_item(l, &w, (enum status)s);
    json_close(&w, ']');
    return 0;
}

int query_run_lifecycle(struct query_job *j, const struct json *node, struct query_result *out,
                        struct err *e)
{
    struct lifecycle l = { 0 };
    struct hogql_node *select;
    const struct json *rows;
    int rc = read_request(j, node, &l, e);
    if (rc == 0)
        rc = statement(&l, &select, e);
    if (rc == 0)
        rc = query_select(j, select, &rows, e);
    if (rc == 0)
        rc = write_results(&l, rows, &out->results, e);
    if (rc == 0)
        query_insight_finish(&l.q, select, &l.dates, out);
    return rc;
}

/* -------------------------------------------------------------------------- actors */

/* last, next: the buckets before and after in which the actor was active. Dormant is who is missing
 * in the bucket after. */
static const char *const status_conditions[STATUSES] = {
    [NEW] = "bucket >= {first} and bucket <= {until} and bucket = born",
    [RETURNING] = "bucket >= {first} and bucket <= {until} and bucket != born"
                  " and bucket = last + 1",
    [RESURRECTING] = "bucket >= {first} and bucket <= {until} and bucket != born"
                     " and bucket != last + 1",
    [DORMANT] = "bucket + 1 >= {first} and bucket + 1 <= {until} and next != bucket + 1",
};
static const char behind[] =
    "SELECT actor AS actor_id FROM (SELECT actor, born, active,"
    "   arrayPushFront(arrayPopBack(active), -1) AS before,"
    "   arrayPushBack(arrayPopFront(active), -1) AS after FROM {source})"
    " ARRAY JOIN active AS bucket, before AS last, after AS next"
    " WHERE {condition} GROUP BY actor_id";

static int read_status(const struct query_click *click, enum status *out, struct err *e)
{
    for (size_t i = 0; i < STATUSES; i++)
        if (str_eqz(click->status, status_names[i])) {
            *out = (enum status)i;
            return 0;
        }
    return query_misfit(e, "source.status",
                        "Input should be 'new', 'returning', 'resurrecting' or 'dormant'");
}

/* at: the bucket, n for all of them. */
static int behind_status(struct lifecycle *l, enum status status, size_t at,
                         struct hogql_node **out, struct err *e)
{
    struct arena *a = l->q.j->arena;
    struct hogql_node *source, *condition;
    struct hogql_placeholder range[] = {
        { "first", hogql_int(a, at < l->n ? (int64_t)at + 1 : 1) },
        { "until", hogql_int(a, (int64_t)(at < l->n ? at + 1 : l->n)) },
        { NULL, NULL },
    };
    int rc = lives(l, &source, e);
    if (rc == 0)
        rc = hogql_parse_expr(a, str_of(status_conditions[status]), range, &condition, e);
    if (rc < 0)
        return rc;
    struct hogql_placeholder ph[] = {
        { "source", source }, { "condition", condition }, { NULL, NULL }
    };
    return query_insight_select(&l->q, behind, ph, out, e);
}

int query_actors_lifecycle(struct query_job *j, const struct query_click *click,
                           struct query_actors *out, struct err *e)
{
    struct lifecycle l = { 0 };
    enum status status = NEW;
    size_t at;
    int rc = read_request(j, click->insight, &l, e);
    l.lists = true;
    if (rc == 0)
        rc = read_status(click, &status, e);
    if (rc == 0)
        rc = query_click_series(click, 1, e);
    if (rc == 0)
        rc = query_click_no_value(click, e);
    if (rc == 0)
        rc = query_click_period(click, 1, e);
    if (rc == 0)
        rc = query_click_bucket(j, click, &l.dates, l.buckets, l.n, &at, e);
    if (rc == 0)
        rc = behind_status(&l, status, at, &out->select, e);
    out->group_index = l.q.group_index;
    return rc;
}
