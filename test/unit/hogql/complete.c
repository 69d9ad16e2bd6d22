/* Tests hogql/complete*.c at every place of texts that are hard to read; what is offered is tested
 * through the API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "hogql/complete.h"

static struct completion at(struct hogql_context *c, str text, uint32_t place,
                            enum complete_form form)
{
    struct completion m;
    struct complete_target t;
    hogql_complete(c, text, place, place, form, text, &m);
    assert_true(m.start <= place && place <= m.end && m.end <= text.n);
    for (uint32_t i = m.start; i < m.end; i++)
        assert_true(text.p[i] != ' ' && text.p[i] != '.');
    if (m.place == COMPLETE_MEMBER)
        (void)hogql_complete_target(c, &m, &t);
    return m;
}

static void every_place(void **state)
{
    static const char *const texts[] = {
        "WITH RECURSIVE a (x, y) AS NOT MATERIALIZED (SELECT *, e.* FROM events e), 1 AS b "
        "SELECT DISTINCT a.x, count(b. FROM a, (SELECT 1 UNION ALL SELECT 2) AS q "
        "ARRAY JOIN [1] AS z WHERE f'a {b.c} \\{ {' = {filters.x} GROUP BY ALL",
        "((((SELECT", "SELECT ]})({[ FROM (", "f'{f'{f'{", "SELECT 'it''s\\' FROM `a", "/* -- */ # x",
        "SELECT 1e. FROM . a . b", "FROM FROM FROM JOIN JOIN , , (", "\xFF\xFE SELECT \xC2",
        "SELECT x -> { return 1 } FROM events ORDER BY a WITH FILL FROM 1 TO 2",
    };
    struct hogql_context c = { .arena = arena_new(), .team_id = 1 };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        str text = str_of(texts[i]);
        for (uint32_t place = 0; place <= text.n; place++)
            for (int form = COMPLETE_SELECT; form <= COMPLETE_TEMPLATE; form++)
                (void)at(&c, text, place, (enum complete_form)form);
    }
    arena_free(c.arena);
}

/* Stars of stars of stars, brackets in brackets: bounded all the same. */
static void large(void **state)
{
    struct hogql_context c = { .arena = arena_new(), .team_id = 1 };
    struct buf b = BUF_INIT(LIMIT_HOGQL_TEXT);
    (void)state;
    buf_z(&b, "WITH a0 AS (SELECT * FROM events)");
    for (int i = 1; i < 200; i++)
        buf_printf(&b, ", a%d AS (SELECT *, *, *, * FROM a%d)", i, i - 1);
    buf_z(&b, " SELECT ");
    uint32_t place = (uint32_t)b.n;
    buf_z(&b, " FROM a199");
    assert_int_equal(at(&c, buf_view(&b), place, COMPLETE_SELECT).place, COMPLETE_VALUE);
    b.n = 0;
    for (int i = 0; i < 50000; i++)
        buf_z(&b, "(SELECT ");
    place = (uint32_t)b.n;
    assert_int_equal(at(&c, buf_view(&b), place, COMPLETE_SELECT).place, COMPLETE_VALUE);
    assert_true(arena_used(c.arena) < 64u << 20);
    buf_release(&b);
    arena_free(c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_place), cmocka_unit_test(large) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
