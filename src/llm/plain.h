/* plain.h - tools for models whose server knows none: told in words, and called in words. Also calls that
 * a server with an ill-fitting template passes on as text. */
#pragma once

#include "llm/llm.h"

/* The same request without tools: they are described in the system text, calls and results are text. */
void llm_plain_request(struct arena *a, struct llm_request *q);
/* Finds calls written in the reply's text, of tools that the request has, when it has no others. */
void llm_plain_calls(struct arena *a, const struct llm_request *q, struct llm_reply *r);
