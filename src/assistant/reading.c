/* reading.c - reads a question in passes: times, then names of the project, then conditions and values,
 * then what is asked. A word that no pass had a place for is looked for among the known words with a
 * typing error, once; then the question is refused. See reader.h. */
#include "assistant/reader.h"

#include "base/fold.h"
#include "base/limits.h"

#define MENDED_MOST 3 /* words of one question */
#define TWO_SLIPS 8  /* letters of a word that may have two typing errors */
#define MEND_TRIES 6  /* words that are compared with all that are known */

/* -------------------------------------------------------------------------- small questions */

bool reader_doubts(const struct reader *r)
{
    return r->doubt->question.p || r->doubt->refusal.p;
}

void reader_refuse(struct reader *r, str text)
{
    if (!reader_doubts(r))
        r->doubt->refusal = text;
}

str reader_key(const struct reader *r, size_t from, size_t to)
{
    return fold_lower(r->arena, words_text(&r->words, from, to));
}

str reader_pick(const struct reader *r, str key)
{
    const struct json *v = json_get_str(r->picks, key);
    return json_is(v, JSON_STRING) ? v->text : STR_NULL;
}

struct item *reader_item_at(struct reader *r, size_t i)
{
    for (size_t k = 0; k < r->items_n; k++)
        if (r->items[k].from == i)
            return &r->items[k];
    return NULL;
}

struct item *reader_item_before(struct reader *r, size_t i)
{
    for (size_t k = 0; k < r->items_n; k++)
        if (r->items[k].to == i)
            return &r->items[k];
    return NULL;
}

/* Kept in the order of the words. */
struct item *reader_add(struct reader *r, enum item_kind kind, size_t from, size_t to)
{
    if (r->items_n == READER_ITEMS)
        return NULL;
    size_t at = r->items_n++;
    for (; at && r->items[at - 1].from > from; at--)
        r->items[at] = r->items[at - 1];
    r->items[at] = (struct item){ .kind = kind, .from = from, .to = to, .index = NO_PROPERTY };
    return &r->items[at];
}

bool reader_small(const struct reader *r, size_t i)
{
    static const enum role roles[] = { ROLE_STOP, ROLE_OF, ROLE_IN, ROLE_IS, ROLE_FROM, ROLE_PRONOUN };
    for (size_t k = 0; k < ARRAY_LEN(roles); k++)
        if (words_role(&r->words, i, roles[k], NULL))
            return true;
    return false;
}

bool reader_take(struct reader *r, enum role role, int *value)
{
    for (size_t i = 0; i < r->words.n; i++) {
        size_t n = words_role(&r->words, i, role, value);
        if (n) {
            words_use(&r->words, i, n);
            return true;
        }
    }
    return false;
}

bool reader_has(const struct reader *r, enum role role)
{
    for (size_t i = 0; i < r->words.n; i++)
        if (words_role(&r->words, i, role, NULL))
            return true;
    return false;
}

int reader_property(const struct reader *r, const char *name)
{
    int found = NO_PROPERTY;
    for (size_t i = 0; i < r->project->properties_n; i++) {
        const struct planner_property *p = &r->project->properties[i];
        if (str_eqz(p->name, name) && (found == NO_PROPERTY || p->owner == PLANNER_EVENT))
            found = (int)i;
    }
    return found;
}

int reader_event(const struct reader *r, const char *name)
{
    for (size_t i = 0; i < r->project->events_n; i++)
        if (str_eqz(r->project->events[i].name, name))
            return (int)i;
    return ANY_EVENT;
}

bool reader_came_with(const struct reader *r, int property, int event)
{
    const struct planner_property *p = &r->project->properties[property];
    if (event == ANY_EVENT || p->owner != PLANNER_EVENT || !p->events)
        return true;
    for (size_t i = 0; i < p->events_n; i++)
        if (p->events[i] == (uint32_t)event)
            return true;
    return false;
}

