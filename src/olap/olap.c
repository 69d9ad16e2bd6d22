/* olap.c - see olap.h. */
#include "olap/olap.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "json/parse.h"

#define KEEP 16 /* connections kept open */
#define SECONDS 60
#define PING_SECONDS 3L
#define PIECE (256L << 10) /* bytes of a piece at most, of an answer taken piece by piece */

struct olap {
    char *socket, *url;
    atomic_bool ready;
    pthread_mutex_t lock; /* guards kept, n, and the wait for ready */
    pthread_cond_t changed;
    CURL *kept[KEEP];
    size_t n;
    struct histogram reads, writes;
    atomic_llong failures;
};

/* Settings of every reading statement. They are always the same, so that the engine need not set
 * them anew: whole numbers unquoted, times as UTC with Z, tuples as lists, NaN as null. */
static const char reading[] = "&readonly=2&max_query_size=16777216"
                              "&output_format_json_quote_64bit_integers=0"
                              "&output_format_json_quote_denormals=0"
                              "&output_format_json_named_tuples_as_objects=0"
                              "&date_time_output_format=iso&allow_experimental_json_type=1"
                              "&max_bytes_before_external_group_by=1000000000";
/* Texts that look like dates stay texts in the JSON columns: queries read them as what they are. */
static const char changing[] = "&input_format_binary_read_json_as_string=1"
                               "&input_format_try_infer_dates=0&input_format_try_infer_datetimes=0"
                               "&insert_deduplicate=1";

struct olap *olap_new(const char *socket, const char *url)
{
    struct olap *o = calloc(1, sizeof(*o));
    pthread_condattr_t monotonic;
    BUG_ON(!o);
    o->socket = socket ? strdup(socket) : NULL;
    o->url = strdup(url ? url : "http://engine/");
    pthread_mutex_init(&o->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&o->changed, &monotonic);
    return o;
}

void olap_free(struct olap *o)
{
    while (o->n)
        curl_easy_cleanup(o->kept[--o->n]);
    free(o->socket);
    free(o->url);
    free(o);
}

bool olap_ready(const struct olap *o)
{
    return atomic_load(&o->ready);
}

void olap_set_ready(struct olap *o, bool ready)
{
    pthread_mutex_lock(&o->lock);
    atomic_store(&o->ready, ready);
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

bool olap_wait_ready(struct olap *o, int ms)
{
    int64_t until = clock_mono_us() + ms * 1000LL;
    struct timespec at = { until / CLOCK_SECOND, until % CLOCK_SECOND * 1000 };
    pthread_mutex_lock(&o->lock);
    while (!atomic_load(&o->ready) && pthread_cond_timedwait(&o->changed, &o->lock, &at) == 0)
        ;
    bool ready = atomic_load(&o->ready);
    pthread_mutex_unlock(&o->lock);
    return ready;
}

void olap_add_quoted(struct buf *b, str s)
{
    buf_char(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\'' || c == '\\')
            buf_char(b, '\\');
        if (c == '\0')
            buf_z(b, "\\0");
        else
            buf_char(b, c);
    }
    buf_char(b, '\'');
}

/* -------------------------------------------------------------------------- connections */

static CURL *take(struct olap *o)
{
    CURL *c = NULL;
    pthread_mutex_lock(&o->lock);
    if (o->n)
        c = o->kept[--o->n];
    pthread_mutex_unlock(&o->lock);
    if (c)
        curl_easy_reset(c); /* options only: the connection stays */
    else
        BUG_ON(!(c = curl_easy_init()));
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    if (o->socket)
        curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, o->socket);
    return c;
}

static void give(struct olap *o, CURL *c)
{
    pthread_mutex_lock(&o->lock);
    if (o->n < KEEP)
        o->kept[o->n++] = TAKE(c);
    pthread_mutex_unlock(&o->lock);
    if (c)
        curl_easy_cleanup(c);
}

static int on_progress(void *cls, curl_off_t dl_total, curl_off_t dl, curl_off_t ul_total,
                       curl_off_t ul)
{
    const struct olap_query *q = cls;
    (void)dl_total, (void)dl, (void)ul_total, (void)ul;
    return q->gone(q->gone_context); /* true breaks the connection off */
}

