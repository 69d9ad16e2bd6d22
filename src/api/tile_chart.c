/* tile_chart.c - see tile_chart.h. */
#include "api/tile_chart.h"

str insight_title(const struct insight *i)
{
    return i->name.n ? i->name : i->derived_name.n ? i->derived_name : i->short_id;
}

const struct chart *insight_chart(struct req *r, const struct insight_view *v, str *note)
{
    struct json *filters = NULL;
    struct err ignored = ERR_INIT;
    *note = STR_NULL;
    if (v->failed) {
        *note = arena_str(r->arena, str_of(err_message(&v->failure)));
        return NULL;
    }
    if (!v->answered || !v->answer.complete) {
        *note = v->query ? STR("Not computed yet") : STR("No query");
        return NULL;
    }
    if (!v->row->query.p)
        (void)json_parse(r->arena, v->row->filters, &filters, &ignored);
    struct chart_source source = {
        .query = v->query, .filters = filters, .result = v->answer.results,
        .columns = v->answer.columns, .has_more = v->answer.has_more,
        .timezone = r->project.timezone,
    };
    return chart_describe(r->arena, &source);
}
