/* model.h - the language model that the settings name. */
#pragma once

#include "cmd/options.h"
#include "llm/llm.h"

/* *out NULL: none is named. */
int model_start(struct arena *a, const struct options *o, struct llm **out, struct err *e);
/* --llm-seconds, --llm-context. */
int model_seconds(const struct options *o, int *seconds, struct err *e);
int model_context(const struct options *o, int64_t *tokens, struct err *e);
