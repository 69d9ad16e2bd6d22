/* wire.h - a reply while it comes, and the two dialects it may come in. Within llm/ only. */
#pragma once

#include "base/buf.h"
#include "json/write.h"
#include "llm/llm.h"

#define WIRE_CALLS 32 /* of one reply */

struct wire_call {
    int64_t index; /* as the server numbers it; -1: it does not */
    char id[128], name[128];
    struct buf args;
};

/* What this server turned out not to take; set once, for all requests that follow. */
struct wire_without {
    bool usage, tools, stream;
};

struct wire {
    struct buf text, thinking;
    struct wire_call *calls; /* room for WIRE_CALLS from the first on: most replies have none */
    size_t calls_n;
    struct buf blocks;  /* members of a JSON list: thinking blocks that are whole */
    struct buf signature; /* of the one that comes */
    int64_t block;      /* index of the thinking block that comes; -1: none */
    bool finished;      /* the server said that the reply is whole, or why it ends */
    bool cut;
    bool touched;       /* something was added since the caller looked */
    int64_t tokens_in, tokens_out;
    bool failed; /* an error came in the stream */
    char error_type[64], error[512];
    int64_t error_status; /* told within the error; 0: none */
};

void wire_init(struct wire *w);
void wire_release(struct wire *w);
/* Ends the thinking that came: a block among those that are whole. proven: with its signature. */
void wire_end_thinking(struct wire *w, bool proven);
/* {"error": …} and its cousins, as text or within a reply. True: it is one. */
bool wire_take_error(struct wire *w, const struct json *v);
/* The call that a piece belongs to; NULL: more than there may be. See openai.c for the rules. */
struct wire_call *wire_new_call(struct wire *w, int64_t index, str id, str name);

struct wire_dialect {
    /* The request's body. */
    void (*body)(struct json_writer *w, const char *model, const struct llm_request *q,
                 const struct wire_without *without);
    /* One event of the stream, or a whole reply that came without one. event may be empty. */
    void (*take)(struct wire *w, struct arena *a, str event, const struct json *v);
};

extern const struct wire_dialect wire_openai, wire_anthropic;
