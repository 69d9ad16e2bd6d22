/* draw.c - charts that are no series over time: numbers, parts, funnels, retention, tables; see draw.h. */
#include "render/draw.h"

#include <math.h>

#define SIZE 12.0
#define ROW 22.0 /* height of a row of a table */

void draw_note(struct svg *s, struct box at, enum ink ink, str text)
{
    double y = at.y + at.h / 2;
    while (text.n && y < at.y + at.h) {
        size_t n = svg_fit(text, 13, at.w - 24);
        svg_text(s, at.x + at.w / 2, y, 13, ink, ANCHOR_MIDDLE, false, at.w - 16,
                 str_slice(text, 0, n));
        text = str_slice(text, n, text.n);
        y += 18;
    }
}

static void draw_number(struct svg *s, struct arena *a, const struct chart *c, struct box at)
{
    double size = at.h * 0.34, x = at.x + at.w / 2, y = at.y + at.h * 0.55;
    str text = chart_number(a, c->value, &c->format, false);
    double w = svg_width(text, size);
    size = w > at.w - 16 ? size * (at.w - 16) / w : size;
    size = size > 64 ? 64 : size;
    svg_text(s, x, y, size, INK_TEXT, ANCHOR_MIDDLE, true, 0, text);
    if (!isfinite(c->previous) || c->previous == 0)
        return;
    double change = (c->value - c->previous) / fabs(c->previous) * 100;
    struct chart_format plain = { .decimals = fabs(change) < 10 ? 1 : 0 };
    str percent = chart_number(a, change, &plain, false);
    str was = chart_number(a, c->previous, &c->format, false);
    svg_text(s, x, y + 24, 13, INK_FAINT, ANCHOR_MIDDLE, false, at.w - 8,
             arena_printf(a, "%s" STR_FMT "%% from " STR_FMT, change > 0 ? "+" : "",
                          STR_ARG(percent), STR_ARG(was)));
}

/* "and 12 more", at the foot of the box. */
static void draw_rest(struct svg *s, struct arena *a, struct box at, size_t rest)
{
    if (rest)
        svg_text(s, at.x, at.y + at.h - 4, 11, INK_FAINT, ANCHOR_START, false, at.w,
                 arena_printf(a, "and %zu more", rest));
}

static void draw_bars(struct svg *s, struct arena *a, const struct chart *c, struct box at)
{
    double most = 0, row = 34;
    size_t fit = (size_t)((at.h - 4) / row), n = c->part_count;
    if (n > fit)
        n = fit ? fit - 1 : 0;
    for (size_t i = 0; i < c->part_count; i++)
        most = fabs(c->parts[i].value) > most ? fabs(c->parts[i].value) : most;
    for (size_t i = 0; i < n; i++) {
        const struct chart_part *p = &c->parts[i];
        double y = at.y + row * (double)i;
        str value = chart_number(a, p->value, &c->format, false);
        double taken = svg_width(value, SIZE) + 12;
        svg_text(s, at.x, y + 13, SIZE, INK_SOFT, ANCHOR_START, false, at.w - taken, p->label);
        svg_text(s, at.x + at.w, y + 13, SIZE, INK_TEXT, ANCHOR_END, true, 0, value);
        svg_rect(s, (struct box){ at.x, y + 19, at.w, 7 }, 3, svg_ink(s, INK_LINE), NULL);
        double w = most > 0 ? at.w * fabs(p->value) / most : 0;
        svg_rect(s, (struct box){ at.x, y + 19, w, 7 }, 3, svg_series(s, p->color), NULL);
    }
    draw_rest(s, a, at, c->part_count - n);
}

/* A part of a ring, from one share of the round to another. */
static void draw_arc(struct svg *s, double x, double y, double r, double from, double to,
                     const char *color)
{
    double inner = r * 0.62, a = from * 2 * M_PI - M_PI / 2, b = to * 2 * M_PI - M_PI / 2;
    if (to - from > 0.9999)
        b = a + 2 * M_PI * 0.9999;
    int large = to - from > 0.5;
    buf_printf(s->b,
               "<path d=\"M%.2f %.2fA%.2f %.2f 0 %d 1 %.2f %.2fL%.2f %.2fA%.2f %.2f 0 %d 0 %.2f"
               " %.2fZ\" fill=\"%s\" stroke=\"%s\"/>\n",
               x + r * cos(a), y + r * sin(a), r, r, large, x + r * cos(b), y + r * sin(b),
               x + inner * cos(b), y + inner * sin(b), inner, inner, large, x + inner * cos(a),
               y + inner * sin(a), color, svg_ink(s, INK_SURFACE));
}

