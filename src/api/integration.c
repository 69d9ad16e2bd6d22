/* integration.c - integrations over the API: credentials of other systems, for exports to use. Secrets
 * go in and are never shown again. */
#include "model/integration.h"

#include "api/field.h"
#include "api/internal.h"
#include "base/clock.h"
#include "export/integration.h"
#include "store/seal.h"

static int write_integration(struct req *r, struct json_writer *w, const struct integration *in,
                             struct err *e)
{
    struct json *config;
    int rc = json_parse(r->arena, in->config, &config, e);
    if (rc < 0)
        return rc;
    str name = json_get_text(config, "name");
    const struct export_integration *kind = export_integration_find(in->kind);
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, in->id);
    json_key(w, "kind");
    json_str(w, in->kind);
    json_key(w, "config");
    json_tree(w, config);
    json_key(w, "created_at");
    json_time(w, in->created_at);
    write_loaded_user(r, w, "created_by", in->created_by);
    json_key(w, "errors");
    json_z(w, "");
    json_key(w, "display_name");
    json_str(w, name.n ? name : str_of(kind ? kind->title : ""));
    json_close(w, '}');
    return 0;
}

static int integration_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct integration *rows;
    size_t n = 0;
    int64_t count;
    str kind = http_query_of(r->http, "kind");
    int rc = integration_count(r->db, r->arena, r->project.id, kind, &count, e);
    if (rc == 0)
        rc = integration_page(r->db, r->arena, r->project.id, kind, page.limit, page.offset, &rows,
                              &n, e);
    if (rc == 0)
        rc = req_load_creators(r, rows, n, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = write_integration(r, &w, &rows[i], e);
    page_close(&w);
    return rc;
}

static int reply(struct req *r, int status, const struct integration *in, struct err *e)
{
    int rc = req_load_users(r, &in->created_by, 1, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, status);
    return write_integration(r, &w, in, e);
}

static int read_kind(struct req *r, struct integration *in, const struct export_integration **out,
                     struct err *e)
{
    static const struct field fields[] = {
        { "kind", FIELD_STR, offsetof(struct integration, kind), FIELD_REQUIRED }, { 0 }
    };
    int rc = fields_read(r->arena, r->body, "", fields, in, e);
    if (rc < 0)
        return rc;
    *out = export_integration_find(in->kind);
    return *out ? 0 : err_set(e, ERR_CHOICE, "kind", "\"" STR_FMT "\" is not a valid choice.",
                              STR_ARG(str_utf8_prefix(in->kind, 100)));
}

static int integration_create(struct req *r, struct err *e)
{
    const struct export_integration *kind;
    struct json *shown, *secrets;
    struct integration in = { .project_id = r->project.id, .created_at = clock_now_us(),
                              .created_by = r->user.id };
    int rc = read_kind(r, &in, &kind, e);
    if (rc < 0)
        return rc;
    const struct json *config = json_get(r->body, "config");
    if (!config)
        return err_set(e, ERR_REQUIRED, "config", NULL);
    if (config->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "config", "Expected a dictionary of items.");
    rc = export_integration_read(r->arena, kind, config, &shown, &secrets, e);
    if (rc < 0)
        return rc;
    in.config = json_text_of(r->arena, shown);
    in.secrets = seal_text(r->api->seal, r->arena, json_text_of(r->arena, secrets));
    rc = integration_insert(r->db, &in, e);
    return rc < 0 ? rc : reply(r, 201, &in, e);
}

static int integration_fetch(struct req *r, struct err *e)
{
    struct integration in;
    int64_t id;
    int rc = str_to_i64(r->id, &id)
                 ? integration_find(r->db, r->arena, r->project.id, id, &in, e)
                 : 0;
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return rc < 0 ? rc : reply(r, 200, &in, e);
}

static int integration_remove(struct req *r, struct err *e)
{
    int64_t id;
    int rc = str_to_i64(r->id, &id) ? integration_delete(r->db, r->project.id, id, e) : 0;
    if (rc == 0)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    if (rc > 0)
        r->http->status = 204;
    return rc < 0 ? rc : 0;
}

#define AT "/api/projects/:project/integrations/"

const struct route integration_routes[] = {
    { "GET", AT, integration_list, ACCESS_SCOPE, "integration:read", 0 },
    { "POST", AT, integration_create, ACCESS_SCOPE, "integration:write", 0 },
    { "GET", AT ":id/", integration_fetch, ACCESS_SCOPE, "integration:read", 0 },
    { "DELETE", AT ":id/", integration_remove, ACCESS_SCOPE, "integration:write", 0 },
    { 0 },
};
