/* Tests query/formula.c: precedence, signs, division by zero, what is no formula. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "query/formula.h"

static void computes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } rows[] = { /* A 6, B 4, C 0 */
        { "A", 6 },         { "a+b", 10 },      { "A - B - 1", 1 }, { "A+B*2", 14 },
        { "(A+B)*2", 20 },  { "A/B", 1.5 },     { "A/C", 0 },       { "-A + B", -2 },
        { "- (A) * -B", 24 }, { "2.5*B", 10 },  { ".5 * A", 3 },    { "A/B/2", 0.75 },
    };
    static const double values[] = { 6, 4, 0 };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct err e = ERR_INIT;
        struct formula *f;
        assert_int_equal(formula_parse(a, str_of(rows[i].text), 3, &f, &e), 0);
        assert_true(formula_value(f, values) == rows[i].value);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "A+", "D", "A B", "(A", "A)", "A**B", "1.2.3", "A%B",
                                       "sum(A)" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct err e = ERR_INIT;
        struct formula *f;
        assert_int_equal(formula_parse(a, str_of(bad[i]), 3, &f, &e), ERR_INVALID);
    }
    char deep[900];
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct err e = ERR_INIT;
    struct formula *f;
    memset(deep, '(', sizeof(deep));
    assert_int_equal(formula_parse(a, (str){ deep, sizeof(deep) }, 3, &f, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(computes), cmocka_unit_test(refuses) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
