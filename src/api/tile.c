/* tile.c - the entries of a dashboard PATCH's `tiles`, and copies of tiles; see tile.h. Everything
 * here happens inside the transaction of the request. */
#include "api/tile.h"

#include "api/field.h"
#include "api/history.h"
#include "base/clock.h"
#include "base/limits.h"
#include "query/query.h"

/* -------------------------------------------------------------------------- display */

static const struct field display_fields[] = {
    { "layouts", FIELD_OBJECT, offsetof(struct tile, layouts), FIELD_NULLABLE },
    { "color", FIELD_STR, offsetof(struct tile, color), FIELD_NULLABLE, .max = 400,
      .too_long = "Color cannot exceed 400 characters" },
    { "filters_overrides", FIELD_OBJECT, offsetof(struct tile, filters_overrides),
      FIELD_NULLABLE },
    { 0 },
};

static int read_tristate(struct req *r, const struct json *entry, const char *name,
                         enum tristate *out, struct err *e)
{
    const struct json *v = json_get(entry, name);
    const struct field row[] = { { name, FIELD_BOOL, 0, 0 }, { 0 } };
    bool value;
    if (!v)
        return 0;
    if (v->type == JSON_NULL) {
        *out = UNSAID;
        return 0;
    }
    int rc = fields_read(r->arena, entry, "", row, &value, e);
    if (rc == 0)
        *out = value ? YES : NO;
    return rc;
}

static int keep_filters(struct req *r, const struct json *entry, struct tile *t, struct err *e)
{
    const struct json *kept, *own = json_get(entry, "filters_overrides");
    if (!json_is(own, JSON_OBJECT))
        return 0;
    int rc = query_keep_filters(r->arena, own, &kept, e);
    if (rc == 0)
        t->filters_overrides = json_text_of(r->arena, kept);
    return rc;
}

