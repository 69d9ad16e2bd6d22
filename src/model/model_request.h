/* model_request.h - the log of what was sent to a language model: how much, where, at which level. What was
 * said is in the conversation; the key is nowhere. */
#pragma once

#include "store/store.h"

struct model_request {
    int64_t project_id, user_id, conversation, at;
    str model, level, outcome;
    int64_t bytes, tokens_in, tokens_out, ms;
    str conversation_id; /* out, of a list */
};

int model_request_insert(struct db *d, const struct model_request *m, struct err *e);
int model_request_count(struct db *d, struct arena *a, int64_t project_id, int64_t *out,
                        struct err *e);
/* Newest first. */
int model_request_page(struct db *d, struct arena *a, int64_t project_id, int64_t limit,
                       int64_t offset, struct model_request **out, size_t *n, struct err *e);
