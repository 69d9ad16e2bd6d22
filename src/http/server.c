/* server.c - see server.h. Suspended connections are resumed by the worker that answered them;
 * libmicrohttpd aborts when it is stopped with one suspended, so stopping joins workers first. */
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "http/feed.h"
#include "http/inside.h"
#include "http/listen.h"
#include "http/stream.h"

#define WORKERS_MAX 64
#define DRAIN_SECONDS 5 /* that requests under way have when the server stops */

struct http_header {
    struct http_header *next;
    const char *name, *value;
};

struct http_server {
    struct http_config cfg;
    struct MHD_Daemon *daemon;
    int port;
    pthread_mutex_t lock; /* guards the queue, suspended, open; stopping is set under it */
    pthread_cond_t wake, resumed, answered;
    unsigned suspended; /* by http_suspend */
    unsigned open;      /* requests that have not ended */
    struct http_request *head, **tail;
    unsigned waiting;
    atomic_bool stopping;
    pthread_t workers[WORKERS_MAX];
};

/* What a request made inside has not, the library says of no connection: nothing. */
str http_header_of(struct http_request *r, const char *name)
{
    return str_of(MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name));
}

static str inside_query(const struct http_inside *i, const char *name)
{
    for (const struct http_pair *p = i->query; p && p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p->value;
    return STR_NULL;
}

str http_query_of(struct http_request *r, const char *name)
{
    const char *v = NULL;
    size_t n = 0;
    if (!r->connection)
        return inside_query(http_inside_of(r), name);
    if (MHD_lookup_connection_value_n(r->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &v,
                                      &n) != MHD_YES)
        return STR_NULL;
    return v ? (str){ v, n } : STR("");
}

struct query_values {
    str name, *out;
    size_t n, max;
};

static enum MHD_Result take_value(void *cls, enum MHD_ValueKind kind, const char *key,
                                  size_t key_n, const char *value, size_t value_n)
{
    struct query_values *q = cls;
    (void)kind;
    if (q->n < q->max && str_eq((str){ key, key_n }, q->name))
        q->out[q->n++] = value ? (str){ value, value_n } : STR("");
    return MHD_YES;
}

size_t http_query_values(struct http_request *r, const char *name, str *out, size_t max)
{
    struct query_values q = { str_of(name), out, 0, max };
    if (!r->connection) {
        str one = inside_query(http_inside_of(r), name);
        if (one.p && max)
            out[q.n++] = one;
        return q.n;
    }
    MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, take_value, &q);
    return q.n;
}

str http_cookie_of(struct http_request *r, const char *name)
{
    return str_of(MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, name));
}

struct query_edit {
    struct buf b;
    const char *drop;
};

static void add_pair(struct buf *b, str key, str value)
{
    if (b->n)
        buf_char(b, '&');
    buf_url(b, key, false);
    buf_char(b, '=');
    buf_url(b, value, false);
}

static enum MHD_Result keep_pair(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_n,
                                 const char *value, size_t value_n)
{
    struct query_edit *q = cls;
    (void)kind;
    if (!str_eqz((str){ key, key_n }, q->drop))
        add_pair(&q->b, (str){ key, key_n }, (str){ value, value_n });
    return MHD_YES;
}

str http_query_with(struct http_request *r, const char *name, const char *value)
{
    struct query_edit q = { BUF_INIT(LIMIT_PATH * 16), name };
    const struct http_pair *p = r->connection ? NULL : http_inside_of(r)->query;
    for (; p && p->name; p++)
        if (strcmp(p->name, name))
            add_pair(&q.b, str_of(p->name), p->value);
    if (r->connection)
        MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, keep_pair, &q);
    if (value)
        add_pair(&q.b, str_of(name), str_of(value));
    str out = arena_str(r->arena, buf_view(&q.b));
    buf_release(&q.b);
    return out;
}

void http_reply_header(struct http_request *r, const char *name, const char *value)
{
    struct http_header *h = arena_new_of(r->arena, struct http_header);
    *h = (struct http_header){ r->headers, arena_z(r->arena, str_of(name)),
                               arena_z(r->arena, (str){ value, strcspn(value, "\r\n") }) };
    r->headers = h;
}

