/* row_binary.c - see row_binary.h. */
#include "query/row_binary.h"

const char *row_binary_bytes(struct row_binary *r, uint64_t n)
{
    if (r->cut || n > (uint64_t)(r->end - r->p)) {
        r->cut = true;
        return NULL;
    }
    const char *at = r->p;
    r->p += n;
    return at;
}

uint64_t row_binary_u64(struct row_binary *r)
{
    uint64_t v = 0;
    const char *at = row_binary_bytes(r, sizeof(v));
    if (at)
        memcpy(&v, at, sizeof(v));
    return v;
}

uint64_t row_binary_length(struct row_binary *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const char *at = row_binary_bytes(r, 1);
        if (!at)
            return 0;
        v |= (uint64_t)(*at & 0x7f) << shift;
        if (!(*at & 0x80))
            return v;
    }
    r->cut = true;
    return 0;
}

str row_binary_str(struct row_binary *r)
{
    uint64_t n = row_binary_length(r);
    const char *at = row_binary_bytes(r, n);
    return at ? (str){ at, (size_t)n } : STR("");
}

const char *row_binary_numbers(struct row_binary *r, size_t width, size_t *n)
{
    uint64_t length = row_binary_length(r);
    if (length > (uint64_t)(r->end - r->p) / width)
        r->cut = true;
    *n = r->cut ? 0 : (size_t)length;
    return row_binary_bytes(r, *n * width);
}
