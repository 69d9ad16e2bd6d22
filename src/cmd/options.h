/* options.h - every setting, in one table: a flag, an environment variable, a line of the file.
 *
 * --public-url, HOGLET_PUBLIC_URL and `public-url = …` in DIR/hoglet.conf are one setting. What is
 * nearer to the caller wins: built-in default, file, environment, flag. Unknown names are errors. */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

struct options {
    const char *data, *email, *password, *org, *project, *name, *level, *scopes, *teams, *label,
        *listen, *public_url, *clock, *engine_program, *library, *engine_memory, *sql, *events,
        *people, *seed, *url, *token;
    bool json, log_debug;
};

/* flags: names the command takes, each between blanks. *help: --help was among them. */
int options_read(struct options *o, struct arena *a, const char *flags, char **args, bool *help,
                 struct err *e);
void options_describe(const char *flags, FILE *to);
/* "512M", "2G", bytes; 0 for NULL. */
int options_bytes(const char *text, const char *flag, int64_t *out, struct err *e);
