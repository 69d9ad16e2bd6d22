/* reading_filter.c - conditions: "amount over 100", "from Germany", "not on mobile", "the team plan". A
 * value is looked for among the values of the project's properties; when several properties have it, the
 * ones that came with the events in question are meant, and of what is left the reader is asked. */
#include "assistant/reader.h"

#include "base/fold.h"

#define VALUE_WORDS 6
#define CANDIDATES 24
#define SCANS_MOST 100 /* of all values, in one question */

/* -------------------------------------------------------------------------- the values there are */

/* Lower case, words with one blank between. */
static str plain(struct arena *a, str text)
{
    str folded = fold_lower(a, text);
    char *out = arena_alloc(a, folded.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < folded.n; i++) {
        unsigned char c = (unsigned char)folded.p[i];
        bool word = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
        if (word)
            out[n++] = (char)c;
        else if (n && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    n -= n && out[n - 1] == ' ';
    return (str){ out, n };
}

/* Properties whose values are told by themselves: not numbers, and no ids or addresses. */
static bool has_names(const struct reader *r, const struct planner_property *p)
{
    static const char *const ids[] = { "id", "ip", "uuid", "url", "token", "email", "referrer", "hash", "key",
                                       "guid", "timestamp", "phone", "raw", "href", "selector", "width",
                                       "height" };
    str pieces[12];
    if (p->owner == PLANNER_GROUP || str_eqz(p->type, "Numeric") || str_eqz(p->type, "DateTime"))
        return false;
    size_t n = names_split(r->arena, p->name, pieces, ARRAY_LEN(pieces));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(ids); k++)
            if (str_eqz(pieces[i], ids[k]))
                return false;
    return true;
}

#define ASKED_AT_ONCE 100

static str joined_stems(struct arena *a, str plain_text)
{
    char *out = arena_alloc(a, plain_text.n + 1);
    size_t n = 0;
    for (str rest = plain_text; rest.p;) {
        str word = str_split(&rest, ' ');
        str stem = lexicon_stem(a, word);
        if (n)
            out[n++] = ' ';
        stem.n = stem.n < word.n ? stem.n : word.n;
        memcpy(out + n, stem.p, stem.n);
        n += stem.n;
    }
    return (str){ out, n };
}

static void know_values(struct reader *r, int property)
{
    const struct planner_property *p = &r->project->properties[property];
    bool named = has_names(r, p);
    struct known_value *list = arena_alloc(r->arena, (p->values_n + 1) * sizeof(*list));
    for (size_t k = p->values_n; k--; list++) { /* the most frequent is first in its chain */
        *list = (struct known_value){ .property = property, .text = p->values[k].text, .named = named };
        list->plain = plain(r->arena, list->text);
        list->stems = joined_stems(r->arena, list->plain);
        if (!list->plain.n)
            continue;
        void **at = map_at(&r->plain, list->plain);
        list->next_plain = *at;
        *at = list;
        at = map_at(&r->stems, list->stems);
        list->next_stems = *at;
        *at = list;
        list->next = r->values;
        r->values = list;
    }
}

/* Of one property, or of all that have names for values. */
static int ask_values(struct reader *r, struct planner_property *only)
{
    struct planner_property *wanted[ASKED_AT_ONCE];
    size_t n = 0;
    for (size_t i = 0; i < r->project->properties_n && n < ASKED_AT_ONCE; i++) {
        struct planner_property *p = &r->project->properties[i];
        if (!p->asked && (only ? p == only : has_names(r, p)))
            wanted[n++] = p;
    }
    int rc = n && r->project->values ? r->project->values(r->project->context, wanted, n, r->err) : 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        wanted[i]->asked = true;
    for (size_t i = 0; rc == 0 && i < r->project->properties_n; i++) {
        if (!r->project->properties[i].asked || r->known[i])
            continue;
        r->known[i] = true;
        know_values(r, (int)i);
    }
    return rc;
}

/* -------------------------------------------------------------------------- candidates */

struct candidate {
    int property;
    str text;
    int fit; /* 0 the same, 1 but for its ending, 2 a part of it */
};

struct candidates {
    struct candidate list[CANDIDATES];
    size_t n;
};

/* Whole words of it, one after the other. */
static bool part_of(str value, str part)
{
    for (size_t i = 0; i + part.n <= value.n; i++)
        if ((!i || value.p[i - 1] == ' ') && (i + part.n == value.n || value.p[i + part.n] == ' ') &&
            memcmp(value.p + i, part.p, part.n) == 0)
            return true;
    return false;
}

static void add_candidate(struct candidates *out, const struct known_value *v, int only, int fit)
{
    if (only == NO_PROPERTY ? !v->named : v->property != only)
        return;
    for (size_t i = 0; i < out->n; i++)
        if (out->list[i].property == v->property && str_eq(out->list[i].text, v->text))
            return;
    if (out->n < CANDIDATES)
        out->list[out->n++] = (struct candidate){ v->property, v->text, fit };
}

/* Properties that have this very value; only the best fits stay. */
static void collect(struct reader *r, str text, int only, struct candidates *out)
{
    out->n = 0;
    for (const struct known_value *v = map_get(&r->plain, text); v; v = v->next_plain)
        add_candidate(out, v, only, 0);
    if (!out->n)
        for (const struct known_value *v = map_get(&r->stems, joined_stems(r->arena, text)); v;
             v = v->next_stems)
            add_candidate(out, v, only, 1);
}

static void collect_parts(struct reader *r, str text, int only, struct candidates *out)
{
    out->n = 0;
    if (r->scans++ > SCANS_MOST)
        return;
    for (const struct known_value *v = text.n >= 3 ? r->values : NULL; v; v = v->next)
        if (part_of(v->plain, text))
            add_candidate(out, v, only, 2);
}

/* What people call a value: how many words from i on, 0 for none. */
static size_t called_value(const struct reader *r, size_t i, str *value)
{
    const struct words *w = &r->words;
    size_t best = 0;
    for (const struct lexeme *l = map_get(&w->lexicon->values, w->list[i].text); l; l = l->next) {
        size_t k = 0;
        while (k < l->n && i + k < w->n && !w->list[i + k].used && str_eq(l->words[k], w->list[i + k].text))
            k++;
        if (k == l->n && k > best) {
            best = k;
            *value = l->same;
        }
    }
    return best;
}

/* -------------------------------------------------------------------------- choosing among them */

static bool fits_events(struct reader *r, int property)
{
    for (size_t i = 0; i < r->items_n; i++)
        if (r->items[i].kind == ITEM_EVENT && !r->items[i].tentative &&
            !reader_came_with(r, property, r->items[i].index))
            return false;
    return true;
}

static void keep(struct candidates *c, const bool *yes)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (yes[i])
            c->list[n++] = c->list[i];
    c->n = n ? n : c->n;
}

