/* template_schema.h - the shape of a template in a request's body, and the same as a JSON schema. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "json/parse.h"

extern const char template_schema[]; /* JSON */

/* What breaks the schema is ERR_INVALID in a validator's words. v may be NULL. */
int template_check(struct arena *a, const struct json *v, struct err *e);
