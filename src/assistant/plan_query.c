/* plan_query.c - see plan_query.h. Nodes are written as JSON and read back, so that they are what a
 * client would send. */
#include "assistant/plan_query.h"

#include "assistant/describe.h"
#include <stdio.h>

#include "json/write.h"

#define QUERY_MAX (256u << 10)
#define DEFAULT_DAYS 30
#define WHY_DAYS 7
#define RETENTION_ROWS 8
#define RETENTION_MOST 12

struct maker {
    const struct planner_project *project;
    struct arena *arena;
    const struct reading *r;
    struct json_writer w;
};

/* -------------------------------------------------------------------------- small parts */

static const char *owner_type(const struct planner_property *p)
{
    static const char *const types[] = { "event", "person", "group" };
    return str_eqz(p->name, "$session_duration") ? "session" : types[p->owner];
}

static void put_filter(struct maker *m, const struct filter *f)
{
    static const char *const ops[] = { "exact", "is_not", "icontains", "not_icontains", "gt", "gte", "lt",
                                       "lte", "regex" };
    const struct planner_property *p = &m->project->properties[f->property];
    struct json_writer *w = &m->w;
    json_open(w, '{');
    json_put_str(w, "key", p->name);
    json_put_z(w, "type", owner_type(p));
    if (p->owner == PLANNER_GROUP)
        json_put_i64(w, "group_type_index", p->group_idx);
    json_put_z(w, "operator",
               f->set       ? f->is_set ? "is_set" : "is_not_set"
               : f->between ? "between"
                            : ops[f->op]);
    json_key(w, "value");
    if (f->set) {
        json_z(w, f->is_set ? "is_set" : "is_not_set");
    } else if (f->op == OP_BEGINS) {
        str escaped = f->values[0];
        struct buf b = BUF_INIT(QUERY_MAX);
        buf_char(&b, '^');
        for (size_t i = 0; i < escaped.n; i++) {
            if (escaped.p[i] && strchr("\\.+*?()|[]{}^$", escaped.p[i]))
                buf_char(&b, '\\');
            buf_char(&b, escaped.p[i]);
        }
        json_str(w, buf_view(&b));
        buf_release(&b);
    } else if (f->number && !f->between && f->values_n == 1) {
        json_raw(w, f->values[0]);
    } else {
        json_open(w, '[');
        for (size_t i = 0; i < f->values_n; i++) {
            if (f->number)
                json_raw(w, f->values[i]);
            else
                json_str(w, f->values[i]);
        }
        json_close(w, ']');
    }
    json_close(w, '}');
}

static void put_filters(struct maker *m, const char *key, const struct filter *list, size_t n)
{
    if (!n)
        return;
    json_key(&m->w, key);
    json_open(&m->w, '[');
    for (size_t i = 0; i < n; i++)
        put_filter(m, &list[i]);
    json_close(&m->w, ']');
}

static void put_dates(struct maker *m, const struct when *when)
{
    json_key(&m->w, "dateRange");
    json_open(&m->w, '{');
    json_put_str(&m->w, "date_from", when->from);
    json_put_str(&m->w, "date_to", when->to);
    json_close(&m->w, '}');
}

/* The name of the math, NULL for plain counts. */
static const char *math_of(const struct reading *r)
{
    static const char *const names[] = { NULL, "dau", "weekly_active", "monthly_active", "unique_session",
                                         "sum", "avg", "min", "max", "median", "p75", "p90", "p95", "p99",
                                         "first_time_for_user" };
    static const char *const each[] = { [MATH_MIN] = "min_count_per_actor", [MATH_MAX] = "max_count_per_actor",
                                        [MATH_MEDIAN] = "median_count_per_actor",
                                        [MATH_P75] = "p75_count_per_actor", [MATH_P90] = "p90_count_per_actor",
                                        [MATH_P95] = "p95_count_per_actor", [MATH_P99] = "p99_count_per_actor" };
    if (r->math_property != NO_PROPERTY)
        return names[r->math];
    if (r->per_person)
        return r->math >= MATH_MIN && r->math <= MATH_P99 ? each[r->math] : "avg_count_per_actor";
    return r->first_time ? names[MATH_FIRST_TIME] : r->sessions ? names[MATH_SESSIONS]
           : r->people   ? names[MATH_DAU]
                         : NULL;
}

