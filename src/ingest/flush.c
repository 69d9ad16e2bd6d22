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
#include "base/map.h"
#include "ingest/definitions.h"
#include "ingest/deliver.h"
#include "ingest/payload.h"
#include "ingest/people.h"
#include "ingest/rows.h"
#include "model/access.h"

#define BATCH_EVENTS 10000
#define BATCH_BYTES (16 << 20) /* of bodies; a record is never split */
#define GATHER_MS 150          /* a batch that is not full waits so long for more */
#define RETRY_MS 200
#define TRIES 10 /* of an insert that fails for a reason unknown, before its rows are tried apart */
#define ROWS_BYTES (1u << 30)

struct flusher {
    struct flush_config cfg;
    pthread_t thread;
    atomic_bool stopping;
    struct definitions definitions;
    atomic_llong events, batches, rejected, unknown, diverted, oldest, position;
};

/* What ingest_mark holds. */
struct mark {
    int64_t position, end; /* end 0: no batch under way */
    str persons, ids, overrides, groups;
};

/* The project behind a token. */
struct target {
    int64_t team_id; /* 0: there is none */
    bool anonymize_ips;
};

struct batch {
    struct flusher *f;
    struct arena *arena;
    struct mark mark;
    struct event *first, **tail;
    size_t n;
    struct buf rows;
    size_t *row_ends; /* offsets in rows, one an event */
    bool taken; /* some of the rows are in the event store */
    struct map tokens; /* token -> struct target */
};

/* -------------------------------------------------------------------------- the mark */

static int read_mark(struct db *d, struct arena *a, struct mark *m, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT position, batch_end, persons, ids, overrides, groups"
                     " FROM ingest_mark WHERE id = 1",
                     "");
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    *m = (struct mark){ stmt_i64(st, 0),    stmt_i64(st, 1),    stmt_str(st, a, 2),
                        stmt_str(st, a, 3), stmt_str(st, a, 4), stmt_str(st, a, 5) };
    stmt_end(st);
    return 0;
}

static int write_plan(struct db *d, int64_t end, const struct people *p, struct err *e)
{
    return db_run(d, e,
                  "UPDATE ingest_mark SET batch_end = ?, persons = ?, ids = ?, overrides = ?,"
                  " groups = ? WHERE id = 1",
                  "ixxxx", end, buf_view(&p->person_rows), buf_view(&p->id_rows),
                  buf_view(&p->override_rows), buf_view(&p->group_rows));
}

static int move_mark(struct db *d, int64_t to, struct err *e)
{
    return db_run(d, e,
                  "UPDATE ingest_mark SET position = ?, batch_end = NULL, persons = NULL,"
                  " ids = NULL, overrides = NULL, groups = NULL WHERE id = 1",
                  "i", to);
}

/* -------------------------------------------------------------------------- reading */

static int target_of(struct batch *b, struct db *d, str token, const struct target **out,
                     struct err *e)
{
    struct target *known = map_get(&b->tokens, token);
    if (!known) {
        struct project p = { 0 };
        int rc = project_find_token(d, b->arena, token, &p, e);
        if (rc < 0)
            return rc;
        known = arena_new_of(b->arena, struct target);
        *known = (struct target){ p.id, p.anonymize_ips };
        *map_at(&b->tokens, token) = known;
    }
    *out = known;
    return 0;
}

/* The record's events, at the end of the list. Those of tokens that no project has vanish. */
static int add_events(struct batch *b, struct db *d, const struct journal_record *r,
                      int64_t place, struct err *e)
{
    struct payload p;
    struct err bad = ERR_INIT;
    const struct target *to = NULL;
    size_t nth = 0;
    if (payload_parse(b->arena, r->body, r->kind == RECORD_ENGAGE, &p, &bad) < 0) {
        log_error("a journalled request does not parse", "error", bad.message);
        return 0;
    }
    int rc = target_of(b, d, p.token, &to, e);
    if (rc == 0 && !to->team_id && !b->mark.end)
        atomic_fetch_add(&b->f->unknown, (long long)p.n);
    if (rc < 0 || !to->team_id)
        return rc;
    for (const struct json *sent = p.events; sent; sent = sent->next, nth++) {
        *b->tail = event_make(b->arena, to->team_id, r, r->sent_at, place, nth, sent);
        if (to->anonymize_ips)
            json_remove((*b->tail)->properties, STR("$ip"));
        b->tail = &(*b->tail)->next;
        b->n++;
    }
    return 0;
}

/* Reads records from the mark on, up to the planned end or a full batch; *end is where it stopped. */
static int gather(struct batch *b, struct db *d, int64_t *end, struct err *e)
{
    int64_t pos = b->mark.position;
    struct journal_record r;
    size_t bytes = 0;
    while (b->mark.end ? pos < b->mark.end : b->n < BATCH_EVENTS && bytes < BATCH_BYTES) {
        int64_t place = pos;
        int rc = journal_read(b->f->cfg.journal, b->arena, &pos, &r, e);
        if (rc == 0)
            break;
        if (rc > 0 && place == b->mark.position)
            atomic_store(&b->f->oldest, r.now);
        if (rc > 0)
            rc = add_events(b, d, &r, place, e);
        if (rc < 0)
            return rc;
        bytes += r.body.n;
    }
    *end = pos;
    return 0;
}

