/* Tests query/legacy.c: flat filters as query nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json/write.h"
#include "query/legacy.h"

static const struct {
    const char *filters, *node; /* NULL: none */
} rows[] = {
    { "{}", NULL },
    { "[]", NULL },
    { "{\"insight\":\"SESSIONS\",\"events\":[{\"id\":\"a\"}]}", NULL },
    { "{\"insight\":\"PATHS\",\"events\":[{\"id\":\"a\"}],\"start_point\":\"/\"}",
      "{\"kind\":\"PathsQuery\",\"pathsFilter\":{\"startPoint\":\"/\"}}" },
    { "{\"insight\":\"TRENDS\",\"events\":[]}", NULL },
    { "{\"events\":[{\"id\":\"a\"}]}",
      "{\"kind\":\"TrendsQuery\",\"series\":[{\"kind\":\"EventsNode\",\"event\":\"a\"}]}" },
    { "{\"insight\":\"TRENDS\",\"events\":[{\"id\":null,\"order\":2,\"name\":\"All\"},{\"id\":\"a\",\"order\":0}],"
      "\"actions\":[{\"id\":7,\"order\":1,\"math\":\"dau\",\"properties\":[]}],\"interval\":\"week\"}",
      "{\"kind\":\"TrendsQuery\",\"series\":[{\"kind\":\"EventsNode\",\"event\":\"a\"},"
      "{\"kind\":\"ActionsNode\",\"id\":7,\"math\":\"dau\"},"
      "{\"kind\":\"EventsNode\",\"event\":null,\"name\":\"All\"}],\"interval\":\"week\"}" },
    { "{\"events\":[{\"id\":\"a\"}],\"date_from\":\"-7d\",\"date_to\":null,\"display\":\"BoldNumber\","
      "\"compare\":true,\"breakdown\":\"$browser\",\"breakdown_type\":\"event\",\"unknown\":1}",
      "{\"kind\":\"TrendsQuery\",\"series\":[{\"kind\":\"EventsNode\",\"event\":\"a\"}],"
      "\"dateRange\":{\"date_from\":\"-7d\"},\"breakdownFilter\":{\"breakdown\":\"$browser\","
      "\"breakdown_type\":\"event\"},\"compareFilter\":{\"compare\":true},"
      "\"trendsFilter\":{\"display\":\"BoldNumber\"}}" },
    { "{\"events\":[{\"id\":\"a\",\"properties\":{\"k\":\"v\"}}],\"properties\":{\"n__gt\":1}}",
      "{\"kind\":\"TrendsQuery\",\"series\":[{\"kind\":\"EventsNode\",\"event\":\"a\",\"properties\":"
      "[{\"key\":\"k\",\"value\":\"v\",\"type\":\"event\"}]}],\"properties\":"
      "[{\"key\":\"n\",\"value\":1,\"operator\":\"gt\",\"type\":\"event\"}]}" },
    { "{\"insight\":\"FUNNELS\",\"events\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"display\":\"FunnelViz\","
      "\"funnel_window_interval\":3,\"properties\":{\"type\":\"AND\",\"values\":[{\"key\":\"x\"}]}}",
      "{\"kind\":\"FunnelsQuery\",\"series\":[{\"kind\":\"EventsNode\",\"event\":\"a\"},"
      "{\"kind\":\"EventsNode\",\"event\":\"b\"}],\"properties\":{\"type\":\"AND\",\"values\":"
      "[{\"key\":\"x\"}]},\"funnelsFilter\":{\"funnelWindowInterval\":3}}" },
    { "{\"insight\":\"FUNNELS\",\"events\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"exclusions\":[{\"id\":\"x\","
      "\"type\":\"events\",\"funnel_from_step\":0,\"funnel_to_step\":1},{\"id\":3,\"type\":\"actions\"}]}",
      "{\"kind\":\"FunnelsQuery\",\"series\":[{\"kind\":\"EventsNode\",\"event\":\"a\"},"
      "{\"kind\":\"EventsNode\",\"event\":\"b\"}],\"funnelsFilter\":{\"exclusions\":"
      "[{\"kind\":\"EventsNode\",\"event\":\"x\",\"funnelFromStep\":0,\"funnelToStep\":1},"
      "{\"kind\":\"ActionsNode\",\"id\":3}]}}" },
    { "{\"insight\":\"STICKINESS\",\"events\":[{\"id\":\"a\"}],\"compare\":true,\"breakdown\":\"x\"}",
      "{\"kind\":\"StickinessQuery\",\"series\":[{\"kind\":\"EventsNode\",\"event\":\"a\"}],"
      "\"compareFilter\":{\"compare\":true}}" },
    { "{\"insight\":\"LIFECYCLE\",\"events\":[{\"id\":\"a\"}],\"toggledLifecycles\":[\"new\"],"
      "\"interval\":\"week\"}",
      "{\"kind\":\"LifecycleQuery\",\"series\":[{\"kind\":\"EventsNode\",\"event\":\"a\"}],"
      "\"interval\":\"week\",\"lifecycleFilter\":{\"toggledLifecycles\":[\"new\"]}}" },
    { "{\"insight\":\"RETENTION\"}", "{\"kind\":\"RetentionQuery\"}" },
    { "{\"insight\":\"RETENTION\",\"interval\":\"day\",\"period\":\"Week\",\"total_intervals\":5,"
      "\"date_to\":\"-1d\",\"retention_type\":\"retention_first_time\",\"target_entity\":"
      "{\"id\":\"a\",\"type\":\"events\",\"order\":0,\"math\":\"total\",\"properties\":{\"k\":1}},\"breakdown\":\"b\"}",
      "{\"kind\":\"RetentionQuery\",\"dateRange\":{\"date_to\":\"-1d\"},\"breakdownFilter\":"
      "{\"breakdown\":\"b\"},\"retentionFilter\":{\"retentionType\":\"retention_first_time\","
      "\"period\":\"Week\",\"totalIntervals\":5,\"targetEntity\":{\"id\":\"a\",\"type\":\"events\","
      "\"properties\":[{\"key\":\"k\",\"value\":1,\"type\":\"event\"}]}}}" },
};

static void says_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena *a = arena_new();
        struct err e = ERR_INIT;
        struct json *v;
        assert_int_equal(json_parse(a, str_of(rows[i].filters), &v, &e), 0);
        const struct json *node = query_of_filters(a, v);
        assert_int_equal(node != NULL, rows[i].node != NULL);
        if (node) {
            struct buf b = BUF_INIT(1 << 16);
            struct json_writer w = JSON_WRITER(&b);
            json_tree(&w, node);
            assert_string_equal(arena_z(a, buf_view(&b)), rows[i].node);
            buf_release(&b);
        }
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(says_the_same) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
