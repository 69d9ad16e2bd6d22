/* feed.h - a reply that many read while one writes it. Who comes late is first sent what is there
 * already. A reader that is slow or leaves changes nothing for the writer and the others.
 *
 * Pieces are whole: a reader is sent each from its first byte to its last. A passing piece stands only
 * until the next passing one, or until one ends it; a reader that was not there in time never sees it. Of
 * the lasting ones the newest LIMIT_FEED_PIECES are kept. Any thread. */
#pragma once

#include "base/str.h"

struct MHD_Connection;
struct MHD_Response;
struct http_feed;

/* Held once. */
struct http_feed *http_feed_new(void);
struct http_feed *http_feed_ref(struct http_feed *f);
/* Whoever writes ends it first. NULL is allowed. */
void http_feed_unref(struct http_feed *f);

enum feed_piece {
    FEED_PASSING,
    FEED_LASTING,  /* the passing piece, if there is one, goes on after it */
    FEED_REPLACING, /* lasting, and the passing piece is over */
};

/* Copies it. Nothing after the end. */
void http_feed_put(struct http_feed *f, str piece, enum feed_piece kind);
/* Readers are done when they have everything. All feeds are ended before their server is stopped. */
void http_feed_end(struct http_feed *f);
/* Readers that were sent nothing for that long are sent the piece: so that they, and we, notice when the
 * other side is gone. To be called every second or so. */
void http_feed_beat(struct http_feed *f, str piece, int64_t idle_us);
/* Readers at the moment. */
unsigned http_feed_readers(struct http_feed *f);

/* The connection's side: a reader of its own. */
struct MHD_Response *http_feed_response(struct http_feed *f, struct MHD_Connection *c);
