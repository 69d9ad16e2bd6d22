/* dashboard.c - dashboards over the API. Rows live in model/dashboard.c, tiles in api/tile.c. */
#include "model/dashboard.h"

#include <stdio.h>

#include "api/dashboard_text.h"
#include "api/dashboard_view.h"
#include "api/field.h"
#include "api/picture.h"
#include "api/history.h"
#include "api/template_use.h"
#include "api/tile.h"
#include "base/fold.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "model/access_control.h"

int dashboard_check_edit(struct req *r, const struct dashboard *d, struct err *e)
{
    if (!dashboard_may_edit(r, d))
        return err_set(e, ERR_DENIED, NULL, "You don't have edit permissions for this dashboard.");
    return 0;
}

static int load(struct req *r, str text, bool deleted_too, struct dashboard *d, struct err *e)
{
    int64_t id;
    int rc = str_to_i64(text, &id)
                 ? dashboard_find(r->db, r->arena, r->project.id, id, r->user.id, d, e)
                 : 0;
    if (rc < 0)
        return rc;
    if (rc == 0 || (d->deleted && !deleted_too))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return dashboard_check_level(r, d, e);
}

int dashboard_load(struct req *r, str id, struct dashboard *out, struct err *e)
{
    return load(r, id, false, out, e);
}

/* -------------------------------------------------------------------------- list */

static str tags_asked_for(struct req *r)
{
    str values[LIMIT_TAGS_ASKED];
    size_t n = http_query_values(r->http, "tags", values, LIMIT_TAGS_ASKED);
    if (!n)
        return STR_NULL;
    struct buf b = BUF_INIT(LIMIT_FIELD);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        json_str(&w, values[i]);
    json_close(&w, ']');
    str list = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return list;
}

static int read_filter(struct req *r, struct dashboard_filter *f, struct err *e)
{
    str search = http_query_of(r->http, "search");
    *f = (struct dashboard_filter){
        .project_id = r->project.id, .viewer = r->user.id, .search = STR_NULL,
        .tags = tags_asked_for(r), .creation_mode = http_query_of(r->http, "creation_mode"),
        .folder = http_query_of(r->http, "folder"),
        .exclude_generated = str_eq_nocase(http_query_of(r->http, "exclude_generated"),
                                           STR("true")),
    };
    if (!f->creation_mode.n)
        f->creation_mode = STR_NULL;
    if (r->organization.level < LEVEL_ADMIN) {
        int rc = access_control_hides(r->db, r->arena, r->project.id, "dashboard", &f->hides, e);
        if (rc < 0)
            return rc;
    }
    return search_term(r, search, &f->search, e);
}

int search_term(struct req *r, str search, str *out, struct err *e)
{
    if (!str_utf8_valid(search) || str_find_char(search, '\0') >= 0)
        return err_set(e, ERR_INVALID, "search", "Not a valid string.");
    if (str_utf8_len(search) > LIMIT_SEARCH)
        return err_set(e, ERR_INVALID, "search", "Search query must be %d characters or fewer.",
                       LIMIT_SEARCH);
    if (str_trim(search).n)
        *out = fold_lower(r->arena, str_trim(search));
    return 0;
}

/* Everything that a page depends on besides the rows. */
static str page_key(struct req *r)
{
    str scheme = http_header_of(r->http, "X-Forwarded-Proto");
    str host = http_header_of(r->http, "Host");
    str query = http_query_with(r->http, "personal_api_key", NULL);
    return arena_printf(r->arena, "%lld %lld %d " STR_FMT " " STR_FMT " " STR_FMT "?" STR_FMT,
                        (long long)r->project.id, (long long)r->user.id,
                        r->organization.level >= LEVEL_ADMIN,
                        STR_ARG(scheme), STR_ARG(host), STR_ARG(r->http->path), STR_ARG(query));
}

