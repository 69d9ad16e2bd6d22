/* Files of the program: found by name, and which encoding of them is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/static.h"

static const struct static_file files[] = {
    { "a", "t", "h", true, { STR_INIT("0123456789"), STR_INIT("01234"), STR_INIT("012") } },
    { "ab", "t", "h", true, { STR_INIT("01"), STR_INIT("01234"), STR_INIT("01234") } },
    { "b-1.js", "t", "h", true, { STR_INIT("0123456789"), STR_INIT("01234"), { NULL, 0 } } },
};

static void finds_by_whole_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(static_find(files, 3, str_of(files[i].name)), &files[i]);
    const char *const absent[] = { "", "A", "aa", "abc", "b", "b-1.js ", "c", "b-1.jz" };
    for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++)
        assert_null(static_find(files, 3, str_of(absent[i])));
    assert_null(static_find(files, 3, (str){ "a\0b", 3 }));
    assert_null(static_find(files, 0, STR("a")));
}

static void sends_the_smallest_that_is_accepted(void **state)
{
    static const struct {
        const char *accept;
        enum static_encoding want;
    } cases[] = {
        { NULL, STATIC_IDENTITY },         { "", STATIC_IDENTITY },
        { "gzip", STATIC_GZIP },           { "gzip, br", STATIC_BR },
        { " BR ; q=0.1 ", STATIC_BR },     { "br;q=0", STATIC_IDENTITY },
        { "br; q=0.00,gzip", STATIC_GZIP }, { "*", STATIC_BR },
        { "*;q=0", STATIC_IDENTITY },      { "br;q=0,*", STATIC_GZIP },
        { "brr,xgzip", STATIC_IDENTITY },  { ",;,br", STATIC_BR },
        { "gzip;q=", STATIC_GZIP },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(static_choose(&files[0], str_of(cases[i].accept)), cases[i].want);
    assert_int_equal(static_choose(&files[1], STR("gzip, br")), STATIC_IDENTITY);
    assert_int_equal(static_choose(&files[2], STR("gzip, br")), STATIC_GZIP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_whole_name),
        cmocka_unit_test(sends_the_smallest_that_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
