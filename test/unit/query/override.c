/* Tests query/override.c: dashboard filters and variables laid over nodes, which stay as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "query/query.h"

static str text_of(struct arena *a, const struct json *v)
{
    struct buf b = BUF_INIT(1 << 16);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, v);
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

static const struct json *parsed(struct arena *a, const char *text)
{
    struct json *v;
    struct err e = ERR_INIT;
    assert_int_equal(json_parse(a, str_of(text), &v, &e), 0);
    return v;
}

static const struct {
    const char *node, *filters, *result;
} rows[] = {
    { "{\"kind\":\"TrendsQuery\"}", "{}", "{\"kind\":\"TrendsQuery\"}" },
    { "{\"kind\":\"TrendsQuery\"}", "{\"date_from\":null,\"properties\":[]}",
      "{\"kind\":\"TrendsQuery\"}" },
    { "{\"kind\":\"TrendsQuery\",\"dateRange\":{\"date_from\":\"-7d\",\"date_to\":\"-1d\"}}",
      "{\"date_from\":\"-30d\"}",
      "{\"kind\":\"TrendsQuery\",\"dateRange\":{\"date_from\":\"-30d\",\"date_to\":null}}" },
    { "{\"kind\":\"InsightVizNode\",\"source\":{\"kind\":\"TrendsQuery\"},\"full\":true}",
      "{\"date_to\":\"-1d\"}",
      "{\"kind\":\"InsightVizNode\",\"source\":{\"kind\":\"TrendsQuery\",\"dateRange\":"
      "{\"date_from\":null,\"date_to\":\"-1d\"}},\"full\":true}" },
    { "{\"kind\":\"TrendsQuery\",\"compareFilter\":{\"compare\":true}}", "{\"date_from\":\"all\"}",
      "{\"kind\":\"TrendsQuery\",\"compareFilter\":{\"compare\":false},\"dateRange\":"
      "{\"date_from\":\"all\",\"date_to\":null}}" },
    { "{\"kind\":\"TrendsQuery\"}", "{\"properties\":[{\"key\":\"a\"}]}",
      "{\"kind\":\"TrendsQuery\",\"properties\":[{\"key\":\"a\"}]}" },
    { "{\"kind\":\"TrendsQuery\",\"properties\":[{\"key\":\"b\"}]}",
      "{\"properties\":[{\"key\":\"a\"}]}",
      "{\"kind\":\"TrendsQuery\",\"properties\":{\"type\":\"AND\",\"values\":["
      "{\"type\":\"AND\",\"values\":[{\"key\":\"b\"}]},"
      "{\"type\":\"AND\",\"values\":[{\"key\":\"a\"}]}]}}" },
    { "{\"kind\":\"TrendsQuery\",\"properties\":{\"type\":\"OR\",\"values\":[]}}",
      "{\"properties\":[{\"key\":\"a\"}]}",
      "{\"kind\":\"TrendsQuery\",\"properties\":[{\"key\":\"a\"}]}" },
    { "{\"kind\":\"TrendsQuery\"}",
      "{\"breakdown_filter\":{\"breakdown\":\"a\"},\"interval\":\"week\"}",
      "{\"kind\":\"TrendsQuery\",\"breakdownFilter\":{\"breakdown\":\"a\"},\"interval\":\"week\"}" },
    { "{\"kind\":\"RetentionQuery\"}", "{\"breakdown_filter\":{\"breakdown\":\"a\"}}",
      "{\"kind\":\"RetentionQuery\",\"breakdownFilter\":{\"breakdown\":\"a\"}}" },
    { "{\"kind\":\"LifecycleQuery\"}", "{\"breakdown_filter\":{\"breakdown\":\"a\"}}",
      "{\"kind\":\"LifecycleQuery\"}" },
    { "{\"kind\":\"DataTableNode\",\"source\":{\"kind\":\"EventsQuery\",\"after\":\"-1d\","
      "\"properties\":[{\"key\":\"b\"}]}}",
      "{\"date_from\":\"-2d\",\"date_to\":\"-1d\",\"properties\":{\"type\":\"AND\",\"values\":["
      "{\"type\":\"AND\",\"values\":[{\"key\":\"a\"}]}]}}",
      "{\"kind\":\"DataTableNode\",\"source\":{\"kind\":\"EventsQuery\",\"after\":\"-2d\","
      "\"properties\":[{\"key\":\"b\"},{\"key\":\"a\"}],\"before\":\"-1d\"}}" },
    { "{\"kind\":\"HogQLQuery\",\"query\":\"x\"}",
      "{\"date_from\":\"-2d\",\"properties\":[{\"key\":\"a\"}]}",
      "{\"kind\":\"HogQLQuery\",\"query\":\"x\",\"filters\":{\"dateRange\":{\"date_from\":\"-2d\","
      "\"date_to\":null},\"properties\":[{\"key\":\"a\"}]}}" },
};

static void lays_filters_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct err e = ERR_INIT;
        const struct json *node = parsed(a, rows[i].node), *out;
        assert_int_equal(query_with_filters(a, node, parsed(a, rows[i].filters), &out, &e), 0);
        assert_string_equal(text_of(a, out).p, rows[i].result);
        assert_string_equal(text_of(a, node).p, rows[i].node);
    }
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct err e = ERR_INIT;
    const struct json *node = parsed(a, "{\"kind\":\"TrendsQuery\"}"), *out;
    assert_int_equal(query_with_filters(a, node, NULL, &out, &e), 0);
    assert_ptr_equal(out, node);
    assert_int_equal(query_with_filters(a, node, parsed(a, "5"), &out, &e), ERR_INVALID);
}

static void lays_variables_over(void **state)
{
    (void)state;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct err e = ERR_INIT;
    const struct json *out;
    const char *text = "{\"kind\":\"DataVisualizationNode\",\"source\":{\"kind\":\"HogQLQuery\","
                       "\"query\":\"x\",\"variables\":{\"1\":{\"code_name\":\"a\",\"value\":1}}}}";
    const struct json *node = parsed(a, text);
    const struct json *over = parsed(a, "{\"1\":{\"value\":2},\"9\":{\"value\":3}}");
    assert_int_equal(query_with_variables(a, node, over, &out, &e), 0);
    assert_string_equal(text_of(a, json_get(query_unwrap(out), "variables")).p,
                        "{\"1\":{\"code_name\":\"a\",\"value\":2}}");
    assert_string_equal(text_of(a, node).p, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lays_filters_over),
        cmocka_unit_test(lays_variables_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