static void put_entity(struct maker *m, const struct series *s, const char *math, int property)
{
    struct json_writer *w = &m->w;
    str name = s->event == ANY_EVENT ? STR_NULL : m->project->events[s->event].name;
    json_open(w, '{');
    json_put_z(w, "kind", "EventsNode");
    json_put_str(w, "event", name);
    json_put_str(w, "name", name.p ? name : STR("All events"));
    if (math)
        json_put_z(w, "math", math);
    if (property != NO_PROPERTY) {
        const struct planner_property *p = &m->project->properties[property];
        bool session = str_eqz(p->name, "$session_duration");
        json_put_str(w, "math_property", p->name);
        json_put_z(w, "math_property_type", session                      ? "session_properties"
                                     : p->owner == PLANNER_PERSON ? "person_properties"
                                                                  : "event_properties");
    }
    put_filters(m, "properties", s->filters, s->filters_n);
    json_close(w, '}');
}

static void put_series(struct maker *m, const char *math)
{
    json_key(&m->w, "series");
    json_open(&m->w, '[');
    for (size_t i = 0; i < m->r->series_n; i++)
        put_entity(m, &m->r->series[i], math, m->r->math_property);
    json_close(&m->w, ']');
}

static void put_breakdowns(struct maker *m, const int *list, size_t n)
{
    struct json_writer *w = &m->w;
    if (!n && !m->r->by_event)
        return;
    json_key(w, "breakdownFilter");
    json_open(w, '{');
    if (m->r->by_event) {
        json_put_z(w, "breakdown", "event");
        json_put_z(w, "breakdown_type", "event_metadata");
    } else if (n == 1) {
        const struct planner_property *p = &m->project->properties[list[0]];
        json_put_str(w, "breakdown", p->name);
        json_put_z(w, "breakdown_type", owner_type(p));
        if (p->owner == PLANNER_GROUP)
            json_put_i64(w, "breakdown_group_type_index", p->group_idx);
    } else {
        json_key(w, "breakdowns");
        json_open(w, '[');
        for (size_t i = 0; i < n; i++) {
            const struct planner_property *p = &m->project->properties[list[i]];
            json_open(w, '{');
            json_put_str(w, "property", p->name);
            json_put_z(w, "type", owner_type(p));
            if (p->owner == PLANNER_GROUP)
                json_put_i64(w, "group_type_index", p->group_idx);
            json_close(w, '}');
        }
        json_close(w, ']');
    }
    if (m->r->top && m->r->order > 0)
        json_put_i64(w, "breakdown_limit", m->r->top);
    else if (m->r->order < 0) /* the fewest stand at the end of a long list */
        json_put_i64(w, "breakdown_limit", 500);
    json_close(w, '}');
}

static const char *interval_name(enum unit unit)
{
    return unit > UNIT_MONTH ? "month" : describe_unit(unit);
}

/* -------------------------------------------------------------------------- the kinds */

static void put_formula(struct maker *m)
{
    const struct reading *r = m->r;
    struct buf b = BUF_INIT(200);
    if (r->intent == INTENT_SHARE) {
        buf_z(&b, "A/B*100");
    } else if (r->per_person && r->math_property != NO_PROPERTY) {
        buf_z(&b, "A/B");
    } else {
        for (size_t i = 0; i < r->series_n; i++)
            buf_printf(&b, "%s%c", i ? "+" : "", (char)('A' + i));
    }
    json_put_str(&m->w, "formula", buf_view(&b));
    buf_release(&b);
}

