/* trends.c - TrendsQuery: how often, over time or in all. The request as it is understood, and the run;
 * the statement is trends_sql.c's, the answer's series trends_result.c's. */
#include "query/trends.h"

#include <math.h>

#include "base/limits.h"
#include "query/insight.h"
#include "query/properties.h"
#include "query/shape.h"

static const struct {
    const char *name;
    enum trends_display display;
} displays[] = {
    { "ActionsLineGraph", DISPLAY_SERIES },
    { "ActionsLineGraphCumulative", DISPLAY_CUMULATIVE },
    { "ActionsAreaGraph", DISPLAY_SERIES },
    { "ActionsBar", DISPLAY_SERIES },
    { "ActionsUnstackedBar", DISPLAY_SERIES },
    { "ActionsStackedBar", DISPLAY_SERIES },
    { "Auto", DISPLAY_SERIES },
    { "TwoDimensionalHeatmap", DISPLAY_SERIES },
    { "ActionsBarValue", DISPLAY_TOTAL },
    { "ActionsPie", DISPLAY_TOTAL },
    { "ActionsTable", DISPLAY_TOTAL },
    { "BoldNumber", DISPLAY_TOTAL },
    { "WorldMap", DISPLAY_TOTAL },
    { "CalendarHeatmap", DISPLAY_TOTAL },
};

static int read_display(struct trends *t, const struct json *filter, struct err *e)
{
    t->display_name = STR_NULL;
    int rc = query_get_text(filter, "display", &t->display_name, e);
    if (rc < 0 || !t->display_name.n)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(displays); i++)
        if (str_eqz(t->display_name, displays[i].name)) {
            t->display = displays[i].display;
            return 0;
        }
    return err_set(e, ERR_INVALID, NULL, "Display \"" STR_FMT "\" is not supported",
                   STR_ARG(t->display_name));
}

static int add_formula(struct trends *t, str text, str name, struct err *e)
{
    struct trends_formula *f = &t->formulas[t->formulas_n++];
    *f = (struct trends_formula){ .text = text, .name = name };
    return formula_parse(t->j->arena, text, t->series_n, &f->tree, e);
}

/* SPEC: formulaNodes wins over formulas, which wins over formula. */
static int read_formulas(struct trends *t, const struct json *filter, struct err *e)
{
    const struct json *nodes = NULL, *list = NULL;
    str one = STR_NULL;
    int rc = query_get_list(filter, "formulaNodes", &nodes, e);
    if (rc == 0)
        rc = query_get_list(filter, "formulas", &list, e);
    if (rc == 0)
        rc = query_get_text(filter, "formula", &one, e);
    if (rc < 0)
        return rc;
    bool named = nodes && nodes->head;
    size_t n = named ? nodes->count : list ? list->count : 0;
    t->formulas = arena_alloc(t->j->arena, (n + 1) * sizeof(*t->formulas));
    if (!n && str_trim(one).n)
        return add_formula(t, one, STR_NULL, e);
    for (const struct json *m = named ? nodes->head : list ? list->head : NULL; m && rc == 0;
         m = m->next) {
        str text = named ? json_get_text(m, "formula") : m->text;
        if (!text.p || (!named && m->type != JSON_STRING))
            return query_misfit(e, "trendsFilter.formula", "Input should be a valid string");
        if (str_trim(text).n)
            rc = add_formula(t, text, json_get_text(m, "custom_name"), e);
    }
    return rc;
}

static int read_dates(struct trends *t, struct err *e)
{
    str to;
    int rc = query_read_dates(t->j, t->node, INTERVAL_DAY, &t->dates[PERIOD_CURRENT], e);
    if (rc == 0)
        rc = query_get_compare(t->node, &t->compare_asked, &to, e);
    if (rc < 0)
        return rc;
    t->compare_asked = t->compare_asked && !t->dates[PERIOD_CURRENT].first.all;
    t->periods = t->compare_asked ? 2 : 1;
    if (t->compare_asked)
        query_dates_previous(&t->dates[PERIOD_CURRENT], to, &t->dates[PERIOD_PREVIOUS]);
    for (unsigned i = 0; i < t->periods && rc == 0; i++) {
        if (t->display == DISPLAY_TOTAL) {
            t->buckets_n[i] = 1;
            continue;
        }
        rc = query_dates_buckets(&t->dates[i], t->j->arena, &t->buckets[i], &t->buckets_n[i], e);
    }
    return rc;
}

/* What an expression gives of a sample: counts and sums of a part, averages and extremes as they are;
 * of others it cannot be told. */
