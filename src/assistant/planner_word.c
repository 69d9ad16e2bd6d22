/* planner_word.c - words the answer from what the queries gave: the number first, then the rows, then the
 * change against the time before. Results are read as they come over the API. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "assistant/describe.h"
#include "assistant/internal.h"
#include "assistant/reader.h"
#include "json/write.h"

#define ANSWER_MAX (64u << 10)
#define ROWS_SHOWN 10
#define CAUSES_SHOWN 5

struct wording {
    const struct planner_project *project;
    struct arena *arena;
    const struct reading *r;
    struct buf b;
};

/* -------------------------------------------------------------------------- numbers */

/* 1,234 and 1,234.57 */
static void put_number(struct buf *b, double v)
{
    char digits[64];
    bool whole = fabs(v - round(v)) < 1e-9 * (fabs(v) + 1);
    if (!isfinite(v) || fabs(v) >= 1e15) {
        buf_printf(b, "%g", v);
        return;
    }
    snprintf(digits, sizeof(digits), whole ? "%.0f" : fabs(v) < 0.01 ? "%.6f" : "%.2f", fabs(v));
    size_t n = strcspn(digits, "."), length = strlen(digits);
    while (digits[n] && digits[length - 1] == '0') /* 22.30 is 22.3 */
        digits[--length] = '\0';
    if (v < 0)
        buf_char(b, '-');
    for (size_t i = 0; digits[i]; i++) {
        if (i && i < n && (n - i) % 3 == 0)
            buf_char(b, ',');
        buf_char(b, digits[i]);
    }
}

static double number_of(const struct json *v)
{
    return json_is(v, JSON_NUMBER) ? v->num : 0;
}

static double value_of(const struct json *item)
{
    const struct json *total = json_get(item, "aggregated_value");
    return json_is(total, JSON_NUMBER) ? total->num : number_of(json_get(item, "count"));
}

static bool is_previous(const struct json *item)
{
    return str_eqz(json_get_text(item, "compare_label"), "previous");
}

static const char *unit_of(const struct reading *r)
{
    return r->intent == INTENT_SHARE ? " %" : "";
}

/* "12.5 % more than 1,100" */
static void put_change(struct wording *x, double now, double before)
{
    if (now == before) {
        buf_z(&x->b, "as many as in the time before");
        return;
    }
    if (before == 0) {
        buf_z(&x->b, "after 0 in the time before");
        return;
    }
    put_number(&x->b, round(fabs(now - before) / fabs(before) * 1000) / 10);
    buf_printf(&x->b, " %% %s than the ", now > before ? "more" : "less");
    put_number(&x->b, before);
    buf_printf(&x->b, "%s of the time before", unit_of(x->r));
}

/* -------------------------------------------------------------------------- rows */

struct row {
    str label;
    double now, before;
    bool has_before;
};

static str value_text(struct wording *x, const struct json *v)
{
    struct buf b = BUF_INIT(2000);
    if (json_is(v, JSON_ARRAY)) {
        for (const struct json *part = v->head; part; part = part->next) {
            buf_str(&b, value_text(x, part));
            if (part->next)
                buf_z(&b, ", ");
        }
    } else if (json_is(v, JSON_STRING) || json_is(v, JSON_NUMBER)) {
        buf_str(&b, v->text);
    }
    str out = arena_str(x->arena, buf_view(&b));
    buf_release(&b);
    if (str_eqz(out, "$$_posthog_breakdown_null_$$") || !out.n)
        return STR("(none)");
    return str_eqz(out, "$$_posthog_breakdown_other_$$") ? STR("(all others)") : out;
}

/* The text of a table's cell: a value may hold anything. */
static void put_cell(struct buf *b, str text)
{
    text = str_utf8_prefix(text, 80);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c && strchr("|\\`*_<>[]", c))
            buf_char(b, '\\');
        buf_char(b, c == '\n' || c == '\r' ? ' ' : c);
    }
}

