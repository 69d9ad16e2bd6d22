/* funnels_result.c - a funnel's counts to the JSON of its three kinds of answer. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "query/funnels.h"

/* -------------------------------------------------------------------------- values in order */

static int by_label(const void *x, const void *y)
{
    return funnel_compare_labels(*(struct funnel_value *const *)x,
                                 *(struct funnel_value *const *)y);
}

/* By conversions at the last step, then the one before, and so on. */
static int by_counts(const void *x, const void *y)
{
    const struct funnel_value *a = *(struct funnel_value *const *)x;
    const struct funnel_value *b = *(struct funnel_value *const *)y;
    for (unsigned i = a->steps; i-- > 0;)
        if (a->counts[i] != b->counts[i])
            return a->counts[i] > b->counts[i] ? -1 : 1;
    return funnel_compare_labels(a, b);
}

static void join(struct funnel *f, struct funnel_value *to, const struct funnel_value *from)
{
    struct funnel_budget budget = { LIMIT_FUNNEL_MEMORY };
    for (unsigned i = 0; i < f->rules.n; i++) {
        to->counts[i] += from->counts[i];
        funnel_times_join(&to->times[i], &from->times[i], FUNNEL_TIMES_MOST, &budget);
    }
    for (size_t i = 0; i < f->buckets_n; i++) {
        to->entered[i] += from->entered[i];
        to->converted[i] += from->converted[i];
    }
}

/* Trends have no counts of steps: what entered stands in for the first. */
size_t funnel_limit_values(struct funnel *f, struct funnel_counts *counts)
{
    size_t shown = counts->n, most = f->cohorts_n ? shown : (size_t)f->breakdown.limit;
    for (size_t i = 0; i < counts->n; i++)
        for (size_t k = 0; k < f->buckets_n; k++)
            counts->values[i]->counts[0] += counts->values[i]->entered[k];
    if (!funnel_is_split(f) || !counts->n)
        return shown;
    qsort(counts->values, counts->n, sizeof(*counts->values), by_counts);
    while (shown && !counts->values[shown - 1]->counts[0])
        shown--; /* nobody entered there */
    if (shown > most) {
        if (!counts->beyond)
            counts->beyond = funnel_value_new(f);
        for (size_t i = most; i < shown; i++)
            join(f, counts->beyond, counts->values[i]);
        shown = most;
    }
    if (f->viz == FUNNEL_VIZ_TRENDS)
        qsort(counts->values, shown, sizeof(*counts->values), by_label);
    return shown;
}

/* ["Chrome"]; "" for none. */
static void write_label(struct json_writer *w, const char *key, const struct funnel_value *v)
{
    json_key(w, key);
    if (v->cohort) {
        json_str(w, v->cohort->name);
        return;
    }
    json_open(w, '[');
    for (size_t i = 0; i < v->label_n; i++)
        json_str(w, v->label[i]);
    if (!v->label)
        json_z(w, "Other");
    json_close(w, ']');
}

/* -------------------------------------------------------------------------- steps */

static void write_entity(struct funnel *f, struct json_writer *w, unsigned i)
{
    const struct query_entity *en = &f->steps[i];
    bool named = f->rules.order != FUNNEL_UNORDERED;
    json_key(w, "action_id");
    if (!named)
        json_null(w);
    else if (en->action)
        json_i64(w, en->action);
    else
        json_str(w, en->event);
    json_key(w, "name");
    json_str(w, named ? en->label
                      : arena_printf(f->q.j->arena, "Completed %u step%s", i + 1, i ? "s" : ""));
    json_key(w, "custom_name");
    json_str(w, named ? en->custom_name : STR_NULL);
    json_key(w, "order");
    json_i64(w, i);
}

static void write_seconds(struct json_writer *w, const char *key, struct funnel_times *t,
                          double (*of)(struct funnel_times *t))
{
    json_key(w, key);
    if (t->seen)
        json_f64(w, of(t));
    else
        json_null(w);
}

static double mean(struct funnel_times *t)
{
    return funnel_times_mean(t);
}

static void write_steps(struct funnel *f, struct json_writer *w, const struct funnel_value *v)
{
    json_open(w, '[');
    for (unsigned i = 0; i < f->rules.n; i++) {
        json_open(w, '{');
        write_entity(f, w, i);
        json_key(w, "people");
        json_raw(w, STR("[]"));
        json_key(w, "count");
        json_i64(w, query_insight_scaled(&f->q, (int64_t)v->counts[i]));
        json_key(w, "type");
        json_z(w, f->steps[i].type);
        write_seconds(w, "average_conversion_time", &v->times[i], mean);
        write_seconds(w, "median_conversion_time", &v->times[i], funnel_times_median);
        if (funnel_is_split(f))
            write_label(w, "breakdown", v);
        if (funnel_is_split(f) && !v->cohort)
            write_label(w, "breakdown_value", v);
        if (v->cohort) {
            json_key(w, "breakdown_value");
            json_i64(w, v->cohort->id);
        }
        json_close(w, '}');
    }
    json_close(w, ']');
}

