/* Tests query/row_binary.c: values, and that a row cut anywhere is seen to be cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/arena.h"
#include "query/row_binary.h"

static const char row[] = "\x03" "abc" "\x02" "\x01\0\0\0\0\0\0\0" "\xff\xff\xff\xff\xff\xff\xff\x7f"
                          "\x00" "\x80\x01" "\x2a\0\0\0\0\0\0\0";

static void reads_values(void **state)
{
    (void)state;
    struct row_binary r = { row, row + sizeof(row) - 1, false };
    size_t n;
    int64_t number;
    assert_true(str_eqz(row_binary_str(&r), "abc"));
    const char *numbers = row_binary_numbers(&r, 8, &n);
    assert_int_equal(n, 2);
    memcpy(&number, numbers + sizeof(number), sizeof(number));
    assert_true(number == INT64_MAX);
    assert_int_equal(row_binary_str(&r).n, 0);
    assert_int_equal(row_binary_length(&r), 128);
    assert_int_equal(row_binary_u64(&r), 42);
    assert_true(!r.cut && r.p == r.end);
}

static void sees_cuts(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof(row) - 1; length++) {
        char *part = malloc(length + 1); /* its end is guarded */
        size_t n;
        assert_non_null(part);
        memcpy(part, row, length);
        struct row_binary r = { part, part + length, false };
        row_binary_str(&r);
        row_binary_numbers(&r, 8, &n);
        row_binary_str(&r);
        row_binary_length(&r);
        row_binary_u64(&r);
        assert_true(r.cut);
        free(part);
    }
    static const char endless[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    size_t n;
    struct row_binary r = { endless, endless + sizeof(endless) - 1, false };
    assert_int_equal(row_binary_length(&r), 0);
    assert_true(r.cut);
    r = (struct row_binary){ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01 ", endless, false };
    r.end = r.p + 11; /* a length that no memory has */
    assert_null(row_binary_numbers(&r, 8, &n));
    assert_true(r.cut && n == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values),
        cmocka_unit_test(sees_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
