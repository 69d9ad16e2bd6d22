/* draw_series.c - lines, areas and bars over buckets, with their axes and legend; see draw.h. */
#include <math.h>

#include "render/draw.h"

#define SIZE 11.0     /* of the axes' texts */
#define LEGEND 18.0   /* height of a line of the legend */
#define LEGENDS 3     /* lines at most */

struct plot {
    struct svg *s;
    struct arena *a;
    const struct chart *c;
    struct box at;       /* inside the axes */
    double least, most;  /* of the axis */
    size_t shown;        /* buckets: neighbours share one where there are too many */
};

/* -------------------------------------------------------------------------- the axes */

/* 1, 2 or 5 times a power of ten: about `n` of them make up the span. */
static double step_of(double span, int n)
{
    double raw = span / n, power = pow(10, floor(log10(raw)));
    double part = raw / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static double to_y(const struct plot *p, double v)
{
    return p->at.y + p->at.h * (1 - (v - p->least) / (p->most - p->least));
}

static double to_x(const struct plot *p, size_t i)
{
    bool bars = p->c->form == CHART_BAR || p->c->form == CHART_STACKED;
    if (bars)
        return p->at.x + p->at.w * ((double)i + 0.5) / (double)p->shown;
    return p->at.x + (p->shown > 1 ? p->at.w * (double)i / (double)(p->shown - 1) : p->at.w / 2);
}

static double axis_room(struct plot *p, double step)
{
    double room = 0;
    for (double v = p->least; v <= p->most + step / 2; v += step) {
        double w = svg_width(chart_number(p->a, v, &p->c->format, true), SIZE);
        room = w > room ? w : room;
    }
    return room + 8;
}

static void draw_axes(struct plot *p, double step)
{
    for (double v = p->least; v <= p->most + step / 2; v += step) {
        double y = to_y(p, v), clean = fabs(v) < step / 1e6 ? 0 : v;
        svg_line(p->s, p->at.x, y, p->at.x + p->at.w, y, svg_ink(p->s, INK_LINE), 1);
        svg_text(p->s, p->at.x - 6, y + 4, SIZE, INK_FAINT, ANCHOR_END, false, 0,
                 chart_number(p->a, clean, &p->c->format, true));
    }
    double widest = 0;
    for (size_t i = 0; i < p->c->name_count; i++) {
        double w = svg_width(p->c->names[i], SIZE);
        widest = w > widest ? w : widest;
    }
    widest = widest > 120 ? 120 : widest;
    size_t fit = (size_t)(p->at.w / (widest + 16));
    size_t every = fit ? (p->shown + fit - 1) / fit : p->shown;
    for (size_t i = 0; i < p->shown; i += every ? every : 1)
        svg_text(p->s, to_x(p, i), p->at.y + p->at.h + 16, SIZE, INK_FAINT, ANCHOR_MIDDLE, false,
                 widest + 8, p->c->names[i * p->c->name_count / p->shown]);
}

/* -------------------------------------------------------------------------- the values */

/* Of the buckets that share this place the value that stands out most; NAN: none has one. */
static double value_at(const struct plot *p, const struct chart_series *s, size_t i)
{
    size_t n = p->c->name_count;
    size_t from = i * n / p->shown, to = (i + 1) * n / p->shown;
    double best = NAN;
    for (size_t k = from; k < to || k == from; k++)
        if (isfinite(s->values[k]) && !(fabs(s->values[k]) <= fabs(best)))
            best = s->values[k];
    return best;
}

static void draw_run(struct plot *p, const struct chart_series *s, size_t from, size_t to,
                     const char *color)
{
    struct buf *b = p->s->b;
    if (p->c->form == CHART_AREA && to > from) {
        buf_printf(b, "<path d=\"M%.1f %.1f", to_x(p, from), to_y(p, 0));
        for (size_t i = from; i <= to; i++)
            buf_printf(b, "L%.1f %.1f", to_x(p, i), to_y(p, value_at(p, s, i)));
        buf_printf(b, "L%.1f %.1fZ\" fill=\"%s\" fill-opacity=\"0.16\"/>\n", to_x(p, to),
                   to_y(p, 0), color);
    }
    size_t whole = p->c->open && to == p->shown - 1 && to > from ? to - 1 : to;
    buf_z(b, "<path d=\"");
    for (size_t i = from; i <= whole; i++)
        buf_printf(b, "%c%.1f %.1f", i == from ? 'M' : 'L', to_x(p, i),
                   to_y(p, value_at(p, s, i)));
    buf_printf(b, "\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linejoin=\"round\"%s/>\n",
               color, s->previous ? " stroke-opacity=\"0.45\"" : "");
    if (whole < to) /* will still grow */
        buf_printf(b,
                   "<path d=\"M%.1f %.1fL%.1f %.1f\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\""
                   " stroke-dasharray=\"5 4\"/>\n",
                   to_x(p, whole), to_y(p, value_at(p, s, whole)), to_x(p, to),
                   to_y(p, value_at(p, s, to)), color);
    if (from == to)
        buf_printf(b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", to_x(p, from),
                   to_y(p, value_at(p, s, from)), color);
}

static void draw_lines(struct plot *p)
{
    for (size_t k = p->c->series_count; k-- > 0;) { /* the first one stands above the others */
        const struct chart_series *s = &p->c->series[k];
        for (size_t i = 0; i < p->shown; i++) {
            size_t from = i;
            while (i < p->shown && isfinite(value_at(p, s, i)))
                i++;
            if (i > from)
                draw_run(p, s, from, i - 1, svg_series(p->s, s->color));
        }
    }
}

static void draw_bar(struct plot *p, double x, double w, double from, double to,
                     const struct chart_series *s)
{
    double a = to_y(p, from), b = to_y(p, to);
    struct box at = { x, a < b ? a : b, w, fabs(a - b) };
    if (at.h <= 0)
        return;
    if (s->previous)
        buf_z(p->s->b, "<g opacity=\"0.45\">");
    svg_rect(p->s, at, w > 6 ? 1.5 : 0, svg_series(p->s, s->color), NULL);
    if (s->previous)
        buf_z(p->s->b, "</g>");
}

static void draw_bars(struct plot *p)
{
    double slot = p->at.w / (double)p->shown, w = slot * 0.72;
    bool stacked = p->c->form == CHART_STACKED;
    for (size_t i = 0; i < p->shown; i++) {
        double up = 0, down = 0, left = to_x(p, i) - w / 2;
        for (size_t k = 0; k < p->c->series_count; k++) {
            const struct chart_series *s = &p->c->series[k];
            double v = value_at(p, s, i), one = w / (double)p->c->series_count;
            if (!isfinite(v))
                continue;
            if (!stacked) {
                draw_bar(p, left + one * (double)k, one, 0, v, s);
                continue;
            }
            double *base = v < 0 ? &down : &up;
            draw_bar(p, left, w, *base, *base + v, s);
            *base += v;
        }
    }
    svg_line(p->s, p->at.x, to_y(p, 0), p->at.x + p->at.w, to_y(p, 0), svg_ink(p->s, INK_FAINT), 1);
}

/* -------------------------------------------------------------------------- all */

/* The legend, at the foot of the box; its height. */
static double draw_legend(struct svg *s, const struct chart *c, struct box at)
{
    double x = at.x, lines = 1;
    size_t n = 0;
    if (c->series_count < 2)
        return 0;
    for (int pass = 0; pass < 2; pass++) { /* count lines, then draw from the top of them */
        double y = at.y + at.h - LEGEND * lines + 12, used = 1;
        x = at.x;
        for (size_t i = 0; i < (pass ? n : c->series_count); i++) {
            double w = svg_width(c->series[i].label, SIZE) + 28;
            w = w > 200 ? 200 : w;
            if (x > at.x && x + w > at.x + at.w) {
                if (used == LEGENDS)
                    break;
                used++;
                x = at.x;
                y += LEGEND;
            }
            n = pass ? n : i + 1;
            if (pass) {
                svg_rect(s, (struct box){ x, y - 9, 10, 10 }, 2, svg_series(s, c->series[i].color),
                         NULL);
                svg_text(s, x + 15, y, SIZE, INK_SOFT, ANCHOR_START, false, w - 24,
                         c->series[i].label);
            }
            x += w;
        }
        lines = used;
    }
    return LEGEND * lines + 6;
}

void draw_series(struct svg *s, struct arena *a, const struct chart *c, struct box at)
{
    struct plot p = { .s = s, .a = a, .c = c, .at = at };
    p.at.h -= draw_legend(s, c, at) + 24;
    p.at.y += 8;
    p.at.h -= 8;
    if (p.at.h < 20 || at.w < 60)
        return;
    chart_range(c, &p.least, &p.most);
    if (p.most <= p.least)
        p.most = p.least + 1;
    double step = step_of(p.most - p.least, p.at.h > 160 ? 5 : 3);
    p.least = floor(p.least / step) * step;
    p.most = ceil(p.most / step - 1e-9) * step;
    double room = axis_room(&p, step);
    p.at.x += room;
    p.at.w -= room + 8;
    bool bars = c->form == CHART_BAR || c->form == CHART_STACKED;
    size_t fit = (size_t)(p.at.w / (bars ? 4 : 1)) + 1;
    p.shown = c->name_count < fit ? c->name_count : fit;
    draw_axes(&p, step);
    if (bars)
        draw_bars(&p);
    else
        draw_lines(&p);
}
