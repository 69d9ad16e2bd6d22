/* reading_grammar.c - what is asked of the events, properties, values and times that were found. Each
 * function knows one kind of phrase and marks its words. */
#include "assistant/reader.h"

/* -------------------------------------------------------------------------- what stands before */

/* Right before word i but for small words and numbers. */
static bool right_before(const struct reader *r, size_t i, enum role role)
{
    for (size_t back = 1; back <= LEXEME_WORDS && back <= i; back++) {
        size_t n = words_role(&r->words, i - back, role, NULL);
        bool small = n && n <= back;
        for (size_t j = i - back + n; small && j < i; j++)
            small = reader_small(r, j) || r->words.list[j].number;
        if (small)
            return true;
    }
    return false;
}

static bool preceded(const struct reader *r, size_t i, enum role role)
{
    for (size_t back = 1; back <= LEXEME_WORDS && back <= i; back++) {
        size_t n = words_role(&r->words, i - back, role, NULL);
        bool small = n && n <= back;
        for (size_t j = i - back + n; small && j < i; j++)
            small = reader_small(r, j) || r->words.list[j].number || r->words.list[j].used ||
                    words_role(&r->words, j, ROLE_NEW, NULL);
        if (small)
            return true;
    }
    return false;
}

static void use_role_before(struct reader *r, size_t i, enum role role)
{
    for (size_t back = i < LEXEME_WORDS ? i : LEXEME_WORDS; back; back--) { /* the longest phrase first */
        size_t n = words_role(&r->words, i - back, role, NULL);
        bool small = n && n <= back;
        for (size_t j = i - back + n; small && j < i; j++)
            small = reader_small(r, j) || r->words.list[j].number || words_role(&r->words, j, role, NULL);
        if (small)
            words_use(&r->words, i - back, n);
    }
}

/* -------------------------------------------------------------------------- series */

static bool from_lexicon(struct reader *r)
{
    int value;
    for (size_t i = 0; i < r->words.n; i++) {
        size_t n = words_role(&r->words, i, ROLE_CANNOT, &value);
        if (!n || (reader_item_at(r, i) && !reader_item_at(r, i)->tentative))
            continue;
        words_use(&r->words, i, n);
        reader_refuse(r, str_of(lexicon_cannot(value)));
        return false;
    }
    return true;
}

static struct series *add_series(struct reader *r, int event, size_t at)
{
    struct reading *o = r->out;
    if (o->series_n == READING_SERIES) {
        reader_refuse(r, STR("That are more events than I can look at in one question."));
        return NULL;
    }
    o->series[o->series_n] = (struct series){ .event = event, .at = at };
    return &o->series[o->series_n++];
}

static void read_series(struct reader *r)
{
    for (size_t k = 0; k < r->items_n; k++) {
        struct item *it = &r->items[k];
        if (it->kind != ITEM_EVENT || it->tentative)
            continue;
        reader_settle(r, it);
        it->used = true;
        struct series *s = add_series(r, it->index, it->from);
        if (!s)
            return;
        for (size_t back = 1; back <= 4 && back <= it->from; back++) { /* "did not buy" */
            size_t n = words_role(&r->words, it->from - back, ROLE_NOT, NULL);
            if (n && n <= back) {
                s->not = true;
                words_use(&r->words, it->from - back, n);
            }
            if (!reader_small(r, it->from - back))
                break;
        }
    }
}

/* -------------------------------------------------------------------------- people */

/* The most frequent event that a group of words is all of the name of. */
static int event_that_means(const struct reader *r, const char *same)
{
    uint16_t c = (uint16_t)(uintptr_t)map_get(&r->names.concepts, str_of(same));
    for (uint32_t k = 1; c && k <= r->names.with[c][0]; k++) {
        const struct name *name = &r->names.list[r->names.with[c][k]];
        if (name->kind == NAME_EVENT && name->n == 1)
            return (int)name->index;
    }
    return ANY_EVENT;
}

/* The first word from i on that says something and is no small one. */
static size_t next_telling(const struct reader *r, size_t i)
{
    while (i < r->words.n && !reader_item_at((struct reader *)r, i) &&
           (reader_small(r, i) || words_role(&r->words, i, ROLE_UNIQUE, NULL) ||
            words_role(&r->words, i, ROLE_NEW, NULL) || words_role(&r->words, i, ROLE_ACTIVE, NULL) ||
            words_role(&r->words, i, ROLE_EVERY, NULL)))
        i++;
    return i;
}

