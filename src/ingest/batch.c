/* batch.c - see batch.h. */
#include "ingest/batch.h"

#include "base/log.h"
#include "base/map.h"
#include "ingest/payload.h"
#include "ingest/people.h"
#include "ingest/rows.h"
#include "model/access.h"

#define BATCH_EVENTS 10000
#define ROWS_BYTES (1u << 30)

/* The project behind a token. */
struct target {
    int64_t team_id; /* 0: there is none */
    bool anonymize_ips;
};

/* A batch in the making: its events are let go once their rows are written. */
struct making {
    struct batcher *of;
    struct batch *batch;
    struct arena *arena;
    struct db *db;
    struct event *first, **tail;
    size_t n;
    struct map tokens; /* token -> struct target */
};

/* -------------------------------------------------------------------------- plans */

/* The plan that begins at b->begin, if there is one: 1. */
static int read_plan(struct db *d, struct batch *b, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, b->arena, &st, e,
                     "SELECT end, persons, ids, overrides, groups FROM ingest_batch"
                     " WHERE begin = ?",
                     "i", b->begin);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    b->again = true;
    b->end = stmt_i64(st, 0);
    b->persons = stmt_str(st, b->arena, 1);
    b->ids = stmt_str(st, b->arena, 2);
    b->overrides = stmt_str(st, b->arena, 3);
    b->groups = stmt_str(st, b->arena, 4);
    stmt_end(st);
    return 1;
}

static int write_plan(struct db *d, const struct batch *b, struct err *e)
{
    return db_run(d, e,
                  "INSERT INTO ingest_batch (begin, end, persons, ids, overrides, groups)"
                  " VALUES (?, ?, ?, ?, ?, ?)",
                  "iixxxx", b->begin, b->end, b->persons, b->ids, b->overrides, b->groups);
}

/* The mark moves to `to`, what is planned from `begin` on to `end` is forgotten. */
static int move_mark(struct store *s, int64_t to, int64_t begin, int64_t end, struct err *e)
{
    struct db *d = store_take(s);
    int rc = db_begin(d, e);
    if (rc == 0)
        rc = db_run(d, e, "UPDATE ingest_mark SET position = ? WHERE id = 1", "i", to);
    if (rc == 0)
        rc = db_run(d, e, "DELETE FROM ingest_batch WHERE begin >= ? AND begin < ?", "ii", begin, end);
    if (rc == 0)
        rc = db_commit(d, e);
    if (rc < 0)
        db_rollback(d);
    store_give(d);
    return rc;
}

/* -------------------------------------------------------------------------- reading */

static int target_of(struct making *m, str token, const struct target **out, struct err *e)
{
    struct target *known = map_get(&m->tokens, token);
    if (!known) {
        struct project p = { 0 };
        int rc = project_find_token(m->db, m->arena, token, &p, e);
        if (rc < 0)
            return rc;
        known = arena_new_of(m->arena, struct target);
        *known = (struct target){ p.id, p.anonymize_ips };
        *map_at(&m->tokens, token) = known;
    }
    *out = known;
    return 0;
}

/* The record's events, at the end of the list. Those of tokens that no project has vanish. */
static int add_events(struct making *m, const struct journal_record *r, int64_t place,
                      struct err *e)
{
    struct payload p;
    struct err bad = ERR_INIT;
    const struct target *to = NULL;
    size_t nth = 0;
    if (payload_parse(m->arena, r->body, r->kind == RECORD_ENGAGE, &p, &bad) < 0) {
        log_error("a journalled request does not parse", "error", bad.message);
        return 0;
    }
    int rc = target_of(m, p.token, &to, e);
    if (rc < 0)
        return rc;
    if (!to->team_id) {
        m->batch->unknown += p.n;
        return 0;
    }
    for (const struct json *sent = p.events; sent; sent = sent->next, nth++) {
        *m->tail = event_make(m->arena, to->team_id, r, r->sent_at, place, nth, sent);
        if (to->anonymize_ips)
            json_remove((*m->tail)->properties, STR("$ip"));
        m->tail = &(*m->tail)->next;
        m->n++;
    }
    return 0;
}

/* Reads records up to the planned end or a full batch, and sets the batch's end. */
static int gather(struct making *m, struct err *e)
{
    struct batch *b = m->batch;
    int64_t pos = b->begin;
    size_t bytes = 0;
    while (b->again ? pos < b->end : m->n < BATCH_EVENTS && bytes < BATCH_BYTES) {
        struct journal_record r;
        int64_t place = pos;
        int rc = journal_read(m->of->journal, m->arena, &pos, &r, e);
        if (rc == 0)
            break;
        if (rc > 0 && !b->oldest)
            b->oldest = r.now;
        if (rc > 0)
            rc = add_events(m, &r, place, e);
        if (rc < 0)
            return rc;
        bytes += r.body.n;
    }
    b->end = b->again ? b->end : pos;
    return 0;
}

