/* lz64.h - LZ-String's compressToBase64, undone. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* UTF-8 in the arena; lone surrogates become U+FFFD. ERR_INVALID: not such a text;
 * ERR_TOO_LARGE: more than max bytes. */
int lz64_decompress(struct arena *a, str in, size_t max, str *out, struct err *e);
