/* history.h - keeping track of changes: called in the transaction of a change, before and after it. */
#pragma once

#include "api/internal.h"
#include "model/history.h"

/* Before: what was saved before versions were kept gets its first one, so that the change has a
 * "before". */
int history_keep(struct req *r, enum history_kind kind, int64_t id, struct err *e);
/* After: a version and an entry by the caller, unless nothing a version keeps is different. */
int history_note(struct req *r, enum history_kind kind, int64_t id, struct err *e);
/* Both of all insights that the dashboard's tiles, deleted ones too, show. */
int history_keep_insights_on(struct req *r, int64_t dashboard_id, struct err *e);
int history_note_insights_on(struct req *r, int64_t dashboard_id, struct err *e);
/* An entry for what belongs to the object but is no part of its versions; before and after are JSON,
 * STR_NULL: there was none, there is none. */
int history_note_beside(struct req *r, enum history_kind kind, int64_t id, const char *field,
                        str before, str after, struct err *e);
typedef void (*history_write_fn)(struct req *r, struct json_writer *w, const struct history_entry *h);
/* The page that is asked for of the entries that f says. */
int history_reply_page(struct req *r, const struct history_filter *f, history_write_fn write,
                       struct err *e);
/* The differences of two snapshots: a JSON list of {type, action, field, before, after}; from STR_NULL:
 * all of it is new, which is an empty list. */
int history_changes(struct req *r, enum history_kind kind, str from, str to, str *out,
                    struct err *e);
