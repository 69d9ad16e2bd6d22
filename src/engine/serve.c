/* serve.c - see serve.h. A connection is a thread: there are few of them, and a statement blocks. */
#include "engine/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "engine/chdb.h"
#include "http/listen.h"

struct engine {
    struct chdb *chdb;
    struct MHD_Daemon *local, *tcp;
};

/* A way in: the socket, or TCP, where nothing may be changed. */
struct door {
    struct engine *engine;
    bool readonly;
};

/* One request. The handle is taken when an INSERT's data begins or the body has ended, and given
 * back when the answer has left. */
struct call {
    struct engine *engine;
    struct arena *arena;
    struct buf body; /* a statement in the body; data of an INSERT passes through instead */
    str sql, format;
    struct chdb_pair *settings, *params;
    bool readonly, inserting;
    struct chdb_handle *handle;
    str first; /* the chunk that was fetched to learn the status */
    size_t sent; /* bytes of `first` that left */
    bool failed;
    struct err err;
};

/* -------------------------------------------------------------------------- parameters */

static const char *const ignored[] = { "database", "user",      "password",           "session_id",
                                       "query_id", "compress",  "decompress",         "quota_key",
                                       "role",     "client_protocol_version", "enable_http_compression" };

static bool is_ignored(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
        if (str_eqz(name, ignored[i]))
            return true;
    return false;
}

static void push(struct call *c, struct chdb_pair **list, str name, str value)
{
    struct chdb_pair *p = arena_new_of(c->arena, struct chdb_pair);
    *p = (struct chdb_pair){ arena_str(c->arena, name), arena_str(c->arena, value), NULL };
    while (*list)
        list = &(*list)->next;
    *list = p;
}

static enum MHD_Result on_parameter(void *cls, enum MHD_ValueKind kind, const char *key,
                                    size_t key_n, const char *value, size_t value_n)
{
    struct call *c = cls;
    str name = { key, key_n }, text = { value ? value : "", value_n };
    (void)kind;
    if (str_eqz(name, "query"))
        c->sql = arena_str(c->arena, text);
    else if (str_eqz(name, "default_format"))
        c->format = arena_str(c->arena, text);
    else if (str_eqz(name, "readonly"))
        c->readonly = !str_eqz(text, "0");
    else if (str_starts(name, STR("param_")))
        push(c, &c->params, str_slice(name, 6, name.n), text);
    else if (!is_ignored(name))
        push(c, &c->settings, name, text);
    return MHD_YES;
}

/* The statement without blanks and comments before it. */
static str skip_comments(str sql)
{
    for (;;) {
        sql = str_trim(sql);
        ptrdiff_t end = -1, skip = 0;
        if (str_starts(sql, STR("/*")))
            end = str_find(sql, STR("*/")), skip = 2;
        else if (str_starts(sql, STR("--")))
            end = str_find_char(sql, '\n'), skip = 1;
        if (end < 0)
            return sql;
        sql = str_slice(sql, (size_t)(end + skip), sql.n);
    }
}

static bool is_insert(str sql)
{
    sql = skip_comments(sql);
    return sql.n > 7 && str_eq_nocase(str_slice(sql, 0, 7), STR("INSERT "));
}

/* Cuts "… FORMAT Name" off: the library takes the name apart from the statement. */
static void split_format(struct call *c)
{
    str s = str_trim(c->sql);
    size_t name = s.n;
    while (name && s.p[name - 1] > ' ')
        name--;
    str before = str_trim(str_slice(s, 0, name));
    if (before.n < 7 ||
        !str_eq_nocase(str_slice(before, before.n - 6, before.n), STR("FORMAT")))
        return;
    c->format = str_slice(s, name, s.n);
    c->sql = str_trim(str_slice(before, 0, before.n - 6));
}

/* -------------------------------------------------------------------------- answers */

/* ClickHouse's own table of statuses, as far as a client looks at them. */
static unsigned status_of(int code)
{
    static const struct {
        int code;
        unsigned status;
    } table[] = {
        { 36, 400 }, { 43, 400 }, { 53, 400 }, { 62, 400 },  { 115, 404 }, { 46, 404 },  { 47, 404 },
        { 60, 404 }, { 81, 404 }, { 164, 403 }, { 159, 408 }, { 202, 429 }, { 1002, 500 },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].code == code)
            return table[i].status;
    return 500;
}

