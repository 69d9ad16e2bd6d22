/* board_form.c - see board_form.h. */
#include "cmd/board_form.h"

#include <inttypes.h>

#include "json/write.h"

const struct board_member board_dashboard_members[] = {
    { "name", "name", "null" },
    { "description", "description", "\"\"" },
    { "pinned", "pinned", "false" },
    { "tags", "tags", "[]" },
    { "restriction_level", "restriction_level", "21" },
    { "filters", "persisted_filters", "{}" },
    { "variables", "persisted_variables", "{}" },
    { "breakdown_colors", "breakdown_colors", "[]" },
    { "data_color_theme_id", "data_color_theme_id", "null" },
    { 0 },
};

const struct board_member board_insight_members[] = {
    { "name", "name", "null" },
    { "derived_name", "derived_name", "null" },
    { "description", "description", "null" },
    { "tags", "tags", "[]" },
    { "favorited", "favorited", "false" },
    { "query", "query", "null" },
    { "filters", "filters", "{}" },
    { 0 },
};

const struct board_member board_tile_members[] = {
    { "color", "color", "null" },
    { "layouts", "layouts", "{}" },
    { "filters_overrides", "filters_overrides", "{}" },
    { "show_description", "show_description", "null" },
    { "transparent_background", "transparent_background", "null" },
    { 0 },
};

/* What a tile shows: one of these members. */
static const char *const shown[] = { "insight", "text", "button" };

const char *board_noun(enum board_kind kind)
{
    return kind == BOARD_DASHBOARD ? "dashboard" : "insight";
}

static const struct board_member *members_of(enum board_kind kind)
{
    return kind == BOARD_DASHBOARD ? board_dashboard_members : board_insight_members;
}

/* -------------------------------------------------------------------------- values */

static const struct json *parsed(struct arena *a, const char *text)
{
    struct json *v;
    struct err ignored = ERR_INIT;
    BUG_ON(json_parse(a, str_of(text), &v, &ignored) < 0); /* we wrote it */
    return v;
}

bool board_same(const struct json *x, const struct json *y)
{
    if (!x || !y || x->type != y->type)
        return x == y;
    if (x->type == JSON_BOOL)
        return x->boolean == y->boolean;
    if (x->type == JSON_NUMBER)
        return x->num == y->num;
    if (x->type == JSON_STRING)
        return str_eq(x->text, y->text);
    if (x->count != y->count)
        return false;
    const struct json *other = y->head;
    for (const struct json *m = x->head; m; m = m->next, other = other ? other->next : NULL)
        if (!board_same(m, x->type == JSON_OBJECT ? json_get_str(y, m->key) : other))
            return false;
    return true;
}

int64_t board_id(const struct json *form)
{
    const struct json *id = json_get(form, "id");
    return json_is(id, JSON_NUMBER) && id->integer ? id->i64 : 0;
}

const struct json *board_value(struct arena *a, const struct board_member *m,
                               const struct json *form)
{
    const struct json *v = json_get(form, m->name);
    return v ? v : parsed(a, m->otherwise);
}

const struct json *board_tile(const struct json *form, int64_t id)
{
    const struct json *tiles = json_get(form, "tiles");
    for (const struct json *t = tiles ? tiles->head : NULL; t; t = t->next)
        if (board_id(t) == id)
            return t;
    return NULL;
}

/* -------------------------------------------------------------------------- forms */

static void copy(struct arena *a, struct json *to, const char *name, const struct json *v)
{
    if (v)
        json_set(to, str_of(name), json_share(a, v));
}

static void copy_members(struct arena *a, const struct board_member *m, const struct json *from,
                         bool answer, struct json *to)
{
    for (; m->name; m++) {
        const struct json *v = json_get(from, answer ? m->answered : m->name);
        if (v && v->type != JSON_NULL && !board_same(v, parsed(a, m->otherwise)))
            copy(a, to, m->name, v);
    }
}

static struct json *button_of(struct arena *a, const struct json *answer)
{
    static const char *const names[] = { "url", "text", "placement", "style" };
    struct json *out = json_new(a, JSON_OBJECT);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        copy(a, out, names[i], json_get(answer, names[i]));
    return out;
}

static struct json *tile_of_answer(struct arena *a, const struct json *t)
{
    struct json *out = json_new(a, JSON_OBJECT);
    const struct json *insight = json_get(t, "insight"), *text = json_get(t, "text"), *body;
    copy(a, out, "id", json_get(t, "id"));
    if (json_is(insight, JSON_OBJECT))
        copy(a, out, "insight", json_get(insight, "id"));
    else if (json_is(text, JSON_OBJECT)) {
        body = json_get(text, "body");
        copy(a, out, "text", json_is(body, JSON_STRING) ? body : json_new_str(a, STR("")));
    } else if (json_is(json_get(t, "button_tile"), JSON_OBJECT))
        copy(a, out, "button", button_of(a, json_get(t, "button_tile")));
    copy_members(a, board_tile_members, t, true, out);
    return out;
}

static void add(struct json *list, struct json *v)
{
    struct json **tail = &list->head;
    while (*tail)
        tail = &(*tail)->next;
    *tail = v;
    list->count++;
}

struct json *board_form_of_answer(struct arena *a, enum board_kind kind, const struct json *answer)
{
    struct json *out = json_new(a, JSON_OBJECT), *tiles = json_new(a, JSON_ARRAY);
    const struct json *list = json_get(answer, "tiles");
    copy(a, out, "id", json_get(answer, "id"));
    copy_members(a, members_of(kind), answer, true, out);
    for (const struct json *t = list ? list->head : NULL; t; t = t->next)
        add(tiles, tile_of_answer(a, t));
    if (kind == BOARD_DASHBOARD)
        json_set(out, STR("tiles"), tiles);
    return out;
}

