/* folder.h - the data folder: whose it is at the moment, and what stands in it. One process at a time
 * has it; the lock ends with the process, however it ends. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* DIR/name. */
str folder_path(struct arena *a, const char *dir, const char *name);
/* ERR_INVALID when it is no folder that `init` made. */
int folder_check(struct arena *a, const char *dir, struct err *e);
/* 1 it is ours as long as *fd is open, 0 another process has it. */
int folder_lock(const char *dir, int *fd, struct err *e);
