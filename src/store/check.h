/* check.h - looks at a metadata file from outside, without changing it. */
#pragma once

#include "base/err.h"

/* ERR_INVALID when it cannot be read or is damaged, with SQLite's words. *schema is the file's,
 * *newest the one this program writes. Also while a server has the file open. */
int store_check(const char *path, int *schema, int *newest, struct err *e);