bool reader_numeric(const struct reader *r, int property)
{
    return str_eqz(r->project->properties[property].type, "Numeric");
}

str reader_property_text(const struct planner_project *p, struct arena *a, int property)
{
    static const char *const owners[] = { "", " of the person", " of the group" };
    const struct planner_property *it = &p->properties[property];
    return arena_printf(a, "`" STR_FMT "`%s", STR_ARG(it->name), owners[it->owner]);
}

/* -------------------------------------------------------------------------- times */

/* "vs", "compared to" right before word i, "to" of "compare … to". */
static bool compared_with(const struct reader *r, size_t i)
{
    const struct words *w = &r->words;
    for (size_t back = 1; back <= LEXEME_WORDS && back <= i; back++)
        if (words_role(w, i - back, ROLE_VERSUS, NULL) == back)
            return true;
    bool to = i && (words_role(w, i - 1, ROLE_TO, NULL) || str_eqz(w->list[i - 1].text, "with"));
    return to && reader_has(r, ROLE_COMPARE);
}

static void read_whens(struct reader *r)
{
    r->versus_when = false;
    struct words *w = &r->words;
    for (size_t i = 0; i < w->n; i++) {
        struct when when;
        size_t n = w->list[i].used ? 0 : when_read(&r->calendar, w, i, &when);
        if (!n)
            continue;
        if (!r->out->when.given) {
            r->out->when = when;
            r->versus_when = compared_with(r, i);
        } else if (when.all && !when.to.p)
            ; /* "this year so far" */
        else if (!r->out->other.given)
            r->out->other = when;
        else
            reader_refuse(r, STR("I can look at two stretches of time at most."));
        words_use(w, i, n);
        if (i && words_role(w, i - 1, ROLE_WITHIN, NULL))
            words_use(w, i - 1, 1);
        i += n - 1;
    }
}

/* -------------------------------------------------------------------------- names */

/* Do all of the words play another part, too? */
static bool play_parts(const struct reader *r, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        bool other = false;
        for (int role = ROLE_STOP; role < ROLE_WEAK && !other; role++)
            other = words_role(&r->words, i, (enum role)role, NULL) > 0;
        if (!other)
            return false;
    }
    return true;
}

/* After these words a property is likelier than an event. */
static bool wants_property(const struct reader *r, size_t i)
{
    static const enum role roles[] = { ROLE_BY, ROLE_WHICH, ROLE_TOP, ROLE_EACH, ROLE_MATH };
    for (size_t back = 1; back <= 4 && back <= i; back++)
        for (size_t k = 0; k < ARRAY_LEN(roles); k++) {
            size_t n = words_role(&r->words, i - back, roles[k], NULL);
            bool small = true;
            for (size_t j = i - back + n; n && j < i; j++)
                small &= reader_small(r, j) || r->words.list[j].number;
            if (n && n <= back && small)
                return true;
        }
    return false;
}

static bool pick_mention(const struct reader *r, size_t i, struct mention *out)
{
    struct mention event, property;
    bool has_event = names_mention(&r->names, i, NAME_EVENT, &event);
    bool has_property = names_mention(&r->names, i, NAME_PROPERTY, &property);
    has_event &= event.whole || !event.weak || reader_pick(r, reader_key(r, event.from, event.to)).p;
    has_property &= property.whole;
    if (!has_event && !has_property)
        return false;
    if (has_event && has_property && i && words_role(&r->words, i - 1, ROLE_WHICH, NULL) == 1)
        has_event = false; /* "which plan was bought" */
    if (has_event && has_property) {
        int order = names_compare(&event, &property);
        bool alike = event.whole == property.whole && event.words == property.words;
        has_event = order < 0 || (alike && !wants_property(r, i));
    }
    *out = has_event ? event : property;
    return true;
}

