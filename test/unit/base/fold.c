/* Tests base/fold.c: lower case of every alphabet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fold.h"

static void folds(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "", "" }, { "AbC-09[]", "abc-09[]" }, { "GRÖSSE", "grösse" }, { "ПРИВЕТ", "привет" },
        { "ΑΒΓ", "αβγ" }, { "日本", "日本" }, { "😀X", "😀x" }, { "\xE1\xBA\x9E", "ß" },
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        str got = fold_lower(a, str_of(rows[i].in));
        assert_string_equal(got.p, rows[i].out);
        assert_int_equal(got.n, strlen(rows[i].out));
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(folds) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
