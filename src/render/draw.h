/* draw.h - charts and dashboards as SVG documents. */
#pragma once

#include "render/chart.h"
#include "render/svg.h"

/* Draws the chart into that box of a document. */
void draw_chart(struct svg *s, struct arena *a, const struct chart *c, struct box at);
/* Parts of it, by kind. */
void draw_series(struct svg *s, struct arena *a, const struct chart *c, struct box at);
void draw_paths(struct svg *s, struct arena *a, const struct chart *c, struct box at);
/* A line in the middle of the box: "No matching events". */
void draw_note(struct svg *s, struct box at, enum ink ink, str text);

struct draw_tile {
    const struct chart *chart; /* NULL: a text, or nothing but the note */
    str title, description;    /* of an insight */
    str text;                  /* Markdown of a text tile; STR_NULL: none */
    str note;                  /* in place of a chart: what went wrong; STR_NULL: nothing */
    bool placed;               /* x, y, w, h were saved: columns of twelve, rows */
    double x, y, w, h;
};

struct draw_board {
    str title, description; /* STR_NULL: no head */
    struct draw_tile *tiles;
    size_t n;
    double width; /* of the picture, pixels */
    bool dark;
};

/* The document, in the arena. Its size is at most LIMIT_PICTURE pixels high; what would stand below is
 * said to be left out. */
str draw_board(struct arena *a, const struct draw_board *board, double *width, double *height);
/* One insight, filling the picture. */
str draw_insight(struct arena *a, const struct draw_tile *tile, double width, double height,
                 bool dark);
