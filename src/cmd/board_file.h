/* board_file.h - a dashboard or insight in a file: JSON with comments, which stay when the file is
 * written again. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "json/parse.h"

struct board_comment; /* one comment, and the place in the tree that it stands before */

struct board_file {
    str path;           /* of the file */
    struct json *tree;  /* NULL: there is no file yet */
    struct board_comment *comments;
};

/* ERR_INVALID with the path when it is not readable, too long, or no JSON object. */
int board_file_read(struct arena *a, str path, struct board_file *out, struct err *e);
/* The tree as the file's text, with the comments of `old` at the places they stood before: those of a
 * member by its name, those of a list's element by its "id". */
str board_file_text(struct arena *a, const struct board_file *old, const struct json *tree);
/* Whole or not at all. Makes the folder it is in. */
int board_file_write(struct arena *a, str path, str text, struct err *e);