static void draw_pie(struct svg *s, struct arena *a, const struct chart *c, struct box at)
{
    double sum = 0, from = 0, r = (at.h < at.w * 0.5 ? at.h : at.w * 0.5) / 2 - 4;
    double x = at.x + r + 8, y = at.y + at.h / 2, left = x + r + 24;
    struct chart_format percent = { .name = STR("percentage"), .decimals = 1 };
    for (size_t i = 0; i < c->part_count; i++)
        sum += c->parts[i].value;
    if (r < 10 || !(sum > 0) || !isfinite(sum))
        return;
    for (size_t i = 0; i < c->part_count; i++) {
        double to = from + c->parts[i].value / sum;
        if (to > from)
            draw_arc(s, x, y, r, from, to, svg_series(s, c->parts[i].color));
        from = to;
    }
    svg_text(s, x, y + 6, 17, INK_TEXT, ANCHOR_MIDDLE, true, r * 1.15,
             chart_number(a, sum, &c->format, true));
    size_t fit = (size_t)(at.h / ROW), n = c->part_count > fit ? fit - (fit > 0) : c->part_count;
    double top = y - (double)n * ROW / 2 + 14, end = at.x + at.w;
    for (size_t i = 0; i < n; i++, top += ROW) {
        const struct chart_part *p = &c->parts[i];
        str value = chart_number(a, p->value, &c->format, false);
        str share = chart_number(a, p->value / sum * 100, &percent, false);
        svg_rect(s, (struct box){ left, top - 9, 10, 10 }, 2, svg_series(s, p->color), NULL);
        svg_text(s, end, top, SIZE, INK_FAINT, ANCHOR_END, false, 0, share);
        svg_text(s, end - 52, top, SIZE, INK_TEXT, ANCHOR_END, true, 0, value);
        svg_text(s, left + 16, top, SIZE, INK_SOFT, ANCHOR_START, false,
                 end - 64 - svg_width(value, SIZE) - left - 16, p->label);
    }
    if (n < c->part_count)
        svg_text(s, left, top, 11, INK_FAINT, ANCHOR_START, false, 0,
                 arena_printf(a, "and %zu more", c->part_count - n));
}

/* -------------------------------------------------------------------------- funnels */

static void draw_step(struct svg *s, struct arena *a, const struct chart *c, struct box at,
                      size_t step, size_t groups)
{
    struct chart_format percent = { .name = STR("percentage"), .decimals = 1 };
    double high = at.h - 42, w = at.w * 0.78 / (double)groups, left = at.x + at.w * 0.11;
    double n = 0, whole = 0;
    for (size_t g = 0; g < groups; g++) {
        const struct chart_series *one = &c->series[g];
        double share = one->values[0] > 0 ? one->values[step] / one->values[0] : 0;
        share = share > 1 ? 1 : share;
        struct box full = { left + w * (double)g, at.y, w - (groups > 1 ? 2 : 0), high };
        struct box bar = { full.x, at.y + high * (1 - share), full.w, high * share };
        svg_rect(s, full, 4, svg_ink(s, INK_LINE), NULL);
        svg_rect(s, bar, 4, svg_series(s, one->color), NULL);
        n += one->values[step];
        whole += one->values[0];
    }
    str count = chart_number(a, n, &(struct chart_format){ .decimals = 0 }, false);
    str share = chart_number(a, whole > 0 ? n / whole * 100 : 0, &percent, false);
    svg_text(s, at.x + at.w / 2, at.y + high + 18, SIZE, INK_SOFT, ANCHOR_MIDDLE, false, at.w - 6,
             arena_printf(a, "%zu. " STR_FMT, step + 1, STR_ARG(c->names[step])));
    svg_text(s, at.x + at.w / 2, at.y + high + 36, SIZE, INK_TEXT, ANCHOR_MIDDLE, true, at.w - 6,
             arena_printf(a, STR_FMT " · " STR_FMT, STR_ARG(count), STR_ARG(share)));
}

static void draw_funnel(struct svg *s, struct arena *a, const struct chart *c, struct box at)
{
    size_t steps = c->name_count, fit = (size_t)(at.w / 70);
    size_t groups = c->series_count > 12 ? 12 : c->series_count;
    steps = steps > fit ? fit : steps;
    if (groups > 1) {
        double x = at.x;
        for (size_t g = 0; g < groups && x < at.x + at.w - 60; g++) {
            double w = svg_width(c->series[g].label, 11) + 28;
            svg_rect(s, (struct box){ x, at.y, 10, 10 }, 2, svg_series(s, c->series[g].color), NULL);
            svg_text(s, x + 15, at.y + 9, 11, INK_SOFT, ANCHOR_START, false, at.x + at.w - x - 20,
                     c->series[g].label);
            x += w;
        }
        at.y += 20;
        at.h -= 20;
    }
    if (at.h < 60)
        return;
    for (size_t i = 0; i < steps; i++) {
        double w = at.w / (double)steps;
        draw_step(s, a, c, (struct box){ at.x + w * (double)i, at.y, w, at.h }, i, groups);
    }
}

/* -------------------------------------------------------------------------- rows */

