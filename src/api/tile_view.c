/* tile_view.c - tiles as a dashboard shows them; see tile.h. */
#include "api/field.h"
#include "api/tile.h"

#define NO_PLACE 100.0 /* x and y of a tile without a layout */

/* -------------------------------------------------------------------------- order */

struct sort_key {
    double y, x;
    int64_t position; /* of the insight; INT64_MAX: none */
    int64_t id;
    size_t index;
};

static double number_or(const struct json *v, double otherwise)
{
    return json_is(v, JSON_NUMBER) ? v->num : otherwise;
}

static int compare_keys(const void *pa, const void *pb)
{
    const struct sort_key *a = pa, *b = pb;
    if (a->y != b->y)
        return a->y < b->y ? -1 : 1;
    if (a->x != b->x)
        return a->x < b->x ? -1 : 1;
    if (a->position != b->position)
        return a->position < b->position ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static int sort_tiles(struct req *r, struct tile_set *s, const char *breakpoint, struct err *e)
{
    struct sort_key *keys = arena_alloc(r->arena, (s->n + 1) * sizeof(*keys));
    struct tile_view *sorted = arena_alloc(r->arena, (s->n + 1) * sizeof(*sorted));
    for (size_t i = 0; i < s->n; i++) {
        struct json *layouts;
        int rc = json_parse(r->arena, s->tiles[i].row.layouts, &layouts, e);
        if (rc < 0)
            return rc;
        const struct json *at = json_get(layouts, breakpoint);
        const struct insight_view *v = s->tiles[i].insight;
        keys[i] = (struct sort_key){
            .y = number_or(json_get(at, "y"), NO_PLACE), .x = number_or(json_get(at, "x"), NO_PLACE),
            .position = v && v->row->position != INT64_MIN ? v->row->position : INT64_MAX,
            .id = s->tiles[i].row.id, .index = i,
        };
    }
    qsort(keys, s->n, sizeof(*keys), compare_keys);
    for (size_t i = 0; i < s->n; i++)
        sorted[i] = s->tiles[keys[i].index];
    s->tiles = sorted;
    return 0;
}

/* -------------------------------------------------------------------------- load */

static struct insight_view *insight_of(struct tile_set *s, int64_t id)
{
    for (size_t i = 0; i < s->insight_count; i++)
        if (s->insights[i].row->id == id)
            return &s->insights[i];
    return NULL;
}

/* A tile's own filters stand in place of the dashboard's. */
static int lay_over(struct req *r, struct tile_view *t, const struct json *filters,
                    const struct json *variables, struct err *e)
{
    struct json *own;
    int rc = json_parse(r->arena, t->row.filters_overrides, &own, e);
    if (rc == 0)
        insight_lay_over(r, t->insight, own->head ? own : filters, variables);
    return rc;
}

static int load_insights(struct req *r, struct tile_set *s, int64_t dashboard_id, struct err *e)
{
    struct insight *rows;
    size_t n;
    int rc = insight_on_dashboard(r->db, r->arena, dashboard_id, &rows, &n, e);
    if (rc < 0)
        return rc;
    s->insights = arena_alloc(r->arena, (n + 1) * sizeof(*s->insights));
    s->insight_count = n;
    for (size_t i = 0; i < n; i++)
        s->insights[i].row = &rows[i];
    return insight_view_prepare(r, s->insights, n, e);
}

static int load_cards(struct req *r, struct tile_set *s, int64_t dashboard_id, struct err *e)
{
    struct place *places;
    int64_t *users = arena_alloc(r->arena, (4 * s->n + 1) * sizeof(*users));
    int rc = place_of_cards(r->db, r->arena, dashboard_id, &places, &s->place_count, e);
    if (rc < 0)
        return rc;
    s->places = places;
    for (size_t i = 0; i < s->n; i++) {
        const struct tile *t = &s->tiles[i].row;
        users[4 * i] = t->text.created_by;
        users[4 * i + 1] = t->text.last_modified_by;
        users[4 * i + 2] = t->button.created_by;
        users[4 * i + 3] = t->button.last_modified_by;
    }
    return req_load_users(r, users, 4 * s->n, e);
}

int tile_set_load(struct req *r, const struct dashboard *d, const char *breakpoint,
                  const struct json *filters, const struct json *variables, struct tile_set *out,
                  struct err *e)
{
    struct tile *rows;
    struct tile_set s = { 0 };
    int rc = tile_list(r->db, r->arena, d->id, &rows, &s.n, e);
    if (rc == 0)
        rc = load_insights(r, &s, d->id, e);
    if (rc < 0)
        return rc;
    s.tiles = arena_alloc(r->arena, (s.n + 1) * sizeof(*s.tiles));
    for (size_t i = 0; i < s.n && rc == 0; i++) {
        struct tile_view *t = &s.tiles[i];
        t->row = rows[i];
        t->insight = rows[i].insight_id ? insight_of(&s, rows[i].insight_id) : NULL;
        if (t->insight)
            rc = lay_over(r, t, filters, variables, e);
    }
    if (rc == 0)
        rc = load_cards(r, &s, d->id, e);
    if (rc == 0)
        rc = sort_tiles(r, &s, breakpoint, e);
    if (rc == 0)
        *out = s;
    return rc;
}

void tile_set_compute(struct req *r, struct tile_set *s, enum query_refresh mode,
                      int64_t dashboard_id)
{
    insight_view_compute(r, s->insights, s->insight_count, mode, dashboard_id);
}

void tile_set_compute_some(struct req *r, struct tile_set *s, size_t from, size_t to,
                           enum query_refresh mode, int64_t dashboard_id)
{
    struct insight_view *some = arena_alloc(r->arena, (to - from + 1) * sizeof(*some));
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        if (s->tiles[i].insight)
            some[n++] = *s->tiles[i].insight;
    insight_view_compute(r, some, n, mode, dashboard_id);
    for (size_t i = to; i-- > from;)
        if (s->tiles[i].insight)
            *s->tiles[i].insight = some[--n];
}

/* -------------------------------------------------------------------------- write */

void write_place(struct json_writer *w, const struct place *p)
{
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, p->tile_id);
    json_key(w, "dashboard_id");
    json_i64(w, p->dashboard_id);
    json_key(w, "deleted");
    if (p->deleted == UNSAID)
        json_null(w);
    else
        json_bool(w, p->deleted == YES);
    json_close(w, '}');
}

