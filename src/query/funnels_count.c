/* funnels_count.c - the rows of a funnel's statement, one actor each, to numbers: each actor is
 * walked through the steps and added to the counts of its value. Rows are read as they arrive; what
 * is kept of an actor is a few numbers. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include "query/funnels.h"
#include "query/row_binary.h"

#define VALUES_MOST 100000    /* values of a breakdown told apart */
#define LONG 1000             /* events of an actor from which on the clock is looked at */
#define RETRY (64u << 10)     /* bytes of a row from which on it is not looked at for each piece */

struct counter {
    struct funnel *f;
    struct funnel_counts *out;
    struct arena *a;
    struct funnel_walker *walker;
    struct map found; /* text of a value -> struct funnel_value */
    size_t room;      /* of out->values */
    struct funnel_budget budget;
    struct buf rest;  /* the row that is not whole yet */
    size_t wanted;    /* bytes of it before it is looked at again */
    struct buf key;   /* of the value looked up */
    struct funnel_event *events;
    size_t events_room;
    int64_t until;   /* when the time for walking is over, as clock_mono_us; 0: no row came yet */
    bool late;       /* it was over */
    str actor;       /* whose events they are, when people are asked for */
    uint64_t actors; /* seen, to tell a value asked about from one that was before */
};

/* -------------------------------------------------------------------------- values */

struct funnel_value *funnel_value_new(struct funnel *f)
{
    struct arena *a = f->q.j->arena;
    struct funnel_value *v = arena_new_of(a, struct funnel_value);
    v->steps = f->rules.n;
    v->counts = arena_alloc(a, f->rules.n * sizeof(*v->counts));
    v->times = arena_alloc(a, f->rules.n * sizeof(*v->times));
    v->entered = arena_alloc(a, (f->buckets_n + 1) * sizeof(*v->entered));
    v->converted = arena_alloc(a, (f->buckets_n + 1) * sizeof(*v->converted));
    return v;
}

/* What a value takes, its times aside. */
static size_t value_bytes(const struct counter *c)
{
    return sizeof(struct funnel_value) + c->key.n +
           c->f->rules.n * (sizeof(uint64_t) + sizeof(struct funnel_times)) +
           c->f->buckets_n * 2 * sizeof(uint32_t);
}

static struct funnel_value *value_add(struct counter *c, const str *parts, size_t n)
{
    if (c->out->n >= VALUES_MOST || value_bytes(c) > c->budget.left) {
        if (!c->out->beyond)
            c->out->beyond = funnel_value_new(c->f);
        c->out->beyond->index = UINT32_MAX;
        return c->out->beyond;
    }
    struct funnel_value *v = funnel_value_new(c->f);
    c->budget.left -= value_bytes(c);
    v->label = arena_alloc(c->a, n * sizeof(*v->label));
    v->label_n = n;
    for (size_t i = 0; i < n; i++)
        v->label[i] = arena_str(c->a, parts[i]);
    v->index = (uint32_t)c->out->n;
    if (c->out->n == c->room) { /* doubled: the lists left behind take no more than the last */
        struct funnel_value **list =
            arena_alloc(c->a, (c->room = c->room ? c->room * 2 : 16) * sizeof(*list));
        if (c->out->n)
            memcpy(list, c->out->values, c->out->n * sizeof(*list));
        c->out->values = list;
    }
    c->out->values[c->out->n++] = v;
    return v;
}

/* The value of these parts. Texts that stand for "no value" are empty here. */
static struct funnel_value *value_of(struct counter *c, str *parts, size_t n)
{
    buf_reset(&c->key);
    for (size_t i = 0; i < n; i++) {
        if (str_eqz(parts[i], BREAKDOWN_NONE))
            parts[i] = STR("");
        buf_add(&c->key, &parts[i].n, sizeof(parts[i].n));
        buf_str(&c->key, parts[i]);
    }
    struct funnel_value *v = map_get(&c->found, buf_view(&c->key));
    if (v)
        return v;
    v = value_add(c, parts, n);
    if (v != c->out->beyond)
        *map_at(&c->found, arena_str(c->a, buf_view(&c->key))) = v;
    return v;
}

