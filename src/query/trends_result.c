/* trends_result.c - rows of the statement to series: each number in its bucket, series in order,
 * formulas over them, and their JSON. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include "query/trends.h"

struct result {
    struct trends *t;
    struct arena *a;
    struct map found; /* "series period value" -> struct trends_row */
    struct trends_row *rows;
    size_t n;
    bool more;
    str filter; /* the echo of the query, JSON; the same in every item */
};

/* -------------------------------------------------------------------------- rows */

static struct trends_row *row_new(struct result *r, const struct query_entity *entity,
                                  enum trends_period period, const struct json *label)
{
    struct trends_row *row = arena_new_of(r->a, struct trends_row);
    *row = (struct trends_row){ .entity = entity, .period = period, .value = label };
    row->data = arena_alloc(r->a, (r->t->buckets_n[period] + 1) * sizeof(*row->data));
    row->rank = label ? query_breakdown_rank(&r->t->breakdown, label) : 0;
    row->next = r->rows;
    r->rows = row;
    r->n++;
    return row;
}

static struct trends_row *row_of(struct result *r, const struct query_entity *entity,
                                 enum trends_period period, const struct json *label)
{
    str text = label ? query_breakdown_text(r->a, label) : STR("");
    str key = arena_printf(r->a, "%zu %d " STR_FMT, entity->order, (int)period, STR_ARG(text));
    void **slot = map_at(&r->found, key);
    if (!*slot)
        *slot = row_new(r, entity, period, label);
    return *slot;
}

/* The place of a bucket; -1: outside of the range. */
static ptrdiff_t place_of(const struct trends *t, enum trends_period period,
                          const struct json *bucket)
{
    const struct query_dates *d = &t->dates[period];
    const int64_t *at = t->buckets[period];
    size_t low = 0, high = t->buckets_n[period];
    int64_t us;
    if (bucket->type == JSON_NUMBER)
        us = bucket->i64 * CLOCK_SECOND;
    else if (clock_parse(bucket->text, &us)) /* a local date */
        us = tz_instant(d->calendar.tz, us);
    else
        return -1;
    while (low < high) { /* the first one after us */
        size_t mid = low + (high - low) / 2;
        if (at[mid] <= us)
            low = mid + 1;
        else
            high = mid;
    }
    return low && at[low - 1] == us ? (ptrdiff_t)low - 1 : -1;
}

static double number_of(const struct json *v)
{
    return json_is(v, JSON_NUMBER) && isfinite(v->num) ? v->num : 0;
}

/* SPEC: of a sample, counts and sums stand for more; averages and quantiles are what they are. Things
 * that are counted are whole. */
static double scaled(const struct trends *t, const struct query_entity *en, double number)
{
    if (!t->scaled[en->order])
        return number;
    bool counts = en->math->additive && !en->math->needs_value;
    return counts ? round(number / t->sample) : number / t->sample;
}

/* [series, period, number, bucket?, label?] */
static int take_row(struct result *r, const struct json *row, struct err *e)
{
    const struct trends *t = r->t;
    const struct json *v[5] = { 0 };
    size_t n = 0;
    for (const struct json *m = row->head; m && n < ARRAY_LEN(v); m = m->next)
        v[n++] = m;
    size_t want = 3 + (size_t)(t->display != DISPLAY_TOTAL) + (t->breakdown.expression != NULL);
    if (n != want || v[0]->i64 < 0 || (size_t)v[0]->i64 >= t->series_n || v[1]->i64 < 0 ||
        v[1]->i64 >= PERIODS)
        return err_internal(e, "a row of a trends statement has an unknown shape");
    const struct query_entity *entity = &t->series[v[0]->i64];
    enum trends_period period = (enum trends_period)v[1]->i64;
    ptrdiff_t place = t->display == DISPLAY_TOTAL ? 0 : place_of(t, period, v[3]);
    if (place < 0)
        return 0;
    struct trends_row *to =
        row_of(r, entity, period, t->breakdown.expression ? v[want - 1] : NULL);
    to->data[place] += scaled(t, entity, number_of(v[2])) * entity->multiplier;
    return 0;
}

