/* chdb.c - see chdb.h. The library comes without a header; what is used of it is declared here. */
#include "engine/chdb.h"
#include "engine/parquet.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define READERS 6
#define STEADY_TRIES 500
#define WRITERS 3
#define PARAMS_MAX 64

typedef void *connection; /* what the library passes by value */
typedef void result;
typedef void *insert_stream;

/* The functions of the library: struct member, symbol, type. */
#define FUNCTIONS(F)                                                                              \
    F(set_signal_handlers, "chdb_set_signal_handlers_enabled", void, (bool))                      \
    F(connect, "chdb_connect", connection *, (int, char **))                                      \
    F(close, "chdb_close_conn", void, (connection *))                                             \
    F(query, "chdb_query_with_params_n", result *,                                                \
      (connection, const char *, size_t, const char *, size_t, const char *const *,               \
       const size_t *, const char *const *, const size_t *, size_t))                              \
    F(stream, "chdb_stream_query_with_params_n", result *,                                        \
      (connection, const char *, size_t, const char *, size_t, const char *const *,               \
       const size_t *, const char *const *, const size_t *, size_t))                              \
    F(fetch, "chdb_stream_fetch_result", result *, (connection, result *))                        \
    F(cancel, "chdb_stream_cancel_query", void, (connection, result *))                           \
    F(destroy, "chdb_destroy_query_result", void, (result *))                                     \
    F(buffer, "chdb_result_buffer", const char *, (result *))                                     \
    F(length, "chdb_result_length", size_t, (result *))                                           \
    F(error, "chdb_result_error", const char *, (result *))                                       \
    F(insert, "chdb_stream_insert_with_params_n", insert_stream,                                  \
      (connection, const char *, size_t, const char *, size_t, const char *const *,               \
       const size_t *, const char *const *, const size_t *, size_t))                              \
    F(append, "chdb_stream_append", int, (insert_stream, const void *, size_t))                   \
    F(done, "chdb_stream_done", result *, (insert_stream))                                        \
    F(insert_error, "chdb_stream_insert_error", const char *, (insert_stream))                    \
    F(insert_cancel, "chdb_stream_cancel_insert", void, (insert_stream))                          \
    F(insert_destroy, "chdb_destroy_insert_stream", void, (insert_stream))

struct library {
#define F(name, symbol, type, args) type(*name) args;
    FUNCTIONS(F)
#undef F
};

struct chdb_handle {
    struct chdb *owner;
    connection *connection;
    bool reader;
    struct arena *arena;        /* of the settings */
    struct chdb_pair *settings; /* those set now, beside the defaults */
    result *stream, *chunk;
    bool whole, told; /* the chunk is the whole result, no stream; it, or a first one, was handed out */
    const struct streamed *streamed;
    bool stumbled; /* a statement failed or was cancelled: see steady */
    struct parquet *parquet; /* what joins the stream's files; NULL: it is not made of them */
    insert_stream insert;
    struct chdb_handle *next_free;
};

struct chdb {
    struct library lib;
    pthread_mutex_t lock; /* guards the lists of free handles */
    pthread_cond_t given;
    struct chdb_handle handles[READERS + WRITERS];
    struct chdb_handle *free_readers, *free_writers;
};

int chdb_code(const char *message)
{
    int code = 0;
    const char *at = strstr(message, "Code: ");
    if (at && sscanf(at, "Code: %d.", &code) == 1)
        return code;
    return 1002;
}

/* -------------------------------------------------------------------------- loading */

const char *chdb_find_library(struct arena *a, const char *given)
{
    /* Beside the program, installed, in the build tree. */
    static const char *const places[] = {
        "libchdb.so",
        "../lib/hoglet/libchdb.so",
        "../../deps/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so",
    };
    char dir[4096];
    if (given)
        return given;
    ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
    if (n <= 0)
        return NULL;
    dir[n] = '\0';
    char *slash = strrchr(dir, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        str place = arena_printf(a, "%s/%s", dir, places[i]);
        if (access(place.p, R_OK) == 0)
            return place.p;
    }
    return "/usr/lib/hoglet/libchdb.so";
}

