/* chart_make_series.c - charts of trends, stickiness and lifecycle; see chart.h. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/tz.h"
#include "render/internal.h"

/* -------------------------------------------------------------------------- labels */

static bool is_previous(const struct json *item)
{
    return str_eqz(json_get_text(item, "compare_label"), "previous");
}

static int64_t order_of(const struct json *item)
{
    const struct json *order = json_get(json_get(item, "action"), "order");
    return json_is(order, JSON_NUMBER) ? order->i64 : -1;
}

static bool many_orders(const struct json *items)
{
    for (const struct json *m = items->head; m; m = m->next)
        if (order_of(m) != order_of(items->head))
            return true;
    return false;
}

/* A result's name: the given one, the breakdown's value, the event; with several series both. */
static str label_of(struct describing *d, const struct json *item, bool many)
{
    const struct json *action = json_get(item, "action"), *value = json_get(item, "breakdown_value");
    str own = json_get_text(action, "custom_name"), name = json_get_text(action, "name");
    str label = json_get_text(item, "label");
    if (!own.n)
        own = json_get_text(item, "custom_name");
    str event = own.n ? own : chart_event(name.n ? name : label.n ? label : STR("Value"));
    if (!value)
        return own.n ? own : label.n ? chart_event(label) : event;
    str shown = chart_breakdown(d->a, value);
    return many ? arena_printf(d->a, STR_FMT " · " STR_FMT, STR_ARG(event), STR_ARG(shown)) : shown;
}

static void read_format(struct describing *d)
{
    struct chart_format *f = &d->out->format;
    double most = chart_num(chart_option(d, "decimalPlaces"));
    double least = chart_num(chart_option(d, "minDecimalPlaces"));
    f->name = chart_option_text(d, "aggregationAxisFormat");
    f->prefix = chart_option_text(d, "aggregationAxisPrefix");
    f->postfix = chart_option_text(d, "aggregationAxisPostfix");
    f->decimals = most >= 0 && most <= 20 ? (int)most : -1;
    f->min_decimals = least >= 0 && least <= 20 ? (int)least : 0;
}

static enum chart_form form_of(str display, bool compared)
{
    if (str_eqz(display, "ActionsAreaGraph"))
        return CHART_AREA;
    if (str_eqz(display, "ActionsUnstackedBar"))
        return CHART_BAR;
    if (!str_eqz(display, "ActionsBar") && !str_eqz(display, "ActionsStackedBar"))
        return CHART_LINE;
    return compared ? CHART_BAR : CHART_STACKED;
}

/* -------------------------------------------------------------------------- over time */

static const struct json *interval_of(const struct describing *d)
{
    const struct json *v = json_get(d->source, "interval");
    return v ? v : json_get(d->s->filters, "interval");
}

/* Whether a bucket's time is not over: later ones begin after now in the project's zone. */
static bool is_open(const struct describing *d, str bucket, str interval)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } sizes[] = { { "minute", 60 }, { "hour", 3600 }, { "week", 7 * 86400 }, { "month", 28 * 86400 } };
    int64_t at, size = 86400, now = clock_now_us();
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        if (str_eqz(interval, sizes[i].name))
            size = sizes[i].seconds;
    const struct tz *zone = tz_find(d->s->timezone);
    if (!zone || !clock_parse(bucket, &at))
        return false;
    return at + size * CLOCK_SECOND > tz_local(zone, now);
}

static void name_buckets(struct describing *d)
{
    struct chart *c = d->out;
    const struct json *v = interval_of(d);
    str interval = json_is(v, JSON_STRING) ? v->text : STR("day");
    if (c->name_count)
        c->open = is_open(d, c->names[c->name_count - 1], interval);
    for (size_t i = 0; i < c->name_count; i++)
        c->names[i] = chart_bucket(d->a, c->names[i], interval);
}

/* Series of a list of results; names are taken from the longest list called that. Current ones and
 * those before have the colour of their place. */
static void take_series(struct describing *d, const char *names)
{
    const struct json *items = d->result, *longest = NULL;
    bool many = many_orders(items), compared = false;
    int seen[2] = { 0, 0 };
    size_t n = 0;
    for (const struct json *m = items->head; m; m = m->next) {
        const struct json *list = json_get(m, names);
        compared = compared || is_previous(m);
        if (!is_previous(m) && json_is(list, JSON_ARRAY) &&
            (!longest || list->count > longest->count))
            longest = list;
    }
    chart_make_names(d, longest);
    chart_make_series(d, items->count, d->out->name_count);
    for (const struct json *m = items->head; m; m = m->next, n++) {
        struct chart_series *s = &d->out->series[n];
        s->previous = is_previous(m);
        s->label = label_of(d, m, many);
        s->color = seen[s->previous]++ % CHART_PALETTE;
        chart_take_values(d, s, json_get(m, "data"));
    }
    d->out->form = form_of(chart_option_text(d, "display"), compared);
    d->out->kind = d->out->name_count ? CHART_SERIES : CHART_EMPTY;
}