/* Those that came with the events; then events' before persons'. */
static void narrow(struct reader *r, struct candidates *c)
{
    bool yes[CANDIDATES];
    for (size_t i = 0; i < c->n; i++)
        yes[i] = fits_events(r, c->list[i].property);
    keep(c, yes);
    for (size_t i = 0; i < c->n; i++)
        yes[i] = r->project->properties[c->list[i].property].owner == PLANNER_EVENT;
    keep(c, yes);
}

static str choice_text(const struct reader *r, const struct candidate *c)
{
    str name = reader_property_text(r->project, r->arena, c->property);
    return arena_printf(r->arena, STR_FMT " is " STR_FMT, STR_ARG(name), STR_ARG(c->text));
}

/* sure: a single candidate needs no question. */
static const struct candidate *choose(struct reader *r, const struct candidates *c, size_t from, size_t to,
                                      bool sure)
{
    str key = reader_key(r, from, to), pick = reader_pick(r, key);
    struct doubt *d = r->doubt;
    for (size_t i = 0; i < c->n; i++)
        if ((c->n == 1 && sure) || str_eq(choice_text(r, &c->list[i]), pick))
            return &c->list[i];
    if (reader_doubts(r))
        return &c->list[0];
    d->key = key;
    d->question = arena_printf(r->arena, "What do you mean by “" STR_FMT "”?", STR_ARG(key));
    for (size_t i = 0; i < c->n && d->choices_n < READING_CHOICES; i++) {
        d->choices[d->choices_n].text = choice_text(r, &c->list[i]);
        d->choices[d->choices_n++].pick = choice_text(r, &c->list[i]);
    }
    return &c->list[0];
}

/* -------------------------------------------------------------------------- one value */

