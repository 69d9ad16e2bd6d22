/* lz64.c - see lz64.h.
 *
 * The format is LZW over UTF-16 units with growing code width. Each dictionary entry is a piece
 * of what was already written (the last piece and one unit more), so an entry is a place and a
 * length in the output. */
#include "ingest/lz64.h"

#include <stdlib.h>

#include "base/buf.h"

struct piece {
    uint32_t at, n;
};

struct lz {
    str in;
    size_t pos;    /* next character of in */
    unsigned have; /* bits left in `bits` */
    unsigned bits;
    bool end; /* ran out of input */
    size_t max;
    struct buf units; /* uint16_t each */
    struct buf dict;  /* struct piece each, from code 3 on */
};

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static unsigned take_bit(struct lz *z)
{
    if (!z->have) {
        int v = z->pos < z->in.n ? value_of(z->in.p[z->pos++]) : -1;
        if (v < 0) {
            z->end = true;
            return 0;
        }
        z->bits = (unsigned)v;
        z->have = 6;
    }
    return z->bits >> --z->have & 1;
}

static uint32_t take_bits(struct lz *z, unsigned n)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= take_bit(z) << i;
    return v;
}

static size_t unit_count(const struct lz *z)
{
    return z->units.n / sizeof(uint16_t);
}

static uint32_t next_code(const struct lz *z)
{
    return 3 + (uint32_t)(z->dict.n / sizeof(struct piece));
}

static void add_unit(struct lz *z, uint16_t u)
{
    buf_add(&z->units, &u, sizeof(u));
}

/* Appends a piece of the output to the output; the two may overlap. */
static void copy_piece(struct lz *z, struct piece p)
{
    if (!buf_room(&z->units, (size_t)p.n * sizeof(uint16_t)))
        return;
    for (uint32_t i = 0; i < p.n; i++) {
        uint16_t u;
        memcpy(&u, z->units.p + ((size_t)p.at + i) * sizeof(u), sizeof(u));
        add_unit(z, u);
    }
}

static void add_piece(struct lz *z, struct piece p)
{
    buf_add(&z->dict, &p, sizeof(p));
}

/* One code to the output. False: the text is no LZ-String. */
static bool step(struct lz *z, uint32_t code, struct piece last, struct piece *now)
{
    *now = (struct piece){ (uint32_t)unit_count(z), 1 };
    if (code < 2) {
        add_unit(z, (uint16_t)take_bits(z, code ? 16 : 8));
        add_piece(z, *now);
        return true;
    }
    if (code == next_code(z) && last.n) { /* the entry that this very code completes */
        now->n = last.n + 1;
        copy_piece(z, (struct piece){ last.at, last.n });
        copy_piece(z, (struct piece){ last.at, 1 });
        return true;
    }
    if (code >= next_code(z))
        return false;
    struct piece p;
    memcpy(&p, z->dict.p + (size_t)(code - 3) * sizeof(p), sizeof(p));
    now->n = p.n;
    copy_piece(z, p);
    return true;
}

static bool expand(struct lz *z)
{
    struct piece last = { 0 }, now;
    uint32_t code = take_bits(z, 2);
    unsigned width = 3;
    uint32_t room = 4;
    if (code == 2)
        return true;
    if (z->end || code == 3 || !step(z, code, last, &now))
        return false;
    while (!z->units.full && !z->dict.full) {
        last = now;
        code = take_bits(z, width);
        if (z->end)
            return false;
        if (code == 2)
            return true;
        if (!step(z, code, last, &now))
            return false;
        if (code < 2 && --room == 0)
            room = 1u << width++;
        /* What was written last, and the first unit of what was written now. */
        add_piece(z, (struct piece){ last.at, last.n + 1 });
        if (--room == 0)
            room = 1u << width++;
        if (width > 30)
            return false;
    }
    return true;
}

static size_t put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 63));
        to[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    to[0] = (char)(0xF0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 63));
    to[2] = (char)(0x80 | (c >> 6 & 63));
    to[3] = (char)(0x80 | (c & 63));
    return 4;
}

static str to_utf8(struct arena *a, const struct lz *z)
{
    size_t n = unit_count(z), len = 0;
    char *to = arena_alloc(a, n * 3 + 1);
    for (size_t i = 0; i < n; i++) {
        uint16_t u, v = 0;
        memcpy(&u, z->units.p + i * sizeof(u), sizeof(u));
        if (i + 1 < n)
            memcpy(&v, z->units.p + (i + 1) * sizeof(v), sizeof(v));
        uint32_t c = u;
        if (u >= 0xD800 && u < 0xDC00 && v >= 0xDC00 && v < 0xE000) {
            c = 0x10000 + ((uint32_t)(u - 0xD800) << 10) + (uint32_t)(v - 0xDC00);
            i++;
        } else if (u >= 0xD800 && u < 0xE000) {
            c = 0xFFFD;
        }
        len += put_utf8(to + len, c);
    }
    return (str){ to, len };
}

int lz64_decompress(struct arena *a, str in, size_t max, str *out, struct err *e)
{
    struct lz z = { .in = in, .max = max };
    z.units = BUF_INIT(max * sizeof(uint16_t));
    z.dict = BUF_INIT((in.n + 16) * 2 * sizeof(struct piece));
    bool ok = expand(&z);
    bool full = z.units.full;
    if (ok && !full)
        *out = to_utf8(a, &z);
    buf_release(&z.units);
    buf_release(&z.dict);
    if (full || (ok && out->n > max))
        return err_set(e, ERR_TOO_LARGE, NULL, "maximum event size exceeded: decompressed payload");
    return ok ? 0 : err_set(e, ERR_INVALID, NULL, "failed to decode request: invalid lz64 data");
}
