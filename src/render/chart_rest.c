/* chart_rest.c - charts of funnels, retention, paths, and rows of other queries; see chart.h. */
#include "render/internal.h"

/* -------------------------------------------------------------------------- funnels */

/* How many converted in which time: a bar for each span, named by its ends. */
static void times_to_convert(struct describing *d)
{
    const struct json *bins = json_get(d->result, "bins");
    struct chart *c = d->out;
    bool any = false;
    if (!json_is(bins, JSON_ARRAY) || !bins->head)
        return;
    double width = 0;
    if (bins->head->next)
        width = chart_num(bins->head->next->head) - chart_num(bins->head->head);
    c->parts = arena_alloc(d->a, bins->count * sizeof(*c->parts));
    for (const struct json *m = bins->head; m; m = m->next) {
        if (!json_is(m, JSON_ARRAY) || m->count < 2)
            continue;
        double from = chart_num(m->head), count = chart_num(m->head->next);
        str a = chart_duration(d->a, from), b = chart_duration(d->a, from + width);
        c->parts[c->part_count].label = arena_printf(d->a, STR_FMT " – " STR_FMT, STR_ARG(a),
                                                     STR_ARG(b));
        c->parts[c->part_count++].value = isfinite(count) ? count : 0;
        any = any || count > 0;
    }
    c->kind = any ? CHART_BARS : CHART_EMPTY;
}

static str group_label(struct describing *d, const struct json *item, str otherwise)
{
    const struct json *v = json_get(item, "breakdown_value");
    return v ? chart_breakdown(d->a, v) : otherwise;
}

static void conversion_over_time(struct describing *d)
{
    struct chart *c = d->out;
    const struct json *interval = json_get(d->source, "interval");
    size_t n = 0;
    chart_make_names(d, json_get(d->result->head, "days"));
    chart_make_series(d, d->result->count, c->name_count);
    for (const struct json *m = d->result->head; m; m = m->next, n++) {
        c->series[n].label = group_label(d, m, STR("Conversion"));
        c->series[n].color = (int)(n % CHART_PALETTE);
        chart_take_values(d, &c->series[n], json_get(m, "data"));
    }
    for (size_t i = 0; i < c->name_count; i++)
        c->names[i] = chart_bucket(d->a, c->names[i],
                                   json_is(interval, JSON_STRING) ? interval->text : STR("day"));
    c->format.name = STR("percentage");
    c->kind = c->name_count ? CHART_SERIES : CHART_EMPTY;
}

static void take_steps(struct describing *d, size_t group, const struct json *steps)
{
    struct chart_series *s = &d->out->series[group];
    size_t k = 0;
    s->label = group_label(d, steps->head, STR(""));
    s->color = (int)(group % CHART_PALETTE);
    for (const struct json *m = steps->head; m && k < d->out->name_count; m = m->next) {
        double n = chart_num(json_get(m, "count"));
        s->values[k++] = isfinite(n) ? n : 0;
    }
}

void chart_funnel(struct describing *d)
{
    struct chart *c = d->out;
    str viz = chart_option_text(d, "funnelVizType");
    if (str_eqz(viz, "time_to_convert")) {
        times_to_convert(d);
        return;
    }
    if (!json_is(d->result, JSON_ARRAY) || !d->result->head)
        return;
    if (str_eqz(viz, "trends")) {
        conversion_over_time(d);
        return;
    }
    bool grouped = json_is(d->result->head, JSON_ARRAY);
    const struct json *first = grouped ? d->result->head : d->result;
    c->names = arena_alloc(d->a, (first->count + 1) * sizeof(*c->names));
    for (const struct json *m = first->head; m; m = m->next) {
        str own = json_get_text(m, "custom_name"), name = json_get_text(m, "name");
        c->names[c->name_count++] = own.n ? own : name.n ? chart_event(name) : STR("Step");
    }
    chart_make_series(d, grouped ? d->result->count : 1, c->name_count);
    size_t n = 0;
    if (!grouped)
        take_steps(d, 0, d->result);
    for (const struct json *g = grouped ? d->result->head : NULL; g; g = g->next)
        if (json_is(g, JSON_ARRAY))
            take_steps(d, n++, g);
    c->series_count = grouped ? n : 1;
    c->kind = chart_any(c) ? CHART_FUNNEL : CHART_EMPTY;
}

/* -------------------------------------------------------------------------- retention */