static bool is_named(const struct board_member *m, str name)
{
    for (; m->name; m++)
        if (str_eqz(name, m->name))
            return true;
    return false;
}

static int check_names(str where, const struct json *tree, const struct board_member *m,
                       const char *const *more, size_t n, struct err *e)
{
    for (const struct json *k = tree->head; k; k = k->next) {
        bool known = str_eqz(k->key, "id") || is_named(m, k->key);
        for (size_t i = 0; i < n && !known; i++)
            known = str_eqz(k->key, more[i]);
        if (!known)
            return err_set(e, ERR_INVALID, NULL, STR_FMT ": there is no member \"" STR_FMT "\"",
                           STR_ARG(where), STR_ARG(k->key));
    }
    return 0;
}

static int tile_of_file(struct arena *a, str where, const struct json *t, struct json **out,
                        struct err *e)
{
    struct json *form = json_new(a, JSON_OBJECT);
    size_t n = 0;
    if (t->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, NULL, STR_FMT ": a tile is an object", STR_ARG(where));
    int rc = check_names(where, t, board_tile_members, shown, ARRAY_LEN(shown), e);
    copy(a, form, "id", json_get(t, "id"));
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        n += json_get(t, shown[i]) != NULL;
        copy(a, form, shown[i], json_get(t, shown[i]));
    }
    if (rc == 0 && n != 1)
        return err_set(e, ERR_INVALID, NULL,
                       STR_FMT ": a tile shows one of insight, text, button", STR_ARG(where));
    copy_members(a, board_tile_members, t, false, form);
    *out = form;
    return rc;
}

int board_form_of_file(struct arena *a, enum board_kind kind, str where, const struct json *tree,
                       struct json **out, struct err *e)
{
    static const char *const tiles_name[] = { "tiles" };
    struct json *form = json_new(a, JSON_OBJECT), *tiles = json_new(a, JSON_ARRAY), *tile = NULL;
    const struct json *list = json_get(tree, "tiles");
    int rc = check_names(where, tree, members_of(kind), tiles_name, kind == BOARD_DASHBOARD, e);
    copy(a, form, "id", json_get(tree, "id"));
    copy_members(a, members_of(kind), tree, false, form);
    for (const struct json *t = json_is(list, JSON_ARRAY) ? list->head : NULL; t && rc == 0;
         t = t->next) {
        rc = tile_of_file(a, where, t, &tile, e);
        if (rc == 0)
            add(tiles, tile);
    }
    if (kind == BOARD_DASHBOARD)
        json_set(form, STR("tiles"), tiles);
    *out = form;
    return rc;
}

/* -------------------------------------------------------------------------- differences */

static void put_value(struct arena *a, struct buf *out, const struct json *v)
{
    struct buf b = BUF_INIT(1 << 20);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, v);
    str text = arena_str(a, buf_view(&b)), cut = str_utf8_prefix(text, 60);
    buf_str(out, cut);
    buf_z(out, cut.n < text.n ? "…" : "");
    buf_release(&b);
}

static void members_differ(struct arena *a, const struct board_member *m, const char *indent,
                           const struct json *before, const struct json *after, struct buf *out)
{
    for (; m->name; m++) {
        const struct json *x = board_value(a, m, before), *y = board_value(a, m, after);
        if (board_same(x, y))
            continue;
        buf_printf(out, "%s~ %s: ", indent, m->name);
        put_value(a, out, x);
        buf_z(out, " -> ");
        put_value(a, out, y);
        buf_char(out, '\n');
    }
}

static void put_shown(struct arena *a, struct buf *out, const struct json *t)
{
    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        if (json_get(t, shown[i])) {
            buf_printf(out, "%s ", shown[i]);
            put_value(a, out, json_get(t, shown[i]));
        }
    buf_char(out, '\n');
}

static void tile_differs(struct arena *a, const struct json *before, const struct json *after,
                         struct buf *out)
{
    if (board_same(before, after))
        return;
    buf_printf(out, "  ~ tile %" PRId64 "\n", board_id(after));
    members_differ(a, board_tile_members, "    ", before, after, out);
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        const struct json *x = json_get(before, shown[i]), *y = json_get(after, shown[i]);
        if (!y || board_same(x, y))
            continue;
        buf_printf(out, "    ~ %s: ", shown[i]);
        put_value(a, out, x ? x : parsed(a, "null"));
        buf_z(out, " -> ");
        put_value(a, out, y);
        buf_char(out, '\n');
    }
}

void board_differences(struct arena *a, enum board_kind kind, const struct json *before,
                       const struct json *after, struct buf *out)
{
    const struct json *was = json_get(before, "tiles"), *now = json_get(after, "tiles");
    members_differ(a, members_of(kind), "  ", before, after, out);
    for (const struct json *t = now ? now->head : NULL; t; t = t->next) {
        const struct json *old = board_id(t) ? board_tile(before, board_id(t)) : NULL;
        if (old) {
            tile_differs(a, old, t, out);
            continue;
        }
        buf_z(out, "  + tile: ");
        put_shown(a, out, t);
    }
    for (const struct json *t = was ? was->head : NULL; t; t = t->next)
        if (!board_tile(after, board_id(t))) {
            buf_printf(out, "  - tile %" PRId64 ": ", board_id(t));
            put_shown(a, out, t);
        }
}