/* Without a breakdown every series is there, with zeros; but for actions that are not. */
static void add_missing(struct result *r)
{
    const struct trends *t = r->t;
    if (t->breakdown.expression)
        return;
    for (size_t i = 0; i < t->series_n; i++)
        for (unsigned p = 0; p < t->periods && !t->series[i].missing; p++)
            row_of(r, &t->series[i], (enum trends_period)p, NULL);
}

/* -------------------------------------------------------------------------- numbers */

/* SPEC: the floor of the mean of the last n points, of fewer at the beginning. */
static void smooth(struct result *r, struct trends_row *row, size_t n)
{
    int64_t width = r->t->smoothing;
    double *out = arena_alloc(r->a, (n + 1) * sizeof(*out)), sum = 0;
    for (size_t i = 0; i < n; i++) {
        size_t from = i + 1 > (size_t)width ? i + 1 - (size_t)width : 0;
        sum = 0;
        for (size_t k = from; k <= i; k++)
            sum += row->data[k];
        out[i] = floor(sum / (double)(i + 1 - from));
    }
    row->data = out;
}

static void finish_row(struct result *r, struct trends_row *row)
{
    const struct trends *t = r->t;
    size_t n = t->buckets_n[row->period];
    if (t->smoothing > 1 && t->smoothing <= LIMIT_BUCKETS && t->display != DISPLAY_TOTAL)
        smooth(r, row, n);
    for (size_t i = 1; i < n && t->display == DISPLAY_CUMULATIVE; i++)
        row->data[i] += row->data[i - 1];
    row->sum = 0;
    for (size_t i = 0; i < n; i++)
        row->sum += row->data[i];
    if (t->display == DISPLAY_CUMULATIVE)
        row->sum = n ? row->data[n - 1] : 0;
}

/* -------------------------------------------------------------------------- formulas */

/* The row of one formula, period and breakdown value, over the rows of its series. */
static struct trends_row *formula_row(struct result *r, const struct trends_formula *f,
                                      const struct trends_row *like)
{
    const struct trends *t = r->t;
    size_t n = t->buckets_n[like->period];
    struct trends_row *row = row_new(r, NULL, like->period, like->value);
    const struct trends_row **of = arena_alloc(r->a, t->series_n * sizeof(*of));
    double *values = arena_alloc(r->a, t->series_n * sizeof(*values));
    str text = like->value ? query_breakdown_text(r->a, like->value) : STR("");
    for (size_t s = 0; s < t->series_n; s++)
        of[s] = map_get(&r->found, arena_printf(r->a, "%zu %d " STR_FMT, s, (int)like->period,
                                                STR_ARG(text)));
    row->formula = f;
    for (size_t i = 0; i < n; i++) {
        for (size_t s = 0; s < t->series_n; s++)
            values[s] = of[s] ? of[s]->data[i] : 0;
        row->data[i] = formula_value(f->tree, values);
        row->sum += row->data[i];
    }
    if (t->display == DISPLAY_CUMULATIVE)
        row->sum = n ? row->data[n - 1] : 0;
    return row;
}

/* Replaces the rows by those of the formulas. */
static void apply_formulas(struct result *r)
{
    struct trends_row *series = r->rows;
    struct map seen = MAP_INIT(r->a);
    r->rows = NULL;
    r->n = 0;
    for (size_t i = 0; i < r->t->formulas_n; i++)
        for (struct trends_row *row = series; row; row = row->next) {
            str text = row->value ? query_breakdown_text(r->a, row->value) : STR("");
            void **slot = map_at(&seen, arena_printf(r->a, "%zu %d " STR_FMT, i,
                                                     (int)row->period, STR_ARG(text)));
            if (*slot)
                continue;
            *slot = row;
            formula_row(r, &r->t->formulas[i], row);
        }
}

/* -------------------------------------------------------------------------- order */

/* Current before previous; in each the series (or formulas) in order; in each the values by their
 * sum, then no value, then all others. */
