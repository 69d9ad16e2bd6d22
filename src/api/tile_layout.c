/* tile_layout.c - see tile_layout.h. */
#include "api/tile_layout.h"

#include <stdio.h>

#include "api/field.h"

#define COLUMNS 12
#define WIDTH 6 /* of a tile that says none */
#define HEIGHT 5

static const char *const breakpoints[] = { "sm", "xs" };

struct box {
    int64_t x, y, w, h;
};

static int64_t number(const struct json *o, const char *key, int64_t otherwise, int64_t least,
                      int64_t most)
{
    const struct json *v = json_get(o, key);
    int64_t n = v && v->integer ? v->i64 : otherwise;
    return n < least ? least : n > most ? most : n;
}

static struct box box_of(const struct json *layout)
{
    return (struct box){ number(layout, "x", 0, 0, 1000), number(layout, "y", 0, 0, 1000000),
                         number(layout, "w", WIDTH, 1, 1000), number(layout, "h", HEIGHT, 1, 10000) };
}

static void write_box(struct json_writer *w, const char *breakpoint, struct box b)
{
    json_key(w, breakpoint);
    json_open(w, '{');
    json_key(w, "x");
    json_i64(w, b.x);
    json_key(w, "y");
    json_i64(w, b.y);
    json_key(w, "w");
    json_i64(w, b.w);
    json_key(w, "h");
    json_i64(w, b.h);
    json_close(w, '}');
}

static str layouts_of(struct req *r, struct box sm, struct box xs)
{
    struct buf b = BUF_INIT(512); /* two boxes of numbers */
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    write_box(&w, "sm", sm);
    write_box(&w, "xs", xs);
    json_close(&w, '}');
    str out = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return out;
}

/* -------------------------------------------------------------------------- arrange */

/* Puts a box of that size where the columns under it are lowest, leftmost of equals. */
static struct box drop_into(int64_t heights[COLUMNS], int64_t w, int64_t h)
{
    struct box best = { 0, INT64_MAX, w, h };
    for (int64_t x = 0; x + w <= COLUMNS; x++) {
        int64_t top = 0;
        for (int64_t i = x; i < x + w; i++)
            top = heights[i] > top ? heights[i] : top;
        if (top < best.y)
            best = (struct box){ x, top, w, h };
    }
    for (int64_t i = best.x; i < best.x + w; i++)
        heights[i] = best.y + h;
    return best;
}

int tile_arrange(struct req *r, struct tile *tiles, size_t n, enum tile_arrangement how,
                 struct err *e)
{
    int64_t heights[COLUMNS] = { 0 }, stacked = 0;
    for (size_t i = 0; i < n; i++) {
        struct json *layouts;
        int64_t at = (int64_t)i;
        int rc = json_parse(r->arena, tiles[i].layouts, &layouts, e);
        if (rc < 0)
            return rc;
        struct box old = box_of(json_get(layouts, "sm"));
        struct box sm = how == ARRANGE_TWO_COLUMN
                            ? (struct box){ WIDTH * (at % 2), HEIGHT * (at / 2), WIDTH, HEIGHT }
                        : how == ARRANGE_FULL_WIDTH
                            ? (struct box){ 0, HEIGHT * at, COLUMNS, HEIGHT }
                            : drop_into(heights, old.w < COLUMNS ? old.w : COLUMNS, old.h);
        tiles[i].layouts = layouts_of(r, sm, (struct box){ 0, stacked, 1, sm.h });
        stacked += sm.h;
    }
    return 0;
}

/* -------------------------------------------------------------------------- compact */

struct placed {
    struct box box;
    struct json *layout; /* of the breakpoint, in the tile's tree */
    size_t tile;
};

static int by_row(const void *pa, const void *pb)
{
    const struct placed *a = pa, *b = pb;
    if (a->box.y != b->box.y)
        return a->box.y < b->box.y ? -1 : 1;
    if (a->box.x != b->box.x)
        return a->box.x < b->box.x ? -1 : 1;
    return a->tile < b->tile ? -1 : a->tile > b->tile;
}

static bool overlap(const struct box *a, const struct box *b)
{
    return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

/* The first row in which p meets none of those placed before it. */
static int64_t free_row(const struct placed *all, size_t before, struct box p)
{
    p.y = 0;
    for (size_t i = 0; i < before;) {
        if (!overlap(&all[i].box, &p)) {
            i++;
            continue;
        }
        p.y = all[i].box.y + all[i].box.h;
        i = 0;
    }
    return p.y;
}

static struct json *new_number(struct arena *a, int64_t v)
{
    struct json *n = json_new(a, JSON_NUMBER);
    n->text = arena_printf(a, "%lld", (long long)v);
    n->integer = true;
    n->i64 = v;
    n->num = (double)v;
    return n;
}

int tile_compact(struct req *r, struct tile *tiles, size_t n, bool *changed, struct err *e)
{
    struct json **trees = arena_alloc(r->arena, (n + 1) * sizeof(*trees));
    struct placed *all = arena_alloc(r->arena, (n + 1) * sizeof(*all));
    for (size_t i = 0; i < n; i++) {
        int rc = json_parse(r->arena, tiles[i].layouts, &trees[i], e);
        if (rc < 0)
            return rc;
    }
    for (size_t k = 0; k < ARRAY_LEN(breakpoints); k++) {
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            struct json *layout = (struct json *)(uintptr_t)json_get(trees[i], breakpoints[k]);
            if (json_is(layout, JSON_OBJECT))
                all[count++] = (struct placed){ box_of(layout), layout, i };
        }
        qsort(all, count, sizeof(*all), by_row);
        for (size_t i = 0; i < count; i++) {
            int64_t y = free_row(all, i, all[i].box);
            if (y == all[i].box.y)
                continue;
            all[i].box.y = y;
            json_set(all[i].layout, STR("y"), new_number(r->arena, y));
            changed[all[i].tile] = true;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (changed[i])
            tiles[i].layouts = json_text_of(r->arena, trees[i]);
    return 0;
}

/* -------------------------------------------------------------------------- read */

static const struct field box_fields[] = {
    { "x", FIELD_I64, offsetof(struct box, x), 0 },
    { "y", FIELD_I64, offsetof(struct box, y), 0 },
    { "w", FIELD_I64, offsetof(struct box, w), 0 },
    { "h", FIELD_I64, offsetof(struct box, h), 0 },
    { 0 },
};

int tile_read_layouts(struct req *r, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, "layouts");
    struct buf b = BUF_INIT(1024);
    struct json_writer w = JSON_WRITER(&b);
    int rc = 0;
    if (!v || v->type == JSON_NULL)
        return 0;
    if (v->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "layouts", "Invalid data. Expected a dictionary.");
    json_open(&w, '{');
    for (size_t k = 0; k < ARRAY_LEN(breakpoints) && rc == 0; k++) {
        const struct json *at = json_get(v, breakpoints[k]);
        struct box box = { 0, 0, WIDTH, HEIGHT };
        if (!at || at->type == JSON_NULL)
            continue;
        str prefix = arena_printf(r->arena, "layouts__%s__", breakpoints[k]);
        if (at->type != JSON_OBJECT)
            rc = err_set(e, ERR_INVALID, arena_z(r->arena, str_slice(prefix, 0, prefix.n - 2)),
                         "Invalid data. Expected a dictionary.");
        else
            rc = fields_read(r->arena, at, prefix.p, box_fields, &box, e);
        write_box(&w, breakpoints[k], box);
    }
    json_close(&w, '}');
    if (rc == 0)
        *out = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return rc;
}