static int load(struct library *lib, const char *path, struct err *e)
{
    if (!__builtin_cpu_supports("sse4.2"))
        return err_set(e, ERR_INVALID, NULL, "this processor lacks SSE4.2, which the engine needs");
    void *so = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!so)
        return err_set(e, ERR_INVALID, "library", "cannot load libchdb: %s",
                       path ? dlerror() : "not found");
#define F(name, symbol, type, args)                                                           \
    *(void **)&lib->name = dlsym(so, symbol);                                                 \
    if (!lib->name)                                                                           \
        return err_set(e, ERR_INVALID, "library", "libchdb has no %s: wrong version", symbol);
    FUNCTIONS(F)
#undef F
    return 0;
}

/* -------------------------------------------------------------------------- handles */

static int fail(struct err *e, const char *message)
{
    return err_set(e, ERR_INVALID, NULL, "%s", message);
}

static int run(struct chdb_handle *h, str sql, struct err *e)
{
    struct library *lib = &h->owner->lib;
    result *r = lib->query(*h->connection, sql.p, sql.n, "TSV", 3, NULL, NULL, NULL, NULL, 0);
    const char *error = lib->error(r);
    int rc = error ? fail(e, error) : 0;
    lib->destroy(r);
    return rc;
}

static int64_t half_of_memory(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2;
}

static int open_handle(struct chdb *c, struct chdb_handle *h, const struct chdb_config *cfg,
                       bool reader, struct err *e)
{
    char path[4200], sql[512];
    snprintf(path, sizeof(path), "--path=%s", cfg->path);
    char *argv[] = { "clickhouse", path };
    h->owner = c;
    h->reader = reader;
    h->arena = arena_new();
    h->connection = c->lib.connect(2, argv);
    if (!h->connection) /* using it would hang */
        return err_set(e, ERR_UNAVAILABLE, NULL,
                       "the engine could not open %s: another process has it?", cfg->path);
    int64_t memory = cfg->memory ? cfg->memory : half_of_memory();
    /* One question alone does not leave all others without. */
    int n = snprintf(sql, sizeof(sql),
                     "SET max_memory_usage_for_user = %lld, max_memory_usage = %lld%s",
                     (long long)memory, (long long)(reader ? memory / 2 : memory),
                     /* of no use in joined files: see parquet.c */
                     reader ? ", output_format_parquet_write_page_index = 0,"
                              " output_format_parquet_write_bloom_filter = 0"
                            : "");
    int rc = run(h, (str){ sql, (size_t)n }, e);
    if (rc == 0 && reader) /* 2: settings may change, nothing else */
        rc = run(h, STR("SET readonly = 2"), e);
    return rc;
}

int chdb_open(const struct chdb_config *cfg, struct chdb **out, struct err *e)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct chdb *c = calloc(1, sizeof(*c));
    BUG_ON(!c);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->given, NULL);
    int rc = load(&c->lib, chdb_find_library(a, cfg->library), e);
    if (rc == 0)
        c->lib.set_signal_handlers(false); /* ours stay */
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(c->handles); i++) {
        struct chdb_handle *h = &c->handles[i];
        struct chdb_handle **list = i < READERS ? &c->free_readers : &c->free_writers;
        rc = open_handle(c, h, cfg, i < READERS, e);
        h->next_free = *list;
        *list = h;
    }
    if (rc < 0) {
        chdb_close(c);
        return rc;
    }
    *out = c;
    return 0;
}

void chdb_close(struct chdb *c)
{
    for (size_t i = 0; i < ARRAY_LEN(c->handles); i++) {
        if (c->handles[i].connection)
            c->lib.close(c->handles[i].connection);
        arena_free(c->handles[i].arena);
    }
    free(c);
}