static enum MHD_Result reply_text(struct MHD_Connection *conn, unsigned status, const char *text,
                                  int code)
{
    char number[16];
    struct MHD_Response *r =
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(r, "Content-Type", "text/plain; charset=UTF-8");
    if (code) {
        snprintf(number, sizeof(number), "%d", code);
        MHD_add_response_header(r, "X-ClickHouse-Exception-Code", number);
    }
    enum MHD_Result rc = MHD_queue_response(conn, status, r);
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result reply_error(struct call *c, struct MHD_Connection *conn)
{
    char text[sizeof(c->err.message) + 2];
    int code = chdb_code(c->err.message);
    snprintf(text, sizeof(text), "%s\n", c->err.message);
    return reply_text(conn, status_of(code), text, code);
}

static ssize_t on_read(void *cls, uint64_t pos, char *out, size_t max)
{
    struct call *c = cls;
    (void)pos;
    while (c->sent == c->first.n) {
        c->sent = 0;
        int rc = chdb_query_next(c->handle, &c->first, &c->err);
        if (rc < 0) { /* a chunked answer without its end: no client takes it for a whole one */
            c->first = STR_NULL;
            log_warn("query failed in mid-answer", "error", c->err.message);
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        if (rc == 0) {
            c->first = STR_NULL;
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
    }
    size_t n = c->first.n - c->sent < max ? c->first.n - c->sent : max;
    memcpy(out, c->first.p + c->sent, n);
    c->sent += n;
    return (ssize_t)n;
}

static const char *type_of(str format)
{
    if (str_starts(format, STR("JSON")))
        return "application/json; charset=UTF-8";
    if (str_starts(format, STR("TabSeparated")) || str_starts(format, STR("TSV")))
        return "text/tab-separated-values; charset=UTF-8";
    if (str_starts(format, STR("CSV")))
        return "text/csv; charset=UTF-8";
    return "text/plain; charset=UTF-8";
}

static enum MHD_Result reply_query(struct call *c, struct MHD_Connection *conn)
{
    int rc = chdb_query_open(c->handle, c->sql, c->format, c->params, &c->err);
    if (rc == 0)
        rc = chdb_query_next(c->handle, &c->first, &c->err);
    if (rc < 0)
        return reply_error(c, conn);
    if (rc == 0)
        return reply_text(conn, 200, "", 0);
    struct MHD_Response *r =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 256 * 1024, on_read, c, NULL);
    MHD_add_response_header(r, "Content-Type", type_of(c->format));
    enum MHD_Result sent = MHD_queue_response(conn, 200, r);
    MHD_destroy_response(r);
    return sent;
}

/* -------------------------------------------------------------------------- requests */

static struct call *call_new(struct engine *engine, struct MHD_Connection *conn)
{
    struct arena *a = arena_new();
    struct call *c = arena_new_of(a, struct call);
    c->engine = engine;
    c->arena = a;
    c->err = ERR_INIT;
    c->body = BUF_INIT(LIMIT_STATEMENT);
    c->format = STR("TabSeparated");
    MHD_get_connection_values_n(conn, MHD_GET_ARGUMENT_KIND, on_parameter, c);
    return c;
}

static void take_handle(struct call *c)
{
    c->handle = chdb_take(c->engine->chdb, c->readonly);
    c->failed = chdb_settings(c->handle, c->settings, &c->err) < 0;
}

static void begin_insert(struct call *c)
{
    c->inserting = true;
    split_format(c);
    take_handle(c);
    if (!c->failed)
        c->failed = chdb_insert_open(c->handle, c->sql, c->format, c->params, &c->err) < 0;
}

static void on_data(struct call *c, str data)
{
    if (!c->inserting && c->sql.n && is_insert(c->sql))
        begin_insert(c);
    if (!c->inserting)
        buf_str(&c->body, data);
    else if (!c->failed)
        c->failed = chdb_insert_add(c->handle, data, &c->err) < 0;
}

/* A statement wholly in the body, or begun in `query` and continued there. */
static void join_statement(struct call *c)
{
    if (!c->body.n)
        return;
    c->sql = c->sql.n ? arena_printf(c->arena, STR_FMT "\n" STR_FMT, STR_ARG(c->sql),
                                     STR_ARG(buf_view(&c->body)))
                      : buf_view(&c->body);
}

static enum MHD_Result finish(struct call *c, struct MHD_Connection *conn)
{
    if (c->inserting) {
        if (!c->failed)
            c->failed = chdb_insert_end(c->handle, &c->err) < 0;
        return c->failed ? reply_error(c, conn) : reply_text(conn, 200, "", 0);
    }
    join_statement(c);
    if (c->body.full)
        return reply_text(conn, 413, "Code: 307. DB::Exception: The statement is too long.\n", 307);
    if (!str_trim(c->sql).n)
        return reply_text(conn, 400, "Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)\n", 62);
    split_format(c);
    take_handle(c);
    return c->failed ? reply_error(c, conn) : reply_query(c, conn);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **slot)
{
    const struct door *door = cls;
    struct call *c = *slot;
    (void)version;
    if (!c) {
        c = call_new(door->engine, conn);
        c->readonly = c->readonly || door->readonly;
        *slot = c;
        return MHD_YES;
    }
    if (*data_n) {
        on_data(c, (str){ data, *data_n });
        *data_n = 0;
        return MHD_YES;
    }
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (!get && strcmp(method, "POST"))
        return reply_text(conn, 405, "Use GET or POST.\n", 0);
    if (strcmp(url, "/ping") == 0 || (strcmp(url, "/") == 0 && get && !c->sql.n))
        return reply_text(conn, 200, "Ok.\n", 0);
    if (strcmp(url, "/"))
        return reply_text(conn, 404, "There is no such path here.\n", 0);
    if (get)
        c->readonly = true; /* as ClickHouse does */
    return finish(c, conn);
}

static void on_completed(void *cls, struct MHD_Connection *conn, void **slot,
                         enum MHD_RequestTerminationCode why)
{
    struct call *c = *slot;
    (void)cls, (void)conn, (void)why;
    if (!c)
        return;
    if (c->handle)
        chdb_give(c->handle);
    buf_release(&c->body);
    arena_free(c->arena);
    *slot = NULL;
}

static struct MHD_Daemon *start(struct door *door, int fd)
{
    return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                                MHD_USE_POLL,
                            0, NULL, NULL, on_request, door, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
                            MHD_OPTION_CONNECTION_LIMIT, 128u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)1 << 20, MHD_OPTION_END);
}

