/* tile_action.c - what can be done with one tile, or with the order of all: move, copy, reorder, texts,
 * deletion, running the insights. The path names the dashboard that is changed, except for a move,
 * where it is the one the tile leaves. */
#include <stdio.h>

#include "api/dashboard_text.h"
#include "api/dashboard_view.h"
#include "api/field.h"
#include "api/history.h"
#include "api/tile_layout.h"
#include "base/clock.h"
#include "base/limits.h"

/* The dashboard of the path, for one who may edit it; begins the transaction. */
static int begin(struct req *r, struct dashboard *d, struct err *e)
{
    bool text;
    int rc = dashboard_format(r, &text, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = dashboard_load(r, r->id, d, e);
    if (rc == 0)
        rc = dashboard_check_edit(r, d, e);
    return rc < 0 ? rc : history_keep(r, HISTORY_DASHBOARD, d->id, e);
}

/* The change is stored, and lists say that the dashboard changed. */
static int commit(struct req *r, const struct dashboard *d, struct err *e)
{
    int rc = dashboard_changed(r->db, r->project.id, e);
    if (rc == 0)
        rc = history_note(r, HISTORY_DASHBOARD, d->id, e);
    return rc < 0 ? rc : db_commit(r->db, e);
}

/* A live tile of the dashboard. */
static int load_tile(struct req *r, int64_t dashboard_id, int64_t id, struct tile *out,
                     struct err *e)
{
    int rc = tile_find(r->db, r->arena, r->project.id, id, out, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || out->deleted == YES || out->dashboard_id != dashboard_id)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return 0;
}

static int load_other(struct req *r, int64_t id, struct dashboard *out, struct err *e)
{
    int rc = dashboard_find(r->db, r->arena, r->project.id, id, r->user.id, out, e);
    if (rc < 0)
        return rc;
    return rc == 0 || out->deleted ? err_set(e, ERR_NOT_FOUND, NULL, NULL) : 0;
}

/* -------------------------------------------------------------------------- move, copy */

static int move(struct req *r, struct dashboard *from, struct err *e)
{
    static const struct field to_field[] = { { "to_dashboard", FIELD_I64, 0, 0 }, { 0 } },
                              older_field[] = { { "toDashboard", FIELD_I64, 0, 0 }, { 0 } },
                              id_field[] = { { "id", FIELD_I64, 0, FIELD_REQUIRED }, { 0 } };
    const struct json *tile = json_get(r->body, "tile");
    struct dashboard to;
    struct tile t, there;
    int64_t to_id = 0, tile_id = 0;
    int rc = begin(r, from, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", older_field, &to_id, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", to_field, &to_id, e);
    if (rc < 0)
        return rc;
    if (!json_get(r->body, "to_dashboard") && !json_get(r->body, "toDashboard"))
        return err_set(e, ERR_REQUIRED, "to_dashboard", NULL);
    if (!tile)
        return err_set(e, ERR_REQUIRED, "tile", NULL);
    if (tile->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "tile", "Invalid data. Expected a dictionary.");
    rc = fields_read(r->arena, tile, "tile__", id_field, &tile_id, e);
    if (rc == 0)
        rc = load_tile(r, from->id, tile_id, &t, e);
    if (rc == 0)
        rc = load_other(r, to_id, &to, e);
    if (rc < 0)
        return rc;
    if (!dashboard_may_edit(r, &to))
        return err_set(e, ERR_DENIED, NULL,
                       "You don't have edit permissions for the destination dashboard.");
    rc = tile_find_like(r->db, r->arena, to.id, &t, &there, e);
    if (rc > 0 && there.deleted != YES)
        return err_set(e, ERR_INVALID, NULL, "Invalid request data for moving tile.");
    if (rc > 0) /* a deleted one is in the way */
        rc = tile_discard(r->db, there.id, e);
    if (rc >= 0)
        rc = history_keep(r, HISTORY_DASHBOARD, to.id, e);
    t.dashboard_id = to.id;
    if (rc == 0)
        rc = tile_update(r->db, &t, e);
    return rc < 0 ? rc : history_note(r, HISTORY_DASHBOARD, to.id, e);
}

static int tile_move(struct req *r, struct err *e)
{
    struct dashboard from;
    int rc = move(r, &from, e);
    if (rc == 0)
        rc = commit(r, &from, e);
    return rc < 0 ? rc : dashboard_reply(r, 200, &from, e);
}

struct copy_input {
    int64_t from, tile;
};

static const struct field copy_fields[] = {
    { "fromDashboardId", FIELD_I64, offsetof(struct copy_input, from), FIELD_REQUIRED },
    { "tileId", FIELD_I64, offsetof(struct copy_input, tile), FIELD_REQUIRED },
    { 0 },
};

static int copy(struct req *r, struct dashboard *to, struct err *e)
{
    struct copy_input in;
    struct dashboard from;
    struct tile t, there;
    int rc = begin(r, to, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", copy_fields, &in, e);
    if (rc < 0)
        return rc;
    if (in.from == to->id)
        return err_set(e, ERR_INVALID, NULL,
                       "Destination must be a different dashboard than the source.");
    rc = load_other(r, in.from, &from, e);
    if (rc == 0)
        rc = load_tile(r, from.id, in.tile, &t, e);
    if (rc < 0)
        return rc;
    if (!dashboard_may_view(r, &from))
        return err_set(e, ERR_DENIED, NULL,
                       "You don't have permission to view the source dashboard.");
    if (t.button.id.p)
        return err_set(e, ERR_INVALID, NULL, "Only insight, text, and widget tiles can be copied "
                                             "between dashboards.");
    rc = tile_find_like(r->db, r->arena, to->id, &t, &there, e);
    if (rc < 0)
        return rc;
    if (rc > 0 && there.deleted != YES)
        return err_set(e, ERR_INVALID, NULL, "This %s is already on the destination dashboard.",
                       t.text.id ? "text card" : "insight");
    t.dashboard_id = to->id;
    t.id = rc ? there.id : 0;
    t.deleted = rc ? NO : UNSAID;
    return t.id ? tile_update(r->db, &t, e) : tile_insert(r->db, &t, e);
}

static int tile_copy(struct req *r, struct err *e)
{
    struct dashboard to;
    int rc = copy(r, &to, e);
    if (rc == 0)
        rc = commit(r, &to, e);
    return rc < 0 ? rc : dashboard_reply(r, 200, &to, e);
}

/* -------------------------------------------------------------------------- reorder */

static int read_order(struct req *r, int64_t **out, size_t *n, struct err *e)
{
    const struct json *v = json_get(r->body, "tile_order");
    if (!v)
        return err_set(e, ERR_REQUIRED, "tile_order", NULL);
    if (v->type != JSON_ARRAY) {
        struct id_list ignored;
        static const struct field row[] = { { "tile_order", FIELD_IDS, 0, 0 }, { 0 } };
        return fields_read(r->arena, r->body, "", row, &ignored, e);
    }
    if (!v->head) {
        err_set(e, ERR_INVALID, "tile_order", "Ensure this field has at least 1 elements.");
        snprintf(e->code, sizeof(e->code), "min_length");
        return e->kind;
    }
    if (v->count > LIMIT_TILES)
        return err_set(e, ERR_INVALID, "tile_order", "Ensure this field has no more than %d "
                                                     "elements.", LIMIT_TILES);
    *out = arena_alloc(r->arena, v->count * sizeof(**out));
    *n = 0;
    for (const struct json *m = v->head; m; m = m->next) {
        if (!m->integer)
            return err_set(e, ERR_INVALID, arena_printf(r->arena, "tile_order__%zu", *n).p,
                           "A valid integer is required.");
        (*out)[(*n)++] = m->i64;
    }
    return 0;
}

static int read_arrangement(struct req *r, enum tile_arrangement *out, struct err *e)
{
    static const char *const names[] = { "preserve", "two_column", "full_width" };
    const struct json *v = json_get(r->body, "layout");
    *out = ARRANGE_PRESERVE;
    if (!v)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (v->type == JSON_STRING && str_eqz(v->text, names[i])) {
            *out = (enum tile_arrangement)i;
            return 0;
        }
    return err_set(e, ERR_CHOICE, "layout", "\"" STR_FMT "\" is not a valid choice.",
                   STR_ARG(str_utf8_prefix(v->type == JSON_STRING ? v->text
                                                                  : json_text_of(r->arena, v),
                                           100)));
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The tiles of those ids, in their order; the text of the ids that are not among them, sorted. */
static str pick(struct req *r, const struct tile *all, size_t count, const int64_t *ids, size_t n,
                struct tile *out)
{
    struct buf missing = BUF_INIT(32 * n + 32);
    int64_t *sorted = arena_alloc(r->arena, n * sizeof(*sorted));
    size_t gone = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < count && all[k].id != ids[i])
            k++;
        if (k < count)
            out[i] = all[k];
        else
            sorted[gone++] = ids[i];
    }
    qsort(sorted, gone, sizeof(*sorted), compare_ids);
    for (size_t i = 0; i < gone; i++)
        buf_printf(&missing, "%s%lld", i ? ", " : "", (long long)sorted[i]);
    str text = gone ? arena_str(r->arena, buf_view(&missing)) : STR_NULL;
    buf_release(&missing);
    return text;
}

static bool repeats(struct req *r, const int64_t *ids, size_t n)
{
    int64_t *sorted = arena_alloc(r->arena, n * sizeof(*sorted));
    memcpy(sorted, ids, n * sizeof(*ids));
    qsort(sorted, n, sizeof(*sorted), compare_ids);
    for (size_t i = 1; i < n; i++)
        if (sorted[i] == sorted[i - 1])
            return true;
    return false;
}

static int tile_reorder(struct req *r, struct err *e)
{
    struct dashboard d;
    enum tile_arrangement how;
    struct tile *all, *tiles;
    int64_t *ids = NULL;
    size_t n = 0, count = 0;
    int rc = begin(r, &d, e);
    if (rc == 0)
        rc = read_order(r, &ids, &n, e);
    if (rc == 0)
        rc = read_arrangement(r, &how, e);
    if (rc < 0)
        return rc;
    if (repeats(r, ids, n))
        return reply_bare(r, 400, "detail", STR("tile_order must contain unique tile IDs"));
    rc = tile_list(r->db, r->arena, d.id, &all, &count, e);
    if (rc < 0)
        return rc;
    tiles = arena_alloc(r->arena, n * sizeof(*tiles));
    str missing = pick(r, all, count, ids, n, tiles);
    if (missing.p)
        return reply_bare(r, 404, "detail",
                          arena_printf(r->arena, "Tile IDs not found on this dashboard: [" STR_FMT
                                       "]", STR_ARG(missing)));
    rc = tile_arrange(r, tiles, n, how, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = tile_update(r->db, &tiles[i], e);
    if (rc == 0)
        rc = commit(r, &d, e);
    return rc < 0 ? rc : dashboard_reply(r, 200, &d, e);
}

/* -------------------------------------------------------------------------- one tile */

struct tile_input {
    int64_t id;
    str body, color;
    bool show_description;
};

static const struct field new_text_fields[] = {
    { "body", FIELD_STR, offsetof(struct tile_input, body), FIELD_REQUIRED | FIELD_FILLED,
      .max = 4000, .too_long = "Text body cannot exceed 4000 characters" },
    { "color", FIELD_STR, offsetof(struct tile_input, color), FIELD_NULLABLE, .max = 400,
      .too_long = "Color cannot exceed 400 characters" },
    { 0 },
};

static const struct field text_fields[] = {
    { "tile_id", FIELD_I64, offsetof(struct tile_input, id), FIELD_REQUIRED },
    { "body", FIELD_STR, offsetof(struct tile_input, body), FIELD_FILLED, .max = 4000,
      .too_long = "Text body cannot exceed 4000 characters" },
    { "color", FIELD_STR, offsetof(struct tile_input, color), FIELD_NULLABLE, .max = 400,
      .too_long = "Color cannot exceed 400 characters" },
    { 0 },
};

static const struct field tile_fields[] = {
    { "tile_id", FIELD_I64, offsetof(struct tile_input, id), FIELD_REQUIRED },
    { "show_description", FIELD_BOOL, offsetof(struct tile_input, show_description),
      FIELD_NULLABLE },
    { "color", FIELD_STR, offsetof(struct tile_input, color), FIELD_NULLABLE, .max = 400,
      .too_long = "Color cannot exceed 400 characters" },
    { 0 },
};

/* The tile as it is now, without a place in an order. */
static int reply_tile(struct req *r, int status, const struct dashboard *d, int64_t id,
                      struct err *e)
{
    struct tile_set set;
    int rc = tile_set_load(r, d, "sm", NULL, NULL, &set, e);
    if (rc < 0)
        return rc;
    tile_set_compute(r, &set, QUERY_CACHE_ONLY, d->id);
    struct json_writer w = reply_json(r, status);
    for (size_t i = 0; i < set.n; i++)
        if (set.tiles[i].row.id == id)
            tile_write(r, &w, &set, &set.tiles[i], -1);
    return 0;
}

static int tile_create_text(struct req *r, struct err *e)
{
    struct dashboard d;
    struct tile_input in = { .color = STR_NULL };
    struct tile t = { .layouts = STR("{}"), .filters_overrides = STR("{}"),
                      .show_description = UNSAID, .transparent_background = UNSAID,
                      .deleted = UNSAID };
    int rc = begin(r, &d, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", new_text_fields, &in, e);
    if (rc == 0)
        rc = tile_read_layouts(r, &t.layouts, e);
    t.dashboard_id = d.id;
    t.color = in.color;
    t.text = (struct text_card){ .project_id = r->project.id, .body = in.body,
                                 .created_by = r->user.id, .last_modified_at = clock_now_us() };
    if (rc == 0)
        rc = text_card_insert(r->db, &t.text, e);
    if (rc == 0)
        rc = tile_insert(r->db, &t, e);
    if (rc == 0)
        rc = commit(r, &d, e);
    return rc < 0 ? rc : reply_tile(r, 201, &d, t.id, e);
}

static int update_text(struct req *r, struct dashboard *d, struct tile *t, struct err *e)
{
    struct tile_input in = { .body = STR_NULL, .color = STR_NULL };
    int rc = begin(r, d, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", text_fields, &in, e);
    if (rc == 0)
        rc = load_tile(r, d->id, in.id, t, e);
    if (rc < 0)
        return rc;
    if (!t->text.id)
        return err_set(e, ERR_INVALID, NULL, "Tile is not a text tile.");
    rc = tile_read_layouts(r, &t->layouts, e);
    if (json_get(r->body, "color"))
        t->color = in.color;
    if (in.body.p)
        t->text.body = in.body;
    t->text.last_modified_by = r->user.id;
    t->text.last_modified_at = clock_now_us();
    if (rc == 0)
        rc = text_card_update(r->db, &t->text, e);
    return rc < 0 ? rc : tile_update(r->db, t, e);
}

static int tile_update_text(struct req *r, struct err *e)
{
    struct dashboard d;
    struct tile t;
    int rc = update_text(r, &d, &t, e);
    if (rc == 0)
        rc = commit(r, &d, e);
    return rc < 0 ? rc : reply_tile(r, 200, &d, t.id, e);
}

static int update_display(struct req *r, struct dashboard *d, struct tile *t, struct err *e)
{
    struct tile_input in = { .color = STR_NULL };
    const struct json *shown = json_get(r->body, "show_description");
    int rc = begin(r, d, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", tile_fields, &in, e);
    if (rc == 0)
        rc = load_tile(r, d->id, in.id, t, e);
    if (rc < 0)
        return rc;
    if (t->text.id)
        return err_set(e, ERR_INVALID, NULL, "Text tiles are changed with update_text_tile.");
    rc = tile_read_layouts(r, &t->layouts, e);
    if (json_get(r->body, "color"))
        t->color = in.color;
    if (shown)
        t->show_description = shown->type == JSON_NULL ? UNSAID : in.show_description ? YES : NO;
    return rc < 0 ? rc : tile_update(r->db, t, e);
}

static int tile_update_display(struct req *r, struct err *e)
{
    struct dashboard d;
    struct tile t;
    int rc = update_display(r, &d, &t, e);
    if (rc == 0)
        rc = commit(r, &d, e);
    return rc < 0 ? rc : reply_tile(r, 200, &d, t.id, e);
}

/* -------------------------------------------------------------------------- delete */

/* The others move up into the room that it leaves. */
static int close_gap(struct req *r, int64_t dashboard_id, struct err *e)
{
    struct tile *rest;
    size_t n;
    int rc = tile_list(r->db, r->arena, dashboard_id, &rest, &n, e);
    if (rc < 0)
        return rc;
    bool *changed = arena_alloc(r->arena, n + 1);
    rc = tile_compact(r, rest, n, changed, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (changed[i])
            rc = tile_update(r->db, &rest[i], e);
    return rc;
}

static int tile_delete(struct req *r, struct err *e)
{
    static const struct field row[] = { { "tile_id", FIELD_I64, 0, FIELD_REQUIRED }, { 0 } };
    struct dashboard d;
    struct tile t;
    int64_t id = 0;
    int rc = begin(r, &d, e);
    if (rc == 0)
        rc = fields_read(r->arena, r->body, "", row, &id, e);
    if (rc == 0)
        rc = load_tile(r, d.id, id, &t, e);
    t.deleted = YES;
    if (rc == 0)
        rc = tile_update(r->db, &t, e);
    if (rc == 0)
        rc = close_gap(r, d.id, e);
    if (rc == 0)
        rc = commit(r, &d, e);
    if (rc == 0)
        r->http->status = 204;
    return rc;
}

/* -------------------------------------------------------------------------- run */

static void write_run(struct json_writer *w, const struct tile_view *t, int64_t order)
{
    const struct insight_view *v = t->insight;
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, t->row.id);
    json_key(w, "insight");
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, v->row->id);
    json_key(w, "short_id");
    json_str(w, v->row->short_id);
    json_key(w, "name");
    json_str(w, v->row->name);
    json_key(w, "derived_name");
    json_str(w, v->row->derived_name);
    json_key(w, "result");
    json_raw(w, v->answered && v->answer.complete ? v->answer.results : STR("null"));
    json_close(w, '}');
    json_key(w, "order");
    json_i64(w, order);
    json_key(w, "last_refresh");
    json_null(w);
    json_key(w, "is_cached");
    json_bool(w, false);
    if (v->failed)
        tile_write_error(w, &v->failure);
    json_close(w, '}');
}

static int tile_run_insights(struct req *r, struct err *e)
{
    struct dashboard d;
    struct tile_set set;
    const struct json *filters, *variables;
    int rc = dashboard_load(r, r->id, &d, e);
    if (rc == 0)
        rc = dashboard_overrides(r, &d, &filters, &variables, e);
    if (rc == 0)
        rc = tile_set_load(r, &d, "sm", filters, variables, &set, e);
    if (rc < 0)
        return rc;
    tile_set_compute(r, &set, insight_refresh(r), d.id);
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "results");
    json_open(&w, '[');
    for (size_t i = 0; i < set.n; i++)
        if (set.tiles[i].insight && set.tiles[i].insight->query)
            write_run(&w, &set.tiles[i], (int64_t)i);
    json_close(&w, ']');
    json_close(&w, '}');
    return 0;
}

#define AT(action) "/api/projects/:project/dashboards/:id/" action "/"

const struct route tile_routes[] = {
    { "PATCH", AT("move_tile"), tile_move, ACCESS_SCOPE, "dashboard:write", 0 },
    { "POST", AT("move_tile"), tile_move, ACCESS_SCOPE, "dashboard:write", 0 },
    { "POST", AT("copy_tile"), tile_copy, ACCESS_SCOPE, "dashboard:write", 0 },
    { "POST", AT("reorder_tiles"), tile_reorder, ACCESS_SCOPE, "dashboard:write", 0 },
    { "POST", AT("create_text_tile"), tile_create_text, ACCESS_SCOPE, "dashboard:write", 0 },
    { "POST", AT("update_text_tile"), tile_update_text, ACCESS_SCOPE, "dashboard:write", 0 },
    { "POST", AT("update_tile"), tile_update_display, ACCESS_SCOPE, "dashboard:write", 0 },
    { "POST", AT("delete_tile"), tile_delete, ACCESS_SCOPE, "dashboard:write", 0 },
    { "GET", AT("run_insights"), tile_run_insights, ACCESS_SCOPE, "query:read", 0 },
    { 0 },
};
