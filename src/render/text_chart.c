/* text_chart.c - each kind of chart in characters; see text.h. */
#include <math.h>

#include "render/text.h"

#define ROWS 12    /* series, bars, rows of a chart */
#define LABEL 24   /* columns of a name, at most a third of the width */
#define VALUE 12   /* of a value */
#define SPARK 120  /* of a drawn series at most */

static size_t label_width(const struct text *t)
{
    return t->width / 3 < LABEL ? t->width / 3 : LABEL;
}

static void rest(const struct text *t, struct arena *a, size_t n)
{
    if (!n)
        return;
    text_cell(t, TEXT_FAINT, arena_printf(a, "and %zu more", n), t->width, TEXT_CUT);
    buf_char(t->b, '\n');
}

static void put(const struct text *t, int style, const char *z)
{
    text_cell(t, style, str_of(z), 1000, TEXT_CUT);
}

/* -------------------------------------------------------------------------- series */

/* A block for each value, or for the mean of those that share one; a blank where there is none. */
static void spark(const struct text *t, const struct chart *c, const struct chart_series *s,
                  double least, double most, size_t room)
{
    static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    char line[SPARK * 3 + 1];
    size_t n = c->name_count, shown = n < room ? n : room, used = 0;
    for (size_t i = 0; i < shown; i++) {
        double sum = 0;
        size_t count = 0;
        for (size_t k = i * n / shown; k < (i + 1) * n / shown; k++)
            if (isfinite(s->values[k])) {
                sum += s->values[k];
                count++;
            }
        double level = count && most > least ? (sum / (double)count - least) / (most - least) : 0;
        level = !(level > 0) ? 0 : level > 1 ? 1 : level; /* sums of huge values are none */
        const char *block = count ? blocks[(size_t)(level * 7 + 0.5)] : " ";
        memcpy(line + used, block, strlen(block));
        used += strlen(block);
    }
    text_cell(t, TEXT_SERIES + s->color, (str){ line, used }, room, TEXT_CUT);
}

static void series_range(const struct chart *c, const struct chart_series *s, double *least,
                         double *most)
{
    *least = *most = 0;
    for (size_t k = 0; k < c->name_count; k++) {
        double v = s->values[k];
        *most = isfinite(v) && v > *most ? v : *most;
        *least = isfinite(v) && v < *least ? v : *least;
    }
}

/* What a series comes to: the sum, or the last value of shares. */
static double total_of(const struct chart *c, const struct chart_series *s)
{
    bool shares = str_starts(c->format.name, STR("percentage"));
    double sum = shares ? NAN : 0;
    for (size_t k = 0; k < c->name_count; k++)
        if (isfinite(s->values[k]))
            sum = shares ? s->values[k] : sum + s->values[k];
    return sum;
}

static void draw_series(const struct text *t, struct arena *a, const struct chart *c)
{
    size_t label = label_width(t), room = t->width - label - VALUE - 2;
    size_t n = c->series_count < ROWS ? c->series_count : ROWS;
    room = room > SPARK ? SPARK : room;
    for (size_t i = 0; i < n; i++) {
        const struct chart_series *s = &c->series[i];
        double least, most;
        series_range(c, s, &least, &most);
        text_cell(t, s->previous ? TEXT_FAINT : TEXT_PLAIN, s->label, label, TEXT_LEFT);
        buf_char(t->b, ' ');
        spark(t, c, s, least, most, room);
        buf_char(t->b, ' ');
        text_cell(t, TEXT_BOLD, chart_number(a, total_of(c, s), &c->format, false), VALUE,
                  TEXT_CUT);
        buf_char(t->b, '\n');
    }
    rest(t, a, c->series_count - n);
    if (c->name_count < 2)
        return;
    str when = arena_printf(a, STR_FMT " to " STR_FMT, STR_ARG(c->names[0]),
                            STR_ARG(c->names[c->name_count - 1]));
    text_cell(t, TEXT_PLAIN, STR(""), label + 1, TEXT_LEFT);
    text_cell(t, TEXT_FAINT, when, t->width - label - 1, TEXT_CUT);
    buf_char(t->b, '\n');
}

