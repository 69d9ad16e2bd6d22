/* row_binary.h - reads ClickHouse's RowBinary as it arrives. The reader knows what it asked for:
 * the format has no types. A value that is not there in full sets `cut`; what is read after that is
 * empty, and the row is read again when more has come. */
#pragma once

#include "base/str.h"

struct row_binary {
    const char *p, *end;
    bool cut;
};

uint64_t row_binary_u64(struct row_binary *r); /* fixed eight bytes */
/* The length before a string or the members of an array. */
uint64_t row_binary_length(struct row_binary *r);
/* The next n bytes; NULL and `cut` when they are not there. */
const char *row_binary_bytes(struct row_binary *r, uint64_t n);
str row_binary_str(struct row_binary *r);
/* An array of numbers of `width` bytes each: its length in *n, not aligned. */
const char *row_binary_numbers(struct row_binary *r, size_t width, size_t *n);
