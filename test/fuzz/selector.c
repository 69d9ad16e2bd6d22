/* selector.c - fuzzes the reader of selectors of elements. */
#include <stdint.h>

#include "query/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct err e = ERR_INIT;
    str regex;
    if (query_selector_regex(a, (str){ (const char *)data, n }, &regex, &e) == 0)
        BUG_ON(!str_starts(regex, STR("^")) || !str_ends(regex, STR("(?:;|$)")));
    else
        BUG_ON(e.kind != ERR_INVALID);
    return 0;
}