static bool shows_display(const struct json *entry)
{
    static const char *const names[] = { "deleted", "color", "layouts", "filters_overrides",
                                         "show_description", "transparent_background" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (json_get(entry, names[i]))
            return true;
    return false;
}

int tile_read_display(struct req *r, const struct json *entry, struct tile *t, struct err *e)
{
    enum tristate deleted = t->deleted;
    int rc = fields_read(r->arena, entry, "", display_fields, t, e);
    if (rc == 0)
        rc = keep_filters(r, entry, t, e);
    if (rc == 0)
        rc = read_tristate(r, entry, "show_description", &t->show_description, e);
    if (rc == 0)
        rc = read_tristate(r, entry, "transparent_background", &t->transparent_background, e);
    if (rc == 0)
        rc = read_tristate(r, entry, "deleted", &deleted, e);
    if (rc < 0)
        return rc;
    if (!t->layouts.p)
        t->layouts = STR("{}");
    if (!t->filters_overrides.p)
        t->filters_overrides = STR("{}");
    t->deleted = deleted;
    return 0;
}

struct tile tile_blank(int64_t dashboard_id)
{
    return (struct tile){ .dashboard_id = dashboard_id, .layouts = STR("{}"),
                          .filters_overrides = STR("{}"), .show_description = UNSAID,
                          .transparent_background = UNSAID, .deleted = UNSAID };
}

/* The entry's tile: 1 found on this dashboard, 0 there is none of that id. One of another dashboard
 * is ERR_NOT_FOUND. */
static int find_tile(struct req *r, const struct dashboard *d, const struct json *entry,
                     struct tile *out, struct err *e)
{
    static const struct field row[] = { { "id", FIELD_I64, 0, FIELD_NULLABLE }, { 0 } };
    struct tile t;
    int64_t id = 0;
    int rc = fields_read(r->arena, entry, "", row, &id, e);
    if (rc == 0)
        rc = id ? tile_find(r->db, r->arena, r->project.id, id, &t, e) : 0;
    if (rc <= 0)
        return rc;
    if (t.dashboard_id != d->id)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    *out = t;
    return 1;
}

/* -------------------------------------------------------------------------- texts and buttons */

/* Who made it, and who changed it: clients that send the object they read keep its creator. */
static int read_authors(struct req *r, const struct json *card, int64_t *created_by,
                        int64_t *modified_by, struct err *e)
{
    const struct json *id = json_get(json_get(card, "created_by"), "id");
    struct organization o = { 0 };
    *created_by = r->user.id;
    *modified_by = 0;
    if (!json_truthy(json_get(card, "created_by")))
        return 0;
    int rc = id && id->integer ? organization_find(r->db, r->arena, r->organization.id, id->i64,
                                                   &o, e)
                               : 0;
    if (rc < 0)
        return rc;
    if (!o.level)
        return err_set(e, ERR_INVALID, NULL, "User not found in this organization.");
    *created_by = id->i64;
    *modified_by = r->user.id;
    return 0;
}

static const struct field text_fields[] = {
    { "body", FIELD_STR, offsetof(struct text_card, body), FIELD_NULLABLE, .max = 4000,
      .too_long = "Text body cannot exceed 4000 characters" },
    { 0 },
};

static const struct field button_fields[] = {
    { "url", FIELD_STR, offsetof(struct button_card, url), FIELD_FILLED, .max = 2000,
      .too_long = "Button URL cannot exceed 2000 characters" },
    { "text", FIELD_STR, offsetof(struct button_card, text), FIELD_FILLED, .max = 200,
      .too_long = "Button text cannot exceed 200 characters" },
    { "placement", FIELD_STR, offsetof(struct button_card, placement), 0 },
    { "style", FIELD_STR, offsetof(struct button_card, style), 0 },
    { 0 },
};

int tile_read_text(struct req *r, const struct json *card, const char *prefix,
                   struct text_card *text, struct err *e)
{
    return fields_read(r->arena, card, prefix, text_fields, text, e);
}

static int save_text(struct req *r, const struct dashboard *d, const struct json *card,
                     struct tile *t, struct err *e)
{
    const struct json *id = json_get(card, "id");
    struct text_card text = { .project_id = r->project.id, .body = STR_NULL };
    struct tile on;
    int rc = 0;
    if (json_truthy(id)) {
        rc = id->integer ? text_card_find(r->db, r->arena, r->project.id, id->i64, &text, e) : 0;
        if (rc == 0)
            return err_set(e, ERR_INVALID, "text", "Text tile not found in this team.");
        if (rc > 0)
            rc = tile_find_like(r->db, r->arena, d->id, &(struct tile){ .text = text }, &on, e);
        if (rc == 0)
            return err_set(e, ERR_INVALID, "text", "Text tile not found.");
        if (rc > 0 && !t->id)
            *t = on;
        rc = rc < 0 ? rc : 0;
    }
    if (rc == 0)
        rc = tile_read_text(r, card, "text__", &text, e);
    if (rc == 0)
        rc = read_authors(r, card, &text.created_by, &text.last_modified_by, e);
    text.last_modified_at = clock_now_us();
    if (rc == 0)
        rc = text.id ? text_card_update(r->db, &text, e) : text_card_insert(r->db, &text, e);
    t->text = text;
    return rc;
}

static bool url_path_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~!$&'()*+,;=:@%/?#[]", c));
}

/* An address of this product ("/insights") or of the web. Anything else could run as a script. */
static int check_url(str url, struct err *e)
{
    const char *attr = "button_tile__url";
    bool web = str_starts(url, STR("https://")) || str_starts(url, STR("http://"));
    bool path = url.n && url.p[0] == '/' && !(url.n > 1 && url.p[1] == '/');
    if (!web && !path)
        return err_set(e, ERR_INVALID, attr, "Must be a valid URL or a pathname starting with /");
    for (size_t i = 0; i < url.n; i++)
        if (!url_path_char((unsigned char)url.p[i]) && (path || (unsigned char)url.p[i] <= ' '))
            return err_set(e, ERR_INVALID, attr,
                           path ? "Pathname must start with / and contain valid URL path "
                                  "characters"
                                : "Must be a valid URL or a pathname starting with /");
    str host = web ? str_slice(url, (size_t)str_find_char(url, ':') + 3, url.n) : STR("x");
    if (!host.n || strchr("/?#:", host.p[0]))
        return err_set(e, ERR_INVALID, attr, "Must be a valid URL or a pathname starting with /");
    return 0;
}

static int check_word(const char *attr, str word, const char *one, const char *other,
                      struct err *e)
{
    if (str_eqz(word, one) || str_eqz(word, other))
        return 0;
    return err_set(e, ERR_CHOICE, attr, "\"" STR_FMT "\" is not a valid choice.", STR_ARG(word));
}