static struct row *rows_of(struct wording *x, const struct json *results, size_t *n)
{
    size_t count = json_is(results, JSON_ARRAY) ? results->count : 0;
    struct row *rows = arena_alloc(x->arena, (count + 1) * sizeof(*rows));
    struct map places = MAP_INIT(x->arena);
    bool many = x->r->series_n > 1 && x->r->intent == INTENT_TREND && !x->r->sums_apart;
    *n = 0;
    for (const struct json *item = count ? results->head : NULL; item; item = item->next) {
        const struct json *value = json_get(item, "breakdown_value");
        str label = value ? value_text(x, value) : json_get_text(item, "label");
        if (value && many) {
            str event = json_get_text(json_get(item, "action"), "name");
            label = arena_printf(x->arena, STR_FMT ": " STR_FMT, STR_ARG(event), STR_ARG(label));
        }
        void **at = map_at(&places, label.p ? label : STR(""));
        if (!*at)
            *at = &rows[(*n)++];
        struct row *row = *at;
        row->label = label;
        row->has_before |= is_previous(item);
        if (is_previous(item))
            row->before = value_of(item);
        else
            row->now = value_of(item);
    }
    return rows;
}

static int by_now(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    bool xs = str_starts(x->label, STR("(")), ys = str_starts(y->label, STR("("));
    if (xs != ys)
        return xs ? 1 : -1;
    return x->now != y->now ? (x->now < y->now ? 1 : -1) : str_compare(x->label, y->label);
}

static int by_now_up(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    bool xs = str_starts(x->label, STR("(")), ys = str_starts(y->label, STR("("));
    if (xs != ys)
        return xs ? 1 : -1;
    return x->now != y->now ? (x->now < y->now ? -1 : 1) : str_compare(x->label, y->label);
}

static void put_table(struct wording *x, const struct row *rows, size_t n, const char *head, bool compare)
{
    size_t shown = x->r->top ? (size_t)x->r->top : ROWS_SHOWN;
    buf_printf(&x->b, "\n\n| %s | %s |%s\n|---|---:|%s\n", head, "", compare ? " before |" : "",
               compare ? "---:|" : "");
    for (size_t i = 0; i < n && i < shown; i++) {
        buf_z(&x->b, "| ");
        put_cell(&x->b, rows[i].label);
        buf_z(&x->b, " | ");
        put_number(&x->b, rows[i].now);
        buf_z(&x->b, unit_of(x->r));
        buf_z(&x->b, " |");
        if (compare) {
            buf_char(&x->b, ' ');
            put_number(&x->b, rows[i].before);
            buf_z(&x->b, " |");
        }
        buf_char(&x->b, '\n');
    }
    if (n > shown)
        buf_printf(&x->b, "\n… and %zu more.", n - shown);
}

/* -------------------------------------------------------------------------- counts */

static void word_single(struct wording *x, const struct json *results)
{
    const struct json *before = NULL;
    const struct json *item = json_is(results, JSON_ARRAY) ? results->head : NULL;
    for (const struct json *i = item; i; i = i->next)
        if (is_previous(i))
            before = before ? before : i;
    if (!item) {
        buf_z(&x->b, "There is nothing to count.");
        return;
    }
    buf_z(&x->b, "**");
    put_number(&x->b, value_of(item));
    buf_printf(&x->b, "%s**", unit_of(x->r));
    if (before) {
        buf_z(&x->b, ", ");
        put_change(x, value_of(item), value_of(before));
    }
    buf_char(&x->b, '.');
}

static void word_split(struct wording *x, const struct json *results)
{
    size_t n;
    struct row *rows = rows_of(x, results, &n);
    if (!n) {
        buf_z(&x->b, "There is nothing to count.");
        return;
    }
    if (x->r->breakdowns_n || x->r->by_event)
        qsort(rows, n, sizeof(*rows), x->r->order < 0 ? by_now_up : by_now);
    buf_z(&x->b, "**");
    put_cell(&x->b, rows[0].label);
    buf_z(&x->b, "**: ");
    put_number(&x->b, rows[0].now);
    buf_z(&x->b, unit_of(x->r));
    buf_char(&x->b, '.');
    put_table(x, rows, n, "", x->r->compare && !x->r->other.given);
}

struct course {
    double sum, most, fewest, last;
    str most_day, fewest_day;
    size_t n;
};

