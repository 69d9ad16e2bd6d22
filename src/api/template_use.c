/* template_use.c - see template_use.h: and the two actions that make a dashboard of a template that is
 * not named: of one in the body, and of one that is listed nowhere. */
#include "api/template_use.h"

#include "api/dashboard_view.h"
#include "api/field.h"
#include "api/history.h"
#include "api/insight_query.h"
#include "api/template_schema.h"
#include "api/tile.h"
#include "base/clock.h"
#include "base/limits.h"
#include "model/dashboard_template.h"

#define INSIGHT_FOLDER "Unfiled/Insights"

/* -------------------------------------------------------------------------- content */

static int content_of(struct req *r, const struct dashboard_template *t,
                      struct template_content *out, struct err *e)
{
    struct json *tiles;
    int rc = json_parse(r->arena, t->tiles, &tiles, e);
    *out = (struct template_content){ t->name, t->description, t->filters, t->tags, tiles };
    return rc;
}

int template_named(struct req *r, str key, struct template_content *out, struct err *e)
{
    static const struct {
        const char *key, *name;
    } keys[] = { { "DEFAULT_APP", "Product analytics" }, { "WEBSITE_TRAFFIC", "Website traffic" } };
    struct dashboard_template t;
    str name = key;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (str_eqz(key, keys[i].key))
            name = str_of(keys[i].name);
    int rc = dashboard_template_find_name(r->db, r->arena, r->project.id, r->organization.id, name,
                                          &t, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, "use_template", "Invalid template provided: " STR_FMT,
                       STR_ARG(str_utf8_prefix(key, 400)));
    return rc < 0 ? rc : content_of(r, &t, out, e);
}

/* Tags of the dashboard, then those of the template; each once. */
static int add_tags(struct req *r, str more, struct dashboard *d, struct err *e)
{
    static const struct field row[] = { { "tags", FIELD_TAGS, 0, FIELD_NULLABLE }, { 0 } };
    struct json *all, *added, *body = json_new(r->arena, JSON_OBJECT);
    int rc = json_parse(r->arena, d->tags, &all, e);
    if (rc == 0)
        rc = json_parse(r->arena, more, &added, e);
    if (rc < 0)
        return rc;
    struct json **at = &all->head;
    while (*at)
        at = &(*at)->next;
    *at = added->head;
    all->count += added->count;
    json_set(body, STR("tags"), all);
    return fields_read(r->arena, body, "", row, &d->tags, e);
}

int template_lay_on(struct req *r, const struct template_content *t, struct dashboard *d,
                    struct err *e)
{
    if (!d->name.n)
        d->name = t->name;
    d->description = t->description.p ? t->description : STR("");
    d->filters = t->filters.p ? t->filters : STR("{}");
    return t->tags.p ? add_tags(r, t->tags, d, e) : 0;
}

/* -------------------------------------------------------------------------- tiles */

static const struct field insight_fields[] = {
    { "name", FIELD_STR, offsetof(struct insight, name), FIELD_NULLABLE, .max = 400 },
    { "description", FIELD_STR, offsetof(struct insight, description), FIELD_NULLABLE,
      .max = 400 },
    { 0 },
};

static int put_insight(struct req *r, const struct json *entry, struct tile *t, struct err *e)
{
    int64_t now = clock_now_us();
    struct insight i = {
        .project_id = r->project.id, .name = STR_NULL, .derived_name = STR_NULL,
        .description = STR_NULL, .query = STR_NULL, .filters = STR("{}"), .type = STR(""),
        .position = INT64_MIN, .saved = true, .is_sample = true, .tags = STR("[]"),
        .folder = STR(INSIGHT_FOLDER), .created_at = now, .created_by = r->user.id,
        .updated_at = now, .last_modified_at = now, .last_modified_by = r->user.id,
        .last_viewed_at = INT64_MIN,
    };
    int rc = fields_read(r->arena, entry, "", insight_fields, &i, e);
    if (rc == 0)
        rc = insight_read_query(r->arena, entry, &i, e);
    if (rc == 0)
        rc = insight_read_filters(r->arena, entry, &i, e);
    if (rc == 0)
        rc = insight_insert(r->db, r->arena, &i, e);
    t->insight_id = i.id;
    return rc < 0 ? rc : history_note(r, HISTORY_INSIGHT, i.id, e);
}

/* Nobody wrote a template's texts. */
static int put_text(struct req *r, const struct json *entry, struct tile *t, struct err *e)
{
    t->text = (struct text_card){ .project_id = r->project.id, .body = STR_NULL,
                                  .last_modified_at = clock_now_us() };
    int rc = tile_read_text(r, entry, "", &t->text, e);
    return rc < 0 ? rc : text_card_insert(r->db, &t->text, e);
}

static int put_button(struct req *r, const struct json *entry, struct tile *t, struct err *e)
{
    t->button = (struct button_card){ .project_id = r->project.id,
                                      .last_modified_at = clock_now_us() };
    int rc = tile_read_button(r, entry, &t->button, e);
    return rc < 0 ? rc : button_card_insert(r->db, r->arena, &t->button, e);
}