static void write_tristate(struct json_writer *w, const char *key, enum tristate t)
{
    json_key(w, key);
    if (t == UNSAID)
        json_null(w);
    else
        json_bool(w, t == YES);
}

/* What texts and buttons have in common. */
static void write_card_end(struct req *r, struct json_writer *w, const struct tile_set *s,
                           const struct tile *t)
{
    bool text = t->text.id != 0;
    json_key(w, "team");
    json_i64(w, text ? t->text.project_id : t->button.project_id);
    if (!r->hides_authors) {
        write_loaded_user(r, w, "created_by", text ? t->text.created_by : t->button.created_by);
        json_key(w, "last_modified_at");
        json_time(w, text ? t->text.last_modified_at : t->button.last_modified_at);
        write_loaded_user(r, w, "last_modified_by",
                          text ? t->text.last_modified_by : t->button.last_modified_by);
    }
    json_key(w, "dashboard_tiles");
    json_open(w, '[');
    for (size_t i = 0; i < s->place_count; i++)
        if (text ? s->places[i].shown_id == t->text.id
                 : s->places[i].button_id.p && str_eq(s->places[i].button_id, t->button.id))
            write_place(w, &s->places[i]);
    json_close(w, ']');
}

static void write_text(struct req *r, struct json_writer *w, const struct tile_set *s,
                       const struct tile *t)
{
    json_key(w, "text");
    if (!t->text.id) {
        json_null(w);
        return;
    }
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, t->text.id);
    json_key(w, "body");
    json_str(w, t->text.body);
    write_card_end(r, w, s, t);
    json_close(w, '}');
}

static void write_button(struct req *r, struct json_writer *w, const struct tile_set *s,
                         const struct tile *t)
{
    json_key(w, "button_tile");
    if (!t->button.id.p) {
        json_null(w);
        return;
    }
    json_open(w, '{');
    json_key(w, "id");
    json_str(w, t->button.id);
    json_key(w, "url");
    json_str(w, t->button.url);
    json_key(w, "text");
    json_str(w, t->button.text);
    json_key(w, "placement");
    json_str(w, t->button.placement);
    json_key(w, "style");
    json_str(w, t->button.style);
    write_card_end(r, w, s, t);
    json_close(w, '}');
}

/* Named as clients know them: by the exception that a failure would be elsewhere. */
void tile_write_error(struct json_writer *w, const struct err *e)
{
    static const struct {
        int status;
        const char *type;
    } types[] = { { 400, "ValidationError" }, { 429, "ConcurrencyLimitExceeded" },
                  { 503, "ServiceUnavailable" }, { 504, "QueryTimeout" } };
    const char *type = "APIException";
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i].status == err_status(e))
            type = types[i].type;
    json_key(w, "error");
    json_open(w, '{');
    json_key(w, "type");
    json_z(w, type);
    json_key(w, "message");
    json_z(w, err_message(e));
    json_close(w, '}');
}

void tile_write(struct req *r, struct json_writer *w, const struct tile_set *s,
                const struct tile_view *t, int64_t order)
{
    const struct insight_view *v = t->insight;
    bool done = v && v->answered && v->answer.complete;
    json_open(w, '{');
    json_key(w, "id");
    json_i64(w, t->row.id);
    json_key(w, "layouts");
    json_raw(w, t->row.layouts);
    json_key(w, "color");
    json_str(w, t->row.color);
    json_key(w, "filters_overrides");
    json_raw(w, t->row.filters_overrides);
    write_tristate(w, "show_description", t->row.show_description);
    write_tristate(w, "transparent_background", t->row.transparent_background);
    json_key(w, "insight");
    if (v)
        insight_view_write(r, w, v, false);
    else
        json_null(w);
    write_text(r, w, s, &t->row);
    write_button(r, w, s, &t->row);
    json_key(w, "widget");
    json_null(w);
    json_key(w, "order");
    if (order < 0)
        json_null(w);
    else
        json_i64(w, order);
    json_key(w, "last_refresh");
    json_time(w, done ? v->answer.last_refresh : INT64_MIN);
    json_key(w, "is_cached");
    json_bool(w, done && v->answer.is_cached);
    if (v && v->failed)
        tile_write_error(w, &v->failure);
    json_close(w, '}');
}
