/* Tests query/properties.c: filters as HogQL conditions, lists and trees of them, refused ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "query/properties.h"

/* Definitions: number, flag and day have types, all else is text. */
static int type_of(void *cls, enum hogql_property_owner owner, int index, str name,
                   enum hogql_property_type *out, struct err *e)
{
    (void)cls, (void)owner, (void)index, (void)e;
    *out = str_eqz(name, "number") ? HOGQL_PROPERTY_NUMERIC
           : str_eqz(name, "flag") ? HOGQL_PROPERTY_BOOLEAN
           : str_eqz(name, "day")  ? HOGQL_PROPERTY_DATETIME
                                   : HOGQL_PROPERTY_STRING;
    return 0;
}

static int condition(struct arena *a, const char *filters, enum query_property_scope scope,
                     str *out, struct err *e)
{
    struct query_scope s = { .arena = a, .test_account_filters = STR_NULL };
    struct query_job j = { .scope = &s, .arena = a };
    struct json *tree;
    struct hogql_node *node;
    assert_true(clock_parse(STR("2026-03-31T10:30:00Z"), &j.calendar.now));
    j.calendar.tz = tz_find(STR("UTC"));
    j.hogql = (struct hogql_context){ .arena = a, .property_type = type_of };
    assert_int_equal(json_parse(a, str_of(filters), &tree, e), 0);
    int rc = query_properties(&j, scope, tree, &node, e);
    *out = rc == 0 && node ? hogql_to_text(a, node) : STR("nothing");
    return rc;
}