struct answer {
    const struct olap_query *q; /* NULL: nobody takes it piece by piece */
    struct buf *out;
    struct buf error; /* the body when the status is no success */
    CURL *curl;
    struct err *e;
    int refused; /* what q->take answered */
};

static size_t on_body(char *p, size_t size, size_t n, void *cls)
{
    struct answer *a = cls;
    long status = 0;
    n *= size;
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        buf_add(&a->error, p, n);
        return n;
    }
    if (a->q && a->q->take) {
        a->refused = a->q->take(a->q->take_context, (str){ p, n }, a->e);
        return a->refused < 0 ? 0 : n;
    }
    if (!a->out)
        return n;
    buf_add(a->out, p, n);
    return a->out->full ? 0 : n; /* 0 ends the transfer */
}

/* -------------------------------------------------------------------------- errors */

enum blame { QUERY, LIMIT, BUSY, STORAGE };

/* Failures that the author of a query caused and may see, and those that pass by themselves or with
 * the disk's: what is inserted then is inserted later. The rest is the server's. */
static const struct {
    const char *name;
    enum blame blame;
    const char *sentence; /* in place of ClickHouse's; NULL: its own */
} known[] = {
    { "TIMEOUT_EXCEEDED", LIMIT,
      "The query took too long. Try a shorter range of time, or fewer series and values." },
    { "MEMORY_LIMIT_EXCEEDED", LIMIT,
      "The query needs more memory than it may use. Try a shorter range of time, or fewer series "
      "and values." },
    { "TOO_MANY_ROWS_OR_BYTES", LIMIT,
      "The query reads more than it may. Try a shorter range of time." },
    { "QUERY_WAS_CANCELLED", LIMIT, "The query was cancelled." },
    { "TOO_MANY_SIMULTANEOUS_QUERIES", BUSY, NULL },
    { "NOT_ENOUGH_SPACE", STORAGE, NULL },
    { "CANNOT_WRITE_TO_FILE_DESCRIPTOR", STORAGE, NULL },
    { "CANNOT_OPEN_FILE", STORAGE, NULL },
    { "CANNOT_CLOSE_FILE", STORAGE, NULL },
    { "CANNOT_FSYNC", STORAGE, NULL },
    { "CANNOT_TRUNCATE_FILE", STORAGE, NULL },
    { "CANNOT_CREATE_DIRECTORY", STORAGE, NULL },
    { "DIRECTORY_DOESNT_EXIST", STORAGE, NULL },
    { "FILE_DOESNT_EXIST", STORAGE, NULL },
    { "CANNOT_ALLOCATE_MEMORY", STORAGE, NULL },
    { "TOO_MANY_PARTS", STORAGE, NULL },
    { "TABLE_IS_READ_ONLY", STORAGE, NULL },
    { "ABORTED", STORAGE, NULL },
    { "SYSTEM_ERROR", STORAGE, NULL },
    { "STD_EXCEPTION", STORAGE, NULL },
    { "POCO_EXCEPTION", STORAGE, NULL },
    { "UNKNOWN_EXCEPTION", STORAGE, NULL },
    { "ILLEGAL_TYPE_OF_ARGUMENT", QUERY, NULL },
    { "NO_COMMON_TYPE", QUERY, NULL },
    { "TYPE_MISMATCH", QUERY, NULL },
    { "UNKNOWN_TYPE", QUERY, NULL },
    { "NOT_AN_AGGREGATE", QUERY, NULL },
    { "ILLEGAL_AGGREGATION", QUERY, NULL },
    { "UNKNOWN_FUNCTION", QUERY, NULL },
    { "UNKNOWN_IDENTIFIER", QUERY, NULL },
    { "UNKNOWN_AGGREGATE_FUNCTION", QUERY, NULL },
    { "NUMBER_OF_ARGUMENTS_DOESNT_MATCH", QUERY, NULL },
    { "TOO_FEW_ARGUMENTS_FOR_FUNCTION", QUERY, NULL },
    { "TOO_MANY_ARGUMENTS_FOR_FUNCTION", QUERY, NULL },
    { "AGGREGATE_FUNCTION_DOESNT_ALLOW_PARAMETERS", QUERY, NULL },
    { "ILLEGAL_COLUMN", QUERY, NULL },
    { "ILLEGAL_DIVISION", QUERY, NULL },
    { "ARGUMENT_OUT_OF_BOUND", QUERY, NULL },
    { "BAD_ARGUMENTS", QUERY, NULL },
    { "PARAMETER_OUT_OF_BOUND", QUERY, NULL },
    { "INCORRECT_DATA", QUERY, NULL },
    { "CANNOT_READ_ALL_DATA", QUERY, NULL },
    { "ATTEMPT_TO_READ_AFTER_EOF", QUERY, NULL },
    { "TOO_LARGE_STRING_SIZE", QUERY, NULL },
    { "UNKNOWN_ELEMENT_OF_ENUM", QUERY, NULL },
    { "CANNOT_PARSE_TEXT", QUERY, NULL },
    { "CANNOT_PARSE_NUMBER", QUERY, NULL },
    { "CANNOT_PARSE_DATE", QUERY, NULL },
    { "CANNOT_PARSE_DATETIME", QUERY, NULL },
    { "CANNOT_PARSE_UUID", QUERY, NULL },
    { "CANNOT_PARSE_INPUT_ASSERTION_FAILED", QUERY, NULL },
    { "CANNOT_PARSE_ESCAPE_SEQUENCE", QUERY, NULL },
    { "CANNOT_CONVERT_TYPE", QUERY, NULL },
    { "CANNOT_COMPILE_REGEXP", QUERY, NULL },
    { "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN", QUERY, NULL },
    { "CANNOT_EXTRACT_TABLE_STRUCTURE", QUERY, NULL },
    { "SYNTAX_ERROR", QUERY, NULL },
    { "AMBIGUOUS_COLUMN_NAME", QUERY, NULL },
    { "AMBIGUOUS_IDENTIFIER", QUERY, NULL },
    { "MULTIPLE_EXPRESSIONS_FOR_ALIAS", QUERY, NULL },
    { "CYCLIC_ALIASES", QUERY, NULL },
    { "INVALID_JOIN_ON_EXPRESSION", QUERY, NULL },
    { "UNSUPPORTED_METHOD", QUERY, NULL },
    { "UNION_ALL_RESULT_STRUCTURES_MISMATCH", QUERY, NULL },
    { "UNEXPECTED_EXPRESSION", QUERY, NULL },
    { "INCORRECT_QUERY", QUERY, NULL },
    { "SIZES_OF_ARRAYS_DONT_MATCH", QUERY, NULL },
    { "INDEX_OF_POSITIONAL_ARGUMENT_IS_OUT_OF_RANGE", QUERY, NULL },
    { "DECIMAL_OVERFLOW", QUERY, NULL },
    { "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", QUERY, NULL },
    { "TOO_DEEP_RECURSION", QUERY, NULL },
    { "TOO_LARGE_ARRAY_SIZE", QUERY, NULL },
    { "ZERO_ARRAY_OR_TUPLE_INDEX", QUERY, NULL },
};

