/* control.c - see control.h. */
#include "cmd/control.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "cmd/folder.h"
#include "http/call.h"
#include "http/server.h"
#include "json/write.h"

#define PATIENCE 30L /* seconds for an answer */

struct control {
    struct control_config cfg;
    struct http_server *http;
};

/* -------------------------------------------------------------------------- the server's end */

static size_t limit(struct http_request *r)
{
    (void)r;
    return LIMIT_CONTROL;
}

static bool never_inline(struct http_request *r)
{
    (void)r;
    return false;
}

static void reply_error(struct http_request *r, const struct err *e)
{
    struct json_writer w = JSON_WRITER(&r->reply);
    buf_reset(&r->reply);
    r->status = err_status(e);
    json_open(&w, '{');
    json_key(&w, "error");
    json_z(&w, err_message(e));
    json_key(&w, "detail");
    json_z(&w, e->detail);
    json_close(&w, '}');
}

static void run(struct http_request *r)
{
    struct control *c = r->context;
    struct err e = ERR_INIT;
    str prefix = STR("/change/");
    int rc = 0;
    r->status = 200;
    if (r->too_large)
        rc = err_set(&e, ERR_TOO_LARGE, NULL, NULL);
    else if (str_eqz(r->method, "GET") && str_eqz(r->path, "/status"))
        c->cfg.status(c->cfg.context, &r->reply);
    else if (str_eqz(r->method, "POST") && str_starts(r->path, prefix))
        rc = c->cfg.change(c->cfg.context, r->arena, r->path.p + prefix.n, buf_view(&r->body),
                           &r->reply, &e);
    else
        rc = err_set(&e, ERR_NOT_FOUND, NULL, NULL);
    if (rc < 0)
        reply_error(r, &e);
}

int control_start(const struct control_config *cfg, struct control **out, struct err *e)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct control *c = calloc(1, sizeof(*c));
    BUG_ON(!c);
    c->cfg = *cfg;
    struct http_config http = { .listen = arena_printf(a, "unix:%s/admin.sock", cfg->data).p,
                                .workers = 1, .queue = 16, .limit = limit,
                                .inline_run = never_inline, .run = run, .context = c };
    int rc = http_server_start(&http, &c->http, e);
    if (rc < 0) {
        free(c);
        return rc;
    }
    *out = c;
    return 0;
}

void control_stop(struct control *c)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    unlink(folder_path(a, c->cfg.data, "admin.sock").p);
    http_server_stop(c->http);
    free(c);
}

/* -------------------------------------------------------------------------- the command's end */

static int outcome(struct arena *a, const struct buf *answer, long status, struct err *e)
{
    struct err ignored = ERR_INIT;
    struct json *v = NULL;
    if (status == 200)
        return 1;
    (void)json_parse(a, buf_view(answer), &v, &ignored);
    str text = json_get_text(v, "error"), detail = json_get_text(v, "detail");
    return err_set(e, ERR_INVALID, NULL, STR_FMT "%s" STR_FMT,
                   STR_ARG(text.p ? text : STR("the server did not understand")),
                   detail.n ? ": " : "", STR_ARG(detail));
}

/* name: of a change, with its settings, or NULL for the status. */
static int call(struct arena *a, const char *data, const char *name, str settings,
                struct buf *out, struct err *e)
{
    struct buf url = BUF_INIT(1024);
    long status = 0;
    buf_z(&url, name ? "http://hoglet/change/" : "http://hoglet/status");
    for (; name && *name; name++) /* words */
        buf_z(&url, *name == ' ' ? "%20" : (char[]){ *name, '\0' });
    buf_char(&url, '\0');
    struct http_call c = { .url = url.p, .socket = folder_path(a, data, "admin.sock").p,
                           .body = settings, .seconds = PATIENCE };
    int rc = http_call(&c, &status, out, e);
    buf_release(&url);
    return rc <= 0 ? rc : outcome(a, out, status, e);
}

int control_status(struct arena *a, const char *data, struct buf *out, struct err *e)
{
    return call(a, data, NULL, STR_NULL, out, e);
}

int control_change(struct arena *a, const char *data, const char *name, str settings,
                   struct buf *out, struct err *e)
{
    return call(a, data, name, settings, out, e);
}
