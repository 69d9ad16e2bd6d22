/* breakdown.c - see breakdown.h. */
#include "query/breakdown.h"

#include <math.h>

#include "base/limits.h"
#include "query/shape.h"

#define LIMIT_DEFAULT 25
#define LIMIT_COUNTRIES 300
#define LIMIT_MAP 250
#define LIMIT_MOST 1000
#define VALUE_MAX 400 /* characters of a value that are shown */

static struct hogql_node *field_of(struct arena *a, const struct query_breakdown_part *b)
{
    if (str_eqz(b->type, "person"))
        return hogql_field_add(a, hogql_field(a, "person", "properties", NULL), b->key);
    if (str_eqz(b->type, "session"))
        return hogql_field_add(a, hogql_field(a, "session", NULL), b->key);
    if (str_eqz(b->type, "event_metadata"))
        return query_column(a, b->key);
    if (str_eqz(b->type, "group"))
        return query_group_property(a, b->group, b->key);
    return hogql_field_add(a, hogql_field(a, "properties", NULL), b->key);
}

static int value_of(struct query_job *j, const struct query_breakdown_part *b,
                    struct hogql_node **out, struct err *e)
{
    static const char *const types[] = { "event", "person", "session", "group", "event_metadata",
                                         "hogql" };
    bool known = false;
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        known = known || str_eqz(b->type, types[i]);
    if (!known)
        return err_set(e, ERR_INVALID, NULL, "Breakdowns of type \"" STR_FMT
                       "\" are not supported", STR_ARG(b->type));
    if (b->group < 0 || b->group > 4)
        return query_misfit(e, "breakdownFilter.breakdown_group_type_index",
                            "Input should be 0, 1, 2, 3 or 4");
    if (str_eqz(b->type, "hogql"))
        rc = hogql_parse_expr(j->arena, b->key, NULL, out, e);
    else
        *out = field_of(j->arena, b);
    if (rc == 0 && (*out)->kind == HOGQL_ALIAS)
        *out = (*out)->kids[0];
    return rc;
}

/* Text, with BREAKDOWN_NONE for null and ''. */
static int text_of(struct query_job *j, const struct query_breakdown_part *b,
                   struct hogql_node *field, struct hogql_node **out, struct err *e)
{
    struct hogql_placeholder ph[] = {
        { "field", field },
        { "none", hogql_string(j->arena, STR(BREAKDOWN_NONE)) },
        { "most", hogql_int(j->arena, VALUE_MAX) },
        { NULL, NULL },
    };
    str text = b->url ? STR("left(ifNull(nullIf(if(empty(replaceRegexpOne(toString({field}),"
                            " '[/?#]+$', '')) and notEmpty(toString({field})), '/',"
                            " replaceRegexpOne(toString({field}), '[/?#]+$', '')), ''), {none}),"
                            " {most})")
                      : STR("left(ifNull(nullIf(toString({field}), ''), {none}), {most})");
    return hogql_parse_expr(j->arena, text, ph, out, e);
}

/* What rows are split by, before the range of numbers is known that have bins. */
static int expression_of(struct query_job *j, struct query_breakdown_part *b,
                         struct hogql_node **out, struct err *e)
{
    struct hogql_node *field;
    int rc = value_of(j, b, &field, e);
    if (rc < 0)
        return rc;
    if (b->bins < 0 || b->bins > LIMIT_BINS)
        return query_misfit(e, "breakdownFilter.breakdown_histogram_bin_count",
                            "Input should be between 1 and %d", LIMIT_BINS);
    if (b->bins)
        b->number = hogql_call(j->arena, "toFloat", field, NULL);
    return text_of(j, b, field, out, e);
}

/* -------------------------------------------------------------------------- bins */

bool query_breakdown_has_bins(const struct query_breakdown *b)
{
    bool any = false;
    for (size_t i = 0; i < b->n; i++)
        any = any || b->parts[i].bins;
    return any;
}

int query_breakdown_refuse_bins(const struct query_breakdown *b, const char *kind, struct err *e)
{
    if (!query_breakdown_has_bins(b))
        return 0;
    return err_set(e, ERR_INVALID, NULL, "breakdown_histogram_bin_count is not supported in %s",
                   kind);
}

static void write_bound(struct json_writer *w, double v)
{
    if (v == floor(v) && fabs(v) < 1e15)
        json_i64(w, (int64_t)v);
    else
        json_f64(w, v);
}

/* "[0,2.5]" */
static struct hogql_node *bin_label(struct arena *a, double low, double high)
{
    struct buf b = BUF_INIT(128);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '[');
    write_bound(&w, low);
    write_bound(&w, high);
    json_close(&w, ']');
    struct hogql_node *label = hogql_string(a, arena_str(a, buf_view(&b)));
    buf_release(&b);
    return label;
}