static bool free_run(const struct reader *r, size_t i, size_t n)
{
    for (size_t k = i; k < i + n; k++)
        if (k >= r->words.n || r->words.list[k].used || str_eqz(r->words.list[k].text, ","))
            return false;
    return true;
}

/* "us": the country code, but its name is what people split by and compare with. */
static bool all_codes(const struct reader *r, const struct candidates *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (!str_eqz(r->project->properties[c->list[i].property].name, "$geoip_country_code"))
            return false;
    return true;
}

static void collect_called(struct reader *r, str text, int only, struct candidates *out)
{
    struct candidates called;
    collect(r, text, only, &called);
    if (called.n)
        *out = called;
}

/* The longest run from word i on that is a value (of that property, when one is named). */
static size_t find_value(struct reader *r, size_t i, int only, struct candidates *out)
{
    str value;
    size_t most = 0;
    while (most < (r->words.list[i].quoted ? 1 : VALUE_WORDS) && free_run(r, i, most + 1))
        most++;
    size_t called = called_value(r, i, &value);
    for (size_t n = most; n; n--) {
        collect(r, plain(r->arena, words_text(&r->words, i, i + n)), only, out);
        if (called == n && (!out->n || all_codes(r, out)))
            collect_called(r, plain(r->arena, value), only, out);
        if (out->n)
            return n;
    }
    for (size_t n = most; n; n--) { /* a part of a value, when nothing is the whole of one */
        collect_parts(r, plain(r->arena, words_text(&r->words, i, i + n)), only, out);
        if (out->n)
            return n;
    }
    return 0;
}

/* A text to look for is taken as it stands: a path from its slash to the next blank. */
static size_t literal(const struct reader *r, size_t i, str *out)
{
    const struct words *w = &r->words;
    size_t n = 1;
    if (i >= w->n || w->list[i].used)
        return 0;
    size_t from = w->list[i].at, to = w->list[i].end;
    if (!w->list[i].quoted) {
        while (from && strchr("/$#", w->question.p[from - 1]))
            from--;
        while (i + n < w->n && !w->list[i + n].used) { /* what is not parted by a blank */
            str gap = str_slice(w->question, to, w->list[i + n].at);
            if (str_find_char(gap, ' ') >= 0 || str_eqz(w->list[i + n].text, ","))
                break;
            to = w->list[i + n].end;
            n++;
        }
    }
    *out = str_slice(w->question, from, to);
    return n;
}

static str number_text(struct arena *a, double v)
{
    return arena_printf(a, "%.15g", v);
}

/* -------------------------------------------------------------------------- negation */

/* "not", "outside", "excluding" right before word i, small words between. Uses them. */
static bool take_not(struct reader *r, size_t i)
{
    struct words *w = &r->words;
    for (size_t back = 1; back <= 5 && back <= i; back++) {
        size_t at = i - back, n = words_role(w, at, ROLE_NOT, NULL);
        if (n && n <= back) {
            words_use(w, at, back);
            return true;
        }
        if (w->list[at].used || !reader_small(r, at))
            return false;
    }
    return false;
}

/* -------------------------------------------------------------------------- conditions with an operator */

static void place_filter(struct reader *r, const struct filter *f, size_t from, size_t to)
{
    struct item *it = reader_add(r, ITEM_VALUE, from, to);
    if (it)
        it->filter = *f;
}

static void negate(struct filter *f)
{
    static const enum op opposite[] = { OP_NOT, OP_EXACT, OP_HAS_NOT, OP_HAS, OP_LTE, OP_LT, OP_GTE, OP_GT,
                                        OP_BEGINS };
    f->op = opposite[f->op];
}

static size_t skip_small(const struct reader *r, size_t i)
{
    while (i < r->words.n && !r->words.list[i].used && !r->words.list[i].quoted && reader_small(r, i))
        i++;
    return i;
}

/* Number AND number: how many words. */
static size_t number_pair(struct reader *r, size_t i, struct filter *f)
{
    double low, high;
    size_t link;
    if (!words_number(&r->words, i, &low) || !(link = words_role(&r->words, i + 1, ROLE_AND, NULL)) ||
        !words_number(&r->words, i + 1 + link, &high))
        return 0;
    f->between = f->number = true;
    f->values[0] = number_text(r->arena, low);
    f->values[1] = number_text(r->arena, high);
    f->values_n = 2;
    return 2 + link;
}

