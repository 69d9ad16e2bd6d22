/* dashboard_text.c - see dashboard_text.h. */
#include "api/dashboard_text.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"

#define WIDTH 78     /* characters of a line */
#define SPARK 48     /* of a drawn series */
#define LABEL 24     /* of its name */
#define ROWS 10      /* of a table */
#define COLUMNS 6
#define CELL 20
#define SERIES 12
#define SHARES 8     /* of a row of retention */

int dashboard_format(struct req *r, bool *text, struct err *e)
{
    str format = http_query_of(r->http, "format");
    *text = str_eqz(format, "txt");
    if (*text)
        r->http->content_type = "text/plain; charset=utf-8";
    else if (format.n && !str_eqz(format, "json"))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    return 0;
}

/* -------------------------------------------------------------------------- cells */

static bool is_control(const unsigned char *p, size_t left)
{
    return p[0] < 0x20 || p[0] == 0x7F || (p[0] == 0xC2 && left > 1 && p[1] < 0xA0);
}

/* The text in so many characters: cut with an ellipsis, or filled up with blanks (fill). */
static void cell(struct buf *b, str s, size_t width, bool fill)
{
    size_t n = 0, i = 0;
    bool cut = str_utf8_len(s) > width;
    while (i < s.n && n < width - cut) {
        const unsigned char *p = (const unsigned char *)s.p + i;
        size_t w = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
        if (is_control(p, s.n - i))
            buf_char(b, ' ');
        else
            buf_add(b, p, w < s.n - i ? w : s.n - i);
        i += w;
        n++;
    }
    if (cut)
        buf_z(b, "…");
    for (n += cut; fill && n < width; n++)
        buf_char(b, ' ');
}

static void moment(struct buf *b, int64_t us)
{
    char text[CLOCK_TEXT];
    if (us == INT64_MIN) {
        cell(b, STR("-"), 16, false);
        return;
    }
    clock_text(us, text);
    text[10] = ' ';
    cell(b, (str){ text, 16 }, 16, false);
}

static void rule(struct buf *b, str title)
{
    buf_z(b, "\n── ");
    cell(b, title, WIDTH - 8, false);
    buf_char(b, ' ');
    size_t used = str_utf8_len(title);
    for (size_t i = used < WIDTH - 8 ? used : WIDTH - 8; i < WIDTH - 4; i++)
        buf_z(b, "─");
    buf_char(b, '\n');
}

void dashboard_text_list(struct req *r, const struct dashboard *rows, size_t n, int64_t count)
{
    struct buf *b = &r->http->reply;
    r->http->status = 200;
    buf_z(b, "    id  name                                    pinned  last opened\n");
    for (size_t i = 0; i < n; i++) {
        buf_printf(b, "%6lld  ", (long long)rows[i].id);
        cell(b, rows[i].name.p ? rows[i].name : STR("(no name)"), 38, true);
        buf_z(b, rows[i].pinned ? "  *       " : "          ");
        moment(b, rows[i].last_accessed_at);
        buf_char(b, '\n');
    }
    buf_printf(b, "%zu of %lld\n", n, (long long)count);
}

/* -------------------------------------------------------------------------- results */

static void number(struct buf *b, double v)
{
    if (v == floor(v) && fabs(v) < 1e15)
        buf_printf(b, "%.0f", v);
    else
        buf_printf(b, "%.4g", v);
}

/* A value of a series that stands in so many blocks: the mean of those that share one. */
static void spark(struct buf *b, const struct json *data)
{
    static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    size_t n = data->count, shown = n < SPARK ? n : SPARK, i = 0;
    double sums[SPARK] = { 0 }, most = 0;
    size_t counts[SPARK] = { 0 };
    for (const struct json *m = data->head; m; m = m->next, i++) {
        sums[i * shown / n] += m->type == JSON_NUMBER ? m->num : 0;
        counts[i * shown / n]++;
    }
    for (i = 0; i < shown; i++) {
        sums[i] /= (double)counts[i];
        most = sums[i] > most ? sums[i] : most;
    }
    for (i = 0; i < shown; i++) {
        double level = most > 0 && sums[i] > 0 ? sums[i] / most * 7 : 0;
        buf_z(b, blocks[(size_t)(level + 0.5)]);
    }
}

static void series(struct buf *b, const struct json *list)
{
    size_t n = 0;
    for (const struct json *s = list->head; s && n < SERIES; s = s->next, n++) {
        const struct json *data = json_get(s, "data"), *total = json_get(s, "count");
        str label = json_get_text(s, "label");
        cell(b, label.p ? label : STR(""), LABEL, true);
        buf_char(b, ' ');
        if (json_is(data, JSON_ARRAY) && data->head)
            spark(b, data);
        if (!json_is(total, JSON_NUMBER) || (json_is(data, JSON_ARRAY) && !data->head))
            total = json_get(s, "aggregated_value");
        if (json_is(total, JSON_NUMBER)) {
            buf_char(b, ' ');
            number(b, total->num);
        }
        buf_char(b, '\n');
    }
    if (list->count > SERIES)
        buf_printf(b, "and %zu more\n", list->count - SERIES);
}

