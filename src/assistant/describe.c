/* describe.c - see describe.h. */
#include "assistant/describe.h"

#include "assistant/reader.h"
#include "base/buf.h"

#define TEXT_MAX 4000

const char *describe_unit(enum unit unit)
{
    static const char *const names[] = { "minute", "hour", "day", "week", "month", "quarter", "year" };
    return names[unit];
}

static str taken(struct arena *a, struct buf *b)
{
    str out = arena_str(a, buf_view(b));
    buf_release(b);
    return out;
}

str describe_event(const struct planner_project *p, struct arena *a, int event)
{
    return event == ANY_EVENT ? STR("any event")
                              : arena_printf(a, "`" STR_FMT "`", STR_ARG(p->events[event].name));
}

str describe_filter(const struct planner_project *p, struct arena *a, const struct filter *f)
{
    static const char *const ops[] = { "is", "is not", "contains", "does not contain", "is over",
                                       "is at least", "is under", "is at most", "begins with" };
    struct buf b = BUF_INIT(TEXT_MAX);
    buf_str(&b, reader_property_text(p, a, f->property));
    if (f->set) {
        buf_z(&b, f->is_set ? " is set" : " is not set");
    } else if (f->between) {
        buf_printf(&b, " is between " STR_FMT " and " STR_FMT, STR_ARG(f->values[0]), STR_ARG(f->values[1]));
    } else {
        buf_printf(&b, " %s ", ops[f->op]);
        for (size_t i = 0; i < f->values_n; i++)
            buf_printf(&b, "%s" STR_FMT, i ? " or " : "", STR_ARG(f->values[i]));
    }
    return taken(a, &b);
}

static void filters_text(struct buf *b, const struct planner_project *p, struct arena *a,
                         const struct filter *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_z(b, i ? " and " : " where ");
        buf_str(b, describe_filter(p, a, &list[i]));
    }
}

static const char *math_word(enum math math)
{
    static const char *const words[] = { "number", "people", "weekly active people", "monthly active people",
                                         "sessions", "sum", "average", "minimum", "maximum", "median",
                                         "75th percentile", "90th percentile", "95th percentile",
                                         "99th percentile", "people for the first time" };
    return words[math];
}

str describe_series(const struct planner_project *p, struct arena *a, const struct reading *r,
                    const struct series *s)
{
    struct buf b = BUF_INIT(TEXT_MAX);
    str event = describe_event(p, a, s->event);
    if (r->math_property != NO_PROPERTY && r->per_person) {
        str property = reader_property_text(p, a, r->math_property);
        buf_printf(&b, "sum of " STR_FMT " of " STR_FMT " divided by the people", STR_ARG(property),
                   STR_ARG(event));
    } else if (r->math_property != NO_PROPERTY) {
        str property = reader_property_text(p, a, r->math_property);
        buf_printf(&b, "%s of " STR_FMT " of " STR_FMT, math_word(r->math), STR_ARG(property),
                   STR_ARG(event));
    } else if (r->per_person) {
        buf_printf(&b, "%s number of " STR_FMT " a person", math_word(r->math_given ? r->math : MATH_AVG),
                   STR_ARG(event));
    } else if (r->first_time) {
        buf_printf(&b, "people with " STR_FMT " for the first time", STR_ARG(event));
    } else if (r->sessions) {
        buf_printf(&b, "sessions with " STR_FMT, STR_ARG(event));
    } else if (r->people) {
        buf_printf(&b, "people with " STR_FMT, STR_ARG(event));
    } else if (s->event == ANY_EVENT) {
        buf_z(&b, "events");
    } else {
        buf_printf(&b, STR_FMT " events", STR_ARG(event));
    }
    filters_text(&b, p, a, s->filters, s->filters_n);
    return taken(a, &b);
}

static void steps_text(struct buf *b, const struct planner_project *p, struct arena *a,
                       const struct reading *r)
{
    for (size_t i = 0; i < r->series_n; i++) {
        buf_z(b, i ? " → " : "");
        buf_str(b, describe_event(p, a, r->series[i].event));
        filters_text(b, p, a, r->series[i].filters, r->series[i].filters_n);
    }
    buf_printf(b, ", within %d %s%s", r->window, describe_unit(r->window_unit), r->window == 1 ? "" : "s");
    if (r->any_order)
        buf_z(b, ", in any order");
}

