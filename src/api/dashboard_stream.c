/* dashboard_stream.c - a dashboard sent tile by tile, as server-sent events: first the dashboard with
 * its first two tiles, then each further one as soon as it and those before it have their results. */
#include "api/dashboard_view.h"
#include "api/tile.h"
#include "base/limits.h"
#include "http/stream.h"

#define FIRST 2   /* tiles that come with the dashboard */
#define AT_ONCE 4 /* tiles that are computed side by side */

struct feed {
    struct req *r;
    const struct dashboard *d;
    const struct json *filters, *variables;
    struct tile_set tiles;
    enum query_refresh mode;
    struct http_stream *stream;
};

/* Blanks between values: results come from the event store with some, and an event is one line. */
static void squeeze(struct buf *b)
{
    size_t n = 0;
    bool inside = false;
    for (size_t i = 0; i < b->n; i++) {
        char c = b->p[i];
        if (!inside && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
            continue;
        b->p[n++] = c;
        if (c == '"')
            inside = !inside;
        else if (c == '\\' && inside && i + 1 < b->n)
            b->p[n++] = b->p[++i];
    }
    b->n = n;
}

/* Sends what is in b as one event, and empties it. */
static int send_event(struct feed *f, struct buf *b, struct err *e)
{
    if (b->full)
        return err_internal(e, "a tile is larger than LIMIT_RESPONSE");
    squeeze(b);
    int rc = http_stream_put(f->stream, STR("data: "), e);
    if (rc == 0)
        rc = http_stream_put(f->stream, buf_view(b), e);
    if (rc == 0)
        rc = http_stream_put(f->stream, STR("\n\n"), e);
    buf_reset(b);
    return rc;
}

static struct json_writer open_event(struct buf *b, const char *type)
{
    struct json_writer w = JSON_WRITER(b);
    json_open(&w, '{');
    json_key(&w, "type");
    json_z(&w, type);
    return w;
}

static int send_metadata(struct feed *f, struct buf *b, struct err *e)
{
    struct tile_set first = f->tiles;
    first.n = first.n < FIRST ? first.n : FIRST;
    struct json_writer w = open_event(b, "metadata");
    json_key(&w, "dashboard");
    dashboard_write(f->r, &w, f->d, f->filters, f->variables, &first);
    json_close(&w, '}');
    return send_event(f, b, e);
}

/* A tile that failed says so in the event too, beside the tile as it is. */
static int send_tile(struct feed *f, struct buf *b, size_t i, struct err *e)
{
    const struct tile_view *t = &f->tiles.tiles[i];
    bool failed = t->insight && t->insight->failed;
    struct json_writer w = open_event(b, failed ? "error" : "tile");
    if (failed) {
        json_key(&w, "tile_id");
        json_i64(&w, t->row.id);
        json_key(&w, "error");
        json_z(&w, err_message(&t->insight->failure));
    }
    json_key(&w, "order");
    json_i64(&w, (int64_t)i);
    json_key(&w, "tile");
    tile_write(f->r, &w, &f->tiles, t, (int64_t)i);
    json_close(&w, '}');
    return send_event(f, b, e);
}

static int send_all(struct feed *f, struct buf *b, struct err *e)
{
    size_t n = f->tiles.n, i = n < FIRST ? n : FIRST;
    tile_set_compute_some(f->r, &f->tiles, 0, i, f->mode, f->d->id);
    int rc = send_metadata(f, b, e);
    while (i < n && rc == 0) {
        size_t to = n - i < AT_ONCE ? n : i + AT_ONCE;
        tile_set_compute_some(f->r, &f->tiles, i, to, f->mode, f->d->id);
        for (; i < to && rc == 0; i++)
            rc = send_tile(f, b, i, e);
    }
    if (rc < 0)
        return rc;
    struct json_writer w = open_event(b, "complete");
    json_close(&w, '}');
    return send_event(f, b, e);
}

/* The visible end of a stream that cannot go on. */
static int send_failure(struct feed *f, struct buf *b, const struct err *e)
{
    struct err ignored = ERR_INIT;
    buf_reset(b);
    struct json_writer w = open_event(b, "error");
    json_key(&w, "error");
    json_z(&w, err_message(e));
    json_close(&w, '}');
    return send_event(f, b, &ignored);
}

static const char *breakpoint_of(struct req *r)
{
    str size = http_query_of(r->http, "layoutSize");
    if (!size.n)
        size = http_query_of(r->http, "layout_size");
    return str_eqz(size, "xs") ? "xs" : "sm";
}

static int dashboard_stream(struct req *r, struct err *e)
{
    struct dashboard d;
    struct feed f = { .r = r, .d = &d, .mode = insight_refresh(r) };
    int rc = dashboard_load(r, r->id, &d, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = dashboard_seen(r->db, &d, r->user.id, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == 0)
        rc = dashboard_overrides(r, &d, &f.filters, &f.variables, e);
    if (rc == 0)
        rc = req_load_users(r, &d.created_by, 1, e);
    if (rc == 0)
        rc = tile_set_load(r, &d, breakpoint_of(r), f.filters, f.variables, &f.tiles, e);
    if (rc < 0)
        return rc;
    req_give_db(r);
    r->http->status = 200;
    r->http->content_type = "text/event-stream";
    http_reply_header(r->http, "Cache-Control", "no-cache");
    http_reply_header(r->http, "X-Accel-Buffering", "no"); /* proxies pass on what comes */
    f.stream = http_stream_begin(r->http);
    struct buf b = BUF_INIT(LIMIT_RESPONSE);
    rc = send_all(&f, &b, e);
    bool whole = rc == 0 || send_failure(&f, &b, e) == 0;
    buf_release(&b);
    http_stream_end(f.stream, whole);
    return rc;
}

const struct route dashboard_stream_routes[] = {
    { "GET", "/api/projects/:project/dashboards/:id/stream_tiles/", dashboard_stream,
      ACCESS_SESSION },
    { 0 },
};
