/* funnels_walk.c - see funnels_walk.h.
 *
 * In order: for each step the way that entered it last is kept. The events of one instant are taken
 * together, so that their order in the store does not matter: from every way kept, as many steps
 * are taken as there are different events for (a matching). Without order: the furthest of all
 * windows that begin with an event, each step taken by another event. */
#include "query/funnels_walk.h"

#include <stdlib.h>

struct way {
    bool entered, excluded;
    unsigned before; /* the step from which the last one was taken, from 1; 0: the beginning */
    struct funnel_path path; /* its times come last: only those of rules.n steps are copied */
};

/* Events of one instant. */
struct moment {
    const struct funnel_event *events;
    size_t n;
    int64_t at;
    uint32_t steps, exclusions; /* of any of them */
    bool alike;                 /* all are the same steps and exclusions */
};

struct funnel_walker {
    struct funnel_rules rules;
    struct arena *arena;
    uint32_t value;
    struct way entered[FUNNEL_STEPS_MAX + 1]; /* by step, from 1; [0]: a way that begins now */
    struct way next[FUNNEL_STEPS_MAX + 1];    /* what the events of this moment lead to */
    struct way best;
    unsigned best_step;
    uint8_t *taken; /* by event of the moment: the step it takes, from 1; 0: none */
    uint8_t *seen;
    size_t room;
};

struct funnel_walker *funnel_walker_new(struct arena *a, const struct funnel_rules *rules)
{
    struct funnel_walker *w = arena_new_of(a, struct funnel_walker);
    w->rules = *rules;
    w->arena = a;
    return w;
}