/* -------------------------------------------------------------------------- persons and rows */

static int apply_all(struct batch *b, struct people *p, struct err *e)
{
    int rc = 0;
    size_t kept = 0;
    b->row_ends = arena_alloc(b->arena, (b->n + 1) * sizeof(*b->row_ends));
    for (struct event *ev = b->first; ev && rc == 0; ev = ev->next) {
        rc = people_apply(p, ev, e);
        if (rc == 0 && ev->dropped && !p->resolve_only)
            atomic_fetch_add(&b->f->diverted, 1);
        if (rc < 0 || ev->dropped)
            continue;
        if (!p->resolve_only)
            rc = definitions_learn(&b->f->definitions, p->db, ev, e);
        row_event(&b->rows, ev);
        b->row_ends[kept++] = b->rows.n;
    }
    b->n = kept;
    if (rc == 0 && b->rows.full)
        return err_internal(e, "a batch makes too many bytes");
    return rc;
}

static int apply_and_plan(struct batch *b, struct db *d, struct people *p, int64_t end,
                          struct err *e)
{
    int rc = db_begin(d, e);
    if (rc == 0)
        rc = apply_all(b, p, e);
    if (rc == 0)
        rc = people_finish(p, e);
    if (rc == 0)
        rc = write_plan(d, end, p, e);
    if (rc == 0)
        rc = db_commit(d, e);
    if (rc < 0) {
        db_rollback(d);
        definitions_forget(&b->f->definitions);
        return rc;
    }
    b->mark.persons = arena_str(b->arena, buf_view(&p->person_rows));
    b->mark.ids = arena_str(b->arena, buf_view(&p->id_rows));
    b->mark.overrides = arena_str(b->arena, buf_view(&p->override_rows));
    b->mark.groups = arena_str(b->arena, buf_view(&p->group_rows));
    b->mark.end = end;
    return 0;
}

static int prepare(struct batch *b, struct db *d, struct err *e)
{
    struct people p;
    int64_t end = 0;
    int rc = read_mark(d, b->arena, &b->mark, e);
    bool again = b->mark.end != 0;
    if (rc == 0)
        rc = gather(b, d, &end, e);
    if (rc < 0 || end == b->mark.position)
        return rc;
    people_begin(&p, b->arena, d, again);
    rc = again ? apply_all(b, &p, e) : apply_and_plan(b, d, &p, end, e);
    people_release(&p);
    return rc;
}

/* -------------------------------------------------------------------------- inserting */

static int insert(struct batch *b, const char *into, str rows, str token, struct err *e)
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
    int rc = olap_run(b->f->cfg.olap, &q, NULL, e);
    buf_release(&sql);
    return rc;
}

/* The store is away, full or slow: the same batch again, later. Until the server stops. */
static bool try_later(struct batch *b, const struct err *e)
{
    struct timespec pause = { 0, RETRY_MS * 1000000L };
    if (atomic_load(&b->f->stopping))
        return false;
    if (e->kind != ERR_UNAVAILABLE)
        log_warn("the event store did not take a batch; it is tried again", "error", e->message,
                 "detail", e->detail);
    if (!olap_wait_ready(b->f->cfg.olap, 1000) || e->kind != ERR_UNAVAILABLE)
        nanosleep(&pause, NULL);
    return !atomic_load(&b->f->stopping);
}

/* Rows that no store would take: kept in a file, so that the others can go on. False: they could not
 * be kept. */
