/* cursor.h - lists in pages where the next one begins behind a place, not at a number: rows that come or go
 * meanwhile move nothing. The place is a row's: a number that orders and an id. */
#pragma once

#include "api/internal.h"

struct cursor {
    bool back;  /* towards the beginning: the order is turned round */
    int64_t at; /* INT64_MIN: the first page */
    str id;
};

/* The request's `cursor`. ERR_NOT_FOUND, "Invalid cursor". */
int cursor_of(struct req *r, struct cursor *out, struct err *e);
/* Which of n rows stands at place i of the page: one read backwards is turned round. */
static inline size_t cursor_row(const struct cursor *c, size_t i, size_t n)
{
    return c->back ? n - 1 - i : i;
}
/* {"next":…,"previous":…,"results":[ ; the caller writes rows and calls page_close. first and last: of
 * the rows shown, in the order that is asked for; more: there are further ones in the direction read. */
struct json_writer cursor_open(struct req *r, const struct cursor *c, bool more,
                               const struct cursor *first, const struct cursor *last);
