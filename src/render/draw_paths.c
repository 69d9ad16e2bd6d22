/* draw_paths.c - ways that people take, step by step: places as bars, and ribbons between them, as wide
 * as many went there; see draw.h. */
#include "render/draw.h"

#define STEPS 20        /* layers at most */
#define PLACES 400      /* places at most; an edge beyond them is left out */
#define BAR 10.0        /* width of a place */
#define GAP 14.0        /* between two places of a step */

struct place {
    str name;
    int step;             /* from 1 */
    double in, out;       /* people */
    double y, high;       /* of its bar */
    double used_in, used_out; /* of the bar's height, by ribbons drawn so far */
};

struct layers {
    struct place *places;
    size_t n;
    int steps;
};

static struct place *place_of(struct layers *l, str name, int step)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->places[i].step == step && str_eq(l->places[i].name, name))
            return &l->places[i];
    if (l->n == PLACES || step > STEPS)
        return NULL;
    l->steps = step > l->steps ? step : l->steps;
    l->places[l->n] = (struct place){ .name = name, .step = step };
    return &l->places[l->n++];
}

static void count(struct layers *l, const struct chart *c)
{
    for (size_t i = 0; i < c->edge_count; i++) {
        const struct chart_edge *e = &c->edges[i];
        struct place *from = place_of(l, e->from, e->step);
        struct place *to = place_of(l, e->to, e->step + 1);
        if (!from || !to)
            continue;
        from->out += e->value;
        to->in += e->value;
    }
}

static double size_of(const struct place *p)
{
    return p->in > p->out ? p->in : p->out;
}

/* Places of a step from top to bottom, as they were met: the largest edges come first. The scale is
 * what lets the fullest step fit. */
static double stand(struct layers *l, struct box at)
{
    double scale = 1e300;
    for (int step = 1; step <= l->steps; step++) {
        double sum = 0, n = 0;
        for (size_t i = 0; i < l->n; i++)
            if (l->places[i].step == step) {
                sum += size_of(&l->places[i]);
                n++;
            }
        double room = at.h - GAP * n;
        room = room < at.h * 0.2 ? at.h * 0.2 : room;
        if (sum > 0 && room / sum < scale)
            scale = room / sum;
    }
    for (int step = 1; step <= l->steps; step++) {
        double y = at.y + 12, n = 0;
        for (size_t i = 0; i < l->n; i++)
            n += l->places[i].step == step;
        double gap = GAP * n > at.h * 0.8 ? at.h * 0.8 / n : GAP;
        for (size_t i = 0; i < l->n; i++) {
            struct place *p = &l->places[i];
            if (p->step != step)
                continue;
            p->y = y;
            p->high = size_of(p) * scale;
            y += p->high + gap;
        }
    }
    return scale;
}

static void draw_ribbon(struct svg *s, struct place *from, struct place *to, double x1, double x2,
                        double high, const char *color)
{
    double a = from->y + from->used_out, b = to->y + to->used_in, mid = (x1 + x2) / 2;
    from->used_out += high;
    to->used_in += high;
    buf_printf(s->b,
               "<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fL%.1f %.1fC%.1f %.1f %.1f %.1f"
               " %.1f %.1fZ\" fill=\"%s\" fill-opacity=\"0.28\"/>\n",
               x1, a, mid, a, mid, b, x2, b, x2, b + high, mid, b + high, mid, a + high, x1,
               a + high, color);
}

void draw_paths(struct svg *s, struct arena *a, const struct chart *c, struct box at)
{
    struct layers l = { .places = arena_alloc(a, PLACES * sizeof(struct place)) };
    struct chart_format whole = { .decimals = 0 };
    count(&l, c);
    if (l.steps < 2 || at.h < 40)
        return;
    double scale = stand(&l, at), apart = (at.w - 130) / (double)(l.steps - 1);
    if (apart < BAR * 2)
        return;
    for (size_t i = 0; i < c->edge_count; i++) {
        const struct chart_edge *e = &c->edges[i];
        struct place *from = place_of(&l, e->from, e->step);
        struct place *to = place_of(&l, e->to, e->step + 1);
        if (from && to)
            draw_ribbon(s, from, to, at.x + apart * (e->step - 1) + BAR, at.x + apart * e->step,
                        e->value * scale, svg_series(s, (int)((size_t)(from - l.places) % 10)));
    }
    for (size_t i = 0; i < l.n; i++) {
        const struct place *p = &l.places[i];
        double x = at.x + apart * (p->step - 1), room = apart - BAR - 8;
        bool last = p->step == l.steps;
        svg_rect(s, (struct box){ x, p->y, BAR, p->high < 1 ? 1 : p->high }, 2,
                 svg_series(s, (int)(i % 10)), NULL);
        if (p->high < 9 && i > 12)
            continue; /* names would stand over one another */
        str n = chart_number(a, size_of(p), &whole, false);
        svg_text(s, x + BAR + 5, p->y + (p->high < 14 ? 9 : 12), 11, INK_TEXT, ANCHOR_START, false,
                 last ? 112 : room, arena_printf(a, STR_FMT "  " STR_FMT, STR_ARG(p->name),
                                                 STR_ARG(n)));
    }
}