static struct course course_of(const struct json *item)
{
    struct course c = { 0 };
    const struct json *days = json_get(item, "days");
    const struct json *data = json_get(item, "data");
    const struct json *day = json_is(days, JSON_ARRAY) ? days->head : NULL;
    for (const struct json *v = json_is(data, JSON_ARRAY) ? data->head : NULL; v; v = v->next) {
        str text = json_is(day, JSON_STRING) ? day->text : STR("");
        if (!c.n || v->num > c.most) {
            c.most = v->num;
            c.most_day = text;
        }
        if (!c.n || v->num < c.fewest) {
            c.fewest = v->num;
            c.fewest_day = text;
        }
        c.sum += v->num;
        c.last = v->num;
        c.n++;
        day = day ? day->next : NULL;
    }
    return c;
}

static bool adds_up(const struct reading *r)
{
    return !r->people && !r->sessions && !r->per_person && r->intent == INTENT_TREND &&
           (r->math == MATH_TOTAL || r->math == MATH_SUM || r->math_property == NO_PROPERTY);
}

static void word_course(struct wording *x, const struct json *item, str name)
{
    struct course c = course_of(item);
    const char *unit = describe_unit(x->r->interval);
    buf_printf(&x->b, "%s%s" STR_FMT "%s", x->b.n ? "\n" : "", name.n ? "- " : "", STR_ARG(name),
               name.n ? ": " : "");
    if (adds_up(x->r)) {
        buf_z(&x->b, "**");
        put_number(&x->b, c.sum);
        buf_z(&x->b, "** altogether, ");
    }
    buf_printf(&x->b, "%s", x->r->math == MATH_AVG && x->r->math_property == NO_PROPERTY ? "**" : "");
    put_number(&x->b, c.n ? c.sum / (double)c.n : 0);
    buf_printf(&x->b, "%s a %s on average; the most ", x->r->math == MATH_AVG && x->r->math_property == NO_PROPERTY ? "**" : "", unit);
    put_number(&x->b, c.most);
    buf_printf(&x->b, " (" STR_FMT "), the fewest ", STR_ARG(c.most_day));
    put_number(&x->b, c.fewest);
    buf_printf(&x->b, " (" STR_FMT ")", STR_ARG(c.fewest_day));
    if (x->r->when.to.p) {
        buf_z(&x->b, ".");
        return;
    }
    buf_z(&x->b, ", ");
    put_number(&x->b, c.last);
    buf_printf(&x->b, " in the last %s, which is not over.", unit);
}

static void word_trend(struct wording *x, const struct json *results)
{
    bool split = x->r->breakdowns_n || x->r->by_event ||
                 (x->r->series_n > 1 && !x->r->sums_apart && x->r->intent == INTENT_TREND);
    size_t shown = 0;
    if (!x->r->over_time) {
        (split ? word_split : word_single)(x, results);
        return;
    }
    for (const struct json *i = json_is(results, JSON_ARRAY) ? results->head : NULL; i && shown < ROWS_SHOWN;
         i = i->next, shown++) {
        const struct json *value = json_get(i, "breakdown_value");
        str name = is_previous(i) ? STR("the time before")
                   : value        ? value_text(x, value)
                   : split        ? json_get_text(i, "label")
                                  : STR("");
        word_course(x, i, name);
    }
    if (!shown)
        buf_z(&x->b, "There is nothing to count.");
}

static void word_two(struct wording *x, const struct json *first, const struct json *second)
{
    double now = value_of(json_is(first, JSON_ARRAY) ? first->head : NULL);
    double before = value_of(json_is(second, JSON_ARRAY) ? second->head : NULL);
    buf_z(&x->b, "**");
    put_number(&x->b, now);
    buf_printf(&x->b, "** (" STR_FMT ") against **", STR_ARG(x->r->when.text));
    put_number(&x->b, before);
    buf_printf(&x->b, "** (" STR_FMT ")", STR_ARG(x->r->other.text));
    if (before != 0 && now != before) {
        buf_z(&x->b, ": ");
        put_number(&x->b, round(fabs(now - before) / fabs(before) * 1000) / 10);
        buf_printf(&x->b, " %% %s", now > before ? "more" : "less");
    }
    buf_char(&x->b, '.');
}

/* -------------------------------------------------------------------------- funnels */

