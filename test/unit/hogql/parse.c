/* Tests hogql/parse*.c by what the tree prints as: precedence, quirks, errors. Builds with checks also
 * read each printed text again and compare the trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hogql/hogql.h"

static struct arena *arena;

static str printed(const char *text, bool query)
{
    struct err e = ERR_INIT;
    struct hogql_node *n = NULL;
    int rc = query ? hogql_parse_select(arena, str_of(text), NULL, &n, &e)
                   : hogql_parse_expr(arena, str_of(text), NULL, &n, &e);
    if (rc < 0)
        return arena_printf(arena, "%d: %s", e.pos, err_message(&e));
    return hogql_to_text(arena, n);
}

static void check(const char *const rows[][2], size_t n, bool query)
{
    for (size_t i = 0; i < n; i++)
        assert_string_equal(arena_z(arena, printed(rows[i][0], query)), rows[i][1]);
}

static void precedence(void **state)
{
    static const char *const rows[][2] = {
        { "10 ?? 5 + 10", "ifNull(10, 5 + 10)" },
        { "a ?? b = c", "ifNull(a, b = c)" },
        { "a or b ? c : d", "if(a OR b, c, d)" },
        { "a ? b : c and d", "if(a, b, c AND d)" },
        { "a ? b : c ? d : e", "if(a, b, if(c, d, e))" },
        { "not a + 1", "NOT a + 1" },
        { "(not a) + 1", "(NOT a) + 1" },
        { "a || b + c", "concat(a, b) + c" },
        { "a || b || c", "concat(a, b, c)" },
        { "a between 1 and 2 and 3", "a BETWEEN 1 AND 2 AND 3" },
        { "a between 1 and 2 = b", "a BETWEEN 1 AND 2 = b" },
        { "(a between 1 and 2) = b", "(a BETWEEN 1 AND 2) = b" },
        { "a = b between 1 and 2", "a = b BETWEEN 1 AND 2" },
        { "a = (b between 1 and 2)", "a = (b BETWEEN 1 AND 2)" },
        { "a ?? b between 1 and 2", "ifNull(a, b) BETWEEN 1 AND 2" },
        { "not a between 1 and 2", "NOT a BETWEEN 1 AND 2" },
        { "not a ?? b", "NOT ifNull(a, b)" },
        { "a = not b and c", "a = (NOT b) AND c" },
        { "a <=> b = c", "a IS NOT DISTINCT FROM b = c" },
        { "(a <=> b) = c", "(a IS NOT DISTINCT FROM b) = c" },
        { "a is not distinct from b and c", "a IS NOT DISTINCT FROM b AND c" },
        { "a = b = c", "a = b = c" },
        { "a = (b = c)", "a = (b = c)" },
        { "a and b or c and d", "a AND b OR c AND d" },
        { "a and (b or c)", "a AND (b OR c)" },
        { "-1", "-1" },
        { "- 1.5", "-1.5" },
        { "-a", "-a" },
        { "a - -1", "a - -1" },
        { "-a * b", "-a * b" },
        { "1 - (2 - 3)", "1 - (2 - 3)" },
        { "1 * (2 + 3) % 4", "1 * (2 + 3) % 4" },
        { "a is null", "a IS NULL" },
        { "a is not null = b", "a IS NOT NULL = b" },
        { "a not in (1, 2)", "a NOT IN (1, 2)" },
        { "a in cohort 5", "a IN COHORT 5" },
        { "a not ilike '%x'", "a NOT ILIKE '%x'" },
        { "a =~ b !~ c ~* d !~* e", "a =~ b !~ c =~* d !~* e" },
        { "x ? .5 : 1", "if(x, 0.5, 1)" },
        { "a[-1][i]", "a[-1][i]" },
    };
    (void)state;
    check(rows, ARRAY_LEN(rows), false);
}

static void values(void **state)
{
    static const char *const rows[][2] = {
        { "017", "17" }, { "08", "8" }, { "1.", "1.0" }, { ".5", "0.5" }, { "1e3", "1000.0" },
        { "0x1F", "31" }, { "0x1.8p3", "12.0" }, { "0b101", "5" }, { "1e400", "inf" },
        { "-inf", "-inf" }, { "nan", "nan" },
        { "123456789012345678901234567890", "123456789012345678901234567890" },
        { "-9223372036854775808", "-9223372036854775808" },
        { "9223372036854775808", "9223372036854775808" },
        { "'it''s \\'x\\' \\\\ \\q'", "0: no viable alternative at input ''it''s \\'x\\' \\\\ \\q''" },
        { "'it''s \\'x\\' \\\\'", "'it\\'s \\'x\\' \\\\'" },
        { "'a\\0b\\x41'", "'ab\\\\x41'" },
        { "f'a{b}c{1 + 1}'", "concat('a', b, 'c', 1 + 1)" },
        { "f'\\{x\\}'", "'{x}'" },
        { "f'{f'{a}'}'", "a" },
        { "(1, 2)", "(1, 2)" }, { "(1,)", "(1,)" }, { "(1)", "1" }, { "[1, 2,]", "[1, 2]" },
        { "array[1]", "[1]" }, { "{'a': 1, b: 2}", "{'a': 1, b: 2}" }, { "{x.y}", "{x.y}" },
        { "true and FALSE or null", "true AND false OR NULL" },
        { "a.1.2", "a.1.2" }, { "a?.b?.1?.[c]", "a?.['b']?.1 ?.[c]" }, { "a[1:2]", "a[1:2]" },
        { "f(x).b", "f(x)['b']" }, { "a.0", "a.0" },
        { "a::int", "CAST(a AS int)" }, { "cast(a as Decimal(10,2))", "CAST(a AS decimal(10, 2))" },
        { "a::timestamp with time zone", "a::timestamp with time zone" },
        { "x -> x + 1", "x -> x + 1" }, { "(x, y) -> x", "(x, y) -> x" }, { "() -> 1", "() -> 1" },
        { "lambda x, y: x", "(x, y) -> x" },
        { "case when a then b end", "if(a, b, NULL)" },
        { "case when a then b when c then d else e end", "multiIf(a, b, c, d, e)" },
        { "case a when 1 then 'x' else 'y' end", "transform(a, [1], ['x'], 'y')" },
        { "interval 3 day", "toIntervalDay(3)" }, { "interval '3 weeks'", "toIntervalWeek(3)" },
        { "interval 3 months", "11: Unsupported interval unit: months" },
        { "interval '3'", "9: Unsupported interval type: must be in the format '<count> <unit>'" },
        { "interval '-1 day'", "9: Unsupported interval count: '-1' is not a valid integer" },
        { "trim(leading 'x' from y)", "trimLeft(y, 'x')" }, { "trim(x)", "trim(x)" },
        { "count(distinct a) filter (where b)", "count(DISTINCT a) FILTER (WHERE b)" },
        { "quantile(0.5)(x)", "quantile(0.5)(x)" },
        { "sum(x) over (partition by a, b order by c desc rows between unbounded preceding and "
          "current row)",
          "sum(x) OVER (PARTITION BY a, b ORDER BY c DESC ROWS BETWEEN UNBOUNDED PRECEDING AND "
          "CURRENT ROW)" },
        { "rank() over w", "rank() OVER w" },
        { "f(SELECT 1)", "f((SELECT 1))" }, { "a.b.c(1)", "a.b.c(1)" },
        { "select", "`select`" }, { "order", "`order`" }, { "date", "date" },
        { "`a b`.\"c\"\"d\"", "`a b`.`c\"d`" }, { "$x.$y", "$x.$y" },
        { "<Sparkline data={[1]} on />", "<Sparkline data={[1]} on={true} />" },
        { "<a>hi {x}<b /></a>", "<a children={['hi ', x, <b />]} />" },
        { "COLUMNS('x')", "COLUMNS('x')" }, { "(* exclude (a) replace (b as c))",
                                              "(* EXCLUDE (a) REPLACE (b AS c))" },
        { "a -- comment", "a" }, { "a // b", "a" }, { "a # b", "a" }, { "/* x */ a", "a" },
        { "#3", "#3" },
    };
    (void)state;
    check(rows, ARRAY_LEN(rows), false);
}

