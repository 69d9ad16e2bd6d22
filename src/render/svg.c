/* svg.c - see svg.h. */
#include "render/svg.h"

#include "render/glyph.h"

#define FONT "'DejaVu Sans','Liberation Sans',sans-serif"

static const char *const inks[2][INK_COUNT] = {
    { "#22211d", "#57544c", "#716d63", "#e7e4dc", "#ffffff", "#f6f5f1", "#b4402a" },
    { "#ecebe4", "#b9b7ad", "#949288", "#2b2f29", "#1b1e1a", "#131512", "#ef8a70" },
};

static const char *const palette[2][10] = {
    { "#1f7a54", "#d98d22", "#3f6fb5", "#c4573b", "#7d55a8", "#1f8f97", "#c0527f", "#8c8430",
      "#5f6b80", "#6a9a2c" },
    { "#58c08e", "#e8ad52", "#7aa5e6", "#e58468", "#b393dc", "#4fbfc6", "#e389ae", "#cbbf62",
      "#9aa3b8", "#9cc95f" },
};

const char *svg_ink(const struct svg *s, enum ink ink)
{
    return inks[s->dark][ink];
}

const char *svg_series(const struct svg *s, int color)
{
    return palette[s->dark][color < 0 ? 0 : color % 10];
}

/* -------------------------------------------------------------------------- text */

static double width_of(uint32_t c)
{
    if (c < 0x80 && c && strchr("iljtrfI.,:;'|!()[]", (int)c))
        return 0.38;
    if (c < 0x80 && c && strchr("mwMW@%", (int)c))
        return 0.98;
    return glyph_columns(c) == 2 ? 1.05 : c == ' ' ? 0.34 : c >= 'A' && c <= 'Z' ? 0.7 : 0.61;
}

double svg_width(str text, double size)
{
    double w = 0;
    for (size_t i = 0, n; i < text.n; i += n)
        w += width_of(glyph_at(str_slice(text, i, text.n), &n));
    return w * size;
}

size_t svg_fit(str text, double size, double room)
{
    size_t i = 0, n, blank = 0;
    double w = 0;
    while (i < text.n) {
        uint32_t c = glyph_at(str_slice(text, i, text.n), &n);
        w += width_of(c) * size;
        if (w > room && i)
            return blank ? blank : i;
        i += n;
        if (c == ' ')
            blank = i;
    }
    return text.n;
}

static void put_char(struct buf *b, uint32_t c, str raw)
{
    if (c == '&')
        buf_z(b, "&amp;");
    else if (c == '<')
        buf_z(b, "&lt;");
    else if (c == '>')
        buf_z(b, "&gt;");
    else if (c == '"')
        buf_z(b, "&quot;");
    else if (c < 0x20 || c == 0x7F)
        buf_char(b, ' ');
    else if (c == GLYPH_BAD || c == 0xFFFE || c == 0xFFFF || (c >= 0x80 && c < 0xA0))
        buf_z(b, "\xEF\xBF\xBD");
    else
        buf_str(b, raw);
}

static void put_text(struct buf *b, str text, double size, double room)
{
    double w = 0, dots = size * 0.9;
    bool cut = room > 0 && svg_width(text, size) > room;
    for (size_t i = 0, n; i < text.n; i += n) {
        uint32_t c = glyph_at(str_slice(text, i, text.n), &n);
        w += width_of(c) * size;
        if (cut && w > room - dots && i)
            break;
        put_char(b, c, str_slice(text, i, i + n));
    }
    if (cut)
        buf_z(b, "…");
}

void svg_text(struct svg *s, double x, double y, double size, enum ink ink, enum anchor anchor,
              bool bold, double room, str text)
{
    static const char *const anchors[] = { "start", "middle", "end" };
    if (!text.n)
        return;
    buf_printf(s->b, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" fill=\"%s\"", x, y, size,
               svg_ink(s, ink));
    if (anchor != ANCHOR_START)
        buf_printf(s->b, " text-anchor=\"%s\"", anchors[anchor]);
    buf_z(s->b, bold ? " font-weight=\"bold\">" : ">");
    put_text(s->b, text, size, room);
    buf_z(s->b, "</text>\n");
}

/* -------------------------------------------------------------------------- shapes */

void svg_open(struct svg *s, double width, double height)
{
    buf_printf(s->b,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\""
               " viewBox=\"0 0 %.0f %.0f\" font-family=\"" FONT "\">\n",
               width, height, width, height);
    svg_rect(s, (struct box){ 0, 0, width, height }, 0, svg_ink(s, INK_GROUND), NULL);
}

void svg_close(struct svg *s)
{
    buf_z(s->b, "</svg>\n");
}

void svg_rect(struct svg *s, struct box at, double radius, const char *fill, const char *line)
{
    buf_printf(s->b, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"", at.x,
               at.y, at.w > 0 ? at.w : 0, at.h > 0 ? at.h : 0, fill);
    if (radius > 0)
        buf_printf(s->b, " rx=\"%.1f\"", radius);
    if (line)
        buf_printf(s->b, " stroke=\"%s\"", line);
    buf_z(s->b, "/>\n");
}

void svg_line(struct svg *s, double x1, double y1, double x2, double y2, const char *color,
              double width)
{
    buf_printf(s->b,
               "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\""
               " stroke-width=\"%.1f\"/>\n",
               x1, y1, x2, y2, color, width);
}
