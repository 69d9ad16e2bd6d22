/* private.h - a server of a command's own on a data folder that none has: for as long as the command
 * works, on a free port of this machine. It dies with the command. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

struct private_server {
    pid_t pid;
    str url;
};

/* Returns when it is ready. */
int private_start(struct arena *a, const char *data, struct private_server *out, struct err *e);
/* Ends it in order. */
int private_stop(struct private_server *s, struct err *e);