static void bar(struct buf *b, double share)
{
    for (int i = 0; i < (int)(share * 30 + 0.5) && i < SPARK; i++)
        buf_z(b, "█");
}

/* What a value of a breakdown is called, whichever form it has. */
static str value_name(const struct json *item)
{
    const struct json *of = json_get(item, "breakdown"), *v = of;
    if (!of)
        v = of = json_get(item, "breakdown_value");
    if (json_is(of, JSON_ARRAY))
        v = of->head;
    return v && v->text.n ? v->text : STR("none");
}

/* Conversion over time: a line for each value of the breakdown, and the last rate. */
static void rates(struct buf *b, const struct json *list)
{
    size_t n = 0;
    for (const struct json *s = list->head; s && n < SERIES; s = s->next, n++) {
        const struct json *data = json_get(s, "data"), *last = data->head;
        while (last && last->next)
            last = last->next;
        cell(b, json_get(s, "breakdown_value") ? value_name(s) : STR("conversion"), LABEL, true);
        buf_char(b, ' ');
        spark(b, data);
        buf_char(b, ' ');
        number(b, json_is(last, JSON_NUMBER) ? last->num : 0);
        buf_z(b, " %\n");
    }
    if (list->count > SERIES)
        buf_printf(b, "and %zu more\n", list->count - SERIES);
}

/* How long conversions took: a bar for each span of seconds. */
static void spans(struct buf *b, const struct json *bins)
{
    double most = 0;
    for (const struct json *bin = bins->head; bin; bin = bin->next)
        if (bin->head && bin->head->next && bin->head->next->num > most)
            most = bin->head->next->num;
    if (most <= 0)
        buf_z(b, "no conversions\n");
    for (const struct json *bin = bins->head; bin && most > 0; bin = bin->next) {
        double count = bin->head && bin->head->next ? bin->head->next->num : 0;
        buf_printf(b, "from %10.0f s ", bin->head ? bin->head->num : 0);
        bar(b, count / most);
        buf_char(b, ' ');
        number(b, count);
        buf_char(b, '\n');
    }
}

/* Steps of a funnel: a bar each, the first one full. */
static void steps(struct buf *b, const struct json *list)
{
    const struct json *first = json_get(list->head, "count");
    double whole = json_is(first, JSON_NUMBER) ? first->num : 0;
    for (const struct json *s = list->head; s; s = s->next) {
        const struct json *count = json_get(s, "count");
        str name = json_get_text(s, "custom_name").n ? json_get_text(s, "custom_name")
                                                     : json_get_text(s, "name");
        double share = json_is(count, JSON_NUMBER) && whole > 0 ? count->num / whole : 0;
        cell(b, name.p ? name : STR(""), LABEL, true);
        buf_char(b, ' ');
        bar(b, share);
        buf_char(b, ' ');
        number(b, json_is(count, JSON_NUMBER) ? count->num : 0);
        buf_printf(b, "  %.0f %%\n", share * 100);
    }
}

/* A funnel for each value of the breakdown. */
static void groups(struct buf *b, const struct json *list)
{
    size_t n = 0;
    for (const struct json *g = list->head; g && n < SERIES; g = g->next, n++) {
        cell(b, value_name(g->head), WIDTH, false);
        buf_z(b, ":\n");
        steps(b, g);
    }
    if (list->count > SERIES)
        buf_printf(b, "and %zu more\n", list->count - SERIES);
}

/* Rows of a retention: how many began, and how much of them each of the next intervals saw again. */
static void cohorts(struct buf *b, const struct json *list)
{
    size_t n = 0;
    for (const struct json *row = list->head; row && n < SERIES; row = row->next, n++) {
        const struct json *values = json_get(row, "values"), *v = values ? values->head : NULL;
        const struct json *begun = json_get(v, "count"), *group = json_get(row, "breakdown_value");
        double whole = json_is(begun, JSON_NUMBER) ? begun->num : 0;
        str label = json_get_text(row, "label"), date = json_get_text(row, "date");
        cell(b, label, 10, true);
        cell(b, str_slice(date, 0, str_starts(label, STR("Hour")) ? 16 : 10), 17, true);
        if (json_is(group, JSON_STRING)) {
            cell(b, group->text, CELL, true);
            buf_char(b, ' ');
        }
        number(b, whole);
        size_t k = 0;
        for (v = v ? v->next : NULL; v && k < SHARES; v = v->next, k++) {
            const struct json *count = json_get(v, "count");
            double share = whole > 0 && json_is(count, JSON_NUMBER) ? count->num / whole : 0;
            buf_printf(b, " %4.0f %%", share * 100);
        }
        buf_char(b, '\n');
    }
    if (list->count > SERIES)
        buf_printf(b, "and %zu more\n", list->count - SERIES);
}

