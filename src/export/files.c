/* files.c - runs that write files: JSON lines or Parquet, one or as many as their size asks for, and a
 * manifest behind them.
 *
 * JSON lines are cut where a file has grown to its size. Parquet is made by the event store, a file a
 * statement: there the rows are divided by a hash of their ids, in parts whose size the ones before
 * foretell. */

#include "base/limits.h"
#include "base/uuid.h"
#include "engine/parquet.h"
#include "export/key.h"
#include "export/lines.h"
#include "export/run.h"
#include "json/write.h"

#define MIB (1 << 20)

/* -------------------------------------------------------------------------- formats */

struct codec {
    const char *name; /* NULL: none */
    enum spool_codec spool;
    const char *extension; /* behind "jsonl" */
    const char *setting;   /* of the event store's Parquet */
};

static const struct codec codecs[] = {
    { NULL, SPOOL_PLAIN, "jsonl", "&output_format_parquet_compression_method=none" },
    { "gzip", SPOOL_GZIP, "jsonl.gz", "&output_format_parquet_compression_method=gzip" },
    { "brotli", SPOOL_BROTLI, "jsonl.br", "&output_format_parquet_compression_method=brotli" },
    { "zstd", SPOOL_PLAIN, "jsonl.zst", "&output_format_parquet_compression_method=zstd" },
    { "lz4", SPOOL_PLAIN, "jsonl.lz4", "&output_format_parquet_compression_method=lz4" },
    { "snappy", SPOOL_PLAIN, "jsonl.sz", "&output_format_parquet_compression_method=snappy" },
};

static const struct codec *codec_of(const struct json *config)
{
    str name = json_get_text(config, "compression");
    for (size_t i = 1; i < ARRAY_LEN(codecs); i++)
        if (str_eqz(name, codecs[i].name))
            return &codecs[i];
    return &codecs[0];
}

/* 0: files are not split. */
static int64_t max_bytes(const struct json *config)
{
    const struct json *size = json_get(config, "max_file_size_mb");
    return json_is(size, JSON_NUMBER) && size->i64 > 0 ? size->i64 * MIB : 0;
}

/* -------------------------------------------------------------------------- JSON lines */

struct line_writer {
    struct record_reader reader;
    struct lines lines;
    struct spool *spool;
    struct buf line;
    struct arena *scratch;          /* of a row of a query; NULL: rows are of events */
    struct record_value *checked;   /* such a row */
};

static int on_head(void *context, struct record_reader *r, struct err *e)
{
    struct line_writer *w = context;
    (void)e;
    lines_init(&w->lines, r->arena, r);
    if (w->scratch)
        w->checked = arena_alloc(r->arena, r->n * sizeof(*w->checked));
    return 0;
}

/* What a query calls properties may be any text: one that is no JSON becomes a JSON string. */
static const struct record_value *check_json(struct line_writer *w,
                                             const struct record_value *values)
{
    arena_reset(w->scratch);
    for (size_t i = 0; i < w->reader.n; i++) {
        struct json *v;
        struct err ignored = ERR_INIT;
        w->checked[i] = values[i];
        if (!w->reader.columns[i].json || values[i].null || !values[i].text.n)
            continue;
        if (json_parse(w->scratch, values[i].text, &v, &ignored) < 0)
            v = json_new_str(w->scratch, values[i].text);
        struct json_writer out = JSON_WRITER(&w->line); /* made here, the line comes later */
        buf_reset(&w->line);
        json_tree(&out, v);
        w->checked[i].text = arena_str(w->scratch, buf_view(&w->line));
    }
    return w->checked;
}

static int on_row(void *context, const struct record_value *values, struct err *e)
{
    struct line_writer *w = context;
    if (w->scratch)
        values = check_json(w, values);
    buf_reset(&w->line);
    lines_add(&w->lines, &w->reader, values, &w->line);
    if (w->line.full)
        return err_set(e, ERR_INVALID, NULL, "A row is larger than %u MiB.",
                       LIMIT_QUERY_RESULT >> 20);
    return spool_add(w->spool, buf_view(&w->line), 1, e);
}

static int stage_lines(struct carrier *c, const struct query_export *x, struct spool *spool,
                       struct err *e)
{
    struct arena *scratch _cleanup_(arena_freep) = x->hogql_query.p ? arena_new() : NULL;
    struct line_writer w = { .spool = spool, .line = BUF_INIT(LIMIT_QUERY_RESULT),
                             .scratch = scratch };
    record_init(&w.reader, c->arena, on_row, &w);
    w.reader.head = on_head;
    int rc = carrier_rows(c, x, "RowBinaryWithNamesAndTypes", NULL, record_take, &w.reader, e);
    if (rc == 0)
        rc = record_end(&w.reader, e);
    if (rc == 0)
        rc = spool_cut(spool, e);
    record_release(&w.reader);
    lines_release(&w.lines);
    buf_release(&w.line);
    return rc;
}

/* -------------------------------------------------------------------------- Parquet */

static int add_bytes(void *spool, str piece, struct err *e)
{
    return spool_add(spool, piece, 0, e);
}

/* The rows of the last file, as it says itself; one without rows is none. */
static int count_rows(struct spool *spool, int64_t *rows, int64_t *bytes, struct err *e)
{
    size_t n;
    str file;
    const struct spool_file *files = spool_files(spool, &n);
    *bytes = files[n - 1].bytes;
    int rc = spool_map(&files[n - 1], 0, *bytes, &file, e);
    if (rc < 0)
        return rc;
    rc = parquet_rows(file, rows, e);
    spool_unmap(file);
    if (rc == 0)
        spool_set_rows(spool, n - 1, *rows);
    return rc;
}

