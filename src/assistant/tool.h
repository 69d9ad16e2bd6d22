/* tool.h - what the model may do: one table of tools, each a name, the JSON schema of its arguments and a
 * function. A tool works through the API as the asking user, so it can do nothing that user cannot.
 * What it answers is capped, and holds no more than the project lets leave the machine. */
#pragma once

#include "assistant/run.h"
#include "json/write.h"

/* What of the project's data a language model may see; each includes those before. */
enum level {
    LEVEL_SCHEMA,     /* names and types */
    LEVEL_AGGREGATES, /* numbers over many events, and what they are broken down by */
    LEVEL_ROWS,       /* single events and persons */
};

enum tool_outcome {
    TOOL_DONE,
    TOOL_FAILED,   /* the text says why, and whether another try makes sense */
    TOOL_FORM,     /* the call is a form: the user answers it */
    TOOL_APPROVAL, /* the user decides; preview says about what */
};

struct tool_result {
    enum tool_outcome outcome;
    str text;        /* for the model */
    str ui;          /* JSON, for the screen; STR_NULL: nothing */
    str artifact;    /* JSON: something to show; STR_NULL: nothing */
    str insight;     /* short id of a saved insight to show; STR_NULL: none */
    str preview;     /* Markdown */
    str mode;        /* switch_mode: the new one */
};

/* One call under way, on a thread of its own. */
struct tool_call {
    struct run *run;      /* only for run_call, known_* and what is constant of it */
    struct arena *arena;  /* the result lives in it */
    const struct json *args;
    enum level level;
    const struct json *redacted; /* list of property names whose values nobody is told; may be NULL */
    bool approved;        /* the user said yes to this very call */
};

typedef void (*tool_fn)(struct tool_call *c, struct tool_result *out);

struct tool {
    const char *name, *description, *schema;
    tool_fn run;
    const char *modes; /* between blanks; NULL: all */
};

/* The tools of a mode; *n of them, in the arena. */
const struct tool **tools_of(struct arena *a, str mode, size_t *n);
/* NULL: there is none. */
const struct tool *tool_find(str name);
bool tool_mode_known(str mode);

/* What tools are made with. */
void tool_fail(struct tool_call *c, struct tool_result *out, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A request of the API that did not work out: its words, and whether to try again. */
void tool_fail_call(struct tool_call *c, struct tool_result *out, int status,
                    const struct json *answer);
str tool_json(struct arena *a, const struct json *v);
/* At most that many bytes of the text, with a word when there was more. */
str tool_capped(struct arena *a, str text, size_t max);
/* A query's answer as text: a table or the series, as far as the level and the redactions allow. */
str tool_result_text(struct tool_call *c, const struct json *query, const struct json *answer);

/* A saved insight, as the API tells it, shown beside the answer. */
void tool_show_insight(struct tool_call *c, const struct json *insight, struct tool_result *out);
/* The query of a chart made by the assistant; NULL: there is none of that id. */
const struct json *tool_artifact_query(struct tool_call *c, str id);
/* Are the rows of this SELECT sums over many, that tell no single event or person? See tool_level.c. */
struct hogql_node;
bool tool_sums_up(const struct hogql_node *select);

/* Each file's tools, ended by one without name. */
extern const struct tool taxonomy_tools[], data_tools[], insight_tools[], dashboard_tools[],
    session_tools[];