static int ask_of(struct reader *r, int property)
{
    struct planner_property *p = &r->project->properties[property];
    return reader_numeric(r, property) ? 0 : ask_values(r, p);
}

/* Values of that property joined by "or": how many words. strict: only values that exist. */
static size_t value_list(struct reader *r, size_t i, struct filter *f, bool strict)
{
    size_t at = i;
    while (f->values_n < READING_VALUES) {
        struct candidates c;
        double number;
        str text;
        size_t n = 0, k = f->values_n ? skip_small(r, at) : at;
        if (k >= r->words.n || r->words.list[k].used)
            break;
        bool loose = f->op == OP_HAS || f->op == OP_HAS_NOT || f->op == OP_BEGINS;
        if (reader_numeric(r, f->property) && words_number(&r->words, k, &number)) {
            text = number_text(r->arena, number);
            f->number = true;
            n = 1;
        } else if (!loose && (n = find_value(r, k, f->property, &c))) {
            text = c.list[0].text;
            if (c.n > 1 && c.list[0].fit == 2)
                n = 0;
        }
        if (!n && !strict)
            n = literal(r, k, &text);
        if (!n)
            break;
        f->values[f->values_n++] = text;
        at = k + n;
        size_t link = words_role(&r->words, at, ROLE_OR, NULL);
        if (!link || f->number)
            break;
        strict = true;
        at += link;
    }
    /* An "or" with nothing behind it is not ours. */
    return f->values_n ? at - i - (at > i && words_role(&r->words, at - 1, ROLE_OR, NULL) ? 1 : 0) : 0;
}

/* Is it told by size? "more than 5 pages" asks for no page above 5. */
static bool ordered(const struct reader *r, int property)
{
    str type = r->project->properties[property].type;
    return !type.p || str_eqz(type, "Numeric") || str_eqz(type, "DateTime");
}

static bool by_size(int op)
{
    return op >= OP_GT && op <= OP_LTE;
}

/* A value that is called like another property ("method is email") is a value there. */
static size_t value_of(struct reader *r, size_t i, struct filter *f, bool strict)
{
    struct item *other = reader_item_at(r, i);
    bool hidden = other && other->kind == ITEM_PROPERTY && !other->tentative && !other->used;
    for (size_t k = other ? other->from : 0; hidden && k < other->to; k++)
        r->words.list[k].used = false;
    size_t n = value_list(r, i, f, strict);
    if (hidden && n)
        other->used = true;
    else if (hidden)
        words_use(&r->words, other->from, other->to - other->from);
    return n;
}

/* PROPERTY is|contains|over VALUE. */
static int after_property(struct reader *r, size_t k)
{
    struct item *it = &r->items[k];
    struct filter f = { .property = it->index };
    struct words *w = &r->words;
    int op, set;
    size_t at = it->to, n;
    if ((n = words_role(w, at, ROLE_SET, &set))) {
        f.set = true;
        f.is_set = set;
        it->used = true;
        words_use(w, it->from, at + n - it->from);
        place_filter(r, &f, it->from, at + n);
        return 0;
    }
    int rc = ask_of(r, it->index);
    if (rc < 0)
        return rc;
    n = words_role(w, at, ROLE_OP, &op);
    size_t is = n ? 0 : words_role(w, at, ROLE_IS, NULL);
    if (!n && is && (n = words_role(w, at + is, ROLE_OP, &op)))
        n += is;
    size_t between = words_role(w, at + is, ROLE_BETWEEN, NULL);
    if (n)
        f.op = (enum op)op;
    size_t value = at + (n ? n : is), took = 0;
    bool no = !n && is && words_role(w, value, ROLE_NOT, NULL);
    value += no ? words_role(w, value, ROLE_NOT, NULL) : 0;
    if (between && (took = number_pair(r, at + is + between, &f)))
        value = at + is + between;
    else if (n || is)
        took = value_of(r, value, &f, is && !n);
    if (!took || ((by_size(f.op) || f.between) && !ordered(r, it->index)))
        return 0;
    if (no)
        f.op = OP_NOT;
    it->used = true;
    words_use(w, it->from, value + took - it->from);
    place_filter(r, &f, it->from, value + took);
    return 0;
}

