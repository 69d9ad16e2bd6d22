/* board_sync.h - a folder of dashboard files and a server: what is on both sides, and on neither side
 * since they last agreed.
 *
 * DIR/dashboards/ and DIR/insights/ hold a file for each; DIR/.base/ what the server had when the file
 * was last written, so that a change there and a change here are told apart. */
#pragma once

#include "cmd/board_file.h"
#include "cmd/board_form.h"
#include "cmd/options.h"

struct board_object {
    enum board_kind kind;
    int64_t id;                /* 0: the server has none yet */
    str path;                  /* of its file; STR_NULL: none */
    struct board_file file;
    const struct json *local, *remote, *base; /* forms; NULL: it is not there */
    const struct json *answer; /* the API's */
};

struct board_sync {
    struct arena *a;
    const struct options *o;
    struct board_object *objects; /* insights first */
    size_t n;
};

/* Reads both sides. */
int board_sync_load(struct board_sync *s, struct arena *a, const struct options *o, struct err *e);
/* One call of the API, within the project; body NULL: GET. An answer that is no success is an error with
 * its words. */
int board_call(struct board_sync *s, const char *method, str path, const struct json *body,
               const struct json **out, struct err *e);
/* Writes the server's form into the object's file (named by `remote` when there is none) and into
 * DIR/.base. */
int board_keep(struct board_sync *s, struct board_object *o, struct err *e);
/* The object's file, or what it is called while it has none. */
str board_label(struct board_sync *s, const struct board_object *o);
struct board_object *board_find(struct board_sync *s, enum board_kind kind, int64_t id);
