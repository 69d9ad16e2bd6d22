/* fold.h - lower case by Unicode's simple mapping, whatever the locale of the process. Any thread. */
#pragma once

#include "base/arena.h"

/* s is valid UTF-8; the copy ends with a NUL that its length does not count. */
str fold_lower(struct arena *a, str s);
/* The same into out, which has room for 3 bytes per byte of s; returns the length. */
size_t fold_lower_into(str s, char *out);
