/* assistant.c - see assistant.h: the runs there are, their threads, their beginning and end. What a run
 * does is run.c's. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "assistant/run.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/uuid.h"

#define RUN_SECONDS 1800     /* that a run may take */
#define IDLE_SECONDS 15      /* of silence before a comment is sent */
#define CANCEL_SECONDS 5     /* that cancelling waits for the run to end */
#define KEEPALIVE ": keepalive\n\n"

struct assistant {
    struct assistant_config cfg;
    pthread_mutex_t lock; /* guards all below, and of each run what says so */
    pthread_cond_t changed;
    struct run *runs;
    unsigned n;
    bool stopping;
    pthread_t watch;
};

/* Under the lock. */
static struct run *find_run(struct assistant *x, str conversation)
{
    struct run *r = x->runs;
    while (r && !str_eqz(conversation, r->id))
        r = r->next;
    return r;
}

static void queued_free(struct queued *q)
{
    for (struct queued *next; q; q = next) {
        next = q->next;
        arena_free(q->arena); /* it stands in its own arena */
    }
}

/* -------------------------------------------------------------------------- watching over runs */

static void wait_second(struct assistant *x)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec++;
    pthread_cond_timedwait(&x->changed, &x->lock, &at);
}

static void *watch(void *cls)
{
    struct assistant *x = cls;
    int64_t next = clock_mono_us();
    pthread_mutex_lock(&x->lock);
    while (!x->stopping) {
        wait_second(x);
        int64_t now = clock_mono_us();
        if (now < next)
            continue;
        next = now + CLOCK_SECOND;
        for (struct run *r = x->runs; r; r = r->next) {
            http_feed_beat(r->feed, STR(KEEPALIVE), IDLE_SECONDS * CLOCK_SECOND);
            if (r->launched && now > atomic_load(&r->deadline) && !atomic_load(&r->cancelled)) {
                atomic_store(&r->late, true);
                atomic_store(&r->cancelled, true);
            }
        }
    }
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

/* -------------------------------------------------------------------------- start and end */

/* One that was cut off before it had a title would be shown nowhere. */
static int name_interrupted(struct db *d, struct arena *a, const struct conversation *c,
                            struct err *e)
{
    struct message *list;
    size_t n;
    bool unknown;
    int rc = c->title.p ? 1 : message_list(d, a, c->project_id, c->number, 0, &list, &n, &unknown, e);
    if (rc)
        return rc < 0 ? rc : 0;
    for (size_t i = 0; i < n; i++)
        if (str_eqz(list[i].type, "human"))
            return conversation_set_title(d, c->number, run_first_words(a, list[i].content), e);
    return 0;
}

/* What the last server was doing: nobody will go on with it. */
static int end_interrupted(struct store *store, struct err *e)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct db *d = store_take(store);
    struct conversation *list = NULL;
    size_t n = 0;
    int rc = db_begin(d, e);
    if (rc == 0)
        rc = conversation_busy(d, a, &list, &n, e);
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct message m = { .type = STR("ai/failure"),
                             .content = STR("The server was restarted while it was answering. "
                                            "Please ask again.") };
        if (!str_eqz(list[i].status, "canceling")) /* there the user knows already */
            rc = message_append(d, a, list[i].number, &m, e);
        if (rc == 0)
            rc = name_interrupted(d, a, &list[i], e);
        if (rc == 0)
            rc = conversation_end_run(d, list[i].number, e);
    }
    if (rc == 0)
        rc = db_commit(d, e);
    db_rollback(d);
    store_give(d);
    return rc;
}

int assistant_start(const struct assistant_config *cfg, struct assistant **out, struct err *e)
{
    pthread_condattr_t monotonic;
    int rc = end_interrupted(cfg->store, e);
    if (rc < 0)
        return rc;
    struct assistant *x = calloc(1, sizeof(*x));
    BUG_ON(!x);
    x->cfg = *cfg;
    pthread_mutex_init(&x->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&x->changed, &monotonic);
    BUG_ON(pthread_create(&x->watch, NULL, watch, x));
    *out = x;
    return 0;
}