static bool reject(struct batch *b, str rows, const struct err *why)
{
    int fd = open(b->f->cfg.rejects, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bool kept = fd >= 0 && write(fd, rows.p, rows.n) == (ssize_t)rows.n && fsync(fd) == 0;
    log_error("the event store refuses rows; they are kept aside", "file", b->f->cfg.rejects,
              "error", why->message, "detail", why->detail, "kept", kept ? "yes" : "no");
    if (fd >= 0)
        close(fd);
    if (kept)
        atomic_fetch_add(&b->f->rejected, 1);
    return kept;
}

/* Must these rows be tried apart? A refusal as data says so at once, one for a reason unknown when
 * it comes again and again; alone, a row is given up for that only when others were taken. */
static bool is_refused(const struct batch *b, const struct err *e, int tries, bool alone)
{
    if (e->kind == ERR_INVALID)
        return true;
    bool unknown = e->kind == ERR_INTERNAL || e->kind == ERR_TIMEOUT;
    return unknown && tries >= TRIES && (!alone || b->taken);
}

/* Rows [from, to). One that is refused is looked for by halving. False: stopping. */
static bool insert_events(struct batch *b, size_t from, size_t to)
{
    char token[96];
    size_t at = from ? b->row_ends[from - 1] : 0;
    if (from == to)
        return true;
    str rows = str_slice(buf_view(&b->rows), at, b->row_ends[to - 1]);
    int n = snprintf(token, sizeof(token), "%lld-%lld-%zu-%zu", (long long)b->mark.position,
                     (long long)b->mark.end, from, to);
    for (int tries = 1;; tries++) {
        struct err e = ERR_INIT;
        int rc = insert(b, rows_events, rows, (str){ token, (size_t)n }, &e);
        b->taken = b->taken || rc == 0;
        if (rc == 0)
            return true;
        if (!is_refused(b, &e, tries, to - from == 1)) {
            if (!try_later(b, &e))
                return false;
            continue;
        }
        if (to - from == 1) {
            if (reject(b, rows, &e))
                return true;
            if (!try_later(b, &e))
                return false;
            continue;
        }
        size_t half = from + (to - from) / 2;
        return insert_events(b, from, half) && insert_events(b, half, to);
    }
}

static bool insert_all(struct batch *b)
{
    const struct {
        const char *into;
        str rows;
    } parts[] = { { rows_persons, b->mark.persons },
                  { rows_ids, b->mark.ids },
                  { rows_overrides, b->mark.overrides },
                  { rows_groups, b->mark.groups } };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        for (;;) {
            struct err e = ERR_INIT;
            if (insert(b, parts[i].into, parts[i].rows, STR(""), &e) == 0 ||
                (e.kind == ERR_INVALID && reject(b, parts[i].rows, &e)))
                break; /* the metadata store has them all; these are copies */
            if (!try_later(b, &e))
                return false;
        }
    return insert_events(b, 0, b->n);
}

/* -------------------------------------------------------------------------- the thread */

static int finish(struct batch *b, struct err *e)
{
    struct db *d = store_take(b->f->cfg.store);
    int rc = move_mark(d, b->mark.end, e);
    store_give(d);
    if (rc < 0)
        return rc;
    atomic_store(&b->f->oldest, 0);
    atomic_store(&b->f->position, b->mark.end);
    atomic_fetch_add(&b->f->events, (long long)b->n);
    atomic_fetch_add(&b->f->batches, 1);
    journal_forget(b->f->cfg.journal, b->mark.end);
    return 0;
}

/* One batch, if there is one. Returns a negative error to be tried again. */
static int flush_once(struct flusher *f, struct err *e)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct batch b = { .f = f, .arena = a, .rows = BUF_INIT(ROWS_BYTES), .tokens = MAP_INIT(a) };
    b.tail = &b.first;
    struct db *d = store_take(f->cfg.store);
    int rc = prepare(&b, d, e);
    store_give(d);
    if (rc == 0 && b.mark.end && insert_all(&b))
        rc = finish(&b, e);
    buf_release(&b.rows);
    return rc;
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

static bool full_batch_waits(struct flusher *f)
{
    return journal_end(f->cfg.journal) - atomic_load(&f->position) > BATCH_BYTES;
}

static void *flush_all(void *cls)
{
    struct flusher *f = cls;
    while (!atomic_load(&f->stopping)) {
        struct err e = ERR_INIT;
        int64_t at = atomic_load(&f->position);
        deliver(f);
        if (!journal_wait(f->cfg.journal, at, 500))
            continue;
        if (!full_batch_waits(f)) /* for more, to make fewer and larger parts */
            journal_wait(f->cfg.journal, at + BATCH_BYTES, GATHER_MS);
        if (flush_once(f, &e) < 0) {
            log_error("cannot carry on the journal", "error", e.message, "detail", e.detail);
            journal_wait(f->cfg.journal, INT64_MAX, 1000);
        }
    }
    return NULL;
}

int flusher_start(const struct flush_config *cfg, struct flusher **out, struct err *e)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct flusher *f = calloc(1, sizeof(*f));
    struct mark m;
    BUG_ON(!f);
    f->cfg = *cfg;
    struct db *d = store_take(cfg->store);
    int rc = read_mark(d, a, &m, e);
    if (rc == 0 && m.position > journal_end(cfg->journal)) { /* the journal was taken away */
        log_warn("the journal is older than the mark; it is read from its begin");
        m.position = journal_begin(cfg->journal);
        rc = move_mark(d, m.position, e);
    }
    store_give(d);
    if (rc < 0) {
        free(f);
        return rc;
    }
    /* A batch under way counts as unread even when nothing follows it. */
    atomic_store(&f->position, m.position);
    definitions_init(&f->definitions);
    BUG_ON(pthread_create(&f->thread, NULL, flush_all, f));
    *out = f;
    return 0;
}

void flusher_stop(struct flusher *f)
{
    atomic_store(&f->stopping, true);
    pthread_join(f->thread, NULL);
    definitions_release(&f->definitions);
    free(f);
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
