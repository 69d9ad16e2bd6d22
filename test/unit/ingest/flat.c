/* What the JSON columns have of properties. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ingest/flat.h"

static void is(const char *from, const char *to)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct buf b = BUF_INIT(1 << 20);
    struct json_writer w = JSON_WRITER(&b);
    struct err e = ERR_INIT;
    struct json *v;
    assert_int_equal(json_parse(a, str_of(from), &v, &e), 0);
    flat_write(&w, v);
    assert_string_equal(arena_z(a, buf_view(&b)), to);
    buf_release(&b);
}

static void numbers(void **state)
{
    (void)state;
    is("{\"a\":1.50,\"b\":-1.0,\"c\":1e3,\"d\":-0,\"e\":0.10}",
       "{\"a\":\"1.5\",\"b\":\"-1\",\"c\":\"1000\",\"d\":\"0\",\"e\":\"0.1\"}");
    is("{\"a\":9007199254740993,\"b\":18446744073709551615,\"c\":-9223372036854775808}",
       "{\"a\":\"9007199254740993\",\"b\":\"18446744073709551615\",\"c\":\"-9223372036854775808\"}");
    is("{\"a\":0.000001,\"b\":0.0000001,\"c\":1e20,\"d\":1e21,\"e\":-1.25E-10,\"f\":5e-324}",
       "{\"a\":\"0.000001\",\"b\":\"1e-7\",\"c\":\"100000000000000000000\",\"d\":\"1e21\","
       "\"e\":\"-1.25e-10\",\"f\":\"5e-324\"}");
    is("{\"a\":0.1e0,\"b\":123456789.123456789,\"c\":1.7976931348623157e308,\"d\":0.30000000000000004}",
       "{\"a\":\"0.1\",\"b\":\"123456789.12345679\",\"c\":\"1.7976931348623157e308\","
       "\"d\":\"0.30000000000000004\"}");
}

/* The digits stay; in a list they are a string, for the store could not read the list otherwise. */
static void numbers_past_all_bits(void **state)
{
    (void)state;
    is("{\"a\":18446744073709551616,\"b\":-9223372036854775809,\"c\":1E400}",
       "{\"a\":\"18446744073709551616\",\"b\":\"-9223372036854775809\",\"c\":\"1E400\"}");
    is("{\"a\":[18446744073709551616,1E400,18446744073709551615,-9223372036854775809,1e20]}",
       "{\"a\":\"[\\\"18446744073709551616\\\",\\\"1E400\\\",18446744073709551615,"
       "\\\"-9223372036854775809\\\",\\\"100000000000000000000\\\"]\"}");
}

static void values(void **state)
{
    (void)state;
    is("{\"s\":\"a\\/b \\u00e9\",\"t\":true,\"f\":false,\"n\":null,\"e\":\"\"}",
       "{\"s\":\"a/b \xC3\xA9\",\"t\":\"true\",\"f\":\"false\",\"e\":\"\"}");
    is("{\"o\":{ \"b\" : 1.50, \"c\" : [ 1 , \"x\\u0001\\/\", null, true ] }}",
       "{\"o\":\"{\\\"b\\\":1.5,\\\"c\\\":[1,\\\"x\\\\u0001/\\\",null,true]}\"}");
    is("{\"l\":[\"\\u2028\\t\\b\"]}", "{\"l\":\"[\\\"\\\\u2028\\\\t\\\\b\\\"]\"}");
    is("{}", "{}");
}

static void names(void **state)
{
    (void)state;
    is("{\"a.b\":1,\"a\":2,\"a%2Eb\":3,\"\":4,\"%\":5,\".\":6}",
       "{\"a%2Eb\":\"1\",\"a\":\"2\",\"a%252Eb\":\"3\",\"%\":\"4\",\"%25\":\"5\",\"%2E\":\"6\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(numbers_past_all_bits),
        cmocka_unit_test(values), cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
