/* health.c - probes: cheap, without credentials, never touching user data. */
#include "api/internal.h"

static int health_live(struct req *r, struct err *e)
{
    (void)e;
    r->http->status = 200;
    r->http->content_type = "text/plain";
    buf_z(&r->http->reply, "ok\n");
    return 0;
}

/* 503 names the part that is not ready. */
static int health_ready(struct req *r, struct err *e)
{
    struct stmt *st;
    int rc = db_open(r->db, r->arena, &st, e, "SELECT 1 FROM organization LIMIT 1", "");
    bool store = rc == 0 && stmt_step(st, e) >= 0;
    if (store)
        stmt_end(st);
    bool events = olap_ready(r->api->olap);
    struct json_writer w = reply_json(r, store && events ? 200 : 503);
    json_open(&w, '{');
    json_key(&w, "metadata");
    json_bool(&w, store);
    json_key(&w, "events");
    json_bool(&w, events);
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