static void bad_values(void **state)
{
    static const char *const rows[][2] = {
        { "", "-1: Empty query" }, { "  -- x", "-1: Empty query" },
        { "1 & 2", "2: Unexpected character '&' (U+0026)" },
        { "a ! b", "2: Unexpected character '!' (U+0021)" },
        { "\xc3\xaf", "0: Unexpected character U+00EF" },
        { "0b22", "0: no viable alternative at input '0b22'" },
        { "0x", "0: no viable alternative at input '0x'" },
        { "1_000", "0: no viable alternative at input '1_000'" },
        { "1a", "0: no viable alternative at input '1a'" },
        { "0o17", "0: HogQL does not support `0o`-prefixed octal integer literals; got `0o17`. "
                  "Use a plain decimal literal instead." },
        { "x ?.5 : 1", "6: mismatched input ':' expecting <EOF>" },
        { "(1, 2", "5: mismatched input '<EOF>' expecting ')'" },
        { "a b", "2: mismatched input 'b' expecting <EOF>" },
        { "a +", "3: no viable alternative at input 'a +'" },
        { "date '2020-01-01'", "0: Unsupported rule: ColumnExprDate" },
        { "1 as team_id", "5: \"team_id\" cannot be an alias or identifier, as it's a reserved "
                          "keyword" },
        { "<a></b>", "5: Opening and closing HogQLX tags must match. Got a and b" },
        { "'abc", "0: Unexpected character ''' (U+0027)" },
    };
    (void)state;
    check(rows, ARRAY_LEN(rows), false);
}

