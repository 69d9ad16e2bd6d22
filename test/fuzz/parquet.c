/* parquet.c - fuzzes the joining of Parquet files: the input twice, as two pieces of a stream. */
#include <stdint.h>

#include "base/arena.h"
#include "engine/parquet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct parquet *p = parquet_new();
    struct err e = ERR_INIT;
    str file = { (const char *)data, n }, body, end;
    for (int i = 0; i < 2; i++) {
        int rc = parquet_add(p, file, &body, &e);
        BUG_ON(rc < 0 && e.kind == ERR_NONE);
        BUG_ON(rc == 0 && (body.p < file.p || body.p + body.n > file.p + file.n));
    }
    (void)parquet_end(p, &end, &e);
    parquet_free(p);
    return 0;
}
