/* inside.c - what the assistant does of the API for a user: each call passes the checks that the user's
 * own request would pass. */
#include "api/internal.h"
#include "assistant/assistant.h"

void api_call(void *api, struct assistant_call *c)
{
    struct http_inside inside;
    bool whole = c->path.n && c->path.p[0] == '/';
    str path = whole ? c->path
                     : arena_printf(c->arena, "/api/projects/%lld/" STR_FMT,
                                    (long long)c->who->project_id, STR_ARG(c->path));
    http_inside_init(&inside, c->arena, c->method, path, c->query, c->body, api);
    inside.gone = c->gone;
    inside.gone_context = c->run;
    inside.who = c->who;
    api_run(&inside.request);
    http_inside_wait(&inside);
    c->status = inside.request.status;
    c->answer = inside.request.fixed.p ? arena_str(c->arena, inside.request.fixed)
                                       : arena_str(c->arena, buf_view(&inside.request.reply));
    http_inside_release(&inside);
}
