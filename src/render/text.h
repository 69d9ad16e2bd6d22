/* text.h - charts in characters, for a terminal: sparklines, bars, numbers, tables. Names and results are
 * foreign text: characters that a terminal would obey become blanks. */
#pragma once

#include "base/buf.h"
#include "render/chart.h"

struct text {
    struct buf *b;
    size_t width; /* columns */
    bool color;   /* with the codes of ANSI terminals */
};

enum text_style { TEXT_PLAIN, TEXT_BOLD, TEXT_FAINT, TEXT_RED, TEXT_SERIES }; /* + a series' colour */
enum text_fill { TEXT_CUT, TEXT_LEFT, TEXT_RIGHT }; /* not filled up, or filled on the other side */

/* The text in at most so many columns, cut with an ellipsis. */
void text_cell(const struct text *t, int style, str s, size_t columns, enum text_fill fill);
/* How many columns the text takes. */
size_t text_columns(str s);
/* A line with the title in it. */
void text_rule(const struct text *t, str title);
/* The lines of a longer text, broken at the width. */
void text_lines(const struct text *t, int style, str s);
void text_chart(const struct text *t, struct arena *a, const struct chart *c);
/* Rows under their names, the columns as wide as the terminal allows; at most `rows` of them. */
void text_table(const struct text *t, struct arena *a, const struct chart *c, size_t rows);