/* Cuts "(text)" off the end of s; STR_NULL when there is none. */
static str cut_brackets(str *s)
{
    *s = str_trim(*s);
    if (!s->n || s->p[s->n - 1] != ')')
        return STR_NULL;
    size_t open = s->n - 1;
    while (open && s->p[open] != '(')
        open--;
    str inner = str_slice(*s, open + 1, s->n - 1);
    *s = str_trim(str_slice(*s, 0, open));
    return inner;
}

/* The NAME of "Code: 43. DB::Exception: text. (NAME) (version 26.7)" and the text without its
 * frame. Only some have a version. */
static str split_exception(str text, str *name)
{
    str mark = STR("DB::Exception: ");
    /* one that came through another has its frame, too */
    for (ptrdiff_t at = str_find(text, mark); at >= 0;
         at = str_starts(text, STR("Code: ")) ? str_find(text, mark) : -1)
        text = str_slice(text, (size_t)at + mark.n, text.n);
    *name = cut_brackets(&text);
    if (str_starts(*name, STR("version ")))
        *name = cut_brackets(&text);
    /* What follows is the server's own view: steps of the pipeline, our statement. */
    static const char *const noises[] = { ": while executing", ": While processing", ": while ",
                                          ": In scope ", ". In scope ", " In scope " };
    for (size_t i = 0; i < ARRAY_LEN(noises); i++) {
        ptrdiff_t noise = str_find(text, str_of(noises[i]));
        if (noise > 0)
            text = str_slice(text, 0, (size_t)noise);
    }
    return text;
}

