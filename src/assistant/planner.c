/* planner.c - see planner.h. A conversation is a list of questions: the first stands by itself, each
 * other one changes what came of those before. The memo keeps their texts and what was chosen when the
 * planner asked back; all are read anew each time, so nothing in it can be out of date. */
#include "assistant/planner.h"

#include "assistant/describe.h"
#include "assistant/internal.h"
#include "assistant/plan_query.h"
#include "base/fold.h"
#include "base/limits.h"
#include "json/write.h"

#define MEMO_MAX (64u << 10)
#define QUESTION_BYTES 4000
#define EXAMPLES 5

/* -------------------------------------------------------------------------- the memo */

static void read_memo(struct planner *t, str memo)
{
    struct json *v;
    struct err ignored = ERR_INIT;
    if (!memo.p || memo.n > MEMO_MAX || json_parse(t->arena, memo, &v, &ignored) < 0)
        return;
    const struct json *turns = json_get(v, "turns");
    for (const struct json *q = json_is(turns, JSON_ARRAY) ? turns->head : NULL;
         q && t->turns_n < LIMIT_PLANNER_TURNS; q = q->next) {
        str text = json_get_text(q, "question");
        const struct json *picks = json_get(q, "picks");
        if (!text.p || text.n > QUESTION_BYTES)
            continue;
        t->turns[t->turns_n].question = text;
        t->turns[t->turns_n++].picks = json_share(
            t->arena, json_is(picks, JSON_OBJECT) ? picks : json_new(t->arena, JSON_OBJECT));
    }
    t->asked = json_get(v, "asked");
}

static str write_memo(const struct planner *t, const struct doubt *d)
{
    struct buf b = BUF_INIT(MEMO_MAX);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    json_key(&w, "turns");
    json_open(&w, '[');
    for (size_t i = 0; i < t->turns_n; i++) {
        json_open(&w, '{');
        json_key(&w, "question");
        json_str(&w, t->turns[i].question);
        json_key(&w, "picks");
        json_tree(&w, t->turns[i].picks);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    if (d && d->choices_n) {
        json_key(&w, "asked");
        json_open(&w, '{');
        json_key(&w, "key");
        json_str(&w, d->key);
        json_key(&w, "choices");
        json_open(&w, '[');
        for (size_t i = 0; i < d->choices_n; i++) {
            json_open(&w, '{');
            json_key(&w, "text");
            json_str(&w, d->choices[i].text);
            json_key(&w, "pick");
            json_str(&w, d->choices[i].pick);
            json_close(&w, '}');
        }
        json_close(&w, ']');
        json_close(&w, '}');
    }
    json_close(&w, '}');
    str out = b.full ? STR_NULL : arena_str(t->arena, buf_view(&b));
    buf_release(&b);
    return out;
}

/* -------------------------------------------------------------------------- choices */

static bool says_same(struct arena *a, str x, str y)
{
    x = str_trim(x);
    y = str_trim(y);
    return x.n && str_eq(fold_lower(a, x), fold_lower(a, y));
}

/* The message is one of the choices, or its number: the last question is read again with it. */
static bool take_choice(struct planner *t, str message)
{
    const struct json *choices = json_get(t->asked, "choices");
    str key = json_get_text(t->asked, "key");
    int64_t number = 0, n = 0;
    if (!t->turns_n || !key.p || !json_is(choices, JSON_ARRAY))
        return false;
    bool counted = str_to_i64(str_trim(message), &number);
    for (const struct json *c = choices->head; c; c = c->next) {
        n++;
        if (!(counted && number == n) && !says_same(t->arena, message, json_get_text(c, "text")))
            continue;
        str pick = json_get_text(c, "pick");
        json_set(t->turns[t->turns_n - 1].picks, key, json_new_str(t->arena, pick.p ? pick : STR("")));
        return true;
    }
    t->turns_n--; /* the question that nobody answered */
    return false;
}

static void add_turn(struct planner *t, str question)
{
    if (t->turns_n == LIMIT_PLANNER_TURNS) { /* the second: the first is what all others change */
        memmove(t->turns + 1, t->turns + 2, (t->turns_n - 2) * sizeof(*t->turns));
        t->turns_n--;
    }
    t->turns[t->turns_n++] = (struct turn){ question, json_new(t->arena, JSON_OBJECT) };
}

/* -------------------------------------------------------------------------- reading the turns */

int planner_part(struct planner *t, str question, const struct json *picks, struct reading *out,
                 struct doubt *d)
{
    return reading_read(t->project, t->arena, t->lexicon, question, picks, out, d, t->err);
}

static bool in_doubt(const struct doubt *d)
{
    return d->question.p || d->refusal.p;
}

/* Does it stand by itself? */
static bool complete(const struct reading *r, bool first)
{
    bool only_people = r->series_n == 1 && r->series[0].event == ANY_EVENT;
    if (r->intent == INTENT_NONE)
        return false;
    return first || !(r->again || (r->pronoun && only_people));
}

/* The last turn's question read, on the ones before when it needs them; turns that are not leaned on any
 * more are forgotten. */
static int read_turns(struct planner *t, struct reading *out, struct doubt *d)
{
    struct reading last, *before = arena_new_of(t->arena, struct reading);
    size_t end = t->turns_n - 1;
    int rc = planner_part(t, t->turns[end].question, t->turns[end].picks, &last, d);
    if (rc < 0 || (in_doubt(d) && !end))
        return rc;
    if (complete(&last, end == 0) || in_doubt(d)) {
        t->turns[0] = t->turns[end];
        t->turns_n = 1;
        *out = last;
        return 0;
    }
    for (size_t i = 0; i < end; i++) {
        struct doubt ignored;
        struct reading next;
        rc = planner_part(t, t->turns[i].question, t->turns[i].picks, i ? &next : before, &ignored);
        if (rc < 0)
            return rc;
        if (i)
            reading_follow(before, &next);
    }
    if (end && before->intent != INTENT_NONE && reading_follow(before, &last)) {
        *out = *before;
        return 0;
    }
    *out = last;
    return 0;
}

/* -------------------------------------------------------------------------- what comes of it */

static void add_example(struct planner *t, struct planner_plan *out, str text)
{
    str *list = (str *)out->examples;
    if (!list)
        list = arena_alloc(t->arena, EXAMPLES * sizeof(*list));
    if (out->examples_n < EXAMPLES)
        list[out->examples_n++] = text;
    out->examples = list;
}

static str spoken(struct arena *a, str name)
{
    char *out = arena_z(a, name);
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] != '$')
            out[n++] = name.p[i];
    return (str){ out, n };
}

