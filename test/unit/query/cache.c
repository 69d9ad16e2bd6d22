/* Tests query/cache.c: keys, what is kept and pushed out, ages, and one computation for many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "query/cache.h"

static void key_of(const char *text, int64_t team, const char *zone, char out[CACHE_KEY])
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct query_scope s = { .arena = a, .team_id = team, .timezone = str_of(zone) };
    struct err e = ERR_INIT;
    struct json *node;
    assert_int_equal(json_parse(a, str_of(text), &node, &e), 0);
    query_cache_key(&s, node, STR(""), out);
}

static void keys_tell_queries_apart(void **state)
{
    (void)state;
    char base[CACHE_KEY], other[CACHE_KEY];
    key_of("{\"kind\":\"x\",\"a\":{\"b\":1,\"c\":[1,null]}}", 2, "UTC", base);
    assert_memory_equal(base, "cache_2_", 8);
    static const char *const same[] = {
        "{\"a\":{\"c\":[1,null],\"b\":1},\"kind\":\"x\"}",
        "{\"kind\":\"x\",\"none\":null,\"a\":{\"b\":1,\"d\":null,\"c\":[1,null]},\"tags\":{\"x\":1}}",
    };
    static const char *const others[] = {
        "{\"kind\":\"x\",\"a\":{\"b\":2,\"c\":[1,null]}}",
        "{\"kind\":\"x\",\"a\":{\"b\":1,\"c\":[null,1]}}",
        "{\"kind\":\"x\",\"a\":{\"b\":1,\"c\":[1]}}",
        "{\"kind\":\"x\",\"a\":{\"b\":\"1\",\"c\":[1,null]}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        key_of(same[i], 2, "UTC", other);
        assert_string_equal(other, base);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        key_of(others[i], 2, "UTC", other);
        assert_string_not_equal(other, base);
    }
    key_of("{\"kind\":\"x\",\"a\":{\"b\":1,\"c\":[1,null]}}", 2, "Europe/Berlin", other);
    assert_string_not_equal(other, base);
    key_of("{\"kind\":\"x\",\"a\":{\"b\":1,\"c\":[1,null]}}", 3, "UTC", other);
    assert_string_not_equal(other + 8, base + 8);
}

/* Computes a result of n bytes under the key. */
static struct query_entry *put(struct query_cache *c, const char *key, size_t n)
{
    struct query_result result = { .results = BUF_INIT(n + 1), .members = BUF_INIT(16),
                                   .date_to = INT64_MAX };
    struct query_entry *entry = NULL;
    struct err e = ERR_INIT;
    bool lead;
    struct query_flight *f = query_cache_join(c, key, &lead);
    assert_true(lead);
    memset(buf_room(&result.results, n), 'x', n);
    result.results.n = n;
    query_cache_land(c, f, 0, &result, &e, &entry);
    return entry;
}

static void keeps_the_latest_within_its_size(void **state)
{
    (void)state;
    struct query_cache *c = query_cache_new();
    size_t n = LIMIT_QUERY_CACHE / 5;
    char key[CACHE_KEY];
    struct query_entry *first = NULL, *found;
    for (int i = 0; i < 6; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        struct query_entry *entry = put(c, key, n);
        if (i == 0)
            first = entry;
        else
            query_entry_unref(entry);
        found = query_cache_find(c, "k1"); /* used again and again */
        assert_int_equal(found != NULL, i > 0);
        query_entry_unref(found);
    }
    assert_null(query_cache_find(c, "k0"));
    assert_int_equal(first->result.results.p[n - 1], 'x'); /* pushed out, and still ours */
    query_entry_unref(first);
    query_entry_unref(put(c, "huge", LIMIT_QUERY_CACHE / 2)); /* answered, not kept */
    assert_null(query_cache_find(c, "huge"));
    query_cache_free(c);
}

static void ages(void **state)
{
    (void)state;
    struct query_entry e = { .refreshed = 1000 * CLOCK_SECOND,
                             .result = { .date_to = INT64_MAX, .interval = INTERVAL_HOUR } };
    assert_int_equal(query_stale_at(&e, false), (1000 + 3600) * CLOCK_SECOND);
    assert_int_equal(query_stale_at(&e, true), (1000 + 7200) * CLOCK_SECOND);
    e.result.date_to = 990 * CLOCK_SECOND;
    assert_int_equal(query_stale_at(&e, false), (1000 + 3600) * CLOCK_SECOND);
    e.result.date_to = 989 * CLOCK_SECOND;
    assert_int_equal(query_stale_at(&e, false), INT64_MAX);
}

struct follower {
    struct query_cache *c;
    struct query_scope scope;
    struct query_flight *flight;
    struct query_entry *entry;
    struct err err;
    int rc;
};

static void *follow(void *cls)
{
    struct follower *f = cls;
    f->rc = query_cache_follow(f->c, f->flight, &f->scope, &f->entry, &f->err);
    return NULL;
}

/* Two callers of one computation that ends with rc and code. */
static struct follower together(int rc, const char *code)
{
    struct query_cache *c = query_cache_new();
    struct query_result result = { .results = BUF_INIT(16), .members = BUF_INIT(16) };
    struct err e = ERR_INIT;
    struct query_entry *entry = NULL;
    struct follower f = { .c = c, .err = ERR_INIT };
    pthread_t thread;
    bool first, second;
    struct query_flight *flight = query_cache_join(c, "k", &first);
    assert_false(query_flight_shared(c, flight));
    f.flight = query_cache_join(c, "k", &second);
    assert_true(first && !second && query_flight_shared(c, flight));
    assert_int_equal(pthread_create(&thread, NULL, follow, &f), 0);
    buf_z(&result.results, "[1]");
    if (rc < 0)
        err_set(&e, (enum err_kind)rc, NULL, "no");
    snprintf(e.code, sizeof(e.code), "%s", code);
    query_cache_land(c, flight, rc, &result, &e, &entry);
    pthread_join(thread, NULL);
    query_entry_unref(entry);
    buf_release(&result.results);
    query_cache_free(c);
    return f;
}

static void one_computation_for_many(void **state)
{
    (void)state;
    struct follower f = together(0, "");
    assert_int_equal(f.rc, 0);
    assert_true(str_eqz(buf_view(&f.entry->result.results), "[1]"));
    query_entry_unref(f.entry);
    f = together(ERR_INVALID, "");
    assert_int_equal(f.rc, ERR_INVALID);
    assert_string_equal(f.err.message, "no");
    f = together(ERR_UNAVAILABLE, "client_left"); /* the leader's client: ours goes on */
    assert_int_equal(f.rc, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_tell_queries_apart),
        cmocka_unit_test(keeps_the_latest_within_its_size),
        cmocka_unit_test(ages),
        cmocka_unit_test(one_computation_for_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
