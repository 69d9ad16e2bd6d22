/* llm.h - language models behind HTTP: OpenAI's chat completions, as many servers speak them, and
 * Anthropic's messages. A request is streamed, with tools, and blocks until the reply is whole.
 *
 * Servers differ in ways that cost a reply when they are not expected: what is tolerated stands beside the
 * code that does. A reply that breaks off is asked for again, from its beginning. Any thread. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct llm;
struct reach;

enum llm_dialect { LLM_OPENAI, LLM_ANTHROPIC };

struct llm_config {
    const char *url; /* where the API begins, "http://host:11434/v1", or its whole address */
    enum llm_dialect dialect;
    const char *model;
    const char *key;     /* NULL: none is sent */
    const char *ca_file; /* certificates to trust in place of the system's; NULL */
    const char *proxy;   /* NULL: none */
    const struct reach *reach; /* where it may be, when a user named it; NULL: anywhere */
    int seconds;         /* of silence after which a reply is given up */
};

int llm_new(const struct llm_config *cfg, struct llm **out, struct err *e);
/* NULL is allowed. */
void llm_free(struct llm *l);
const char *llm_model(const struct llm *l);

enum llm_role { LLM_USER, LLM_ASSISTANT, LLM_TOOL };

struct llm_call {
    str id, name;
    str args;     /* JSON object; when broken the text as it came */
    bool broken;
};

struct llm_message {
    enum llm_role role;
    str text;
    const struct llm_call *calls; /* of LLM_ASSISTANT */
    size_t calls_n;
    str thinking; /* JSON list of blocks, given back as they came; STR_NULL: none */
    str call_id;  /* of LLM_TOOL: whose result text is */
    bool failed;
};

struct llm_tool {
    const char *name, *description;
    const char *schema; /* JSON schema of its arguments, an object */
};

struct llm_reply {
    str text;
    str thinking; /* JSON list of blocks; STR_NULL: none */
    struct llm_call *calls;
    size_t calls_n;
    bool cut;             /* the model ran out of room */
    int64_t tokens_in, tokens_out; /* 0: not told */
    size_t bytes_out;     /* of the request that succeeded */
};

struct llm_request {
    str system;
    const struct llm_message *messages;
    size_t messages_n;
    const struct llm_tool *tools;
    size_t tools_n;
    /* The reply so far: calls have a name, no arguments yet. After a retry it is shorter than before. */
    void (*grown)(void *context, const struct llm_reply *so_far);
    bool (*gone)(void *context); /* true: nobody waits any more */
    void *context;
};

enum llm_outcome {
    LLM_DONE,
    LLM_REQUEST_REFUSED, /* too long, or not understood: the same again will not do */
    LLM_REFUSED,         /* the key, the model, the account */
    LLM_AWAY,            /* not reached, overloaded, broken off, silent: after retries */
    LLM_GONE,            /* gone said so */
};

/* e says why, for the log, unless it is LLM_DONE or LLM_GONE. */
enum llm_outcome llm_run(struct llm *l, struct arena *a, const struct llm_request *q,
                         struct llm_reply *out, struct err *e);