struct chdb_handle *chdb_take(struct chdb *c, bool reader)
{
    struct chdb_handle **list = reader ? &c->free_readers : &c->free_writers;
    pthread_mutex_lock(&c->lock);
    while (!*list)
        pthread_cond_wait(&c->given, &c->lock);
    struct chdb_handle *h = *list;
    *list = h->next_free;
    pthread_mutex_unlock(&c->lock);
    return h;
}

void chdb_give(struct chdb_handle *h)
{
    struct chdb *c = h->owner;
    chdb_query_end(h);
    chdb_insert_cancel(h);
    pthread_mutex_lock(&c->lock);
    struct chdb_handle **list = h->reader ? &c->free_readers : &c->free_writers;
    h->next_free = *list;
    *list = h;
    pthread_cond_broadcast(&c->given);
    pthread_mutex_unlock(&c->lock);
}

/* -------------------------------------------------------------------------- settings */

static const struct chdb_pair *find_pair(const struct chdb_pair *list, str name)
{
    for (; list; list = list->next)
        if (str_eq(list->name, name))
            return list;
    return NULL;
}

static bool same_settings(const struct chdb_pair *a, const struct chdb_pair *b)
{
    for (; a && b; a = a->next, b = b->next)
        if (!str_eq(a->name, b->name) || !str_eq(a->value, b->value))
            return false;
    return !a && !b;
}

static bool is_name(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] == '_' || (s.p[i] >= '0' && s.p[i] <= '9') ||
              (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z')))
            return false;
    return s.n > 0;
}

static void add_quoted(struct buf *b, str s)
{
    buf_char(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'' || s.p[i] == '\\')
            buf_char(b, '\\');
        buf_char(b, s.p[i]);
    }
    buf_char(b, '\'');
}

int chdb_settings(struct chdb_handle *h, const struct chdb_pair *settings, struct err *e)
{
    if (same_settings(h->settings, settings))
        return 0;
    struct buf b = BUF_INIT(64 * 1024);
    for (const struct chdb_pair *s = settings; s; s = s->next) {
        if (!is_name(s->name)) {
            buf_release(&b);
            return fail(e, "Code: 115. DB::Exception: Setting names are words. (UNKNOWN_SETTING)");
        }
        buf_z(&b, b.n ? ", " : "SET ");
        buf_str(&b, s->name);
        buf_z(&b, " = ");
        add_quoted(&b, s->value);
    }
    for (const struct chdb_pair *s = h->settings; s; s = s->next)
        if (!find_pair(settings, s->name))
            buf_printf(&b, "%s" STR_FMT " = DEFAULT", b.n ? ", " : "SET ", STR_ARG(s->name));
    int rc = b.full ? fail(e, "Code: 137. DB::Exception: Too many settings.") :
                      run(h, buf_view(&b), e);
    buf_release(&b);
    if (rc < 0)
        return rc;
    arena_reset(h->arena);
    h->settings = NULL;
    struct chdb_pair **tail = &h->settings;
    for (const struct chdb_pair *s = settings; s; s = s->next) {
        *tail = arena_new_of(h->arena, struct chdb_pair);
        **tail = (struct chdb_pair){ arena_str(h->arena, s->name), arena_str(h->arena, s->value),
                                     NULL };
        tail = &(*tail)->next;
    }
    return 0;
}

/* -------------------------------------------------------------------------- statements */

/* A list of pairs as the arrays the library wants. */
struct arrays {
    const char *names[PARAMS_MAX], *values[PARAMS_MAX];
    size_t name_n[PARAMS_MAX], value_n[PARAMS_MAX], n;
};

static int to_arrays(const struct chdb_pair *list, struct arrays *out, struct err *e)
{
    out->n = 0;
    for (; list; list = list->next) {
        if (out->n == PARAMS_MAX)
            return fail(e, "Code: 36. DB::Exception: Too many query parameters. (BAD_ARGUMENTS)");
        out->names[out->n] = list->name.p;
        out->name_n[out->n] = list->name.n;
        out->values[out->n] = list->value.p;
        out->value_n[out->n++] = list->value.n;
    }
    return 0;
}

