/* chart.c - from an insight's query and result to a chart: which kind it is, and what all of them
 * need; see chart.h. */
#include "render/internal.h"

double chart_num(const struct json *v)
{
    double n;
    if (json_is(v, JSON_NUMBER))
        return v->num;
    return json_is(v, JSON_STRING) && str_to_f64(str_trim(v->text), &n) ? n : NAN;
}

const struct json *chart_option(const struct describing *d, const char *name)
{
    const struct json *v = json_get(d->filter, name);
    return v ? v : json_get(d->s->filters, name);
}

str chart_option_text(const struct describing *d, const char *name)
{
    const struct json *v = chart_option(d, name);
    return json_is(v, JSON_STRING) ? v->text : STR_NULL;
}

void chart_make_series(struct describing *d, size_t series, size_t names)
{
    struct chart *c = d->out;
    c->series = arena_alloc(d->a, (series + 1) * sizeof(*c->series));
    c->series_count = series;
    for (size_t i = 0; i < series; i++) {
        c->series[i].label = STR("");
        c->series[i].values = arena_alloc(d->a, (names + 1) * sizeof(double));
        for (size_t k = 0; k < names; k++)
            c->series[i].values[k] = NAN;
    }
}

void chart_make_names(struct describing *d, const struct json *list)
{
    struct chart *c = d->out;
    size_t n = json_is(list, JSON_ARRAY) ? list->count : 0;
    c->names = arena_alloc(d->a, (n + 1) * sizeof(*c->names));
    for (const struct json *m = n ? list->head : NULL; m; m = m->next)
        c->names[c->name_count++] = m->text;
}

void chart_take_values(const struct describing *d, struct chart_series *to, const struct json *list)
{
    size_t k = 0;
    const struct json *m = json_is(list, JSON_ARRAY) ? list->head : NULL;
    for (; m && k < d->out->name_count; m = m->next)
        to->values[k++] = chart_num(m);
}

bool chart_any(const struct chart *c)
{
    for (size_t i = 0; i < c->series_count; i++)
        for (size_t k = 0; k < c->name_count; k++)
            if (isfinite(c->series[i].values[k]) && c->series[i].values[k] != 0)
                return true;
    return false;
}

str chart_event(str name)
{
    static const struct {
        const char *name;
        str shown;
    } events[] = {
        { "$pageview", STR_INIT("Page view") },     { "$pageleave", STR_INIT("Page leave") },
        { "$screen", STR_INIT("Screen") },          { "$autocapture", STR_INIT("Autocapture") },
        { "$rageclick", STR_INIT("Rage click") },   { "$dead_click", STR_INIT("Dead click") },
        { "$identify", STR_INIT("Identify") },      { "$create_alias", STR_INIT("Alias") },
        { "$exception", STR_INIT("Exception") },    { "$web_vitals", STR_INIT("Web vitals") },
        { "$set", STR_INIT("Set person properties") },
        { "$groupidentify", STR_INIT("Group identify") },
        { "$feature_flag_called", STR_INIT("Feature flag called") },
    };
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        if (str_eqz(name, events[i].name))
            return events[i].shown;
    return name;
}

str chart_breakdown(struct arena *a, const struct json *v)
{
    if (json_is(v, JSON_ARRAY)) {
        str all = STR("");
        for (const struct json *m = v->head; m; m = m->next) {
            str one = chart_breakdown(a, m);
            all = m == v->head ? one
                               : arena_printf(a, STR_FMT " · " STR_FMT, STR_ARG(all),
                                              STR_ARG(one));
        }
        return all;
    }
    if (!v || v->type == JSON_NULL || str_eqz(v->text, "$$_posthog_breakdown_null_$$"))
        return STR("None");
    if (str_eqz(v->text, "$$_posthog_breakdown_other_$$"))
        return STR("Other");
    if (v->type == JSON_BOOL)
        return v->boolean ? STR("true") : STR("false");
    return v->text.n ? v->text : STR("None");
}

/* Drops the wrappers that say how to show a query. */
static const struct json *source_of(const struct json *node)
{
    static const char *const wrappers[] = { "InsightVizNode", "DataVisualizationNode",
                                            "DataTableNode" };
    bool wrapped = true;
    while (wrapped && json_is(json_get(node, "source"), JSON_OBJECT)) {
        str kind = json_get_text(node, "kind");
        wrapped = false;
        for (size_t i = 0; i < ARRAY_LEN(wrappers) && !wrapped; i++)
            wrapped = str_eqz(kind, wrappers[i]);
        if (wrapped)
            node = json_get(node, "source");
    }
    return node;
}

static const struct {
    const char *kind, *older; /* of the query, of filters before there were queries */
    const char *filter;
    void (*describe)(struct describing *d);
} kinds[] = {
    { "TrendsQuery", "TRENDS", "trendsFilter", chart_trends },
    { "FunnelsQuery", "FUNNELS", "funnelsFilter", chart_funnel },
    { "LifecycleQuery", "LIFECYCLE", "lifecycleFilter", chart_lifecycle },
    { "StickinessQuery", "STICKINESS", "stickinessFilter", chart_stickiness },
    { "RetentionQuery", "RETENTION", "retentionFilter", chart_retention },
    { "PathsQuery", "PATHS", "pathsFilter", chart_paths },
    { "HogQLQuery", "", "", chart_rows },
    { "EventsQuery", "", "", chart_rows },
    { "ActorsQuery", "", "", chart_rows },
};

const struct chart *chart_describe(struct arena *a, const struct chart_source *s)
{
    struct json *result = NULL;
    struct err ignored = ERR_INIT;
    struct describing d = { .a = a, .s = s, .outer = s->query, .source = source_of(s->query),
                            .out = arena_new_of(a, struct chart) };
    str kind = json_get_text(d.source, "kind"), older = json_get_text(s->filters, "insight");
    d.out->format.decimals = -1;
    d.out->previous = NAN;
    d.out->label = kind.n ? kind : older;
    if (!s->result.p || json_parse(a, s->result, &result, &ignored) < 0)
        return d.out;
    d.result = result;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eqz(kind, kinds[i].kind) ||
            (!kind.n && str_eqz(older.n ? older : STR("TRENDS"), kinds[i].older))) {
            d.filter = json_get(d.source, kinds[i].filter);
            kinds[i].describe(&d);
            return d.out;
        }
    d.out->kind = CHART_UNKNOWN;
    if (json_is(result, JSON_ARRAY) && json_is(result->head, JSON_ARRAY))
        chart_rows(&d); /* rows are rows, whatever asked for them */
    return d.out;
}
