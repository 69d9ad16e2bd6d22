/* Any result under any query becomes a chart that can be drawn both ways; numbers as people read them. */
#include "render/chart.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "render/draw.h"
#include "render/text.h"

static const char *const queries[] = {
    "{\"kind\":\"TrendsQuery\"}",
    "{\"kind\":\"TrendsQuery\",\"trendsFilter\":{\"display\":\"BoldNumber\"}}",
    "{\"kind\":\"TrendsQuery\",\"trendsFilter\":{\"display\":\"ActionsPie\"}}",
    "{\"kind\":\"TrendsQuery\",\"trendsFilter\":{\"display\":\"ActionsBar\"}}",
    "{\"kind\":\"TrendsQuery\",\"trendsFilter\":{\"display\":7,\"decimalPlaces\":1e300}}",
    "{\"kind\":\"FunnelsQuery\"}",
    "{\"kind\":\"FunnelsQuery\",\"funnelsFilter\":{\"funnelVizType\":\"time_to_convert\"}}",
    "{\"kind\":\"FunnelsQuery\",\"funnelsFilter\":{\"funnelVizType\":\"trends\"}}",
    "{\"kind\":\"LifecycleQuery\"}", "{\"kind\":\"StickinessQuery\"}",
    "{\"kind\":\"RetentionQuery\",\"retentionFilter\":{\"retentionCustomBrackets\":[null,1e300]}}",
    "{\"kind\":\"PathsQuery\"}", "{\"kind\":\"HogQLQuery\"}", "{\"kind\":\"NoSuchQuery\"}", "[]",
    "{\"kind\":\"DataVisualizationNode\",\"display\":\"ActionsLineGraph\",\"chartSettings\":[1],"
    "\"source\":{\"kind\":\"HogQLQuery\"}}",
};

static const char *const results[] = {
    "null", "3", "\"x\"", "[]", "{}", "[1]", "[[]]", "[{}]", "[[{}]]", "[null]", "[[1,null,\"a\"],3]",
    "{\"bins\":[[1,2],[\"x\",3],[1e300,1e300]]}",
    "[{\"data\":[1e308,-1e308,1e308,null],\"days\":[\"2020-01-01\",\"x\",\"2020-99-99\",\"\"],"
    "\"labels\":[\"a\",\"b\",\"c\",\"d\"],\"status\":\"new\",\"count\":1e308,\"order\":0}]",
    "[{\"data\":[5e-324,0],\"days\":[\"2020-01-01\",\"2020-01-02\"],\"breakdown_value\":[null]},"
    "{\"data\":\"x\",\"days\":3,\"compare_label\":\"previous\"}]",
    "[{\"values\":[{\"count\":0},{\"count\":1e308},{}],\"date\":7},{\"values\":null}]",
    "[{\"source\":\"1_a\",\"target\":\"2_b\",\"value\":1e308},{\"source\":\"_\",\"target\":\"x_\"},"
    "{\"source\":\"2_b\",\"target\":\"3_c\",\"value\":5e-324}]",
    "[{\"name\":\"a\",\"count\":-5,\"order\":0},{\"name\":null,\"count\":\"9\",\"order\":1}]",
};

static struct json *parsed(struct arena *a, const char *text)
{
    struct json *v;
    struct err e = ERR_INIT;
    assert_int_equal(json_parse(a, str_of(text), &v, &e), 0);
    return v;
}

static void draw_both(struct arena *a, const struct chart *c)
{
    struct buf b = BUF_INIT(1 << 22);
    struct draw_tile tile = { .chart = c, .title = STR("<t>") };
    for (size_t width = 40; width <= 200; width += 80) {
        struct text t = { .b = &b, .width = width, .color = width > 100 };
        buf_reset(&b);
        text_chart(&t, a, c);
        assert_true(str_utf8_valid(buf_view(&b)));
    }
    buf_release(&b);
    for (double width = 300; width < 4000; width *= 3) {
        str svg = draw_insight(a, &tile, width, 300, false);
        assert_true(str_starts(svg, STR("<svg ")) && str_ends(svg, STR("</svg>\n")));
        assert_true(str_find(svg, STR("&lt;t&gt;")) > 0);
    }
}

static void whatever_comes_is_drawn(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(queries); i++)
        for (size_t k = 0; k < ARRAY_LEN(results); k++) {
            _cleanup_(arena_freep) struct arena *a = arena_new();
            struct chart_source s = { .query = parsed(a, queries[i]), .result = str_of(results[k]),
                                      .columns = str_of(results[k]), .timezone = STR("UTC") };
            draw_both(a, chart_describe(a, &s));
        }
}

static void numbers_are_written_as_people_do(void **state)
{
    static const struct {
        double v;
        const char *name, *want, *compact;
    } rows[] = {
        { 1234567.891, "", "1,234,567.89", "1.2M" }, { 0, "", "0", "0" },
        { -9999.5, "", "-9,999.5", "-9,999.5" },     { 12000, "", "12,000", "12K" },
        { 12.5, "percentage", "12.5%", "12.5%" },    { 0.125, "percentage_scaled", "12.5%", "12.5%" },
        { 5, "currency", "$5", "$5" },               { 5.5, "currency", "$5.50", "$5.50" },
        { 7500, "duration", "2h 5m", "2h 5m" },      { 340, "duration_ms", "340ms", "340ms" },
        { NAN, "", "–", "–" },                       { NAN, "duration", "–", "–" },
        { 1e300, "duration", "–", "–" },             { 86400, "duration", "1d", "1d" },
    };
    _cleanup_(arena_freep) struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct chart_format f = { .name = str_of(rows[i].name), .decimals = -1 };
        assert_string_equal(chart_number(a, rows[i].v, &f, false).p, rows[i].want);
        assert_string_equal(chart_number(a, rows[i].v, &f, true).p, rows[i].compact);
    }
    assert_string_equal(chart_bucket(a, STR("2020-01-09"), STR("day")).p, "9 Jan");
    assert_string_equal(chart_bucket(a, STR("2020-01-09 14:00:00"), STR("hour")).p, "14:00");
    assert_string_equal(chart_bucket(a, STR("2020-01-01"), STR("month")).p, "Jan 2020");
    assert_string_equal(chart_bucket(a, STR("3 days"), STR("day")).p, "3 days");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_comes_is_drawn),
        cmocka_unit_test(numbers_are_written_as_people_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
