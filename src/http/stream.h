/* stream.h - a reply that is sent while it is made: one thread adds to it, the connection's own thread
 * sends, and between them is a bounded buffer. A reader that is slow slows the writer down; one that
 * left is told to the writer; a reply that is broken off ends without its end, so that no client takes
 * it for a whole one. */
#pragma once

#include <stdatomic.h>

#include "base/err.h"
#include "base/str.h"

struct MHD_Connection;
struct MHD_Response;
struct http_stream;

/* stopping: becomes true when the server wants to end; the reply then has a few seconds left. */
struct http_stream *http_stream_new(struct MHD_Connection *c, const atomic_bool *stopping);

/* The writer's side. Adding waits for room; ERR_UNAVAILABLE, code client_left, when nobody reads. */
int http_stream_put(struct http_stream *s, str piece, struct err *e);
/* whole: false breaks the reply off. Nothing is added after it. */
void http_stream_end(struct http_stream *s, bool whole);
bool http_stream_ended(struct http_stream *s);
/* Whether nobody reads any more. */
bool http_stream_left(struct http_stream *s);

/* The connection's side: what MHD sends, and that the connection is done with it. */
struct MHD_Response *http_stream_response(struct http_stream *s);
void http_stream_leave(struct http_stream *s);

/* Each side lets go once; true for the last of them: the stream is freed, and what belongs to both may
 * be. */
bool http_stream_unref(struct http_stream *s);