void assistant_end_runs(struct assistant *x)
{
    if (!x)
        return;
    pthread_mutex_lock(&x->lock);
    x->stopping = true;
    for (struct run *r = x->runs; r; r = r->next) {
        atomic_store(&r->stopping, true);
        atomic_store(&r->cancelled, true);
    }
    pthread_cond_broadcast(&x->changed);
    while (x->n)
        pthread_cond_wait(&x->changed, &x->lock);
    pthread_mutex_unlock(&x->lock);
    pthread_join(x->watch, NULL);
}

void assistant_free(struct assistant *x)
{
    if (!x)
        return;
    pthread_cond_destroy(&x->changed);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

unsigned assistant_runs(struct assistant *x)
{
    pthread_mutex_lock(&x->lock);
    unsigned n = x->n;
    pthread_mutex_unlock(&x->lock);
    return n;
}

/* -------------------------------------------------------------------------- one run */

int assistant_claim(struct assistant *x, str conversation, struct run **out, struct err *e)
{
    int rc = 0;
    struct arena *a = arena_new();
    struct run *r = arena_new_of(a, struct run);
    r->x = x;
    r->arena = a;
    r->cfg = &x->cfg;
    memcpy(r->id, conversation.p, conversation.n < 36 ? conversation.n : 36);
    pthread_mutex_lock(&x->lock);
    if (find_run(x, conversation))
        rc = err_set(e, ERR_CONFLICT, NULL, NULL);
    else if (x->stopping || x->n >= LIMIT_RUNS)
        rc = err_set(e, ERR_UNAVAILABLE, NULL, NULL);
    if (rc == 0) {
        r->feed = http_feed_new();
        r->next = x->runs;
        x->runs = r;
        x->n++;
    }
    pthread_mutex_unlock(&x->lock);
    if (rc < 0)
        arena_free(a);
    else
        *out = r;
    return rc;
}

/* The conversation is free for the next run; then the readers are told. */
static void run_end(struct run *r)
{
    struct assistant *x = r->x;
    struct http_feed *feed = r->feed;
    pthread_mutex_lock(&x->lock);
    struct run **link = &x->runs;
    while (*link != r)
        link = &(*link)->next;
    *link = r->next;
    struct queued *left = TAKE(r->queue);
    pthread_mutex_unlock(&x->lock);
    http_feed_end(feed);
    http_feed_unref(feed);
    queued_free(left);
    arena_free(r->arena);
    pthread_mutex_lock(&x->lock); /* last: whoever waits for us frees x */
    x->n--;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
}

void assistant_release(struct run *r)
{
    run_end(r);
}

static struct question copy_question(struct arena *a, const struct question *q)
{
    struct question c = { 0 };
    const str *from = (const str *)q;
    str *to = (str *)&c;
    _Static_assert(sizeof(*q) % sizeof(str) == 0, "texts alone");
    for (size_t i = 0; i < sizeof(*q) / sizeof(str); i++)
        to[i] = from[i].p ? arena_str(a, from[i]) : STR_NULL;
    return c;
}

/* The next question, or the end of this run: one of both, whoever adds to the queue meanwhile. */
static struct queued *next_question(struct run *r)
{
    struct queued *q = NULL, *dropped = NULL;
    pthread_mutex_lock(&r->x->lock);
    if (run_cancelled(r) || r->conversation.pending.p) /* what waits was meant for another moment */
        dropped = TAKE(r->queue);
    else if ((q = r->queue))
        r->queue = TAKE(q->next);
    r->closed = !q;
    pthread_mutex_unlock(&r->x->lock);
    queued_free(dropped);
    return q;
}

/* A queued message becomes the thread's next. */
static bool take_question(struct run *r, struct queued *q)
{
    struct err e = ERR_INIT;
    char trace[UUID_TEXT];
    struct question own = q->question, before = r->question;
    uuid_text(uuid_v4(), trace);
    own.trace_id = str_of(trace);
    own.contextual_tools = own.contextual_tools.p ? own.contextual_tools : before.contextual_tools;
    own.billing_context = own.billing_context.p ? own.billing_context : before.billing_context;
    r->question = copy_question(r->arena, &own);
    r->question.resume_payload = STR_NULL;
    r->failed = false;
    atomic_store(&r->deadline, clock_mono_us() + RUN_SECONDS * CLOCK_SECOND);
    queued_free(q);
    struct message m = { .type = STR("human"), .content = r->question.content,
                         .trace_id = r->question.trace_id,
                         .ui_context = r->question.ui_context };
    if (run_say(r, &m, &e) == 0)
        return true;
    log_warn("a queued message could not be stored", "error", err_message(&e));
    return false;
}

static void *run_main(void *cls)
{
    struct run *r = cls;
    struct err e = ERR_INIT;
    struct queued *q = NULL;
    do {
        if (!q || take_question(r, q))
            run_answer(r);
        if (run_cancelled(r) && atomic_load(&r->stopping))
            run_fail(r, FAILURE_STOPPED);
        else if (run_cancelled(r) && atomic_load(&r->late))
            run_fail(r, FAILURE_TIME);
    } while ((q = next_question(r)));
    struct db *d = store_take(r->cfg->store);
    if (conversation_end_run(d, r->conversation.number, &e) < 0)
        log_error("a conversation could not be made idle", "error", err_message(&e), "detail",
                  e.detail);
    store_give(d);
    run_end(r);
    return NULL;
}

void assistant_launch(struct run *r, const struct conversation *c, const struct assistant_caller *who,
                      const struct question *q, const struct message *asked, str user, bool fresh)
{
    pthread_t thread;
    pthread_attr_t detached;
    struct arena *a = r->arena;
    r->conversation = (struct conversation){
        .number = c->number, .id = str_of(r->id), .project_id = c->project_id,
        .user_id = c->user_id, .status = STR("in_progress"),
        .title = c->title.p ? arena_str(a, c->title) : STR_NULL, .type = arena_str(a, c->type),
        .is_internal = c->is_internal,
        .slack_thread_key = c->slack_thread_key.p ? arena_str(a, c->slack_thread_key) : STR_NULL,
        .slack_workspace_domain = c->slack_workspace_domain.p
                                      ? arena_str(a, c->slack_workspace_domain) : STR_NULL,
        .agent_mode = c->agent_mode.p ? arena_str(a, c->agent_mode) : STR_NULL,
        .pending = c->pending.p ? arena_str(a, c->pending) : STR_NULL,
        .state = c->state.p ? arena_str(a, c->state) : STR_NULL,
        .created_at = c->created_at, .updated_at = c->updated_at,
    };
    r->who = *who;
    r->who.key_id = who->key_id.p ? arena_str(a, who->key_id) : STR_NULL;
    r->question = copy_question(a, q);
    r->user_json = arena_str(a, user);
    atomic_store(&r->deadline, clock_mono_us() + RUN_SECONDS * CLOCK_SECOND);
    if (fresh)
        run_show_conversation(r);
    if (asked)
        run_send(r, asked, false);
    pthread_mutex_lock(&r->x->lock);
    r->launched = true;
    if (r->x->stopping) { /* while we were between claim and here */
        atomic_store(&r->stopping, true);
        atomic_store(&r->cancelled, true);
    }
    pthread_mutex_unlock(&r->x->lock);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &detached, run_main, r)) { /* no threads left: it ends visibly */
        atomic_store(&r->cancelled, true);
        run_fail(r, FAILURE_GENERIC);
        run_main(r);
    }
    pthread_attr_destroy(&detached);
}

