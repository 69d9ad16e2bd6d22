/* inside.c - see inside.h. */
#include "http/inside.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"

struct inside_wait {
    pthread_mutex_t lock; /* guards waiting */
    pthread_cond_t resumed;
    bool waiting;
};

struct http_inside *http_inside_of(struct http_request *r)
{
    return r->connection ? NULL : (struct http_inside *)r; /* its first member */
}

void http_inside_init(struct http_inside *i, struct arena *a, const char *method, str path,
                      const struct http_pair *query, str body, void *context)
{
    *i = (struct http_inside){ .query = query };
    i->wait = calloc(1, sizeof(*i->wait));
    BUG_ON(!i->wait);
    pthread_mutex_init(&i->wait->lock, NULL);
    pthread_cond_init(&i->wait->resumed, NULL);
    struct http_request *r = &i->request;
    r->arena = a;
    r->method = arena_str(a, str_of(method));
    r->path = arena_str(a, path);
    r->content_type = "application/json";
    r->context = context;
    r->started = clock_mono_us();
    uuid_text(uuid_v7(), r->id);
    r->reply = BUF_INIT(LIMIT_RESPONSE);
    r->body = BUF_INIT(LIMIT_BODY_API);
    buf_str(&r->body, body);
    r->too_large = r->body.full;
}

void http_inside_suspend(struct http_inside *i)
{
    i->request.suspended = true;
    i->wait->waiting = true; /* the thread that will resume it does not know it yet */
}

void http_inside_resume(struct http_inside *i)
{
    pthread_mutex_lock(&i->wait->lock);
    i->wait->waiting = false;
    pthread_cond_signal(&i->wait->resumed);
    pthread_mutex_unlock(&i->wait->lock);
}

void http_inside_wait(struct http_inside *i)
{
    pthread_mutex_lock(&i->wait->lock);
    while (i->wait->waiting)
        pthread_cond_wait(&i->wait->resumed, &i->wait->lock);
    pthread_mutex_unlock(&i->wait->lock);
}

void http_inside_release(struct http_inside *i)
{
    pthread_cond_destroy(&i->wait->resumed);
    pthread_mutex_destroy(&i->wait->lock);
    free(i->wait);
    buf_release(&i->request.body);
    buf_release(&i->request.reply);
}
