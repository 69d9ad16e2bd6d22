/* log.c - see log.h. A ring; what is slow goes to the server's own log, too. */
#include "query/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "json/write.h"

#define KEEP_FOR (86400 * CLOCK_SECOND)
#define SLOW (2 * CLOCK_SECOND)

struct query_log {
    pthread_mutex_t lock; /* guards everything here */
    struct query_log_row *rows;
    size_t next, n;
};

struct query_log *query_log_new(void)
{
    struct query_log *l = calloc(1, sizeof(*l));
    BUG_ON(!l);
    l->rows = calloc(LIMIT_QUERY_LOG, sizeof(*l->rows)); /* pages come with use */
    BUG_ON(!l->rows);
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void query_log_free(struct query_log *l)
{
    pthread_mutex_destroy(&l->lock);
    free(l->rows);
    free(l);
}

str query_log_cut(str text)
{
    return str_utf8_prefix(text, 128);
}

static void tell(const struct query_log_row *row)
{
    char team[24], ms[24], waited[24], read[24];
    snprintf(team, sizeof(team), "%lld", (long long)row->team_id);
    snprintf(ms, sizeof(ms), "%lld", (long long)(row->us / 1000));
    snprintf(waited, sizeof(waited), "%lld", (long long)(row->spent.wait_us / 1000));
    snprintf(read, sizeof(read), "%lld", (long long)row->spent.rows_read);
    log_event(row->us >= SLOW ? LOG_INFO : LOG_DEBUG, row->us >= SLOW ? "slow query" : "query",
              "project", team, "kind", row->kind, "id", row->id, "ms", ms, "waited_ms", waited,
              "rows_read", read, "error", row->code, NULL);
}

void query_log_add(struct query_log *l, const struct query_log_row *row)
{
    pthread_mutex_lock(&l->lock);
    l->rows[l->next] = *row;
    l->next = (l->next + 1) % LIMIT_QUERY_LOG;
    l->n += l->n < LIMIT_QUERY_LOG;
    pthread_mutex_unlock(&l->lock);
    tell(row);
}

/* -------------------------------------------------------------------------- reading */

static const char *const columns[][2] = {
    { "query_id", "String" },
    { "query_start_time", "DateTime" },
    { "query_duration_ms", "UInt64" },
    { "kind", "String" },
    { "name", "String" },
    { "status", "String" },
    { "exception_name", "String" },
    { "is_cached", "Bool" },
    { "waited_ms", "UInt64" },
    { "read_rows", "UInt64" },
    { "read_bytes", "UInt64" },
    { "result_bytes", "UInt64" },
};

static void write_row(struct json_writer *w, const struct query_log_row *row)
{
    json_open(w, '[');
    json_z(w, row->id);
    json_time(w, row->started);
    json_i64(w, row->us / 1000);
    json_z(w, row->kind);
    json_z(w, row->name);
    json_z(w, row->code[0] ? "Exception" : "QueryFinish");
    json_z(w, row->code);
    json_bool(w, row->cached);
    json_i64(w, row->spent.wait_us / 1000);
    json_i64(w, row->spent.rows_read);
    json_i64(w, row->spent.bytes_read);
    json_i64(w, (int64_t)row->result_bytes);
    json_close(w, ']');
}

static bool find(struct query_log *l, int64_t team_id, str id, struct query_log_row *out)
{
    int64_t since = clock_now_us() - KEEP_FOR;
    bool found = false;
    id = query_log_cut(id);
    pthread_mutex_lock(&l->lock);
    for (size_t i = 1; i <= l->n && !found; i++) {
        const struct query_log_row *row = &l->rows[(l->next + LIMIT_QUERY_LOG - i) % LIMIT_QUERY_LOG];
        found = row->team_id == team_id && row->started >= since && str_eqz(id, row->id);
        if (found)
            *out = *row;
    }
    pthread_mutex_unlock(&l->lock);
    return found;
}

void query_log_write(struct query_log *l, int64_t team_id, str id, struct buf *out)
{
    struct query_log_row row;
    struct json_writer w = JSON_WRITER(out);
    json_open(&w, '{');
    json_key(&w, "results");
    json_open(&w, '[');
    if (find(l, team_id, id, &row))
        write_row(&w, &row);
    json_close(&w, ']');
    json_key(&w, "columns");
    json_open(&w, '[');
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        json_z(&w, columns[i][0]);
    json_close(&w, ']');
    json_key(&w, "types");
    json_open(&w, '[');
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        json_open(&w, '[');
        json_z(&w, columns[i][0]);
        json_z(&w, columns[i][1]);
        json_close(&w, ']');
    }
    json_close(&w, ']');
    json_key(&w, "hasMore");
    json_bool(&w, false);
    json_close(&w, '}');
}