/* SPEC: the upper bound of the last bin is raised by 0.01, so that the greatest number is in it. */
static struct hogql_node *binned(struct arena *a, const struct query_breakdown_part *b,
                                 double least, double greatest)
{
    struct hogql_node *none = hogql_string(a, STR(BREAKDOWN_NONE));
    if (!isfinite(least) || !isfinite(greatest))
        return none;
    struct hogql_node *choice = hogql_call(a, "multiIf", NULL), *args = choice->kids[CALL_ARGS];
    double width = (greatest - least) / (double)b->bins;
    for (int64_t i = 0; i < b->bins; i++) {
        double low = least + (double)i * width, high = least + (double)(i + 1) * width;
        if (i + 1 == b->bins)
            high += 0.01;
        hogql_add(a, args,
                  hogql_and(a, hogql_compare(a, HOGQL_GE, hogql_copy(a, b->number),
                                             hogql_float(a, low)),
                            hogql_compare(a, HOGQL_LT, hogql_copy(a, b->number),
                                          hogql_float(a, high))));
        hogql_add(a, args, bin_label(a, low, high));
    }
    hogql_add(a, args, none);
    return choice;
}

int query_breakdown_set_bins(struct query_job *j, struct query_breakdown *b, const double *least,
                             const double *greatest, struct err *e)
{
    struct hogql_node *x, *field, *list = hogql_list(j->arena, HOGQL_ARRAY);
    for (size_t i = 0; i < b->n; i++) {
        struct query_breakdown_part *part = &b->parts[i];
        int rc = part->bins ? 0 : value_of(j, part, &field, e);
        if (rc == 0 && !part->bins)
            rc = text_of(j, part, field, &x, e);
        if (rc < 0)
            return rc;
        if (part->bins)
            x = binned(j->arena, part, least[i], greatest[i]);
        if (!b->list)
            b->expression = x;
        hogql_add(j->arena, list, x);
    }
    if (b->list)
        b->expression = list;
    return 0;
}

/* -------------------------------------------------------------------------- reading */

static int read_one(const struct json *node, struct query_breakdown_part *out, struct err *e)
{
    const struct json *key = json_get(node, "property");
    *out = (struct query_breakdown_part){ .type = STR("event"), .key = STR_NULL };
    if (!json_is(node, JSON_OBJECT) || !(json_is(key, JSON_STRING) || json_is(key, JSON_NUMBER)))
        return query_misfit(e, "breakdownFilter.breakdowns.property", "Field required");
    out->key = key->text;
    int rc = query_shape_check(&query_shape_breakdown, node, e);
    if (rc == 0)
        rc = query_get_text(node, "type", &out->type, e);
    if (rc == 0)
        rc = query_get_i64(node, "group_type_index", &out->group, e);
    if (rc == 0)
        rc = query_get_bool(node, "normalize_url", &out->url, e);
    if (rc == 0)
        rc = query_get_i64(node, "histogram_bin_count", &out->bins, e);
    return rc;
}

static int read_list(struct query_job *j, const struct json *list, struct query_breakdown *out,
                     struct err *e)
{
    if (list->count > BREAKDOWNS_MAX)
        return query_misfit(e, "breakdownFilter.breakdowns",
                            "List should have at most %d items", BREAKDOWNS_MAX);
    out->list = true;
    out->n = list->count;
    out->expression = hogql_list(j->arena, HOGQL_ARRAY);
    struct query_breakdown_part *part = out->parts;
    for (const struct json *m = list->head; m; m = m->next, part++) {
        struct hogql_node *x;
        int rc = read_one(m, part, e);
        if (rc == 0)
            rc = expression_of(j, part, &x, e);
        if (rc < 0)
            return rc;
        hogql_add(j->arena, out->expression, x);
    }
    return 0;
}

static int read_single(struct query_job *j, const struct json *node, const struct json *value,
                       struct query_breakdown *out, struct err *e)
{
    struct query_breakdown_part *b = out->parts;
    b->type = STR("event");
    int rc = query_get_text(node, "breakdown_type", &b->type, e);
    if (rc == 0)
        rc = query_get_i64(node, "breakdown_group_type_index", &b->group, e);
    if (rc == 0)
        rc = query_get_bool(node, "breakdown_normalize_url", &b->url, e);
    if (rc == 0)
        rc = query_get_i64(node, "breakdown_histogram_bin_count", &b->bins, e);
    if (rc < 0)
        return rc;
    if (value->type == JSON_ARRAY && value->count == 1)
        value = value->head;
    if (value->type != JSON_STRING && value->type != JSON_NUMBER)
        return query_misfit(e, "breakdownFilter.breakdown", "Input should be a valid string");
    b->key = value->text;
    out->n = 1;
    return expression_of(j, b, &out->expression, e);
}

