/* demo_story.c - see demo_story.h. Tidepool is a planning tool: a site with pages and a sign-up, boards
 * with tasks behind it, paid plans. A person is told from the first visit to the last, then all
 * events are put in the order of time. */
#include "cmd/demo_story.h"

#include <stdlib.h>

#include "base/clock.h"

#define MINUTE (60 * CLOCK_SECOND)
#define DAY (86400 * CLOCK_SECOND)

const char *const demo_names[DEMO_KINDS] = {
    "$pageview",      "$pageleave",          "$identify",       "$create_alias",
    "$groupidentify", "signed_up",           "onboarding_completed",
    "board_created",  "task_completed",      "report_exported", "invite_sent",
    "checkout_started", "plan_purchased",    "subscription_renewed",
    "subscription_cancelled", "app_error",   "support_ticket_opened",
};
const char *const demo_plans[] = { "free", "starter", "team", "business" };

static const char *const site[] = { "/", "/features", "/pricing", "/customers",
                                    "/blog/planning-that-sticks", "/blog/fewer-meetings",
                                    "/docs/getting-started" };
static const char *const app[] = { "/app", "/app/boards/roadmap", "/app/boards/sprint",
                                   "/app/calendar", "/app/reports", "/app/settings" };

/* One person's telling. */
struct teller {
    struct story *s;
    struct person_of_demo *p;
    struct dice *d;
    int64_t now;
    uint32_t nth, session;
    int64_t budget; /* events left, for use after the first visit */
    bool known, second, linked; /* linked: the second device is known, too */
    enum demo_plan plan;
    uint16_t seats;
    bool annual;
    int64_t renews; /* 0: nothing to renew */
};

/* -------------------------------------------------------------------------- telling */

static struct demo_event *tell(struct teller *t, enum demo_kind kind)
{
    struct story *s = t->s;
    if (s->n == s->room) {
        s->room = s->room ? s->room * 2 : 4096;
        s->events = realloc(s->events, s->room * sizeof(*s->events));
        BUG_ON(!s->events);
    }
    struct demo_event *ev = &s->events[s->n++];
    *ev = (struct demo_event){ .at = t->now, .person = t->p->nth, .nth = t->nth++,
                               .session = t->session, .kind = (uint8_t)kind,
                               .plan = (uint8_t)t->plan, .known = t->known, .second = t->second };
    s->counts[kind]++;
    t->budget--;
    return ev;
}

static void wait_a_bit(struct teller *t)
{
    t->now += 2 * CLOCK_SECOND + (int64_t)(dice_exponential(t->d, 35) * CLOCK_SECOND);
}

static void view(struct teller *t, const char *page)
{
    tell(t, DEMO_PAGEVIEW)->page = page;
    wait_a_bit(t);
}

static void leave(struct teller *t, const char *page)
{
    if (dice_chance(t->d, 0.7))
        tell(t, DEMO_PAGELEAVE)->page = page;
}

/* A moment on that day when this person is awake and the service answers. */
static int64_t moment(struct teller *t, int day)
{
    for (int tries = 0; tries < 40; tries++) {
        int64_t at = calendar_moment(&t->s->calendar, t->d, day, t->p->place->ahead);
        if (at != INT64_MIN)
            return at;
    }
    /* The last day may be young: as late as there is. */
    int64_t begin = t->s->calendar.start + day * DAY, end = t->s->calendar.end;
    return begin + (int64_t)(dice_unit(t->d) * (double)((end - begin < DAY ? end - begin : DAY)));
}

/* -------------------------------------------------------------------------- the first visit */

static void join(struct teller *t)
{
    t->known = true;
    tell(t, t->p->by_alias ? DEMO_ALIAS : DEMO_IDENTIFY)->page = "/signup";
    t->now += CLOCK_SECOND / 2;
    if (t->p->by_alias) { /* the server tells who that is */
        tell(t, DEMO_IDENTIFY)->page = "/signup";
        t->now += CLOCK_SECOND / 2;
    }
    struct demo_event *ev = tell(t, DEMO_SIGNED_UP);
    ev->page = "/signup";
    ev->detail = dice_chance(t->d, 0.4) ? "google" : "email";
    t->now += CLOCK_SECOND;
    if (t->p->company) {
        tell(t, DEMO_GROUP)->page = "/app";
        t->now += CLOCK_SECOND;
    }
    view(t, "/app");
    if (dice_chance(t->d, 0.72)) {
        tell(t, DEMO_ONBOARDED)->page = "/app";
        wait_a_bit(t);
        tell(t, DEMO_BOARD)->page = "/app/boards/roadmap";
        wait_a_bit(t);
    }
    t->s->users++;
}