/* A part and the whole it is a part of. */
static void put_share(struct maker *m)
{
    const struct reading *r = m->r;
    struct series part = r->series[0], whole = { .event = r->series[0].event };
    if (!r->filters_n && !part.filters_n)
        whole.event = ANY_EVENT;
    for (size_t i = 0; i < r->filters_n && part.filters_n < READING_FILTERS; i++)
        part.filters[part.filters_n++] = r->filters[i];
    json_key(&m->w, "series");
    json_open(&m->w, '[');
    put_entity(m, &part, math_of(r), r->math_property);
    put_entity(m, &whole, math_of(r), r->math_property);
    json_close(&m->w, ']');
}

static void trends(struct maker *m, const struct when *when, const int *breakdowns, size_t breakdowns_n,
                   bool over_time, bool compare)
{
    const struct reading *r = m->r;
    struct json_writer *w = &m->w;
    bool share = r->intent == INTENT_SHARE;
    bool ratio = r->per_person && r->math_property != NO_PROPERTY;
    json_put_z(w, "kind", "TrendsQuery");
    if (share) {
        put_share(m);
    } else if (ratio) {
        json_key(w, "series");
        json_open(w, '[');
        put_entity(m, &r->series[0], "sum", r->math_property);
        put_entity(m, &r->series[0], "dau", NO_PROPERTY);
        json_close(w, ']');
    } else {
        put_series(m, math_of(r));
    }
    put_dates(m, when);
    json_put_z(w, "interval", interval_name(r->interval));
    if (!share)
        put_filters(m, "properties", r->filters, r->filters_n);
    json_key(w, "trendsFilter");
    json_open(w, '{');
    json_put_z(w, "display",
               over_time                     ? "ActionsLineGraph"
               : breakdowns_n || r->by_event ? "ActionsBarValue"
                                             : "BoldNumber");
    if (share || ratio || r->sums_apart)
        put_formula(m);
    json_close(w, '}');
    put_breakdowns(m, breakdowns, breakdowns_n);
    if (compare) {
        json_key(w, "compareFilter");
        json_open(w, '{');
        json_put_bool(w, "compare", true);
        json_close(w, '}');
    }
}

static void funnel(struct maker *m)
{
    const struct reading *r = m->r;
    struct json_writer *w = &m->w;
    json_put_z(w, "kind", "FunnelsQuery");
    put_series(m, NULL);
    put_dates(m, &r->when);
    put_filters(m, "properties", r->filters, r->filters_n);
    json_key(w, "funnelsFilter");
    json_open(w, '{');
    json_put_z(w, "funnelVizType", "steps");
    json_put_z(w, "funnelOrderType", r->any_order ? "unordered" : "ordered");
    json_put_i64(w, "funnelWindowInterval", r->window);
    json_put_z(w, "funnelWindowIntervalUnit", describe_unit(r->window_unit));
    json_close(w, '}');
    put_breakdowns(m, r->breakdowns, r->breakdowns_n);
}

static void put_retention_entity(struct maker *m, const char *key, const struct series *s)
{
    struct json_writer *w = &m->w;
    str name = s->event == ANY_EVENT ? STR_NULL : m->project->events[s->event].name;
    json_key(w, key);
    json_open(w, '{');
    json_put_str(w, "id", name);
    json_put_str(w, "name", name.p ? name : STR("All events"));
    json_put_z(w, "type", "events");
    put_filters(m, "properties", s->filters, s->filters_n);
    json_close(w, '}');
}

static int64_t retention_rows(const struct reading *r)
{
    int64_t days = r->when.last - r->when.first + 1;
    int64_t rows = r->interval == UNIT_MONTH ? days / 28 : r->interval == UNIT_WEEK ? (days + 6) / 7 : days;
    if (!r->when.given || r->when.all)
        return RETENTION_ROWS;
    return rows < 2 ? 2 : rows > RETENTION_MOST ? RETENTION_MOST : rows;
}

