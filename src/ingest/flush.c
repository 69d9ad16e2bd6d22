/* flush.c - see flush.h. */
#include "ingest/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/batch.h"
#include "ingest/deliver.h"
#include "ingest/rows.h"

#define GATHER_MS 150 /* a batch that is not full waits so long for more */
#define IDLE_MS 500   /* between two looks for changes to deliver, when no batch comes */
#define AGAIN_MS 1000 /* after the metadata store failed */
#define RETRY_MS 200
#define TRIES 10 /* of an insert that fails for a reason unknown, before its rows are tried apart */

struct flusher {
    struct flush_config cfg;
    pthread_t preparer, inserter;
    struct batcher batcher; /* the preparer's */
    atomic_bool stopping;
    atomic_llong events, batches, rejected, unknown, diverted, oldest, position;
    atomic_llong inserting; /* since when a batch goes in; 0: none does */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t moved;
    struct batch *ready;  /* from the preparer to the inserter */
    bool prepared, gone;  /* the preparer, the inserter has ended */
};

/* An insert of a batch's events, perhaps in parts. */
struct attempt {
    struct flusher *of;
    const struct batch *batch;
    bool taken; /* some of the rows are in the event store */
};

/* -------------------------------------------------------------------------- inserting */

static int insert(struct flusher *f, const char *into, str rows, str token, struct err *e)
{
    struct buf sql = BUF_INIT(4096);
    if (!rows.n)
        return 0;
    /* Events that come late may spread over more months than the engine takes by itself. */
    buf_printf(&sql, "INSERT INTO %s SETTINGS max_partitions_per_insert_block = 0, optimize_on_insert = 0", into);
    if (token.n)
        buf_printf(&sql, ", insert_deduplication_token = '" STR_FMT "'", STR_ARG(token));
    buf_z(&sql, " FORMAT RowBinary");
    struct olap_query q = { .sql = buf_view(&sql), .data = rows, .change = true, .seconds = 300 };
    int rc = olap_run(f->cfg.olap, &q, NULL, e);
    buf_release(&sql);
    return rc;
}

/* The store is away, full or slow: the same batch again, later. Until the server stops. */
static bool try_later(struct flusher *f, const struct err *e)
{
    struct timespec pause = { 0, RETRY_MS * 1000000L };
    if (atomic_load(&f->stopping))
        return false;
    if (e->kind != ERR_UNAVAILABLE)
        log_warn("the event store did not take a batch; it is tried again", "error", e->message,
                 "detail", e->detail);
    if (!olap_wait_ready(f->cfg.olap, 1000) || e->kind != ERR_UNAVAILABLE)
        nanosleep(&pause, NULL);
    return !atomic_load(&f->stopping);
}

/* Rows that no store would take: kept in a file, so that the others can go on. False: they could not
 * be kept. */
