/* background.c - see background.h. A few threads take jobs: those of each project in order, the projects
 * in turn. An ended job keeps its answer, by reference into the result cache's entry, until it is old or
 * room is needed. */
#include "query/background.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"

#define THREADS 3
#define THREADS_PROJECT 2 /* of one project: its long queries keep no other waiting */
#define KEEP_FOR (3600 * CLOCK_SECOND) /* after its end */

enum state { WAITING, RUNNING, ENDED };

struct job {
    struct job *next;
    struct arena *arena; /* everything of the job, the answer too */
    struct query_scope scope;
    const struct json *node;
    str id, key;
    enum state state;
    atomic_bool cancelled;
    int64_t started, picked_up, ended; /* INT64_MIN: not yet */
    int rc;
    struct err err;
    struct query_answer answer;
};

struct query_background {
    struct query_service *service;
    pthread_mutex_t lock; /* guards the list and the jobs' state */
    pthread_cond_t wake;
    struct job *jobs; /* oldest first */
    size_t n;
    pthread_t threads[THREADS];
    bool started, stopping;
};

struct query_background *query_background_new(struct query_service *s)
{
    struct query_background *b = calloc(1, sizeof(*b));
    BUG_ON(!b);
    b->service = s;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->wake, NULL);
    return b;
}

static void unlink_job(struct query_background *b, struct job *job)
{
    struct job **at = &b->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    b->n--;
    arena_free(job->arena);
}

void query_background_free(struct query_background *b)
{
    pthread_mutex_lock(&b->lock);
    b->stopping = true;
    for (struct job *job = b->jobs; job; job = job->next)
        atomic_store(&job->cancelled, true);
    pthread_cond_broadcast(&b->wake);
    pthread_mutex_unlock(&b->lock);
    for (size_t i = 0; b->started && i < THREADS; i++)
        pthread_join(b->threads[i], NULL);
    while (b->jobs)
        unlink_job(b, b->jobs);
    free(b);
}

/* -------------------------------------------------------------------------- running */

static bool is_cancelled(void *cls)
{
    struct job *job = cls;
    return atomic_load(&job->cancelled);
}

static void run_job(struct query_background *b, struct job *job)
{
    struct query_answer answer = { 0 };
    struct err e = ERR_INIT;
    job->state = RUNNING;
    job->picked_up = clock_now_us();
    pthread_mutex_unlock(&b->lock);
    int rc = query_run(&job->scope, job->node, QUERY_FORCE_BLOCKING, &answer, &e);
    if (rc < 0 && is_cancelled(job))
        err_set(&e, ERR_INVALID, NULL, "The query was cancelled.");
    pthread_mutex_lock(&b->lock);
    job->answer = answer;
    job->err = e;
    job->rc = rc;
    job->ended = clock_now_us();
    job->state = ENDED;
    pthread_cond_signal(&b->wake); /* for those of its project that were held back */
}

static unsigned running_of(const struct query_background *b, int64_t team_id)
{
    unsigned n = 0;
    for (const struct job *job = b->jobs; job; job = job->next)
        n += job->state == RUNNING && job->scope.team_id == team_id;
    return n;
}

/* Of the project that has the fewest at work the oldest. */
static struct job *next_job(const struct query_background *b)
{
    struct job *best = NULL;
    unsigned least = THREADS_PROJECT;
    for (struct job *job = b->jobs; job; job = job->next) {
        unsigned n = job->state == WAITING ? running_of(b, job->scope.team_id) : least;
        if (n < least) {
            best = job;
            least = n;
        }
    }
    return best;
}