/* The words as they stand are the name: `signed_up`, "Signed Up". */
static bool exact_name(const struct reader *r, size_t i, struct mention *out)
{
    const struct word *d = &r->words.list[i];
    for (size_t k = 0; d->quoted && k < r->project->events_n; k++)
        if (str_eq_nocase(r->project->events[k].name, d->raw)) {
            *out = (struct mention){ NAME_EVENT, { (uint32_t)k }, 1, i, i + 1, true, false, 1, 1 };
            return true;
        }
    return false;
}

/* Of names that fit equally one may be written out exactly; an event's property stands before a
 * person's of the same name. */
static void choose_close(const struct reader *r, struct item *it)
{
    str text = words_text(&r->words, it->from, it->to);
    for (size_t k = 0; k < it->close_n; k++) {
        bool event = it->kind == ITEM_EVENT;
        str name = event ? r->project->events[it->close[k]].name : r->project->properties[it->close[k]].name;
        str bare = str_starts(name, STR("$")) ? str_slice(name, 1, name.n) : name;
        if (str_eq(text, name) || str_eq(text, bare)) {
            it->close[0] = it->close[k];
            it->close_n = it->kind == ITEM_EVENT ? 1 : it->close_n;
            break;
        }
    }
    it->index = (int)it->close[0];
}

/* "completed the most tasks": the word of order between stays for the grammar. */
static void use_mention(struct reader *r, const struct mention *m)
{
    for (size_t i = m->from; i < m->to; i++)
        if (r->names.at[i] || !words_role(&r->words, i, ROLE_TOP, NULL))
            words_use(&r->words, i, 1);
}

static void read_names(struct reader *r)
{
    struct words *w = &r->words;
    names_look(&r->names);
    for (size_t i = 0; i < w->n; i++) {
        struct mention m;
        if (w->list[i].used || (!exact_name(r, i, &m) && !pick_mention(r, i, &m)))
            continue;
        struct item *it = reader_add(r, m.kind == NAME_EVENT ? ITEM_EVENT : ITEM_PROPERTY, m.from, m.to);
        if (!it)
            return;
        memcpy(it->close, m.close, sizeof(it->close));
        it->close_n = m.close_n;
        it->tentative = play_parts(r, m.from, m.to) && !w->list[i].quoted;
        choose_close(r, it);
        if (!it->tentative)
            use_mention(r, &m);
        i = m.to - 1;
    }
}

/* -------------------------------------------------------------------------- doubts about names */

static str item_name(const struct reader *r, enum item_kind kind, uint32_t index)
{
    return kind == ITEM_EVENT ? r->project->events[index].name : r->project->properties[index].name;
}

static void ask_which(struct reader *r, const struct item *it, str key)
{
    struct doubt *d = r->doubt;
    if (reader_doubts(r))
        return;
    d->key = key;
    d->question = arena_printf(r->arena, "What do you mean by “" STR_FMT "”?", STR_ARG(key));
    for (size_t i = 0; i < it->close_n && d->choices_n < READING_CHOICES; i++) {
        str name = item_name(r, it->kind, it->close[i]);
        bool listed = false;
        for (size_t k = 0; k < d->choices_n; k++)
            listed |= str_eq(d->choices[k].pick, name);
        if (listed)
            continue;
        d->choices[d->choices_n].text =
            it->kind == ITEM_EVENT ? arena_printf(r->arena, "the event " STR_FMT, STR_ARG(name))
                                   : arena_printf(r->arena, "the property " STR_FMT, STR_ARG(name));
        d->choices[d->choices_n++].pick = name;
    }
}

void reader_settle(struct reader *r, struct item *it)
{
    str key = reader_key(r, it->from, it->to), pick = reader_pick(r, key);
    for (size_t i = 0; i < it->close_n; i++)
        if (pick.p && str_eq(item_name(r, it->kind, it->close[i]), pick)) {
            it->index = (int)it->close[i];
            return;
        }
    bool differ = false;
    for (size_t i = 1; i < it->close_n; i++)
        differ |= !str_eq(item_name(r, it->kind, it->close[i]), item_name(r, it->kind, it->close[0]));
    if (it->close_n > 1 && differ)
        ask_which(r, it, key);
}

