/* definition.h - what definitions of events and of properties have in common over the API. */
#pragma once

#include "api/internal.h"
#include "model/definition.h"

/* Reads description, tags, verified and hidden of the body over *n, and stamps who did it when. */
int definition_read_note(struct req *r, struct definition_note *n, struct err *e);
/* Members of an open object. */
int definition_write_note(struct req *r, struct json_writer *w, const struct definition_note *n,
                          struct err *e);
/* The path's :id as a UUID in its usual form; ERR_NOT_FOUND when it is none. */
int definition_id(struct req *r, str *out, struct err *e);
