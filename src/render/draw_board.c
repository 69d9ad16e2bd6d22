/* draw_board.c - a dashboard as one picture: its head, and its tiles in their places; see draw.h. */
#include "base/limits.h"
#include "render/draw.h"

#define COLUMNS 12
#define MARGIN 28.0
#define GAP 14.0
#define ROW 62.0     /* height of a row of the grid, without the gap */
#define PADDING 16.0 /* of a tile */

/* -------------------------------------------------------------------------- places */

struct cell {
    int x, y, w, h;
};

static int clamp(double v, int least, int most)
{
    return !(v >= least) ? least : v > most ? most : (int)v;
}

static bool meets(const struct cell *a, const struct cell *b)
{
    return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

static const struct cell *met(const struct cell *c, const struct cell *taken, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (meets(c, &taken[i]))
            return &taken[i];
    return NULL;
}

/* The saved place, or below whatever stands there, moved up as far as it goes. */
static void settle(struct cell *c, const struct cell *taken, size_t n)
{
    const struct cell *other;
    int top = 0;
    while ((other = met(c, taken, n)))
        c->y = other->y + other->h;
    for (size_t i = 0; i < n; i++) {
        bool above = taken[i].x < c->x + c->w && c->x < taken[i].x + taken[i].w &&
                     taken[i].y + taken[i].h <= c->y;
        if (above && taken[i].y + taken[i].h > top)
            top = taken[i].y + taken[i].h;
    }
    c->y = top;
}

/* The first free place, reading by rows: at the top, or right below a tile. */
static void find_place(struct cell *c, const struct cell *taken, size_t n)
{
    int y = 0;
    for (;;) {
        int next = INT32_MAX;
        c->y = y;
        for (c->x = 0; c->x + c->w <= COLUMNS; c->x++)
            if (!met(c, taken, n))
                return;
        for (size_t i = 0; i < n; i++)
            if (taken[i].y + taken[i].h > y && taken[i].y + taken[i].h < next)
                next = taken[i].y + taken[i].h;
        y = next;
    }
}

/* A cell for each tile, none over another. Saved places go first; the order of tiles is theirs. */
static struct cell *arrange(struct arena *a, const struct draw_board *board, size_t n)
{
    struct cell *out = arena_alloc(a, (n + 1) * sizeof(*out));
    struct cell *taken = arena_alloc(a, (n + 1) * sizeof(*taken));
    size_t k = 0;
    for (int placed = 1; placed >= 0; placed--)
        for (size_t i = 0; i < n; i++) {
            const struct draw_tile *t = &board->tiles[i];
            if (t->placed != (placed == 1))
                continue;
            out[i].w = clamp(t->w, 1, COLUMNS);
            out[i].h = clamp(t->h, 1, 60);
            out[i].x = clamp(t->x, 0, COLUMNS - out[i].w);
            out[i].y = clamp(t->y, 0, 5000);
            if (placed)
                settle(&out[i], taken, k);
            else
                find_place(&out[i], taken, k);
            taken[k++] = out[i];
        }
    return out;
}

/* -------------------------------------------------------------------------- tiles */

/* Without the marks of Markdown that are no text: emphasis, and the addresses of links. */
static str without_marks(struct arena *a, str line)
{
    char *out = arena_alloc(a, line.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '*' || line.p[i] == '`' || (line.p[i] == '_' && i + 1 < line.n &&
                                                    line.p[i + 1] == '_'))
            continue;
        if (line.p[i] == ']' && i + 1 < line.n && line.p[i + 1] == '(') {
            ptrdiff_t end = str_find_char(str_slice(line, i, line.n), ')');
            if (end > 0) {
                i += (size_t)end;
                continue;
            }
        }
        if (line.p[i] == '[' && str_find(str_slice(line, i, line.n), STR("](")) > 0)
            continue;
        out[n++] = line.p[i];
    }
    return (str){ out, n };
}

static void draw_text(struct svg *s, struct arena *a, struct box at, str text)
{
    double y = at.y + 14;
    while (text.p && y < at.y + at.h) {
        str line = str_trim(str_split(&text, '\n'));
        size_t level = 0;
        while (level < line.n && level < 6 && line.p[level] == '#')
            level++;
        bool head = level && level < line.n && line.p[level] == ' ';
        double size = head ? (level == 1 ? 19 : level == 2 ? 16 : 14) : 13;
        line = head ? str_trim(str_slice(line, level, line.n)) : line;
        bool item = str_starts(line, STR("- ")) || str_starts(line, STR("* "));
        double indent = item ? 14 : 0;
        if (item) {
            line = str_slice(line, 2, line.n);
            svg_text(s, at.x + 2, y, size, INK_FAINT, ANCHOR_START, false, 0, STR("•"));
        }
        line = without_marks(a, line);
        do {
            size_t n = svg_fit(line, size, at.w - indent);
            svg_text(s, at.x + indent, y, size, INK_TEXT, ANCHOR_START, head, 0,
                     str_slice(line, 0, n));
            line = str_slice(line, n, line.n);
            y += size * 1.45;
        } while (line.n && y < at.y + at.h);
        y += head ? 4 : 0;
    }
}