int funnel_compare_labels(const struct funnel_value *x, const struct funnel_value *y)
{
    for (size_t i = 0; i < x->label_n && i < y->label_n; i++) {
        int order = str_compare(x->label[i], y->label[i]);
        if (order)
            return order;
    }
    return 0;
}

/* A text, or a list of texts; an empty list, from the engine's "nothing found", has no value. */
static struct funnel_value *read_value(struct counter *c, struct row_binary *r)
{
    str parts[BREAKDOWNS_MAX] = { STR_INIT(""), STR_INIT(""), STR_INIT("") };
    size_t n = c->f->breakdown.list ? c->f->breakdown.n : 1;
    uint64_t there = c->f->breakdown.list ? row_binary_length(r) : 1;
    for (uint64_t i = 0; i < there && !r->cut; i++) {
        str part = row_binary_str(r);
        if (i < n)
            parts[i] = part;
    }
    return value_of(c, parts, n);
}

static void skip_value(const struct counter *c, struct row_binary *r)
{
    for (uint64_t n = c->f->breakdown.list ? row_binary_length(r) : 1; n > 0 && !r->cut; n--)
        row_binary_str(r);
}

/* -------------------------------------------------------------------------- one actor */

/* From the step before it that could not be skipped; as it was a conversion, it took time. */
static void add_times(struct counter *c, struct funnel_value *v, const struct funnel_path *path)
{
    int64_t before = INT64_MAX;
    for (unsigned i = 0; i < c->f->rules.n; i++) {
        if (!(path->steps >> i & 1))
            continue;
        v->counts[i]++;
        if (path->times[i] > before)
            funnel_times_add(&v->times[i], path->times[i] - before, FUNNEL_TIMES_MOST,
                             &c->budget);
        if (!(c->f->rules.optional >> i & 1))
            before = path->times[i];
    }
}

static void add_whole(struct counter *c, const struct funnel_path *path)
{
    if (funnel_reached(path) > (unsigned)c->f->to_step)
        funnel_times_add(&c->out->whole,
                         path->times[c->f->to_step] - path->times[c->f->from_step], SIZE_MAX,
                         &c->budget);
}

static void found(struct counter *c, const struct funnel_value *v)
{
    struct funnel_people *people = c->f->people;
    people->bytes += c->actor.n + 1;
    if (people->bytes > LIMIT_FUNNEL_PEOPLE) /* refused at the end */
        return;
    people->found = arena_grown(c->a, people->found, people->n, sizeof(*people->found));
    people->found[people->n++] = (struct funnel_person){ arena_str(c->a, c->actor), v };
}

static void find(struct counter *c, const struct funnel_value *v, const struct funnel_path *path)
{
    const struct funnel_people *people = c->f->people;
    unsigned reached = funnel_reached(path);
    bool furthest = !people->furthest ||
                    (reached && people->furthest >> (reached - 1) & 1);
    if (reached && furthest && (path->steps & people->with) == people->with &&
        !(path->steps & people->without))
        found(c, v);
}

static bool begins(const struct counter *c, const struct funnel_event *event)
{
    return c->f->rules.order == FUNNEL_UNORDERED ? event->steps != 0 : event->steps & 1;
}

/* The events of ways that begin in [i, next): from the first instant at which one may, to the end
 * of the last one's window. */
static size_t slice_of(const struct counter *c, const struct funnel_event *events, size_t n,
                       size_t *i, size_t next)
{
    size_t first = *i, last = next;
    while (first < next && !begins(c, &events[first]))
        first++;
    if (first == next)
        return 0;
    while (!begins(c, &events[last - 1]))
        last--;
    while (first > *i && events[first - 1].at == events[first].at)
        first--;
    size_t end = last;
    while (end < n && events[end].at - events[last - 1].at <= c->f->rules.window)
        end++;
    *i = first;
    return end - first;
}