static void read_people(struct reader *r)
{
    struct words *w = &r->words;
    struct reading *o = r->out;
    bool counts_events = false;
    int visitors = 0, value;
    for (size_t i = 0; i < w->n; i++) {
        int times = 0;
        size_t n = words_role(w, i, ROLE_COUNT, &times);
        if (!n)
            continue;
        use_role_before(r, i, ROLE_BY); /* "by number of" */
        struct item *it = reader_item_at(r, next_telling(r, i + n));
        counts_events |= times || (it && it->kind == ITEM_EVENT && !it->tentative);
        if (it && it->kind == ITEM_PROPERTY && !it->tentative && !it->used && !it->by)
            reader_refuse(r, STR("I cannot say how many different values a property has. Ask for a number by it, "
                                 "for instance “sign-ups by country”."));
        words_use(w, i, n);
        i += n - 1;
    }
    for (size_t i = 0; i < w->n; i++) {
        size_t n = words_role(w, i, ROLE_PEOPLE, &value);
        if (!n)
            continue;
        o->people |= !counts_events;
        visitors |= value;
        words_use(w, i, n);
        if (i && words_role(w, i - 1, ROLE_BY, NULL)) /* "completed by users" */
            words_use(w, i - 1, 1);
    }
    for (int unique = 0; reader_take(r, ROLE_UNIQUE, &unique);)
        o->people = true;
    int unit = 0;
    bool active = reader_take(r, ROLE_ACTIVE, &unit);
    if (active && unit) { /* "DAU" */
        o->people = o->interval_given = o->over_time = true;
        o->interval = (enum unit)unit;
    }
    if (reader_take(r, ROLE_FIRST_TIME, NULL))
        o->first_time = true;
    int pageview = reader_event(r, "$pageview");
    if (visitors && pageview != ANY_EVENT && (!o->series_n || o->series[0].event != pageview) && !active)
        o->from_funnel = true;
    if (o->series_n || (!o->people && !active))
        return;
    add_series(r, visitors && !active ? pageview : ANY_EVENT, 0);
    o->from_funnel = false;
}

/* "new users": seen for the first time, or signed up? "new sign-ups" says nothing more. */
static void read_new(struct reader *r)
{
    struct reading *o = r->out;
    struct doubt *d = r->doubt;
    str key = STR("new"), pick = reader_pick(r, key);
    bool of_people = false;
    for (size_t i = 0; i < r->words.n; i++)
        of_people |= words_role(&r->words, i, ROLE_NEW, NULL) && words_role(&r->words, i + 1, ROLE_PEOPLE, NULL);
    if (!of_people)
        return;
    int signup = event_that_means(r, "signup");
    if (str_eqz(pick, "first") || (signup == ANY_EVENT && !o->series_n)) {
        o->first_time = true;
    } else if (pick.p && !o->series_n) {
        add_series(r, reader_event(r, arena_z(r->arena, pick)), 0);
    } else if (o->series_n) {
        reader_refuse(r, STR("I cannot tell new people from others there. Ask for “people who did it for the "
                             "first time”."));
    } else if (!reader_doubts(r)) {
        str name = r->project->events[signup].name;
        d->key = key;
        d->question = STR("What makes them new?");
        d->choices[0].text = arena_printf(r->arena, "the event " STR_FMT, STR_ARG(name));
        d->choices[0].pick = name;
        d->choices[1].text = STR("they were seen for the first time");
        d->choices[1].pick = STR("first");
        d->choices_n = 2;
    }
    while (reader_take(r, ROLE_NEW, NULL))
        ;
}

static void read_sessions(struct reader *r)
{
    if (!reader_take(r, ROLE_SESSIONS, NULL))
        return;
    r->out->sessions = true;
    if (!r->out->series_n)
        add_series(r, ANY_EVENT, 0);
}

static void read_any_event(struct reader *r)
{
    bool any = false;
    while (reader_take(r, ROLE_ANY_EVENT, NULL))
        any = true;
    if (any && !r->out->series_n)
        add_series(r, ANY_EVENT, 0);
    r->out->by_event = any && r->out->order && r->out->series[0].event == ANY_EVENT;
}

/* -------------------------------------------------------------------------- intervals, order, change */

static void read_interval(struct reader *r)
{
    int unit;
    struct words *w = &r->words;
    while (reader_take(r, ROLE_SERIES, NULL))
        r->out->over_time = true;
    while (reader_take(r, ROLE_EVERY, &unit)) {
        r->out->interval = (enum unit)unit;
        r->out->interval_given = true;
    }
    for (size_t i = 0; i < w->n; i++) { /* "which day", "busiest week" */
        size_t n = words_role(w, i, ROLE_WHICH, NULL);
        n = n ? n : words_role(w, i, ROLE_TOP, NULL);
        if (n && words_role(w, i + n, ROLE_UNIT, &unit) && unit >= UNIT_HOUR && unit <= UNIT_MONTH) {
            r->out->interval = (enum unit)unit;
            r->out->interval_given = true;
            r->out->order = r->out->order ? r->out->order : 1;
            words_use(w, i, n + 1);
        }
    }
    if (r->out->interval_given)
        r->out->over_time = true;
}

static void read_order(struct reader *r)
{
    struct words *w = &r->words;
    int order;
    double number;
    for (size_t i = 0; i < w->n; i++) {
        size_t n = words_role(w, i, ROLE_TOP, &order);
        int unit;
        if (!n || words_role(w, i + n, ROLE_UNIT, &unit))
            continue;
        r->out->order = order;
        words_use(w, i, n);
        size_t before = i, after = i + n;
        if (words_number(w, after, &number) && number >= 1 && number <= 100) {
            r->out->top = (int)number;
            words_use(w, after, 1);
        } else if (before && words_number(w, before - 1, &number) && number >= 1 && number <= 100) {
            r->out->top = (int)number;
            words_use(w, before - 1, 1);
        }
    }
}