static int row_order(const void *x, const void *y)
{
    const struct trends_row *a = *(struct trends_row *const *)x,
                            *b = *(struct trends_row *const *)y;
    if (a->period != b->period)
        return a->period < b->period ? -1 : 1;
    if (a->entity && a->entity != b->entity)
        return a->entity->order < b->entity->order ? -1 : 1;
    if (a->formula != b->formula)
        return a->formula < b->formula ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank - b->rank;
    if (a->sum != b->sum)
        return a->sum > b->sum ? -1 : 1;
    return a->value ? query_breakdown_compare(a->value, b->value) : 0;
}

static struct trends_row **sorted(struct result *r)
{
    struct trends_row **list = arena_alloc(r->a, (r->n + 1) * sizeof(*list));
    size_t n = 0;
    for (struct trends_row *row = r->rows; row; row = row->next)
        list[n++] = row;
    if (n)
        qsort(list, n, sizeof(*list), row_order);
    return list;
}

/* -------------------------------------------------------------------------- writing */

static void write_number(struct json_writer *w, double v)
{
    if (v == floor(v) && fabs(v) < 9007199254740992.0)
        json_i64(w, (int64_t)v);
    else
        json_f64(w, v);
}

static void write_days(struct result *r, struct json_writer *w, enum trends_period period,
                       str (*text)(const struct query_dates *, struct arena *, int64_t))
{
    const struct trends *t = r->t;
    json_open(w, '[');
    for (size_t i = 0; i < t->buckets_n[period] && t->display != DISPLAY_TOTAL; i++)
        json_str(w, text(&t->dates[period], r->a, t->buckets[period][i]));
    json_close(w, ']');
}

static str day_time(const struct query_dates *d, struct arena *a, int64_t at)
{
    char text[QUERY_TIME_TEXT];
    size_t n = query_time_text(d->calendar.tz, at, text);
    return arena_str(a, (str){ text, n });
}

static void write_action(struct result *r, struct json_writer *w, const struct trends_row *row)
{
    json_key(w, "action");
    if (!row->entity) {
        json_null(w);
        return;
    }
    json_open(w, '{');
    query_entity_write(w, row->entity);
    json_key(w, "days");
    write_days(r, w, row->period, day_time);
    json_close(w, '}');
}

static str label_of(struct result *r, const struct trends_row *row)
{
    const struct query_breakdown_cohort *c =
        query_breakdown_cohort_of(&r->t->breakdown, row->value);
    str value = c ? c->name : row->value ? query_breakdown_text(r->a, row->value) : STR_NULL;
    if (row->formula) {
        str name = row->formula->name.n
                       ? row->formula->name
                       : arena_printf(r->a, "Formula (" STR_FMT ")", STR_ARG(row->formula->text));
        if (!value.p)
            return name;
        return r->t->formulas_n > 1
                   ? arena_printf(r->a, STR_FMT " - " STR_FMT, STR_ARG(name), STR_ARG(value))
                   : value;
    }
    str name = row->entity->custom_name.n ? row->entity->custom_name : row->entity->label;
    if (!value.p)
        return name;
    return r->t->series_n > 1
               ? arena_printf(r->a, STR_FMT " - " STR_FMT, STR_ARG(name), STR_ARG(value))
               : value;
}

static void write_data(struct result *r, struct json_writer *w, const struct trends_row *row)
{
    bool total = r->t->display == DISPLAY_TOTAL;
    json_key(w, "count");
    json_f64(w, total ? 0 : row->sum);
    json_key(w, "data");
    if (total && row->formula) {
        json_null(w);
    } else {
        json_open(w, '[');
        for (size_t i = 0; !total && i < r->t->buckets_n[row->period]; i++)
            write_number(w, row->data[i]);
        json_close(w, ']');
    }
    if (total) {
        json_key(w, "aggregated_value");
        write_number(w, row->data[0]);
    }
    json_key(w, "labels");
    write_days(r, w, row->period, query_dates_label);
    json_key(w, "days");
    write_days(r, w, row->period, query_dates_day);
}