static int away(struct err *e, const char *why)
{
    err_set(e, ERR_UNAVAILABLE, NULL, "The event store is not available right now.");
    snprintf(e->detail, sizeof(e->detail), "%s", why);
    return e->kind;
}

static int exception(str text, struct err *e)
{
    str name, message = split_exception(text, &name);
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (!str_eqz(name, known[i].name))
            continue;
        if (known[i].blame == STORAGE) {
            char why[512];
            snprintf(why, sizeof(why), STR_FMT, STR_ARG(text));
            return away(e, why);
        }
        static const enum err_kind kinds[] = { ERR_INVALID, ERR_TIMEOUT, ERR_UNAVAILABLE };
        if (known[i].sentence)
            message = str_of(known[i].sentence);
        int rc = err_set(e, kinds[known[i].blame], NULL, STR_FMT, STR_ARG(message));
        for (size_t k = 0; k < name.n && k + 1 < sizeof(e->code); k++)
            e->code[k] = (char)(name.p[k] >= 'A' && name.p[k] <= 'Z' ? name.p[k] + 32 : name.p[k]);
        return rc;
    }
    int rc = err_set(e, ERR_INTERNAL, NULL, "ClickHouse rejected the query with error " STR_FMT ".",
                     STR_ARG(name.n ? name : STR("UNKNOWN")));
    snprintf(e->detail, sizeof(e->detail), STR_FMT, STR_ARG(text));
    return rc;
}

static int outcome(CURLcode code, struct answer *a, struct err *e)
{
    long status = 0;
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
    if (a->refused < 0)
        return a->refused;
    if (a->out && a->out->full)
        return err_set(e, ERR_INVALID, NULL, "The result is larger than %u MiB.",
                       LIMIT_QUERY_RESULT >> 20);
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        err_set(e, ERR_UNAVAILABLE, NULL, "The client left.");
        snprintf(e->code, sizeof(e->code), "client_left");
        return e->kind;
    }
    if (code == CURLE_OPERATION_TIMEDOUT)
        return err_set(e, ERR_TIMEOUT, NULL, NULL);
    if (code == CURLE_PARTIAL_FILE && status == 200) /* broken off in mid-answer */
        return err_internal(e, "the answer was broken off");
    if (code != CURLE_OK)
        return away(e, curl_easy_strerror(code));
    return status == 200 ? 0 : exception(buf_view(&a->error), e);
}

/* -------------------------------------------------------------------------- statements */

static void add_url_text(struct buf *b, CURL *c, str s)
{
    char *text = curl_easy_escape(c, s.p, (int)s.n);
    BUG_ON(!text);
    buf_z(b, text);
    curl_free(text);
}

static void add_statement(struct buf *b, const struct olap_query *q)
{
    if (q->tag)
        buf_printf(b, "/* %s */ ", q->tag);
    if (q->into)
        buf_printf(b, "INSERT INTO %s ", q->into);
    buf_str(b, q->sql);
    buf_char(b, '\0');
    b->n -= !b->full;
}

static int perform(struct olap *o, const struct olap_query *q, CURL *c, struct buf *url,
                   struct buf *sql, struct answer *a, struct err *e)
{
    int seconds = q->seconds ? q->seconds : SECONDS;
    add_statement(sql, q);
    buf_printf(url, "%s?default_format=%s%s", o->url, q->format ? q->format : "JSONCompact",
               q->change ? changing : reading);
    if (q->settings)
        buf_z(url, q->settings);
    if (!q->change)
        buf_printf(url, "&max_execution_time=%d", seconds);
    if (q->data.p) {
        buf_z(url, "&query=");
        add_url_text(url, c, buf_view(sql));
    }
    buf_char(url, '\0');
    if (url->full || sql->full)
        return err_set(e, ERR_INVALID, NULL, "The query is too long.");
    str body = q->data.p ? q->data : buf_view(sql);
    curl_easy_setopt(c, CURLOPT_URL, url->p);
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.p);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)seconds + 5);
    if (q->take)
        curl_easy_setopt(c, CURLOPT_BUFFERSIZE, PIECE);
    if (q->gone) {
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(c, CURLOPT_XFERINFODATA, q);
    }
    return outcome(curl_easy_perform(c), a, e);
}

