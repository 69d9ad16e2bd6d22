/* cmd.h - the commands: each reads its options, wires the parts and ends in order. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "cmd/options.h"
#include "store/store.h"

typedef int command_fn(struct arena *a, const struct options *o, struct err *e);

command_fn cmd_init, cmd_user_add, cmd_org_add, cmd_project_add, cmd_key_add; /* admin.c */
command_fn cmd_serve, cmd_routes;                                             /* serve.c */
command_fn cmd_engine;                                                        /* engine.c */

/* DIR/meta.db of --data. */
str meta_path(struct arena *a, const struct options *o);
/* ERR_INVALID when a flag that must be there is not. */
int need(const char *value, const char *flag, struct err *e);
/* The metadata of --data, which must be initialised. */
int open_store(struct arena *a, const struct options *o, struct store **s, struct err *e);