/* The team plan; the plan team; more than 5 seats; seats over 5 stood before. */
static int beside_property(struct reader *r, size_t k)
{
    struct item *it = &r->items[k];
    struct words *w = &r->words;
    struct filter f = { .property = it->index };
    struct candidates c;
    int op;
    double number;
    for (size_t back = 2; back <= 5 && back <= it->from; back++) { /* OP NUMBER PROPERTY */
        size_t at = it->from - back, n = words_role(w, at, ROLE_OP, &op);
        if (n && n + 1 == back && ordered(r, it->index) && words_number(w, at + n, &number)) {
            f.op = (enum op)op;
            f.number = true;
            f.values[f.values_n++] = number_text(r->arena, number);
            it->used = true;
            words_use(w, at, back + it->to - it->from);
            place_filter(r, &f, at, it->to);
            return 0;
        }
    }
    if (reader_numeric(r, it->index))
        return 0;
    int rc = ask_of(r, it->index);
    for (size_t back = VALUE_WORDS; rc == 0 && back; back--) { /* VALUE PROPERTY */
        size_t at = it->from - back;
        if (back > it->from || find_value(r, at, it->index, &c) != back || c.list[0].fit == 2)
            continue;
        bool no = take_not(r, at);
        f.op = no ? OP_NOT : OP_EXACT;
        f.values[f.values_n++] = c.list[0].text;
        it->used = true;
        words_use(w, at, it->to - at);
        place_filter(r, &f, at, it->to);
        return 0;
    }
    size_t n = rc == 0 && it->to < w->n ? find_value(r, it->to, it->index, &c) : 0;
    if (n && c.list[0].fit < 2) { /* PROPERTY VALUE */
        f.values[f.values_n++] = c.list[0].text;
        it->used = true;
        words_use(w, it->from, it->to + n - it->from);
        place_filter(r, &f, it->from, it->to + n);
    }
    return rc;
}

/* -------------------------------------------------------------------------- values that stand alone */

/* A small word that is a place, too, where only a place can stand: "from us", "us vs uk". */
static bool stands_as_place(const struct reader *r, size_t i)
{
    static const enum role roles[] = { ROLE_IN, ROLE_FROM, ROLE_VERSUS, ROLE_NOT, ROLE_AND, ROLE_OR,
                                       ROLE_BETWEEN };
    const struct words *w = &r->words;
    size_t before = i && str_eqz(w->list[i - 1].text, "the") ? i - 1 : i;
    bool place = i == 0 || words_role(w, i + 1, ROLE_VERSUS, NULL);
    for (size_t k = 0; before && k < ARRAY_LEN(roles); k++)
        place |= words_role(w, before - 1, roles[k], NULL) > 0;
    return place;
}

static bool may_be_value(const struct reader *r, size_t i)
{
    const struct word *d = &r->words.list[i];
    if (d->used || (d->number && !d->quoted))
        return false;
    if (d->quoted || d->path)
        return true;
    bool capital = d->raw.n > 1 && d->raw.p[0] >= 'A' && d->raw.p[0] <= 'Z';
    str ignored;
    size_t called = called_value(r, i, &ignored);
    if (called == 1 && !capital && words_role(&r->words, i, ROLE_STOP, NULL))
        return stands_as_place(r, i);
    if (i + 1 < r->words.n && d[1].at == d->end + 1 && r->words.question.p[d->end] == '.')
        return true; /* a domain */
    return (!words_known(&r->words, i) && !words_inside(&r->words, i)) || (capital && i) || called;
}

/* A path that stands in the question, though perhaps no page of that name was seen lately. */
static bool place_path(struct reader *r, size_t i)
{
    int property = reader_property(r, "$pathname");
    struct filter f = { .property = property };
    str text;
    if (!r->words.list[i].path || property == NO_PROPERTY)
        return false;
    size_t n = literal(r, i, &text);
    bool no = take_not(r, i);
    f.op = no ? OP_NOT : OP_EXACT;
    f.values[f.values_n++] = text;
    words_use(&r->words, i, n);
    place_filter(r, &f, i, i + n);
    return true;
}

static bool is_page_event(const struct reader *r, const struct item *it)
{
    str name = r->project->events[it->index].name;
    return str_eqz(name, "$pageview") || str_eqz(name, "$pageleave") || str_eqz(name, "$screen");
}