/* An actor with very many events is walked many times: for each bucket, for each value. */
static bool is_late(struct counter *c, size_t n)
{
    if (n > LONG && !c->late)
        c->late = clock_mono_us() > c->until;
    return c->late;
}

/* An actor counts once in each bucket in which it set out: the furthest way from there. */
static void add_trend(struct counter *c, struct funnel_value *v, const struct funnel_event *events,
                      size_t n)
{
    const struct funnel *f = c->f;
    for (size_t i = 0, next, bucket = 0; i < n && !is_late(c, n); i = next) {
        struct funnel_path path;
        while (bucket + 1 < f->buckets_n && events[i].at >= f->buckets[bucket + 1])
            bucket++;
        int64_t to = bucket + 1 < f->buckets_n ? f->buckets[bucket + 1] : INT64_MAX;
        for (next = i; next < n && events[next].at < to;)
            next++;
        size_t length = slice_of(c, events, n, &i, next);
        funnel_walk(c->walker, events + i, length, v->index, f->buckets[bucket], to, &path);
        bool entered = funnel_reached(&path) > (unsigned)f->from_step;
        bool converted = funnel_reached(&path) > (unsigned)f->to_step;
        v->entered[bucket] += entered;
        v->converted[bucket] += converted;
        if (f->people && entered && converted != f->people->dropped &&
            f->buckets[bucket] == f->people->bucket)
            found(c, v);
    }
}

static void add(struct counter *c, struct funnel_value *v, const struct funnel_event *events,
                size_t n)
{
    struct funnel_path path;
    if (c->f->viz == FUNNEL_VIZ_TRENDS) {
        add_trend(c, v, events, n);
        return;
    }
    funnel_walk(c->walker, events, n, v->index, INT64_MIN, INT64_MAX, &path);
    if (c->f->people)
        find(c, v, &path);
    if (c->f->viz == FUNNEL_VIZ_TIMES)
        add_whole(c, &path);
    else
        add_times(c, v, &path);
}

static int by_value(const void *x, const void *y)
{
    const struct funnel_event *a = x, *b = y;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static struct funnel_value *value_at(struct counter *c, uint32_t index)
{
    return index < c->out->n ? c->out->values[index] : c->out->beyond;
}

static void add_each(struct counter *c, struct funnel_event *events, size_t n)
{
    qsort(events, n, sizeof(*events), by_value);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && events[end].value == events[i].value;)
            end++;
        add(c, value_at(c, events[i].value), events + i, end - i);
    }
}

/* The value of the step's event: of those with which the actor comes furthest, the earliest one. An
 * actor who never does the step has none. */
static struct funnel_value *value_of_step(struct counter *c, const struct funnel_event *events,
                                          size_t n)
{
    uint32_t mask = c->f->rules.order == FUNNEL_UNORDERED ? UINT32_MAX
                                                          : 1u << c->f->attribution_step;
    str none[BREAKDOWNS_MAX] = { STR_INIT(""), STR_INIT(""), STR_INIT("") };
    struct funnel_value *best = NULL;
    struct funnel_path path;
    unsigned furthest = 0;
    int64_t at = 0;
    c->actors++;
    for (size_t i = 0; i < n && !is_late(c, n); i++) {
        struct funnel_value *v = value_at(c, events[i].value);
        if (!(events[i].steps & mask) || v->asked == c->actors)
            continue;
        v->asked = c->actors;
        funnel_walk(c->walker, events, n, v->index, INT64_MIN, INT64_MAX, &path);
        unsigned reached = funnel_reached(&path);
        bool equal = best && reached == furthest && events[i].at == at;
        if (best && reached <= furthest && !(equal && funnel_compare_labels(v, best) < 0))
            continue;
        best = v;
        furthest = reached;
        at = events[i].at;
    }
    return best ? best : value_of(c, none, c->f->breakdown.list ? c->f->breakdown.n : 1);
}