int olap_run(struct olap *o, const struct olap_query *q, struct buf *out, struct err *e)
{
    if (!q->while_preparing && !olap_ready(o))
        return away(e, "not ready");
    struct buf url = BUF_INIT(LIMIT_STATEMENT * 3), sql = BUF_INIT(LIMIT_STATEMENT);
    CURL *c = take(o);
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    struct answer a = { .q = q, .out = out, .error = BUF_INIT(64 * 1024), .curl = c, .e = e };
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    int64_t start = clock_mono_us();
    int rc = perform(o, q, c, &url, &sql, &a, e);
    histogram_add(q->change ? &o->writes : &o->reads, clock_mono_us() - start);
    atomic_fetch_add(&o->failures, rc < 0);
    curl_slist_free_all(headers);
    give(o, c);
    bool ended = e->kind == ERR_TIMEOUT || a.refused < 0 || str_eqz(str_of(e->code), "client_left");
    if (rc < 0 && q->tag && ended)
        olap_cancel(o, q->tag);
    buf_release(&url);
    buf_release(&sql);
    buf_release(&a.error);
    return rc;
}

bool olap_alive(struct olap *o)
{
    struct buf url = BUF_INIT(4096);
    CURL *c = take(o);
    struct answer a = { .error = BUF_INIT(4096), .curl = c };
    long status = 0;
    buf_printf(&url, "%sping", o->url);
    buf_char(&url, '\0');
    curl_easy_setopt(c, CURLOPT_URL, url.p);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &a);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, PING_SECONDS);
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    give(o, c);
    buf_release(&url);
    buf_release(&a.error);
    return code == CURLE_OK && status == 200;
}

/* The condition on system tables that a statement has the tag. */
static void add_tagged(struct buf *sql, const char *tag)
{
    struct buf pattern = BUF_INIT(512);
    buf_printf(&pattern, "/* %s */", tag);
    buf_z(sql, "startsWith(query, ");
    olap_add_quoted(sql, buf_view(&pattern));
    buf_z(sql, ")");
    buf_release(&pattern);
}

int olap_progress(struct olap *o, struct arena *a, const char *tag, struct olap_progress *out,
                  struct err *e)
{
    struct buf sql = BUF_INIT(1024), answer = BUF_INIT(64 * 1024);
    struct json *tree = NULL;
    buf_z(&sql, "SELECT toInt64(sum(read_rows)), toInt64(sum(read_bytes)),"
                " toInt64(sum(total_rows_approx)), max(elapsed),"
                " toInt64(sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']))"
                " FROM system.processes WHERE ");
    add_tagged(&sql, tag);
    struct olap_query q = { .sql = buf_view(&sql), .format = "JSONCompactEachRow", .seconds = 5,
                            .settings = "&output_format_json_quote_64bit_integers=0" };
    int rc = olap_run(o, &q, &answer, e);
    if (rc == 0)
        rc = json_parse(a, arena_str(a, buf_view(&answer)), &tree, e);
    const struct json *v[5] = { 0 };
    const struct json *m = tree ? tree->head : NULL;
    for (size_t i = 0; i < 5 && m; m = m->next)
        v[i++] = m;
    if (rc == 0 && !v[4])
        rc = err_set(e, ERR_INTERNAL, NULL, "the event store gave no progress");
    if (rc == 0)
        *out = (struct olap_progress){ v[0]->i64, v[1]->i64, v[2]->i64, v[3]->num, v[4]->i64 };
    buf_release(&sql);
    buf_release(&answer);
    return rc;
}

void olap_cancel(struct olap *o, const char *tag)
{
    struct buf sql = BUF_INIT(1024);
    struct err e = ERR_INIT;
    buf_z(&sql, "KILL QUERY WHERE ");
    add_tagged(&sql, tag);
    buf_z(&sql, " ASYNC");
    struct olap_query q = { .sql = buf_view(&sql), .change = true, .seconds = 5 };
    if (olap_run(o, &q, NULL, &e) < 0)
        log_warn("could not cancel a query", "error", e.detail);
    buf_release(&sql);
}

void olap_counts(const struct olap *o, struct olap_counts *out)
{
    *out = (struct olap_counts){ &o->reads, &o->writes, atomic_load(&o->failures) };
}
