/* Tests ingest/decode.c: every wrapping a v0 payload arrives in, and the v1 encodings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "ingest/decode.h"

#define FORM "application/x-www-form-urlencoded"

static void text_forms(void **state)
{
    (void)state;
    static const struct {
        const char *body, *type, *encoding, *data, *compression, *out, *error;
    } rows[] = {
        { "{\"a\":1}", NULL, NULL, NULL, NULL, "{\"a\":1}", NULL },
        { "eyJhIjoxfQ==", NULL, NULL, NULL, NULL, "{\"a\":1}", NULL },
        { "eyJhIjoxfQ==", NULL, "base64", NULL, NULL, "{\"a\":1}", NULL },
        { "", NULL, NULL, "eyJhIjoxfQ==", NULL, "{\"a\":1}", NULL },
        { "", NULL, NULL, "{\"a\":1}", "nonsense", "{\"a\":1}", NULL },
        { "x", NULL, NULL, "{\"q\":2}", NULL, "{\"q\":2}", NULL },
        { "data=%7B%22a%22%3A1%7D", FORM, NULL, NULL, NULL, "{\"a\":1}", NULL },
        { "ip=1&data=eyJhIjoxfQ%3D%3D", FORM, NULL, NULL, NULL, "{\"a\":1}", NULL },
        { "data=eyJhIjoxfQ%3D%3D&compression=base64", FORM, NULL, NULL, NULL, "{\"a\":1}", NULL },
        { "data=eyJhIjoiPj4+In0=", FORM, NULL, NULL, NULL, "{\"a\":\">>>\"}", NULL },
        { "BYUwNmD2A0AECWsCGBbZtDUzkA==", NULL, NULL, NULL, "lz64", "hello, i am a \u732b", NULL },
        { "data=BYUwNmD2A0AECWsCGBbZtDUzkA%3D%3D&compression=LZ-string", FORM, NULL, NULL, NULL,
          "hello, i am a \u732b", NULL },
        { "Q===", NULL, NULL, NULL, "lz64", "", NULL },
        { "{\"a\":1}", FORM, NULL, NULL, NULL, NULL, "expected form data in POST request payload" },
        { "", NULL, NULL, NULL, NULL, NULL, "request missing data payload" },
        { "{\"a\":1}", NULL, "gzip", NULL, NULL, NULL,
          "failed to decode request: invalid gzip data" },
        { "!!!!", NULL, "lz64", NULL, NULL, NULL, "failed to decode request: invalid lz64 data" },
        { "zzzzzzzz", NULL, "lz64", NULL, NULL, NULL,
          "failed to decode request: invalid lz64 data" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena *a = arena_new();
        struct err e = ERR_INIT;
        str out = STR_NULL;
        struct capture_raw in = { str_of(rows[i].body), str_of(rows[i].type),
                                  str_of(rows[i].encoding), str_of(rows[i].data),
                                  str_of(rows[i].compression) };
        int rc = capture_decode(a, &in, &out, &e);
        if (rows[i].error) {
            assert_int_equal(rc, ERR_INVALID);
            assert_string_equal(e.message, rows[i].error);
        } else {
            assert_int_equal(rc, 0);
            assert_string_equal(arena_z(a, out), rows[i].out);
        }
        arena_free(a);
    }
}

/* window as zlib's; the result is the caller's. */
static str pack(struct arena *a, str s, int window)
{
    z_stream z = { 0 };
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t cap = deflateBound(&z, s.n) + 64;
    char *to = arena_alloc(a, cap);
    z.next_in = (Bytef *)(uintptr_t)s.p;
    z.avail_in = (uInt)s.n;
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = z.total_out;
    deflateEnd(&z);
    return (str){ to, n };
}

static void gzip_is_sniffed(void **state)
{
    (void)state;
    static const char *const inner[] = { "{\"a\":1}", "eyJhIjoxfQ==" };
    for (size_t i = 0; i < ARRAY_LEN(inner); i++) {
        struct arena *a = arena_new();
        struct err e = ERR_INIT;
        str out = STR_NULL;
        struct capture_raw in = { .body = pack(a, str_of(inner[i]), 31),
                                  .content_type = STR("text/plain"),
                                  .compression = i ? STR("lz64") : STR_NULL };
        assert_int_equal(capture_decode(a, &in, &out, &e), 0);
        assert_true(str_eqz(out, "{\"a\":1}"));
        in.body.n -= 9; /* cut short */
        assert_int_equal(capture_decode(a, &in, &out, &e), ERR_INVALID);
        arena_free(a);
    }
}

static void a_bomb_is_too_large(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    size_t n = (100u << 20) + 1;
    char *zeros = calloc(1, n);
    struct err e = ERR_INIT;
    str out = STR_NULL;
    struct capture_raw in = { .body = pack(a, (str){ zeros, n }, 31) };
    assert_int_equal(capture_decode(a, &in, &out, &e), ERR_TOO_LARGE);
    assert_int_equal(capture_decode_v1(a, in.body, STR("gzip"), &out, &e), ERR_TOO_LARGE);
    assert_string_equal(e.code, "payload_too_large");
    free(zeros);
    arena_free(a);
}

static void v1_encodings(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = ERR_INIT;
    str out = STR_NULL, text = STR("{\"a\":1,\"b\":[1,1,1,1,1,1,1,1,1]}");
    char z[256];
    static const char br[] = "\x0b\x03\x80{\"a\":1}\x03"; /* one stored block */
    str rows[][2] = {
        { STR("gzip"), pack(a, text, 31) },    { STR("deflate"), pack(a, text, 15) },
        { STR("DEFLATE"), pack(a, text, -15) }, { STR_NULL, text },
        { STR("zstd"), { z, ZSTD_compress(z, sizeof(z), text.p, text.n, 3) } },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(capture_decode_v1(a, rows[i][1], rows[i][0], &out, &e), 0);
        assert_true(str_eq(out, text));
    }
    assert_int_equal(capture_decode_v1(a, STR(br), STR("br"), &out, &e), 0);
    assert_true(str_eqz(out, "{\"a\":1}"));
    assert_int_equal(capture_decode_v1(a, text, STR("zstd"), &out, &e), ERR_INVALID);
    assert_string_equal(e.code, "request_decoding_error");
    assert_int_equal(capture_decode_v1(a, text, STR("lzma"), &out, &e), ERR_MEDIA_TYPE);
    assert_int_equal(capture_decode_v1(a, STR_NULL, STR_NULL, &out, &e), ERR_INVALID);
    assert_string_equal(e.code, "empty_body");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_forms),
        cmocka_unit_test(gzip_is_sniffed),
        cmocka_unit_test(a_bomb_is_too_large),
        cmocka_unit_test(v1_encodings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
