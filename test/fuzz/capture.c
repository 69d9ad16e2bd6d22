/* capture.c - fuzzes what a capture route does with bytes: undo the encodings, read the events. The
 * first byte chooses the headers. */
#include <stdint.h>

#include "ingest/decode.h"
#include "ingest/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const types[] = { NULL, "application/json", "text/plain",
                                     "application/x-www-form-urlencoded" };
static const char *const codings[] = { NULL, "gzip", "gzip-js", "base64", "lz64", "deflate", "br",
                                       "zstd" };

static str pick(const char *const *list, size_t n, unsigned i)
{
    return list[i % n] ? str_of(list[i % n]) : STR_NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    struct arena *a = arena_new();
    struct err e = ERR_INIT;
    struct payload p;
    str body = { (const char *)data + 1, n - 1 }, json;
    bool v1 = data[0] & 0x80, engage = data[0] & 0x40;
    str coding = pick(codings, ARRAY_LEN(codings), data[0] & 7);
    struct capture_raw raw = { .body = body, .data = STR_NULL, .content_encoding = STR_NULL,
                               .content_type = pick(types, ARRAY_LEN(types), data[0] >> 4),
                               .compression = coding };
    int rc = v1 ? capture_decode_v1(a, body, coding, &json, &e)
                : capture_decode(a, &raw, &json, &e);
    if (rc == 0)
        rc = payload_parse(a, json, engage, &p, &e);
    for (const struct json *ev = rc == 0 ? p.events : NULL; ev; ev = ev->next)
        (void)payload_distinct_id(a, ev);
    BUG_ON(rc < 0 && e.kind == ERR_NONE);
    arena_free(a);
    return 0;
}
