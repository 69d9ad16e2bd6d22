/* action.c - actions over the API. Rows live in model/action.c; what a step means for events is
 * query/action.c's. Steps are stored complete, so that what is read back says what counts. */
#include "model/action.h"

#include <stdio.h>

#include "api/field.h"
#include "api/internal.h"
#include "base/clock.h"
#include "base/limits.h"
#include "query/query.h"

#define FOLDER "Unfiled/Actions"

/* -------------------------------------------------------------------------- steps */

struct step {
    str event, selector, tag_name, text, text_matching, href, href_matching, url, url_matching;
    str properties; /* JSON list */
};

#define AS_IT_IS (FIELD_NULLABLE | FIELD_UNTRIMMED)

static const struct field step_fields[] = {
    { "event", FIELD_STR, offsetof(struct step, event), AS_IT_IS, .max = 400 },
    { "properties", FIELD_ANY, offsetof(struct step, properties), FIELD_NULLABLE },
    { "selector", FIELD_STR, offsetof(struct step, selector), FIELD_NULLABLE,
      .max = LIMIT_STEP_TEXT },
    { "tag_name", FIELD_STR, offsetof(struct step, tag_name), AS_IT_IS, .max = LIMIT_STEP_TEXT },
    { "text", FIELD_STR, offsetof(struct step, text), AS_IT_IS, .max = LIMIT_STEP_TEXT },
    { "text_matching", FIELD_STR, offsetof(struct step, text_matching), FIELD_NULLABLE },
    { "href", FIELD_STR, offsetof(struct step, href), AS_IT_IS, .max = LIMIT_STEP_TEXT },
    { "href_matching", FIELD_STR, offsetof(struct step, href_matching), FIELD_NULLABLE },
    { "url", FIELD_STR, offsetof(struct step, url), FIELD_NULLABLE, .max = LIMIT_STEP_TEXT },
    { "url_matching", FIELD_STR, offsetof(struct step, url_matching), FIELD_NULLABLE },
    { 0 },
};

static int check_matching(const char *prefix, const char *name, str word, struct err *e)
{
    char attr[64];
    if (!word.p || str_eqz(word, "contains") || str_eqz(word, "exact") || str_eqz(word, "regex"))
        return 0;
    snprintf(attr, sizeof(attr), "%s%s", prefix, name);
    return err_set(e, ERR_CHOICE, attr, "\"" STR_FMT "\" is not a valid choice.",
                   STR_ARG(str_utf8_prefix(word, 100)));
}

static int read_step(struct req *r, const struct json *m, size_t i, struct step *s, struct err *e)
{
    char prefix[32];
    const struct json *properties = json_get(m, "properties");
    snprintf(prefix, sizeof(prefix), "steps__%zu__", i);
    if (m->type != JSON_OBJECT) {
        snprintf(prefix, sizeof(prefix), "steps__%zu", i);
        return err_set(e, ERR_INVALID, prefix, "Invalid data. Expected a dictionary.");
    }
    int rc = fields_read(r->arena, m, prefix, step_fields, s, e);
    if (rc == 0)
        rc = check_matching(prefix, "text_matching", s->text_matching, e);
    if (rc == 0)
        rc = check_matching(prefix, "href_matching", s->href_matching, e);
    if (rc == 0)
        rc = check_matching(prefix, "url_matching", s->url_matching, e);
    if (rc == 0 && s->properties.p && properties->type != JSON_ARRAY) {
        snprintf(prefix, sizeof(prefix), "steps__%zu__properties", i);
        return err_set(e, ERR_INVALID, prefix, "Expected a list of items.");
    }
    return rc;
}

static void write_step(struct json_writer *w, const struct step *s)
{
    json_open(w, '{');
    json_key(w, "event");
    json_str(w, s->event);
    json_key(w, "properties");
    json_raw(w, s->properties.p ? s->properties : STR("[]"));
    json_key(w, "selector");
    json_str(w, s->selector);
    json_key(w, "tag_name");
    json_str(w, s->tag_name);
    json_key(w, "text");
    json_str(w, s->text);
    json_key(w, "text_matching");
    json_str(w, s->text_matching);
    json_key(w, "href");
    json_str(w, s->href);
    json_key(w, "href_matching");
    json_str(w, s->href_matching);
    json_key(w, "url");
    json_str(w, s->url);
    json_key(w, "url_matching");
    json_str(w, s->url_matching.p ? s->url_matching : STR("contains"));
    json_close(w, '}');
}

