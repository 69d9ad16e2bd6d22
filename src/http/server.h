/* server.h - HTTP/1.1 over libmicrohttpd: reads whole requests, runs them, sends replies.
 *
 * The server knows bytes and threads, nothing of routes. Its owner gives two functions: `limit` says
 * how large a body may be, and `run` fills the reply. `inline_run` requests run on the connection's
 * own thread and must not block; the others wait in a bounded queue for a worker, and a full queue
 * is answered 503. A request and its arena belong to one thread at a time. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct MHD_Connection;

struct http_request {
    struct arena *arena; /* lives until the reply is sent */
    str method, path;    /* path without the query, percent-decoded, NUL-terminated */
    struct buf body;
    char id[37]; /* request id, for logs and the X-Request-Id header */
    char peer[64]; /* address of the client, text */
    bool too_large;
    int64_t started; /* clock_mono_us */
    void *context; /* for the owner */

    int status; /* reply; 0 until set */
    struct buf reply;
    str fixed; /* when set, sent instead of reply: lives as long as the arena, or longer */
    const char *content_type;
    struct MHD_Connection *connection;
    struct http_header *headers; /* extra reply headers */
    bool suspended;              /* waits for a worker, or for whoever called http_suspend */
    struct http_stream *stream;  /* the reply is being sent; see http_stream_begin */
    struct http_feed *feed;      /* the reply is what it holds; see http_follow */
    struct http_request *next;
    struct http_server *server;
};

struct http_config {
    const char *listen; /* "127.0.0.1:8000", "[::1]:0"; port 0 picks one; "unix:PATH" */
    unsigned workers, queue;
    size_t (*limit)(struct http_request *r); /* bytes of body allowed, after method and path */
    bool (*inline_run)(struct http_request *r);
    void (*run)(struct http_request *r);
    void *context;
};

struct http_server;

int http_server_start(const struct http_config *cfg, struct http_server **out, struct err *e);
/* Ends after the requests under way were answered. */
void http_server_stop(struct http_server *s);
/* The port that was bound. */
int http_server_port(const struct http_server *s);

/* For an inline handler that will reply later: it calls http_suspend, hands the request to another
 * thread and returns; that thread fills the reply and calls http_resume, after which the request is
 * gone. False: the server is stopping; reply at once. */
bool http_suspend(struct http_request *r);
void http_resume(struct http_request *r);

/* For a worker whose reply is long: sends what it set (status, content_type, headers), then what it
 * adds, while it works on. Afterwards only the stream may be used of the connection: no header, no
 * parameter of the request. The worker's return ends the reply; to break it off, see stream.h. */
struct http_stream *http_stream_begin(struct http_request *r);

/* For a worker: the reply is what the feed holds and will hold, and no worker is kept by it. */
void http_follow(struct http_request *r, struct http_feed *f);

/* Whether the client closed its connection; for a worker that works long on its request. A client
 * that only shut down its sending side counts as gone too. */
bool http_peer_gone(struct http_request *r);

/* STR_NULL when absent. Header names ignore case; a query parameter without '=' is "". */
str http_header_of(struct http_request *r, const char *name);
str http_query_of(struct http_request *r, const char *name);
/* The values of a parameter that may stand there more than once: their number, at most max. */
size_t http_query_values(struct http_request *r, const char *name, str *out, size_t max);
str http_cookie_of(struct http_request *r, const char *name);
/* The query string with one parameter replaced (value NULL: dropped), without '?'. */
str http_query_with(struct http_request *r, const char *name, const char *value);
/* Copies both. A CR or LF in a value ends it. */
void http_reply_header(struct http_request *r, const char *name, const char *value);