/* value is the set of the cohorts that the event's person is in. */
static void add_cohorts(struct counter *c, const struct funnel_event *events, size_t n)
{
    for (size_t i = 0; i < c->f->cohorts_n; i++) {
        size_t kept = 0;
        for (size_t k = 0; k < n; k++)
            if (events[k].value >> i & 1)
                c->events[n + kept++] = events[k]; /* there is room for all of them twice */
        if (kept)
            add(c, c->out->values[i], c->events + n, kept);
    }
}

static void add_actor(struct counter *c, struct funnel_value *label, size_t n)
{
    struct funnel_event *events = c->events;
    if (!n)
        return;
    if (c->f->breakdown.expression && c->f->attribution == FUNNEL_ALL_EVENTS) {
        add_each(c, events, n);
        return;
    }
    funnel_sort(events, n);
    if (c->f->cohorts_n) {
        add_cohorts(c, events, n);
        return;
    }
    if (funnel_has_values(c->f))
        label = value_of_step(c, events, n);
    add(c, label, events, n);
}

/* -------------------------------------------------------------------------- rows */

/* Twice as many fit: a cohort's are copied behind all. */
static void make_room(struct counter *c, size_t n)
{
    if (n * 2 <= c->events_room)
        return;
    c->events_room = n * 3;
    free(c->events);
    c->events = malloc(c->events_room * sizeof(*c->events));
    BUG_ON(!c->events);
}

/* False: it is neither a step nor an exclusion. */
static bool read_event(const struct funnel *f, const char *p, size_t width,
                       struct funnel_event *event)
{
    unsigned __int128 number = 0;
    memcpy(&number, p, width);
    uint64_t marks = (uint64_t)number & ((1ull << f->bits) - 1), exclusions = marks >> f->rules.n;
    event->at = f->dates.from + (int64_t)(number >> f->bits);
    event->steps = (uint32_t)(marks & ((1ull << f->rules.n) - 1));
    event->exclusions = 0;
    for (uint32_t steps = f->excluded; steps && exclusions; steps &= steps - 1, exclusions >>= 1)
        if (exclusions & 1)
            event->exclusions |= steps & -steps;
    return marks != 0;
}

/* False: the row is not whole. Events that are no step are left out, but for strict funnels. */
static bool read_row(struct counter *c, struct row_binary *r, struct err *e, int *rc)
{
    const struct funnel *f = c->f;
    struct row_binary all = *r; /* values are looked up only once the row is whole */
    struct funnel_value *label = NULL;
    size_t n, width = f->wide ? 16 : 8, kept = 0;
    bool labelled = f->breakdown.expression && !funnel_has_values(f);
    if (f->people)
        c->actor = row_binary_str(&all);
    struct row_binary labels = all;
    if (labelled)
        skip_value(c, &all);
    const char *visits = row_binary_numbers(&all, width, &n);
    size_t marked = n;
    const char *cohorts = f->cohorts_n ? row_binary_numbers(&all, 8, &marked) : NULL;
    struct row_binary values = all;
    if (funnel_has_values(f))
        for (uint64_t i = row_binary_length(&all); i > 0 && !all.cut; i--)
            skip_value(c, &all);
    if (all.cut)
        return false;
    if (labelled)
        label = read_value(c, &labels);
    else if (!funnel_is_split(f))
        label = c->out->values[0];
    if (marked != n || (funnel_has_values(f) && row_binary_length(&values) != n)) {
        *rc = err_internal(e, "the arrays of a funnel's row differ in length");
        return true;
    }
    make_room(c, n);
    for (size_t i = 0; i < n; i++) {
        struct funnel_event *event = &c->events[kept];
        bool any = read_event(f, visits + i * width, width, event);
        event->value = funnel_has_values(f) ? read_value(c, &values)->index : 0;
        if (cohorts)
            memcpy(&event->value, cohorts + i * 8, sizeof(event->value));
        kept += any || f->rules.order == FUNNEL_STRICT;
    }
    *r = all;
    add_actor(c, label, kept);
    if (c->late)
        *rc = err_set(e, ERR_TIMEOUT, NULL, NULL);
    return true;
}

