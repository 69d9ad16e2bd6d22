/* store.c - see store.h. */
#include "store/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fold.h"

#define POOL 8
#define CACHE_SETS 64 /* prepared statements kept by a connection, in sets by their texts' addresses */
#define CACHE_WAYS 4

struct db {
    sqlite3 *h;
    sqlite3_stmt *cache[CACHE_SETS][CACHE_WAYS]; /* idle statements */
    unsigned next_way;                           /* the one to give up in a full set */
    struct stmt *open; /* statements that have not ended */
    struct store *store;
    bool taken;
    bool snapshot; /* the transaction under way is db_snapshot's */
};

struct store {
    struct db pool[POOL];
    pthread_mutex_t lock; /* guards taken */
    pthread_cond_t given;
};

struct stmt {
    sqlite3_stmt *h; /* NULL once it ended */
    struct db *db;
    const char *sql;
    struct stmt *next; /* in db.open */
};

struct migration {
    int version;
    const char *begin, *end;
};

/* The text of a migration, taken into the binary as it stands. */
#define MIGRATION(name)                                                                  \
    extern const char name[], name##_end[];                                              \
    __asm__(".section .rodata\n" #name ":\n.incbin \"src/store/migrations/" #name ".sql\"\n" \
            #name "_end:\n.byte 0\n.text\n")

MIGRATION(m0001_access);
MIGRATION(m0002_dashboard);
MIGRATION(m0003_collaborator);
MIGRATION(m0004_login);
MIGRATION(m0005_ingest);
MIGRATION(m0006_settings);
MIGRATION(m0007_insight);
MIGRATION(m0008_change);
MIGRATION(m0009_list_version);
MIGRATION(m0010_action);
MIGRATION(m0011_ingest_batch);
MIGRATION(m0012_path_cleaning);
MIGRATION(m0013_cohort);
MIGRATION(m0014_integration);
MIGRATION(m0015_cohort_query);
MIGRATION(m0016_insight_variable);
MIGRATION(m0017_sharing);
MIGRATION(m0018_batch_export);
MIGRATION(m0019_dashboard_template);
MIGRATION(m0020_conversation);
MIGRATION(m0021_person_overrides);
MIGRATION(m0022_access_control);
MIGRATION(m0023_model_request);
MIGRATION(m0024_export_backfill_rows);
MIGRATION(m0025_history);
MIGRATION(m0026_model_setting);

static const struct migration migrations[] = {
    { 1, m0001_access, m0001_access_end },
    { 2, m0002_dashboard, m0002_dashboard_end },
    { 3, m0003_collaborator, m0003_collaborator_end },
    { 4, m0004_login, m0004_login_end },
    { 5, m0005_ingest, m0005_ingest_end },
    { 6, m0006_settings, m0006_settings_end },
    { 7, m0007_insight, m0007_insight_end },
    { 8, m0008_change, m0008_change_end },
    { 9, m0009_list_version, m0009_list_version_end },
    { 10, m0010_action, m0010_action_end },
    { 11, m0011_ingest_batch, m0011_ingest_batch_end },
    { 12, m0012_path_cleaning, m0012_path_cleaning_end },
    { 13, m0013_cohort, m0013_cohort_end },
    { 14, m0014_integration, m0014_integration_end },
    { 15, m0015_cohort_query, m0015_cohort_query_end },
    { 16, m0016_insight_variable, m0016_insight_variable_end },
    { 17, m0017_sharing, m0017_sharing_end },
    { 18, m0018_batch_export, m0018_batch_export_end },
    { 19, m0019_dashboard_template, m0019_dashboard_template_end },
    { 20, m0020_conversation, m0020_conversation_end },
    { 21, m0021_person_overrides, m0021_person_overrides_end },
    { 22, m0022_access_control, m0022_access_control_end },
    { 23, m0023_model_request, m0023_model_request_end },
    { 24, m0024_export_backfill_rows, m0024_export_backfill_rows_end },
    { 25, m0025_history, m0025_history_end },
    { 26, m0026_model_setting, m0026_model_setting_end },
};

static int fail(struct db *d, struct err *e, const char *what)
{
    int code = sqlite3_errcode(d->h);
    if (code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_IOERR) {
        err_set(e, ERR_UNAVAILABLE, NULL, NULL);
        snprintf(e->detail, sizeof(e->detail), "%s: %s", what, sqlite3_errmsg(d->h));
        return e->kind;
    }
    int exact = sqlite3_extended_errcode(d->h);
    if (exact == SQLITE_CONSTRAINT_UNIQUE || exact == SQLITE_CONSTRAINT_PRIMARYKEY)
        return err_set(e, ERR_UNIQUE, NULL, NULL);
    return err_internal(e, "%s: %s", what, sqlite3_errmsg(d->h));
}

static int exec(struct db *d, const char *sql, struct err *e)
{
    return sqlite3_exec(d->h, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(d, e, sql);
}

int store_newest_schema(void)
{
    return migrations[ARRAY_LEN(migrations) - 1].version;
}

static int migrate(struct db *d, struct err *e)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "PRAGMA user_version", "");
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    int64_t have = stmt_i64(st, 0), newest = store_newest_schema();
    stmt_end(st);
    if (have > newest)
        return err_set(e, ERR_INVALID, NULL,
                       "this folder was written by a newer hoglet (schema %lld, ours is %lld)",
                       (long long)have, (long long)newest);
    for (size_t i = 0; i < ARRAY_LEN(migrations); i++) {
        const struct migration *m = &migrations[i];
        if (m->version <= have)
            continue;
        str text = { m->begin, (size_t)(m->end - m->begin) };
        str all = arena_printf(a, "BEGIN IMMEDIATE;" STR_FMT ";PRAGMA user_version=%d;COMMIT",
                               STR_ARG(text), m->version);
        rc = exec(d, all.p, e);
        if (rc < 0) {
            db_rollback(d);
            return rc;
        }
    }
    return 0;
}