static int write_list(struct req *r, bool text, struct err *e)
{
    struct page page = page_of(r);
    struct dashboard_filter f;
    struct dashboard *rows = NULL;
    int64_t count = 0;
    size_t n = 0;
    int rc = read_filter(r, &f, e);
    if (rc == 0)
        rc = dashboard_count(r->db, r->arena, &f, &count, e);
    if (rc == 0)
        rc = dashboard_page(r->db, r->arena, &f, page.limit, page.offset, &rows, &n, e);
    if (rc == 0)
        rc = req_load_creators(r, rows, n, e);
    if (rc < 0)
        return rc;
    if (text) {
        dashboard_text_list(r, rows, n, count);
        return 0;
    }
    struct json_writer w = page_open(r, page, count);
    for (size_t i = 0; i < n; i++) {
        json_open(&w, '{');
        dashboard_write_short(r, &w, &rows[i]);
        if (f.search.p) {
            json_key(&w, "search_match_type");
            json_z(&w, "exact");
        }
        json_close(&w, '}');
    }
    page_close(&w);
    return 0;
}

/* A page that was written before is sent again as long as nothing it shows has changed. The version
 * is read first: what is written under it is never older than it says. */
static int dashboard_list(struct req *r, struct err *e)
{
    int64_t version;
    bool text;
    str key = page_key(r);
    int rc = dashboard_format(r, &text, e);
    if (rc == 0)
        rc = dashboard_version(r->db, r->arena, r->project.id, &version, e);
    if (rc < 0)
        return rc;
    struct lru_entry *kept = lru_get(r->api->pages, key, version);
    if (kept) {
        arena_defer(r->arena, lru_release, kept);
        r->http->status = 200;
        r->http->fixed = lru_text(kept);
        return 0;
    }
    rc = write_list(r, text, e);
    if (rc == 0 && !r->http->reply.full)
        lru_put(r->api->pages, key, version, buf_view(&r->http->reply));
    return rc;
}

/* -------------------------------------------------------------------------- body */

struct input {
    struct dashboard d; /* first: the fields' offsets are its */
    int64_t theme, use_dashboard;
    str use_template, folder, quick_filters;
    bool delete_insights;
};

static const struct field fields[] = {
    { "name", FIELD_STR, offsetof(struct input, d.name), FIELD_NULLABLE, .max = 400 },
    { "description", FIELD_STR, offsetof(struct input, d.description), 0 },
    { "pinned", FIELD_BOOL, offsetof(struct input, d.pinned), 0 },
    { "last_accessed_at", FIELD_TIME, offsetof(struct input, d.last_accessed_at),
      FIELD_NULLABLE },
    { "deleted", FIELD_BOOL, offsetof(struct input, d.deleted), 0 },
    { "breakdown_colors", FIELD_ANY, offsetof(struct input, d.breakdown_colors),
      FIELD_NULLABLE },
    { "data_color_theme_id", FIELD_I64, offsetof(struct input, theme), FIELD_NULLABLE },
    { "tags", FIELD_TAGS, offsetof(struct input, d.tags), 0 },
    { "restriction_level", FIELD_CHOICE, offsetof(struct input, d.restriction_level), 0,
      PRIVILEGE_VIEW, PRIVILEGE_EDIT },
    { "last_refresh", FIELD_TIME, offsetof(struct input, d.last_refresh), FIELD_NULLABLE },
    { "use_template", FIELD_STR, offsetof(struct input, use_template), FIELD_NULLABLE },
    { "use_dashboard", FIELD_I64, offsetof(struct input, use_dashboard), FIELD_NULLABLE },
    { "delete_insights", FIELD_BOOL, offsetof(struct input, delete_insights), 0 },
    { "_create_in_folder", FIELD_STR, offsetof(struct input, folder), FIELD_NULLABLE,
      .max = 1000 },
    { 0 },
};

/* There are none to name yet, so that every id is one that was not found. */
static int check_quick_filters(struct req *r, struct err *e)
{
    static const char attr[] = "quick_filter_ids";
    static const struct field row[] = { { attr, FIELD_TAGS, 0, FIELD_NULLABLE }, { 0 } };
    const struct json *v = json_get(r->body, attr);
    struct uuid id;
    str list = STR_NULL;
    int rc = fields_read(r->arena, r->body, "", row, &list, e);
    if (rc < 0 || !json_is(v, JSON_ARRAY))
        return rc;
    for (const struct json *m = v->head; m; m = m->next)
        if (m->type != JSON_STRING || !uuid_parse(m->text, &id))
            return err_set(e, ERR_INVALID, attr, "Invalid UUID: " STR_FMT, STR_ARG(m->text));
    return v->head ? err_set(e, ERR_INVALID, attr, "Quick filters not found: " STR_FMT,
                             STR_ARG(v->head->text))
                   : 0;
}

