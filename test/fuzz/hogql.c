/* hogql.c - fuzzes the query language: parse, and for what parses compile to SQL. What compiles names the
 * project in the SQL once for each table it reads; builds with checks also parse each printed tree
 * again. */
#include <stdint.h>

#include "hogql_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a = arena_new();
    check_hogql(a, (str){ (const char *)data, n }, STR("Europe/Berlin"));
    arena_free(a);
    return 0;
}
