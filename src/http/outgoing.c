/* outgoing.c - see outgoing.h. */
#include "http/outgoing.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

#define CONNECT_SECONDS 10L

struct outgoing {
    const struct reach *reach;
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t ended; /* some transfer has ended */
    struct transfer *waiting;
    bool stopping;
};

/* Lives on the stack of the caller, who waits for it. */
struct transfer {
    struct outgoing *of;
    CURL *h;
    struct buf body;
    const char *want;  /* name of the header kept in `header`; NULL: none */
    char header[256];
    char refused[256]; /* why the address was not connected to */
    CURLcode code;
    bool done;
    struct transfer *next;
};

static size_t on_body(char *p, size_t size, size_t n, void *cls)
{
    struct transfer *t = cls;
    buf_add(&t->body, p, size * n);
    return t->body.full ? 0 : size * n;
}

static size_t on_header(char *p, size_t size, size_t n, void *cls)
{
    struct transfer *t = cls;
    str line = { p, size * n };
    size_t name = strlen(t->want);
    if (line.n > name && line.p[name] == ':' && str_eq_nocase(str_slice(line, 0, name), str_of(t->want))) {
        str value = str_trim(str_slice(line, name + 1, line.n));
        snprintf(t->header, sizeof(t->header), STR_FMT, STR_ARG(value));
    }
    return size * n;
}

static int on_progress(void *cls, curl_off_t dl_total, curl_off_t dl, curl_off_t ul_total,
                       curl_off_t ul)
{
    const struct outgoing_request *q = cls;
    (void)dl_total, (void)dl, (void)ul_total, (void)ul;
    return q->gone(q->gone_context); /* true gives it up */
}

/* The address is known here, and nothing was sent yet. */
static curl_socket_t open_socket(void *cls, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *t = cls;
    (void)purpose;
    if (!reach_allows(t->of->reach, &to->addr)) {
        reach_refusal(&to->addr, t->refused, sizeof(t->refused));
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* A line break in a value would begin another header. */
static bool headers_are_plain(const struct outgoing_request *q)
{
    for (const struct outgoing_header *h = q->headers; h && h->name; h++)
        for (size_t i = 0; i < h->value.n; i++)
            if ((unsigned char)h->value.p[i] < ' ' || h->value.p[i] == 0x7F)
                return false;
    return true;
}

static struct curl_slist *headers_of(const struct outgoing_request *q)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    _cleanup_(arena_freep) struct arena *a = arena_new();
    for (const struct outgoing_header *h = q->headers; h && h->name; h++)
        list = curl_slist_append(list, arena_printf(a, "%s: " STR_FMT, h->name,
                                                    STR_ARG(h->value)).p);
    return list;
}

static void set_up(struct transfer *t, const struct outgoing_request *q,
                   struct curl_slist *headers)
{
    CURL *h = t->h;
    curl_easy_setopt(h, CURLOPT_URL, q->url);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L); /* what is signed is what is sent */
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)q->seconds);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    if (strcmp(q->method, "HEAD") == 0) {
        curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
    } else if (q->body.p) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, q->body.p);
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
        curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, q->method);
    } else {
        curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, q->method);
    }
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
    if (t->want) {
        curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(h, CURLOPT_HEADERDATA, t);
    }
    if (q->gone) {
        curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(h, CURLOPT_XFERINFODATA, q);
    }
    curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(h, CURLOPT_PRIVATE, t);
}

/* -------------------------------------------------------------------------- the thread */

static void end(struct outgoing *o, struct transfer *t, CURLcode code)
{
    curl_multi_remove_handle(o->multi, t->h);
    pthread_mutex_lock(&o->lock);
    t->code = code;
    t->done = true;
    pthread_cond_broadcast(&o->ended);
    pthread_mutex_unlock(&o->lock);
}

static bool begin_waiting(struct outgoing *o)
{
    pthread_mutex_lock(&o->lock);
    struct transfer *list = TAKE(o->waiting);
    bool stopping = o->stopping;
    pthread_mutex_unlock(&o->lock);
    for (struct transfer *next; list; list = next) {
        next = list->next;
        CURLMcode code = curl_multi_add_handle(o->multi, list->h);
        if (code != CURLM_OK)
            end(o, list, CURLE_FAILED_INIT);
    }
    return !stopping;
}

static void end_finished(struct outgoing *o)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(o->multi, &left));) {
        struct transfer *t = NULL;
        CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
        end(o, t, code);
    }
}

static void *run_all(void *cls)
{
    struct outgoing *o = cls;
    int running = 0;
    while (begin_waiting(o)) {
        curl_multi_perform(o->multi, &running);
        end_finished(o);
        curl_multi_poll(o->multi, NULL, 0, 1000, NULL);
    }
    return NULL;
}

int outgoing_start(const struct reach *reach, struct outgoing **out, struct err *e)
{
    struct outgoing *o = calloc(1, sizeof(*o));
    BUG_ON(!o);
    o->reach = reach;
    o->multi = curl_multi_init();
    BUG_ON(!o->multi);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->ended, NULL);
    int failed = pthread_create(&o->thread, NULL, run_all, o);
    if (failed) {
        curl_multi_cleanup(o->multi);
        free(o);
        return err_internal(e, "cannot run outgoing requests: %s", strerror(failed));
    }
    *out = o;
    return 0;
}

void outgoing_stop(struct outgoing *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->stopping = true;
    pthread_mutex_unlock(&o->lock);
    curl_multi_wakeup(o->multi);
    pthread_join(o->thread, NULL);
    curl_multi_cleanup(o->multi);
    pthread_cond_destroy(&o->ended);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

/* -------------------------------------------------------------------------- asking */

static int explain(const struct transfer *t, const struct outgoing_request *q, struct err *e)
{
    const char *why = curl_easy_strerror(t->code);
    if (t->refused[0])
        return err_set(e, ERR_DENIED, NULL, "%s", t->refused);
    if (t->body.full)
        why = "the answer is too long";
    if (t->code == CURLE_OPERATION_TIMEDOUT)
        return err_set(e, ERR_UNAVAILABLE, NULL, "no answer within %d seconds", q->seconds);
    return err_set(e, ERR_UNAVAILABLE, NULL, "%s", why);
}

int outgoing_run(struct outgoing *o, struct arena *a, const struct outgoing_request *q,
                 struct outgoing_answer *out, struct err *e)
{
    if (!headers_are_plain(q))
        return err_set(e, ERR_UNAVAILABLE, NULL, "a setting contains control characters");
    struct transfer t = { .of = o, .h = curl_easy_init(), .body = BUF_INIT(q->answer_max),
                          .want = q->want };
    BUG_ON(!t.h);
    struct curl_slist *headers = headers_of(q);
    set_up(&t, q, headers);
    pthread_mutex_lock(&o->lock);
    t.next = o->waiting;
    o->waiting = &t;
    curl_multi_wakeup(o->multi);
    while (!t.done)
        pthread_cond_wait(&o->ended, &o->lock);
    pthread_mutex_unlock(&o->lock);
    int rc = t.code == CURLE_OK ? 0 : explain(&t, q, e);
    if (rc == 0) {
        curl_easy_getinfo(t.h, CURLINFO_RESPONSE_CODE, &out->status);
        out->body = arena_str(a, buf_view(&t.body));
        out->header = arena_str(a, str_of(t.header));
    }
    curl_easy_cleanup(t.h);
    curl_slist_free_all(headers);
    buf_release(&t.body);
    return rc;
}

str outgoing_escape(struct arena *a, str text, bool path)
{
    struct buf b = BUF_INIT(text.n * 3);
    buf_url(&b, text, path);
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}
