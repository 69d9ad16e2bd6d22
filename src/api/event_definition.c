/* event_definition.c - the names of events that a project has seen, or was told of. */
#include "api/definition.h"
#include "api/field.h"
#include "base/limits.h"
#include "model/taxonomy.h"

static int write_event(struct req *r, struct json_writer *w, const struct event_definition *d,
                       struct err *e)
{
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, d->id);
    json_key(w, "name");
    json_str(w, d->name);
    json_key(w, "created_at");
    json_time(w, d->created_at);
    json_key(w, "last_seen_at");
    json_time(w, d->last_seen_at);
    json_key(w, "last_updated_at");
    json_time(w, d->note.updated_at);
    json_key(w, "enforcement_mode");
    json_str(w, d->enforcement_mode);
    json_key(w, "primary_property");
    json_str(w, d->primary_property);
    json_key(w, "is_action");
    json_bool(w, false);
    json_key(w, "action_id");
    json_null(w);
    json_key(w, "is_calculating");
    json_bool(w, false);
    json_key(w, "last_calculated_at");
    json_null(w);
    json_key(w, "created_by");
    int rc = write_user_basic(r, w, d->created_by, e);
    json_key(w, "post_to_slack");
    json_bool(w, d->post_to_slack);
    json_key(w, "owner");
    if (rc == 0)
        rc = write_user_basic(r, w, d->owner, e);
    json_key(w, "default_columns");
    json_raw(w, d->default_columns);
    if (rc == 0)
        rc = definition_write_note(r, w, &d->note, e);
    json_close(w, '}');
    return rc;
}

static int reply_event(struct req *r, int status, const struct event_definition *d,
                       struct err *e)
{
    struct json_writer w = reply_json(r, status);
    return write_event(r, &w, d, e);
}

/* -------------------------------------------------------------------------- reading */

static int read_filter(struct req *r, struct event_filter *f, struct err *e)
{
    static const char *const kinds[] = { "event", "event_custom", "event_posthog" };
    int hidden;
    str kind = http_query_of(r->http, "event_type");
    *f = (struct event_filter){ .team_id = r->project.id, .words = param_words(r, "search") };
    f->labels = taxonomy_search(r->arena, TAXONOMY_EVENT, f->words);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eqz(kind, kinds[i]))
            f->kind = (enum event_kind)i;
    int rc = param_flag(r, "exclude_hidden", &hidden, e);
    f->exclude_hidden = hidden > 0;
    if (rc == 0)
        rc = param_flag(r, "verified", &f->verified, e);
    return rc < 0 ? rc : param_list(r, "tags", &f->tags, e);
}

static enum event_order read_order(struct req *r)
{
    static const char *const names[] = { "name", "-name", "last_seen_at", "-last_seen_at",
                                         "created_at", "-created_at" };
    str order = http_query_of(r->http, "ordering");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eqz(order, names[i]))
            return (enum event_order)i;
    return EVENT_BY_NAME;
}

static int event_definition_list(struct req *r, struct err *e)
{
    struct page page = page_of(r);
    struct event_filter f;
    struct stmt *st;
    int64_t count;
    int rc = read_filter(r, &f, e);
    if (rc == 0)
        rc = event_definition_count(r->db, r->arena, &f, &count, e);
    if (rc == 0)
        rc = event_definition_page(r->db, r->arena, &f, read_order(r), page.limit, page.offset,
                                   &st, e);
    if (rc < 0)
        return rc;
    struct json_writer w = page_open(r, page, count);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        struct event_definition d;
        event_definition_read(st, r->arena, &d);
        rc = write_event(r, &w, &d, e);
    }
    page_close(&w);
    return rc;
}