static int read_body(struct req *r, struct input *in, struct err *e)
{
    int rc = fields_read(r->arena, r->body, "", fields, in, e);
    if (rc == 0)
        rc = check_quick_filters(r, e);
    if (rc < 0)
        return rc;
    if (!in->d.breakdown_colors.p)
        in->d.breakdown_colors = STR("[]");
    if (in->theme && in->theme != in->d.data_color_theme_id)
        return err_set(e, ERR_NO_OBJECT, "data_color_theme_id",
                       "Invalid pk \"%lld\" - object does not exist.", (long long)in->theme);
    return 0;
}

/* An object replaces the stored one whole; an empty or false value leaves it alone. */
static int read_object(struct req *r, const char *name, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, name);
    if (!json_truthy(v))
        return 0;
    if (v->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, NULL, "Filters must be a dictionary");
    *out = json_text_of(r->arena, v);
    return 0;
}

static int read_filters(struct req *r, str *out, struct err *e)
{
    const struct json *kept;
    int rc = read_object(r, "filters", out, e);
    if (rc < 0 || !json_truthy(json_get(r->body, "filters")))
        return rc;
    rc = query_keep_filters(r->arena, json_get(r->body, "filters"), &kept, e);
    if (rc == 0)
        *out = json_text_of(r->arena, kept);
    return rc;
}

/* -------------------------------------------------------------------------- create */

static int find_source(struct req *r, int64_t id, struct dashboard *out, struct err *e)
{
    int rc = dashboard_find(r->db, r->arena, r->project.id, id, r->user.id, out, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || out->deleted)
        return err_set(e, ERR_INVALID, "use_dashboard", "Invalid value provided");
    if (!dashboard_may_view(r, out))
        return err_set(e, ERR_DENIED, NULL,
                       "You don't have permission to view the source dashboard.");
    return 0;
}

static int insert_from_template(struct req *r, struct input *in, struct err *e)
{
    struct template_content t;
    int rc = template_named(r, in->use_template, &t, e);
    if (rc == 0)
        rc = template_lay_on(r, &t, &in->d, e);
    in->d.creation_mode = STR("template");
    if (rc == 0)
        rc = dashboard_insert(r->db, &in->d, e);
    return rc < 0 ? rc : template_put_tiles(r, &t, in->d.id, e);
}

/* What a duplicate takes over: what the body says stands above it. */
static int insert(struct req *r, struct input *in, struct err *e)
{
    if (in->use_template.n)
        return insert_from_template(r, in, e);
    struct dashboard source;
    int rc = in->use_dashboard ? find_source(r, in->use_dashboard, &source, e) : 0;
    if (rc < 0)
        return rc;
    if (in->use_dashboard) {
        if (str_eqz(in->d.filters, "{}"))
            in->d.filters = source.filters;
        in->d.variables = source.variables;
        in->d.breakdown_colors = source.breakdown_colors;
        in->d.creation_mode = STR("duplicate");
    }
    rc = dashboard_insert(r->db, &in->d, e);
    if (rc == 0 && in->use_dashboard)
        rc = tile_copy_all(r, in->use_dashboard, in->d.id,
                           json_truthy(json_get(r->body, "duplicate_tiles")), e);
    return rc;
}

