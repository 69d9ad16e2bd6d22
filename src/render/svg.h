/* svg.h - elements of an SVG document, written into a buffer. Texts are hostile: what is not a character
 * of XML is replaced, the rest escaped; nothing in them can become markup. Lengths are in pixels. */
#pragma once

#include "base/buf.h"

enum ink { INK_TEXT, INK_SOFT, INK_FAINT, INK_LINE, INK_SURFACE, INK_GROUND, INK_BAD, INK_COUNT };
enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

struct svg {
    struct buf *b;
    bool dark;
};

struct box {
    double x, y, w, h;
};

const char *svg_ink(const struct svg *s, enum ink ink);
/* A colour of the palette, as text "#rrggbb". */
const char *svg_series(const struct svg *s, int color);

void svg_open(struct svg *s, double width, double height);
void svg_close(struct svg *s);
/* radius 0: square corners. fill and line are colours; line NULL: none. */
void svg_rect(struct svg *s, struct box at, double radius, const char *fill, const char *line);
void svg_line(struct svg *s, double x1, double y1, double x2, double y2, const char *color,
              double width);
/* One line of text, cut with an ellipsis where it would be wider than `room` (0: never). */
void svg_text(struct svg *s, double x, double y, double size, enum ink ink, enum anchor anchor,
              bool bold, double room, str text);
/* About how wide a text is at that size: fonts differ, this is on the safe side. */
double svg_width(str text, double size);
/* The longest prefix of about that width, at a blank where there is one. For breaking lines. */
size_t svg_fit(str text, double size, double room);
