/* planner_dashboard.c - "make a dashboard of sign-ups, revenue by plan and the funnel from visit to
 * purchase": the list is cut into questions, each read for itself. One subject alone gets the usual set. */
#include "assistant/describe.h"
#include "assistant/internal.h"
#include "assistant/plan_query.h"

#define PARTS 12
#define READ_MOST 24 /* parts that are tried */
#define NAME_MAX_CHARACTERS 80

struct parts {
    struct reading list[PARTS];
    size_t n;
};

static bool ends_part(const struct words *w, size_t i)
{
    return str_eqz(w->list[i].text, ",");
}

static bool stands(const struct reading *r, const struct doubt *d)
{
    return !d->refusal.p && !d->question.p && r->intent != INTENT_NONE;
}

static void add_part(struct parts *p, const struct reading *r)
{
    if (p->n < PARTS)
        p->list[p->n++] = *r;
}

/* "A and B" when both can be asked alone; else as a whole. */
static int read_part(struct planner *t, const struct words *w, size_t from, size_t to,
                     const struct json *picks, struct parts *out, struct doubt *d)
{
    struct reading first, second;
    struct doubt other;
    while (from < to && (words_role(w, from, ROLE_AND, NULL) || words_role(w, from, ROLE_THEN, NULL)))
        from++;
    if (from >= to)
        return 0;
    for (size_t i = from + 1; i + 1 < to; i++) {
        if (!words_role(w, i, ROLE_AND, NULL))
            continue;
        if (t->parts++ >= READ_MOST) {
            d->refusal = STR("That is too much for one dashboard: name its insights with commas between.");
            return 0;
        }
        int rc = planner_part(t, words_text(w, from, i), picks, &first, d);
        if (rc == 0 && stands(&first, d))
            rc = planner_part(t, words_text(w, i + 1, to), picks, &second, &other);
        else
            continue;
        if (rc < 0)
            return rc;
        if (!stands(&second, &other))
            continue;
        add_part(out, &first);
        return read_part(t, w, i + 1, to, picks, out, d);
    }
    str text = words_text(w, from, to);
    int rc = planner_part(t, text, picks, &first, d);
    if (rc == 0 && stands(&first, d))
        add_part(out, &first);
    else if (rc == 0 && !d->refusal.p && !d->question.p)
        d->refusal = arena_printf(t->arena, "I do not know what to show for “" STR_FMT "”.", STR_ARG(text));
    return rc;
}

static bool plain(const struct reading *r)
{
    return r->intent == INTENT_TREND && !r->breakdowns_n && !r->over_time && !r->by_event && !r->order;
}

static int property_named(const struct planner *t, const char *name)
{
    for (size_t i = 0; i < t->project->properties_n; i++)
        if (t->project->properties[i].owner == PLANNER_EVENT && str_eqz(t->project->properties[i].name, name))
            return (int)i;
    return NO_PROPERTY;
}

/* What one looks at of a single subject. */
static void spread(struct planner *t, struct parts *p)
{
    static const char *const splits[] = { "$geoip_country_name", "$device_type", "$referring_domain" };
    struct reading one = p->list[0];
    one.compare = true;
    p->list[0] = one;
    one.compare = false;
    one.over_time = true;
    add_part(p, &one);
    one.over_time = false;
    for (size_t i = 0; i < ARRAY_LEN(splits); i++) {
        one.breakdowns[0] = property_named(t, splits[i]);
        one.breakdowns_n = 1;
        if (one.breakdowns[0] != NO_PROPERTY)
            add_part(p, &one);
    }
}

/* Up to a blank. */
static str shortened(str name)
{
    str cut = str_utf8_prefix(name, NAME_MAX_CHARACTERS);
    while (cut.n < name.n && cut.n && cut.p[cut.n - 1] != ' ')
        cut.n--;
    return str_trim(cut);
}

static void finish(struct planner *t, struct parts *p, str subject, struct planner_plan *out)
{
    struct when when = { 0 };
    out->kind = PLANNER_DASHBOARD;
    out->insights = arena_alloc(t->arena, PARTS * sizeof(*out->insights));
    for (size_t i = 0; i < p->n; i++) /* a time said once is meant for all */
        when = p->list[i].when.given ? p->list[i].when : when;
    for (size_t i = 0; i < p->n; i++) {
        struct planner_insight made[PLAN_INSIGHTS];
        if (!p->list[i].when.given && when.given)
            p->list[i].when = when;
        plan_complete(t->project, t->arena, &p->list[i]);
        if (plan_queries(t->project, t->arena, &p->list[i], made))
            out->insights[out->insights_n++] = made[0];
    }
    str name = str_trim(subject);
    char *text = arena_z(t->arena, shortened(name));
    if (text[0] >= 'a' && text[0] <= 'z')
        text[0] = (char)(text[0] - 'a' + 'A');
    out->name = text[0] ? str_of(text) : STR("Dashboard");
    out->understood = arena_printf(t->arena, "A dashboard “" STR_FMT "” of %zu insights.", STR_ARG(out->name),
                                   out->insights_n);
}

/* 1: a dashboard is asked for; what it needs is in out or in d. */
int planner_dashboard(struct planner *t, str question, const struct json *picks, struct planner_plan *out,
                      struct doubt *d)
{
    struct words w;
    struct parts *p = arena_new_of(t->arena, struct parts);
    size_t begin = 0, from;
    *d = (struct doubt){ 0 };
    words_read(&w, t->arena, t->lexicon, question);
    for (size_t i = 0; i < w.n && !begin; i++) {
        size_t n = words_role(&w, i, ROLE_DASHBOARD, NULL);
        begin = n ? i + n : 0;
    }
    if (!begin)
        return 0;
    from = begin;
    for (size_t i = begin; i <= w.n && !d->refusal.p && !d->question.p; i++) {
        if (i < w.n && !ends_part(&w, i))
            continue;
        int rc = read_part(t, &w, from, i, picks, p, d);
        if (rc < 0)
            return rc;
        from = i + 1;
    }
    if (d->refusal.p || d->question.p)
        return 1;
    if (!p->n) {
        d->refusal = STR("A dashboard of what? Name its insights: “make a dashboard of sign-ups, sign-ups by "
                         "country and revenue”.");
        return 1;
    }
    if (p->n == 1 && plain(&p->list[0]))
        spread(t, p);
    finish(t, p, words_text(&w, begin, w.n), out);
    return 1;
}