static void subject_text(struct buf *b, const struct planner_project *p, struct arena *a,
                         const struct reading *r)
{
    switch (r->intent) {
    case INTENT_FUNNEL:
        buf_z(b, "funnel ");
        steps_text(b, p, a, r);
        break;
    case INTENT_SHARE:
        buf_z(b, "share in percent: ");
        buf_str(b, describe_series(p, a, r, &r->series[0]));
        break;
    case INTENT_RETENTION: {
        str first = describe_event(p, a, r->series[0].event);
        str second = describe_event(p, a, r->series[r->series_n > 1].event);
        buf_printf(b, "retention by %s: people with " STR_FMT " who came back with " STR_FMT,
                   describe_unit(r->interval), STR_ARG(first), STR_ARG(second));
        break;
    }
    case INTENT_STICKINESS:
    case INTENT_LIFECYCLE: {
        str event = describe_event(p, a, r->series[0].event);
        buf_printf(b, r->intent == INTENT_LIFECYCLE ? "lifecycle of people with " STR_FMT ", by %s"
                                                    : "on how many of the days people had " STR_FMT,
                   STR_ARG(event), describe_unit(r->interval));
        break;
    }
    case INTENT_PATHS: {
        str event = r->series_n ? describe_event(p, a, r->series[0].event) : STR("");
        buf_printf(b, r->series_n ? r->path_end ? "paths that end at " STR_FMT : "paths that begin at " STR_FMT
                                  : "paths" STR_FMT,
                   STR_ARG(event));
        break;
    }
    default:
        if (r->by_event) {
            buf_z(b, r->people ? "people of each event" : "number of each event");
            break;
        }
        for (size_t i = 0; i < r->series_n; i++) {
            buf_z(b, i ? r->sums_apart ? " plus " : ", " : "");
            buf_str(b, describe_series(p, a, r, &r->series[i]));
        }
        break;
    }
}

static str sentence(const struct planner_project *p, struct arena *a, const struct reading *r, bool title)
{
    struct buf b = BUF_INIT(TEXT_MAX * 2);
    if (r->intent == INTENT_WHY)
        buf_z(&b, "change of ");
    subject_text(&b, p, a, r);
    filters_text(&b, p, a, r->filters, r->filters_n);
    for (size_t i = 0; i < r->breakdowns_n; i++) {
        buf_z(&b, i ? " and " : ", by ");
        buf_str(&b, reader_property_text(p, a, r->breakdowns[i]));
    }
    if (r->over_time && (r->intent == INTENT_TREND || r->intent == INTENT_NONE))
        buf_printf(&b, ", %s by %s", describe_unit(r->interval), describe_unit(r->interval));
    if (!title && r->other.given)
        buf_printf(&b, ", " STR_FMT " against " STR_FMT, STR_ARG(r->when.text), STR_ARG(r->other.text));
    else if (!title && (r->when.given || r->intent != INTENT_RETENTION))
        buf_printf(&b, ", " STR_FMT, STR_ARG(r->when.text));
    if (!title && r->compare && !r->other.given)
        buf_z(&b, " against the time before");
    if (b.n && b.p[0] >= 'a' && b.p[0] <= 'z')
        b.p[0] = (char)(b.p[0] - 'a' + 'A');
    if (!title)
        buf_char(&b, '.');
    if (!title && !r->when.given && r->intent != INTENT_RETENTION)
        buf_printf(&b, " You named no time, so I took " STR_FMT ".", STR_ARG(r->when.text));
    return taken(a, &b);
}

str describe_reading(const struct planner_project *p, struct arena *a, const struct reading *r)
{
    str text = sentence(p, a, r, false);
    return r->mended.p ? arena_printf(a, STR_FMT " " STR_FMT, STR_ARG(r->mended), STR_ARG(text)) : text;
}

str describe_title(const struct planner_project *p, struct arena *a, const struct reading *r)
{
    str text = sentence(p, a, r, true);
    char *out = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '`')
            out[n++] = text.p[i];
    return str_utf8_prefix((str){ out, n }, 400);
}
