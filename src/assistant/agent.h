/* agent.h - answering with a language model: what its files share. An agent lives for one question, on the
 * run's thread. */
#pragma once

#include "assistant/run.h"
#include "assistant/tool.h"
#include "llm/llm.h"

struct agent {
    struct run *run;
    struct llm *llm;
    str system;
    struct llm_message *messages; /* the thread as the model is shown it */
    size_t messages_n;
    struct map *ids; /* of tool calls in the thread */
    struct llm_tool *tools;
    size_t tools_n;
    enum level level;
    const struct json *redacted;
    str message_id;  /* of the message whose calls are under way */
    str before;      /* the last round's calls, to see repetitions */
    int repeated;
    bool pending;    /* the user has to answer first */
};

/* Prompts, as they stand in prompts/. */
extern const char agent_system_text[], agent_title_text[], agent_summary_text[];

/* The mode's tools, the system text, and what may leave the machine. */
void agent_prepare(struct agent *g);
/* The thread, shortened to what fits: *too_long asks for a summary of its older part. */
int agent_load_history(struct agent *g, struct err *e);
void agent_add(struct agent *g, const struct llm_message *m);

/* Asks the model; each request is kept in the log for admins. */
enum llm_outcome agent_request(struct agent *g, struct arena *a, const struct llm_request *q,
                               struct llm_reply *out, struct err *e);
/* The same for a short text without tools or history. */
bool agent_write(struct agent *g, struct arena *a, const char *prompt, str text, str *out);

/* Runs the calls of the message that was said last, side by side, and says their results. Negative: the run
 * is over. */
int agent_run_calls(struct agent *g, const struct llm_call *calls, size_t n, struct err *e);
/* One tool's result, said and added to the history. */
int agent_say_result(struct agent *g, const struct llm_call *call, struct tool_result *result,
                     struct err *e);
/* [{"id","name","args","type"}] */
str agent_calls_json(struct arena *a, const struct llm_call *calls, size_t n);

/* The user's answer to what waited: said as the call's result. 1: go on with the model; 0: nothing more to
 * do. */
int agent_resume(struct agent *g, struct err *e);