static void draw_number(const struct text *t, struct arena *a, const struct chart *c)
{
    text_cell(t, TEXT_BOLD, chart_number(a, c->value, &c->format, false), t->width, TEXT_CUT);
    if (isfinite(c->previous) && c->previous != 0) {
        double change = (c->value - c->previous) / fabs(c->previous) * 100;
        str was = chart_number(a, c->previous, &c->format, false);
        text_cell(t, change < 0 ? TEXT_RED : TEXT_SERIES,
                  arena_printf(a, "  %+.0f%% from " STR_FMT, change, STR_ARG(was)), t->width,
                  TEXT_CUT);
    }
    buf_char(t->b, '\n');
}

/* -------------------------------------------------------------------------- bars */

/* A bar of that share of the room, in eighths of a column. */
static void bar(const struct text *t, int style, double share, size_t room)
{
    static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    char line[SPARK * 3 + 4];
    size_t used = 0;
    room = room > SPARK ? SPARK : room;
    share = !(share > 0) ? 0 : share > 1 ? 1 : share;
    size_t parts = (size_t)(share * (double)room * 8 + 0.5);
    for (size_t i = 0; i < parts / 8; i++, used += 3)
        memcpy(line + used, "█", 3);
    const char *last = eighths[parts % 8];
    memcpy(line + used, last, strlen(last));
    text_cell(t, style, (str){ line, used + strlen(last) }, room, TEXT_CUT);
}

static void bar_line(const struct text *t, str label, int color, double share, str value)
{
    size_t width = label_width(t), room = t->width - width - 2 * VALUE - 2;
    text_cell(t, TEXT_PLAIN, label, width, TEXT_LEFT);
    buf_char(t->b, ' ');
    bar(t, TEXT_SERIES + color, share, room);
    buf_z(t->b, share > 0 ? " " : "");
    text_cell(t, TEXT_BOLD, value, 2 * VALUE, TEXT_CUT);
    buf_char(t->b, '\n');
}

static void draw_parts(const struct text *t, struct arena *a, const struct chart *c)
{
    double most = 0, sum = 0;
    size_t n = c->part_count < ROWS ? c->part_count : ROWS;
    for (size_t i = 0; i < c->part_count; i++) {
        most = fabs(c->parts[i].value) > most ? fabs(c->parts[i].value) : most;
        sum += c->parts[i].value;
    }
    for (size_t i = 0; i < n; i++) {
        const struct chart_part *p = &c->parts[i];
        str value = chart_number(a, p->value, &c->format, false);
        if (c->kind == CHART_PIE && sum > 0)
            value = arena_printf(a, STR_FMT "  %.0f%%", STR_ARG(value), p->value / sum * 100);
        bar_line(t, p->label, p->color, most > 0 ? fabs(p->value) / most : 0, value);
    }
    rest(t, a, c->part_count - n);
}

/* A bar for each step, the first one full; groups one after the other. */
static void draw_funnel(const struct text *t, struct arena *a, const struct chart *c)
{
    size_t n = c->series_count < ROWS ? c->series_count : ROWS;
    struct chart_format whole = { .decimals = 0 };
    for (size_t g = 0; g < n; g++) {
        const struct chart_series *s = &c->series[g];
        if (s->label.n)
            text_lines(t, TEXT_PLAIN, arena_printf(a, STR_FMT ":", STR_ARG(s->label)));
        for (size_t k = 0; k < c->name_count; k++) {
            double share = s->values[0] > 0 ? s->values[k] / s->values[0] : 0;
            str count = chart_number(a, s->values[k], &whole, false);
            bar_line(t, c->names[k], s->color, share,
                     arena_printf(a, STR_FMT "  %.0f%%", STR_ARG(count), share * 100));
        }
    }
    rest(t, a, c->series_count - n);
}

