/* assistant.h - questions answered: one run a conversation at a time, on a thread of its own.
 *
 * A run belongs to nobody's connection: it goes on when its readers leave, and they follow its feed
 * (http/feed.h) as many as they are. Everything that is said is stored before it is sent, so that
 * reading the thread shows at least what a stream showed. Every run ends: answered, failed, cancelled,
 * past its time, or with the server; and the conversation is idle again before its readers are told.
 *
 * What the assistant does with the project's data it does through `call`, the API as the asking user
 * would use it, with the same checks and the same rights. */
#pragma once

#include "http/feed.h"
#include "http/inside.h"
#include "json/write.h"
#include "llm/llm.h"
#include "model/conversation.h"
#include "model/message.h"
#include "store/store.h"

struct assistant;
struct run;

/* Properties whose values a language model is never told, unless the project says otherwise. */
#define RUN_REDACTED "[\"email\",\"phone\",\"name\",\"$ip\"]"

/* Who asks, and how they showed who they are. */
struct assistant_caller {
    int64_t user_id, project_id;
    str key_id; /* of a personal API key, whose scopes then bound what may be done; STR_NULL: a session */
};

/* One request of the API, made for that user. */
struct assistant_call {
    const struct assistant_caller *who;
    struct arena *arena; /* the answer lives in it */
    const char *method;
    str path;                /* below the project: "insights/"; or a whole one, "/i/v0/e/" */
    const struct http_pair *query; /* NULL: none */
    str body;                /* JSON; STR_NULL: none */
    bool (*gone)(void *run); /* true: nobody waits any more */
    void *run;
    int status; /* out */
    str answer; /* out: the body */
};
typedef void (*assistant_call_fn)(void *context, struct assistant_call *c);

struct assistant_config {
    struct store *store;
    assistant_call_fn call;
    void *context;
    struct llm *llm;        /* NULL: the built-in planner answers, unless a project names a model */
    const struct seal *seal;   /* of the keys of projects' models */
    const struct reach *reach; /* where those may be */
    int llm_seconds;           /* of their silence */
    int64_t context_tokens; /* that a request to the model has at most, about */
};

/* What is asked. Texts that are STR_NULL are absent; JSON ones are values. Copied. */
struct question {
    str content;
    str trace_id, agent_mode;
    str session_id; /* of the analytics session, for events about it */
    str ui_context, contextual_tools, billing_context, resume_payload; /* JSON */
};

/* Ends what the last server left in the middle. */
int assistant_start(const struct assistant_config *cfg, struct assistant **out, struct err *e);
/* No more runs: those under way end with a message that says why. Waits for them. */
void assistant_end_runs(struct assistant *x);
/* NULL is allowed. */
void assistant_free(struct assistant *x);

/* Makes the conversation's next run this caller's, so that two who ask at a time cannot both. ERR_CONFLICT:
 * it has one; ERR_UNAVAILABLE: too many there are. What was claimed is launched or released. */
int assistant_claim(struct assistant *x, str conversation, struct run **out, struct err *e);
void assistant_release(struct run *r);
/* Answers the question. The conversation is in_progress in the store, with the question as its last
 * message. user: the owner as a JSON object, for the stream. fresh: it was made just now. */
void assistant_launch(struct run *r, const struct conversation *c, const struct assistant_caller *who,
                      const struct question *q, const struct message *asked, str user, bool fresh);
/* The feed of a run, held for the caller; NULL: none is under way. */
struct http_feed *assistant_feed(struct assistant *x, str conversation);
struct http_feed *assistant_feed_of(struct run *r);
/* Tells a run to end and waits a little for it; nothing when there is none. False: it did not end yet. */
bool assistant_cancel(struct assistant *x, str conversation);
/* Questions being answered. */
unsigned assistant_runs(struct assistant *x);

/* The short form of a conversation, and the members at the head of both its forms. user: JSON. */
void assistant_write_head(struct json_writer *w, const struct conversation *c, str user);
void assistant_write_conversation(struct json_writer *w, const struct conversation *c, str user);

/* -------------------------------------------------------------------------- messages that wait */

struct queued {
    char id[37];
    int64_t created_at;
    struct question question;
    struct arena *arena;
    struct queued *next;
};

enum queue_outcome { QUEUE_DONE, QUEUE_FULL, QUEUE_NO_RUN, QUEUE_NO_ITEM };

/* Each writes what waits afterwards as a JSON list into out, unless it is NULL. */
enum queue_outcome assistant_queue_add(struct assistant *x, str conversation,
                                       const struct question *q, struct json_writer *out);
enum queue_outcome assistant_queue_change(struct assistant *x, str conversation, str item,
                                          str content, struct json_writer *out);
enum queue_outcome assistant_queue_remove(struct assistant *x, str conversation, str item,
                                          struct json_writer *out);
/* Also shows it: item STR_NULL and clear false. */
void assistant_queue_show(struct assistant *x, str conversation, bool clear,
                          struct json_writer *out);
