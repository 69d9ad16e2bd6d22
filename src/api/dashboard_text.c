/* dashboard_text.c - see dashboard_text.h. How charts look in characters is in render/text_chart.c. */
#include "api/dashboard_text.h"

#include "api/tile_chart.h"
#include "base/clock.h"
#include "render/text.h"

#define WIDTH 80
#define WIDTH_LEAST 40
#define WIDTH_MOST 400

/* Whether one of the types that the caller takes is one that is sent. */
static bool is_acceptable(str accept)
{
    static const char *const sent[] = { "*/*", "application/*", "application/json", "text/*",
                                        "text/plain", "text/event-stream" };
    if (!str_trim(accept).n)
        return true;
    while (accept.p) {
        str part = str_split(&accept, ',');
        str type = str_trim(str_split(&part, ';'));
        for (size_t i = 0; i < ARRAY_LEN(sent); i++)
            if (str_eq_nocase(type, str_of(sent[i])))
                return true;
    }
    return false;
}

int dashboard_format(struct req *r, bool *text, struct err *e)
{
    str format = http_query_of(r->http, "format"), width = http_query_of(r->http, "width");
    int64_t columns = WIDTH;
    *text = str_eqz(format, "txt");
    if (format.n && !*text && !str_eqz(format, "json"))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    if (*text && width.n &&
        (!str_to_i64(width, &columns) || columns < WIDTH_LEAST || columns > WIDTH_MOST))
        return err_set(e, ERR_INVALID, "width", "Must be a number of columns from %d to %d.",
                       WIDTH_LEAST, WIDTH_MOST);
    if (*text)
        r->http->content_type = "text/plain; charset=utf-8";
    if (!format.n && !is_acceptable(http_header_of(r->http, "Accept")))
        return err_set(e, ERR_NOT_ACCEPTABLE, NULL, NULL);
    return 0;
}

/* As wide and as coloured as the address says; dashboard_format has checked it. */
static struct text begin(struct req *r)
{
    int64_t width = WIDTH;
    bool color = false;
    (void)str_to_i64(http_query_of(r->http, "width"), &width);
    (void)str_to_bool(http_query_of(r->http, "color"), &color);
    return (struct text){ .b = &r->http->reply, .width = (size_t)width, .color = color };
}

/* -------------------------------------------------------------------------- list */

static str moment(struct req *r, int64_t us)
{
    char text[CLOCK_TEXT];
    if (us == INT64_MIN)
        return STR("-");
    clock_text(us, text);
    text[10] = ' ';
    return arena_str(r->arena, (str){ text, 16 });
}

static str tags_of(struct req *r, str list)
{
    struct json *tags;
    struct err ignored = ERR_INIT;
    str all = STR("");
    if (json_parse(r->arena, list, &tags, &ignored) < 0)
        return all;
    for (const struct json *m = tags->head; m; m = m->next)
        all = arena_printf(r->arena, STR_FMT "%s" STR_FMT, STR_ARG(all), all.n ? ", " : "",
                           STR_ARG(m->text));
    return all;
}

void dashboard_text_list(struct req *r, const struct dashboard *rows, size_t n, int64_t count)
{
    static str names[] = { STR_INIT("id"), STR_INIT("name"), STR_INIT("pinned"), STR_INIT("tags"),
                           STR_INIT("last opened") };
    static bool numeric[ARRAY_LEN(names)] = { true };
    struct text t = begin(r);
    struct chart c = { .names = names, .name_count = ARRAY_LEN(names), .numeric = numeric,
                       .row_count = n };
    c.cells = arena_alloc(r->arena, (n + 1) * sizeof(*c.cells));
    for (size_t i = 0; i < n; i++) {
        str *row = c.cells[i] = arena_alloc(r->arena, ARRAY_LEN(names) * sizeof(*row));
        row[0] = arena_printf(r->arena, "%lld", (long long)rows[i].id);
        row[1] = rows[i].name.p ? rows[i].name : STR("(no name)");
        row[2] = rows[i].pinned ? STR("*") : STR("");
        row[3] = tags_of(r, rows[i].tags);
        row[4] = moment(r, rows[i].last_accessed_at);
    }
    r->http->status = 200;
    text_table(&t, r->arena, &c, n);
    text_lines(&t, TEXT_FAINT,
               arena_printf(r->arena, "%zu of %lld", n, (long long)count));
}

/* -------------------------------------------------------------------------- one */

static void draw_insight(struct req *r, const struct text *t, const struct insight_view *v)
{
    str note;
    const struct chart *c = insight_chart(r, v, &note);
    if (c)
        text_chart(t, r->arena, c);
    else if (v->failed)
        text_lines(t, TEXT_RED, arena_printf(r->arena, "error: " STR_FMT, STR_ARG(note)));
    else
        text_lines(t, TEXT_FAINT,
                   v->query ? STR("not computed yet; ask with refresh=blocking") : STR("no query"));
}

static void draw_tile(struct req *r, const struct text *t, const struct tile_view *tile)
{
    if (tile->insight) {
        text_rule(t, insight_title(tile->insight->row));
        draw_insight(r, t, tile->insight);
        return;
    }
    text_rule(t, tile->row.text.id ? STR("text") : tile->row.button.text);
    text_lines(t, TEXT_PLAIN, tile->row.text.id ? tile->row.text.body : tile->row.button.url);
}

void dashboard_text_one(struct req *r, int status, const struct dashboard *d,
                        const struct tile_set *tiles)
{
    struct text t = begin(r);
    str id = arena_printf(r->arena, "  (%lld)", (long long)d->id);
    r->http->status = status;
    text_cell(&t, TEXT_BOLD, d->name.p ? d->name : STR("(no name)"), t.width - id.n, TEXT_CUT);
    text_lines(&t, TEXT_FAINT, id);
    if (d->description.n)
        text_lines(&t, TEXT_PLAIN, d->description);
    for (size_t i = 0; i < tiles->n; i++)
        draw_tile(r, &t, &tiles->tiles[i]);
}