static void queries(void **state)
{
    static const char *const rows[][2] = {
        { "select 1", "SELECT 1" }, { "select 1;", "SELECT 1" },
        { "SELECT a, b c, d AS e, f: g FROM events e2 WHERE a GROUP BY 1, HAVING x ORDER BY a, b "
          "desc LIMIT 5 OFFSET 2",
          "SELECT a, b AS c, d AS e, g AS f FROM events AS e2 WHERE a GROUP BY 1 HAVING x ORDER BY "
          "a ASC, b DESC LIMIT 5 OFFSET 2" },
        { "SELECT a, FROM events", "SELECT a FROM events" },
        { "SELECT distinct event FROM events", "SELECT DISTINCT event FROM events" },
        { "SELECT distinct, date, key FROM t", "SELECT `distinct`, date, key FROM t" },
        { "SELECT 1 LIMIT 1 LIMIT 2", "SELECT 1 LIMIT 2" },
        { "SELECT 1 LIMIT 5, 10", "SELECT 1 LIMIT 5 OFFSET 10" },
        { "SELECT a FROM t LIMIT 2, 3 BY a LIMIT 9", "SELECT a FROM t LIMIT 3 OFFSET 2 BY a LIMIT 9" },
        { "SELECT 1 LIMIT 40 %", "SELECT 1 LIMIT 40 %" },
        { "SELECT 1 LIMIT 10 % 3", "SELECT 1 LIMIT 10 % 3" },
        { "SELECT 1 UNION ALL SELECT 2 UNION SELECT 3 EXCEPT SELECT 4",
          "SELECT 1 UNION ALL SELECT 2 UNION DISTINCT SELECT 3 EXCEPT SELECT 4" },
        { "(SELECT 1) UNION ALL (SELECT 2) LIMIT 3", "SELECT 1 UNION ALL (SELECT 2) LIMIT 3" },
        { "SELECT 1 UNION ALL SELECT 2 LIMIT 3", "SELECT 1 UNION ALL SELECT 2 LIMIT 3" },
        { "SELECT 1 UNION ALL (SELECT 2 UNION ALL SELECT 3)",
          "SELECT 1 UNION ALL (SELECT 2 UNION ALL SELECT 3)" },
        { "(SELECT 1 LIMIT 3) LIMIT 2", "SELECT 1 LIMIT 2" },
        { "WITH x AS (SELECT 1), y AS NOT MATERIALIZED (SELECT 2), 3 AS z, w(a, b) AS (SELECT 1, 2) "
          "SELECT * FROM x",
          "WITH x AS (SELECT 1), y AS NOT MATERIALIZED (SELECT 2), 3 AS z, w(a, b) AS (SELECT 1, 2) "
          "SELECT * FROM x" },
        { "SELECT t.*, * EXCLUDE (a, b) FROM t", "SELECT t.*, * EXCLUDE (a, b) FROM t" },
        { "SELECT 1 FROM a, b JOIN c USING id, name LEFT OUTER JOIN d ON a.x = d.x ANY LEFT JOIN e "
          "ON 1 ASOF JOIN f USING (g)",
          "SELECT 1 FROM a CROSS JOIN b JOIN c USING (id, name) LEFT JOIN d ON a.x = d.x LEFT ANY "
          "JOIN e ON 1 ASOF JOIN f USING (g)" },
        { "SELECT 1 FROM events AS e FINAL SAMPLE 1/10 OFFSET 0.5",
          "SELECT 1 FROM events AS e FINAL SAMPLE 1 / 10 OFFSET 0.5" },
        { "SELECT 1 FROM (SELECT 2) AS x, (VALUES (1, 'a'), (2, 'b')) AS t(x, y), numbers(1, 2)",
          "SELECT 1 FROM (SELECT 2) AS x CROSS JOIN (VALUES (1, 'a'), (2, 'b')) AS t(x, y) CROSS "
          "JOIN numbers(1, 2)" },
        { "SELECT 1 FROM (a JOIN b ON 1)", "SELECT 1 FROM (a JOIN b ON 1)" },
        { "SELECT 1 FROM t LEFT ARRAY JOIN x AS y, z AS w", "SELECT 1 FROM t LEFT ARRAY JOIN x AS y, "
                                                           "z AS w" },
        { "SELECT 1 FROM t GROUP BY ALL", "SELECT 1 FROM t GROUP BY ALL" },
        { "SELECT 1 FROM t GROUP BY CUBE(a, b)", "SELECT 1 FROM t GROUP BY CUBE(a, b)" },
        { "SELECT 1 FROM t GROUP BY GROUPING SETS ((a, b), (a), ())",
          "SELECT 1 FROM t GROUP BY GROUPING SETS ((a, b), (a), ())" },
        { "SELECT 1 FROM t GROUP BY a WITH ROLLUP WITH TOTALS", "SELECT 1 FROM t GROUP BY ROLLUP(a)" },
        { "SELECT 1 FROM t ORDER BY a WITH FILL FROM 1 TO 10 STEP 2 INTERPOLATE (b AS b + 1, c)",
          "SELECT 1 FROM t ORDER BY a ASC WITH FILL FROM 1 TO 10 STEP 2 INTERPOLATE (b AS b + 1, c)" },
        { "SELECT f() OVER w FROM t WINDOW w AS (PARTITION BY a), v AS ()",
          "SELECT f() OVER w FROM t WINDOW w AS (PARTITION BY a), v AS ()" },
        { "SELECT {x} FROM {y} WHERE {z}", "SELECT {x} FROM {y} WHERE {z}" },
        { "SELECT 1 FROM t PIVOT (sum(a) FOR b IN ('x', 'y') GROUP BY c)",
          "SELECT 1 FROM t PIVOT (sum(a) FOR b IN ('x', 'y') GROUP BY c)" },
        { "SELECT 1 FROM t UNPIVOT INCLUDE NULLS (a FOR b IN (c, d))",
          "SELECT 1 FROM t UNPIVOT INCLUDE NULLS (a FOR b IN (c, d))" },
        { "SELECT (SELECT 1 UNION ALL SELECT 2), ((SELECT 3) UNION ALL SELECT 4)",
          "SELECT (SELECT 1 UNION ALL SELECT 2), (SELECT 3 UNION ALL SELECT 4)" },
        { "(SELECT 1) ORDER BY 1", "(SELECT 1) ORDER BY 1 ASC" },
        { "WITH 1 AS x (SELECT x)", "WITH 1 AS x (SELECT x)" },
        { "SELECT 1 QUALIFY 2", "SELECT 1 QUALIFY 2" },
    };
    (void)state;
    check(rows, ARRAY_LEN(rows), true);
}

