/* demo_story.h - what the demo's people do, as a list of events in the order of time. */
#pragma once

#include "cmd/demo_people.h"

enum demo_kind {
    DEMO_PAGEVIEW,
    DEMO_PAGELEAVE,
    DEMO_IDENTIFY,
    DEMO_ALIAS,
    DEMO_GROUP,
    DEMO_SIGNED_UP,
    DEMO_ONBOARDED,
    DEMO_BOARD,
    DEMO_TASK,
    DEMO_REPORT,
    DEMO_INVITE,
    DEMO_CHECKOUT,
    DEMO_PURCHASE,
    DEMO_RENEWAL,
    DEMO_CANCELLED,
    DEMO_ERROR,
    DEMO_TICKET,
    DEMO_KINDS
};

extern const char *const demo_names[DEMO_KINDS]; /* the events' names */

enum demo_plan { PLAN_FREE, PLAN_STARTER, PLAN_TEAM, PLAN_BUSINESS };
extern const char *const demo_plans[];

struct demo_event {
    int64_t at;
    uint32_t person, nth; /* nth: of the person's events */
    uint32_t session;     /* of the person's */
    uint8_t kind, plan;   /* plan: the person's then, or the one bought */
    bool known;           /* sent under the user's id, not the device's */
    bool second;          /* on the person's second device */
    bool annual;
    uint16_t seats;
    int32_t cents; /* of a purchase or renewal */
    const char *page; /* path */
    const char *detail;
};

struct story {
    struct calendar calendar;
    struct person_of_demo *people;
    int people_n;
    struct demo_event *events;
    size_t n, room;
    uint64_t seed;
    int64_t counts[DEMO_KINDS];
    int64_t revenue_cents, users;
};

/* About `events` of them; never fewer than what first visits need. Free with story_release. */
void story_init(struct story *s, struct arena *a, int64_t end, uint64_t seed, int people,
                int64_t events);
void story_release(struct story *s);