static void *work(void *cls)
{
    struct query_background *b = cls;
    pthread_mutex_lock(&b->lock);
    while (!b->stopping) {
        struct job *job = next_job(b);
        if (job)
            run_job(b, job);
        else
            pthread_cond_wait(&b->wake, &b->lock);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

static void start_threads(struct query_background *b)
{
    for (size_t i = 0; !b->started && i < THREADS; i++)
        BUG_ON(pthread_create(&b->threads[i], NULL, work, b));
    b->started = true;
}

/* -------------------------------------------------------------------------- status */

static void write_outcome(struct json_writer *w, const struct job *job)
{
    bool shown = job->rc < 0 && job->err.kind != ERR_INTERNAL;
    json_key(w, "complete");
    json_bool(w, job->state == ENDED);
    json_key(w, "error");
    json_bool(w, job->rc < 0);
    json_key(w, "error_message");
    json_z(w, shown ? err_message(&job->err) : NULL);
    json_key(w, "error_code");
    json_z(w, shown ? err_code(&job->err) : NULL);
    json_key(w, "results");
    if (job->state != ENDED || job->rc < 0) {
        json_null(w);
        return;
    }
    json_open(w, '{');
    query_write_answer(w, &job->answer);
    json_close(w, '}');
}

static void write_progress(struct json_writer *w, const struct olap_progress *far)
{
    json_key(w, "query_progress");
    if (!far) {
        json_null(w);
        return;
    }
    json_open(w, '{');
    json_key(w, "bytes_read");
    json_i64(w, far->bytes);
    json_key(w, "rows_read");
    json_i64(w, far->rows);
    json_key(w, "estimated_rows_total");
    json_i64(w, far->rows_total);
    json_key(w, "time_elapsed");
    json_f64(w, far->seconds);
    json_key(w, "active_cpu_time");
    json_i64(w, far->cpu_us);
    json_close(w, '}');
}

static str status_of(struct arena *a, const struct job *job, const struct olap_progress *far)
{
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    json_key(&w, "id");
    json_str(&w, job->id);
    json_key(&w, "query_async");
    json_bool(&w, true);
    json_put_id(&w, "team_id", job->scope.team_id);
    json_put_id(&w, "insight_id", job->scope.insight_id);
    json_put_id(&w, "dashboard_id", job->scope.dashboard_id);
    write_outcome(&w, job);
    json_key(&w, "start_time");
    json_time(&w, job->started);
    json_key(&w, "pickup_time");
    json_time(&w, job->picked_up);
    json_key(&w, "end_time");
    json_time(&w, job->ended);
    json_key(&w, "expiration_time");
    json_time(&w, job->ended == INT64_MIN ? INT64_MIN : job->ended + KEEP_FOR);
    json_key(&w, "task_id");
    json_str(&w, job->id);
    write_progress(&w, job->state == RUNNING ? far : NULL);
    json_key(&w, "labels");
    json_null(&w);
    json_key(&w, "cache_key");
    json_str(&w, job->key);
    json_close(&w, '}');
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

static struct job *find(struct query_background *b, int64_t team_id, str id)
{
    struct job *found = NULL;
    for (struct job *job = b->jobs; job; job = job->next)
        if (job->scope.team_id == team_id && str_eq(job->id, id))
            found = job;
    return found;
}

const char *query_background_tag(struct query_background *b, struct arena *a, int64_t team_id,
                                 str id)
{
    const char *tag = NULL;
    pthread_mutex_lock(&b->lock);
    const struct job *job = find(b, team_id, id);
    if (job && job->state == RUNNING)
        tag = arena_z(a, str_of(job->scope.tag));
    pthread_mutex_unlock(&b->lock);
    return tag;
}

int query_background_status(struct query_background *b, struct arena *a, int64_t team_id, str id,
                            const struct olap_progress *far, str *out, bool *complete,
                            int *failed)
{
    pthread_mutex_lock(&b->lock);
    const struct job *job = find(b, team_id, id);
    if (job) {
        *out = status_of(a, job, far);
        *complete = job->state == ENDED;
        *failed = job->rc < 0 ? job->err.kind == ERR_INTERNAL ? 500 : 400 : 0;
    }
    pthread_mutex_unlock(&b->lock);
    return job != NULL;
}

bool query_background_cancel(struct query_background *b, int64_t team_id, str id,
                             bool waiting_only)
{
    pthread_mutex_lock(&b->lock);
    struct job *job = find(b, team_id, id);
    if (job && job->state == WAITING)
        unlink_job(b, job);
    else if (job && !waiting_only)
        atomic_store(&job->cancelled, true);
    pthread_mutex_unlock(&b->lock);
    return job != NULL;
}

/* -------------------------------------------------------------------------- starting */

static size_t held(const struct query_background *b)
{
    size_t n = 0;
    for (const struct job *job = b->jobs; job; job = job->next)
        n += job->answer.results.n;
    return n;
}

/* Drops what is old, and the oldest that ended when there are too many or they hold too much. */
static void make_room(struct query_background *b)
{
    int64_t now = clock_now_us();
    size_t bytes = held(b);
    for (struct job *job = b->jobs, *next; job; job = next) {
        next = job->next;
        bool many = b->n >= LIMIT_BACKGROUND_QUERIES || bytes > LIMIT_QUERY_CACHE;
        if (job->state != ENDED || (!many && job->ended + KEEP_FOR > now))
            continue;
        bytes -= job->answer.results.n;
        unlink_job(b, job);
    }
}

/* A copy of the node and the scope that lives on without the request. */
static struct job *job_new(const struct query_scope *s, const struct json *node, const char *key)
{
    struct arena *a = arena_new();
    struct job *job = arena_new_of(a, struct job);
    struct buf text = BUF_INIT(LIMIT_BODY_API * 8);
    struct json_writer w = JSON_WRITER(&text);
    struct err e = ERR_INIT;
    struct json *copy;
    json_tree(&w, node);
    BUG_ON(json_parse(a, arena_str(a, buf_view(&text)), &copy, &e) < 0); /* we wrote it */
    buf_release(&text);
    *job = (struct job){ .arena = a, .scope = *s, .node = copy, .started = clock_now_us(),
                         .picked_up = INT64_MIN, .ended = INT64_MIN };
    job->key = arena_str(a, str_of(key));
    job->id = s->id.n ? arena_str(a, s->id) : job->key;
    job->scope.arena = a;
    job->scope.id = job->id;
    job->scope.timezone = arena_str(a, s->timezone);
    job->scope.test_account_filters = arena_str(a, s->test_account_filters);
    job->scope.display_names = arena_str(a, s->display_names);
    job->scope.path_cleaning = arena_str(a, s->path_cleaning);
    job->scope.background = true;
    char tag[64] = "query ";
    uuid_text(uuid_v4(), tag + strlen(tag));
    job->scope.tag = arena_z(a, str_of(tag));
    job->scope.gone = is_cancelled;
    job->scope.gone_context = job;
    return job;
}

int query_background_start(struct query_background *b, const struct query_scope *s,
                           const struct json *node, const char *key, str *status, struct err *e)
{
    str id = s->id.n ? s->id : str_of(key);
    int rc = 0;
    pthread_mutex_lock(&b->lock);
    start_threads(b);
    make_room(b);
    struct job *job = find(b, s->team_id, id);
    if (job && job->state == ENDED) {
        unlink_job(b, job);
        job = NULL;
    }
    if (!job && b->n >= LIMIT_BACKGROUND_QUERIES)
        rc = err_set(e, ERR_THROTTLED, NULL,
                     "Too many queries are waiting in the background. Please try again later.");
    if (!job && rc == 0) {
        struct job **at = &b->jobs;
        job = job_new(s, node, key);
        while (*at)
            at = &(*at)->next;
        *at = job;
        b->n++;
        pthread_cond_signal(&b->wake);
    }
    if (rc == 0)
        *status = status_of(s->arena, job, NULL);
    pthread_mutex_unlock(&b->lock);
    return rc;
}