static void bad_queries(void **state)
{
    static const char *const rows[][2] = {
        { "SELECT 1; SELECT 2", "10: mismatched input 'SELECT' expecting <EOF>" },
        { "DROP TABLE events",
          "0: mismatched input 'DROP' expecting {SELECT, WITH, '{', '(', '<'}" },
        { "EXPLAIN SELECT 1",
          "0: extraneous input 'EXPLAIN' expecting {SELECT, WITH, '{', '(', '<'}" },
        { "SELECT event FROM", "17: no viable alternative at input 'SELECT event FROM'" },
        { "SELECT 1 AS team_id",
          "12: \"team_id\" cannot be an alias or identifier, as it's a reserved keyword" },
        { "SELECT 1 AS TRUE",
          "12: \"TRUE\" cannot be an alias or identifier, as it's a reserved keyword" },
        { "SELECT FROM events", "7: Cannot use \"from\" before an implicit alias" },
        { "SELECT a key", "9: mismatched input 'key' expecting <EOF>" },
        { "SELECT a first", "9: mismatched input 'first' expecting <EOF>" },
        { "SELECT TOP 5 a", "7: Unsupported: SelectStmt.topClause()" },
        { "SELECT 1 SETTINGS a = 1", "9: Unsupported: SelectStmt.settingsClause()" },
        { "SELECT 1 FROM t USING SAMPLE 1", "16: Unsupported: SelectStmt.sampleClause()" },
        { "SELECT 1 ARRAY JOIN x AS y",
          "9: Using ARRAY JOIN without a FROM clause is not permitted" },
        { "SELECT 1 FROM t ARRAY JOIN x", "27: ARRAY JOIN arrays must have an alias" },
        { "SELECT 1 FORMAT JSON", "16: mismatched input 'JSON' expecting <EOF>" },
        { "SELECT 1 FROM a CROSS JOIN b ON 1", "29: mismatched input 'ON' expecting <EOF>" },
        { "SELECT 1 EXCEPT DISTINCT SELECT 2",
          "16: extraneous input 'DISTINCT' expecting {SELECT, WITH, '{', '(', '<'}" },
        { "FROM events SELECT 1", "0: mismatched input 'FROM' expecting {SELECT, WITH, '{', '(', '<'}" },
        { "INSERT INTO x VALUES (1)",
          "0: mismatched input 'INSERT' expecting {SELECT, WITH, '{', '(', '<'}" },
    };
    (void)state;
    check(rows, ARRAY_LEN(rows), true);
}