static void retention(struct maker *m)
{
    const struct reading *r = m->r;
    struct json_writer *w = &m->w;
    char period[8] = { 0 };
    snprintf(period, sizeof(period), "%s", interval_name(r->interval));
    period[0] = (char)(period[0] - 'a' + 'A');
    json_put_z(w, "kind", "RetentionQuery");
    put_dates(m, &r->when);
    put_filters(m, "properties", r->filters, r->filters_n);
    json_key(w, "retentionFilter");
    json_open(w, '{');
    json_put_z(w, "period", period);
    json_put_i64(w, "totalIntervals", retention_rows(r));
    json_put_z(w, "retentionType", r->first_time ? "retention_first_time" : "retention_recurring");
    put_retention_entity(m, "targetEntity", &r->series[0]);
    put_retention_entity(m, "returningEntity", &r->series[r->series_n > 1]);
    json_close(w, '}');
    put_breakdowns(m, r->breakdowns, r->breakdowns_n);
}

static void one_series(struct maker *m, const char *kind)
{
    json_key(&m->w, "kind");
    json_z(&m->w, kind);
    put_series(m, NULL);
    put_dates(m, &m->r->when);
    json_put_z(&m->w, "interval", interval_name(m->r->interval));
    put_filters(m, "properties", m->r->filters, m->r->filters_n);
}

static void paths(struct maker *m)
{
    const struct reading *r = m->r;
    struct json_writer *w = &m->w;
    json_put_z(w, "kind", "PathsQuery");
    put_dates(m, &r->when);
    put_filters(m, "properties", r->filters, r->filters_n);
    json_key(w, "pathsFilter");
    json_open(w, '{');
    json_key(w, "includeEventTypes");
    json_raw(w, r->series_n ? STR("[\"$pageview\",\"custom_event\"]") : STR("[\"$pageview\"]"));
    if (r->series_n)
        json_put_str(w, r->path_end ? "endPoint" : "startPoint",
                     m->project->events[r->series[0].event].name);
    json_close(w, '}');
}

/* -------------------------------------------------------------------------- put together */

typedef void write_fn(struct maker *m, const void *how);

struct trend_how {
    const struct when *when;
    const int *breakdowns;
    size_t breakdowns_n;
    bool over_time, compare;
};

static void write_trend(struct maker *m, const void *how)
{
    const struct trend_how *t = how;
    trends(m, t->when, t->breakdowns, t->breakdowns_n, t->over_time, t->compare);
}

static void write_other(struct maker *m, const void *how)
{
    (void)how;
    switch (m->r->intent) {
    case INTENT_FUNNEL:
        funnel(m);
        break;
    case INTENT_RETENTION:
        retention(m);
        break;
    case INTENT_STICKINESS:
        one_series(m, "StickinessQuery");
        break;
    case INTENT_LIFECYCLE:
        one_series(m, "LifecycleQuery");
        break;
    default:
        paths(m);
        break;
    }
}

static struct json *made(struct maker *m, write_fn *write, const void *how)
{
    struct buf b = BUF_INIT(QUERY_MAX);
    struct json *out = NULL;
    struct err e = ERR_INIT;
    m->w = JSON_WRITER(&b);
    json_open(&m->w, '{');
    write(m, how);
    json_close(&m->w, '}');
    int rc = json_parse(m->arena, arena_str(m->arena, buf_view(&b)), &out, &e);
    BUG_ON(rc < 0 && !b.full); /* what it wrote itself */
    buf_release(&b);
    return out;
}

/* Properties that changes are looked for in, the telling ones first. */
static const char *const suspects[] = { "$device_type", "$geoip_country_name", "$referring_domain", "utm_source",
                                        "$browser", "$os", "app_version", "plan", "utm_campaign",
                                        "$pathname" };

static size_t why(struct maker *m, struct planner_insight *out)
{
    const struct reading *r = m->r;
    size_t n = 0;
    struct trend_how total = { &r->when, NULL, 0, false, true };
    out[n++] = (struct planner_insight){ .query = made(m, write_trend, &total), .shown = true };
    for (size_t i = 0; i < ARRAY_LEN(suspects) && n < PLAN_INSIGHTS; i++) {
        int property = NO_PROPERTY;
        for (size_t k = 0; k < m->project->properties_n; k++)
            if (str_eqz(m->project->properties[k].name, suspects[i]) &&
                m->project->properties[k].owner == PLANNER_EVENT)
                property = (int)k;
        if (property == NO_PROPERTY)
            continue;
        struct trend_how split = { &r->when, &property, 1, false, true };
        out[n].query = made(m, write_trend, &split);
        out[n].name = m->project->properties[property].name;
        n++;
    }
    return n;
}

