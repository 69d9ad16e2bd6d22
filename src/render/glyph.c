/* glyph.c - see glyph.h. */
#include "render/glyph.h"

#include "base/arena.h"

uint32_t glyph_at(str s, size_t *n)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)s.p;
    size_t len = p[0] < 0x80   ? 1
                 : p[0] < 0xC2 ? 0
                 : p[0] < 0xE0 ? 2
                 : p[0] < 0xF0 ? 3
                 : p[0] < 0xF5 ? 4
                               : 0;
    uint32_t c = len == 1 ? p[0] : p[0] & (0x7Fu >> len);
    *n = 1;
    if (!len || len > s.n)
        return GLYPH_BAD;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return GLYPH_BAD;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return GLYPH_BAD;
    *n = len;
    return c;
}

struct range {
    uint32_t from, to;
};

static bool in(const struct range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return true;
    return false;
}

int glyph_columns(uint32_t c)
{
    static const struct range none[] = { { 0x300, 0x36F }, { 0x200B, 0x200F }, { 0x20D0, 0x20FF },
                                         { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF } };
    static const struct range two[] = { { 0x1100, 0x115F }, { 0x2E80, 0xA4CF }, { 0xAC00, 0xD7A3 },
                                        { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 },
                                        { 0x1F000, 0x1FAFF }, { 0x20000, 0x3FFFD } };
    if (c < 0x300)
        return 1;
    return in(none, ARRAY_LEN(none), c) ? 0 : in(two, ARRAY_LEN(two), c) ? 2 : 1;
}

bool glyph_commands(uint32_t c)
{
    static const struct range turns[] = { { 0x80, 0x9F }, { 0x200E, 0x200F }, { 0x2028, 0x202E },
                                          { 0x2066, 0x2069 } };
    return c < 0x20 || c == 0x7F || in(turns, ARRAY_LEN(turns), c);
}