void planner_examples(struct planner *t, struct planner_plan *out)
{
    const struct planner_project *p = t->project;
    str names[2] = { STR_NULL, STR_NULL };
    size_t n = 0;
    for (size_t i = 0; i < p->events_n && n < 2; i++)
        if (!str_starts(p->events[i].name, STR("$")))
            names[n++] = spoken(t->arena, p->events[i].name);
    for (size_t i = 0; i < p->events_n && n < 2; i++)
        if (str_starts(p->events[i].name, STR("$")))
            names[n++] = spoken(t->arena, p->events[i].name);
    add_example(t, out, STR("Which events are there?"));
    if (n)
        add_example(t, out, arena_printf(t->arena, "How many " STR_FMT " last week?", STR_ARG(names[0])));
    if (n)
        add_example(t, out, arena_printf(t->arena, STR_FMT " by country, last 90 days", STR_ARG(names[0])));
    if (n > 1)
        add_example(t, out, arena_printf(t->arena, "Funnel from " STR_FMT " to " STR_FMT " within 7 days",
                                         STR_ARG(names[0]), STR_ARG(names[1])));
    if (n)
        add_example(t, out, arena_printf(t->arena, "Why did " STR_FMT " drop last week?", STR_ARG(names[0])));
}

void planner_refuse(struct planner *t, struct planner_plan *out, str text)
{
    out->kind = PLANNER_REFUSAL;
    out->text = text;
    planner_examples(t, out);
    t->turns_n = 0;
    out->memo = STR_NULL;
}

void planner_ask(struct planner *t, struct planner_plan *out, const struct doubt *d)
{
    out->kind = PLANNER_QUESTION;
    out->text = d->question;
    out->choices = arena_alloc(t->arena, (d->choices_n + 1) * sizeof(*out->choices));
    for (size_t i = 0; i < d->choices_n; i++)
        out->choices[i] = d->choices[i].text;
    out->choices_n = d->choices_n;
    out->memo = write_memo(t, d);
}

static void answer(struct planner *t, struct planner_plan *out, struct reading *r)
{
    struct planner_wording *wording = arena_new_of(t->arena, struct planner_wording);
    plan_complete(t->project, t->arena, r);
    wording->reading = *r;
    out->kind = PLANNER_ANSWER;
    out->insights = arena_alloc(t->arena, PLAN_INSIGHTS * sizeof(*out->insights));
    out->insights_n = plan_queries(t->project, t->arena, r, out->insights);
    out->understood = describe_reading(t->project, t->arena, r);
    out->wording = wording;
    out->memo = write_memo(t, NULL);
}

/* What is no question of numbers. 1: it was such a one; in doubt, or in out. */
static int whole_kinds(struct planner *t, struct planner_plan *out, struct doubt *d)
{
    struct turn *last = &t->turns[t->turns_n - 1];
    int rc = planner_list(t, last->question, out);
    *d = (struct doubt){ 0 };
    if (rc == 0)
        rc = planner_dashboard(t, last->question, last->picks, out, d);
    if (rc > 0) { /* nothing leans on those */
        t->turns[0] = *last;
        t->turns_n = 1;
    }
    return rc;
}

static const char no_subject[] =
    "I did not find what to look at: name an event of this project, as it is called or in words of your own.";

int planner_read(const struct planner_project *p, struct arena *a, str question, str memo,
                 struct planner_plan *out, struct err *e)
{
    struct planner t = { .project = p, .arena = a, .err = e, .lexicon = lexicon_new(a) };
    struct reading r;
    struct doubt d;
    *out = (struct planner_plan){ 0 };
    if (question.n > QUESTION_BYTES || !str_utf8_valid(question)) {
        planner_refuse(&t, out, STR("That is too long for me: ask one question, in a sentence or two."));
        return 0;
    }
    read_memo(&t, memo);
    if (!take_choice(&t, question))
        add_turn(&t, question);
    int rc = whole_kinds(&t, out, &d);
    if (rc == 0)
        rc = read_turns(&t, &r, &d);
    else if (rc > 0 && !in_doubt(&d))
        return 0;
    if (rc < 0)
        return rc;
    if (d.refusal.p)
        planner_refuse(&t, out, d.refusal);
    else if (d.question.p)
        planner_ask(&t, out, &d);
    else if (r.intent == INTENT_NONE)
        planner_refuse(&t, out, STR(no_subject));
    else
        answer(&t, out, &r);
    return 0;
}