static int expression_scales(struct trends *t, const struct query_entity *en, bool *out,
                             struct err *e)
{
    static const char *const sums[] = { "count", "countIf", "countDistinct", "countDistinctIf",
                                        "sum", "sumIf", "uniq", "uniqIf", "uniqExact",
                                        "uniqExactIf" };
    static const char *const others[] = { "any", "arg", "avg", "max", "median", "min", "quantile",
                                          "stddev", "var" };
    struct hogql_node *n;
    bool known = false;
    int rc = hogql_parse_expr(t->j->arena, en->math_hogql, NULL, &n, e);
    if (rc < 0)
        return rc;
    str name = n->kind == HOGQL_CALL ? n->text : STR_NULL;
    for (size_t i = 0; i < ARRAY_LEN(sums); i++)
        *out = *out || str_eq_nocase(name, str_of(sums[i]));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        known = known || str_starts(name, str_of(others[i]));
    if (!*out && !known)
        return err_set(e, ERR_INVALID, NULL,
                       "samplingFactor is not supported with the math_hogql \"" STR_FMT
                       "\": what a sample says about it is not known",
                       STR_ARG(str_utf8_prefix(en->math_hogql, 200)));
    return 0;
}

static int read_sample(struct trends *t, struct err *e)
{
    int rc = query_read_sample(t->node, &t->sample, e);
    t->scaled = arena_alloc(t->j->arena, (t->series_n + 1) * sizeof(*t->scaled));
    for (size_t i = 0; i < t->series_n && rc == 0; i++) {
        const struct query_entity *en = &t->series[i];
        t->scaled[i] = t->sample < 1 && en->math->additive;
        if (t->sample < 1 && !en->math->text)
            rc = expression_scales(t, en, &t->scaled[i], e);
    }
    return rc;
}

/* A histogram's bins reach from the least to the greatest number that the query meets. */
static int read_bins(struct trends *t, struct err *e)
{
    struct query_breakdown *b = &t->breakdown;
    double ends[2][BREAKDOWNS_MAX];
    struct hogql_node *select;
    const struct json *rows;
    if (!query_breakdown_has_bins(b) || !t->series_n)
        return 0;
    int rc = trends_bins_statement(t, &select, e);
    if (rc == 0)
        rc = query_select(t->j, select, &rows, e);
    if (rc < 0)
        return rc;
    const struct json *v = rows->head ? rows->head->head : NULL;
    for (size_t i = 0; i < b->n; i++)
        for (int k = 0; k < 2 && b->parts[i].bins; k++, v = v ? v->next : NULL)
            ends[k][i] = json_is(v, JSON_NUMBER) ? v->num : NAN;
    return query_breakdown_set_bins(t->j, b, ends[0], ends[1], e);
}

int trends_read(struct trends *t, struct err *e)
{
    bool by_cohorts = false;
    const struct json *filter = NULL;
    t->smoothing = 1;
    int rc = query_shape_check(&query_shape_trends, t->node, e);
    if (rc == 0)
        rc = query_get_object(t->node, "trendsFilter", &filter, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_trends_filter, filter, e);
    if (rc == 0)
        rc = query_series_read(t->j, t->node, "query.TrendsQuery.series", true, &t->series,
                               &t->series_n, e);
    if (rc == 0)
        rc = read_sample(t, e);
    if (rc == 0)
        rc = read_display(t, filter, e);
    if (rc == 0)
        rc = read_formulas(t, filter, e);
    if (rc == 0)
        rc = query_get_i64(filter, "smoothingIntervals", &t->smoothing, e);
    if (rc == 0)
        rc = query_get_group(t->node, &t->group_index, e);
    if (rc == 0)
        rc = query_breakdown_read_cohorts(t->j, t->node, &t->breakdown, &by_cohorts, e);
    if (rc == 0 && !by_cohorts)
        rc = query_breakdown_read(t->j, t->node, &t->breakdown, e);
    if (rc == 0)
        rc = query_all_properties(t->j, PROPERTIES_OF_EVENTS, t->node, &t->filter, e);
    if (rc == 0)
        rc = read_dates(t, e);
    return rc < 0 ? rc : read_bins(t, e);
}

static void write_members(struct trends *t, const struct hogql_node *select,
                          struct query_result *out)
{
    struct json_writer w = query_members(out);
    json_key(&w, "hasMore");
    json_bool(&w, out->has_more);
    json_key(&w, "hogql");
    size_t at = out->members.n;
    json_str(&w, select ? hogql_to_text(t->j->arena, select) : STR_NULL);
    if (select)
        out->hogql = query_span_from(out, at);
    query_write_dates(&w, &t->dates[PERIOD_CURRENT], out);
    query_write_common(t->j, &w);
}

int query_run_trends(struct query_job *j, const struct json *node, struct query_result *out,
                     struct err *e)
{
    struct trends t = { .j = j, .node = node };
    struct hogql_node *select = NULL;
    const struct json *rows = NULL;
    int rc = trends_read(&t, e);
    if (rc == 0)
        rc = trends_statement(&t, &select, e);
    if (rc == 0 && select)
        rc = query_select(j, select, &rows, e);
    if (rc == 0)
        rc = trends_write_results(&t, rows, &out->results, &out->has_more, e);
    if (rc < 0)
        return rc;
    out->interval = t.dates[PERIOD_CURRENT].interval;
    out->date_to = t.dates[PERIOD_CURRENT].to;
    write_members(&t, select, out);
    return 0;
}
