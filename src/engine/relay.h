/* relay.h - what a child prints on stderr, taken into this process's log.
 *
 * The engine's library prints what it likes, in its own form, from its first line to the last words
 * of a crash. Lines of our own log pass as they are; any other becomes the value of a warning, so
 * that a reader of the log finds nothing but log lines. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct relay {
    pthread_t thread;
    int from; /* the pipe's reading end */
    int to;   /* its writing end, for the child; both are closed on exec */
};

/* Before the fork. False, errno set: no pipe, or no thread. */
bool relay_start(struct relay *r);
/* After the fork, in the parent: only the child and its own children write from here on. */
void relay_forked(struct relay *r);
/* Waits for the last line, which is read once every writer has ended. */
void relay_end(struct relay *r);