static void read_change(struct reader *r)
{
    int change;
    if (reader_take(r, ROLE_WHY, NULL) && r->out->intent == INTENT_NONE)
        r->out->intent = INTENT_WHY;
    while (reader_take(r, ROLE_COMPARE, NULL) || reader_take(r, ROLE_PREVIOUS, NULL))
        r->out->compare = true;
    for (size_t i = 0; i < r->words.n && r->out->order == 0; i++) {
        size_t n = words_role(&r->words, i, ROLE_CHANGE, &change);
        if (!n || words_role(&r->words, i, ROLE_CONVERT, NULL) > n) /* "drop off" */
            continue;
        words_use(&r->words, i, n);
        r->out->change = change;
        r->out->compare = true;
    }
    if (r->out->intent == INTENT_WHY && !r->out->compare && r->out->series_n)
        reader_refuse(r, STR("I can say what a change is made of, no reasons: ask why a number rose or fell, or "
                             "for that number by a property."));
    if (r->out->intent == INTENT_WHY)
        r->out->compare = true;
    if (r->versus_when && !r->out->other.given && r->items_n && !r->out->again)
        reader_refuse(r, STR("Which time shall I set against that one? Name both, for instance “this week vs "
                             "last week”."));
    bool versus = false;
    if (r->out->other.given || r->out->compare)
        while (reader_take(r, ROLE_VERSUS, NULL))
            versus = true;
    if (r->out->other.given && !versus && !r->out->compare && !reader_has(r, ROLE_AND) &&
        !reader_has(r, ROLE_OR))
        reader_refuse(r, STR("You named two times: I do not see how they belong together."));
}

/* -------------------------------------------------------------------------- numbers of a property */

static bool is_money(const struct reader *r, int property)
{
    static const char *const words[] = { "amount", "revenue", "price", "value", "total", "sum" };
    const struct planner_property *p = &r->project->properties[property];
    str pieces[8];
    size_t n = p->owner == PLANNER_EVENT && reader_numeric(r, property)
                   ? names_split(r->arena, p->name, pieces, ARRAY_LEN(pieces))
                   : 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            if (str_eq(pieces[i], lexicon_stem(r->arena, str_of(words[k]))))
                return true;
    return false;
}

static bool with_all(const struct reader *r, int property)
{
    for (size_t i = 0; i < r->out->series_n; i++)
        if (!reader_came_with(r, property, r->out->series[i].event))
            return false;
    return true;
}

static int money(const struct reader *r)
{
    for (size_t i = 0; i < r->project->properties_n; i++)
        if (is_money(r, (int)i) && with_all(r, (int)i))
            return (int)i;
    return NO_PROPERTY;
}

/* Whose money, when no event is named: that of all events it came with, unless one is chosen. */
static void add_paying(struct reader *r, int property)
{
    const struct planner_property *p = &r->project->properties[property];
    struct doubt *d = r->doubt;
    str key = STR("revenue"), pick = reader_pick(r, key);
    for (size_t i = 0; i < p->events_n && i < READING_SERIES; i++) {
        str name = r->project->events[p->events[i]].name;
        if (p->events_n == 1 || str_eq(pick, name) || str_eqz(pick, "*"))
            add_series(r, (int)p->events[i], 0);
    }
    if (r->out->series_n || reader_doubts(r) || !p->events_n)
        return;
    str text = reader_property_text(r->project, r->arena, property);
    d->key = key;
    d->question = arena_printf(r->arena, "Several events carry " STR_FMT ". Which of them?", STR_ARG(text));
    d->choices[0].text = STR("all of them together");
    d->choices[d->choices_n++].pick = STR("*");
    for (size_t i = 0; i < p->events_n && d->choices_n < READING_CHOICES; i++) {
        d->choices[d->choices_n].pick = r->project->events[p->events[i]].name;
        d->choices[d->choices_n].text =
            arena_printf(r->arena, "the event " STR_FMT, STR_ARG(d->choices[d->choices_n].pick));
        d->choices_n++;
    }
    add_series(r, (int)p->events[0], 0);
}

/* A number of the question's own: "average seats", "total amount". */
static int numeric_item(struct reader *r, bool math)
{
    for (size_t k = 0; k < r->items_n; k++) {
        struct item *it = &r->items[k];
        if (it->kind != ITEM_PROPERTY || it->used)
            continue;
        for (size_t c = 0; c < it->close_n; c++)
            if (reader_numeric(r, (int)it->close[c])) {
                if (it->by || (it->tentative && !math))
                    break;
                it->used = true;
                words_use(&r->words, it->from, it->to - it->from);
                return (int)it->close[c];
            }
    }
    return NO_PROPERTY;
}

static bool splits(const struct reader *r)
{
    for (size_t k = 0; k < r->items_n; k++)
        if (r->items[k].kind == ITEM_PROPERTY && !r->items[k].used)
            return true;
    return r->out->breakdowns_n > 0;
}

/* Is it the price of one thing? */
static bool is_price(const struct reader *r, int property)
{
    static const char *const words[] = { "price", "cost", "fee" };
    str pieces[8];
    size_t n = property == NO_PROPERTY
                   ? 0
                   : names_split(r->arena, r->project->properties[property].name, pieces, ARRAY_LEN(pieces));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            if (str_eq(pieces[i], lexicon_stem(r->arena, str_of(words[k]))))
                return true;
    return false;
}