/* fold(text): lower case of every alphabet, which lower() has of ASCII only. */
static void fold(sqlite3_context *c, int n, sqlite3_value **args)
{
    (void)n;
    const char *p = (const char *)sqlite3_value_text(args[0]);
    if (!p)
        return;
    size_t len = (size_t)sqlite3_value_bytes(args[0]);
    char *out = sqlite3_malloc64(len * 3 + 1);
    BUG_ON(!out);
    sqlite3_result_text64(c, out, fold_lower_into((str){ p, len }, out), sqlite3_free,
                          SQLITE_UTF8);
}

static int connect_one(struct db *d, const char *path, bool create, struct err *e)
{
    int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(path, &d->h, flags, NULL) != SQLITE_OK) {
        err_set(e, ERR_INVALID, NULL, "cannot open %s: %s", path, sqlite3_errmsg(d->h));
        return e->kind;
    }
    sqlite3_busy_timeout(d->h, 10000);
    /* plans that do not depend on bound values: else new values mean a new preparation */
    sqlite3_db_config(d->h, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    BUG_ON(sqlite3_create_function_v2(d->h, "fold", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                      fold, NULL, NULL, NULL) != SQLITE_OK);
    return exec(d, "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON", e);
}

int store_open(const char *path, bool create, struct store **out, struct err *e)
{
    struct store *s = calloc(1, sizeof(*s));
    BUG_ON(!s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->given, NULL);
    int rc = 0;
    for (int i = 0; i < POOL && rc == 0; i++) {
        s->pool[i].store = s;
        rc = connect_one(&s->pool[i], path, create && i == 0, e);
        if (rc == 0 && i == 0)
            rc = migrate(&s->pool[0], e);
    }
    if (rc < 0) {
        store_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    for (int i = 0; i < POOL; i++) {
        for (int k = 0; k < CACHE_SETS * CACHE_WAYS; k++)
            sqlite3_finalize(s->pool[i].cache[k / CACHE_WAYS][k % CACHE_WAYS]);
        sqlite3_close(s->pool[i].h);
    }
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->given);
    free(s);
}

