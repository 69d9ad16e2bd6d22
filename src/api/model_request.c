/* model_request.c - the log of what was sent to a language model, for admins. */
#include "model/model_request.h"

#include "api/internal.h"

static void write_one(struct req *r, struct json_writer *w, const struct model_request *m)
{
    json_open(w, '{');
    json_key(w, "at");
    json_time(w, m->at);
    write_loaded_user(r, w, "user", m->user_id);
    json_key(w, "conversation");
    json_str(w, m->conversation_id);
    json_key(w, "model");
    json_str(w, m->model);
    json_key(w, "level");
    json_str(w, m->level);
    json_key(w, "outcome");
    json_str(w, m->outcome);
    json_key(w, "bytes");
    json_i64(w, m->bytes);
    json_key(w, "tokens_in");
    json_i64(w, m->tokens_in);
    json_key(w, "tokens_out");
    json_i64(w, m->tokens_out);
    json_key(w, "ms");
    json_i64(w, m->ms);
    json_close(w, '}');
}

static int model_request_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct model_request *rows = NULL;
    int64_t count = 0;
    size_t n = 0;
    int rc = model_request_count(r->db, r->arena, r->project.id, &count, e);
    if (rc == 0)
        rc = model_request_page(r->db, r->arena, r->project.id, page.limit, page.offset, &rows, &n,
                                e);
    if (rc == 0)
        rc = req_load_user_column(r, rows, n, sizeof(*rows),
                                  offsetof(struct model_request, user_id), e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n; i++)
        write_one(r, &w, &rows[i]);
    page_close(&w);
    return 0;
}

const struct route model_request_routes[] = {
    { "GET", "/api/projects/:project/model_requests/", model_request_list, ACCESS_SCOPE,
      "project:read", LEVEL_ADMIN },
    { 0 },
};