static int read_steps(struct req *r, str *out, struct err *e)
{
    const struct json *list = json_get(r->body, "steps");
    size_t i = 0;
    int rc = 0;
    if (!list)
        return 0;
    if (list->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, "steps", NULL);
    if (list->type != JSON_ARRAY) {
        err_set(e, ERR_INVALID, "steps", "Expected a list of items.");
        snprintf(e->code, sizeof(e->code), "not_a_list");
        return e->kind;
    }
    if (list->count > LIMIT_STEPS)
        return err_set(e, ERR_INVALID, "steps",
                       "Ensure this field has no more than %d elements.", LIMIT_STEPS);
    struct buf b = BUF_INIT(LIMIT_BODY_API);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '[');
    for (const struct json *m = list->head; m && rc == 0; m = m->next, i++) {
        struct step s = { 0 };
        rc = read_step(r, m, i, &s, e);
        if (rc == 0)
            write_step(&w, &s);
    }
    json_close(&w, ']');
    if (rc == 0 && b.full)
        rc = err_set(e, ERR_TOO_LARGE, NULL, NULL);
    if (rc == 0)
        *out = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return rc;
}

/* -------------------------------------------------------------------------- body */

static const struct field fields[] = {
    { "name", FIELD_STR, offsetof(struct action, name), FIELD_FILLED, .max = 400 },
    { "description", FIELD_STR, offsetof(struct action, description), 0 },
    { "tags", FIELD_TAGS, offsetof(struct action, tags), 0 },
    { "post_to_slack", FIELD_BOOL, offsetof(struct action, post_to_slack), 0 },
    { "slack_message_format", FIELD_STR, offsetof(struct action, slack_message_format), 0,
      .max = 1200 },
    { "deleted", FIELD_BOOL, offsetof(struct action, deleted), 0 },
    { 0 },
};

/* Any time pins it, now; null and "" unpin. One that is pinned stays where it is. */
static int read_pin(struct req *r, struct action *in, struct err *e)
{
    const struct json *v = json_get(r->body, "pinned_at");
    if (!v)
        return 0;
    bool text = v->type == JSON_STRING;
    if (v->type == JSON_NULL || (text && !v->text.n))
        in->pinned_at = INT64_MIN;
    else if (!text)
        return err_set(e, ERR_INVALID, "pinned_at", "Not a valid string.");
    else if (in->pinned_at == INT64_MIN)
        in->pinned_at = clock_now_us();
    return 0;
}

static int read_body(struct req *r, struct action *in, struct err *e)
{
    bool whole = !str_eqz(r->http->method, "PATCH");
    if (whole && !json_get(r->body, "name"))
        return err_set(e, ERR_REQUIRED, "name", NULL);
    int rc = fields_read(r->arena, r->body, "", fields, in, e);
    return rc < 0 ? rc : read_pin(r, in, e);
}

/* Could queries be made of the steps? STR_NULL: none were given. */
static int check_steps(struct req *r, str steps, struct err *e)
{
    struct query_scope scope = req_query_scope(r);
    if (!steps.p)
        return 0;
    req_give_db(r);
    int rc = query_check_action(&scope, steps, e);
    req_take_db(r);
    if (rc < 0)
        snprintf(e->attr, sizeof(e->attr), "steps");
    return rc;
}

/* Names are given once among those that are not deleted. */
static int check_name(struct req *r, const struct action *in, struct err *e)
{
    struct action other;
    if (in->deleted)
        return 0;
    int rc = action_find_name(r->db, r->arena, r->project.id, in->name, &other, e);
    if (rc <= 0 || other.id == in->id)
        return rc < 0 ? rc : 0;
    return err_set(e, ERR_UNIQUE, "name",
                   "This project already has an action with this name, ID %lld",
                   (long long)other.id);
}

/* -------------------------------------------------------------------------- replies */

static void write_action(struct req *r, struct json_writer *w, const struct action *a)
{
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, a->id);
    json_key(w, "name");
    json_str(w, a->name);
    json_key(w, "description");
    json_str(w, a->description);
    json_key(w, "tags");
    json_raw(w, a->tags);
    json_key(w, "post_to_slack");
    json_bool(w, a->post_to_slack);
    json_key(w, "slack_message_format");
    json_str(w, a->slack_message_format);
    json_key(w, "steps");
    json_raw(w, a->steps);
    json_key(w, "created_at");
    json_time(w, a->created_at);
    write_loaded_user(r, w, "created_by", a->created_by);
    json_key(w, "deleted");
    json_bool(w, a->deleted);
    json_key(w, "is_calculating"); /* nothing is kept of an action: it is computed when asked for */
    json_bool(w, false);
    json_key(w, "last_calculated_at");
    json_time(w, a->updated_at);
    json_key(w, "team_id");
    json_i64(w, a->project_id);
    json_key(w, "is_action");
    json_bool(w, true);
    json_key(w, "bytecode_error");
    json_null(w);
    json_key(w, "pinned_at");
    json_time(w, a->pinned_at);
    json_key(w, "creation_context");
    json_null(w);
    json_key(w, "user_access_level");
    json_z(w, "manager");
    json_close(w, '}');
}

