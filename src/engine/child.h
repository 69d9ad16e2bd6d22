/* child.h - the engine as a child process: started, watched, started again when it ends.
 *
 * The child dies with its parent, also when that is killed, so that the folder is free at once for
 * the next start. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

struct engine_child;

struct engine_child_config {
    const char *program; /* NULL: this program */
    const char *data, *library, *memory, *listen; /* the flags it gets; NULL: not given */
    /* Called on the watching thread. `up` every few milliseconds after a start until it is true:
     * it connects and prepares the schema. `alive` every second from then on: three times false in
     * a row, and the child is killed. `down` after each end, and before that kill. */
    bool (*up)(void *context);
    bool (*alive)(void *context);
    void (*down)(void *context);
    void *context;
};

struct engine_child_counts {
    int64_t restarts;
    pid_t pid; /* 0: none runs at the moment */
};

int engine_child_start(const struct engine_child_config *cfg, struct engine_child **out,
                       struct err *e);
/* Ends it in order (SIGTERM, then SIGKILL after ten seconds) and waits. */
void engine_child_stop(struct engine_child *c);
void engine_child_counts(struct engine_child *c, struct engine_child_counts *out);