/* "price by plan": which of the prices? False: that is asked now. */
static bool settle_price(struct reader *r, int *math)
{
    static const struct {
        const char *pick;
        enum math math;
    } maths[] = { { "the average price", MATH_AVG }, { "the lowest price", MATH_MIN },
                  { "the highest price", MATH_MAX }, { "all of them added up", MATH_SUM } };
    struct doubt *d = r->doubt;
    str key = STR("price"), pick = reader_pick(r, key);
    for (size_t i = 0; i < ARRAY_LEN(maths); i++)
        if (str_eqz(pick, maths[i].pick)) {
            *math = maths[i].math;
            return true;
        }
    if (reader_doubts(r))
        return false;
    d->key = key;
    d->question = STR("Which price do you mean?");
    for (size_t i = 0; i < ARRAY_LEN(maths); i++)
        d->choices[i].text = d->choices[i].pick = str_of(maths[i].pick);
    d->choices_n = ARRAY_LEN(maths);
    return false;
}

static void read_math(struct reader *r)
{
    struct reading *o = r->out;
    int math, how_much = 0;
    bool given = reader_take(r, ROLE_MATH, &math), price = false;
    while (reader_take(r, ROLE_PRICE, NULL))
        price = true;
    bool amount = reader_take(r, ROLE_AMOUNT, &how_much);
    while (reader_take(r, ROLE_AMOUNT, NULL))
        amount = true, how_much = 0;
    o->per_person = reader_take(r, ROLE_PER_PERSON, NULL);
    int property = numeric_item(r, given);
    price |= is_price(r, property);
    if (property == NO_PROPERTY && price)
        property = money(r);
    if (property != NO_PROPERTY && !given && o->order && !splits(r)) { /* "the highest amount" */
        math = o->order > 0 ? MATH_MAX : MATH_MIN;
        given = true;
        o->order = 0;
    }
    if (property == NO_PROPERTY && (amount || (given && math != MATH_SUM && !o->per_person && !o->sessions)))
        property = o->over_time && given && !amount ? NO_PROPERTY : money(r);
    if (property != NO_PROPERTY && price && !given)
        given = settle_price(r, &math);
    if (property == NO_PROPERTY && (price || (amount && !how_much)))
        reader_refuse(r, STR("No number of this project looks like money to me. Name the event and the "
                             "property, for instance “sum of amount of orders”."));
    if (property == NO_PROPERTY) {
        o->math_given = given && math != MATH_SUM;
        o->math = o->math_given ? (enum math)math : MATH_TOTAL;
        return;
    }
    o->math = given ? (enum math)math : MATH_SUM;
    o->math_given = true;
    o->math_property = property;
    if (o->per_person && o->math != MATH_SUM && o->math != MATH_AVG)
        reader_refuse(r, STR("Of numbers a person I can only say the average."));
    if (!o->series_n)
        add_paying(r, property);
    o->sums_apart = o->series_n > 1 && o->series[0].at == 0;
}

/* -------------------------------------------------------------------------- breakdowns */

static void add_breakdown(struct reader *r, int property)
{
    struct reading *o = r->out;
    for (size_t i = 0; i < o->breakdowns_n; i++)
        if (o->breakdowns[i] == property)
            return;
    if (o->breakdowns_n == READING_BREAKDOWNS)
        reader_refuse(r, STR("I can split by three properties at most."));
    else
        o->breakdowns[o->breakdowns_n++] = property;
}

/* Of those that are called alike, the one that came with the events. */
static void prefer_coming(const struct reader *r, struct item *it)
{
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t c = 0; c < it->close_n; c++) {
            const struct planner_property *p = &r->project->properties[it->close[c]];
            if ((p->owner == PLANNER_EVENT) == !pass && with_all(r, (int)it->close[c]) &&
                p->owner != PLANNER_GROUP) {
                it->index = (int)it->close[c];
                return;
            }
        }
}

/* "the brand campaign": a part of a value before its property's name. */
static bool names_value(const struct reader *r, const struct item *it)
{
    for (size_t i = 0; i < r->items_n; i++)
        if (r->items[i].kind == ITEM_VALUE && r->items[i].filter.property == it->index &&
            r->items[i].to == it->from)
            return true;
    return false;
}

/* "billing errors": neither split by it nor a condition on it. */
static void refuse_beside(struct reader *r, const struct item *it)
{
    str name = r->project->properties[it->index].name;
    reader_refuse(r, arena_printf(r->arena,
                                  "I do not see what you want of `" STR_FMT "`: say “by " STR_FMT "” to split by "
                                  "it, or name the value it should have.",
                                  STR_ARG(name), STR_ARG(name)));
}