static void write_item(struct result *r, struct json_writer *w, const struct trends_row *row)
{
    json_open(w, '{');
    write_action(r, w, row);
    json_key(w, "label");
    json_str(w, label_of(r, row));
    write_data(r, w, row);
    if (row->value) {
        const struct query_breakdown_cohort *c =
            query_breakdown_cohort_of(&r->t->breakdown, row->value);
        json_key(w, "breakdown_value");
        if (c && c->id)
            json_i64(w, c->id);
        else
            json_tree(w, row->value);
    }
    if (r->t->compare_asked) {
        json_key(w, "compare");
        json_bool(w, true);
        json_key(w, "compare_label");
        json_z(w, row->period == PERIOD_CURRENT ? "current" : "previous");
    }
    json_key(w, "filter");
    json_raw(w, r->filter);
    json_close(w, '}');
}

/* -------------------------------------------------------------------------- the echo */

static str snake(struct arena *a, str camel)
{
    char *p = arena_alloc(a, camel.n * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; i < camel.n; i++) {
        bool upper = camel.p[i] >= 'A' && camel.p[i] <= 'Z';
        if (upper)
            p[n++] = '_';
        p[n++] = (char)(upper ? camel.p[i] + 32 : camel.p[i]);
    }
    return (str){ p, n };
}

static void echo_members(struct result *r, struct json_writer *w, const struct json *o)
{
    for (const struct json *m = json_is(o, JSON_OBJECT) ? o->head : NULL; m; m = m->next) {
        json_key_str(w, snake(r->a, m->key));
        json_tree(w, m);
    }
}

static void echo(struct json_writer *w, const char *key, const struct json *v)
{
    json_key(w, key);
    if (v)
        json_tree(w, v);
    else
        json_null(w);
}

/* The query in the flat form of older clients. */
static str filter_of(struct result *r)
{
    const struct json *node = r->t->node, *range = json_get(node, "dateRange");
    const struct json *test = json_get(node, "filterTestAccounts");
    struct buf b = BUF_INIT(LIMIT_BODY_API);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    json_key(&w, "insight");
    json_z(&w, "TRENDS");
    echo(&w, "properties", json_get(node, "properties"));
    json_key(&w, "filter_test_accounts");
    json_bool(&w, json_is(test, JSON_BOOL) && test->boolean);
    echo(&w, "date_from", json_get(range, "date_from"));
    echo(&w, "date_to", json_get(range, "date_to"));
    json_key(&w, "entity_type");
    json_z(&w, "events");
    echo(&w, "sampling_factor", json_get(node, "samplingFactor"));
    json_key(&w, "interval");
    json_z(&w, query_interval_name(r->t->dates[PERIOD_CURRENT].interval));
    echo_members(r, &w, json_get(node, "trendsFilter"));
    echo_members(r, &w, json_get(node, "breakdownFilter"));
    json_close(&w, '}');
    str out = b.full ? STR("{}") : arena_str(r->a, buf_view(&b));
    buf_release(&b);
    return out;
}

int trends_write_results(struct trends *t, const struct json *rows, struct buf *out, bool *more,
                         struct err *e)
{
    struct result r = { .t = t, .a = t->j->arena, .found = MAP_INIT(t->j->arena) };
    for (const struct json *m = rows ? rows->head : NULL; m; m = m->next) {
        int rc = take_row(&r, m, e);
        if (rc < 0)
            return rc;
    }
    add_missing(&r);
    for (struct trends_row *row = r.rows; row; row = row->next) {
        finish_row(&r, row);
        r.more = r.more || row->rank == 2;
    }
    if (t->formulas_n)
        apply_formulas(&r);
    struct trends_row **list = sorted(&r);
    struct json_writer w = JSON_WRITER(out);
    r.filter = filter_of(&r);
    json_open(&w, '[');
    for (size_t i = 0; i < r.n; i++)
        if (list[i]->rank != 2 || !t->breakdown.hide_other)
            write_item(&r, &w, list[i]);
    json_close(&w, ']');
    *more = r.more;
    return 0;
}
