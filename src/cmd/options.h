/* options.h - every setting, in one table: a flag, an environment variable, a line of the file.
 *
 * --public-url, HOGLET_PUBLIC_URL and `public-url = …` in DIR/hoglet.conf are one setting. What is
 * nearer to the caller wins: built-in default, file, environment, flag. Unknown names are errors.
 * A secret may also stand in a file that HOGLET_PASSWORD_FILE (or the like) names. */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "json/parse.h"
#include "json/write.h"

#define OPTIONS_MAX 80

enum origin { FROM_NOWHERE, FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct options {
    const char *data, *email, *password, *org, *project, *name, *level, *scopes, *teams, *label,
        *listen, *public_url, *clock, *engine_program, *library, *engine_memory, *engine_listen,
        *events, *people, *seed, *url, *token, *metrics_listen, *log_format, *rate_limits,
        *allow_private, *query_seconds, *export_id, *llm_url, *llm_dialect, *llm_model,
        *llm_key_file, *llm_ca_file, *question, *llm_proxy, *llm_seconds, *llm_context, *dir, *key;
    bool json, log_debug, print_config, yes, force;
    enum origin origin[OPTIONS_MAX]; /* by row */
};

/* uses: the settings a command takes, each between blanks. `name!` must be given, `name=x` has the
 * default x, `name~` counts as a flag only. The result lives as long as the arena, the arguments and
 * the environment. *help: --help was among the arguments, and nothing else was looked at. */
int options_read(struct options *o, struct arena *a, const char *uses, char **args, bool *help,
                 struct err *e);
/* The flags of a command: on the usage line, and each with its help. */
void options_usage(const char *uses, FILE *to);
void options_describe(const char *uses, FILE *to);
/* Every setting of the command with its value and origin; secrets masked. */
void options_print(const struct options *o, const char *uses, FILE *to);

/* A secret's file, without the line end that editors leave. */
int options_read_secret(struct arena *a, const char *path, const char **out, struct err *e);

enum origin options_origin(const struct options *o, const char *name);

/* The settings as a JSON object and back, for a command that another process carries out. Neither
 * secrets nor anything else is left out. */
void options_write(const struct options *o, struct json_writer *w);
int options_parse(struct options *o, struct arena *a, const struct json *settings, struct err *e);

/* "512M", "2G", bytes; 0 for NULL. */
int options_bytes(const char *text, const char *flag, int64_t *out, struct err *e);
/* A whole number of at least `least` and at most `most`. */
int options_number(const char *text, const char *flag, int64_t least, int64_t most, int64_t *out,
                   struct err *e);
