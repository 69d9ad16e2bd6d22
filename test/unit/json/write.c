/* Tests json/: what is parsed is written back, to the digit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json/write.h"

static void round_trips(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}", "[]", "null", "-0.5e10", "123456789012345678901234567890.5",
        "18446744073709551615",
        "{\"a\":[1,2.50,{\"b\":null,\"\":\"\"}],\"c\":true,\"a\":false}",
        "\"q\\\"b\\\\n\\n\\u0001\"", "[[],[[]],{\"x\":{}}]", "\"\xE2\x82\xAC\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena *a = arena_new();
        struct buf b = BUF_INIT(4096);
        struct json_writer w = JSON_WRITER(&b);
        struct err e = ERR_INIT;
        struct json *v;
        assert_int_equal(json_parse(a, str_of(rows[i]), &v, &e), 0);
        json_tree(&w, v);
        assert_true(str_eqz(buf_view(&b), rows[i]));
        buf_release(&b);
        arena_free(a);
    }
}

static void raw_text_of_members(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = ERR_INIT;
    struct json *v;
    str text = STR("{\"x\": \"a,]\\\"\", \"properties\" : { \"k\": [1, \"}\"] } , \"n\": 1e3}");
    assert_int_equal(json_parse(a, text, &v, &e), 0);
    assert_true(str_eqz(json_get(v, "properties")->text, "{ \"k\": [1, \"}\"] }"));
    assert_true(str_eqz(json_get(v, "n")->text, "1e3"));
    arena_free(a);
}

static void refuses_bad_text(void **state)
{
    (void)state;
    static const char *const rows[] = { "", "{", "[1,]", "{\"a\" 1}", "nul", "1 2", "\"\\ud800\"",
                                        "\"\xFF\"" };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena *a = arena_new();
        struct err e = ERR_INIT;
        struct json *v;
        assert_int_equal(json_parse(a, str_of(rows[i]), &v, &e), ERR_PARSE);
        assert_true(str_starts(str_of(e.message), STR("JSON parse error")));
        arena_free(a);
    }
}

static void refuses_depth(void **state)
{
    (void)state;
    char deep[4000];
    for (size_t i = 0; i < 2000; i++) {
        deep[i] = '[';
        deep[i + 2000] = ']';
    }
    struct arena *a = arena_new();
    struct err e = ERR_INIT;
    struct json *v;
    assert_int_equal(json_parse(a, (str){ deep, sizeof(deep) }, &v, &e), ERR_PARSE);
    arena_free(a);
}

static void writes_hostile_text(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(4096);
    struct json_writer w = JSON_WRITER(&b);
    json_str(&w, (str){ "a\xFF\0\"", 4 });
    assert_true(str_eqz(buf_view(&b), "\"a\xEF\xBF\xBD\\u0000\\\"\""));
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),      cmocka_unit_test(raw_text_of_members),
        cmocka_unit_test(refuses_bad_text), cmocka_unit_test(refuses_depth),
        cmocka_unit_test(writes_hostile_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