size_t plan_queries(const struct planner_project *p, struct arena *a, const struct reading *r,
                    struct planner_insight out[PLAN_INSIGHTS])
{
    struct maker m = { p, a, r, { 0 } };
    str title = describe_title(p, a, r);
    size_t n = 0;
    memset(out, 0, PLAN_INSIGHTS * sizeof(*out));
    if (r->intent == INTENT_WHY) {
        n = why(&m, out);
    } else if (r->intent == INTENT_TREND || r->intent == INTENT_SHARE) {
        struct trend_how how = { &r->when, r->breakdowns, r->breakdowns_n, r->over_time,
                                 r->compare && !r->other.given };
        out[n++].query = made(&m, write_trend, &how);
        how.when = &r->other;
        if (r->other.given)
            out[n++].query = made(&m, write_trend, &how);
    } else {
        out[n++].query = made(&m, write_other, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        bool split = r->intent == INTENT_WHY && i;
        out[i].name = split ? arena_printf(a, STR_FMT ", by " STR_FMT, STR_ARG(title), STR_ARG(out[i].name))
                            : title;
        out[i].shown |= !split;
    }
    if (r->other.given && n == 2) {
        out[0].name = arena_printf(a, STR_FMT ", " STR_FMT, STR_ARG(title), STR_ARG(r->when.text));
        out[1].name = arena_printf(a, STR_FMT ", " STR_FMT, STR_ARG(title), STR_ARG(r->other.text));
    }
    return n;
}

/* -------------------------------------------------------------------------- what was left open */

static enum unit suited(const struct when *w)
{
    int64_t days = w->all ? 1000 : w->last - w->first + 1;
    if (w->hours || days <= 2)
        return UNIT_HOUR;
    return days <= 62 ? UNIT_DAY : days <= 400 ? UNIT_WEEK : UNIT_MONTH;
}

static enum unit retention_period(const struct reading *r)
{
    int64_t days = r->when.last - r->when.first + 1;
    if (r->interval_given && r->interval >= UNIT_DAY && r->interval <= UNIT_MONTH)
        return r->interval;
    if (!r->when.given || r->when.all)
        return UNIT_WEEK;
    return days <= 12 ? UNIT_DAY : days <= 100 ? UNIT_WEEK : UNIT_MONTH;
}

/* By hours a bare date would mean its first moment. */
static void end_of_day(struct arena *a, struct when *w)
{
    if (w->to.n == 10 && w->to.p[4] == '-')
        w->to = arena_printf(a, STR_FMT "T23:59:59.999999", STR_ARG(w->to));
}

void plan_complete(const struct planner_project *p, struct arena *a, struct reading *r)
{
    struct when_calendar c = when_calendar_of(p);
    if (!r->when.given)
        r->when = when_default(&c, a, r->intent == INTENT_WHY ? WHY_DAYS : DEFAULT_DAYS);
    if (!r->window) {
        r->window = 14;
        r->window_unit = UNIT_DAY;
    }
    if (r->intent == INTENT_RETENTION)
        r->interval = retention_period(r);
    else if (!r->interval_given)
        r->interval = r->over_time ? suited(&r->when) : r->when.hours ? UNIT_HOUR : UNIT_DAY;
    if (r->intent == INTENT_STICKINESS || r->intent == INTENT_LIFECYCLE)
        if (!r->interval_given || r->interval < UNIT_DAY || r->interval > UNIT_MONTH)
            r->interval = UNIT_DAY;
    if (r->interval < UNIT_DAY) {
        end_of_day(a, &r->when);
        end_of_day(a, &r->other);
    }
}
