/* core_memory.c - what the assistant is told of the project each time, over the API: one text. */
#include "api/field.h"
#include "api/internal.h"
#include "base/limits.h"
#include "model/memory.h"

static const struct field fields[] = {
    { "text", FIELD_STR, offsetof(struct memory, text), 0, LIMIT_MEMORY },
    { "scraping_status", FIELD_STR, offsetof(struct memory, scraping_status), FIELD_NULLABLE },
    { 0 },
};

static void write_memory(struct json_writer *w, const struct memory *m)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, m->id);
    json_key(w, "text");
    json_str(w, m->text);
    json_key(w, "scraping_status");
    json_str(w, m->scraping_status);
    json_close(w, '}');
}

static int reply(struct req *r, int status, const struct memory *m)
{
    struct json_writer w = reply_json(r, status);
    write_memory(&w, m);
    return 0;
}

static int read_body(struct req *r, struct memory *m, struct err *e)
{
    int rc = fields_read(r->arena, r->body, "", fields, m, e);
    str s = m->scraping_status;
    if (rc == 0 && s.p && !str_eqz(s, "pending") && !str_eqz(s, "completed") &&
        !str_eqz(s, "skipped"))
        return err_set(e, ERR_CHOICE, "scraping_status", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(str_utf8_prefix(s, 100)));
    return rc;
}

static int memory_list_all(struct req *r, struct err *e)
{
    struct memory m;
    int rc = memory_find(r->db, r->arena, r->project.id, &m, e);
    if (rc < 0)
        return rc;
    struct page page = page_of(r);
    struct json_writer w = page_open(r, page, rc);
    if (rc > 0 && page.offset == 0)
        write_memory(&w, &m);
    page_close(&w);
    return 0;
}

static int memory_create(struct req *r, struct err *e)
{
    struct memory m = { .text = STR(""), .scraping_status = STR_NULL };
    int rc = read_body(r, &m, e);
    if (rc == 0)
        rc = memory_insert(r->db, r->arena, r->project.id, &m, e);
    if (rc == ERR_UNIQUE)
        return err_set(e, ERR_CONFLICT, NULL, "Core memory already exists for this environment.");
    return rc < 0 ? rc : reply(r, 201, &m);
}

static int load(struct req *r, struct memory *m, struct err *e)
{
    int rc = memory_find(r->db, r->arena, r->project.id, m, e);
    if (rc < 0)
        return rc;
    return rc > 0 && str_eq(m->id, r->id) ? 0 : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int memory_fetch(struct req *r, struct err *e)
{
    struct memory m;
    int rc = load(r, &m, e);
    return rc < 0 ? rc : reply(r, 200, &m);
}

static int memory_change(struct req *r, struct err *e)
{
    struct memory m;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load(r, &m, e);
    if (rc == 0)
        rc = read_body(r, &m, e);
    if (rc == 0)
        rc = memory_update(r->db, r->project.id, &m, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply(r, 200, &m);
}

#define PATH "/api/projects/:project/core_memory/"

const struct route core_memory_routes[] = {
    { "GET", PATH, memory_list_all, ACCESS_SESSION },
    { "POST", PATH, memory_create, ACCESS_SESSION },
    { "GET", PATH ":id/", memory_fetch, ACCESS_SESSION },
    { "PUT", PATH ":id/", memory_change, ACCESS_SESSION },
    { "PATCH", PATH ":id/", memory_change, ACCESS_SESSION },
    { 0 },
};