static void read_breakdowns(struct reader *r)
{
    bool some = false;
    for (size_t k = 0; k < r->items_n; k++) {
        struct item *it = &r->items[k];
        if (it->kind != ITEM_PROPERTY || it->used)
            continue;
        bool asked = it->by || preceded(r, it->from, ROLE_WHICH) || r->out->order ||
                     (some && preceded(r, it->from, ROLE_AND)) ||
                     words_role(&r->words, it->to, ROLE_OF, NULL) || /* "the country of purchases" */
                     words_role(&r->words, it->to, ROLE_BY, NULL);   /* "countries by purchases" */
        if (it->tentative && !asked)
            continue;
        if (!asked && names_value(r, it)) {
            it->used = true;
            words_use(&r->words, it->from, it->to - it->from);
            continue;
        }
        if (!asked && r->out->series_n && !r->out->again)
            refuse_beside(r, it);
        reader_settle(r, it);
        prefer_coming(r, it);
        it->used = true;
        some = true;
        words_use(&r->words, it->from, it->to - it->from);
        add_breakdown(r, it->index);
        double number;
        if (r->out->order && !r->out->top && it->from && words_number(&r->words, it->from - 1, &number) &&
            number >= 1 && number <= 100) {
            r->out->top = (int)number; /* "the 3 countries with the most" */
            words_use(&r->words, it->from - 1, 1);
        }
    }
    while (reader_take(r, ROLE_EACH, NULL))
        ;
}

/* "top 10 users by tasks", "which customers" */
static bool read_who(struct reader *r)
{
    static const char *const names[] = { "email", "name", "username" };
    struct words *w = &r->words;
    for (size_t i = 0; i < w->n; i++) {
        size_t n = words_role(w, i, ROLE_PEOPLE, NULL);
        bool which = right_before(r, i, ROLE_WHICH) && !(i && words_role(w, i - 1, ROLE_DO, NULL));
        if (!n || !(right_before(r, i, ROLE_TOP) || which) || r->out->series_n == 0)
            continue;
        for (size_t k = 0; k < ARRAY_LEN(names); k++)
            for (size_t p = 0; p < r->project->properties_n; p++)
                if (r->project->properties[p].owner == PLANNER_PERSON &&
                    str_eqz(r->project->properties[p].name, names[k])) {
                    add_breakdown(r, (int)p);
                    r->out->order = r->out->order ? r->out->order : 1;
                    words_use(w, i, n);
                    return true;
                }
    }
    return false;
}

/* "tasks per board", "purchases/sign-ups" */
static bool divides(const struct reader *r, size_t at)
{
    const struct words *w = &r->words;
    bool slash = at && w->list[at].at && w->question.p[w->list[at].at - 1] == '/' && !w->list[at].path;
    bool ranks = r->out->order || r->out->math_given || r->out->intent != INTENT_TREND;
    return (slash && w->list[at - 1].end + 1 == w->list[at].at) || (!ranks && right_before(r, at, ROLE_BY));
}

/* "by sign-ups": what is counted, not what is split by. */
static void use_by_event(struct reader *r)
{
    for (size_t i = 1; i < r->out->series_n; i++)
        if (divides(r, r->out->series[i].at))
            reader_refuse(r, STR("I cannot divide one number by another: ask for each of them, or for how many "
                                 "of those who did the one did the other."));
    for (size_t k = 0; k < r->items_n; k++)
        if (r->items[k].kind == ITEM_EVENT)
            use_role_before(r, r->items[k].from, ROLE_BY);
    if (r->out->math_given || r->out->people || r->out->sessions)
        while (r->out->order && reader_take(r, ROLE_BY, NULL))
            ;
}

static void read_where(struct reader *r)
{
    int country = reader_property(r, "$geoip_country_name");
    int referrer = reader_property(r, "$referring_domain");
    struct doubt *d = r->doubt;
    str key = STR("where"), pick = reader_pick(r, key);
    if (!reader_take(r, ROLE_WHERE, NULL))
        return;
    if (country == NO_PROPERTY && referrer == NO_PROPERTY)
        reader_refuse(r, STR("The events of this project do not tell where they come from."));
    else if (country == NO_PROPERTY || str_eqz(pick, "site"))
        add_breakdown(r, referrer);
    else if (referrer == NO_PROPERTY || str_eqz(pick, "country"))
        add_breakdown(r, country);
    else if (!reader_doubts(r)) {
        d->key = key;
        d->question = STR("By country, or by the site that sent them?");
        d->choices[0].text = STR("by country");
        d->choices[0].pick = STR("country");
        d->choices[1].text = STR("by the site that sent them");
        d->choices[1].pick = STR("site");
        d->choices_n = 2;
    }
}

/* -------------------------------------------------------------------------- conditions */

static void add_filter(struct filter *list, size_t *n, const struct filter *f)
{
    if (*n < READING_FILTERS)
        list[(*n)++] = *f;
}

static struct series *series_before(struct reading *o, size_t at)
{
    struct series *found = NULL;
    for (size_t i = 0; i < o->series_n; i++)
        if (o->series[i].at < at)
            found = &o->series[i];
    return found;
}