static void value(struct arena *a, struct buf *b, const struct json *v)
{
    str text = v->text;
    if (v->type == JSON_NULL)
        text = STR("-");
    else if (v->type == JSON_BOOL)
        text = v->boolean ? STR("true") : STR("false");
    else if (v->type == JSON_NUMBER && !v->integer)
        text = arena_printf(a, "%.6g", v->num);
    cell(b, text, CELL, true);
    buf_char(b, ' ');
}

static void table(struct arena *a, struct buf *b, const struct json *rows,
                  const struct json *columns)
{
    size_t n = 0;
    for (const struct json *m = columns ? columns->head : NULL; m && n < COLUMNS; m = m->next, n++)
        value(a, b, m);
    if (columns)
        buf_char(b, '\n');
    n = 0;
    for (const struct json *row = rows->head; row && n < ROWS; row = row->next, n++) {
        size_t k = 0;
        for (const struct json *m = row->head; m && k < COLUMNS; m = m->next, k++)
            value(a, b, m);
        buf_char(b, '\n');
    }
    if (rows->count > ROWS)
        buf_printf(b, "and %zu more\n", rows->count - ROWS);
}

void dashboard_text_result(struct buf *b, struct arena *a, const struct json *o,
                           const struct json *columns)
{
    const struct json *one = o ? o->head : NULL;
    if (!o || (o->type == JSON_ARRAY && !one))
        buf_z(b, "no rows\n");
    else if (json_is(json_get(o, "bins"), JSON_ARRAY))
        spans(b, json_get(o, "bins"));
    else if (json_is(one, JSON_ARRAY) && json_get(one->head, "order"))
        groups(b, o);
    else if (json_is(one, JSON_ARRAY))
        table(a, b, o, columns);
    else if (json_is(json_get(one, "data"), JSON_ARRAY) && !json_get(one, "label"))
        rates(b, o);
    else if (json_get(one, "data"))
        series(b, o);
    else if (json_is(json_get(one, "values"), JSON_ARRAY))
        cohorts(b, o);
    else if (json_get(one, "order") && json_get(one, "count"))
        steps(b, o);
    else {
        cell(b, o->text, WIDTH * 3, false);
        buf_char(b, '\n');
    }
}

static void result(struct req *r, struct buf *b, const struct insight_view *v)
{
    struct json *o, *columns = NULL;
    struct err ignored = ERR_INIT;
    if (v->failed) {
        buf_z(b, "error: ");
        cell(b, str_of(err_message(&v->failure)), WIDTH - 7, false);
        buf_char(b, '\n');
        return;
    }
    if (!v->answered || !v->answer.complete ||
        json_parse(r->arena, v->answer.results, &o, &ignored) < 0) {
        buf_z(b, v->query ? "not computed yet; ask with refresh=blocking\n" : "no query\n");
        return;
    }
    if (v->answer.columns.p && json_parse(r->arena, v->answer.columns, &columns, &ignored) < 0)
        columns = NULL;
    dashboard_text_result(b, r->arena, o, columns);
}

/* -------------------------------------------------------------------------- one */

static str title_of(const struct tile_view *t)
{
    const struct insight_view *v = t->insight;
    if (v)
        return v->row->name.n          ? v->row->name
               : v->row->derived_name.n ? v->row->derived_name
                                        : v->row->short_id;
    return t->row.text.id ? STR("text") : t->row.button.text;
}

static void tile(struct req *r, struct buf *b, const struct tile_view *t)
{
    rule(b, title_of(t));
    if (t->insight) {
        result(r, b, t->insight);
        return;
    }
    str rest = t->row.text.id ? t->row.text.body : t->row.button.url;
    while (rest.p) {
        str line = str_split(&rest, '\n');
        cell(b, line, WIDTH * 3, false);
        buf_char(b, '\n');
    }
}

void dashboard_text_one(struct req *r, int status, const struct dashboard *d,
                        const struct tile_set *tiles)
{
    struct buf *b = &r->http->reply;
    r->http->status = status;
    cell(b, d->name.p ? d->name : STR("(no name)"), WIDTH - 10, false);
    buf_printf(b, "  (%lld)\n", (long long)d->id);
    if (d->description.n) {
        cell(b, d->description, WIDTH * 3, false);
        buf_char(b, '\n');
    }
    for (size_t i = 0; i < tiles->n; i++)
        tile(r, b, &tiles->tiles[i]);
}
