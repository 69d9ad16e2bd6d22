/* options.c - InsightActorsQueryOptions: on what in an insight one can click to see the people behind
 * it: its days, series, values of its breakdown, and so on, each with a label and the value that
 * InsightActorsQuery takes. The insight is run to know them; its answer says them all. */
#include "json/parse.h"
#include "query/internal.h"
#include "query/shape.h"

enum list { LIST_DAY, LIST_STATUS, LIST_INTERVAL, LIST_BREAKDOWN, LIST_SERIES, LIST_COMPARE, LISTS };

static const char *const keys[LISTS] = { "day", "status", "interval", "breakdown", "series",
                                         "compare" };

struct option {
    struct option *next;
    str label;
    const struct json *value; /* NULL: number, or the label */
    int64_t number;           /* -1: none */
    str text;                 /* a value that is no label; STR_NULL: none */
};

struct options {
    struct arena *arena;
    struct option *list[LISTS], **tail[LISTS];
};

static bool same(const struct json *a, const struct json *b)
{
    const struct json *x = a->head, *y = b->head;
    if (a->type != b->type || !str_eq(a->text, b->text) || a->num != b->num || a->i64 != b->i64)
        return false;
    for (; x && y && same(x, y); x = x->next)
        y = y->next;
    return !x && !y;
}

static struct option *add(struct options *o, enum list list, str label)
{
    struct option *one = arena_new_of(o->arena, struct option);
    *one = (struct option){ .label = label, .number = -1, .text = STR_NULL };
    *o->tail[list] = one;
    o->tail[list] = &one->next;
    return one;
}

static void add_value(struct options *o, enum list list, str label, const struct json *value)
{
    for (const struct option *one = o->list[list]; one; one = one->next)
        if (one->value && same(one->value, value))
            return;
    add(o, list, label)->value = value;
}

static void add_word(struct options *o, enum list list, const char *label, const char *value)
{
    add(o, list, str_of(label))->text = str_of(value);
}

/* -------------------------------------------------------------------------- what an answer says */

/* A value of a breakdown: a text, a number, or the list of several. */
static str value_label(struct arena *a, const struct json *v)
{
    static const struct {
        const char *value, *label;
    } names[] = {
        { "$$_posthog_breakdown_null_$$", "None (i.e. no value)" },
        { "", "None (i.e. no value)" },
        { "$$_posthog_breakdown_other_$$", "Other (i.e. all remaining values)" },
    };
    if (v->type == JSON_ARRAY) {
        str all = STR("");
        for (const struct json *m = v->head; m; m = m->next) {
            str one = value_label(a, m);
            all = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(all), all.n ? "::" : "",
                               STR_ARG(one));
        }
        return all;
    }
    for (size_t i = 0; v->type == JSON_STRING && i < ARRAY_LEN(names); i++)
        if (str_eqz(v->text, names[i].value))
            return str_of(names[i].label);
    return v->text;
}

static void add_breakdown(struct options *o, const struct json *item)
{
    const struct json *v = json_get(item, "breakdown_value");
    bool cohort = v && (v->type == JSON_NUMBER || str_eqz(v->text, "all"));
    if (v && v->type != JSON_NULL)
        add_value(o, LIST_BREAKDOWN, cohort ? json_get_text(item, "label")
                                            : value_label(o->arena, v), v);
}

/* The buckets of the first item; those of a period before are not its own. */
static void add_days(struct options *o, const struct json *item)
{
    const struct json *day = json_get(item, "days"), *label = json_get(item, "labels");
    day = json_is(day, JSON_ARRAY) ? day->head : NULL;
    label = json_is(label, JSON_ARRAY) ? label->head : NULL;
    for (; day && label; day = day->next, label = label->next)
        add_value(o, LIST_DAY, label->text, day);
}

static void add_compare(struct options *o, const struct json *item)
{
    if (!json_get(item, "compare_label") || o->list[LIST_COMPARE])
        return;
    add_word(o, LIST_COMPARE, "Current", "current");
    add_word(o, LIST_COMPARE, "Previous", "previous");
}

static void add_series(struct options *o, const struct json *node)
{
    const struct json *series = json_get(node, "series");
    int64_t n = 0;
    for (const struct json *m = json_is(series, JSON_ARRAY) ? series->head : NULL; m;
         m = m->next, n++) {
        static const char *const names[] = { "custom_name", "name", "event" };
        str label = STR_NULL;
        for (size_t i = 0; i < ARRAY_LEN(names) && !label.n; i++)
            label = json_get_text(m, names[i]);
        const struct json *id = json_get(m, "id");
        if (!label.n)
            label = json_is(id, JSON_NUMBER) ? arena_printf(o->arena, "Action %lld",
                                                            (long long)id->i64)
                                             : STR("All events");
        add(o, LIST_SERIES, label)->number = n;
    }
}

