/* picture.c - see picture.h. Drawn in render/; here tiles become what it draws. */
#include "api/picture.h"

#include "api/share.h"
#include "api/tile_chart.h"
#include "base/limits.h"
#include "render/draw.h"
#include "render/picture.h"

#define WIDTH 1200
#define WIDTH_LEAST 300
#define HEIGHT 600 /* of an insight */

enum picture picture_named(str name)
{
    static const char *const names[] = { [PICTURE_AS_PNG] = "png", [PICTURE_AS_PDF] = "pdf",
                                         [PICTURE_AS_SVG] = "svg" };
    for (int i = PICTURE_AS_PNG; i <= PICTURE_AS_SVG; i++)
        if (str_eqz(name, names[i]))
            return (enum picture)i;
    return PICTURE_OF_NOTHING;
}

enum picture picture_asked(struct req *r)
{
    enum picture as = picture_named(http_query_of(r->http, "format"));
    r->needs_results = as != PICTURE_OF_NOTHING;
    return as;
}

static int read_size(struct req *r, const char *name, int64_t otherwise, int64_t most, double *out,
                     struct err *e)
{
    str text = http_query_of(r->http, name);
    int64_t v = otherwise;
    if (text.n && (!str_to_i64(text, &v) || v < WIDTH_LEAST || v > most))
        return err_set(e, ERR_INVALID, name, "Must be a number of pixels from %d to %lld.",
                       WIDTH_LEAST, (long long)most);
    *out = (double)v;
    return 0;
}

static bool is_dark(struct req *r)
{
    str theme = http_query_of(r->http, "theme");
    if (!theme.n)
        theme = json_get_text(r->share_settings, "theme");
    return str_eqz(theme, "dark");
}

static int reply(struct req *r, enum picture as, str svg, struct err *e)
{
    static const char *const types[] = { [PICTURE_AS_PNG] = "image/png",
                                         [PICTURE_AS_PDF] = "application/pdf",
                                         [PICTURE_AS_SVG] = "image/svg+xml" };
    str out = svg;
    if (!svg.p)
        return err_set(e, ERR_INVALID, NULL, "This is too much for one picture.");
    req_give_db(r);
    int rc = as == PICTURE_AS_SVG ? 0
                                  : picture_make(r->arena, svg,
                                                 as == PICTURE_AS_PDF ? PICTURE_PDF : PICTURE_PNG,
                                                 &out, e);
    if (rc < 0)
        return rc;
    r->http->status = 200;
    r->http->content_type = types[as];
    r->http->fixed = out;
    http_reply_header(r->http, "Content-Security-Policy", "default-src 'none'");
    http_reply_header(r->http, "X-Content-Type-Options", "nosniff");
    return 0;
}

static double number_or(const struct json *v, double otherwise)
{
    return json_is(v, JSON_NUMBER) ? v->num : otherwise;
}

static void place(struct req *r, const struct tile_view *t, struct draw_tile *out)
{
    struct json *layouts = NULL;
    struct err ignored = ERR_INIT;
    (void)json_parse(r->arena, t->row.layouts, &layouts, &ignored);
    const struct json *at = json_get(layouts, "sm"), *x = json_get(at, "x"), *y = json_get(at, "y");
    bool number = out->chart && out->chart->kind == CHART_NUMBER;
    bool button = !t->insight && !t->row.text.id;
    out->placed = json_is(x, JSON_NUMBER) && json_is(y, JSON_NUMBER);
    out->x = number_or(x, 0);
    out->y = number_or(y, 0);
    out->w = number_or(json_get(at, "w"), number || button ? 3 : 6);
    out->h = number_or(json_get(at, "h"), button ? 1 : !t->insight ? 2 : number ? 3 : 5);
}

static void take_insight(struct req *r, const struct insight_view *v, bool describe,
                         struct draw_tile *out)
{
    out->title = insight_title(v->row);
    if (describe && v->row->description.p)
        out->description = v->row->description;
    out->chart = insight_chart(r, v, &out->note);
}

static void take_tile(struct req *r, const struct tile_view *t, struct draw_tile *out)
{
    if (t->insight)
        take_insight(r, t->insight, t->row.show_description != NO, out);
    else
        out->text = t->row.text.id ? t->row.text.body : t->row.button.text;
    place(r, t, out);
}

int picture_reply_dashboard(struct req *r, enum picture as, const struct dashboard *d,
                            struct err *e)
{
    struct dashboard_view v;
    struct draw_board board = { .dark = is_dark(r) };
    double width, height;
    int rc = read_size(r, "width", WIDTH, LIMIT_PICTURE_WIDTH, &board.width, e);
    if (rc == 0)
        rc = dashboard_view_load(r, d, &v, e);
    if (rc < 0)
        return rc;
    if (!share_setting(r, "noHeader")) {
        board.title = d->name.n ? d->name : STR("Untitled");
        board.description = d->description;
    }
    board.n = v.tiles.n;
    board.tiles = arena_alloc(r->arena, (v.tiles.n + 1) * sizeof(*board.tiles));
    for (size_t i = 0; i < v.tiles.n; i++)
        take_tile(r, &v.tiles.tiles[i], &board.tiles[i]);
    return reply(r, as, draw_board(r->arena, &board, &width, &height), e);
}

int picture_reply_insight(struct req *r, enum picture as, const struct insight_view *v,
                          struct err *e)
{
    struct draw_tile tile = { 0 };
    double width, height;
    int rc = read_size(r, "width", WIDTH, LIMIT_PICTURE_WIDTH, &width, e);
    if (rc == 0)
        rc = read_size(r, "height", HEIGHT, LIMIT_PICTURE_WIDTH, &height, e);
    if (rc < 0)
        return rc;
    take_insight(r, v, true, &tile);
    return reply(r, as, draw_insight(r->arena, &tile, width, height, is_dark(r)), e);
}