/* How many of the hashes the next file takes. */
static uint32_t next_part(uint32_t done, int64_t bytes, int64_t guess, int64_t max)
{
    const double all = QUERY_EXPORT_HASHES;
    double each = done ? (double)bytes / done : (double)guess / all;
    double part = each > 0 ? 0.97 * (double)max / each : all; /* a little below: they differ */
    if (part < 1)
        part = 1;
    return part < all - done ? (uint32_t)part : (uint32_t)(all - done);
}

static int stage_parquet(struct carrier *c, struct query_export x, const char *settings,
                         struct spool *spool, int64_t max, struct err *e)
{
    struct query_export_size size = { .rows = 1 }; /* one file is written without counting first */
    int64_t rows, bytes = 0;
    int rc = max ? carrier_count(c, &x, &size, e) : 0;
    if (rc < 0 || !size.rows)
        return rc;
    uint32_t done = 0;
    int64_t guess = size.bytes; /* the first file tells how much less it is when it is packed */
    do {
        int64_t written = 0;
        uint32_t part = max ? next_part(done, bytes, guess, max) : QUERY_EXPORT_HASHES;
        x.hash_from = done;
        x.hash_to = max ? done + part : 0;
        rc = carrier_rows(c, &x, "Parquet", settings, add_bytes, spool, e);
        if (rc == 0)
            rc = spool_cut(spool, e);
        if (rc == 0)
            rc = count_rows(spool, &rows, &written, e);
        done += part;
        bytes += written;
    } while (rc == 0 && done < QUERY_EXPORT_HASHES);
    return rc;
}

/* -------------------------------------------------------------------------- names */

static bool is_parquet(const struct json *config)
{
    return str_eqz(json_get_text(config, "file_format"), "Parquet");
}

static struct export_key key_of(const struct carrier *c)
{
    const struct json *config = c->task->config;
    return (struct export_key){ .prefix = json_get_text(config, "prefix"), .table = c->task->model,
                                .start = c->task->start, .end = c->task->end,
                                .extension = is_parquet(config) ? "parquet"
                                                                : codec_of(config)->extension };
}

/* -------------------------------------------------------------------------- delivery */

static int put_file(struct carrier *c, const struct spool_file *f, str key, struct err *e)
{
    str content;
    int rc = carrier_check(c, e);
    if (rc == 0)
        rc = spool_map(f, 0, f->bytes, &content, e);
    if (rc < 0)
        return rc;
    rc = c->task->destination->run->put(c, key, content, e);
    spool_unmap(content);
    return rc;
}

static void add_file(struct json_writer *w, const struct spool_file *f, str key)
{
    json_open(w, '{');
    json_key(w, "key");
    json_str(w, key);
    json_key(w, "bytes");
    json_i64(w, f->bytes);
    json_key(w, "rows");
    json_i64(w, f->rows);
    json_key(w, "sha256");
    json_z(w, f->sha256);
    json_close(w, '}');
}

static int put_manifest(struct carrier *c, const struct export_key *k, const str *keys, size_t n,
                        struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_BODY_API);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    json_key(&w, "files");
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        json_str(&w, keys[i]);
    json_close(&w, ']');
    json_close(&w, '}');
    int rc = c->task->destination->run->put(c, export_manifest_key(c->arena, k), buf_view(&b), e);
    buf_release(&b);
    return rc;
}

/* Puts all of them, then says so in a manifest, so that who sees it finds them all. */
static int deliver(struct carrier *c, const struct spool *spool, int64_t max, struct err *e)
{
    size_t n;
    const struct spool_file *files = spool_files(spool, &n);
    struct export_key k = key_of(c);
    struct buf list = BUF_INIT(LIMIT_BODY_API), sums = BUF_INIT(LIMIT_BODY_API);
    struct json_writer w = JSON_WRITER(&list);
    str *keys = arena_alloc(c->arena, (n + 1) * sizeof(*keys));
    size_t put = 0;
    int rc = 0;
    json_open(&w, '[');
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (!files[i].rows)
            continue;
        keys[put] = export_key(c->arena, &k, max ? (int64_t)put : -1);
        rc = put_file(c, &files[i], keys[put], e);
        add_file(&w, &files[i], keys[put++]);
        buf_z(&sums, files[i].sha256);
        c->result.rows += files[i].rows;
        c->result.bytes += files[i].bytes;
    }
    json_close(&w, ']');
    bool manifest = max && put && (put > 1 || c->task->destination->run->always_manifest);
    if (rc == 0 && manifest)
        rc = put_manifest(c, &k, keys, put, e);
    if (put) {
        char sha[65];
        sha256_hex(buf_view(&sums), sha);
        c->result.checksum = arena_str(c->arena, str_of(sha));
        c->result.files = arena_str(c->arena, buf_view(&list));
    }
    c->result.rows_read = c->result.rows;
    buf_release(&list);
    buf_release(&sums);
    return rc;
}

int export_files(struct carrier *c, struct err *e)
{
    const struct json *config = c->task->config;
    const struct codec *codec = codec_of(config);
    struct query_export x = carrier_query(c, c->task->destination->run->columns(c->task->model));
    int64_t max = max_bytes(config);
    bool parquet = is_parquet(config);
    struct spool *spool = spool_new(c->spool_dir, parquet ? SPOOL_PLAIN : codec->spool,
                                    parquet ? 0 : max);
    int rc = parquet ? stage_parquet(c, x, codec->setting, spool, max, e)
                     : stage_lines(c, &x, spool, e);
    if (rc == 0)
        rc = deliver(c, spool, max, e);
    spool_free(spool);
    return rc;
}