static const struct {
    const char *filters, *hogql;
} good[] = {
    { "[]", "nothing" },
    { "{}", "nothing" },
    { "null", "nothing" },
    { "[{\"type\":\"empty\"}]", "nothing" },
    { "[{\"key\":\"a\",\"type\":\"event\",\"operator\":\"exact\"}]", "nothing" },
    { "[{\"key\":\"a\",\"type\":\"event\",\"operator\":\"exact\",\"value\":[]}]", "nothing" },
    { "[{\"key\":\"a\",\"value\":\"x\"}]", "properties.a = 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"exact\", \"value\": \"x\"}]",
      "properties.a = 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"is_not\", \"value\": \"x\"}]",
      "properties.a != 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"icontains\", \"value\": \"x\"}]",
      "properties.a ILIKE '%x%'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"not_icontains\", \"value\": \"x\"}]",
      "properties.a NOT ILIKE '%x%'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"regex\", \"value\": \"x\"}]",
      "properties.a =~ 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"not_regex\", \"value\": \"x\"}]",
      "properties.a !~ 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"gt\", \"value\": \"x\"}]",
      "properties.a > 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"gte\", \"value\": \"x\"}]",
      "properties.a >= 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"min\", \"value\": \"x\"}]",
      "properties.a >= 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"lt\", \"value\": \"x\"}]",
      "properties.a < 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"lte\", \"value\": \"x\"}]",
      "properties.a <= 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"max\", \"value\": \"x\"}]",
      "properties.a <= 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"exact\", \"value\": [\"x\"]}]",
      "properties.a = 'x'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"exact\", \"value\": [\"x\", \"y\"]}]",
      "properties.a IN ('x', 'y')" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"is_not\", \"value\": [\"x\", \"y\"]}]",
      "properties.a NOT IN ('x', 'y')" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"icontains\", \"value\": [\"x\", \"y\"]}]",
      "properties.a ILIKE '%x%' OR properties.a ILIKE '%y%'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"not_icontains\", \"value\": [\"x\", \"y\"]}]",
      "properties.a NOT ILIKE '%x%' AND properties.a NOT ILIKE '%y%'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"icontains\", \"value\": \"50%_\\\\\"}]",
      "properties.a ILIKE '%50\\\\%\\\\_\\\\\\\\%'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"exact\", \"value\": 5}]",
      "properties.a = '5'" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"gt\", \"value\": 5}]",
      "toFloat(properties.a) > 5" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"lt\", \"value\": \"7.5\"}]",
      "toFloat(properties.a) < 7.5" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"exact\", \"value\": true}]",
      "properties.a = 'true'" },
    { "[{\"key\": \"number\", \"type\": \"event\", \"operator\": \"exact\", \"value\": \"5\"}]",
      "properties.number = 5" },
    { "[{\"key\": \"number\", \"type\": \"event\", \"operator\": \"exact\", \"value\": [\"5\", \"x\"]}]",
      "properties.number = 5" },
    { "[{\"key\": \"number\", \"type\": \"event\", \"operator\": \"exact\", \"value\": \"x\"}]",
      "false" },
    { "[{\"key\": \"number\", \"type\": \"event\", \"operator\": \"is_not\", \"value\": \"x\"}]",
      "true" },
    { "[{\"key\": \"number\", \"type\": \"event\", \"operator\": \"gt\", \"value\": \"1.5\"}]",
      "properties.number > 1.5" },
    { "[{\"key\": \"number\", \"type\": \"event\", \"operator\": \"icontains\", \"value\": \"5\"}]",
      "toString(properties.number) ILIKE '%5%'" },
    { "[{\"key\": \"flag\", \"type\": \"event\", \"operator\": \"exact\", \"value\": \"true\"}]",
      "properties.flag = true" },
    { "[{\"key\": \"flag\", \"type\": \"event\", \"operator\": \"exact\", \"value\": [\"true\", \"false\"]}]",
      "properties.flag IN (true, false)" },
    { "[{\"key\": \"flag\", \"type\": \"event\", \"operator\": \"is_not\", \"value\": false}]",
      "properties.flag != false" },
    { "[{\"key\": \"flag\", \"type\": \"event\", \"operator\": \"exact\", \"value\": \"maybe\"}]",
      "false" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"is_set\", \"value\": \"is_set\"}]",
      "properties.a IS NOT NULL" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"is_not_set\", \"value\": null}]",
      "properties.a IS NULL" },
    { "[{\"key\": \"day\", \"type\": \"event\", \"operator\": \"is_date_before\", \"value\": \"2026-01-20\"}]",
      "properties.day < toDateTime('2026-01-20T00:00:00Z')" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"is_date_after\", \"value\": \"2026-01-20\"}]",
      "toDateTime(properties.a) >= toDateTime('2026-01-21T00:00:00Z')" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"is_date_exact\", \"value\": \"2026-01-20\"}]",
      "toDateTime(properties.a) >= toDateTime('2026-01-20T00:00:00Z') AND toDateTime(properties.a) < toDateTime('2026-01-21T00:00:00Z')" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"is_date_before\", \"value\": \"-7d\"}]",
      "toDateTime(properties.a) < toDateTime('2026-03-24T10:30:00Z')" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"between\", \"value\": [1, 5]}]",
      "toFloat(properties.a) >= 1 AND toFloat(properties.a) <= 5" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"not_between\", \"value\": [1, \"5\"]}]",
      "toFloat(properties.a) < 1 OR toFloat(properties.a) > 5" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"semver_gt\", \"value\": \"1.2.3\"}]",
      "properties.a =~ '^v?[0-9]' AND "
      "arrayResize(sortableSemver(properties.a), 4, 0) > arrayResize(sortableSemver('1.2.3'), 4, 0)" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"semver_tilde\", \"value\": \"1.2.3\"}]",
      "properties.a =~ '^v?[0-9]' AND arrayResize(sortableSemver(properties.a), 4, 0) >= arrayResize(sortableSemver('1.2.3'), 4, 0) AND "
      "arrayResize(sortableSemver(properties.a), 4, 0) < arrayResize(sortableSemver('1.3.0'), 4, 0)" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"semver_caret\", \"value\": \"0.2.3\"}]",
      "properties.a =~ '^v?[0-9]' AND arrayResize(sortableSemver(properties.a), 4, 0) >= arrayResize(sortableSemver('0.2.3'), 4, 0) AND "
      "arrayResize(sortableSemver(properties.a), 4, 0) < arrayResize(sortableSemver('0.3.0'), 4, 0)" },
    { "[{\"key\": \"a\", \"type\": \"event\", \"operator\": \"semver_wildcard\", \"value\": \"1.*\"}]",
      "properties.a =~ '^v?[0-9]' AND arrayResize(sortableSemver(properties.a), 4, 0) >= arrayResize(sortableSemver('1.0.0'), 4, 0) AND "
      "arrayResize(sortableSemver(properties.a), 4, 0) < arrayResize(sortableSemver('2.0.0'), 4, 0)" },
    { "[{\"key\": \"email\", \"type\": \"person\", \"operator\": \"exact\", \"value\": \"e\"}]",
      "person.properties.email = 'e'" },
    { "[{\"key\": \"$session_duration\", \"type\": \"session\", \"operator\": \"gt\", \"value\": 10}]",
      "session.$session_duration > 10" },
    { "[{\"key\": \"name\", \"type\": \"group\", \"operator\": \"exact\", \"value\": \"n\", \"group_type_index\": 2}]",
      "group_2.properties.name = 'n'" },
    { "[{\"key\": \"event\", \"type\": \"event_metadata\", \"operator\": \"exact\", \"value\": \"sign up\"}]",
      "event = 'sign up'" },
    { "[{\"key\": \"a.b\", \"type\": \"event\", \"operator\": \"exact\", \"value\": \"x\"}]",
      "properties.`a.b` = 'x'" },
    { "[{\"key\": \"id\", \"type\": \"cohort\", \"operator\": \"in\", \"value\": 5}]",
      "person_id IN COHORT 5" },
    { "[{\"key\": \"id\", \"type\": \"cohort\", \"operator\": \"not_in\", \"value\": 5}]",
      "person_id NOT IN COHORT 5" },
    { "[{\"key\": \"properties.a = 'x' or event = 'y'\", \"type\": \"hogql\", \"operator\": null, \"value\": null}]",
      "properties.a = 'x' OR event = 'y'" },
    { "[{\"key\": \"tag_name\", \"type\": \"element\", \"operator\": \"exact\", \"value\": \"a\"}]",
      "elements_chain =~ '(^|;)a(\\\\.|$|;|:)'" },
    { "[{\"key\": \"href\", \"type\": \"element\", \"operator\": \"icontains\", \"value\": \"x\"}]",
      "elements_chain_href ILIKE '%x%'" },
    { "[{\"key\": \"text\", \"type\": \"element\", \"operator\": \"exact\", \"value\": \"x\"}]",
      "arrayStringConcat(elements_chain_texts, '\n') = 'x'" },
    { "[{\"key\": \"$feature/x\", \"type\": \"feature\", \"operator\": \"exact\", \"value\": \"on\"}]",
      "properties.`$feature/x` = 'on'" },
    { "{\"type\": \"OR\", \"values\": [{\"type\": \"AND\", \"values\": [{\"key\": \"a\", \"value\": \"1\"}, {\"key\": \"b\", \"value\": \"2\"}]}, {\"key\": \"c\", \"value\": \"3\"}, {\"type\": \"empty\"}]}",
      "properties.a = '1' AND properties.b = '2' OR properties.c = '3'" },
    { "{\"type\": \"OR\", \"values\": [{\"key\": \"a\", \"value\": \"1\"}, {\"type\": \"AND\", \"values\": []}]}",
      "nothing" },
};