/* Does the question speak of a page where the words from i on stand? Then they may be one's path: "login
 * errors" are no errors of /login. */
static bool names_page(const struct reader *r, size_t i, size_t n)
{
    static const char *const pages[] = { "page", "pages", "url", "path", "pathname" };
    const struct words *w = &r->words;
    const struct item *before = NULL, *after = NULL;
    if (w->list[i].quoted || reader_has(r, ROLE_PATHS))
        return true;
    for (size_t k = i > 2 ? i - 2 : 0; k < i + n + 2 && k < w->n; k++)
        for (size_t p = 0; p < ARRAY_LEN(pages); p++)
            if (str_eqz(w->list[k].text, pages[p]))
                return true;
    for (size_t k = 0; k < r->items_n; k++) {
        const struct item *it = &r->items[k];
        if (it->kind == ITEM_EVENT && !it->tentative && it->to <= i)
            before = it;
        else if (it->kind == ITEM_EVENT && !it->tentative && it->from >= i + n && !after)
            after = it;
    }
    return (before && is_page_event(r, before)) ||
           (after && after->from <= i + n + 1 && is_page_event(r, after));
}

static bool is_path(const struct candidate *c)
{
    return str_starts(c->text, STR("/"));
}

static void drop_paths(struct candidates *c)
{
    bool yes[CANDIDATES];
    for (size_t k = 0; k < c->n; k++)
        yes[k] = !is_path(&c->list[k]);
    keep(c, yes);
}

static void place_value(struct reader *r, size_t i)
{
    struct candidates c;
    size_t n;
    if (place_path(r, i) || !(n = find_value(r, i, NO_PROPERTY, &c)))
        return;
    narrow(r, &c);
    bool page = names_page(r, i, n);
    if (!page)
        drop_paths(&c);
    if (c.list[0].fit == 2 && (c.n > 3 || !fits_events(r, c.list[0].property)))
        return; /* a part of many, or of what these events never had: it says too little */
    const struct candidate *best = choose(r, &c, i, i + n, page || !is_path(&c.list[0]));
    bool no = take_not(r, i);
    struct filter f = { .property = best->property, .op = no ? OP_NOT : OP_EXACT, .values_n = 1 };
    f.values[0] = best->text;
    words_use(&r->words, i, n);
    place_filter(r, &f, i, i + n);
}

static bool any_left(const struct reader *r)
{
    for (size_t i = 0; i < r->words.n; i++)
        if (may_be_value(r, i))
            return true;
    return false;
}

/* "Chrome or Firefox": one condition with two values. */
static void join_values(struct reader *r)
{
    for (size_t i = 0; i + 1 < r->items_n; i++) {
        struct item *a = &r->items[i], *b = &r->items[i + 1];
        if (a->kind != ITEM_VALUE || b->kind != ITEM_VALUE || a->filter.property != b->filter.property ||
            a->filter.op != OP_EXACT || b->filter.op != OP_EXACT || a->filter.number || a->filter.set ||
            a->filter.values_n == READING_VALUES || b->filter.values_n != 1)
            continue;
        bool joined = true;
        size_t links = 0;
        for (size_t k = a->to; k < b->from; k++) {
            bool link = words_role(&r->words, k, ROLE_OR, NULL) || words_role(&r->words, k, ROLE_AND, NULL);
            links += link;
            joined &= link || reader_small(r, k);
        }
        if (!joined || !links)
            continue;
        words_use(&r->words, a->to, b->from - a->to);
        a->filter.values[a->filter.values_n++] = b->filter.values[0];
        a->to = b->to;
        memmove(b, b + 1, (r->items_n - i - 2) * sizeof(*b));
        r->items_n--;
        i--;
    }
}