static int load(struct req *r, struct event_definition *d, struct err *e)
{
    str id;
    int rc = definition_id(r, &id, e);
    if (rc == 0)
        rc = event_definition_find(r->db, r->arena, r->project.id, id, d, e);
    return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int event_definition_fetch(struct req *r, struct err *e)
{
    struct event_definition d;
    int rc = load(r, &d, e);
    return rc < 0 ? rc : reply_event(r, 200, &d, e);
}

/* -------------------------------------------------------------------------- changing */

static const struct field fields[] = {
    { "post_to_slack", FIELD_BOOL, offsetof(struct event_definition, post_to_slack) },
    { "enforcement_mode", FIELD_STR, offsetof(struct event_definition, enforcement_mode) },
    { "primary_property", FIELD_STR, offsetof(struct event_definition, primary_property),
      .flags = FIELD_NULLABLE, .max = 400 },
    { "owner", FIELD_I64, offsetof(struct event_definition, owner), .flags = FIELD_NULLABLE },
    { 0 },
};

static int check_owner(struct req *r, int64_t owner, struct err *e)
{
    struct user u;
    struct organization o = { 0 };
    int rc = user_find(r->db, r->arena, owner, &u, e);
    if (rc > 0)
        rc = organization_find(r->db, r->arena, r->organization.id, owner, &o, e);
    if (rc >= 0 && !o.level)
        return err_set(e, ERR_NO_OBJECT, "owner", "Invalid pk \"%lld\" - object does not exist.",
                       (long long)owner);
    return rc < 0 ? rc : 0;
}

static int read_columns(struct req *r, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, "default_columns");
    if (!v)
        return 0;
    if (v->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "default_columns", "Expected a list of items.");
    for (const struct json *m = v->head; m; m = m->next)
        if (m->type != JSON_STRING)
            return err_set(e, ERR_INVALID, "default_columns", "Not a valid string.");
    *out = json_text_of(r->arena, v);
    return out->n <= LIMIT_SETTINGS ? 0 : err_set(e, ERR_INVALID, "default_columns", "Too long.");
}

/* The writable fields over what d holds. */
static int read_event(struct req *r, struct event_definition *d, struct err *e)
{
    int64_t owner = d->owner;
    int rc = definition_read_note(r, &d->note, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", fields, d, e);
    if (rc == 0 && d->owner && d->owner != owner)
        rc = check_owner(r, d->owner, e);
    if (rc == 0 && !str_eqz(d->enforcement_mode, "allow") &&
        !str_eqz(d->enforcement_mode, "reject"))
        return err_set(e, ERR_CHOICE, "enforcement_mode", "\"" STR_FMT
                       "\" is not a valid choice.", STR_ARG(d->enforcement_mode));
    return rc < 0 ? rc : read_columns(r, &d->default_columns, e);
}

static int insert(struct req *r, struct event_definition *d, struct err *e)
{
    int rc = body_str(r, "name", 400, &d->name, e);
    if (rc == 0 && !d->name.p)
        return err_set(e, ERR_REQUIRED, "name", NULL);
    if (rc == 0 && !d->name.n)
        return err_set(e, ERR_BLANK, "name", NULL);
    if (rc == 0)
        rc = read_event(r, d, e);
    if (rc == 0)
        rc = event_definition_insert(r->db, r->arena, r->project.id, d, e);
    if (rc == ERR_UNIQUE)
        return err_set(e, ERR_INVALID, NULL, "Event definition with name '" STR_FMT
                       "' already exists", STR_ARG(d->name));
    return rc;
}

static int event_definition_create(struct req *r, struct err *e)
{
    struct event_definition d = {
        .last_seen_at = INT64_MIN, .created_by = r->user.id, .enforcement_mode = STR("allow"),
        .default_columns = STR("[]"),
        .note = { .description = STR(""), .tags = STR("[]"), .updated_at = INT64_MIN,
                  .verified_at = INT64_MIN },
    };
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = insert(r, &d, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_event(r, 201, &d, e);
}

static int event_definition_change(struct req *r, struct err *e)
{
    struct event_definition d;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load(r, &d, e);
    if (rc > 0)
        rc = read_event(r, &d, e);
    if (rc == 0)
        rc = event_definition_update(r->db, &d, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : reply_event(r, 200, &d, e);
}

static int event_definition_remove(struct req *r, struct err *e)
{
    struct event_definition d;
    int rc = load(r, &d, e);
    r->http->status = 204;
    return rc < 0 ? rc : event_definition_delete(r->db, d.id, e);
}

#define AT "/api/projects/:project/event_definitions/"

const struct route event_definition_routes[] = {
    { "GET", AT, event_definition_list, ACCESS_SCOPE, "event_definition:read", 0 },
    { "POST", AT, event_definition_create, ACCESS_SCOPE, "event_definition:write", 0 },
    { "GET", AT ":id/", event_definition_fetch, ACCESS_SCOPE, "event_definition:read", 0 },
    { "PATCH", AT ":id/", event_definition_change, ACCESS_SCOPE, "event_definition:write", 0 },
    { "PUT", AT ":id/", event_definition_change, ACCESS_SCOPE, "event_definition:write", 0 },
    { "DELETE", AT ":id/", event_definition_remove, ACCESS_SCOPE, "event_definition:write", 0 },
    { 0 },
};