/* Everything beyond the limit has its place by its counts, as the values have. */
static void write_groups(struct funnel *f, struct json_writer *w, struct funnel_counts *counts,
                         size_t shown)
{
    struct funnel_value *rest = f->breakdown.hide_other ? NULL : counts->beyond;
    json_open(w, '[');
    for (size_t i = 0; i < shown; i++) {
        if (rest && by_counts(&rest, &counts->values[i]) < 0)
            write_steps(f, w, TAKE(rest));
        write_steps(f, w, counts->values[i]);
    }
    if (rest)
        write_steps(f, w, rest);
    json_close(w, ']');
}

/* -------------------------------------------------------------------------- time to convert */

static int64_t bins_of(const struct funnel *f, size_t samples)
{
    double n = ceil(cbrt((double)samples) - 1e-9); /* 27 samples make 3 bins, whatever cbrt says */
    return f->bins ? f->bins : n < 1 ? 1 : n > 60 ? 60 : (int64_t)n;
}

static void write_bins(struct funnel *f, struct json_writer *w, const struct funnel_times *t)
{
    int64_t least = INT64_MAX, greatest = 0, n = bins_of(f, t->n), counts[91] = { 0 };
    for (size_t i = 0; i < t->n; i++) {
        least = t->p[i] < least ? t->p[i] : least;
        greatest = t->p[i] > greatest ? t->p[i] : greatest;
    }
    least = least / CLOCK_SECOND; /* whole seconds from here on, down and up */
    greatest = (greatest + CLOCK_SECOND - 1) / CLOCK_SECOND;
    int64_t width = (greatest - least + n - 1) / n;
    width = width ? width : 60;
    for (size_t i = 0; i < t->n; i++)
        counts[(t->p[i] - least * CLOCK_SECOND) / (width * CLOCK_SECOND)]++;
    for (int64_t i = 0; i <= n; i++) {
        json_open(w, '[');
        json_i64(w, least + i * width);
        json_i64(w, counts[i]);
        json_close(w, ']');
    }
}

static void write_times(struct funnel *f, struct json_writer *w, struct funnel_times *t)
{
    json_open(w, '{');
    json_key(w, "bins");
    json_open(w, '[');
    if (t->n)
        write_bins(f, w, t);
    json_close(w, ']');
    write_seconds(w, "average_conversion_time", t, mean);
    json_close(w, '}');
}

/* -------------------------------------------------------------------------- trends */

/* In percent, with two places. */
static double rate(uint32_t converted, uint32_t entered)
{
    return entered ? round((double)converted * 10000 / entered) / 100 : 0;
}

static void write_series(struct funnel *f, struct json_writer *w, const struct funnel_value *v)
{
    json_open(w, '{');
    json_key(w, "count");
    json_i64(w, (int64_t)f->buckets_n);
    json_key(w, "data");
    json_open(w, '[');
    for (size_t i = 0; i < f->buckets_n; i++)
        json_f64(w, rate(v->converted[i], v->entered[i]));
    json_close(w, ']');
    query_insight_write_buckets(&f->q, w, &f->dates, f->buckets, f->buckets_n);
    if (funnel_is_split(f))
        write_label(w, "breakdown_value", v);
    json_close(w, '}');
}

int funnel_write(struct funnel *f, struct funnel_counts *counts, struct buf *out, struct err *e)
{
    struct json_writer w = JSON_WRITER(out);
    size_t shown = funnel_limit_values(f, counts);
    if (f->viz == FUNNEL_VIZ_TIMES) {
        write_times(f, &w, &counts->whole);
    } else if (f->viz == FUNNEL_VIZ_TRENDS) {
        json_open(&w, '[');
        for (size_t i = 0; i < shown; i++)
            write_series(f, &w, counts->values[i]);
        if (counts->beyond && !f->breakdown.hide_other)
            write_series(f, &w, counts->beyond);
        json_close(&w, ']');
    } else if (funnel_is_split(f)) {
        write_groups(f, &w, counts, shown);
    } else {
        write_steps(f, &w, counts->values[0]);
    }
    if (out->full)
        return err_set(e, ERR_INVALID, NULL, "The result is larger than %u MiB.",
                       LIMIT_QUERY_RESULT >> 20);
    return 0;
}
