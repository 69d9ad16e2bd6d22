/* board_form.h - dashboards and insights as they stand in files: what people write, in one order, without
 * what has its default value. The API's answers and the files are both brought into it, and compared. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "json/parse.h"

struct board_member {
    const char *name;      /* in the file, and in what the API takes */
    const char *answered;  /* in what the API answers */
    const char *otherwise; /* JSON: the value when it is not there */
};

/* Ended by a row without name. `id` is not among them: it is the first member of each form. */
extern const struct board_member board_dashboard_members[], board_insight_members[],
    board_tile_members[];

enum board_kind { BOARD_INSIGHT, BOARD_DASHBOARD, BOARD_KINDS };

/* "insight", "dashboard". */
const char *board_noun(enum board_kind kind);
/* From an answer of the API. */
struct json *board_form_of_answer(struct arena *a, enum board_kind kind, const struct json *answer);
/* From a file's tree. ERR_INVALID, in words about `where`: a member there is not, a tile that shows not
 * one thing. */
int board_form_of_file(struct arena *a, enum board_kind kind, str where, const struct json *tree,
                       struct json **out, struct err *e);
/* The form's id; 0: it has none yet. */
int64_t board_id(const struct json *form);
/* Its member, or the value that stands for it when it is absent. */
const struct json *board_value(struct arena *a, const struct board_member *m,
                               const struct json *form);
/* Whatever the order of members. */
bool board_same(const struct json *a, const struct json *b);
/* A line for each difference: "~ name: \"a\" -> \"b\"", "+ tile: text …", "- tile 12: insight 5". */
void board_differences(struct arena *a, enum board_kind kind, const struct json *before,
                       const struct json *after, struct buf *out);
/* The tile of that id; NULL. */
const struct json *board_tile(const struct json *form, int64_t id);