static void put_time(struct buf *b, double seconds)
{
    static const struct {
        double seconds;
        const char *name;
    } units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (seconds >= units[i].seconds || i + 1 == ARRAY_LEN(units)) {
            double v = round(seconds / units[i].seconds * 10) / 10;
            put_number(b, v);
            buf_printf(b, " %s%s", units[i].name, v == 1 ? "" : "s");
            return;
        }
}

static double share(double part, double whole)
{
    return whole ? round(part / whole * 1000) / 10 : 0;
}

static void word_steps(struct wording *x, const struct json *steps)
{
    double first = number_of(json_get(steps->head, "count")), before = first, last = 0;
    const struct json *end = steps->head;
    for (const struct json *s = steps->head; s; s = s->next)
        end = s;
    last = number_of(json_get(end, "count"));
    bool not = x->r->series[x->r->series_n - 1].not;
    buf_z(&x->b, "**");
    put_number(&x->b, not ? first - last : last);
    buf_z(&x->b, "** of ");
    put_number(&x->b, first);
    buf_printf(&x->b, " people (**");
    put_number(&x->b, share(not ? first - last : last, first));
    buf_printf(&x->b, " %%**) %s.", not ? "did not get to the end" : "got to the end");
    const struct json *median = json_get(end, "median_conversion_time");
    if (json_is(median, JSON_NUMBER)) {
        buf_z(&x->b, " The last step took ");
        put_time(&x->b, median->num);
        buf_z(&x->b, " (median), ");
        put_time(&x->b, number_of(json_get(end, "average_conversion_time")));
        buf_z(&x->b, " (average).");
    }
    buf_z(&x->b, "\n\n| step | people | of the step before |\n|---|---:|---:|\n");
    for (const struct json *s = steps->head; s; s = s->next) {
        double count = number_of(json_get(s, "count"));
        buf_z(&x->b, "| ");
        put_cell(&x->b, json_get_text(s, "name"));
        buf_z(&x->b, " | ");
        put_number(&x->b, count);
        buf_z(&x->b, " | ");
        put_number(&x->b, share(count, before));
        buf_z(&x->b, " % |\n");
        before = count;
    }
}

static void word_funnel(struct wording *x, const struct json *results)
{
    if (!json_is(results, JSON_ARRAY) || !results->head) {
        buf_z(&x->b, "Nobody took the first step.");
        return;
    }
    if (!json_is(results->head, JSON_ARRAY)) {
        word_steps(x, results);
        return;
    }
    buf_z(&x->b, "| | first step | last step | |\n|---|---:|---:|---:|\n");
    size_t shown = 0;
    for (const struct json *group = results->head; group && shown < ROWS_SHOWN; group = group->next, shown++) {
        const struct json *end = group->head;
        for (const struct json *s = group->head; s; s = s->next)
            end = s;
        double first = number_of(json_get(group->head, "count")), last = number_of(json_get(end, "count"));
        buf_z(&x->b, "| ");
        put_cell(&x->b, value_text(x, json_get(group->head, "breakdown_value")));
        buf_z(&x->b, " | ");
        put_number(&x->b, first);
        buf_z(&x->b, " | ");
        put_number(&x->b, last);
        buf_z(&x->b, " | ");
        put_number(&x->b, share(last, first));
        buf_z(&x->b, " % |\n");
    }
}

/* -------------------------------------------------------------------------- the other kinds */

static const struct json *nth(const struct json *list, size_t n)
{
    const struct json *v = json_is(list, JSON_ARRAY) ? list->head : NULL;
    while (v && n--)
        v = v->next;
    return v;
}

