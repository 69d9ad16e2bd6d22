/* gate.c - see gate.h. Who waits stands in one list, oldest first, with a condition of its own: whoever
 * frees a place picks the next and wakes nobody else. */
#include "query/gate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"

/* A project with somebody inside. */
struct project {
    struct project *next;
    int64_t team_id;
    unsigned running, inside, waiting;
};

struct waiter {
    struct waiter *next;
    struct project *project;
    pthread_cond_t turn;
    bool called;
};

struct query_gate {
    pthread_mutex_t lock; /* guards everything here */
    pthread_condattr_t monotonic;
    struct project *projects;
    struct waiter *waiters;
    unsigned running, inside;
};

struct query_gate *query_gate_new(void)
{
    struct query_gate *g = calloc(1, sizeof(*g));
    BUG_ON(!g);
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&g->monotonic);
    pthread_condattr_setclock(&g->monotonic, CLOCK_MONOTONIC);
    return g;
}

void query_gate_free(struct query_gate *g)
{
    BUG_ON(g->projects);
    pthread_mutex_destroy(&g->lock);
    pthread_condattr_destroy(&g->monotonic);
    free(g);
}

static struct project *project_of(struct query_gate *g, int64_t team_id)
{
    struct project *p = g->projects;
    while (p && p->team_id != team_id)
        p = p->next;
    if (p)
        return p;
    p = calloc(1, sizeof(*p));
    BUG_ON(!p);
    p->team_id = team_id;
    p->next = g->projects;
    g->projects = p;
    return p;
}

static void forget_idle(struct query_gate *g, struct project *p)
{
    if (p->running || p->inside || p->waiting)
        return;
    struct project **at = &g->projects;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    free(p);
}

/* -------------------------------------------------------------------------- inside */

int query_gate_admit(struct query_gate *g, int64_t team_id, struct err *e)
{
    int rc = 0;
    pthread_mutex_lock(&g->lock);
    struct project *p = project_of(g, team_id);
    if (g->inside >= LIMIT_QUERIES_INSIDE || p->inside >= LIMIT_QUERIES_INSIDE_PROJECT)
        rc = err_set(e, ERR_THROTTLED, NULL,
                     "Too many queries are running right now. Please try again in a moment.");
    g->inside += rc == 0;
    p->inside += rc == 0;
    forget_idle(g, p);
    pthread_mutex_unlock(&g->lock);
    return rc;
}

void query_gate_dismiss(struct query_gate *g, int64_t team_id)
{
    pthread_mutex_lock(&g->lock);
    struct project *p = project_of(g, team_id);
    g->inside--;
    p->inside--;
    forget_idle(g, p);
    pthread_mutex_unlock(&g->lock);
}

/* -------------------------------------------------------------------------- places */

static bool may_run(const struct query_gate *g, const struct project *p)
{
    return g->running < LIMIT_QUERIES_RUNNING && p->running < LIMIT_QUERIES_RUNNING_PROJECT;
}

static void unlink_waiter(struct query_gate *g, struct waiter *w)
{
    struct waiter **at = &g->waiters;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    w->project->waiting--;
}

static void take_place(struct query_gate *g, struct project *p)
{
    g->running++;
    p->running++;
}

/* Gives free places to those whose turn it is. */
static void call_next(struct query_gate *g)
{
    for (;;) {
        struct waiter *best = NULL;
        for (struct waiter *w = g->waiters; w; w = w->next)
            if (may_run(g, w->project) && (!best || w->project->running < best->project->running))
                best = w;
        if (!best)
            return;
        unlink_waiter(g, best);
        take_place(g, best->project);
        best->called = true;
        pthread_cond_signal(&best->turn);
    }
}

/* Looks about once a second whether somebody still wants to know. */
static int wait_for_turn(struct query_gate *g, struct waiter *w, int seconds,
                         bool (*gone)(void *), void *context, struct err *e)
{
    int64_t end = clock_mono_us() + seconds * CLOCK_SECOND;
    while (!w->called) {
        int64_t until = clock_mono_us() + CLOCK_SECOND;
        struct timespec at = { until / CLOCK_SECOND, until % CLOCK_SECOND * 1000 };
        pthread_cond_timedwait(&w->turn, &g->lock, &at);
        if (w->called)
            break;
        if (gone && gone(context)) {
            err_set(e, ERR_UNAVAILABLE, NULL, "The client left.");
            snprintf(e->code, sizeof(e->code), "client_left");
            return e->kind;
        }
        if (clock_mono_us() >= end)
            return err_set(e, ERR_THROTTLED, NULL,
                           "Too many queries are running right now, and this one did not get its "
                           "turn. Please try again in a moment.");
    }
    return 0;
}

int query_gate_enter(struct query_gate *g, int64_t team_id, int seconds,
                     bool (*gone)(void *context), void *context, struct err *e)
{
    int rc = 0;
    struct waiter w = { 0 }, **at = &g->waiters;
    pthread_cond_init(&w.turn, &g->monotonic);
    pthread_mutex_lock(&g->lock);
    w.project = project_of(g, team_id);
    while (*at)
        at = &(*at)->next;
    *at = &w;
    w.project->waiting++;
    call_next(g);
    rc = wait_for_turn(g, &w, seconds, gone, context, e);
    if (rc < 0) {
        unlink_waiter(g, &w);
        forget_idle(g, w.project);
    }
    pthread_mutex_unlock(&g->lock);
    pthread_cond_destroy(&w.turn);
    return rc;
}

void query_gate_leave(struct query_gate *g, int64_t team_id)
{
    pthread_mutex_lock(&g->lock);
    struct project *p = project_of(g, team_id);
    g->running--;
    p->running--;
    call_next(g);
    forget_idle(g, p);
    pthread_mutex_unlock(&g->lock);
}

void query_gate_counts(struct query_gate *g, unsigned *running, unsigned *waiting)
{
    pthread_mutex_lock(&g->lock);
    *running = g->running;
    *waiting = 0;
    for (const struct waiter *w = g->waiters; w; w = w->next)
        ++*waiting;
    pthread_mutex_unlock(&g->lock);
}