struct http_feed *assistant_feed_of(struct run *r)
{
    return r->feed;
}

struct http_feed *assistant_feed(struct assistant *x, str conversation)
{
    pthread_mutex_lock(&x->lock);
    struct run *r = find_run(x, conversation);
    struct http_feed *f = r ? http_feed_ref(r->feed) : NULL;
    pthread_mutex_unlock(&x->lock);
    return f;
}

bool assistant_cancel(struct assistant *x, str conversation)
{
    int64_t until = clock_mono_us() + CANCEL_SECONDS * CLOCK_SECOND;
    struct timespec at = { until / CLOCK_SECOND, until % CLOCK_SECOND * 1000 };
    struct run *r;
    pthread_mutex_lock(&x->lock);
    struct run *first = find_run(x, conversation);
    if (first) {
        atomic_store(&first->cancelled, true);
        queued_free(TAKE(first->queue));
    }
    while ((r = find_run(x, conversation)) && r == first && clock_mono_us() < until)
        pthread_cond_timedwait(&x->changed, &x->lock, &at);
    pthread_mutex_unlock(&x->lock);
    return !r || r != first;
}

/* -------------------------------------------------------------------------- the queue */

static void write_queue(const struct run *r, struct json_writer *w)
{
    json_open(w, '[');
    for (const struct queued *q = r ? r->queue : NULL; q; q = q->next) {
        json_open(w, '{');
        json_key(w, "id");
        json_z(w, q->id);
        json_key(w, "content");
        json_str(w, q->question.content);
        json_key(w, "created_at");
        json_time(w, q->created_at);
        json_put_raw(w, "contextual_tools", q->question.contextual_tools);
        json_put_raw(w, "ui_context", q->question.ui_context);
        json_put_raw(w, "billing_context", q->question.billing_context);
        json_key(w, "agent_mode");
        json_str(w, q->question.agent_mode);
        json_key(w, "session_id");
        json_str(w, q->question.session_id);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static struct queued **find_queued(struct run *r, str item)
{
    struct queued **at = r ? &r->queue : NULL;
    while (at && *at && !str_eqz(item, (*at)->id))
        at = &(*at)->next;
    return at && *at ? at : NULL;
}

static struct queued *queued_new(const struct question *q)
{
    struct arena *a = arena_new();
    struct queued *item = arena_new_of(a, struct queued);
    item->arena = a;
    item->created_at = clock_now_us();
    item->question = copy_question(a, q);
    uuid_text(uuid_v4(), item->id);
    return item;
}

enum queue_outcome assistant_queue_add(struct assistant *x, str conversation,
                                       const struct question *q, struct json_writer *out)
{
    enum queue_outcome outcome = QUEUE_DONE;
    unsigned n = 0;
    pthread_mutex_lock(&x->lock);
    struct run *r = find_run(x, conversation);
    struct queued **at = r ? &r->queue : NULL;
    for (; at && *at; at = &(*at)->next)
        n++;
    if (!r || r->closed || run_cancelled(r))
        outcome = QUEUE_NO_RUN;
    else if (n >= LIMIT_QUEUED)
        outcome = QUEUE_FULL;
    else
        *at = queued_new(q);
    if (outcome == QUEUE_DONE)
        write_queue(r, out);
    pthread_mutex_unlock(&x->lock);
    return outcome;
}

enum queue_outcome assistant_queue_change(struct assistant *x, str conversation, str item,
                                          str content, struct json_writer *out)
{
    pthread_mutex_lock(&x->lock);
    struct run *r = find_run(x, conversation);
    struct queued **at = find_queued(r, item);
    if (at)
        (*at)->question.content = arena_str((*at)->arena, content);
    if (at)
        write_queue(r, out);
    pthread_mutex_unlock(&x->lock);
    return at ? QUEUE_DONE : QUEUE_NO_ITEM;
}

enum queue_outcome assistant_queue_remove(struct assistant *x, str conversation, str item,
                                          struct json_writer *out)
{
    struct queued *gone = NULL;
    pthread_mutex_lock(&x->lock);
    struct run *r = find_run(x, conversation);
    struct queued **at = find_queued(r, item);
    if (at) {
        gone = *at;
        *at = gone->next;
        gone->next = NULL;
        write_queue(r, out);
    }
    pthread_mutex_unlock(&x->lock);
    queued_free(gone);
    return at ? QUEUE_DONE : QUEUE_NO_ITEM;
}

void assistant_queue_show(struct assistant *x, str conversation, bool clear,
                          struct json_writer *out)
{
    struct queued *gone = NULL;
    pthread_mutex_lock(&x->lock);
    struct run *r = find_run(x, conversation);
    if (r && clear)
        gone = TAKE(r->queue);
    write_queue(r, out);
    pthread_mutex_unlock(&x->lock);
    queued_free(gone);
}