static bool reject(struct flusher *f, str rows, const struct err *why)
{
    int fd = open(f->cfg.rejects, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bool kept = fd >= 0 && write(fd, rows.p, rows.n) == (ssize_t)rows.n && fsync(fd) == 0;
    log_error("the event store refuses rows; they are kept aside", "file", f->cfg.rejects,
              "error", why->message, "detail", why->detail, "kept", kept ? "yes" : "no");
    if (fd >= 0)
        close(fd);
    if (kept)
        atomic_fetch_add(&f->rejected, 1);
    return kept;
}

/* When its rows arrive: known only now that they do, so that none is stamped before what is read already. */
static void stamp(struct batch *b)
{
    int64_t now = clock_now_us();
    for (size_t i = 0; i < b->n; i++)
        row_stamp(b->rows.p + (i ? b->row_ends[i - 1] : 0), now);
}

static void write_token(const struct batch *b, size_t from, size_t to, char *out, size_t n)
{
    snprintf(out, n, "%lld-%lld-%zu-%zu", (long long)b->begin, (long long)b->end, from, to);
}

/* Does the store take the events of the batch that waits? When its turn comes, the token keeps it from
 * storing them again. False also when none waits. */
static bool next_is_taken(struct flusher *f)
{
    char token[96];
    struct err e = ERR_INIT;
    pthread_mutex_lock(&f->lock);
    struct batch *b = f->ready; /* it stays until this thread takes it */
    pthread_mutex_unlock(&f->lock);
    if (!b || !b->n)
        return false;
    stamp(b);
    write_token(b, 0, b->n, token, sizeof(token));
    return insert(f, rows_events, buf_view(&b->rows), str_of(token), &e) == 0;
}

/* Must these rows be tried apart? A refusal as data says so at once, one for a reason unknown when
 * it comes again and again; alone, a row is given up for that only when others are taken. */
static bool is_refused(struct attempt *a, const struct err *e, int tries, bool alone)
{
    if (e->kind == ERR_INVALID)
        return true;
    bool unknown = e->kind == ERR_INTERNAL || e->kind == ERR_TIMEOUT;
    if (!unknown || tries < TRIES)
        return false;
    if (alone && !a->taken)
        a->taken = next_is_taken(a->of);
    return !alone || a->taken;
}

/* Rows [from, to). One that is refused is looked for by halving. False: stopping. */
static bool insert_events(struct attempt *a, size_t from, size_t to)
{
    const struct batch *b = a->batch;
    char token[96];
    size_t at = from ? b->row_ends[from - 1] : 0;
    if (from == to)
        return true;
    str rows = str_slice(buf_view(&b->rows), at, b->row_ends[to - 1]);
    write_token(b, from, to, token, sizeof(token));
    for (int tries = 1;; tries++) {
        struct err e = ERR_INIT;
        int rc = insert(a->of, rows_events, rows, str_of(token), &e);
        a->taken = a->taken || rc == 0;
        if (rc == 0)
            return true;
        if (!is_refused(a, &e, tries, to - from == 1)) {
            if (!try_later(a->of, &e))
                return false;
            continue;
        }
        if (to - from == 1) {
            if (reject(a->of, rows, &e))
                return true;
            if (!try_later(a->of, &e))
                return false;
            continue;
        }
        size_t half = from + (to - from) / 2;
        return insert_events(a, from, half) && insert_events(a, half, to);
    }
}

static bool insert_all(struct flusher *f, struct batch *b)
{
    const struct {
        const char *into;
        str rows;
    } parts[] = { { rows_persons, b->persons },
                  { rows_ids, b->ids },
                  { rows_overrides, b->overrides },
                  { rows_groups, b->groups } };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        for (;;) {
            struct err e = ERR_INIT;
            if (insert(f, parts[i].into, parts[i].rows, STR(""), &e) == 0 ||
                (e.kind == ERR_INVALID && reject(f, parts[i].rows, &e)))
                break; /* the metadata store has them all; these are copies */
            if (!try_later(f, &e))
                return false;
        }
    stamp(b);
    struct attempt a = { .of = f, .batch = b };
    return insert_events(&a, 0, b->n);
}

/* -------------------------------------------------------------------------- hand-over */

/* Waits until the inserter can take it. False: it never will. */
static bool hand_over(struct flusher *f, struct batch *b)
{
    pthread_mutex_lock(&f->lock);
    while (f->ready && !f->gone)
        pthread_cond_wait(&f->moved, &f->lock);
    bool taken = !f->gone;
    if (taken)
        f->ready = b;
    pthread_cond_broadcast(&f->moved);
    pthread_mutex_unlock(&f->lock);
    return taken;
}

/* The next batch; NULL: none came for a while, or, *ended, none will come. */
static struct batch *take_over(struct flusher *f, bool *ended)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += IDLE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&f->lock);
    while (!f->ready && !f->prepared &&
           pthread_cond_timedwait(&f->moved, &f->lock, &until) != ETIMEDOUT)
        ;
    struct batch *b = TAKE(f->ready);
    *ended = !b && f->prepared;
    pthread_cond_broadcast(&f->moved);
    pthread_mutex_unlock(&f->lock);
    return b;
}

static void end_part(struct flusher *f, bool *part)
{
    pthread_mutex_lock(&f->lock);
    *part = true;
    pthread_cond_broadcast(&f->moved);
    pthread_mutex_unlock(&f->lock);
}

/* -------------------------------------------------------------------------- the threads */

/* One batch, if there is one. */
static int prepare_one(struct flusher *f, struct err *e)
{
    struct batch *b;
    long long none = 0;
    int rc = batcher_next(&f->batcher, &b, e);
    if (rc <= 0)
        return rc;
    if (!b->again) {
        atomic_fetch_add(&f->unknown, (long long)b->unknown);
        atomic_fetch_add(&f->diverted, (long long)b->diverted);
    }
    atomic_compare_exchange_strong(&f->oldest, &none, b->oldest);
    if (!hand_over(f, b))
        batch_free(b);
    return 0;
}