/* "mobile vs desktop": both are looked at, apart. */
static bool read_versus(struct reader *r)
{
    for (size_t i = 0; i < r->items_n; i++) { /* "compare mobile and desktop" */
        const struct filter *f = &r->items[i].filter;
        if (r->items[i].kind == ITEM_VALUE && f->values_n > 1 && f->op == OP_EXACT && !f->number &&
            !r->out->other.given && reader_has(r, ROLE_COMPARE)) {
            while (reader_take(r, ROLE_COMPARE, NULL))
                ;
            add_breakdown(r, f->property);
            return true;
        }
    }
    for (size_t i = 0; i + 1 < r->items_n; i++) {
        struct item *a = &r->items[i], *b = &r->items[i + 1];
        if (a->kind != ITEM_VALUE || b->kind != ITEM_VALUE || a->filter.property != b->filter.property)
            continue;
        for (size_t k = a->to; k < b->from; k++) {
            size_t n = words_role(&r->words, k, ROLE_VERSUS, NULL);
            if (!n || a->filter.values_n == READING_VALUES)
                continue;
            words_use(&r->words, k, n);
            a->filter.values[a->filter.values_n++] = b->filter.values[0];
            memmove(b, b + 1, (r->items_n - i - 2) * sizeof(*b));
            r->items_n--;
            add_breakdown(r, a->filter.property);
            return true;
        }
    }
    return false;
}

static void put_visitors_first(struct reader *r)
{
    struct reading *o = r->out;
    int pageview = reader_event(r, "$pageview");
    if (pageview == ANY_EVENT || o->series_n == READING_SERIES || o->series[0].event == pageview)
        return;
    memmove(o->series + 1, o->series, o->series_n * sizeof(*o->series));
    o->series[0] = (struct series){ .event = pageview };
    o->series_n++;
}

/* "pricing to sign-up": a page named before the steps is where they begin. */
static struct series *page_step(struct reader *r, const struct item *it)
{
    struct reading *o = r->out;
    int pageview = reader_event(r, "$pageview");
    if (o->intent != INTENT_FUNNEL || it->filter.property != reader_property(r, "$pathname") ||
        pageview == ANY_EVENT)
        return NULL;
    put_visitors_first(r);
    return o->series[0].event == pageview ? &o->series[0] : NULL;
}

/* In steps a condition belongs to the step before it, unless it stands at the end and fits all. */
static void place_filters(struct reader *r)
{
    struct reading *o = r->out;
    bool apart = false, steps = o->intent == INTENT_FUNNEL;
    for (size_t i = 0; i < r->items_n; i++)
        for (size_t k = i + 1; k < r->items_n; k++)
            apart |= o->series_n > 1 && r->items[i].kind == ITEM_VALUE && r->items[k].kind == ITEM_VALUE &&
                     r->items[i].filter.property == r->items[k].filter.property &&
                     !r->items[i].filter.number;
    for (size_t i = 0; i < r->items_n; i++) {
        const struct item *it = &r->items[i];
        struct series *s = it->kind == ITEM_VALUE ? series_before(o, it->from) : NULL;
        if (it->kind != ITEM_VALUE)
            continue;
        struct series *page = s ? NULL : page_step(r, it);
        if (page) {
            add_filter(page->filters, &page->filters_n, &it->filter);
            continue;
        }
        bool last = s && s == &o->series[o->series_n - 1];
        bool own = s && (apart || (steps && (!last || !with_all(r, it->filter.property))));
        if (own)
            add_filter(s->filters, &s->filters_n, &it->filter);
        else
            add_filter(o->filters, &o->filters_n, &it->filter);
    }
    if (o->filters_n || o->series_n)
        while (reader_take(r, ROLE_ONLY, NULL))
            ;
}

/* -------------------------------------------------------------------------- funnels */

static void swap_series(struct reading *o, size_t a, size_t b)
{
    struct series s = o->series[a];
    o->series[a] = o->series[b];
    o->series[b] = s;
}

/* WITHIN n UNIT, "a 7 day window". True: "of" what began it follows. */
static bool read_window(struct reader *r)
{
    struct words *w = &r->words;
    int unit;
    for (size_t i = 0; i < w->n; i++) {
        size_t lead = words_role(w, i, ROLE_WITHIN, NULL);
        lead = lead ? lead : words_role(w, i, ROLE_IN, NULL);
        double n = 1;
        size_t at = i + lead;
        bool article = lead && at < w->n && (str_eqz(w->list[at].text, "a") || str_eqz(w->list[at].text, "an") ||
                                             str_eqz(w->list[at].text, "one") ||
                                             str_eqz(w->list[at].text, "the"));
        bool every = lead && words_role(w, at, ROLE_EVERY, &unit) && article; /* "within a week" */
        bool number = !every && words_number(w, at, &n);
        size_t count = every ? words_role(w, at, ROLE_EVERY, NULL) : article || number ? 2 : 0;
        if (!lead || !count || n < 1 || n > 1000 ||
            (!every && !words_role(w, at + 1, ROLE_UNIT, &unit)) || unit > UNIT_MONTH)
            continue;
        r->out->window = (int)n;
        r->out->window_unit = (enum unit)unit;
        words_use(w, i, lead + count);
        return words_role(w, at + count, ROLE_OF, NULL) > 0 || words_role(w, at + count, ROLE_AFTER, NULL) > 0;
    }
    return false;
}

/* Does a role stand between the words of two series? */
static bool stands_between(const struct reader *r, size_t from, size_t to, enum role role)
{
    for (size_t i = from; i < to; i++)
        if (words_role(&r->words, i, role, NULL))
            return true;
    return false;
}