static struct http_request *request_new(struct http_server *s, struct MHD_Connection *c,
                                        const char *url, const char *method)
{
    struct arena *a = arena_new();
    struct http_request *r = arena_new_of(a, struct http_request);
    r->arena = a;
    r->server = s;
    r->connection = c;
    r->context = s->cfg.context;
    r->method = arena_str(a, str_of(method));
    r->path = arena_str(a, str_of(url));
    r->content_type = "application/json";
    r->started = clock_mono_us();
    uuid_text(uuid_v7(), r->id);
    r->reply = BUF_INIT(LIMIT_RESPONSE);
    r->body = BUF_INIT(s->cfg.limit(r));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info && info->client_addr->sa_family != AF_UNIX)
        getnameinfo(info->client_addr, sizeof(struct sockaddr_in6), r->peer, sizeof(r->peer), NULL,
                    0, NI_NUMERICHOST);
    pthread_mutex_lock(&s->lock);
    s->open++;
    pthread_mutex_unlock(&s->lock);
    return r;
}

static struct MHD_Response *response_of(struct http_request *r)
{
    if (r->stream)
        return http_stream_response(r->stream);
    if (r->feed)
        return http_feed_response(r->feed, r->connection);
    return r->fixed.p ? MHD_create_response_from_buffer(r->fixed.n, (void *)(uintptr_t)r->fixed.p,
                                                     MHD_RESPMEM_PERSISTENT)
                   : MHD_create_response_from_buffer(r->reply.n, TAKE(r->reply.p),
                                                     MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result send_reply(struct http_request *r)
{
    struct MHD_Response *reply = response_of(r);
    if (!reply)
        return MHD_NO;
    if (r->stream || r->feed || r->reply.n || r->status != 204)
        MHD_add_response_header(reply, "Content-Type", r->content_type);
    MHD_add_response_header(reply, "X-Request-Id", r->id);
    if (atomic_load(&r->server->stopping)) /* the client must not send the next one here */
        MHD_add_response_header(reply, "Connection", "close");
    for (struct http_header *h = r->headers; h; h = h->next)
        MHD_add_response_header(reply, h->name, h->value);
    enum MHD_Result sent = MHD_queue_response(r->connection, (unsigned)r->status, reply);
    MHD_destroy_response(reply);
    return sent;
}

/* Puts r in line and suspends its connection. False: the queue is full. */
static bool enqueue(struct http_server *s, struct http_request *r)
{
    pthread_mutex_lock(&s->lock);
    bool room = s->waiting < s->cfg.queue && !s->stopping;
    if (room) {
        MHD_suspend_connection(r->connection);
        r->suspended = true;
        *s->tail = r;
        s->tail = &r->next;
        s->waiting++;
    }
    pthread_mutex_unlock(&s->lock);
    if (room) /* by now another worker may have answered r */
        pthread_cond_signal(&s->wake);
    return room;
}

bool http_suspend(struct http_request *r)
{
    struct http_server *s = r->server;
    if (!r->connection) {
        http_inside_suspend(http_inside_of(r));
        return true;
    }
    pthread_mutex_lock(&s->lock);
    if (!s->stopping) {
        MHD_suspend_connection(r->connection);
        r->suspended = true;
        s->suspended++;
    }
    pthread_mutex_unlock(&s->lock);
    return r->suspended;
}

void http_resume(struct http_request *r)
{
    struct http_server *s = r->server;
    if (!r->connection) {
        http_inside_resume(http_inside_of(r));
        return;
    }
    pthread_mutex_lock(&s->lock);
    MHD_resume_connection(r->connection);
    if (--s->suspended == 0)
        pthread_cond_broadcast(&s->resumed);
    pthread_mutex_unlock(&s->lock);
}

bool http_peer_gone(struct http_request *r)
{
    char byte;
    if (r->stream)
        return http_stream_left(r->stream);
    const struct http_inside *i = http_inside_of(r);
    if (i)
        return i->gone && i->gone(i->gone_context);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info)
        return true;
    ssize_t n = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static void request_free(struct http_request *r)
{
    http_feed_unref(r->feed);
    buf_release(&r->body);
    buf_release(&r->reply);
    arena_free(r->arena);
}

struct http_stream *http_stream_begin(struct http_request *r)
{
    r->stream = http_stream_new(r->connection, &r->server->stopping);
    MHD_resume_connection(r->connection);
    return r->stream;
}

void http_follow(struct http_request *r, struct http_feed *f)
{
    r->feed = http_feed_ref(f);
}

/* The worker is done with r: its reply can leave, or is leaving. */
static void worked(struct http_request *r)
{
    if (!r->stream) {
        MHD_resume_connection(r->connection);
        return;
    }
    if (!http_stream_ended(r->stream))
        http_stream_end(r->stream, true);
    if (http_stream_unref(r->stream))
        request_free(r);
}

static void *work(void *cls)
{
    struct http_server *s = cls;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        struct http_request *r = s->head;
        if (!r && s->stopping)
            break;
        if (!r) {
            pthread_cond_wait(&s->wake, &s->lock);
            continue;
        }
        s->head = r->next;
        if (!s->head)
            s->tail = &s->head;
        s->waiting--;
        pthread_mutex_unlock(&s->lock);
        s->cfg.run(r);
        worked(r);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void refuse_busy(struct http_request *r)
{
    r->status = 503;
    buf_z(&r->reply, "{\"type\":\"server_error\",\"code\":\"service_unavailable\","
                     "\"detail\":\"The server is busy.\",\"attr\":null}");
    http_reply_header(r, "Retry-After", "1");
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **slot)
{
    struct http_server *s = cls;
    struct http_request *r = *slot;
    (void)version;
    if (!r) {
        *slot = request_new(s, c, url, method);
        return MHD_YES;
    }
    if (*data_n) { /* always consumed: replying before the end would drop the upload */
        buf_add(&r->body, data, *data_n);
        if (r->body.full)
            r->too_large = true;
        *data_n = 0;
        return MHD_YES;
    }
    if (r->suspended) /* and resumed: the reply is there */
        return send_reply(r);
    if (s->cfg.inline_run(r))
        s->cfg.run(r);
    else if (!enqueue(s, r))
        refuse_busy(r);
    return r->suspended ? MHD_YES : send_reply(r);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **slot,
                         enum MHD_RequestTerminationCode why)
{
    struct http_server *s = cls;
    struct http_request *r = *slot;
    (void)c, (void)why;
    if (!r)
        return;
    if (r->stream)
        http_stream_leave(r->stream);
    if (!r->stream || http_stream_unref(r->stream))
        request_free(r);
    *slot = NULL;
    pthread_mutex_lock(&s->lock);
    if (--s->open == 0)
        pthread_cond_broadcast(&s->answered);
    pthread_mutex_unlock(&s->lock);
}

int http_server_start(const struct http_config *cfg, struct http_server **out, struct err *e)
{
    struct http_server *s = calloc(1, sizeof(*s));
    BUG_ON(!s || cfg->workers > WORKERS_MAX);
    s->cfg = *cfg;
    s->tail = &s->head;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    pthread_cond_init(&s->resumed, NULL);
    pthread_cond_init(&s->answered, NULL);
    bool local = strncmp(cfg->listen, "unix:", 5) == 0;
    int fd = local ? http_listen_unix(cfg->listen + 5, e)
                   : http_listen_tcp(cfg->listen, &s->port, e);
    if (fd < 0) {
        free(s);
        return e->kind;
    }
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL, NULL,
        on_request, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_THREAD_POOL_SIZE, 2u, MHD_OPTION_CONNECTION_TIMEOUT, 120u,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)64 * 1024, MHD_OPTION_END);
    if (!s->daemon) {
        close(fd);
        free(s);
        return err_internal(e, "could not start the HTTP server: %s", strerror(errno));
    }
    for (unsigned i = 0; i < cfg->workers; i++)
        BUG_ON(pthread_create(&s->workers[i], NULL, work, s));
    *out = s;
    return 0;
}

void http_server_stop(struct http_server *s)
{
    MHD_socket fd = MHD_quiesce_daemon(s->daemon);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DRAIN_SECONDS;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->wake);
    while (s->suspended)
        pthread_cond_wait(&s->resumed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->cfg.workers; i++)
        pthread_join(s->workers[i], NULL);
    pthread_mutex_lock(&s->lock); /* answers that are written but not sent, bodies half received */
    while (s->open && pthread_cond_timedwait(&s->answered, &s->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&s->lock);
    MHD_stop_daemon(s->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
    free(s);
}

int http_server_port(const struct http_server *s)
{
    return s->port;
}