static int dashboard_create(struct req *r, struct err *e)
{
    struct input in = { .d = dashboard_blank(r) };
    bool text;
    int rc = dashboard_format(r, &text, e);
    if (rc == 0)
        rc = read_body(r, &in, e);
    if (rc == 0)
        rc = read_filters(r, &in.d.filters, e);
    if (rc < 0)
        return rc;
    if (in.folder.n)
        in.d.folder = in.folder;
    if (in.use_template.n && in.use_dashboard)
        return err_set(e, ERR_INVALID, NULL,
                       "`use_dashboard` and `use_template` cannot be used together");
    rc = db_begin(r->db, e);
    if (rc == 0)
        rc = insert(r, &in, e);
    if (rc == 0)
        rc = history_note(r, HISTORY_DASHBOARD, in.d.id, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : dashboard_reply(r, 201, &in.d, e);
}

/* -------------------------------------------------------------------------- fetch, change, remove */

static int dashboard_fetch(struct req *r, struct err *e)
{
    struct dashboard d;
    bool text;
    enum picture as = picture_asked(r);
    int rc = as ? 0 : dashboard_format(r, &text, e);
    if (rc == 0)
        rc = dashboard_load(r, r->id, &d, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = dashboard_seen(r->db, &d, r->user.id, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    return as ? picture_reply_dashboard(r, as, &d, e) : dashboard_reply(r, 200, &d, e);
}

/* Tiles and insights follow a dashboard that goes, or comes back. */
static int follow_deletion(struct req *r, const struct input *in, bool was_deleted, struct err *e)
{
    if (in->d.deleted == was_deleted)
        return 0;
    int rc = history_keep_insights_on(r, in->d.id, e);
    if (rc == 0 && in->d.deleted && in->delete_insights)
        rc = insight_delete_only_on(r->db, r->project.id, in->d.id, e);
    if (rc == 0 && in->d.deleted)
        rc = dashboard_unset_primary(r->db, &in->d, e);
    if (rc == 0)
        rc = in->d.deleted ? tile_delete_all(r->db, in->d.id, e)
                           : tile_restore_all(r->db, in->d.id, e);
    if (rc == 0 && was_deleted)
        rc = insight_restore_on(r->db, r->project.id, in->d.id, e);
    return rc < 0 ? rc : history_note_insights_on(r, in->d.id, e);
}

/* A deleted dashboard is found by those only who say that it shall come back. */
static bool undeletes(struct req *r)
{
    static const struct field row[] = { { "deleted", FIELD_BOOL, 0, 0 }, { 0 } };
    bool deleted = true;
    struct err ignored = ERR_INIT; /* a bad value is reported with the other fields */
    (void)fields_read(r->arena, r->body, "", row, &deleted, &ignored);
    return !deleted;
}

static int change(struct req *r, struct input *in, struct err *e)
{
    int rc = load(r, r->id, undeletes(r), &in->d, e);
    if (rc == 0)
        rc = dashboard_check_edit(r, &in->d, e);
    if (rc < 0)
        return rc;
    struct dashboard before = in->d;
    rc = history_keep(r, HISTORY_DASHBOARD, in->d.id, e);
    if (rc == 0)
        rc = read_body(r, in, e);
    if (rc < 0)
        return rc;
    if (json_get(r->body, "restriction_level") && !dashboard_may_restrict(r, &before))
        return err_set(e, ERR_DENIED, NULL, "Only the dashboard owner and project admins have the "
                                            "restriction rights required to change the "
                                            "dashboard's restriction level.");
    rc = follow_deletion(r, in, before.deleted, e);
    if (rc == 0)
        rc = read_filters(r, &in->d.filters, e);
    if (rc == 0)
        rc = read_object(r, "variables", &in->d.variables, e);
    if (rc == 0)
        rc = dashboard_update(r->db, &in->d, e);
    if (rc == 0)
        rc = tile_patch(r, &in->d, e);
    return rc < 0 ? rc : history_note(r, HISTORY_DASHBOARD, in->d.id, e);
}

static int dashboard_change(struct req *r, struct err *e)
{
    struct input in = { 0 };
    bool text;
    int rc = dashboard_format(r, &text, e);
    if (rc == 0)
        rc = db_begin(r->db, e); /* read and write as one: two editors lose nothing */
    if (rc == 0)
        rc = change(r, &in, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : dashboard_reply(r, 200, &in.d, e);
}

const struct route dashboard_routes[] = {
    { "GET", "/api/projects/:project/dashboards/", dashboard_list, ACCESS_SCOPE, "dashboard:read",
      0 },
    { "POST", "/api/projects/:project/dashboards/", dashboard_create, ACCESS_SCOPE,
      "dashboard:write", 0 },
    { "GET", "/api/projects/:project/dashboards/:id/", dashboard_fetch, ACCESS_SCOPE,
      "dashboard:read", 0 },
    { "PATCH", "/api/projects/:project/dashboards/:id/", dashboard_change, ACCESS_SCOPE,
      "dashboard:write", 0 },
    { "PUT", "/api/projects/:project/dashboards/:id/", dashboard_change, ACCESS_SCOPE,
      "dashboard:write", 0 },
    { "DELETE", "/api/projects/:project/dashboards/:id/", refuse_delete, ACCESS_SCOPE,
      "dashboard:write", 0 },
    { 0 },
};