/* A stream is formatted chunk by chunk, each as if it were all. That is right for formats that are rows
 * and nothing else; of those with lines before the rows, the lines are left out behind the first; Parquet
 * files are joined. */
static const struct streamed {
    const char *name;
    unsigned head; /* lines before the rows, each of which holds no line end */
    bool files;    /* Parquet: each piece is a file, to be joined */
} streamed[] = {
    { "TabSeparated", 0 }, { "TSV", 0 }, { "TabSeparatedRaw", 0 }, { "TSVRaw", 0 }, { "CSV", 0 },
    { "JSONEachRow", 0 }, { "JSONLines", 0 }, { "NDJSON", 0 }, { "JSONCompactEachRow", 0 },
    { "JSONCompactEachRowWithNames", 1 }, { "JSONCompactEachRowWithNamesAndTypes", 2 },
    { "JSONStringsEachRow", 0 }, { "RowBinary", 0 }, { "Native", 0 }, { "LineAsString", 0 },
    { "RawBLOB", 0 }, { "Parquet", 0, .files = true },
};

static bool is_word(char c)
{
    return (unsigned)((c | 32) - 'a') < 26 || (unsigned)(c - '0') < 10 || c == '_';
}

/* NULL: the statement cannot stream. */
static const struct streamed *can_stream(str sql, str format)
{
    for (size_t i = 0; i + 6 < sql.n; i++)
        if (str_eq_nocase(str_slice(sql, i, i + 6), STR("FORMAT")) &&
            (i == 0 || !is_word(sql.p[i - 1])) && !is_word(sql.p[i + 6]))
            return NULL; /* perhaps another one, named inside */
    for (size_t i = 0; i < ARRAY_LEN(streamed); i++)
        if (str_eq_nocase(format, str_of(streamed[i].name)))
            return &streamed[i];
    return NULL;
}

static int query_whole(struct chdb_handle *h, str sql, str format, const struct arrays *p,
                       struct err *e)
{
    struct library *lib = &h->owner->lib;
    h->whole = true;
    h->chunk = lib->query(*h->connection, sql.p, sql.n, format.p, format.n, p->names, p->name_n,
                          p->values, p->value_n, p->n);
    const char *error = lib->error(h->chunk);
    h->stumbled = error != NULL;
    return error ? fail(e, error) : 0;
}

int chdb_query_open(struct chdb_handle *h, str sql, str format, const struct chdb_pair *params,
                    struct err *e)
{
    struct library *lib = &h->owner->lib;
    struct arrays p;
    int rc = to_arrays(params, &p, e);
    if (rc < 0)
        return rc;
    h->whole = h->told = false;
    h->streamed = can_stream(sql, format);
    parquet_free(TAKE(h->parquet));
    if (h->streamed && h->streamed->files)
        h->parquet = parquet_new();
    if (!h->streamed)
        return query_whole(h, sql, format, &p, e);
    h->stream = lib->stream(*h->connection, sql.p, sql.n, format.p, format.n, p.names, p.name_n,
                            p.values, p.value_n, p.n);
    const char *error = lib->error(h->stream);
    if (!error)
        return 0;
    bool other_kind = strstr(error, "Streaming query is not supported") != NULL;
    h->stumbled = true;
    if (!other_kind)
        rc = fail(e, error);
    lib->destroy(TAKE(h->stream));
    if (!other_kind)
        return rc;
    /* Only SELECT streams; the rest (DDL, SHOW, KILL, INSERT SELECT) answers little. */
    return query_whole(h, sql, format, &p, e);
}

