/* planner.h - questions about a project's data, understood without a model.
 *
 * planner_read turns a question into a plan: insights to run, a dashboard to make, a question back
 * with its options, or a plain refusal. It does no I/O but by the callback that tells a property's
 * values. The caller runs the plan's queries, then planner_word words what came out. A word of the
 * question that is not understood is never passed over: then it asks or refuses.
 *
 * Everything lives in the arena. Any thread. Time and memory are bounded whatever the text
 * (LIMIT_QUESTION, LIMIT_QUESTION_WORDS, LIMIT_PLANNER_NAMES). */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/tz.h"
#include "json/parse.h"

/* -------------------------------------------------------------------------- what there is to ask about */

struct planner_event {
    str name;
    int64_t count; /* of the last month or so: decides between names that fit equally; 0: unknown */
};

enum planner_owner { PLANNER_EVENT, PLANNER_PERSON, PLANNER_GROUP };

struct planner_value {
    str text;
    int64_t count;
};

struct planner_property {
    str name;
    str type; /* String, Numeric, Boolean, DateTime; STR_NULL: unknown */
    enum planner_owner owner;
    int group_idx;          /* of PLANNER_GROUP */
    const uint32_t *events; /* places in the project's list of those it came with; NULL: not known */
    size_t events_n;
    bool asked; /* the values are told: by the callback, or from the beginning */
    bool all;   /* there are no others */
    const struct planner_value *values; /* the most frequent first */
    size_t values_n;
};

struct planner_project {
    const struct planner_event *events; /* the most frequent first */
    size_t events_n;
    struct planner_property *properties;
    size_t properties_n;
    int64_t now; /* microseconds UTC */
    const struct tz *tz;
    int week_start; /* 0 Sunday, 1 Monday */
    /* Tells the values of these properties (`asked` is false in each): fills asked, all, values and
     * values_n. All at once, so that one query can do. NULL: only the values there already. */
    int (*values)(void *context, struct planner_property *const *wanted, size_t n, struct err *e);
    void *context;
};

/* -------------------------------------------------------------------------- what was understood */

enum planner_kind {
    PLANNER_ANSWER,    /* run the insights, then planner_word */
    PLANNER_DASHBOARD, /* the same, and make a dashboard `name` of the insights */
    PLANNER_QUESTION,  /* two readings are close: show `text` and the choices */
    PLANNER_REFUSAL,   /* `text` says what it cannot do; `examples` what it can */
    PLANNER_TEXT,      /* `text` is the whole answer: what events there are, what can be asked */
};

struct planner_insight {
    str name;        /* a title, at most 400 characters */
    struct json *query; /* a bare node that query_run takes: TrendsQuery, FunnelsQuery, … */
    bool shown;      /* carries a chart of its own; the others only serve the wording */
};

struct planner_plan {
    enum planner_kind kind;
    str understood; /* one sentence, for PLANNER_ANSWER and PLANNER_DASHBOARD */
    struct planner_insight *insights;
    size_t insights_n;
    str name;     /* of the dashboard */
    str text;
    str *choices; /* the next message may be one of them, as it stands, or its number */
    size_t choices_n;
    const str *examples; /* questions that can be asked of this project */
    size_t examples_n;
    str memo; /* JSON, kept by the caller with the turn: what the next question may lean on */
    const struct planner_wording *wording; /* for planner_word */
};

/* memo: of the turn before, STR_NULL for none or when another kind of turn came between. What is not
 * understood is a plan, not an error: errors are the callback's only. */
int planner_read(const struct planner_project *p, struct arena *a, str question, str memo,
                 struct planner_plan *out, struct err *e);

/* What one of the plan's queries answered. */
struct planner_result {
    str results; /* JSON; STR_NULL: it failed */
    str columns; /* JSON; STR_NULL: the kind has none */
};

/* The answer in Markdown: numbers, the first rows, the change against the period before. results: one for
 * each insight, in order. */
str planner_word(const struct planner_project *p, struct arena *a, const struct planner_plan *plan,
                 const struct planner_result *results);
