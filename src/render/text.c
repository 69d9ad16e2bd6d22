/* text.c - cells, lines and tables of text.h. */
#include "render/text.h"

#include <stdio.h>

#include "render/glyph.h"

#define COLUMN_MOST 48 /* columns of a table's column, where there are several */
#define COLUMN_LEAST 4

static void begin_style(const struct text *t, int style)
{
    static const int series[CHART_PALETTE] = { 35, 214, 68, 167, 134, 37, 169, 143, 103, 107 };
    static const char *const codes[] = { "", "\033[1m", "\033[2m", "\033[31m" };
    if (!t->color || style == TEXT_PLAIN)
        return;
    if (style >= TEXT_SERIES)
        buf_printf(t->b, "\033[38;5;%dm", series[(style - TEXT_SERIES) % CHART_PALETTE]);
    else
        buf_z(t->b, codes[style]);
}

static void end_style(const struct text *t, int style)
{
    if (t->color && style != TEXT_PLAIN)
        buf_z(t->b, "\033[0m");
}

size_t text_columns(str s)
{
    size_t w = 0;
    for (size_t i = 0, n; i < s.n; i += n)
        w += (size_t)glyph_columns(glyph_at(str_slice(s, i, s.n), &n));
    return w;
}

static void blanks(const struct text *t, size_t n)
{
    while (n--)
        buf_char(t->b, ' ');
}

void text_cell(const struct text *t, int style, str s, size_t columns, enum text_fill fill)
{
    size_t all = text_columns(s), used = 0;
    bool cut = all > columns;
    if (fill == TEXT_RIGHT && all < columns)
        blanks(t, columns - all);
    begin_style(t, style);
    for (size_t i = 0, n; i < s.n && columns; i += n) {
        uint32_t c = glyph_at(str_slice(s, i, s.n), &n);
        size_t w = (size_t)glyph_columns(c);
        if (used + w > columns - cut)
            break;
        used += w;
        if (glyph_commands(c))
            blanks(t, w);
        else if (c == GLYPH_BAD)
            buf_z(t->b, "\xEF\xBF\xBD");
        else
            buf_str(t->b, str_slice(s, i, i + n));
    }
    if (cut && columns) {
        buf_z(t->b, "…");
        used++;
    }
    end_style(t, style);
    if (fill == TEXT_LEFT && used < columns)
        blanks(t, columns - used);
}

void text_rule(const struct text *t, str title)
{
    size_t room = t->width > 8 ? t->width - 5 : 3, used = text_columns(title);
    used = used > room ? room : used;
    buf_z(t->b, "\n── ");
    text_cell(t, TEXT_BOLD, title, room, TEXT_CUT);
    buf_char(t->b, ' ');
    for (size_t i = used + 4; i < t->width; i++)
        buf_z(t->b, "─");
    buf_char(t->b, '\n');
}

/* Bytes of a line that fits: up to a blank where there is one. */
static size_t fit(str s, size_t columns)
{
    size_t used = 0, i = 0, n, blank = 0;
    while (i < s.n) {
        uint32_t c = glyph_at(str_slice(s, i, s.n), &n);
        used += (size_t)glyph_columns(c);
        if (used > columns && i)
            return blank ? blank : i;
        i += n;
        if (c == ' ')
            blank = i;
    }
    return s.n;
}

void text_lines(const struct text *t, int style, str s)
{
    while (s.p) {
        str line = str_split(&s, '\n');
        do {
            size_t n = fit(line, t->width);
            str shown = str_slice(line, 0, n);
            while (shown.n && shown.p[shown.n - 1] == ' ')
                shown.n--;
            text_cell(t, style, shown, t->width, TEXT_CUT);
            buf_char(t->b, '\n');
            line = str_slice(line, n, line.n);
        } while (line.n);
    }
}

/* -------------------------------------------------------------------------- tables */

/* Natural widths, the widest made narrower until the line fits; the columns that do are counted. */
static size_t widths(const struct text *t, const struct chart *c, size_t rows, size_t *out)
{
    size_t shown = c->name_count, sum;
    size_t most = t->width / (COLUMN_LEAST + 2);
    shown = shown > most ? most : shown;
    for (size_t k = 0; k < shown; k++) {
        out[k] = text_columns(c->names[k]);
        for (size_t i = 0; i < rows; i++) {
            size_t w = text_columns(c->cells[i][k]);
            out[k] = w > out[k] ? w : out[k];
        }
        if (out[k] > COLUMN_MOST && shown > 1)
            out[k] = COLUMN_MOST;
    }
    for (;;) {
        size_t widest = 0;
        sum = 0;
        for (size_t k = 0; k < shown; k++) {
            sum += out[k] + (k ? 2 : 0);
            widest = out[k] > out[widest] ? k : widest;
        }
        if (sum <= t->width || out[widest] <= COLUMN_LEAST)
            return shown;
        size_t over = sum - t->width, give = out[widest] - COLUMN_LEAST;
        size_t step = over < give ? over : give;
        out[widest] -= step > 4 ? 4 : step; /* a little at a time, so that all wide ones give */
    }
}

/* A cell; the last one of a line is not filled up, so that no line ends in blanks. */
static void table_cell(const struct text *t, const struct chart *c, size_t k, size_t shown,
                       int style, str s, size_t width)
{
    enum text_fill fill = c->numeric[k] ? TEXT_RIGHT : k + 1 < shown ? TEXT_LEFT : TEXT_CUT;
    if (k)
        buf_z(t->b, "  ");
    text_cell(t, style, s, width, fill);
}

void text_table(const struct text *t, struct arena *a, const struct chart *c, size_t rows)
{
    size_t n = c->row_count < rows ? c->row_count : rows;
    size_t *w = arena_alloc(a, (c->name_count + 1) * sizeof(*w)), shown = widths(t, c, n, w);
    for (size_t k = 0; k < shown; k++)
        table_cell(t, c, k, shown, TEXT_FAINT, c->names[k], w[k]);
    buf_char(t->b, '\n');
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < shown; k++)
            table_cell(t, c, k, shown, TEXT_PLAIN, c->cells[i][k].p ? c->cells[i][k] : STR("-"),
                       w[k]);
        buf_char(t->b, '\n');
    }
    char left[96];
    if (n < c->row_count) {
        snprintf(left, sizeof(left), "and %zu more\n", c->row_count - n);
        text_cell(t, TEXT_FAINT, (str){ left, strlen(left) - 1 }, t->width, TEXT_CUT);
        buf_char(t->b, '\n');
    }
}
