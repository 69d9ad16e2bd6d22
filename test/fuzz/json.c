/* json.c - fuzzes the JSON reader and writer: what was read and written again reads as the same text. */
#include <stdint.h>

#include "json/parse.h"
#include "json/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static str written(struct arena *a, const struct json *v)
{
    struct buf b = BUF_INIT(64 << 20);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, v);
    BUG_ON(b.full);
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a = arena_new();
    struct err e = ERR_INIT;
    struct json *v, *again;
    int rc = json_parse(a, (str){ (const char *)data, n }, &v, &e);
    BUG_ON(rc < 0 && e.kind == ERR_NONE);
    if (rc == 0) {
        str once = written(a, v);
        BUG_ON(json_parse(a, once, &again, &e) < 0);
        BUG_ON(!str_eq(once, written(a, again)));
    }
    arena_free(a);
    return 0;
}