static int by_time(const void *x, const void *y)
{
    const struct funnel_event *a = x, *b = y;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* Few, as most people's are, are in their places sooner than a sort has begun. */
#define FEW 32

void funnel_sort(struct funnel_event *events, size_t n)
{
    size_t i = 1;
    while (i < n && events[i - 1].at <= events[i].at)
        i++;
    if (i < n && n > FEW)
        qsort(events, n, sizeof(*events), by_time);
    for (; n <= FEW && i < n; i++) {
        struct funnel_event event = events[i];
        size_t at = i;
        for (; at && events[at - 1].at > event.at; at--)
            events[at] = events[at - 1];
        events[at] = event;
    }
}

static bool optional(const struct funnel_walker *w, unsigned step)
{
    return w->rules.optional >> (step - 1) & 1;
}

static bool in_window(const struct funnel_walker *w, const struct way *way, int64_t at)
{
    return at - way->path.start <= w->rules.window;
}

static void copy(const struct funnel_walker *w, struct way *to, const struct way *from)
{
    memcpy(to, from, offsetof(struct way, path.times) + w->rules.n * sizeof(int64_t));
}

/* -------------------------------------------------------------------------- one moment */

static bool is_step(const struct funnel_walker *w, const struct funnel_event *event, unsigned step)
{
    if (!(event->steps >> (step - 1) & 1))
        return false;
    return w->rules.value_step != (int)step - 1 || event->value == w->value;
}

/* Finds an event of the moment for the step; those found before may change places. */
static bool match(struct funnel_walker *w, const struct moment *m, unsigned step)
{
    for (size_t i = 0; i < m->n; i++) {
        if (w->seen[i] || !is_step(w, &m->events[i], step))
            continue;
        w->seen[i] = 1;
        if (!w->taken[i] || match(w, m, w->taken[i])) {
            w->taken[i] = (uint8_t)step;
            return true;
        }
    }
    return false;
}

/* Of two ways to a step, the one from the nearer step counts, then the one that began later. */
static void offer(struct funnel_walker *w, unsigned step, unsigned before, const struct way *way)
{
    struct way *place = &w->next[step];
    if (place->entered &&
        (before < place->before ||
         (before == place->before && way->path.start <= place->path.start)))
        return;
    copy(w, place, way);
    place->before = before;
}

static bool try_step(struct funnel_walker *w, const struct moment *m, unsigned step)
{
    if (!(m->steps >> (step - 1) & 1))
        return false;
    memset(w->seen, 0, m->n);
    return match(w, m, step);
}

/* The way kept at `from` as far as `to`, by events of the moment: each step between must be taken,
 * optional ones if there is an event left. A spoiled way goes one step and no more. */
static void reach(struct funnel_walker *w, const struct moment *m, unsigned from, unsigned to)
{
    uint32_t between = (1u << (to - 1)) - (1u << from), need = between & ~w->rules.optional;
    const struct way *begin = &w->entered[from];
    struct way way;
    unsigned before = from;
    if ((need & ~m->steps) || (begin->excluded && need))
        return;
    memset(w->taken, 0, m->n);
    if (!try_step(w, m, to))
        return;
    uint32_t steps = 1u << (to - 1) | need;
    for (unsigned step = from + 1; step < to; step++)
        if ((need >> (step - 1) & 1) && !try_step(w, m, step))
            return;
    for (unsigned step = from + 1; step < to && !begin->excluded; step++)
        if (!(need >> (step - 1) & 1) && try_step(w, m, step))
            steps |= 1u << (step - 1);
    copy(w, &way, begin);
    way.path.steps |= steps;
    for (unsigned step = from + 1; step <= to; step++)
        if (steps >> (step - 1) & 1) {
            way.path.times[step - 1] = m->at;
            before = step < to ? step : before;
        }
    offer(w, to, before, &way);
}

/* The steps that the moment's events take from the way kept at step `from`. */
static void advance(struct funnel_walker *w, const struct moment *m, unsigned from)
{
    for (uint32_t bits = m->steps & ~((1u << from) - 1); bits; bits &= bits - 1)
        reach(w, m, from, (unsigned)__builtin_ctz(bits) + 1);
}

static void commit(struct funnel_walker *w)
{
    for (unsigned step = 1; step <= w->rules.n; step++) {
        struct way *way = &w->next[step], *now = &w->entered[step];
        if (!way->entered)
            continue;
        bool there = now->entered && now->path.start == way->path.start;
        if (!there && !way->excluded)
            copy(w, now, way);
        if (!there && (step > w->best_step || (step == w->best_step && w->best.excluded))) {
            copy(w, &w->best, way);
            w->best_step = step;
        }
        way->entered = false;
    }
}

/* SPEC: an exclusion spoils the way that stands before it, unless that has gone on already. */
static void exclude(struct funnel_walker *w, const struct moment *m)
{
    for (unsigned step = w->rules.n; step > 1; step--) {
        unsigned before = step - 1;
        if (!(m->exclusions >> (step - 1) & 1))
            continue;
        while (before > 1 && optional(w, before) &&
               (!w->entered[before].entered || !in_window(w, &w->entered[before], m->at)))
            before--;
        struct way *way = &w->entered[before], *after = &w->entered[step];
        if (!way->entered || !in_window(w, way, m->at) ||
            (after->entered && after->path.start == way->path.start))
            continue;
        way->excluded = true;
        if (w->best_step == before && in_window(w, &w->best, m->at))
            w->best.excluded = true;
    }
}

static void take_moment(struct funnel_walker *w, const struct moment *m, bool may_begin)
{
    if (m->n > w->room) {
        w->room = m->n * 2;
        w->taken = arena_alloc(w->arena, w->room);
        w->seen = arena_alloc(w->arena, w->room);
    }
    /* SPEC: among different events of one instant, exclusions and strictness do not count. */
    if (m->alike && m->exclusions)
        exclude(w, m);
    w->entered[0].entered = may_begin;
    w->entered[0].path.start = m->at;
    for (unsigned from = w->rules.n; m->steps && from-- > 0;)
        if (w->entered[from].entered && in_window(w, &w->entered[from], m->at))
            advance(w, m, from);
    commit(w);
    if (m->alike && w->rules.order == FUNNEL_STRICT)
        for (unsigned step = 1; step <= w->rules.n; step++)
            if (!(m->steps >> (step - 1) & 1))
                w->entered[step].entered = false;
}

static struct moment moment_at(const struct funnel_event *events, size_t n)
{
    struct moment m = { .events = events, .at = events->at, .alike = true };
    for (; m.n < n && events[m.n].at == m.at; m.n++) {
        m.steps |= events[m.n].steps;
        m.exclusions |= events[m.n].exclusions;
        m.alike = m.alike && events[m.n].steps == events->steps &&
                  events[m.n].exclusions == events->exclusions;
    }
    return m;
}

static void walk_in_order(struct funnel_walker *w, const struct funnel_event *events, size_t n,
                          int64_t from, int64_t to, struct funnel_path *out)
{
    for (unsigned step = 0; step <= w->rules.n; step++)
        w->entered[step].entered = w->next[step].entered = false;
    w->best_step = 0;
    w->best.excluded = false;
    for (size_t i = 0; i < n && !w->entered[w->rules.n].entered;) {
        struct moment m = moment_at(events + i, n - i);
        take_moment(w, &m, m.at >= from && m.at < to);
        i += m.n;
    }
    if (w->best_step && !w->best.excluded)
        *out = w->best.path;
}

/* -------------------------------------------------------------------------- without order */

/* The events [begin, end) between two exclusions, and a window that slides over them. */
struct stretch {
    const struct funnel_event *events;
    size_t begin, end;
    int64_t cut;    /* when the exclusion after them came; INT64_MAX: none does */
    size_t window;  /* the first event behind the window */
    size_t in[FUNNEL_STEPS_MAX]; /* how many events of the window are each step */
    unsigned steps; /* how many steps have one */
};

static void slide(struct stretch *s, const struct funnel_event *event, int by)
{
    for (uint32_t bits = event->steps; bits; bits &= bits - 1) {
        size_t *in = &s->in[__builtin_ctz(bits)];
        s->steps += by > 0 ? *in == 0 : 0u - (*in == 1);
        *in += by > 0 ? 1 : (size_t)-1;
    }
}

/* Finds a step for the event; those that have one may change it. */
static bool place(const struct funnel_event *events, size_t event, size_t *owner, uint32_t *owned,
                  uint32_t *seen)
{
    for (uint32_t bits = events[event].steps & ~*seen; bits; bits = events[event].steps & ~*seen) {
        unsigned step = (unsigned)__builtin_ctz(bits);
        *seen |= 1u << step;
        if (!(*owned >> step & 1) || place(events, owner[step], owner, owned, seen)) {
            *owned |= 1u << step;
            owner[step] = event;
            return true;
        }
    }
    return false;
}

/* The steps of the window that begins with the event: how many, and when each was the next. Others
 * of the same instant, from `moment` on, come after it. */
static unsigned window_of(const struct funnel_walker *w, const struct stretch *s, size_t moment,
                          size_t first, int64_t times[])
{
    size_t owner[FUNNEL_STEPS_MAX];
    uint32_t owned = 0, seen = 0;
    unsigned n = 1;
    place(s->events, first, owner, &owned, &seen);
    times[0] = s->events[first].at;
    for (size_t i = moment; i < s->window && n < w->rules.n; i++) {
        seen = 0;
        if (i != first && s->events[i].steps && place(s->events, i, owner, &owned, &seen))
            times[n++] = s->events[i].at;
    }
    return n;
}

/* The windows that begin with an event of the moment [moment, end). Few are looked at: those whose
 * steps could be more than were found. */
static void walk_windows(struct funnel_walker *w, const struct stretch *s, size_t moment,
                         size_t end, struct funnel_path *best)
{
    int64_t times[FUNNEL_STEPS_MAX], at = s->events[moment].at;
    bool cut = s->cut <= at + w->rules.window;
    for (size_t i = moment; i < end; i++) {
        unsigned least = cut ? w->rules.n : funnel_reached(best) + 1;
        bool begins = s->events[i].steps &&
                      (w->rules.value_step < 0 || s->events[i].value == w->value);
        if (!begins || s->steps < least || funnel_reached(best) == w->rules.n)
            continue;
        unsigned n = window_of(w, s, moment, i, times);
        if (n < least)
            continue;
        best->steps = (uint32_t)((1ull << n) - 1);
        best->start = at;
        memcpy(best->times, times, n * sizeof(*times));
    }
}

static void walk_stretch(struct funnel_walker *w, struct stretch *s, int64_t from, int64_t to,
                         struct funnel_path *best)
{
    s->window = s->begin;
    for (size_t i = s->begin, end; i < s->end && s->events[i].at < to; i = end) {
        int64_t at = s->events[i].at;
        while (s->window < s->end && s->events[s->window].at - at <= w->rules.window)
            slide(s, &s->events[s->window++], 1);
        for (end = i; end < s->end && s->events[end].at == at;)
            end++;
        if (at >= from)
            walk_windows(w, s, i, end, best);
        for (size_t k = i; k < end; k++)
            slide(s, &s->events[k], -1);
    }
}

static void walk_in_any_order(struct funnel_walker *w, const struct funnel_event *events, size_t n,
                              int64_t from, int64_t to, struct funnel_path *out)
{
    for (size_t i = 0; i < n && funnel_reached(out) < w->rules.n;) {
        struct stretch s = { .events = events, .begin = i, .cut = INT64_MAX };
        while (i < n && s.cut == INT64_MAX) {
            struct moment m = moment_at(events + i, n - i);
            if (m.exclusions && !m.steps)
                s.cut = m.at;
            else
                s.end = i + m.n;
            i += m.n;
        }
        if (s.end > s.begin)
            walk_stretch(w, &s, from, to, out);
    }
}

void funnel_walk(struct funnel_walker *w, const struct funnel_event *events, size_t n,
                 uint32_t value, int64_t from, int64_t to, struct funnel_path *out)
{
    out->steps = 0;
    w->value = value;
    if (w->rules.order == FUNNEL_UNORDERED)
        walk_in_any_order(w, events, n, from, to, out);
    else
        walk_in_order(w, events, n, from, to, out);
}
