/* retention_result.c - pairs of a start and a value to rows: a table for each breakdown value, a
 * row for each interval, its values. */
#include <stdlib.h>

#include "base/map.h"
#include "query/retention.h"

/* Rows of one breakdown value; without a breakdown there is one. */
struct table {
    const struct json *label; /* NULL: no breakdown */
    int rank;                 /* 0 a value, 1 none, 2 all others */
    int64_t starts;
    int64_t *counts; /* n rows of values_n */
    double *totals;  /* the same, of the property */
    struct table *next;
};

struct result {
    struct retention *r;
    struct arena *a;
    struct map found; /* label as text -> struct table */
    struct table *tables;
    size_t n;
};

static struct table *table_of(struct result *o, const struct json *label)
{
    void **slot = map_at(&o->found, label ? query_breakdown_text(o->a, label) : STR("all"));
    if (*slot)
        return *slot;
    struct table *t = arena_new_of(o->a, struct table);
    size_t n = o->r->n * o->r->values_n;
    *t = (struct table){ .label = label, .next = o->tables };
    t->counts = arena_alloc(o->a, n * sizeof(*t->counts));
    t->totals = arena_alloc(o->a, n * sizeof(*t->totals));
    for (size_t i = 0; i < n; i++) {
        t->counts[i] = 0;
        t->totals[i] = 0;
    }
    t->rank = label ? query_breakdown_rank(&o->r->breakdown, label) : 0;
    o->tables = t;
    o->n++;
    return *slot = t;
}

/* [start, k, actors, total, label?] */
static int take_row(struct result *o, const struct json *row, struct err *e)
{
    const struct json *v[5] = { 0 };
    bool labelled = o->r->breakdown.expression != NULL;
    size_t n = 0;
    for (const struct json *m = row->head; m && n < ARRAY_LEN(v); m = m->next)
        v[n++] = m;
    if (n != 4 + (size_t)labelled || v[0]->i64 < 0 || (size_t)v[0]->i64 >= o->r->n ||
        v[1]->i64 < 0 || (size_t)v[1]->i64 >= o->r->values_n)
        return err_internal(e, "a row of a retention has an unknown shape");
    struct table *t = table_of(o, labelled ? v[4] : NULL);
    size_t at = (size_t)v[0]->i64 * o->r->values_n + (size_t)v[1]->i64;
    t->counts[at] += v[2]->i64;
    t->totals[at] += v[3]->num;
    return 0;
}

/* Cumulative: the statement counts each start at its last value. A mean is not scaled: that of a
 * sample stands for that of all. */
static void finish_table(const struct retention *r, struct table *t)
{
    for (size_t i = 0; i < r->n; i++) {
        int64_t *row = t->counts + i * r->values_n;
        for (size_t k = r->values_n; r->cumulative && k-- > 1;)
            row[k - 1] += row[k];
        t->starts += row[0];
        for (size_t k = 0; k < r->values_n; k++) {
            double *total = t->totals + i * r->values_n + k;
            if (r->aggregation == RETENTION_AVG)
                *total = row[k] ? *total / (double)row[k] : 0;
            else
                *total /= r->q.sample;
            row[k] = query_insight_scaled(&r->q, row[k]);
        }
    }
}

static int table_order(const void *x, const void *y)
{
    const struct table *a = *(struct table *const *)x, *b = *(struct table *const *)y;
    if (a->rank != b->rank)
        return a->rank - b->rank;
    if (a->starts != b->starts)
        return a->starts > b->starts ? -1 : 1;
    return a->label ? query_breakdown_compare(a->label, b->label) : 0;
}

static struct table **sorted(struct result *o)
{
    struct table **list = arena_alloc(o->a, (o->n + 1) * sizeof(*list));
    size_t n = 0;
    for (struct table *t = o->tables; t; t = t->next) {
        finish_table(o->r, t);
        list[n++] = t;
    }
    if (n)
        qsort(list, n, sizeof(*list), table_order);
    return list;
}

/* "Day 1"; a bracket of several intervals "Day 2-3". */
static str value_label(const struct result *o, size_t k)
{
    const struct retention *r = o->r;
    int64_t first = 0;
    for (size_t i = 0; i < k; i++)
        first += r->widths[i];
    int64_t last = first + r->widths[k] - 1;
    if (last == first)
        return arena_printf(o->a, "%s %lld", r->word, (long long)first);
    return arena_printf(o->a, "%s %lld-%lld", r->word, (long long)first, (long long)last);
}

static void write_row(const struct result *o, struct json_writer *w, const struct table *t,
                      size_t i, const str *labels)
{
    const struct retention *r = o->r;
    char date[QUERY_TIME_TEXT];
    json_open(w, '{');
    json_key(w, "label");
    json_str(w, arena_printf(o->a, "%s %zu", r->word, i));
    json_key(w, "date");
    json_str(w, (str){ date, query_time_text(r->dates.calendar.tz, r->buckets[i], date) });
    json_key(w, "values");
    json_open(w, '[');
    for (size_t k = 0; k < r->values_n; k++) {
        json_open(w, '{');
        json_key(w, "count");
        json_i64(w, t->counts[i * r->values_n + k]);
        if (r->aggregation != RETENTION_COUNT) {
            json_key(w, "aggregation_value");
            json_f64(w, t->totals[i * r->values_n + k]);
        }
        json_key(w, "label");
        json_str(w, labels[k]);
        json_close(w, '}');
    }
    json_close(w, ']');
    if (t->label) {
        json_key(w, "breakdown_value");
        json_tree(w, t->label);
    }
    json_close(w, '}');
}

int retention_write_results(struct retention *r, const struct json *rows, struct buf *out,
                            bool *more, struct err *e)
{
    struct arena *a = r->q.j->arena;
    struct result o = { .r = r, .a = a, .found = MAP_INIT(a) };
    struct json_writer w = JSON_WRITER(out);
    str *labels = arena_alloc(a, r->values_n * sizeof(*labels));
    if (!r->breakdown.expression)
        table_of(&o, NULL); /* is there, with zeros */
    for (const struct json *row = rows->head; row; row = row->next) {
        int rc = take_row(&o, row, e);
        if (rc < 0)
            return rc;
    }
    for (size_t k = 0; k < r->values_n; k++)
        labels[k] = value_label(&o, k);
    struct table **list = sorted(&o);
    *more = false;
    json_open(&w, '[');
    for (size_t t = 0; t < o.n; t++) {
        *more = *more || list[t]->rank == 2;
        for (size_t i = 0; i < r->n && (list[t]->rank != 2 || !r->breakdown.hide_other); i++)
            write_row(&o, &w, list[t], i, labels);
    }
    json_close(&w, ']');
    return 0;
}
