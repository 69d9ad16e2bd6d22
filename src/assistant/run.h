/* run.h - a run, as the files of assistant/ share it. A run belongs to its thread; what others may
 * touch says so. */
#pragma once

#include <stdatomic.h>

#include "assistant/assistant.h"
#include "model/access.h"

struct run {
    struct assistant *x;
    const struct assistant_config *cfg;
    char id[37];            /* of the conversation */
    struct http_feed *feed; /* any thread */
    atomic_bool cancelled;  /* any thread sets it */
    atomic_bool stopping;   /* the server ends; cancelled is set too */
    atomic_bool late;       /* past its time; cancelled is set too */
    atomic_llong deadline;  /* clock_mono_us, of the question being answered */
    struct arena *arena;    /* of the whole run */
    struct conversation conversation;
    struct assistant_caller who;
    struct project project;
    struct user user;
    struct question question; /* the one being answered */
    struct llm *llm; /* the project's model, or the server's; NULL: none */
    str user_json;
    int64_t partial_at;    /* clock_mono_us of the last partial message */
    bool failed;           /* a failure was said for this question */
    struct queued *queue;  /* of x's lock, like all below */
    bool closed;           /* takes no more questions */
    bool launched;
    struct run *next;
};

static inline bool run_cancelled(const struct run *r)
{
    return atomic_load(&r->cancelled);
}
/* The same for callbacks. */
bool run_gone(void *run);

/* Puts it into the feed. passing: only until the next. */
void run_send(struct run *r, const struct message *m, bool passing);
/* Stores the message at the end of the thread and sends it. A run that was cancelled says nothing more
 * (ERR_UNAVAILABLE). */
int run_say(struct run *r, struct message *m, struct err *e);
/* An "ai" message of that text alone. */
int run_say_text(struct run *r, str text, struct err *e);
/* The message as it is so far; not stored. */
void run_partial(struct run *r, const struct message *m);
/* A word on a tool call that is under way. */
void run_update(struct run *r, str message_id, str tool_call_id, str content);
/* The conversation, after its title has come. */
void run_show_conversation(struct run *r);
/* a: where the title lives until the run ends. */
int run_set_title(struct run *r, struct arena *a, str title, struct err *e);
/* The beginning of a message, for a title. */
str run_first_words(struct arena *a, str text);

enum failure {
    FAILURE_GENERIC,
    FAILURE_START_NEW, /* the provider refused the request */
    FAILURE_LATER,     /* network, overload */
    FAILURE_PROVIDER,  /* the provider refused us */
    FAILURE_STOPPED,   /* the server ends */
    FAILURE_TIME,      /* past the deadline */
};
void run_fail(struct run *r, enum failure why);

/* One request of the API as the asking user. The answer lives in the arena; NULL when it is no JSON. */
int run_call(struct run *r, struct arena *a, const char *method, str path,
             const struct http_pair *query, str body, struct json **answer);

/* Answers r->question: the one entry of a run. */
void run_answer(struct run *r);

/* A language model's answer. */
int agent_answer(struct run *r, struct err *e);
/* The built-in planner's answer. */
int planned_answer(struct run *r, struct err *e);

/* Is the question a command ("/remember …")? Then it is answered. */
bool slash_answer(struct run *r);