static void draw_paths(const struct text *t, struct arena *a, const struct chart *c)
{
    struct chart_format whole = { .decimals = 0 };
    double most = 0;
    size_t n = c->edge_count < 2 * ROWS ? c->edge_count : 2 * ROWS;
    size_t place = (t->width - VALUE - 8) / 3;
    for (size_t i = 0; i < c->edge_count; i++)
        most = c->edges[i].value > most ? c->edges[i].value : most;
    for (size_t i = 0; i < n; i++) {
        const struct chart_edge *e = &c->edges[i];
        text_cell(t, TEXT_FAINT, arena_printf(a, "%d", e->step), 3, TEXT_LEFT);
        text_cell(t, TEXT_PLAIN, e->from, place, TEXT_LEFT);
        put(t, TEXT_FAINT, " → ");
        text_cell(t, TEXT_PLAIN, e->to, place, TEXT_LEFT);
        buf_char(t->b, ' ');
        bar(t, TEXT_SERIES + (e->step - 1) % CHART_PALETTE, e->value / most, place);
        buf_char(t->b, ' ');
        text_cell(t, TEXT_BOLD, chart_number(a, e->value, &whole, false), VALUE, TEXT_CUT);
        buf_char(t->b, '\n');
    }
    rest(t, a, c->edge_count - n);
}

/* -------------------------------------------------------------------------- retention */

/* How many began, and how much of them each of the next intervals saw again. */
static void draw_retention(const struct text *t, struct arena *a, const struct chart *c)
{
    size_t label = label_width(t), fit = (t->width - label - 8) / 7;
    size_t columns = c->name_count < fit + 1 ? c->name_count : fit + 1;
    size_t n = c->series_count < ROWS ? c->series_count : ROWS;
    struct chart_format whole = { .decimals = 0 };
    text_cell(t, TEXT_PLAIN, STR(""), label, TEXT_LEFT);
    text_cell(t, TEXT_FAINT, STR("people"), 8, TEXT_RIGHT);
    for (size_t k = 1; k < columns; k++) {
        buf_char(t->b, ' ');
        text_cell(t, TEXT_FAINT, c->names[k], 6, TEXT_RIGHT);
    }
    buf_char(t->b, '\n');
    for (size_t i = 0; i < n; i++) {
        const struct chart_series *s = &c->series[i];
        text_cell(t, TEXT_PLAIN, s->label, label, TEXT_LEFT);
        text_cell(t, TEXT_BOLD, chart_number(a, s->values[0], &whole, true), 8, TEXT_RIGHT);
        for (size_t k = 1; k < columns && isfinite(s->values[k]); k++) {
            double share = s->values[0] > 0 ? s->values[k] / s->values[0] * 100 : 0;
            buf_char(t->b, ' ');
            text_cell(t, share >= 50 ? TEXT_SERIES : TEXT_PLAIN, arena_printf(a, "%.0f%%", share), 6,
                      TEXT_RIGHT);
        }
        buf_char(t->b, '\n');
    }
    rest(t, a, c->series_count - n);
}

static void draw_table(const struct text *t, struct arena *a, const struct chart *c)
{
    text_table(t, a, c, ROWS);
}

void text_chart(const struct text *t, struct arena *a, const struct chart *c)
{
    static void (*const draws[])(const struct text *, struct arena *, const struct chart *) = {
        [CHART_SERIES] = draw_series, [CHART_NUMBER] = draw_number, [CHART_BARS] = draw_parts,
        [CHART_PIE] = draw_parts,     [CHART_FUNNEL] = draw_funnel,
        [CHART_RETENTION] = draw_retention, [CHART_TABLE] = draw_table,
        [CHART_PATHS] = draw_paths,
    };
    if (c->kind == CHART_EMPTY)
        text_lines(t, TEXT_FAINT, STR("no matching events"));
    else if (c->kind == CHART_UNKNOWN)
        text_lines(t, TEXT_FAINT, arena_printf(a, "a " STR_FMT " cannot be drawn",
                                               STR_ARG(c->label)));
    else
        draws[c->kind](t, a, c);
}