static void says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct err e = ERR_INIT;
        str text;
        assert_int_equal(condition(a, good[i].filters, PROPERTIES_OF_EVENTS, &text, &e), 0);
        assert_string_equal(arena_z(a, text), good[i].hogql);
    }
}

static const struct {
    enum query_property_scope scope;
    const char *filters, *message;
} bad[] = {
    { PROPERTIES_OF_EVENTS, "[{\"key\":\"a\",\"operator\":\"between\",\"value\":5}]",
      "between operator requires a two-element array [min, max]" },
    { PROPERTIES_OF_EVENTS, "[{\"key\":\"a\",\"operator\":\"near\",\"value\":5}]",
      "Operator \"near\" is not supported" },
    { PROPERTIES_OF_EVENTS, "[{\"key\":\"a\",\"operator\":\"semver_gt\",\"value\":\"x\"}]",
      "Invalid semver value: x" },
    { PROPERTIES_OF_EVENTS, "[{\"key\":\"a\",\"type\":\"recording\",\"value\":\"x\"}]",
      "The 'recording' property filter does not work in 'event' scope" },
    { PROPERTIES_OF_PERSONS, "[{\"key\":\"a\",\"type\":\"event\",\"value\":\"x\"}]",
      "The 'event' property filter does not work in 'person' scope" },
    { PROPERTIES_OF_EVENTS, "[{\"type\":\"event\",\"value\":\"x\"}]",
      "1 validation error for QueryRequest\nproperties.key\n  Field required" },
    { PROPERTIES_OF_EVENTS, "{\"type\":\"XOR\",\"values\":[]}",
      "1 validation error for QueryRequest\nproperties.type\n  Input should be 'AND' or 'OR'" },
    { PROPERTIES_OF_EVENTS, "7",
      "1 validation error for QueryRequest\nproperties\n  Input should be a valid list" },
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct err e = ERR_INIT;
        str text;
        assert_int_equal(condition(a, bad[i].filters, bad[i].scope, &text, &e), ERR_INVALID);
        assert_string_equal(e.message, bad[i].message);
    }
}

static void knows_scopes(void **state)
{
    (void)state;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct err e = ERR_INIT;
    str text;
    const char *person = "[{\"key\":\"email\",\"type\":\"person\",\"value\":\"x\"}]";
    assert_int_equal(condition(a, person, PROPERTIES_OF_PERSONS, &text, &e), 0);
    assert_string_equal(arena_z(a, text), "properties.email = 'x'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says),
        cmocka_unit_test(refuses),
        cmocka_unit_test(knows_scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
