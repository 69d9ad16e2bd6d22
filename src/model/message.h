/* message.h - what was said in a conversation, one row a message, in order. Threads only grow. */
#pragma once

#include "json/write.h"
#include "store/store.h"

/* Texts that are STR_NULL are absent. Those marked JSON are values, kept as their text. */
struct message {
    str id;   /* UUID; "temp-0" while it grows; STR_NULL: none */
    str type; /* "human", "ai", "tool", "ai/artifact", "ai/failure", "context" */
    str content;
    str tool_calls, meta;              /* JSON, of "ai" */
    str ui_context;                    /* JSON, of "human" */
    str trace_id;                      /* of "human" */
    str tool_call_id, ui_payload;      /* of "tool"; the second JSON */
    str artifact_id, source, artifact; /* of "ai/artifact"; the third JSON: what it shows */
    str parent_tool_call_id;
};

/* The message as an object. nulls: absent fields are written as null, as reading a thread shows them;
 * else left out, as on the stream. */
void message_write(struct json_writer *w, const struct message *m, bool nulls);

/* Puts it at the end of the thread and gives it an id when it has none. In a transaction of its own, or
 * in the caller's. */
int message_append(struct db *d, struct arena *a, int64_t conversation, struct message *m,
                   struct err *e);
/* The thread, oldest first; newest: only that many of the last ones, 0: all. An artifact whose target
 * is gone is left out. *unknown: one is not of a shape that we know; then there are none. */
int message_list(struct db *d, struct arena *a, int64_t project_id, int64_t conversation,
                 int64_t newest, struct message **out, size_t *n, bool *unknown, struct err *e);
/* Messages there are of these types ("human"); any: STR_NULL. */
int message_count(struct db *d, struct arena *a, int64_t conversation, str type, int64_t *out,
                  struct err *e);