static void word_retention(struct wording *x, const struct json *results)
{
    double started = 0, came = 0;
    size_t rows = json_is(results, JSON_ARRAY) ? results->count : 0, at = 0;
    for (const struct json *row = rows ? results->head : NULL; row; row = row->next, at++) {
        const struct json *values = json_get(row, "values");
        if (at + 1 >= rows) /* its next interval has not come */
            break;
        started += number_of(json_get(nth(values, 0), "count"));
        came += number_of(json_get(nth(values, 1), "count"));
    }
    const char *unit = describe_unit(x->r->interval);
    buf_z(&x->b, "**");
    put_number(&x->b, share(came, started));
    buf_printf(&x->b, " %%** came back in the %s after (", unit);
    put_number(&x->b, came);
    buf_z(&x->b, " of ");
    put_number(&x->b, started);
    buf_z(&x->b, ", all rows with a next one).\n\n| | people |");
    size_t columns = rows < 7 ? rows : 7;
    for (size_t i = 1; i < columns; i++)
        buf_printf(&x->b, " %s %zu |", unit, i);
    buf_z(&x->b, "\n|---|---:|");
    for (size_t i = 1; i < columns; i++)
        buf_z(&x->b, "---:|");
    at = 0;
    for (const struct json *row = rows ? results->head : NULL; row; row = row->next, at++) {
        const struct json *values = json_get(row, "values");
        double all = number_of(json_get(nth(values, 0), "count"));
        str date = str_utf8_prefix(json_get_text(row, "date"), 10);
        buf_printf(&x->b, "\n| " STR_FMT " | ", STR_ARG(date));
        put_number(&x->b, all);
        for (size_t i = 1; i < columns; i++) {
            buf_z(&x->b, " | ");
            if (at + i < rows) {
                put_number(&x->b, share(number_of(json_get(nth(values, i), "count")), all));
                buf_z(&x->b, " %");
            }
        }
        buf_z(&x->b, " |");
    }
}

static void word_stickiness(struct wording *x, const struct json *results)
{
    const struct json *data = json_get(nth(results, 0), "data");
    double people = 0, units = 0, i = 0, often = 0;
    for (const struct json *v = json_is(data, JSON_ARRAY) ? data->head : NULL; v; v = v->next) {
        i++;
        people += v->num;
        units += v->num * i;
        often += i > 1 ? v->num : 0;
    }
    const char *unit = describe_unit(x->r->interval);
    put_number(&x->b, people);
    buf_z(&x->b, " people, on **");
    put_number(&x->b, people ? units / people : 0);
    buf_printf(&x->b, "** %ss on average; ", unit);
    put_number(&x->b, often);
    buf_printf(&x->b, " (%.1f %%) on more than one.", share(often, people));
}

static void word_lifecycle(struct wording *x, const struct json *results)
{
    buf_printf(&x->b, "In the last %s, and on average:", describe_unit(x->r->interval));
    for (const struct json *i = json_is(results, JSON_ARRAY) ? results->head : NULL; i; i = i->next) {
        struct course c = course_of(i);
        str status = json_get_text(i, "status");
        buf_printf(&x->b, "\n- " STR_FMT ": **", STR_ARG(status));
        put_number(&x->b, fabs(c.last));
        buf_z(&x->b, "**, ");
        put_number(&x->b, c.n ? fabs(c.sum) / (double)c.n : 0);
    }
}

/* "1_https://…/pricing" without its place. */
static str path_item(str s)
{
    ptrdiff_t at = str_find_char(s, '_');
    return at >= 0 ? str_slice(s, (size_t)at + 1, s.n) : s;
}

static void word_paths(struct wording *x, const struct json *results)
{
    size_t shown = 0;
    if (!nth(results, 0))
        buf_z(&x->b, "Nobody went such a way.");
    else
        buf_z(&x->b, "| from | to | people |\n|---|---|---:|");
    for (const struct json *i = nth(results, 0); i && shown < ROWS_SHOWN; i = i->next, shown++) {
        buf_z(&x->b, "\n| ");
        put_cell(&x->b, path_item(json_get_text(i, "source")));
        buf_z(&x->b, " | ");
        put_cell(&x->b, path_item(json_get_text(i, "target")));
        buf_z(&x->b, " | ");
        put_number(&x->b, number_of(json_get(i, "value")));
        buf_z(&x->b, " |");
    }
}

/* -------------------------------------------------------------------------- why */

struct cause {
    size_t insight;
    str label;
    double now, before;
};

static int by_change(const void *a, const void *b)
{
    const struct cause *x = a, *y = b;
    double p = fabs(x->now - x->before), q = fabs(y->now - y->before);
    return p != q ? (p < q ? 1 : -1) : str_compare(x->label, y->label);
}