/* Row i of n knows the values whose intervals have begun: those that begin no later than the last row. */
static size_t known_values(const struct describing *d, size_t row, size_t rows)
{
    const struct json *widths = chart_option(d, "retentionCustomBrackets");
    const struct json *m = json_is(widths, JSON_ARRAY) ? widths->head : NULL;
    size_t known = 1, start = 1;
    while (known < d->out->name_count && row + start < rows) {
        double w = m ? chart_num(m) : 1;
        start += w >= 1 && w < 10000 ? (size_t)w : 1;
        m = m ? m->next : NULL;
        known++;
    }
    return known;
}

static void retention_row(struct describing *d, const struct json *item, size_t n, size_t rows)
{
    struct chart_series *s = &d->out->series[n];
    const struct json *values = json_get(item, "values"), *of = json_get(item, "breakdown_value");
    str period = chart_option_text(d, "period"), date = json_get_text(item, "date");
    str interval = str_eqz(period, "Hour") ? STR("hour") : str_eqz(period, "Month") ? STR("month")
                                                                                    : STR("day");
    size_t k = 0, known = known_values(d, n, rows);
    s->label = chart_bucket(d->a, date.n ? date : json_get_text(item, "label"), interval);
    if (of) {
        str value = chart_breakdown(d->a, of);
        s->label = arena_printf(d->a, STR_FMT " · " STR_FMT, STR_ARG(value), STR_ARG(s->label));
        known = d->out->name_count; /* rows of several values follow one another */
    }
    const struct json *v = json_is(values, JSON_ARRAY) ? values->head : NULL;
    for (; v && k < known; v = v->next)
        s->values[k++] = chart_num(json_get(v, "count"));
}

void chart_retention(struct describing *d)
{
    struct chart *c = d->out;
    size_t n = 0;
    if (!json_is(d->result, JSON_ARRAY) || !d->result->head)
        return;
    const struct json *values = json_get(d->result->head, "values");
    c->names = arena_alloc(d->a, ((values ? values->count : 0) + 1) * sizeof(*c->names));
    for (const struct json *v = json_is(values, JSON_ARRAY) ? values->head : NULL; v; v = v->next) {
        str label = json_get_text(v, "label");
        c->names[c->name_count] = label.n ? label : arena_printf(d->a, "%zu", c->name_count);
        c->name_count++;
    }
    chart_make_series(d, d->result->count, c->name_count);
    for (const struct json *m = d->result->head; m; m = m->next)
        retention_row(d, m, n++, d->result->count);
    c->kind = chart_any(c) ? CHART_RETENTION : CHART_EMPTY;
}

/* -------------------------------------------------------------------------- paths */

/* "2_/pricing": the step, and what stands there. */
static str place_of(str node, int *step)
{
    int64_t n;
    ptrdiff_t at = str_find_char(node, '_');
    *step = 1;
    if (at <= 0 || !str_to_i64(str_slice(node, 0, (size_t)at), &n) || n < 1 || n > 1000)
        return node;
    *step = (int)n;
    return str_slice(node, (size_t)at + 1, node.n);
}

void chart_paths(struct describing *d)
{
    struct chart *c = d->out;
    const struct json *list = json_is(d->result, JSON_ARRAY) ? d->result : NULL;
    c->edges = arena_alloc(d->a, ((list ? list->count : 0) + 1) * sizeof(*c->edges));
    for (const struct json *m = list ? list->head : NULL; m; m = m->next) {
        struct chart_edge *e = &c->edges[c->edge_count];
        int next;
        double v = chart_num(json_get(m, "value"));
        e->from = chart_event(place_of(json_get_text(m, "source"), &e->step));
        e->to = chart_event(place_of(json_get_text(m, "target"), &next));
        e->value = v;
        c->edge_count += v > 0 && next == e->step + 1 && e->from.p && e->to.p;
    }
    c->kind = c->edge_count ? CHART_PATHS : CHART_EMPTY;
}

/* -------------------------------------------------------------------------- rows */

static str cell_of(struct describing *d, const struct json *v)
{
    if (v->type == JSON_NULL)
        return STR_NULL;
    if (v->type == JSON_BOOL)
        return v->boolean ? STR("true") : STR("false");
    if (v->type != JSON_NUMBER || v->integer)
        return v->text;
    struct chart_format f = { .decimals = 4 };
    return fabs(v->num) < 1e15 ? chart_number(d->a, v->num, &f, false) : v->text;
}

