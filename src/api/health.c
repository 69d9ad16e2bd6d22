/* health.c - probes: cheap, without credentials, never touching user data. */
#include <sys/statvfs.h>

#include "api/internal.h"
#include "base/limits.h"

static int health_live(struct req *r, struct err *e)
{
    (void)e;
    r->http->status = 200;
    r->http->content_type = "text/plain";
    buf_z(&r->http->reply, "ok\n");
    return 0;
}

static bool metadata_ready(struct req *r)
{
    struct err ignored = ERR_INIT;
    struct stmt *st;
    int rc = db_open(r->db, r->arena, &st, &ignored, "SELECT 1 FROM organization LIMIT 1", "");
    if (rc < 0 || stmt_step(st, &ignored) < 0)
        return false;
    stmt_end(st);
    return true;
}

static bool engine_ready(struct req *r)
{
    return olap_ready(r->api->olap);
}

static bool disk_ready(struct req *r)
{
    struct statvfs fs;
    return statvfs(r->api->data, &fs) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize >= LIMIT_DISK_LEAST;
}

static bool journal_ready(struct req *r)
{
    return journal_writes(r->api->journal);
}

/* 503 names the part that is not ready: false. */
static int health_ready(struct req *r, struct err *e)
{
    static const struct {
        const char *name;
        bool (*ready)(struct req *r);
    } parts[] = { { "metadata", metadata_ready },
                  { "engine", engine_ready },
                  { "disk", disk_ready },
                  { "journal", journal_ready } };
    bool ready[ARRAY_LEN(parts)], all = true;
    (void)e;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        ready[i] = parts[i].ready(r);
        all = all && ready[i];
    }
    struct json_writer w = reply_json(r, all ? 200 : 503);
    if (!all)
        http_reply_header(r->http, "Retry-After", "1");
    json_open(&w, '{');
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        json_key(&w, parts[i].name);
        json_bool(&w, ready[i]);
    }
    json_close(&w, '}');
    return 0;
}

const struct route health_routes[] = {
    { "GET", "/_livez", health_live, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/_health", health_live, ACCESS_PUBLIC, NULL, 0, true },
    { "GET", "/_liveness", health_live, ACCESS_PUBLIC, NULL, 0, true }, /* capture's own names */
    { "GET", "/_readiness", health_ready, ACCESS_PUBLIC, NULL, 0 },
    { "GET", "/_readyz", health_ready, ACCESS_PUBLIC, NULL, 0 },
    { 0 },
};