static int put_tile(struct req *r, const struct json *entry, int64_t dashboard_id, struct err *e)
{
    static const struct {
        const char *type;
        int (*put)(struct req *r, const struct json *entry, struct tile *t, struct err *e);
    } kinds[] = { { "INSIGHT", put_insight }, { "TEXT", put_text }, { "BUTTON", put_button } };
    str type = json_get_text(entry, "type");
    struct tile t = tile_blank(dashboard_id);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!str_eqz(type, kinds[i].type))
            continue;
        int rc = kinds[i].put(r, entry, &t, e);
        if (rc == 0)
            rc = tile_read_display(r, entry, &t, e);
        t.deleted = UNSAID;
        return rc < 0 ? rc : tile_insert(r->db, &t, e);
    }
    return err_set(e, ERR_INVALID, NULL, "A template has a tile of type '" STR_FMT "', which this "
                                         "server does not know.",
                   STR_ARG(str_utf8_prefix(type.p ? type : STR(""), 100)));
}

int template_put_tiles(struct req *r, const struct template_content *t, int64_t dashboard_id,
                       struct err *e)
{
    int rc = 0;
    if (t->tiles->count > LIMIT_TILES)
        return err_set(e, ERR_INVALID, NULL, "A template can have at most %d tiles.", LIMIT_TILES);
    for (const struct json *m = t->tiles->head; m && rc == 0; m = m->next)
        rc = put_tile(r, m, dashboard_id, e);
    return rc;
}

/* -------------------------------------------------------------------------- actions */

/* Makes the dashboard and its tiles as one, and shows it. */
static int make(struct req *r, const struct template_content *t, struct dashboard *d, int status,
                struct err *e)
{
    int rc = template_lay_on(r, t, d, e);
    if (rc == 0)
        rc = dashboard_insert(r->db, d, e);
    if (rc == 0)
        rc = template_put_tiles(r, t, d->id, e);
    if (rc == 0)
        rc = history_note(r, HISTORY_DASHBOARD, d->id, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    return rc < 0 ? rc : dashboard_reply(r, status, d, e);
}

static str text_or_null(struct req *r, const struct json *o, const char *key)
{
    const struct json *v = json_get(o, key);
    return v && v->type != JSON_NULL ? json_text_of(r->arena, v) : STR_NULL;
}

static int create_from_json(struct req *r, struct err *e)
{
    static const struct field row[] = { { "_create_in_folder", FIELD_STR, 0, FIELD_NULLABLE,
                                          .max = 1000 }, { 0 } };
    const struct json *body = json_get(r->body, "template");
    struct dashboard d = dashboard_blank(r);
    str folder = STR_NULL;
    int rc = req_check_json(r, e);
    if (rc == 0)
        rc = template_check(r->arena, body, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", row, &folder, e);
    if (rc < 0)
        return rc;
    if (folder.n)
        d.folder = folder;
    struct template_content t = {
        json_get_text(body, "template_name"), json_get_text(body, "dashboard_description"),
        text_or_null(r, body, "dashboard_filters"), text_or_null(r, body, "tags"),
        json_get(body, "tiles"),
    };
    rc = db_begin(r->db, e);
    return rc < 0 ? rc : make(r, &t, &d, 200, e);
}

static int is_there(struct req *r, str tag, struct err *e)
{
    str tags = json_text_of(r->arena, json_new_str(r->arena, tag));
    struct dashboard_filter f = {
        .project_id = r->project.id, .viewer = r->user.id, .search = STR_NULL,
        .tags = arena_printf(r->arena, "[" STR_FMT "]", STR_ARG(tags)),
        .creation_mode = STR("unlisted"), .folder = STR_NULL,
    };
    int64_t n = 0;
    int rc = dashboard_count(r->db, r->arena, &f, &n, e);
    return rc < 0 ? rc : n > 0;
}

static int create_unlisted(struct req *r, struct err *e)
{
    str tag = str_trim(json_get_text(r->body, "tag"));
    struct dashboard d = dashboard_blank(r);
    struct dashboard_template row;
    struct template_content t;
    if (!tag.n)
        return reply_bare(r, 400, "error", STR("tag is required"));
    int rc = dashboard_template_find_tag(r->db, r->arena, tag, &row, e);
    if (rc == 0)
        return reply_bare(r, 400, "error", arena_printf(r->arena, "Unknown template tag: " STR_FMT,
                                                        STR_ARG(str_utf8_prefix(tag, 100))));
    if (rc > 0)
        rc = content_of(r, &row, &t, e);
    if (rc == 0)
        rc = db_begin(r->db, e); /* looked for and made as one: two callers make one */
    if (rc == 0)
        rc = is_there(r, tag, e);
    if (rc > 0)
        return reply_bare(r, 409, "error",
                          arena_printf(r->arena, "Unlisted dashboard with tag '" STR_FMT
                                       "' already exists", STR_ARG(tag)));
    d.creation_mode = STR("unlisted");
    return rc < 0 ? rc : make(r, &t, &d, 201, e);
}

#define AT(action) "/api/projects/:project/dashboards/" action "/"

const struct route template_use_routes[] = {
    { "POST", AT("create_from_template_json"), create_from_json, ACCESS_SESSION },
    { "POST", AT("create_unlisted_dashboard"), create_unlisted, ACCESS_SESSION },
    { 0 },
};