static void take_cells(struct describing *d)
{
    struct chart *c = d->out;
    struct json *columns = NULL;
    struct err ignored = ERR_INIT;
    size_t width = 0;
    if (d->s->columns.p && json_parse(d->a, d->s->columns, &columns, &ignored) == 0)
        chart_make_names(d, columns);
    for (const struct json *row = d->result->head; row; row = row->next) {
        size_t n = row->type == JSON_ARRAY ? row->count : 1;
        width = n > width ? n : width;
    }
    if (width > c->name_count) {
        str *names = arena_alloc(d->a, width * sizeof(*names));
        for (size_t i = 0; i < width; i++)
            names[i] = i < c->name_count ? c->names[i] : arena_printf(d->a, "Column %zu", i + 1);
        c->names = names;
        c->name_count = width;
    }
    c->cells = arena_alloc(d->a, (d->result->count + 1) * sizeof(*c->cells));
    c->numeric = arena_alloc(d->a, (c->name_count + 1) * sizeof(*c->numeric));
    for (const struct json *row = d->result->head; row; row = row->next) {
        str *cells = arena_alloc(d->a, (c->name_count + 1) * sizeof(*cells));
        bool list = row->type == JSON_ARRAY;
        size_t k = 0;
        for (const struct json *m = list ? row->head : row; m && k < c->name_count;
             m = list ? m->next : NULL) {
            c->numeric[k] = c->numeric[k] || m->type == JSON_NUMBER;
            cells[k++] = cell_of(d, m);
        }
        c->cells[c->row_count++] = cells;
    }
    c->more = d->s->has_more;
    c->kind = c->row_count ? CHART_TABLE : CHART_EMPTY;
}

static size_t column_of(const struct chart *c, const struct json *setting, size_t otherwise)
{
    str name = json_get_text(setting, "column");
    for (size_t i = 0; name.p && i < c->name_count; i++)
        if (str_eq(c->names[i], name))
            return i;
    return otherwise;
}

static void take_column(struct describing *d, size_t column, size_t series)
{
    size_t i = 0;
    struct chart_series *s = &d->out->series[series];
    for (const struct json *row = d->result->head; row; row = row->next, i++) {
        const struct json *m = row->type == JSON_ARRAY ? row->head : row;
        for (size_t k = 0; m && k < column; k++)
            m = m->next;
        s->values[i] = chart_num(m);
    }
    s->color = (int)(series % CHART_PALETTE);
}

/* Columns drawn over the values of another, as the settings of an SQL insight name them. */
static void rows_as_series(struct describing *d)
{
    struct chart *c = d->out;
    const struct json *settings = json_get(d->outer, "chartSettings");
    const struct json *named = json_get(settings, "yAxis");
    size_t x = column_of(c, json_get(settings, "xAxis"), 0), n = 0;
    size_t *ys = arena_alloc(d->a, (c->name_count + 1) * sizeof(*ys));
    for (const struct json *m = json_is(named, JSON_ARRAY) ? named->head : NULL;
         m && n < c->name_count; m = m->next) {
        ys[n] = column_of(c, m, c->name_count);
        n += ys[n] < c->name_count;
    }
    for (size_t i = 0; !named && i < c->name_count; i++)
        if (i != x && c->numeric[i])
            ys[n++] = i;
    if (!n)
        return;
    const str *columns = c->names;
    c->names = arena_alloc(d->a, (c->row_count + 1) * sizeof(*c->names));
    c->name_count = c->row_count;
    for (size_t i = 0; i < c->row_count; i++)
        c->names[i] = chart_bucket(d->a, c->cells[i][x].p ? c->cells[i][x] : STR(""), STR("hour"));
    chart_make_series(d, n, c->name_count);
    for (size_t i = 0; i < n; i++) {
        take_column(d, ys[i], i);
        c->series[i].label = columns[ys[i]];
    }
    c->kind = CHART_SERIES;
}

void chart_rows(struct describing *d)
{
    static const struct {
        const char *display;
        enum chart_form form;
    } forms[] = { { "ActionsLineGraph", CHART_LINE }, { "ActionsAreaGraph", CHART_AREA },
                  { "ActionsBar", CHART_BAR }, { "ActionsUnstackedBar", CHART_BAR },
                  { "ActionsStackedBar", CHART_STACKED } };
    struct chart *c = d->out;
    str display = STR_NULL;
    if (!json_is(d->result, JSON_ARRAY))
        return;
    take_cells(d);
    if (str_eqz(json_get_text(d->outer, "kind"), "DataVisualizationNode"))
        display = json_get_text(d->outer, "display");
    if (str_eqz(display, "BoldNumber") && c->row_count && c->name_count && c->numeric[0]) {
        const struct json *row = d->result->head;
        c->value = chart_num(row->type == JSON_ARRAY ? row->head : row);
        c->label = c->names[0];
        c->kind = CHART_NUMBER;
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(forms) && c->row_count; i++)
        if (str_eqz(display, forms[i].display)) {
            c->form = forms[i].form;
            rows_as_series(d);
        }
}
