/* csv.c - fuzzes the reader of CSV files. */
#include <stdint.h>

#include "api/csv_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct csv_row *row = arena_new_of(a, struct csv_row);
    str rest = { (const char *)data, n };
    size_t left = n, bytes = 0;
    while (csv_read_row(a, &rest, row)) {
        BUG_ON(rest.n >= left || !row->n);
        left = rest.n;
        for (size_t i = 0; i < row->n; i++)
            bytes += row->cells[i].n;
    }
    BUG_ON(bytes > n);
    return 0;
}
