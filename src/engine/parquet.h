/* parquet.h - Parquet files one behind the other as one file, while they come: a stream of the engine's
 * is formatted piece by piece, and each piece is a file of its own. The pages stay as they are; of the
 * footers one is made. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct parquet;

struct parquet *parquet_new(void);
/* NULL is allowed. */
void parquet_free(struct parquet *p);
/* One more file, whole. *body: what of it goes into the joined one, a slice of it. */
int parquet_add(struct parquet *p, str file, str *body, struct err *e);
/* How many rows a whole file says it has. ERR_INVALID: it is none. */
int parquet_rows(str file, int64_t *out, struct err *e);
/* What ends the joined file; it lives as long as p. ERR_INVALID when nothing was added. */
int parquet_end(struct parquet *p, str *out, struct err *e);