static int reply(struct req *r, int status, const struct action *a, struct err *e)
{
    int rc = req_load_users(r, &a->created_by, 1, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, status);
    write_action(r, &w, a);
    return 0;
}

/* -------------------------------------------------------------------------- handlers */

static int action_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct action *rows;
    size_t n = 0;
    int64_t count;
    str search = STR_NULL;
    int rc = search_term(r, http_query_of(r->http, "search"), &search, e);
    if (rc == 0)
        rc = action_count(r->db, r->arena, r->project.id, search, &count, e);
    if (rc == 0)
        rc = action_page(r->db, r->arena, r->project.id, search, page.limit, page.offset, &rows,
                         &n, e);
    if (rc == 0)
        rc = req_load_creators(r, rows, n, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n; i++)
        write_action(r, &w, &rows[i]);
    page_close(&w);
    return 0;
}

static int action_create(struct req *r, struct err *e)
{
    static const struct field folder[] = {
        { "_create_in_folder", FIELD_STR, 0, FIELD_NULLABLE, .max = 1000 }, { 0 }
    };
    int64_t now = clock_now_us();
    struct action in = {
        .project_id = r->project.id, .description = STR(""), .tags = STR("[]"),
        .steps = STR("[]"), .slack_message_format = STR(""), .pinned_at = INT64_MIN,
        .folder = STR_NULL, .created_at = now, .created_by = r->user.id, .updated_at = now,
    };
    int rc = read_body(r, &in, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", folder, &in.folder, e);
    if (rc == 0)
        rc = read_steps(r, &in.steps, e);
    if (rc == 0)
        rc = check_steps(r, in.steps, e);
    if (!in.folder.n)
        in.folder = STR(FOLDER);
    if (rc == 0)
        rc = db_begin(r->db, e); /* no other takes the name in between */
    if (rc == 0)
        rc = check_name(r, &in, e);
    if (rc == 0)
        rc = action_insert(r->db, &in, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply(r, 201, &in, e);
}

/* Deleted ones too: whoever names one by id may look what it was, and restore it. */
static int load(struct req *r, struct action *out, struct err *e)
{
    int64_t id;
    if (!str_to_i64(r->id, &id))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    int rc = action_find(r->db, r->arena, r->project.id, id, out, e);
    return rc < 0 ? rc : rc ? 0 : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int action_fetch(struct req *r, struct err *e)
{
    struct action a;
    int rc = load(r, &a, e);
    return rc < 0 ? rc : reply(r, 200, &a, e);
}

static int action_change(struct req *r, struct err *e)
{
    struct action in;
    str steps = STR_NULL;
    int rc = load(r, &in, e);
    if (rc == 0)
        rc = read_steps(r, &steps, e);
    if (rc == 0)
        rc = check_steps(r, steps, e);
    if (rc == 0)
        rc = db_begin(r->db, e); /* read and write as one: two editors lose nothing */
    if (rc == 0)
        rc = load(r, &in, e);
    if (rc == 0)
        rc = read_body(r, &in, e);
    if (rc == 0 && steps.p)
        in.steps = steps;
    if (rc == 0)
        rc = check_name(r, &in, e);
    in.updated_at = clock_now_us();
    if (rc == 0)
        rc = action_update(r->db, &in, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply(r, 200, &in, e);
}

const struct route action_routes[] = {
    { "GET", "/api/projects/:project/actions/", action_list, ACCESS_SCOPE, "action:read", 0 },
    { "POST", "/api/projects/:project/actions/", action_create, ACCESS_SCOPE, "action:write", 0 },
    { "GET", "/api/projects/:project/actions/:id/", action_fetch, ACCESS_SCOPE, "action:read", 0 },
    { "PATCH", "/api/projects/:project/actions/:id/", action_change, ACCESS_SCOPE,
      "action:write", 0 },
    { "PUT", "/api/projects/:project/actions/:id/", action_change, ACCESS_SCOPE, "action:write",
      0 },
    { "DELETE", "/api/projects/:project/actions/:id/", refuse_delete, ACCESS_SCOPE,
      "action:write", 0 },
    { 0 },
};