static int take_rows(struct counter *c, str s, size_t *used, struct err *e)
{
    struct row_binary r = { s.p, s.p + s.n, false };
    int rc = 0;
    *used = 0;
    while (rc == 0 && r.p < r.end && read_row(c, &r, e, &rc))
        *used = (size_t)(r.p - s.p);
    return rc;
}

static int take(void *context, str piece, struct err *e)
{
    struct counter *c = context;
    size_t used = 0;
    int rc = 0;
    if (!c->until)
        c->until = clock_mono_us() + c->f->q.j->seconds * CLOCK_SECOND;
    if (!c->rest.n) {
        rc = take_rows(c, piece, &used, e);
        buf_add(&c->rest, piece.p + used, piece.n - used);
    } else {
        buf_str(&c->rest, piece);
        if (c->rest.n < c->wanted && !c->rest.full)
            return 0;
        rc = take_rows(c, buf_view(&c->rest), &used, e);
        memmove(c->rest.p, c->rest.p + used, c->rest.n - used);
        c->rest.n -= used;
    }
    if (rc == 0 && c->rest.full)
        return err_set(e, ERR_INVALID, NULL, "An actor of the funnel has too many events.");
    c->wanted = c->rest.n < RETRY ? 0 : c->rest.n * 3 / 2;
    return rc;
}

static void release_times(void *p)
{
    struct funnel_counts *counts = p;
    for (size_t i = 0; i < counts->n; i++)
        for (unsigned step = 0; step < counts->steps; step++)
            funnel_times_release(&counts->values[i]->times[step]);
    for (unsigned step = 0; counts->beyond && step < counts->steps; step++)
        funnel_times_release(&counts->beyond->times[step]);
    funnel_times_release(&counts->whole);
}

int funnel_count(struct funnel *f, const struct hogql_node *select, struct funnel_counts *out,
                 struct err *e)
{
    struct arena *a = f->q.j->arena;
    struct counter c = { .f = f, .out = out, .a = a, .found = MAP_INIT(a),
                         .walker = funnel_walker_new(a, &f->rules),
                         .budget = { LIMIT_FUNNEL_MEMORY },
                         .rest = BUF_INIT(LIMIT_FUNNEL_ACTOR), .key = BUF_INIT(1u << 20) };
    *out = (struct funnel_counts){ .steps = f->rules.n };
    arena_defer(a, release_times, out);
    for (size_t i = 0; i < f->cohorts_n; i++)
        value_add(&c, &f->cohorts[i].name, 1)->cohort = &f->cohorts[i];
    if (!funnel_is_split(f))
        value_add(&c, NULL, 0);
    struct hogql_compiled compiled;
    int rc = query_stream(f->q.j, select, &compiled, "RowBinary", take, &c, e);
    if (rc == 0 && c.rest.n)
        rc = err_internal(e, "the last row of a funnel's statement is not whole");
    if (rc == 0 && out->whole.n < out->whole.seen)
        rc = err_set(e, ERR_INVALID, NULL, "The funnel has too many conversions to sort them into "
                                           "bins.");
    if (rc == 0 && f->people && f->people->bytes > LIMIT_FUNNEL_PEOPLE)
        rc = err_set(e, ERR_INVALID, NULL, "There are too many people behind this number to list "
                                           "them.");
    buf_release(&c.rest);
    buf_release(&c.key);
    free(c.events);
    return rc;
}