static void draw_share(struct svg *s, struct arena *a, struct box at, double share)
{
    struct chart_format percent = { .name = STR("percentage"), .decimals = share < 0.1 ? 1 : 0 };
    buf_printf(s->b, "<g fill-opacity=\"%.2f\">", 0.06 + 0.84 * (share > 1 ? 1 : share));
    svg_rect(s, at, 3, svg_series(s, 0), NULL);
    buf_z(s->b, "</g>");
    bool over = share > 0.5 && !s->dark;
    svg_text(s, at.x + at.w / 2, at.y + at.h - 6, 11, over ? INK_SURFACE : INK_TEXT, ANCHOR_MIDDLE,
             false, at.w, chart_number(a, share * 100, &percent, false));
}

static void draw_retention(struct svg *s, struct arena *a, const struct chart *c, struct box at)
{
    double label = 96, size = 62, cell = 52;
    size_t fit = at.w > label + size ? (size_t)((at.w - label - size) / cell) : 0;
    size_t columns = c->name_count > fit ? fit : c->name_count;
    size_t rows = (size_t)((at.h - ROW) / (ROW + 1)), n = c->series_count;
    struct chart_format whole = { .decimals = 0 };
    if (columns)
        cell = (at.w - label - size) / (double)columns;
    n = n > rows ? rows - (rows > 0) : n;
    svg_text(s, at.x + label + size - 10, at.y + 12, 11, INK_FAINT, ANCHOR_END, false, 0,
             STR("People"));
    for (size_t k = 0; k < columns; k++)
        svg_text(s, at.x + label + size + cell * ((double)k + 0.5), at.y + 12, 11, INK_FAINT,
                 ANCHOR_MIDDLE, false, cell - 2, c->names[k]);
    for (size_t i = 0; i < n; i++) {
        const struct chart_series *row = &c->series[i];
        double y = at.y + ROW + (ROW + 1) * (double)i;
        svg_text(s, at.x, y + 15, 11, INK_SOFT, ANCHOR_START, false, label - 4, row->label);
        svg_text(s, at.x + label + size - 10, y + 15, 11, INK_TEXT, ANCHOR_END, false, size,
                 chart_number(a, row->values[0], &whole, false));
        for (size_t k = 0; k < columns; k++)
            if (isfinite(row->values[k]) && row->values[0] > 0)
                draw_share(s, a,
                           (struct box){ at.x + label + size + cell * (double)k, y, cell - 1, ROW },
                           row->values[k] / row->values[0]);
    }
    draw_rest(s, a, at, c->series_count - n);
}

static void draw_table(struct svg *s, struct arena *a, const struct chart *c, struct box at)
{
    size_t fit = (size_t)(at.w / 80), columns = c->name_count > fit ? fit : c->name_count;
    size_t rows = (size_t)((at.h - ROW - 4) / ROW), n = c->row_count;
    double w = columns ? at.w / (double)columns : at.w;
    n = n > rows ? rows - (rows > 0) : n;
    for (size_t k = 0; k < columns; k++) {
        double x = c->numeric[k] ? at.x + w * (double)(k + 1) - 8 : at.x + w * (double)k;
        enum anchor anchor = c->numeric[k] ? ANCHOR_END : ANCHOR_START;
        svg_text(s, x, at.y + 12, 11, INK_FAINT, anchor, true, w - 10, c->names[k]);
        for (size_t i = 0; i < n; i++) {
            str cell = c->cells[i][k];
            svg_text(s, x, at.y + ROW * (double)(i + 1) + 15, SIZE, cell.p ? INK_TEXT : INK_FAINT,
                     anchor, false, w - 10, cell.p ? cell : STR("–"));
        }
    }
    for (size_t i = 0; i < n; i++)
        svg_line(s, at.x, at.y + ROW * (double)(i + 1), at.x + at.w, at.y + ROW * (double)(i + 1),
                 svg_ink(s, INK_LINE), 1);
    if (n < c->row_count)
        draw_rest(s, a, at, c->row_count - n);
}

void draw_chart(struct svg *s, struct arena *a, const struct chart *c, struct box at)
{
    static void (*const draws[])(struct svg *, struct arena *, const struct chart *, struct box) = {
        [CHART_SERIES] = draw_series,       [CHART_NUMBER] = draw_number,
        [CHART_BARS] = draw_bars,           [CHART_PIE] = draw_pie,
        [CHART_FUNNEL] = draw_funnel,       [CHART_RETENTION] = draw_retention,
        [CHART_TABLE] = draw_table,         [CHART_PATHS] = draw_paths,
    };
    if (c->kind == CHART_EMPTY)
        draw_note(s, at, INK_FAINT, STR("No matching events"));
    else if (c->kind == CHART_UNKNOWN)
        draw_note(s, at, INK_FAINT,
                  arena_printf(a, "A " STR_FMT " cannot be drawn", STR_ARG(c->label)));
    else
        draws[c->kind](s, a, c, at);
}