/* -------------------------------------------------------------------------- the process */

/* The folder has one engine: a new one waits for the old one's end, which frees the lock. */
static int lock_folder(const char *path, struct err *e)
{
    if (mkdir(path, 0700) && errno != EEXIST)
        return err_set(e, ERR_INVALID, "data", "cannot make %s: %s", path, strerror(errno));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, ERR_INVALID, "data", "cannot open %s: %s", path, strerror(errno));
    alarm(20); /* an engine that does not let go is a mistake to be seen */
    if (flock(fd, LOCK_EX))
        return err_set(e, ERR_UNAVAILABLE, NULL, "cannot lock %s: %s", path, strerror(errno));
    alarm(0);
    return fd;
}

static int start_daemons(struct engine *engine, struct door doors[2],
                         const struct engine_config *cfg, str socket_path, struct err *e)
{
    int port, fd = http_listen_unix(socket_path.p, e);
    if (fd < 0)
        return fd;
    engine->local = start(&doors[0], fd);
    if (engine->local && cfg->listen) {
        fd = http_listen_tcp(cfg->listen, &port, e);
        if (fd < 0)
            return fd;
        engine->tcp = start(&doors[1], fd);
    }
    if (!engine->local || (cfg->listen && !engine->tcp))
        return err_internal(e, "could not start the engine's HTTP server");
    return 0;
}

int engine_run(const struct engine_config *cfg, struct err *e)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct engine engine = { 0 };
    struct door doors[] = { { &engine, false }, { &engine, true } };
    str folder = arena_printf(a, "%s/events", cfg->data);
    str socket_path = arena_printf(a, "%s/engine.sock", cfg->data);
    sigset_t ends;
    int caught;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* inherited by all threads to come */
    signal(SIGPIPE, SIG_IGN);
    int fd = lock_folder(folder.p, e);
    if (fd < 0)
        return fd;
    struct chdb_config chdb = { cfg->library, folder.p, cfg->memory };
    int rc = chdb_open(&chdb, &engine.chdb, e);
    if (rc == 0)
        rc = start_daemons(&engine, doors, cfg, socket_path, e);
    if (rc == 0)
        sigwait(&ends, &caught);
    unlink(socket_path.p);
    if (engine.tcp)
        MHD_stop_daemon(engine.tcp);
    if (engine.local)
        MHD_stop_daemon(engine.local);
    if (engine.chdb)
        chdb_close(engine.chdb);
    close(fd);
    return rc;
}