int tile_read_button(struct req *r, const struct json *card, struct button_card *b, struct err *e)
{
    if (!b->placement.p)
        b->placement = STR("left");
    if (!b->style.p)
        b->style = STR("primary");
    int rc = fields_read(r->arena, card, "button_tile__", button_fields, b, e);
    if (rc < 0)
        return rc;
    if (!b->url.p)
        return err_set(e, ERR_REQUIRED, "button_tile__url", NULL);
    if (!b->text.p)
        return err_set(e, ERR_REQUIRED, "button_tile__text", NULL);
    rc = check_url(b->url, e);
    if (rc == 0)
        rc = check_word("button_tile__placement", b->placement, "left", "right", e);
    if (rc == 0)
        rc = check_word("button_tile__style", b->style, "primary", "secondary", e);
    return rc;
}

static int save_button(struct req *r, const struct dashboard *d, const struct json *card,
                       struct tile *t, struct err *e)
{
    const struct json *id = json_get(card, "id");
    struct button_card button = { .id = STR_NULL, .project_id = r->project.id, .url = STR_NULL,
                                  .text = STR_NULL };
    struct tile on;
    int rc = 0;
    if (json_truthy(id)) {
        rc = button_card_find(r->db, r->arena, r->project.id, id->text, &button, e);
        if (rc == 0)
            return err_set(e, ERR_INVALID, "button_tile", "Button tile not found in this team.");
        if (rc > 0)
            rc = tile_find_like(r->db, r->arena, d->id, &(struct tile){ .button = button }, &on, e);
        if (rc == 0)
            return err_set(e, ERR_INVALID, "button_tile", "Button tile not found.");
        if (rc > 0 && !t->id)
            *t = on;
        rc = rc < 0 ? rc : 0;
    }
    if (rc == 0)
        rc = tile_read_button(r, card, &button, e);
    if (rc == 0)
        rc = read_authors(r, card, &button.created_by, &button.last_modified_by, e);
    button.last_modified_at = clock_now_us();
    if (rc == 0)
        rc = button.id.p ? button_card_update(r->db, &button, e)
                         : button_card_insert(r->db, r->arena, &button, e);
    t->button = button;
    return rc;
}

/* -------------------------------------------------------------------------- entries */

static int save_tile(struct req *r, struct tile *t, struct err *e)
{
    return t->id ? tile_update(r->db, t, e) : tile_insert(r->db, t, e);
}

static int patch_card(struct req *r, const struct dashboard *d, const struct json *entry,
                      bool is_text, struct err *e)
{
    const char *name = is_text ? "text" : "button_tile";
    const struct json *card = json_get(entry, name);
    struct tile t = tile_blank(d->id);
    int rc = find_tile(r, d, entry, &t, e);
    if (rc < 0)
        return rc;
    if (card->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, name, "Invalid data. Expected a dictionary.");
    if (rc && (is_text ? !t.text.id : !t.button.id.p))
        return err_set(e, ERR_INVALID, name, is_text ? "Tile is not a text tile."
                                                     : "Tile is not a button tile.");
    rc = is_text ? save_text(r, d, card, &t, e) : save_button(r, d, card, &t, e);
    if (rc == 0)
        rc = tile_read_display(r, entry, &t, e);
    return rc < 0 ? rc : save_tile(r, &t, e);
}

static int patch_display(struct req *r, const struct dashboard *d, const struct json *entry,
                         struct err *e)
{
    struct tile t;
    int rc = find_tile(r, d, entry, &t, e);
    if (rc == ERR_NOT_FOUND) /* not one of ours: skipped, as one that is nowhere */
        return 0;
    if (rc > 0)
        rc = tile_read_display(r, entry, &t, e) < 0 ? e->kind : tile_update(r->db, &t, e);
    return rc;
}

static int patch_entry(struct req *r, const struct dashboard *d, const struct json *entry,
                       struct err *e)
{
    if (json_truthy(json_get(entry, "text")))
        return patch_card(r, d, entry, true, e);
    if (json_truthy(json_get(entry, "button_tile")))
        return patch_card(r, d, entry, false, e);
    if (json_truthy(json_get(entry, "widget")))
        return err_set(e, ERR_INVALID, "widget",
                       "Dashboard widgets are not enabled for this project.");
    return shows_display(entry) ? patch_display(r, d, entry, e) : 0;
}