/* Nesting of every kind ends in an error, not in the end of the stack. */
static void depth(void **state)
{
    static const char *const parts[][3] = {
        { "(", "1", ")" }, { "[", "1", "]" }, { "f(", "1", ")" }, { "- ", "a", "" },
        { "not ", "a", "" }, { "a + ", "1", "" }, { "", "a", " + 1" }, { "", "a", "[1]" },
        { "", "a", " = 1" }, { "(SELECT ", "1", ")" }, { "{x: ", "1", "}" },
        { "x -> ", "1", "" }, { "case when a then ", "1", " end" }, { "f'{", "1", "}'" },
        { "<a b={", "1", "}/>" }, { "<a>", "<b/>", "</a>" }, { "a ? ", "1", " : 2" },
        { "", "a", "::int" }, { "", "a", " as b" }, { "(SELECT 1 FROM (", "t", "))" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size_t n = 20000, before = strlen(parts[i][0]), after = strlen(parts[i][2]);
        char *text = arena_alloc(arena, n * (before + after) + 8), *at = text;
        for (size_t k = 0; k < n; k++, at += before)
            memcpy(at, parts[i][0], before);
        memcpy(at, parts[i][1], strlen(parts[i][1]));
        at += strlen(parts[i][1]);
        for (size_t k = 0; k < n; k++, at += after)
            memcpy(at, parts[i][2], after);
        struct err e = ERR_INIT;
        struct hogql_node *out;
        assert_int_equal(hogql_parse_expr(arena, str_of(text), NULL, &out, &e), ERR_INVALID);
        assert_memory_equal(e.message, "The query is nested too deeply", 30);
    }
}

static void flat_chains_are_not_deep(void **state)
{
    struct err e = ERR_INIT;
    struct hogql_node *out;
    size_t n = 20000;
    (void)state;
    static const char *const words[] = { " and a", " or a", " || a", ", a" };
    for (size_t w = 0; w < ARRAY_LEN(words); w++) {
        char *text = arena_alloc(arena, n * 8 + 8), *at = text + 2;
        memcpy(text, "[a", 2);
        for (size_t k = 0; k < n; k++, at += strlen(words[w]))
            memcpy(at, words[w], strlen(words[w]));
        *at = ']';
        assert_int_equal(hogql_parse_expr(arena, str_of(text), NULL, &out, &e), 0);
    }
}

static void placeholders(void **state)
{
    struct err e = ERR_INIT;
    struct hogql_node *out, *list = hogql_list(arena, HOGQL_LIST);
    (void)state;
    hogql_add(arena, list, hogql_field(arena, "a", NULL));
    hogql_add(arena, list, hogql_string(arena, STR("it's")));
    const struct hogql_placeholder ph[] = {
        { "columns", list },
        { "none", hogql_list(arena, HOGQL_LIST) },
        { "filters.dateRange.from", hogql_datetime(arena, 0) },
        { NULL, NULL },
    };
    assert_int_equal(hogql_parse_select(arena,
                                        STR("SELECT {none}, {columns}, {none} FROM t WHERE "
                                            "x > {filters.dateRange.from} AND {filters}"),
                                        ph, &out, &e), 0);
    assert_string_equal(hogql_to_text(arena, out).p,
                        "SELECT a, 'it\\'s' FROM t WHERE x > toDateTime('1970-01-01T00:00:00Z') AND "
                        "{filters}");
}

static void any_bytes(void **state)
{
    static const char alphabet[] = "select from()[]{}<>'`\"\\.,:;?*+-=~!#$0123x_aAS and or not in is "
                                   "null case when then end f' /**/";
    uint32_t seed = 12345;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[48];
        for (size_t k = 0; k < sizeof(text); k++) {
            seed = seed * 1664525 + 1013904223;
            text[k] = seed >> 28 ? alphabet[(seed >> 8) % (sizeof(alphabet) - 1)]
                                 : (char)(seed >> 16);
        }
        struct arena *a = arena_new();
        struct err e = ERR_INIT;
        struct hogql_node *out;
        if (hogql_parse_expr(a, (str){ text, sizeof(text) }, NULL, &out, &e) < 0)
            assert_int_equal(e.kind, ERR_INVALID);
        arena_free(a);
    }
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedence), cmocka_unit_test(values), cmocka_unit_test(bad_values),
        cmocka_unit_test(queries), cmocka_unit_test(bad_queries), cmocka_unit_test(depth),
        cmocka_unit_test(flat_chains_are_not_deep), cmocka_unit_test(placeholders),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
