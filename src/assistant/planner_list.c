/* planner_list.c - questions about the project itself: which events there are, which properties one has,
 * which values; and what can be asked at all. */
#include "assistant/internal.h"
#include "assistant/reader.h"
#include "base/buf.h"

#define TEXT_MAX (32u << 10)
#define LISTED 40

static bool label_of(struct words *w, enum role role, int *value, size_t *end)
{
    for (size_t i = 0; i < w->n; i++) {
        size_t n = words_role(w, i, role, value);
        if (!n)
            continue;
        words_use(w, i, n);
        *end = i + n;
        return true;
    }
    return false;
}

static void put_list(struct buf *b, size_t n, size_t shown, const char *what)
{
    if (n > shown)
        buf_printf(b, "\n… and %zu more %s.", n - shown, what);
}

static void list_events(struct planner *t, struct buf *b)
{
    const struct planner_project *p = t->project;
    if (!p->events_n)
        buf_z(b, "No event has come in yet.");
    else
        buf_printf(b, "%zu events, the most frequent of the last 30 days first:", p->events_n);
    for (size_t i = 0; i < p->events_n && i < LISTED; i++)
        buf_printf(b, "\n- `" STR_FMT "`: %lld", STR_ARG(p->events[i].name), (long long)p->events[i].count);
    put_list(b, p->events_n, LISTED, "events");
}

static bool has_event(const struct planner_property *p, uint32_t event)
{
    for (size_t i = 0; i < p->events_n; i++)
        if (p->events[i] == event)
            return true;
    return false;
}

/* Of one event, or all: event ANY_EVENT. */
static void list_properties(struct planner *t, struct buf *b, int event)
{
    const struct planner_project *p = t->project;
    size_t n = 0;
    if (event == ANY_EVENT)
        buf_z(b, "Properties:");
    else
        buf_printf(b, "`" STR_FMT "` comes with:", STR_ARG(p->events[event].name));
    for (size_t i = 0; i < p->properties_n; i++) {
        const struct planner_property *it = &p->properties[i];
        if (event != ANY_EVENT && (it->owner != PLANNER_EVENT || (it->events && !has_event(it, (uint32_t)event))))
            continue;
        if (++n > LISTED)
            continue;
        buf_z(b, "\n- ");
        buf_str(b, reader_property_text(p, t->arena, (int)i));
        if (it->type.p)
            buf_printf(b, " (" STR_FMT ")", STR_ARG(it->type));
    }
    put_list(b, n, LISTED, "properties");
}

static int list_values(struct planner *t, struct buf *b, int property)
{
    const struct planner_project *p = t->project;
    struct planner_property *it = &p->properties[property];
    int rc = it->asked || !p->values ? 0 : p->values(p->context, &it, 1, t->err);
    if (rc < 0)
        return rc;
    it->asked = true;
    str name = reader_property_text(p, t->arena, property);
    buf_printf(b, it->values_n ? "Values of " STR_FMT ", the most frequent first:"
                               : "I know no values of " STR_FMT ".", STR_ARG(name));
    for (size_t i = 0; i < it->values_n && i < LISTED; i++)
        buf_printf(b, "\n- " STR_FMT, STR_ARG(it->values[i].text));
    put_list(b, it->values_n, LISTED, "values");
    return 0;
}

/* The first event or property that is named from word i on; NO_PROPERTY. */
static int named(struct planner *t, struct words *w, size_t i, enum name_kind kind)
{
    struct names names;
    struct mention m, best = { .close_n = 0 };
    names_init(&names, t->project, w, t->arena);
    names_look(&names);
    for (; i < w->n; i++)
        if (names_mention(&names, i, kind, &m) && (m.whole || !m.weak) &&
            (!best.close_n || names_compare(&m, &best) < 0))
            best = m;
    return best.close_n ? (int)best.close[0] : NO_PROPERTY;
}

static void tell_help(struct planner *t, struct planner_plan *out)
{
    struct buf b = BUF_INIT(TEXT_MAX);
    buf_z(&b, "I answer questions about this project's data, without a language model: how many events or "
              "people, averages, sums and percentiles of a property, split by properties, under conditions, in "
              "any stretch of time and against the one before; funnels, retention, stickiness, lifecycle, paths, "
              "top lists; why a number changed; and I make dashboards. For instance:");
    planner_examples(t, out);
    for (size_t i = 0; i < out->examples_n; i++)
        buf_printf(&b, "\n- " STR_FMT, STR_ARG(out->examples[i]));
    out->text = arena_str(t->arena, buf_view(&b));
    buf_release(&b);
}

/* 1: that was the question; the text is its answer. */
int planner_list(struct planner *t, str question, struct planner_plan *out)
{
    struct words w;
    struct buf b = BUF_INIT(TEXT_MAX);
    size_t end;
    int what, found, rc = 0;
    words_read(&w, t->arena, t->lexicon, question);
    out->kind = PLANNER_TEXT;
    if (words_role(&w, 0, ROLE_HELP, NULL)) {
        tell_help(t, out);
        return 1;
    }
    if (!label_of(&w, ROLE_LIST, &what, &end))
        return 0;
    if (what == LIST_EVENTS && words_next(&w, end) < w.n)
        return 0; /* "list events by country" asks for numbers */
    if (what == LIST_EVENTS)
        list_events(t, &b);
    else if (what == LIST_PROPERTIES && (found = named(t, &w, end, NAME_EVENT)) != NO_PROPERTY)
        list_properties(t, &b, found);
    else if (what == LIST_PROPERTIES && words_next(&w, end) == w.n)
        list_properties(t, &b, ANY_EVENT);
    else if (what == LIST_VALUES && (found = named(t, &w, end, NAME_PROPERTY)) != NO_PROPERTY)
        rc = list_values(t, &b, found);
    out->text = arena_str(t->arena, buf_view(&b));
    buf_release(&b);
    return rc < 0 ? rc : out->text.n > 0;
}