static void first_visit(struct teller *t)
{
    const char *page = t->p->source->landing;
    t->now = moment(t, t->p->first_day);
    view(t, page);
    for (int more = dice_below(t->d, 4); more > 0; more--)
        view(t, page = site[dice_below(t->d, (int)ARRAY_LEN(site))]);
    if (t->p->signs_up) {
        view(t, "/signup");
        join(t);
        page = "/app";
    }
    leave(t, page);
    t->session++;
}

/* A visitor who does not sign up may look again. */
static void look_again(struct teller *t)
{
    if (!dice_chance(t->d, 0.25) || t->p->first_day >= DEMO_DAYS - 1)
        return;
    int day = t->p->first_day + dice_between(t->d, 1, 6);
    if (day >= DEMO_DAYS)
        return;
    t->now = moment(t, day);
    view(t, "/pricing");
    if (dice_chance(t->d, 0.5))
        view(t, "/features");
    leave(t, "/pricing");
    t->session++;
}

/* -------------------------------------------------------------------------- money */

static int32_t price(const struct teller *t)
{
    static const int32_t cents[] = { 0, 1900, 900, 1500 }; /* a month, or a seat and month */
    int32_t month = cents[t->plan] * (t->plan == PLAN_STARTER ? 1 : t->seats);
    return t->annual ? month * 10 : month;
}

static struct demo_event *pay(struct teller *t, enum demo_kind kind)
{
    struct demo_event *ev = tell(t, kind);
    ev->page = "/app/billing";
    ev->seats = t->seats;
    ev->annual = t->annual;
    ev->cents = price(t);
    t->s->revenue_cents += ev->cents;
    return ev;
}

static void buy(struct teller *t)
{
    static const double more[] = { 1, 0.75, 0.3, 0.1 };
    view(t, "/app/billing");
    tell(t, DEMO_CHECKOUT)->page = "/app/billing";
    wait_a_bit(t);
    if (!dice_chance(t->d, more[t->plan]) || !dice_chance(t->d, 0.8))
        return;
    t->plan++;
    if (t->plan == PLAN_STARTER && t->p->company && dice_chance(t->d, 0.6))
        t->plan = PLAN_TEAM;
    if (t->plan == PLAN_TEAM && dice_chance(t->d, 0.15))
        t->plan = PLAN_BUSINESS;
    t->seats = (uint16_t)(t->plan == PLAN_STARTER ? 1 : dice_between(t->d, 3, 24));
    t->annual = dice_chance(t->d, 0.2);
    pay(t, DEMO_PURCHASE);
    t->renews = t->annual ? 0 : t->now + 30 * DAY;
    wait_a_bit(t);
}

/* What happens by itself between two visits. */
static void bill(struct teller *t)
{
    if (!t->renews || t->now < t->renews)
        return;
    int64_t now = t->now;
    t->now = t->renews;
    pay(t, DEMO_RENEWAL);
    t->renews += 30 * DAY;
    t->now = now;
}

/* -------------------------------------------------------------------------- use */

static void work(struct teller *t)
{
    static const struct {
        double below;
        enum demo_kind kind;
        const char *page;
    } acts[] = { { 0.62, DEMO_TASK, "/app/boards/sprint" },
                 { 0.74, DEMO_BOARD, "/app/boards/roadmap" },
                 { 0.84, DEMO_REPORT, "/app/reports" },
                 { 0.93, DEMO_INVITE, "/app/settings" },
                 { 1.01, DEMO_TASK, "/app/calendar" } };
    double at = dice_unit(t->d);
    size_t i = 0;
    while (at >= acts[i].below)
        i++;
    tell(t, acts[i].kind)->page = acts[i].page;
    wait_a_bit(t);
}

static void suffer(struct teller *t)
{
    struct demo_event *ev = tell(t, DEMO_ERROR);
    ev->page = "/app";
    ev->detail = "503 from /api/boards";
    wait_a_bit(t);
}

/* The second device does not know yet whose it is. */
static void log_in(struct teller *t)
{
    t->known = false;
    view(t, "/login");
    t->known = true;
    tell(t, DEMO_IDENTIFY)->page = "/login";
    t->now += CLOCK_SECOND;
    t->linked = true;
}