static struct db *idle(struct store *s)
{
    for (int i = 0; i < POOL; i++)
        if (!s->pool[i].taken)
            return &s->pool[i];
    return NULL;
}

struct db *store_take(struct store *s)
{
    struct db *d;
    pthread_mutex_lock(&s->lock);
    while (!(d = idle(s)))
        pthread_cond_wait(&s->given, &s->lock);
    d->taken = true;
    pthread_mutex_unlock(&s->lock);
    return d;
}

void store_give(struct db *d)
{
    while (d->open)
        stmt_end(d->open);
    BUG_ON(!sqlite3_get_autocommit(d->h));
    pthread_mutex_lock(&d->store->lock);
    d->taken = false;
    pthread_cond_signal(&d->store->given);
    pthread_mutex_unlock(&d->store->lock);
}

void store_counts(struct store *s, int *busy, int *all)
{
    *busy = 0;
    *all = POOL;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < POOL; i++)
        *busy += s->pool[i].taken;
    pthread_mutex_unlock(&s->lock);
}

static void bind_all(sqlite3_stmt *h, const char *types, va_list ap)
{
    for (int i = 1; *types; types++, i++) {
        switch (*types) {
        case 's': {
            str s = va_arg(ap, str);
            if (s.p)
                sqlite3_bind_text64(h, i, s.p, s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
            break;
        }
        case 'x': {
            str s = va_arg(ap, str);
            if (s.p)
                sqlite3_bind_blob64(h, i, s.p, s.n, SQLITE_TRANSIENT);
            break;
        }
        case 't': {
            int64_t t = va_arg(ap, int64_t);
            if (t != INT64_MIN)
                sqlite3_bind_int64(h, i, t);
            break;
        }
        case 'i':
            sqlite3_bind_int64(h, i, va_arg(ap, int64_t));
            break;
        case 'b':
            sqlite3_bind_int64(h, i, va_arg(ap, int) != 0);
            break;
        default:
            BUG_ON(true);
        }
    }
}

static sqlite3_stmt **set_of(struct db *d, const char *sql)
{
    uint64_t hash = (uint64_t)(uintptr_t)sql * 0x9E3779B97F4A7C15u;
    return d->cache[hash >> 58];
}

/* Takes the statement out of the cache, or makes it. */
static int prepare(struct db *d, sqlite3_stmt **h, struct err *e, const char *sql)
{
    sqlite3_stmt **set = set_of(d, sql);
    for (int i = 0; i < CACHE_WAYS; i++)
        if (set[i] && strcmp(sqlite3_sql(set[i]), sql) == 0) {
            *h = TAKE(set[i]);
            return 0;
        }
    return sqlite3_prepare_v3(d->h, sql, -1, SQLITE_PREPARE_PERSISTENT, h, NULL) == SQLITE_OK
               ? 0
               : fail(d, e, sql);
}

/* Puts it back under the address it was asked for. */
static void unprepare(struct db *d, sqlite3_stmt *h, const char *sql)
{
    sqlite3_stmt **set = set_of(d, sql), **slot = NULL;
    sqlite3_reset(h);
    sqlite3_clear_bindings(h);
    for (int i = 0; i < CACHE_WAYS && !slot; i++)
        if (!set[i])
            slot = &set[i];
    if (!slot)
        slot = &set[d->next_way++ % CACHE_WAYS];
    sqlite3_finalize(*slot);
    *slot = h;
}

static int end_snapshot(struct db *d, struct err *e);

int db_run(struct db *d, struct err *e, const char *sql, const char *types, ...)
{
    sqlite3_stmt *h;
    int rc = prepare(d, &h, e, sql);
    if (rc == 0 && d->snapshot && !sqlite3_stmt_readonly(h)) {
        rc = end_snapshot(d, e);
        if (rc < 0)
            unprepare(d, h, sql);
    }
    if (rc < 0)
        return rc;
    va_list ap;
    va_start(ap, types);
    bind_all(h, types, ap);
    va_end(ap);
    int got;
    do
        got = sqlite3_step(h);
    while (got == SQLITE_ROW);
    rc = got == SQLITE_DONE ? 0 : fail(d, e, sql);
    unprepare(d, h, sql);
    return rc;
}

void stmt_end(struct stmt *st)
{
    if (!st->h)
        return;
    struct stmt **at = &st->db->open;
    while (*at != st)
        at = &(*at)->next;
    *at = st->next;
    unprepare(st->db, TAKE(st->h), st->sql);
}

int db_open(struct db *d, struct arena *a, struct stmt **out, struct err *e, const char *sql,
            const char *types, ...)
{
    struct stmt *st = arena_new_of(a, struct stmt);
    st->db = d;
    st->sql = sql;
    int rc = prepare(d, &st->h, e, sql);
    if (rc < 0)
        return rc;
    st->next = d->open;
    d->open = st;
    va_list ap;
    va_start(ap, types);
    bind_all(st->h, types, ap);
    va_end(ap);
    *out = st;
    return 0;
}

int64_t db_last_id(const struct db *d)
{
    return sqlite3_last_insert_rowid(d->h);
}

int db_changes(const struct db *d)
{
    return sqlite3_changes(d->h);
}

int db_snapshot(struct db *d, struct err *e)
{
    if (!sqlite3_get_autocommit(d->h))
        return 0;
    int rc = db_run(d, e, "BEGIN", "");
    d->snapshot = rc == 0;
    return rc;
}

/* Before a write: a snapshot taken earlier could not see what others wrote since, nor write. */
static int end_snapshot(struct db *d, struct err *e)
{
    if (!d->snapshot)
        return 0;
    d->snapshot = false;
    return db_run(d, e, "COMMIT", "");
}

int db_begin(struct db *d, struct err *e)
{
    int rc = end_snapshot(d, e);
    return rc < 0 ? rc : db_run(d, e, "BEGIN IMMEDIATE", "");
}

int db_commit(struct db *d, struct err *e)
{
    int rc = db_run(d, e, "COMMIT", "");
    if (rc < 0)
        db_rollback(d);
    return rc;
}

void db_rollback(struct db *d)
{
    struct err ignored = ERR_INIT; /* a transaction that cannot be rolled back is over already */
    d->snapshot = false;
    if (!sqlite3_get_autocommit(d->h))
        (void)db_run(d, &ignored, "ROLLBACK", "");
}

int stmt_step(struct stmt *st, struct err *e)
{
    int got = sqlite3_step(st->h);
    if (got == SQLITE_ROW)
        return 1;
    int rc = got == SQLITE_DONE ? 0 : fail(st->db, e, "step");
    stmt_end(st);
    return rc;
}

int64_t stmt_i64(struct stmt *st, int col)
{
    return sqlite3_column_int64(st->h, col);
}

bool stmt_bool(struct stmt *st, int col)
{
    return sqlite3_column_int64(st->h, col) != 0;
}

bool stmt_null(struct stmt *st, int col)
{
    return sqlite3_column_type(st->h, col) == SQLITE_NULL;
}

int64_t stmt_time(struct stmt *st, int col)
{
    return stmt_null(st, col) ? INT64_MIN : stmt_i64(st, col);
}

str stmt_str(struct stmt *st, struct arena *a, int col)
{
    const char *p = (const char *)sqlite3_column_text(st->h, col);
    if (!p)
        return STR_NULL;
    return arena_str(a, (str){ p, (size_t)sqlite3_column_bytes(st->h, col) });
}
