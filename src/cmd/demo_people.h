/* demo_people.h - who visits the demo's product: places, devices, where they came from, companies. */
#pragma once

#include "base/arena.h"
#include "cmd/demo_calendar.h"

struct place {
    int weight;
    const char *code, *country, *continent, *city, *zone;
    int ahead; /* minutes ahead of UTC */
};

struct device {
    int weight;
    const char *browser, *browser_version, *os, *os_version, *type;
    int width, height;
};

struct source {
    int weight;
    double quality; /* times the usual chance to sign up */
    const char *referrer, *domain, *utm_source, *utm_medium, *utm_campaign; /* utm NULL: none */
    const char *landing;
};

struct company {
    const char *name, *slug, *industry;
    int size;
};

struct person_of_demo {
    uint32_t nth;
    struct dice dice; /* at the begin of what this person does */
    const struct place *place;
    const struct device *device, *second; /* second NULL: one device only */
    const struct source *source;
    const struct company *company; /* NULL: on their own */
    const char *first_name, *last_name;
    int first_day;
    bool signs_up, by_alias; /* by_alias: the server, not the browser, joins the two ids */
    double appetite;         /* how much of all later use is this person's; 0: never comes back */
    int last_day;            /* the last day of use */
};

/* n people, in the arena, by their numbers. */
struct person_of_demo *people_of_demo(struct arena *a, const struct calendar *c, uint64_t seed,
                                      int n);
