/* Tests base/lru.c: versions, the order of giving up, entries that outlive their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/lru.h"

static bool holds(struct lru *l, const char *key, int64_t version, const char *text)
{
    struct lru_entry *e = lru_get(l, str_of(key), version);
    if (!e)
        return false;
    bool same = str_eqz(lru_text(e), text);
    lru_release(e);
    return same;
}

static void keeps_by_key_and_version(void **state)
{
    (void)state;
    struct lru *l = lru_new(1 << 20);
    lru_put(l, STR("a"), 1, STR("one"));
    lru_put(l, STR("b"), 1, STR(""));
    assert_true(holds(l, "a", 1, "one"));
    assert_true(holds(l, "b", 1, ""));
    assert_false(holds(l, "a", 2, "one"));
    assert_false(holds(l, "c", 1, ""));
    struct lru_entry *old = lru_get(l, STR("a"), 1);
    lru_put(l, STR("a"), 2, STR("two"));
    assert_true(holds(l, "a", 2, "two"));
    assert_false(holds(l, "a", 1, "one"));
    assert_true(str_eqz(lru_text(old), "one"));
    lru_free(l);
    assert_true(str_eqz(lru_text(old), "one"));
    lru_release(old);
}

static void gives_up_the_least_recently_used(void **state)
{
    (void)state;
    static char text[1000];
    char key[16];
    struct lru *l = lru_new(10 * 1100 + 1000);
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        lru_put(l, str_of(key), 0, (str){ text, sizeof(text) });
    }
    struct lru_entry *e = lru_get(l, STR("k0"), 0);
    assert_non_null(e);
    lru_release(e);
    for (int i = 10; i < 15; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        lru_put(l, str_of(key), 0, (str){ text, sizeof(text) });
    }
    static const char *const kept[] = { "k0", "k14", "k9" }, *const gone[] = { "k1", "k2", "k3" };
    for (size_t i = 0; i < 3; i++) {
        e = lru_get(l, str_of(kept[i]), 0);
        assert_non_null(e);
        lru_release(e);
        assert_null(lru_get(l, str_of(gone[i]), 0));
    }
    static char large[8000];
    lru_put(l, STR("large"), 0, (str){ large, sizeof(large) });
    assert_null(lru_get(l, STR("large"), 0));
    lru_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_by_key_and_version),
        cmocka_unit_test(gives_up_the_least_recently_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