static void of_trends(struct options *o, const struct json *node, const struct json *results)
{
    add_series(o, node);
    for (const struct json *m = results->head; m; m = m->next) {
        if (m == results->head)
            add_days(o, m);
        add_breakdown(o, m);
        add_compare(o, m);
    }
}

static void of_lifecycle(struct options *o, const struct json *node, const struct json *results)
{
    (void)node;
    if (results->head)
        add_days(o, results->head);
    add_word(o, LIST_STATUS, "Dormant", "dormant");
    add_word(o, LIST_STATUS, "New", "new");
    add_word(o, LIST_STATUS, "Resurrecting", "resurrecting");
    add_word(o, LIST_STATUS, "Returning", "returning");
}

static void of_retention(struct options *o, const struct json *node, const struct json *results)
{
    int64_t n = 0;
    (void)node;
    for (const struct json *m = results->head; m; m = m->next) {
        bool first = true;
        add_breakdown(o, m);
        for (const struct option *one = o->list[LIST_INTERVAL]; one; one = one->next)
            first = first && !str_eq(one->label, json_get_text(m, "label"));
        if (first)
            add(o, LIST_INTERVAL, json_get_text(m, "label"))->number = n++;
    }
}

/* Of funnels: a list of lists when there is a breakdown. */
static void of_funnels(struct options *o, const struct json *node, const struct json *results)
{
    (void)node;
    for (const struct json *m = results->head; m; m = m->next)
        add_breakdown(o, m->type == JSON_ARRAY ? m->head : m);
}

static const struct {
    const char *kind;
    void (*read)(struct options *o, const struct json *node, const struct json *results);
} kinds[] = {
    { "FunnelsQuery", of_funnels },     { "LifecycleQuery", of_lifecycle },
    { "RetentionQuery", of_retention }, { "StickinessQuery", of_trends },
    { "TrendsQuery", of_trends },
};

/* -------------------------------------------------------------------------- the answer */

static void write_list(struct json_writer *w, const char *key, const struct option *one)
{
    json_key(w, key);
    if (!one) {
        json_null(w);
        return;
    }
    json_open(w, '[');
    for (; one; one = one->next) {
        json_open(w, '{');
        json_key(w, "label");
        json_str(w, one->label);
        json_key(w, "value");
        if (one->value)
            json_tree(w, one->value);
        else if (one->number >= 0)
            json_i64(w, one->number);
        else
            json_str(w, one->text);
        json_close(w, '}');
    }
    json_close(w, ']');
}

/* Of several breakdowns each has a list of its own. */
static void write_breakdowns(struct options *o, struct json_writer *w)
{
    const struct option *all = o->list[LIST_BREAKDOWN];
    size_t n = all && all->value->type == JSON_ARRAY ? all->value->count : 0;
    json_key(w, "breakdowns");
    if (!n) {
        json_null(w);
        return;
    }
    json_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        struct options own = { .arena = o->arena };
        own.tail[LIST_BREAKDOWN] = &own.list[LIST_BREAKDOWN];
        for (const struct option *one = all; one; one = one->next) {
            const struct json *m = one->value->head;
            for (size_t k = 0; m && k < i; k++)
                m = m->next;
            if (m)
                add_value(&own, LIST_BREAKDOWN, value_label(o->arena, m), m);
        }
        json_open(w, '{');
        write_list(w, "values", own.list[LIST_BREAKDOWN]);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static int read_source(struct query_job *j, const struct json *node, const struct json **source,
                       struct options *o, struct err *e)
{
    const struct json *results;
    size_t i = 0;
    int rc = query_shape_check(&query_shape_options, node, e);
    if (rc == 0)
        rc = query_get_object(node, "source", source, e);
    if (rc < 0)
        return rc;
    if (!*source)
        return query_misfit(e, "query.InsightActorsQueryOptions.source", "Field required");
    *source = query_unwrap(*source);
    str kind = json_get_text(*source, "kind");
    while (i < ARRAY_LEN(kinds) && !str_eqz(kind, kinds[i].kind))
        i++;
    if (i == ARRAY_LEN(kinds))
        return err_set(e, ERR_INVALID, NULL, "Options of \"" STR_FMT "\" are not supported",
                       STR_ARG(str_utf8_prefix(kind, 100)));
    rc = query_results(j, *source, &results, e);
    if (rc == 0)
        kinds[i].read(o, *source, results);
    return rc;
}

int query_options(struct query_job *j, const struct json *node, struct json_writer *w,
                  struct err *e)
{
    const struct json *source = NULL;
    struct options o = { .arena = j->arena };
    for (size_t i = 0; i < LISTS; i++)
        o.tail[i] = &o.list[i];
    int rc = read_source(j, node, &source, &o, e);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < LISTS; i++) {
        write_list(w, keys[i], o.list[i]);
        if (i == LIST_BREAKDOWN)
            write_breakdowns(&o, w);
    }
    return 0;
}