/* The values whose change goes the way of the whole. */
static size_t causes_of(struct wording *x, const struct json *results, size_t insight, double change,
                        struct cause *out, size_t most)
{
    size_t n, kept = 0;
    struct row *rows = rows_of(x, results, &n);
    for (size_t i = 0; i < n && kept < most; i++) {
        double own = rows[i].now - rows[i].before;
        if ((change < 0 ? own < 0 : own > 0) && !str_starts(rows[i].label, STR("(")))
            out[kept++] = (struct cause){ insight, rows[i].label, rows[i].now, rows[i].before };
    }
    return kept;
}

static void word_why(struct wording *x, const struct planner_plan *plan, struct json **results)
{
    struct cause list[200];
    size_t n = 0;
    double now = value_of(nth(results[0], 0)), before = value_of(nth(results[0], 1));
    double change = now - before;
    buf_z(&x->b, "**");
    put_number(&x->b, now);
    buf_z(&x->b, "**, ");
    put_change(x, now, before);
    buf_char(&x->b, '.');
    if ((x->r->change < 0 && change >= 0) || (x->r->change > 0 && change <= 0))
        buf_printf(&x->b, " It did not %s.", x->r->change < 0 ? "fall" : "rise");
    if (change == 0)
        return;
    for (size_t i = 1; i < plan->insights_n; i++)
        n += causes_of(x, results[i], i, change, list + n, ARRAY_LEN(list) - n);
    qsort(list, n, sizeof(*list), by_change);
    if (n)
        buf_z(&x->b, " What changed most the same way:\n");
    for (size_t i = 0; i < n && i < CAUSES_SHOWN; i++) {
        str name = plan->insights[list[i].insight].name;
        ptrdiff_t at = str_find(name, STR(", by "));
        str property = at < 0 ? name : str_slice(name, (size_t)at + 5, name.n);
        buf_printf(&x->b, "\n- " STR_FMT " ", STR_ARG(property));
        put_cell(&x->b, list[i].label);
        buf_z(&x->b, ": ");
        put_number(&x->b, list[i].before);
        buf_z(&x->b, " → ");
        put_number(&x->b, list[i].now);
        buf_printf(&x->b, " (%.0f %% of the change)", (list[i].now - list[i].before) / change * 100);
        plan->insights[list[i].insight].shown |= i == 0; /* the one that tells most */
    }
    if (n)
        buf_z(&x->b, "\n\nThese are parts of the change, not proof of its cause.");
}

/* -------------------------------------------------------------------------- all of it */

static void word(struct wording *x, const struct planner_plan *plan, struct json **results)
{
    switch (x->r->intent) {
    case INTENT_WHY:
        word_why(x, plan, results);
        break;
    case INTENT_FUNNEL:
        word_funnel(x, results[0]);
        break;
    case INTENT_RETENTION:
        word_retention(x, results[0]);
        break;
    case INTENT_STICKINESS:
        word_stickiness(x, results[0]);
        break;
    case INTENT_LIFECYCLE:
        word_lifecycle(x, results[0]);
        break;
    case INTENT_PATHS:
        word_paths(x, results[0]);
        break;
    default:
        if (x->r->other.given && plan->insights_n == 2 && !x->r->breakdowns_n && !x->r->over_time)
            word_two(x, results[0], results[1]);
        else
            word_trend(x, results[0]);
        break;
    }
}

str planner_word(const struct planner_project *p, struct arena *a, const struct planner_plan *plan,
                 const struct planner_result *results)
{
    struct json **trees = arena_alloc(a, (plan->insights_n + 1) * sizeof(*trees));
    struct err ignored = ERR_INIT;
    for (size_t i = 0; i < plan->insights_n; i++)
        if (results[i].results.p && json_parse(a, results[i].results, &trees[i], &ignored) < 0)
            trees[i] = NULL;
    if (!plan->wording || !plan->insights_n)
        return STR("");
    if (!trees[0])
        return STR("The query could not be run.");
    struct wording x = { p, a, &plan->wording->reading, BUF_INIT(ANSWER_MAX) };
    word(&x, plan, trees);
    str out = arena_str(a, buf_view(&x.b));
    buf_release(&x.b);
    return out;
}
