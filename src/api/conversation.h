/* conversation.h - what the endpoints of conversations share: reading what is asked. */
#pragma once

#include "api/internal.h"
#include "assistant/assistant.h"

/* What a message comes with, in a request that starts a run and in one that waits for it. Reads the
 * fields but content; null and absent are the same. */
int conversation_read_question(struct req *r, struct question *q, struct err *e);
/* {"error": text}, as clients know it of these endpoints. */
int conversation_reply_bare(struct req *r, int status, const char *text);
/* An id in its usual form, in the arena; STR_NULL: it is none. */
str conversation_id_of(struct arena *a, str text);
/* 3.2: does ui_context have the shape that clients send? */
bool conversation_context_valid(const struct json *context);