/* -------------------------------------------------------------------------- what is left */

/* Says nothing by itself at the end. */
static bool may_stay(const struct reader *r, size_t i)
{
    static const enum role roles[] = { ROLE_STOP, ROLE_PRONOUN, ROLE_IN, ROLE_OF, ROLE_AND, ROLE_FROM,
                                       ROLE_TO, ROLE_IS, ROLE_WHICH, ROLE_COUNT, ROLE_THEN };
    for (size_t k = 0; k < ARRAY_LEN(roles); k++) {
        size_t n = words_role(&r->words, i, roles[k], NULL);
        if (n)
            return true;
    }
    return false;
}

/* The first word from i on that nothing explains; w->n: none. */
static size_t next_left(const struct reader *r, size_t i)
{
    const struct words *w = &r->words;
    for (; i < w->n; i++) {
        bool inside = false; /* of a phrase that may stay */
        for (size_t back = 1; back < LEXEME_WORDS && back <= i && !inside; back++)
            inside = words_role(w, i - back, ROLE_COUNT, NULL) > back ||
                     words_role(w, i - back, ROLE_STOP, NULL) > back;
        if (!w->list[i].used && !inside && !may_stay(r, i))
            return i;
    }
    return w->n;
}

/* -------------------------------------------------------------------------- typing errors */

/* The nearest known word so far. Words of one stem are one. */
struct near {
    str text, stem;
    int distance;
    bool tie;
};

static void try_near(struct near *n, str word, str candidate, str text, str stem)
{
    if (candidate.n < 4 || candidate.p[0] != word.p[0])
        return;
    int d = words_distance(word, candidate, n->distance);
    if (d > n->distance || (d == n->distance && !n->text.p))
        return;
    /* Two other letters make another word: "downgrade" is no "download". What is near like this leaves the
     * word in doubt. */
    if (d == 2 && (word.n < TWO_SLIPS || word.n == candidate.n))
        *n = (struct near){ text, stem, d, true };
    else if (d < n->distance)
        *n = (struct near){ text, stem, d, false };
    else if (!str_eq(n->stem, stem))
        n->tie = true;
}

/* The lexicon's own words: of the roles as they are, of what says the same by their stems. */
static void try_lexicon(const struct reader *r, struct near *n, str word, str stem)
{
    const struct lexicon *x = r->words.lexicon;
    for (size_t i = 0; i < x->roles.room; i++)
        for (const struct lexeme *l = x->roles.slots[i].value; l; l = l->next)
            for (size_t k = 0; k < l->n; k++)
                if (l->words[k].n >= 4 && l->words[k].p[0] == word.p[0])
                    try_near(n, word, l->words[k], l->words[k], lexicon_stem(r->arena, l->words[k]));
    for (size_t i = 0; i < x->sames.room; i++)
        for (const struct lexeme *l = x->sames.slots[i].value; l; l = l->next)
            for (size_t k = 0; k < l->n; k++)
                try_near(n, stem, l->words[k], l->words[k], l->words[k]);
    for (size_t i = 0; i < x->called_n; i++)
        for (size_t k = 0; k < x->called[i].n; k++)
            try_near(n, stem, x->called[i].words[k], x->called[i].words[k], x->called[i].words[k]);
}

/* The one known word that is nearest to it. False: none, or several. */
static bool mend(const struct reader *r, str word, struct near *best)
{
    str stem = lexicon_stem(r->arena, word);
    *best = (struct near){ STR_NULL, STR_NULL, word.n >= 8 ? 3 : 2, false };
    if (word.n < 5)
        return false;
    try_lexicon(r, best, word, stem);
    for (size_t i = 0; i < r->names.concepts.room; i++) { /* the words of all names, each once */
        str piece = r->names.concepts.slots[i].key;
        if (piece.p)
            try_near(best, stem, piece, piece, piece);
    }
    for (const struct known_value *v = r->values; v; v = v->next)
        if (v->named)
            try_near(best, word, v->plain, v->plain, v->stems);
    return best->text.p && !best->tie;
}