static void draw_tile(struct svg *s, struct arena *a, const struct draw_tile *t, struct box at)
{
    struct box in = { at.x + PADDING, at.y + PADDING, at.w - 2 * PADDING, at.h - 2 * PADDING };
    svg_rect(s, at, 10, svg_ink(s, INK_SURFACE), svg_ink(s, INK_LINE));
    if (t->title.n) {
        svg_text(s, in.x, in.y + 12, 14, INK_TEXT, ANCHOR_START, true, in.w, t->title);
        in.y += 26;
        in.h -= 26;
    }
    if (t->description.n) {
        svg_text(s, in.x, in.y + 6, 12, INK_FAINT, ANCHOR_START, false, in.w, t->description);
        in.y += 18;
        in.h -= 18;
    }
    if (in.h < 12)
        return;
    if (t->chart)
        draw_chart(s, a, t->chart, in);
    else if (t->text.p)
        draw_text(s, a, in, t->text);
    else if (t->note.n)
        draw_note(s, in, INK_BAD, t->note);
}

/* -------------------------------------------------------------------------- all */

static str finish(struct svg *s, struct arena *a)
{
    svg_close(s);
    str out = s->b->full ? STR_NULL : arena_str(a, buf_view(s->b));
    buf_release(s->b);
    return out;
}

static double place_y(const struct cell *c, double top)
{
    return top + c->y * (ROW + GAP);
}

str draw_board(struct arena *a, const struct draw_board *board, double *width, double *height)
{
    struct buf b = BUF_INIT(LIMIT_PICTURE_SVG);
    struct svg s = { .b = &b, .dark = board->dark };
    size_t n = board->n < LIMIT_PICTURE_TILES ? board->n : LIMIT_PICTURE_TILES, left = board->n - n;
    double top = MARGIN, end = MARGIN, column = (board->width - 2 * MARGIN + GAP) / COLUMNS;
    struct cell *cells = arrange(a, board, n);
    if (board->title.n)
        top += 36;
    if (board->description.n)
        top += 24;
    for (size_t i = 0; i < n; i++) {
        double foot = place_y(&cells[i], top) + cells[i].h * (ROW + GAP) - GAP;
        if (foot > LIMIT_PICTURE - MARGIN - 24)
            left++;
        else if (foot > end)
            end = foot;
    }
    end = end > top ? end : top + 40;
    *width = board->width;
    *height = end + MARGIN + (left ? 24 : 0);
    svg_open(&s, *width, *height);
    svg_text(&s, MARGIN, MARGIN + 20, 24, INK_TEXT, ANCHOR_START, true, *width - 2 * MARGIN,
             board->title);
    if (board->description.n)
        svg_text(&s, MARGIN, top - 16, 14, INK_SOFT, ANCHOR_START, false, *width - 2 * MARGIN,
                 board->description);
    for (size_t i = 0; i < n; i++) {
        struct box at = { MARGIN + cells[i].x * column, place_y(&cells[i], top),
                          cells[i].w * column - GAP, cells[i].h * (ROW + GAP) - GAP };
        if (at.y + at.h <= end)
            draw_tile(&s, a, &board->tiles[i], at);
    }
    if (!board->n)
        draw_note(&s, (struct box){ 0, top, *width, 40 }, INK_FAINT,
                  STR("This dashboard has no tiles yet"));
    if (left)
        svg_text(&s, MARGIN, *height - MARGIN + 6, 12, INK_FAINT, ANCHOR_START, false, 0,
                 arena_printf(a, "%zu more tiles are not in this picture", left));
    return finish(&s, a);
}

str draw_insight(struct arena *a, const struct draw_tile *tile, double width, double height,
                 bool dark)
{
    struct buf b = BUF_INIT(LIMIT_PICTURE_SVG);
    struct svg s = { .b = &b, .dark = dark };
    svg_open(&s, width, height);
    draw_tile(&s, a, tile, (struct box){ 12, 12, width - 24, height - 24 });
    return finish(&s, a);
}