static void order_steps(struct reader *r, bool within_of)
{
    struct reading *o = r->out;
    if (o->series_n < 2)
        return;
    size_t first = o->series[0].at, last = o->series[o->series_n - 1].at;
    bool turned = o->series_n == 2 && (within_of || stands_between(r, first, last, ROLE_AFTER));
    if (o->series_n == 2 && stands_between(r, 0, first, ROLE_BEFORE))
        turned = true;
    if (turned)
        swap_series(o, 0, 1);
    while (reader_take(r, ROLE_AFTER, NULL) || reader_take(r, ROLE_BEFORE, NULL) ||
           reader_take(r, ROLE_THEN, NULL))
        ;
}

static bool linked_steps(const struct reader *r)
{
    const struct reading *o = r->out;
    if (o->series_n < 2)
        return false;
    size_t from = o->series[0].at, to = o->series[o->series_n - 1].at;
    static const enum role links[] = { ROLE_THEN, ROLE_AFTER, ROLE_BEFORE, ROLE_WITHIN, ROLE_TO };
    r->out->any_order = false;
    for (size_t i = 0; i < ARRAY_LEN(links); i++)
        for (size_t k = from; k < to; k++)
            if (words_role(&r->words, k, links[i], NULL) && !str_eqz(r->words.list[k].text, ",") &&
                !str_eqz(r->words.list[k].text, "also"))
                return true;
    r->out->any_order = !o->series[1].not && o->people && stands_between(r, from, to, ROLE_AND);
    return o->series[1].not || r->out->any_order;
}

/* "free to paid": the value of a property is no step, the path of a page is. */
static bool value_first(const struct reader *r)
{
    int page = reader_property(r, "$pathname");
    for (size_t i = 0; i < r->items_n; i++)
        if (r->items[i].kind == ITEM_VALUE && r->items[i].filter.property != page &&
            words_role(&r->words, r->items[i].to, ROLE_TO, NULL))
            return true;
    return false;
}

static bool read_funnel(struct reader *r, bool those)
{
    struct reading *o = r->out;
    bool visitors = o->from_funnel;
    bool funnel = reader_take(r, ROLE_FUNNEL, NULL);
    bool share = o->share;
    bool how_long = reader_take(r, ROLE_HOW_LONG, NULL), convert = reader_take(r, ROLE_CONVERT, NULL);
    while (reader_take(r, ROLE_CONVERT, NULL))
        convert = true;
    o->share = share || convert;
    o->how_long = how_long;
    if (share && o->series_n == 1 && !visitors && !funnel && !convert) {
        o->intent = INTENT_SHARE;
        return true;
    }
    bool linked = linked_steps(r);
    if (!funnel && !convert && !how_long && !(share && (o->series_n > 1 || visitors)) &&
        !(those && o->series_n > 1) && !linked)
        return false;
    bool vague = o->series_n == 1 && (o->series[0].event == ANY_EVENT || value_first(r));
    if (o->series_n && !vague && (visitors || o->series_n == 1))
        put_visitors_first(r);
    if (o->series_n < 2) {
        reader_refuse(r, STR("A funnel needs two events at least: name where it begins and where it ends."));
        return true;
    }
    o->intent = INTENT_FUNNEL;
    o->any_order &= !(funnel || convert || how_long || share || those);
    while (reader_take(r, ROLE_BETWEEN, NULL))
        ;
    order_steps(r, read_window(r));
    return true;
}

/* -------------------------------------------------------------------------- the other kinds */

static const struct kind_words {
    enum role role;
    enum intent intent;
} kinds[] = { { ROLE_LIFECYCLE, INTENT_LIFECYCLE }, { ROLE_STICKINESS, INTENT_STICKINESS },
              { ROLE_RETENTION, INTENT_RETENTION }, { ROLE_PATHS, INTENT_PATHS } };

/* "the paths to a purchase" */
static bool ends_at_series(const struct reader *r)
{
    for (size_t i = 0; r->out->series_n && i < r->out->series[0].at; i++)
        if (words_role(&r->words, i, ROLE_TO, NULL))
            return true;
    return false;
}

static bool read_kind(struct reader *r)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!reader_has(r, kinds[i].role))
            continue;
        while (reader_take(r, kinds[i].role, NULL))
            ;
        r->out->intent = kinds[i].intent;
        if (kinds[i].intent == INTENT_PATHS)
            r->out->path_end = reader_has(r, ROLE_BEFORE) || ends_at_series(r);
        if (kinds[i].intent == INTENT_PATHS)
            while (reader_take(r, ROLE_AFTER, NULL) || reader_take(r, ROLE_BEFORE, NULL))
                ;
        while (reader_take(r, ROLE_AND, NULL) || reader_take(r, ROLE_THEN, NULL))
            ;
        return true;
    }
    return false;
}

static void read_again(struct reader *r)
{
    struct reading *o = r->out;
    size_t n = words_role(&r->words, 0, ROLE_AGAIN, NULL);
    o->again = n > 0;
    words_use(&r->words, 0, n);
    if (!n)
        return;
    for (size_t more; (more = words_role(&r->words, n, ROLE_AGAIN, NULL)); n += more)
        words_use(&r->words, n, more);
}