/* -------------------------------------------------------------------------- copies */

static str copied_name(struct req *r, str name)
{
    return name.p ? arena_printf(r->arena, STR_FMT " (Copy)", STR_ARG(str_utf8_prefix(name, 393)))
                  : STR_NULL;
}

/* Gives the tile a new insight, text or button like the one it shows. */
static int copy_shown(struct req *r, struct tile *t, struct err *e)
{
    struct insight i;
    int64_t now = clock_now_us();
    if (t->text.id) {
        t->text.last_modified_at = now;
        return text_card_insert(r->db, &t->text, e);
    }
    if (t->button.id.p) {
        t->button.last_modified_at = now;
        return button_card_insert(r->db, r->arena, &t->button, e);
    }
    str id = arena_printf(r->arena, "%lld", (long long)t->insight_id);
    int rc = insight_find(r->db, r->arena, r->project.id, id, &i, e);
    if (rc <= 0)
        return rc < 0 ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
    i.name = copied_name(r, i.name);
    i.created_at = i.updated_at = i.last_modified_at = now;
    i.created_by = i.last_modified_by = r->user.id;
    rc = insight_insert(r->db, r->arena, &i, e);
    t->insight_id = i.id;
    return rc < 0 ? rc : history_note(r, HISTORY_INSIGHT, i.id, e);
}

static int copy_tile(struct req *r, const struct tile *from, int64_t to, bool deep, struct err *e)
{
    struct tile t = *from;
    t.id = 0;
    t.dashboard_id = to;
    t.deleted = UNSAID;
    int rc = deep ? copy_shown(r, &t, e) : 0;
    return rc < 0 ? rc : tile_insert(r->db, &t, e);
}

int tile_copy_all(struct req *r, int64_t from, int64_t to, bool deep, struct err *e)
{
    struct tile *tiles;
    size_t n;
    int rc = tile_list(r->db, r->arena, from, &tiles, &n, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = copy_tile(r, &tiles[i], to, deep, e);
    return rc;
}

static int duplicate_entry(struct req *r, const struct dashboard *d, const struct json *entry,
                           struct err *e)
{
    struct tile t;
    const struct json *layouts = json_get(entry, "layouts");
    int rc = find_tile(r, d, entry, &t, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || t.deleted == YES)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    t.layouts = json_is(layouts, JSON_OBJECT) ? json_text_of(r->arena, layouts) : STR("{}");
    return copy_tile(r, &t, d->id, true, e);
}

int tile_put_insight(struct req *r, int64_t insight_id, int64_t dashboard_id, struct err *e)
{
    struct tile t = tile_blank(dashboard_id), found;
    t.insight_id = insight_id;
    int rc = tile_find_like(r->db, r->arena, dashboard_id, &t, &found, e);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return tile_insert(r->db, &t, e);
    found.deleted = NO;
    return tile_update(r->db, &found, e);
}

/* -------------------------------------------------------------------------- the whole patch */

typedef int (*entry_fn)(struct req *r, const struct dashboard *d, const struct json *entry,
                        struct err *e);

static int each_entry(struct req *r, const struct dashboard *d, const char *name, entry_fn fn,
                      struct err *e)
{
    const struct json *list = json_get(r->body, name);
    if (!json_truthy(list))
        return 0;
    if (list->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, name, "Expected a list of items.");
    if (list->count > LIMIT_TILES)
        return err_set(e, ERR_INVALID, name, "At most %d tiles can be changed at a time.",
                       LIMIT_TILES);
    for (const struct json *m = list->head; m; m = m->next) {
        int rc = m->type == JSON_OBJECT
                     ? fn(r, d, m, e)
                     : err_set(e, ERR_INVALID, name, "Invalid data. Expected a dictionary.");
        if (rc < 0)
            return rc;
    }
    return 0;
}

int tile_patch(struct req *r, const struct dashboard *d, struct err *e)
{
    int rc = each_entry(r, d, "tiles", patch_entry, e);
    return rc < 0 ? rc : each_entry(r, d, "duplicate_tiles", duplicate_entry, e);
}