static void *prepare_all(void *cls)
{
    struct flusher *f = cls;
    while (!atomic_load(&f->stopping)) {
        struct err e = ERR_INIT;
        int64_t at = f->batcher.at;
        if (!journal_wait(f->cfg.journal, at, IDLE_MS))
            continue;
        journal_wait(f->cfg.journal, at + BATCH_BYTES, GATHER_MS); /* more: fewer, larger parts */
        if (prepare_one(f, &e) < 0) {
            log_error("cannot carry on the journal", "error", e.message, "detail", e.detail);
            journal_wait(f->cfg.journal, INT64_MAX, AGAIN_MS);
        }
    }
    end_part(f, &f->prepared);
    return NULL;
}

/* False: stopping, and the batch is left for the next start. */
static bool finish(struct flusher *f, const struct batch *b)
{
    struct err e = ERR_INIT;
    while (batch_finish(b, f->cfg.store, &e) < 0) {
        log_error("cannot carry on the journal", "error", e.message, "detail", e.detail);
        if (atomic_load(&f->stopping))
            return false;
        journal_wait(f->cfg.journal, INT64_MAX, AGAIN_MS);
        e = ERR_INIT;
    }
    atomic_store(&f->oldest, 0);
    atomic_store(&f->position, b->end);
    atomic_fetch_add(&f->events, (long long)b->n);
    atomic_fetch_add(&f->batches, 1);
    journal_forget(f->cfg.journal, b->end);
    return true;
}

/* Changes that people made; those that were not delivered with the request. */
static void deliver(struct flusher *f)
{
    struct err e = ERR_INIT;
    if (olap_ready(f->cfg.olap) &&
        deliver_changes(f->cfg.store, f->cfg.olap, atomic_load(&f->position), &e) < 0 &&
        e.kind != ERR_UNAVAILABLE)
        log_error("the event store does not take a change; it is tried again", "error", e.message,
                  "detail", e.detail);
}

static void *insert_each(void *cls)
{
    struct flusher *f = cls;
    bool ended = false, going = true;
    while (going && !ended) {
        deliver(f);
        struct batch *b = take_over(f, &ended);
        if (b) {
            atomic_store(&f->oldest, b->oldest);
            atomic_store(&f->inserting, clock_now_us());
            going = insert_all(f, b) && finish(f, b);
            if (going)
                atomic_store(&f->inserting, 0);
        }
        batch_free(b);
    }
    end_part(f, &f->gone);
    return NULL;
}

int flusher_start(const struct flush_config *cfg, struct flusher **out, struct err *e)
{
    struct flusher *f = calloc(1, sizeof(*f));
    pthread_condattr_t steady;
    BUG_ON(!f);
    f->cfg = *cfg;
    int rc = batcher_init(&f->batcher, cfg->journal, cfg->store, e);
    if (rc < 0) {
        free(f);
        return rc;
    }
    atomic_store(&f->position, f->batcher.at);
    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&f->moved, &steady);
    pthread_condattr_destroy(&steady);
    BUG_ON(pthread_create(&f->preparer, NULL, prepare_all, f));
    BUG_ON(pthread_create(&f->inserter, NULL, insert_each, f));
    *out = f;
    return 0;
}

void flusher_stop(struct flusher *f)
{
    atomic_store(&f->stopping, true);
    pthread_join(f->preparer, NULL);
    pthread_join(f->inserter, NULL);
    batch_free(f->ready); /* its plan is kept: it is read again */
    batcher_release(&f->batcher);
    pthread_cond_destroy(&f->moved);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

bool flusher_settled(const struct flusher *f, int64_t us)
{
    int64_t since = atomic_load(&f->inserting);
    return clock_now_us() >= us && (!since || since >= us);
}

void flusher_counts(struct flusher *f, struct flush_counts *out)
{
    *out = (struct flush_counts){
        .events = atomic_load(&f->events),
        .batches = atomic_load(&f->batches),
        .rejected = atomic_load(&f->rejected),
        .unknown = atomic_load(&f->unknown),
        .diverted = atomic_load(&f->diverted),
        .behind = journal_end(f->cfg.journal) - atomic_load(&f->position),
        .oldest = atomic_load(&f->oldest),
    };
}
