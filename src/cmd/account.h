/* account.h - changes to accounts, as the command line asks for them: by name, from settings, in one
 * transaction, with a JSON object as answer. The same ones run in the server, for its socket, and in
 * the command itself when no server has the folder. */
#pragma once

#include "base/buf.h"
#include "cmd/options.h"
#include "store/store.h"

/* name: "user add", … ERR_NOT_FOUND when there is no such change. Any thread. */
int account_change(struct store *s, struct arena *a, const char *name, const struct options *o,
                   struct buf *out, struct err *e);
/* The first organization, project, owner and key, in an empty store. */
int account_begin(struct store *s, struct arena *a, const struct options *o, struct buf *out,
                  struct err *e);