/* Does the question say the word at i in another way now? */
static bool mend_word(struct reader *r, size_t i)
{
    struct word *d = &r->words.list[i];
    if (d->quoted || d->number || d->mended || d->path)
        return false;
    struct near near;
    /* Neither a known word without a place here is mistyped, nor another form of one: "on weekends". */
    if (!mend(r, d->text, &near) || near.distance == 0 ||
        str_eq(near.stem, lexicon_stem(r->arena, d->text)))
        return false;
    r->out->mended = arena_printf(r->arena, "I read “" STR_FMT "” as “" STR_FMT "”.", STR_ARG(d->raw),
                                  STR_ARG(near.text));
    d->text = d->raw = near.text;
    d->stem = near.stem;
    d->mended = true;
    return true;
}

/* One of the first few: a question of unknown words is not mistyped. */
static bool mend_any(struct reader *r, size_t left)
{
    for (int tries = 0; left < r->words.n && tries < MEND_TRIES; tries++, left = next_left(r, left + 1))
        if (mend_word(r, left))
            return true;
    return false;
}

/* -------------------------------------------------------------------------- all of it */

static void refuse_left(struct reader *r, size_t i)
{
    const struct word *d = &r->words.list[i];
    struct mention m;
    if (names_mention(&r->names, i, NAME_EVENT, &m) && m.close_n && !r->out->series_n && !reader_doubts(r)) {
        struct item *it = reader_add(r, ITEM_EVENT, m.from, m.to);
        if (it) {
            memcpy(it->close, m.close, sizeof(it->close));
            it->close_n = m.close_n;
            ask_which(r, it, reader_key(r, m.from, m.to));
            return;
        }
    }
    reader_refuse(r, arena_printf(r->arena,
                                  "I do not understand “" STR_FMT "”: no event, property or value of this "
                                  "project is called so, and it is no word I know what to do with here.",
                                  STR_ARG(d->raw)));
}

static int one_pass(struct reader *r)
{
    str mended = r->out->mended;
    *r->out = (struct reading){ .math_property = NO_PROPERTY, .mended = mended };
    *r->doubt = (struct doubt){ 0 };
    r->items_n = 0;
    for (size_t i = 0; i < r->words.n; i++)
        r->words.list[i].used = false;
    read_whens(r);
    names_look(&r->names);
    int rc = reader_joined_values(r);
    if (rc < 0)
        return rc;
    read_names(r);
    rc = reader_filters(r);
    if (rc == 0)
        reader_grammar(r);
    return rc;
}

int reading_read(const struct planner_project *p, struct arena *a, const struct lexicon *x, str question,
                 const struct json *picks, struct reading *out, struct doubt *doubt, struct err *e)
{
    struct reader *r = arena_new_of(a, struct reader);
    *r = (struct reader){ .project = p, .arena = a, .picks = picks, .out = out, .doubt = doubt, .err = e,
                          .calendar = when_calendar_of(p), .plain = MAP_INIT(a), .stems = MAP_INIT(a) };
    r->known = arena_alloc(a, p->properties_n + 1);
    out->mended = STR_NULL;
    words_read(&r->words, a, x, question);
    names_init(&r->names, p, &r->words, a);
    for (int mended = 0;; mended++) {
        int rc = one_pass(r);
        if (rc < 0)
            return rc;
        size_t left = next_left(r, 0);
        if (left == r->words.n)
            return 0;
        if (mended < MENDED_MOST && mend_any(r, left))
            continue;
        if (doubt->question.p) /* a refusal says more than a question that leads nowhere */
            *doubt = (struct doubt){ 0 };
        refuse_left(r, left);
        return 0;
    }
}