/* "instead", "again" at the end. */
static void read_again_last(struct reader *r)
{
    for (size_t i = 0; i < r->words.n; i++)
        if (str_eqz(r->words.list[i].text, "instead") || str_eqz(r->words.list[i].text, "again")) {
            words_use(&r->words, i, 1);
            r->out->again = true;
        }
}

static void check_sense(struct reader *r)
{
    struct reading *o = r->out;
    for (size_t i = 0; i < o->series_n; i++)
        if (o->series[i].not && o->intent != INTENT_FUNNEL)
            reader_refuse(r, STR("I can say who did not do something only of those who did something else "
                                 "before: “of those who …, how many did not …”."));
    if (o->order && !o->breakdowns_n && !o->by_event && !o->over_time && o->intent == INTENT_TREND)
        reader_refuse(r, STR("The most of what? Name a property to rank by, for instance “top countries "
                             "by sign-ups”."));
    if (o->math_given && o->math_property == NO_PROPERTY && !o->per_person && !o->over_time && !o->sessions)
        reader_refuse(r, STR("Average, least or most of what? Name a property, or ask per person or per day."));
    if (o->other.given && o->intent != INTENT_TREND)
        reader_refuse(r, STR("I can set two stretches of time side by side for counts only."));
}

/* Properties that the question splits by, before words like "down" in "broken down by" mean more. */
static void mark_by(struct reader *r)
{
    for (size_t k = 0; k < r->items_n; k++) {
        struct item *it = &r->items[k];
        if (it->kind != ITEM_PROPERTY || it->used)
            continue;
        bool first = right_before(r, it->from, ROLE_BY) || right_before(r, it->from, ROLE_EACH);
        bool next = k && r->items[k - 1].by && right_before(r, it->from, ROLE_AND);
        if (!first && !next)
            continue;
        it->by = true;
        use_role_before(r, it->from, ROLE_BY);
        use_role_before(r, it->from, ROLE_EACH);
    }
}

/* "reasons for": the property of that name, unless a change is to be explained. */
static void settle_reasons(struct reader *r)
{
    for (size_t k = 0; k < r->items_n; k++) {
        struct item *it = &r->items[k];
        if (it->kind != ITEM_PROPERTY || !it->tentative || !words_role(&r->words, it->from, ROLE_WHY, NULL) ||
            reader_has(r, ROLE_CHANGE))
            continue;
        it->tentative = false;
        it->by = true;
        words_use(&r->words, it->from, it->to - it->from);
    }
}

/* "growth rate of": the "rate of" in it asks for no share. */
static void read_rates(struct reader *r)
{
    for (size_t i = 0; i < r->words.n; i++) {
        size_t n = words_role(&r->words, i, ROLE_COMPARE, NULL);
        for (size_t k = i + 1; k < i + n; k++)
            if (words_role(&r->words, k, ROLE_SHARE, NULL)) {
                words_use(&r->words, i, n);
                r->out->compare = true;
            }
    }
}

/* What needs its words before they are looked at one by one. */
static bool read_phrases(struct reader *r)
{
    read_rates(r);
    r->out->share = reader_take(r, ROLE_SHARE, NULL);
    bool those = reader_take(r, ROLE_THOSE, NULL);
    mark_by(r);
    settle_reasons(r);
    return those;
}

static void settle_intent(struct reader *r, bool those)
{
    struct reading *o = r->out;
    bool kind = o->intent != INTENT_NONE || read_funnel(r, those);
    if (!kind && !o->series_n && splits(r) && (o->order || reader_has(r, ROLE_WHICH)) && !o->again) {
        add_series(r, ANY_EVENT, 0); /* "the most popular browser" */
        o->people = true;
    }
    if (kind && !o->series_n && o->intent != INTENT_PATHS)
        add_series(r, ANY_EVENT, 0);
    if (o->intent == INTENT_RETENTION && o->series_n == 1 && o->series[0].event != ANY_EVENT &&
        o->series[0].event == event_that_means(r, "signup"))
        add_series(r, ANY_EVENT, SIZE_MAX); /* nobody signs up again: any use counts */
    if (!kind && !o->series_n)
        read_window(r);
    if (!kind && o->series_n)
        o->intent = INTENT_TREND;
    if (!kind || o->intent == INTENT_WHY)
        while (reader_take(r, ROLE_VERSUS, NULL))
            ;
}

void reader_grammar(struct reader *r)
{
    struct reading *o = r->out;
    read_again(r);
    read_again_last(r);
    if (!from_lexicon(r))
        return;
    read_series(r);
    bool those = read_phrases(r);
    if (!reader_has(r, ROLE_WHY))
        read_kind(r);
    read_versus(r);
    bool who = read_who(r);
    read_order(r);
    read_interval(r);
    read_any_event(r);
    read_change(r);
    read_math(r);
    read_new(r);
    read_people(r);
    if (who)
        o->people = false;
    read_sessions(r);
    read_where(r);
    settle_intent(r, those);
    read_breakdowns(r);
    use_by_event(r);
    while (reader_take(r, ROLE_NEW, NULL))
        ;
    place_filters(r);
    check_sense(r);
}
