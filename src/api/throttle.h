/* throttle.h - how many requests a personal API key may make, by what it asks for. Off unless the
 * server is told to; sessions are limited in what they ask the assistant only. Any thread. */
#pragma once

#include "base/str.h"

struct throttle;

enum throttle_class {
    THROTTLE_DEFAULT,
    THROTTLE_READS, /* events, persons, insights */
    THROTTLE_QUERY,
    THROTTLE_SQL,   /* on top of THROTTLE_QUERY */
    THROTTLE_FLAGS, /* definitions for local evaluation */
    THROTTLE_PERSON_DELETE,
    THROTTLE_AI,       /* questions to the assistant: by user, however they ask */
    THROTTLE_RESEARCH, /* those that begin research */
    THROTTLE_CLASSES,
};

struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);
/* Counts a request. The seconds it has to wait; 0: it may go on. */
int64_t throttle_wait(struct throttle *t, str who, enum throttle_class class);