/* What the display and an older place of the bins say. */
static int read_trends_filter(const struct json *node, struct query_breakdown *b, struct err *e)
{
    const struct json *filter = NULL;
    int rc = query_get_object(node, "trendsFilter", &filter, e);
    if (rc == 0)
        rc = query_get_i64(filter, "breakdown_histogram_bin_count", &b->parts[0].bins, e);
    if (rc == 0 && str_eqz(json_get_text(filter, "display"), "WorldMap"))
        b->limit = LIMIT_MAP;
    return rc;
}

/* How many values are shown unless a limit is asked for: every bin, every country. */
static void fit_limit(struct query_breakdown *b)
{
    int64_t bins = 1;
    for (size_t i = 0; i < b->n; i++) {
        bins *= b->parts[i].bins ? b->parts[i].bins : 1;
        if (b->limit == LIMIT_DEFAULT && str_eqz(b->parts[i].key, "$geoip_country_code"))
            b->limit = LIMIT_COUNTRIES;
    }
    if (query_breakdown_has_bins(b) && b->limit < bins)
        b->limit = bins < LIMIT_MOST ? bins : LIMIT_MOST;
}

int query_breakdown_read(struct query_job *j, const struct json *node, struct query_breakdown *out,
                         struct err *e)
{
    const struct json *filter = NULL, *list = NULL;
    struct query_breakdown b = { .limit = LIMIT_DEFAULT };
    int rc = query_get_object(node, "breakdownFilter", &filter, e);
    if (rc == 0)
        rc = query_shape_check(&query_shape_breakdown_filter, filter, e);
    if (rc == 0)
        rc = query_get_list(filter, "breakdowns", &list, e);
    if (rc == 0)
        rc = read_trends_filter(node, &b, e);
    if (rc < 0)
        return rc;
    const struct json *single = json_get(filter, "breakdown");
    b.node = filter;
    if (list && list->head)
        rc = read_list(j, list, &b, e);
    else if (single && single->type != JSON_NULL &&
             !(single->type == JSON_ARRAY && !single->head))
        rc = read_single(j, filter, single, &b, e);
    fit_limit(&b);
    if (rc == 0)
        rc = query_get_i64(filter, "breakdown_limit", &b.limit, e);
    if (rc == 0)
        rc = query_get_bool(filter, "breakdown_hide_other_aggregation", &b.hide_other, e);
    if (rc < 0)
        return rc;
    if (b.limit < 1 || b.limit > LIMIT_MOST)
        return query_misfit(e, "breakdownFilter.breakdown_limit",
                            "Input should be between 1 and %d", LIMIT_MOST);
    *out = b;
    return 0;
}

struct hogql_node *query_breakdown_label(struct arena *a, const struct query_breakdown *b,
                                         const char *label)
{
    if (!b->list)
        return hogql_string(a, str_of(label));
    struct hogql_node *list = hogql_list(a, HOGQL_ARRAY);
    for (size_t i = 0; i < b->n; i++)
        hogql_add(a, list, hogql_string(a, str_of(label)));
    return list;
}

int query_breakdown_rank(const struct query_breakdown *b, const struct json *value)
{
    const struct json *first = b->list ? value->head : value;
    for (const struct json *v = first; v; v = b->list ? v->next : NULL)
        if (!str_eq(v->text, first->text))
            return 0;
    if (!first)
        return 0;
    return str_eqz(first->text, BREAKDOWN_OTHER) ? 2 : str_eqz(first->text, BREAKDOWN_NONE);
}

str query_breakdown_text(struct arena *a, const struct json *value)
{
    if (value->type != JSON_ARRAY)
        return value->text;
    str out = STR("");
    for (const struct json *v = value->head; v; v = v->next)
        out = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(out), v == value->head ? "" : "::",
                           STR_ARG(v->text));
    return out;
}

bool query_breakdown_fits(const struct query_breakdown *b, const struct json *value)
{
    if (value->type != JSON_ARRAY)
        return !b->list && (value->type == JSON_STRING || value->type == JSON_NUMBER);
    if (!b->list || value->count != b->n)
        return false;
    for (const struct json *v = value->head; v; v = v->next)
        if (v->type != JSON_STRING && v->type != JSON_NUMBER)
            return false;
    return true;
}

struct hogql_node *query_breakdown_value(struct arena *a, const struct query_breakdown *b,
                                         const struct json *value)
{
    if (!b->list)
        return hogql_string(a, value->text);
    struct hogql_node *list = hogql_list(a, HOGQL_ARRAY);
    for (const struct json *v = value->head; v; v = v->next)
        hogql_add(a, list, hogql_string(a, v->text));
    return list;
}

int query_breakdown_compare(const struct json *x, const struct json *y)
{
    if (x->type == JSON_ARRAY && y->type == JSON_ARRAY) {
        int order = 0;
        for (x = x->head, y = y->head; x && y && !order; x = x->next, y = y->next)
            order = query_breakdown_compare(x, y);
        return order;
    }
    return str_compare(x->text, y->text);
}