static void visit(struct teller *t)
{
    const char *page = "/app";
    bool down = calendar_down(&t->s->calendar, t->now);
    bool after = calendar_day_of(&t->s->calendar, t->now) == DEMO_OUTAGE + 1;
    bill(t);
    bool late = t->now + 10 * MINUTE > t->s->calendar.end; /* no time to log in any more */
    t->second = t->p->second && dice_chance(t->d, 0.3) && !(late && !t->linked);
    if (t->second && !t->linked)
        log_in(t);
    view(t, page);
    for (int acts = dice_between(t->d, 2, 10); acts > 0 && t->budget > 1; acts--) {
        if (down) {
            suffer(t);
            continue;
        }
        if (dice_chance(t->d, 0.35))
            view(t, page = app[dice_below(t->d, (int)ARRAY_LEN(app))]);
        else
            work(t);
    }
    if (!down && t->plan < PLAN_BUSINESS && dice_chance(t->d, t->plan ? 0.01 : 0.06))
        buy(t);
    if (dice_chance(t->d, down ? 0.2 : after ? 0.05 : 0.006))
        tell(t, DEMO_TICKET)->page = "/app/help";
    leave(t, page);
    t->session++;
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* The moments of the later visits, in order. The busier the days, the more. */
static size_t plan_visits(struct teller *t, int64_t *at, size_t n)
{
    const struct person_of_demo *p = t->p;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        int day = calendar_day(&t->s->calendar, t->d, p->first_day);
        if (day > p->last_day)
            day = p->first_day + dice_below(t->d, p->last_day - p->first_day + 1);
        int64_t moment_at = moment(t, day);
        if (moment_at > t->now + 30 * MINUTE)
            at[kept++] = moment_at;
    }
    qsort(at, kept, sizeof(*at), by_number);
    return kept;
}

static void use(struct teller *t, struct arena *a)
{
    size_t n = (size_t)(t->budget / 8) + 2;
    int64_t *at = arena_alloc(a, n * sizeof(*at));
    n = plan_visits(t, at, n);
    for (size_t i = 0; i < n && t->budget > 2; i++) {
        if (at[i] < t->now + 30 * MINUTE)
            continue; /* the visit before is not over */
        t->now = at[i];
        visit(t);
    }
    bool left = t->p->last_day < DEMO_DAYS - 1;
    if (left && t->plan && dice_chance(t->d, 0.5)) {
        struct demo_event *ev = tell(t, DEMO_CANCELLED);
        ev->page = "/app/billing";
        ev->detail = dice_chance(t->d, 0.5) ? "too expensive" : "missing feature";
    }
}

/* -------------------------------------------------------------------------- everybody */

static int by_time(const void *a, const void *b)
{
    const struct demo_event *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return x->nth < y->nth ? -1 : x->nth > y->nth;
}

/* Later use of the events that first visits leave over, by appetite. */
static void tell_all(struct story *s, struct arena *a, int64_t events)
{
    double appetite = 0;
    struct teller *all = arena_alloc(a, (size_t)s->people_n * sizeof(*all));
    for (int i = 0; i < s->people_n; i++) {
        struct person_of_demo *p = &s->people[i];
        all[i] = (struct teller){ .s = s, .p = p, .d = &p->dice };
        first_visit(&all[i]);
        if (!p->signs_up)
            look_again(&all[i]);
        appetite += p->appetite;
    }
    double left = (double)events - (double)s->n;
    for (int i = 0; i < s->people_n && left > 0 && appetite > 0; i++) {
        double share = left * s->people[i].appetite / appetite;
        appetite -= s->people[i].appetite;
        size_t before = s->n;
        all[i].budget = (int64_t)share;
        if (share >= 3)
            use(&all[i], a);
        left -= (double)(s->n - before); /* what one leaves over the others get */
    }
}

/* A visit that begins before the last moment may end after it: that part is not told yet. */
static void drop_future(struct story *s)
{
    while (s->n && s->events[s->n - 1].at > s->calendar.end) {
        const struct demo_event *ev = &s->events[--s->n];
        s->counts[ev->kind]--;
        s->revenue_cents -= ev->cents;
        s->users -= ev->kind == DEMO_SIGNED_UP;
    }
}

void story_init(struct story *s, struct arena *a, int64_t end, uint64_t seed, int people,
                int64_t events)
{
    *s = (struct story){ .people_n = people, .seed = seed };
    calendar_init(&s->calendar, end);
    s->people = people_of_demo(a, &s->calendar, seed, people);
    tell_all(s, a, events);
    qsort(s->events, s->n, sizeof(*s->events), by_time);
    drop_future(s);
}

void story_release(struct story *s)
{
    free(s->events);
    s->events = NULL;
}