int chdb_query_next(struct chdb_handle *h, str *chunk, struct err *e)
{
    struct library *lib = &h->owner->lib;
    if (h->whole) {
        bool more = h->chunk && !h->told && lib->length(h->chunk);
        *chunk = more ? (str){ lib->buffer(h->chunk), lib->length(h->chunk) } : STR_NULL;
        h->told = true;
        return more;
    }
    bool more = h->stream != NULL;
    for (chunk->n = 0; more && !chunk->n;) {
        if (h->chunk)
            lib->destroy(TAKE(h->chunk));
        h->chunk = lib->fetch(*h->connection, h->stream);
        const char *error = lib->error(h->chunk);
        if (error) {
            lib->destroy(TAKE(h->stream)); /* it is over */
            h->stumbled = true;
            return fail(e, error);
        }
        *chunk = (str){ lib->buffer(h->chunk), lib->length(h->chunk) };
        more = chunk->n;
        if (more && h->parquet && parquet_add(h->parquet, *chunk, chunk, e) < 0)
            return e->kind;
        for (unsigned i = 0; chunk->n && h->told && i < h->streamed->head; i++)
            (void)str_split(chunk, '\n');
        h->told = true;
    }
    if (more)
        return 1;
    bool ends = h->stream && h->parquet;
    if (h->chunk)
        lib->destroy(TAKE(h->chunk));
    if (h->stream)
        lib->destroy(TAKE(h->stream));
    if (!ends)
        return 0;
    int rc = parquet_end(h->parquet, chunk, e);
    return rc < 0 ? rc : 1;
}

/* What a statement that failed had begun to answer comes out as the answer of the handle's next one:
 * somebody else's. One that nobody asked for takes it. It may itself fail while others have all the
 * memory; a process that never gets there is better begun anew. */
static void steady(struct chdb_handle *h)
{
    struct library *lib = &h->owner->lib;
    struct err ignored = ERR_INIT;
    for (int i = 0; h->stumbled; i++) {
        BUG_ON(i == STEADY_TRIES);
        if (i)
            usleep(10000);
        (void)chdb_settings(h, NULL, &ignored);
        result *r = lib->query(*h->connection, "SELECT 1", 8, "TSV", 3, NULL, NULL, NULL, NULL, 0);
        h->stumbled = lib->error(r) || !str_eqz((str){ lib->buffer(r), lib->length(r) }, "1\n");
        lib->destroy(r);
    }
}

void chdb_query_end(struct chdb_handle *h)
{
    struct library *lib = &h->owner->lib;
    if (h->chunk)
        lib->destroy(TAKE(h->chunk));
    if (h->stream) {
        lib->cancel(*h->connection, h->stream);
        lib->destroy(TAKE(h->stream));
        h->stumbled = true;
    }
    parquet_free(TAKE(h->parquet));
    steady(h);
}

int chdb_insert_open(struct chdb_handle *h, str sql, str format, const struct chdb_pair *params,
                     struct err *e)
{
    struct library *lib = &h->owner->lib;
    struct arrays p;
    int rc = to_arrays(params, &p, e);
    if (rc < 0)
        return rc;
    h->insert = lib->insert(*h->connection, sql.p, sql.n, format.p, format.n, p.names, p.name_n,
                            p.values, p.value_n, p.n);
    const char *error = lib->insert_error(h->insert);
    if (!error)
        return 0;
    rc = fail(e, error);
    lib->insert_destroy(TAKE(h->insert));
    return rc;
}

int chdb_insert_add(struct chdb_handle *h, str data, struct err *e)
{
    struct library *lib = &h->owner->lib;
    if (!data.n || lib->append(h->insert, data.p, data.n) == 0)
        return 0;
    const char *error = lib->insert_error(h->insert);
    return fail(e, error ? error : "Code: 1002. DB::Exception: The insert failed. (UNKNOWN)");
}

int chdb_insert_end(struct chdb_handle *h, struct err *e)
{
    struct library *lib = &h->owner->lib;
    result *r = lib->done(h->insert);
    const char *error = lib->error(r);
    int rc = error ? fail(e, error) : 0;
    lib->destroy(r);
    lib->insert_destroy(TAKE(h->insert));
    return rc;
}

void chdb_insert_cancel(struct chdb_handle *h)
{
    struct library *lib = &h->owner->lib;
    if (!h->insert)
        return;
    lib->insert_cancel(h->insert);
    lib->insert_destroy(TAKE(h->insert));
}
