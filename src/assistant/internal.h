/* internal.h - what the planner's own files share. */
#pragma once

#include "assistant/reading.h"
#include "base/limits.h"

struct turn {
    str question;
    struct json *picks; /* what was chosen when it was in doubt: keys and picks */
};

/* One call of planner_read. */
struct planner {
    const struct planner_project *project;
    struct arena *arena;
    const struct lexicon *lexicon;
    struct err *err;
    struct turn turns[LIMIT_PLANNER_TURNS];
    size_t turns_n;
    int parts;                /* that were read for this question */
    const struct json *asked; /* what the turn before asked back; NULL: nothing */
};

/* What planner_word needs to know. */
struct planner_wording {
    struct reading reading;
};

/* One question, or one part of it. */
int planner_part(struct planner *t, str question, const struct json *picks, struct reading *out,
                 struct doubt *d);
void planner_refuse(struct planner *t, struct planner_plan *out, str text);
void planner_ask(struct planner *t, struct planner_plan *out, const struct doubt *d);
void planner_examples(struct planner *t, struct planner_plan *out);
/* planner_list.c: 1 when the question was about the project itself, and out has the answer. */
int planner_list(struct planner *t, str question, struct planner_plan *out);
/* planner_dashboard.c: 1 when it asks for a dashboard, which is in out, unless d tells why not. */
int planner_dashboard(struct planner *t, str question, const struct json *picks, struct planner_plan *out,
                      struct doubt *d);
