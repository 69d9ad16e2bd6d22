/* lz64.c - fuzzes the LZ-String reader: bounded output, valid UTF-8. */
#include <stdint.h>

#include "base/arena.h"
#include "ingest/lz64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const size_t max = 1 << 20;
    struct arena *a = arena_new();
    struct err e = ERR_INIT;
    str out;
    if (lz64_decompress(a, (str){ (const char *)data, n }, max, &out, &e) == 0)
        BUG_ON(out.n > max || !str_utf8_valid(out));
    arena_free(a);
    return 0;
}
