/* Tests query/gate.c: places at the engine, whose turn it is, who is let in at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "query/gate.h"

enum { BUSY = 1, OTHER = 2, THIRD = 3 };

/* Somebody who waits in a thread of its own and notes when it was let through. */
struct visitor {
    struct query_gate *gate;
    int64_t team_id;
    int seconds;
    atomic_bool leaves;
    atomic_int *clock; /* counts those let through */
    int place;         /* its count */
    int rc;
    struct err e;
    pthread_t thread;
};

static bool has_left(void *cls)
{
    struct visitor *v = cls;
    return atomic_load(&v->leaves);
}

static void *visit(void *cls)
{
    struct visitor *v = cls;
    v->rc = query_gate_enter(v->gate, v->team_id, v->seconds, has_left, v, &v->e);
    if (v->rc == 0)
        v->place = atomic_fetch_add(v->clock, 1) + 1;
    return NULL;
}

static void until_waiting(struct query_gate *g, unsigned n)
{
    unsigned running, waiting;
    do {
        sched_yield();
        query_gate_counts(g, &running, &waiting);
    } while (waiting != n);
}

static void enter(struct query_gate *g, int64_t team_id)
{
    struct err e = ERR_INIT;
    assert_int_equal(query_gate_enter(g, team_id, 1, NULL, NULL, &e), 0);
}

static void begin(struct visitor *v, struct query_gate *g, int64_t team_id, atomic_int *clock)
{
    *v = (struct visitor){ .gate = g, .team_id = team_id, .seconds = 60, .clock = clock,
                           .e = ERR_INIT };
    assert_int_equal(pthread_create(&v->thread, NULL, visit, v), 0);
}

static void one_project_never_has_all(void **state)
{
    (void)state;
    struct query_gate *g = query_gate_new();
    atomic_int clock = 0;
    struct visitor fourth;
    for (int i = 0; i < LIMIT_QUERIES_RUNNING_PROJECT; i++)
        enter(g, BUSY);
    begin(&fourth, g, BUSY, &clock);
    until_waiting(g, 1);
    enter(g, OTHER); /* at once */
    query_gate_leave(g, OTHER);
    assert_int_equal(atomic_load(&clock), 0); /* the place that was left is not for it */
    query_gate_leave(g, BUSY);
    pthread_join(fourth.thread, NULL);
    assert_int_equal(fourth.place, 1);
    for (int i = 0; i < LIMIT_QUERIES_RUNNING_PROJECT; i++)
        query_gate_leave(g, BUSY);
    query_gate_free(g);
}

/* The project with the fewest comes first, however long others wait; of equals the older. */
static void projects_take_turns(void **state)
{
    (void)state;
    struct query_gate *g = query_gate_new();
    atomic_int clock = 0;
    struct visitor v[4];
    static const int64_t teams[] = { BUSY, BUSY, THIRD, OTHER };
    static const int places[] = { 3, 4, 1, 2 };
    for (int i = 0; i < LIMIT_QUERIES_RUNNING_PROJECT; i++)
        enter(g, BUSY);
    enter(g, OTHER);
    for (unsigned i = 0; i < 4; i++) {
        begin(&v[i], g, teams[i], &clock);
        until_waiting(g, i + 1);
    }
    static const int64_t leaving[] = { BUSY, THIRD, OTHER, BUSY };
    static const int next[] = { 2, 3, 0, 1 };
    for (unsigned i = 0; i < 4; i++) {
        query_gate_leave(g, leaving[i]);
        until_waiting(g, 3 - i);
        pthread_join(v[next[i]].thread, NULL);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(v[i].place, places[i]);
    for (int i = 0; i < 3; i++)
        query_gate_leave(g, BUSY);
    query_gate_leave(g, OTHER);
    query_gate_free(g);
}

static void waiting_ends(void **state)
{
    (void)state;
    struct query_gate *g = query_gate_new();
    atomic_int clock = 0;
    struct visitor v;
    struct err e = ERR_INIT;
    for (int i = 0; i < LIMIT_QUERIES_RUNNING_PROJECT; i++)
        enter(g, BUSY);
    assert_int_equal(query_gate_enter(g, BUSY, 0, NULL, NULL, &e), ERR_THROTTLED);
    begin(&v, g, BUSY, &clock);
    until_waiting(g, 1);
    atomic_store(&v.leaves, true);
    pthread_join(v.thread, NULL);
    assert_int_equal(v.rc, ERR_UNAVAILABLE);
    assert_string_equal(v.e.code, "client_left");
    until_waiting(g, 0);
    for (int i = 0; i < LIMIT_QUERIES_RUNNING_PROJECT; i++)
        query_gate_leave(g, BUSY);
    query_gate_free(g);
}

static void callers_are_bounded(void **state)
{
    (void)state;
    struct query_gate *g = query_gate_new();
    struct err e = ERR_INIT;
    for (int i = 0; i < LIMIT_QUERIES_INSIDE_PROJECT; i++)
        assert_int_equal(query_gate_admit(g, BUSY, &e), 0);
    assert_int_equal(query_gate_admit(g, BUSY, &e), ERR_THROTTLED);
    for (int i = LIMIT_QUERIES_INSIDE_PROJECT; i < LIMIT_QUERIES_INSIDE; i++)
        assert_int_equal(query_gate_admit(g, OTHER, &e), 0);
    assert_int_equal(query_gate_admit(g, THIRD, &e), ERR_THROTTLED);
    for (int i = LIMIT_QUERIES_INSIDE_PROJECT; i < LIMIT_QUERIES_INSIDE; i++)
        query_gate_dismiss(g, OTHER);
    for (int i = 0; i < LIMIT_QUERIES_INSIDE_PROJECT; i++)
        query_gate_dismiss(g, BUSY);
    query_gate_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_project_never_has_all),
        cmocka_unit_test(projects_take_turns),
        cmocka_unit_test(waiting_ends),
        cmocka_unit_test(callers_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
