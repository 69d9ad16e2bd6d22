/* Secrets at rest: read back, told apart, refused when damaged or of another key. */
#include "store/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/hoglet-seal-XXXXXX";

static const char *at(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static struct seal *opened(const char *name)
{
    struct seal *s;
    struct err e = ERR_INIT;
    assert_int_equal(seal_open(at(name), &s, &e), 0);
    return s;
}

static void read_back(void **state)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct err e = ERR_INIT;
    struct stat st;
    str text, secret = STR("a\0b \xf0\x9f\xa6\x94");
    struct seal *s = opened("one");
    (void)state;
    assert_int_equal(stat(at("one"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    str first = seal_text(s, a, secret), second = seal_text(s, a, secret);
    assert_false(str_eq(first, second));
    assert_true(str_find(first, STR("a\0b")) < 0);
    seal_free(s);
    s = opened("one"); /* the same key again */
    assert_int_equal(seal_read(s, a, first, &text, &e), 0);
    assert_true(str_eq(text, secret));
    assert_int_equal(seal_read(s, a, seal_text(s, a, STR("")), &text, &e), 0);
    assert_int_equal(text.n, 0);
    seal_free(s);
}

static void refused(void **state)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    str text;
    struct seal *s = opened("one"), *other = opened("two");
    (void)state;
    str sealed = seal_text(s, a, STR("secret"));
    for (size_t i = 0; i <= sealed.n; i++) {
        struct err e = ERR_INIT;
        char *copy = arena_z(a, sealed);
        if (i < sealed.n)
            copy[i] ^= 1;
        str bytes = { copy, i < sealed.n ? sealed.n : sealed.n - 1 };
        assert_true(seal_read(s, a, bytes, &text, &e) < 0);
    }
    struct err e = ERR_INIT;
    assert_true(seal_read(other, a, sealed, &text, &e) < 0);
    assert_true(seal_read(s, a, STR("short"), &text, &e) < 0);
    seal_free(s);
    seal_free(other);
}

static void bad_files(void **state)
{
    struct seal *s;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(chmod(at("two"), 0644), 0);
    assert_true(seal_open(at("two"), &s, &e) < 0);
    assert_non_null(strstr(e.detail, "can be read by others"));
    assert_int_equal(chmod(at("two"), 0600), 0);
    assert_int_equal(truncate(at("two"), 31), 0);
    assert_true(seal_open(at("two"), &s, &e) < 0);
    assert_non_null(strstr(e.detail, "damaged"));
    assert_int_equal(symlink("one", at("link")), 0);
    assert_true(seal_open(at("link"), &s, &e) < 0);
    assert_true(seal_open(at("no/such"), &s, &e) < 0);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    unlink(at("one"));
    unlink(at("two"));
    unlink(at("link"));
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_back), cmocka_unit_test(refused), cmocka_unit_test(bad_files),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