/* "over $100": of the one number that stands for money. */
static void place_money(struct reader *r)
{
    struct words *w = &r->words;
    for (size_t i = 0; i < w->n; i++) {
        int op, property = NO_PROPERTY;
        double number;
        struct filter pair = { .values_n = 0 };
        size_t n = words_role(w, i, ROLE_OP, &op), between = words_role(w, i, ROLE_BETWEEN, NULL);
        size_t took = between ? number_pair(r, i + between, &pair) : 0;
        bool one = n && words_number(w, i + n, &number) && w->list[i + n].money;
        if (!one && !(took && w->list[i + between].money))
            continue;
        property = reader_property(r, "amount");
        for (size_t k = 0; property == NO_PROPERTY && k < r->project->properties_n; k++)
            if (str_eqz(r->project->properties[k].name, "price") ||
                str_eqz(r->project->properties[k].name, "revenue") ||
                str_eqz(r->project->properties[k].name, "value"))
                property = (int)k;
        if (property == NO_PROPERTY)
            continue;
        struct filter f = pair;
        f.property = property;
        if (one) {
            f = (struct filter){ .property = property, .op = (enum op)op, .number = true, .values_n = 1 };
            f.values[0] = number_text(r->arena, number);
        }
        size_t length = one ? n + 1 : between + took;
        words_use(w, i, length);
        place_filter(r, &f, i, i + length);
    }
}

/* The words from i on that are written without a blank, by hyphens, points or slashes. */
static size_t joined_run(const struct reader *r, size_t i)
{
    const struct words *w = &r->words;
    size_t n = 1;
    if (w->list[i].used || w->list[i].quoted)
        return 0;
    for (; i + n < w->n && !w->list[i + n].used; n++) {
        str gap = str_slice(w->question, w->list[i + n - 1].end, w->list[i + n].at);
        if (gap.n != 1 || !strchr("-./", gap.p[0]))
            break;
    }
    return n;
}

int reader_joined_values(struct reader *r)
{
    for (size_t i = 0; i < r->words.n; i++) {
        struct mention m;
        struct candidates c;
        size_t n = joined_run(r, i);
        if (n < 2 || (names_mention(&r->names, i, NAME_EVENT, &m) && m.to >= i + n))
            continue;
        int rc = ask_values(r, NULL);
        if (rc < 0)
            return rc;
        collect(r, plain(r->arena, words_text(&r->words, i, i + n)), NO_PROPERTY, &c);
        if (c.n) {
            struct item *it = reader_add(r, ITEM_VALUE, i, i + n);
            if (it)
                it->joined = true;
            words_use(&r->words, i, n);
        }
        i += n - 1;
    }
    return 0;
}

/* Their properties, now that the events and the property beside are known. */
static void settle_joined(struct reader *r)
{
    for (size_t k = 0; k < r->items_n; k++) {
        struct item *it = &r->items[k], *before = NULL;
        struct candidates c;
        if (!it->joined)
            continue;
        for (size_t i = it->from; i && !before && (i == it->from || reader_small(r, i)); i--)
            before = reader_item_before(r, i);
        bool named = before && before->kind == ITEM_PROPERTY && !before->used;
        str text = plain(r->arena, words_text(&r->words, it->from, it->to));
        collect(r, text, named ? before->index : NO_PROPERTY, &c);
        named &= c.n > 0;
        if (!c.n)
            collect(r, text, NO_PROPERTY, &c);
        narrow(r, &c);
        const struct candidate *best = choose(r, &c, it->from, it->to, true);
        bool no = take_not(r, it->from);
        it->joined = false;
        it->filter = (struct filter){ .property = best->property, .op = no ? OP_NOT : OP_EXACT,
                                      .values_n = 1 };
        it->filter.values[0] = best->text;
        if (named) {
            before->used = true;
            words_use(&r->words, before->from, it->from - before->from);
        }
    }
}

int reader_filters(struct reader *r)
{
    settle_joined(r);
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t k = 0; k < r->items_n; k++) {
            struct item *it = &r->items[k];
            if (it->kind != ITEM_PROPERTY || it->used)
                continue;
            size_t items = r->items_n;
            int rc = pass ? beside_property(r, k) : after_property(r, k);
            if (rc < 0)
                return rc;
            k += r->items_n - items; /* the condition may stand before it */
        }
    place_money(r);
    if (any_left(r)) {
        int rc = ask_values(r, NULL);
        if (rc < 0)
            return rc;
        for (size_t i = 0; i < r->words.n; i++)
            if (may_be_value(r, i))
                place_value(r, i);
    }
    join_values(r);
    for (size_t k = 0; k < r->items_n; k++)
        if (r->items[k].kind == ITEM_VALUE && r->items[k].filter.op == OP_EXACT &&
            r->items[k].filter.values_n && take_not(r, r->items[k].from))
            negate(&r->items[k].filter);
    return 0;
}