/* -------------------------------------------------------------------------- persons and rows */

static int apply_all(struct making *m, struct people *p, struct err *e)
{
    struct batch *b = m->batch;
    int rc = 0;
    b->row_ends = arena_alloc(b->arena, (m->n + 1) * sizeof(*b->row_ends));
    for (struct event *ev = m->first; ev && rc == 0; ev = ev->next) {
        rc = people_apply(p, ev, e);
        b->diverted += rc == 0 && ev->dropped;
        if (rc < 0 || ev->dropped)
            continue;
        if (!p->resolve_only)
            rc = definitions_learn(&m->of->definitions, p->db, ev, e);
        row_event(&b->rows, ev);
        b->row_ends[b->n++] = b->rows.n;
    }
    if (rc == 0 && b->rows.full)
        return err_internal(e, "a batch makes too many bytes");
    return rc;
}

static int apply_and_plan(struct making *m, struct people *p, struct err *e)
{
    struct batch *b = m->batch;
    int rc = db_begin(m->db, e);
    if (rc == 0)
        rc = apply_all(m, p, e);
    if (rc == 0)
        rc = people_finish(p, e);
    if (rc == 0) {
        b->persons = arena_str(b->arena, buf_view(&p->person_rows));
        b->ids = arena_str(b->arena, buf_view(&p->id_rows));
        b->overrides = arena_str(b->arena, buf_view(&p->override_rows));
        b->groups = arena_str(b->arena, buf_view(&p->group_rows));
        rc = write_plan(m->db, b, e);
    }
    if (rc == 0)
        rc = db_commit(m->db, e);
    if (rc < 0) {
        db_rollback(m->db);
        definitions_forget(&m->of->definitions);
    }
    return rc;
}

/* 1: it has something. */
static int make(struct making *m, struct err *e)
{
    struct batch *b = m->batch;
    struct people p;
    int rc = m->of->planned ? read_plan(m->db, b, e) : 0;
    if (rc >= 0)
        rc = gather(m, e);
    if (rc < 0 || b->end == b->begin)
        return rc;
    people_begin(&p, m->arena, m->db, b->again);
    rc = b->again ? apply_all(m, &p, e) : apply_and_plan(m, &p, e);
    people_release(&p);
    return rc < 0 ? rc : 1;
}

/* -------------------------------------------------------------------------- for others */

int batcher_init(struct batcher *m, struct journal *j, struct store *s, struct err *e)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct stmt *st;
    *m = (struct batcher){ .journal = j, .store = s, .planned = true };
    struct db *d = store_take(s);
    int rc = db_open(d, a, &st, e, "SELECT position FROM ingest_mark WHERE id = 1", "");
    if (rc == 0 && (rc = stmt_step(st, e)) > 0) {
        m->at = stmt_i64(st, 0);
        stmt_end(st);
        rc = 0;
    }
    store_give(d);
    if (rc == 0 && m->at > journal_end(j)) {
        log_warn("the journal is older than the mark; it is read from its begin");
        m->at = journal_begin(j);
        rc = move_mark(s, m->at, 0, INT64_MAX, e);
    }
    if (rc == 0)
        definitions_init(&m->definitions);
    return rc;
}

void batcher_release(struct batcher *m)
{
    definitions_release(&m->definitions);
}

int batcher_next(struct batcher *m, struct batch **out, struct err *e)
{
    _cleanup_(arena_freep) struct arena *a = arena_new(), *kept = arena_new();
    struct batch *b = arena_new_of(kept, struct batch);
    struct making making = { .of = m, .batch = b, .arena = a, .tokens = MAP_INIT(a) };
    *b = (struct batch){ .begin = m->at, .rows = BUF_INIT(ROWS_BYTES), .arena = TAKE(kept) };
    making.tail = &making.first;
    making.db = store_take(m->store);
    int rc = make(&making, e);
    store_give(making.db);
    if (rc >= 0)
        m->planned = b->again;
    if (rc <= 0) {
        batch_free(b);
        return rc;
    }
    m->at = b->end;
    *out = b;
    return 1;
}

int batch_finish(const struct batch *b, struct store *s, struct err *e)
{
    return move_mark(s, b->end, b->begin, b->end, e);
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    buf_release(&b->rows);
    arena_free(b->arena);
}