/* -------------------------------------------------------------------------- totals */

static double total_of(const struct json *item)
{
    double v = chart_num(json_get(item, "aggregated_value"));
    if (!isfinite(v))
        v = chart_num(json_get(item, "count"));
    return isfinite(v) ? v : 0;
}

static void take_number(struct describing *d)
{
    struct chart *c = d->out;
    c->kind = CHART_NUMBER;
    c->value = NAN;
    for (const struct json *m = d->result->head; m; m = m->next) {
        if (is_previous(m) && !isfinite(c->previous))
            c->previous = total_of(m);
        if (is_previous(m) || isfinite(c->value))
            continue;
        c->value = total_of(m);
        c->label = label_of(d, m, false);
    }
}

static int by_value(const void *a, const void *b)
{
    const struct chart_part *x = a, *y = b;
    return x->value < y->value ? 1 : x->value > y->value ? -1 : 0;
}

static void take_parts(struct describing *d, str display)
{
    struct chart *c = d->out;
    bool many = many_orders(d->result), any = false, below = false;
    c->parts = arena_alloc(d->a, (d->result->count + 1) * sizeof(*c->parts));
    for (const struct json *m = d->result->head; m; m = m->next) {
        if (is_previous(m))
            continue;
        struct chart_part *p = &c->parts[c->part_count];
        p->label = label_of(d, m, many);
        p->value = total_of(m);
        p->color = (int)(c->part_count++ % CHART_PALETTE);
        any = any || p->value != 0;
        below = below || p->value < 0;
    }
    if (str_eqz(display, "WorldMap"))
        qsort(c->parts, c->part_count, sizeof(*c->parts), by_value);
    c->kind = !any ? CHART_EMPTY
              : str_eqz(display, "ActionsPie") && !below ? CHART_PIE : CHART_BARS;
}

void chart_trends(struct describing *d)
{
    static const char *const totals[] = { "ActionsPie", "ActionsTable", "ActionsBarValue",
                                          "WorldMap" };
    str display = chart_option_text(d, "display");
    if (!json_is(d->result, JSON_ARRAY) || !d->result->head)
        return;
    read_format(d);
    if (str_eqz(display, "BoldNumber")) {
        take_number(d);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(totals); i++)
        if (str_eqz(display, totals[i])) {
            take_parts(d, display);
            return;
        }
    take_series(d, "days");
    name_buckets(d);
}

void chart_stickiness(struct describing *d)
{
    if (!json_is(d->result, JSON_ARRAY) || !d->result->head)
        return;
    take_series(d, "labels");
    if (!chart_any(d->out))
        d->out->kind = CHART_EMPTY;
}

/* Who is there stands above the line, who left beneath it. */
void chart_lifecycle(struct describing *d)
{
    static const struct {
        const char *status;
        str label;
        int color;
    } lives[] = { { "new", STR_INIT("New"), 2 }, { "returning", STR_INIT("Returning"), 0 },
                  { "resurrecting", STR_INIT("Resurrecting"), 4 },
                  { "dormant", STR_INIT("Dormant"), 3 } };
    const struct json *stacked = chart_option(d, "stacked");
    size_t n = 0;
    if (!json_is(d->result, JSON_ARRAY) || !d->result->head)
        return;
    chart_make_names(d, json_get(d->result->head, "days"));
    chart_make_series(d, ARRAY_LEN(lives), d->out->name_count);
    for (size_t i = 0; i < ARRAY_LEN(lives); i++)
        for (const struct json *m = d->result->head; m && n <= i; m = m->next)
            if (str_eqz(json_get_text(m, "status"), lives[i].status)) {
                d->out->series[n].label = lives[i].label;
                d->out->series[n].color = lives[i].color;
                chart_take_values(d, &d->out->series[n++], json_get(m, "data"));
                break;
            }
    d->out->series_count = n;
    d->out->form = json_is(stacked, JSON_BOOL) && !stacked->boolean ? CHART_BAR : CHART_STACKED;
    d->out->kind = chart_any(d->out) ? CHART_SERIES : CHART_EMPTY;
    name_buckets(d);
}
