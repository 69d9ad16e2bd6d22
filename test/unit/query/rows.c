/* Tests query/rows.c: what is taken from ClickHouse's answer without parsing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "query/rows.h"

static const char answer[] =
    "{\n\t\"meta\":\n\t[\n\t\t{\n\t\t\t\"name\": \"t\",\n\t\t\t\"type\": \"DateTime64(6, 'UTC')\""
    "\n\t\t},\n\t\t{\n\t\t\t\"name\": \"data\",\n\t\t\t\"type\": \"LowCardinality(String)\"\n\t\t}"
    "\n\t],\n\n\t\"data\":\n\t[\n"
    "\t\t[\"2026-01-20T12:00:00.000000Z\", \"2026-01-20T12:00:00.000000Z\"],\n"
    "\t\t[null, \"a]\\\"},[\"],\n"
    "\t\t[\"2026-01-20T12:00:00.250000Z\", \"\\\\\"]\n"
    "\t],\n\n\t\"rows\": 3,\n\n\t\"statistics\":\n\t{\n\t\t\"elapsed\": 0.1\n\t}\n}\n";

static str written(struct arena *a, const struct query_rows *rows, const char *zone, size_t most)
{
    struct buf b = BUF_INIT(1 << 16);
    query_rows_write(rows, tz_find(str_of(zone)), most, &b);
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

static void reads_and_writes(void **state)
{
    (void)state;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct err e = ERR_INIT;
    struct query_rows rows;
    const struct json *tree;
    assert_int_equal(query_rows_read(a, str_of(answer), &rows, &e), 0);
    assert_int_equal(rows.n, 2);
    assert_int_equal(rows.count, 3);
    assert_true(str_eqz(rows.names[1], "data"));
    assert_true(str_eqz(query_type_name(rows.types[1]), "String"));
    assert_string_equal(written(a, &rows, "UTC", 3).p,
                        "[[\"2026-01-20T12:00:00Z\",\"2026-01-20T12:00:00.000000Z\"],"
                        "[null,\"a]\\\"},[\"],[\"2026-01-20T12:00:00.250000Z\",\"\\\\\"]]");
    assert_string_equal(written(a, &rows, "Europe/Berlin", 1).p,
                        "[[\"2026-01-20T13:00:00+01:00\",\"2026-01-20T12:00:00.000000Z\"]]");
    assert_int_equal(query_rows_parse(a, &rows, &tree, &e), 0);
    assert_int_equal(tree->count, 3);
}

static void refuses_what_is_cut_off(void **state)
{
    (void)state;
    for (size_t n = 0; n + 60 < sizeof(answer); n += 7) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct err e = ERR_INIT;
        struct query_rows rows;
        assert_true(query_rows_read(a, str_slice(str_of(answer), 0, n), &rows, &e) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(refuses_what_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
