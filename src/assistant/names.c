/* names.c - see names.h. */
#include "assistant/names.h"

#include "base/fold.h"
#include "base/limits.h"

#define SKIPS 3 /* small words between two of a name */

/* -------------------------------------------------------------------------- pieces of a name */

static int byte_kind(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return 2;
    if (c >= '0' && c <= '9')
        return 3;
    return c >= 0x80 || (c >= 'a' && c <= 'z') ? 1 : 0;
}

/* The next piece of a name: letters, or digits, or a part of camelCase. STR_NULL at the end. */
static str next_piece(str *rest)
{
    size_t i = 0, end;
    while (i < rest->n && !byte_kind((unsigned char)rest->p[i]))
        i++;
    if (i == rest->n)
        return STR_NULL;
    int kind = byte_kind((unsigned char)rest->p[i]);
    for (end = i + 1; end < rest->n; end++) {
        int next = byte_kind((unsigned char)rest->p[end]);
        bool goes_on = next == kind || (kind == 2 && next == 1 && end == i + 1);
        if (!next || !goes_on)
            break;
        kind = next;
    }
    str piece = str_slice(*rest, i, end);
    *rest = str_slice(*rest, end, rest->n);
    return piece;
}

size_t names_split(struct arena *a, str text, str *out, size_t max)
{
    size_t n = 0;
    str piece;
    while (n < max && (piece = next_piece(&text)).p)
        out[n++] = lexicon_stem(a, fold_lower(a, piece));
    return n;
}

/* -------------------------------------------------------------------------- concepts */

/* The longest group of words that say the same among stems; 0: none. */
static size_t same_at(const struct lexicon *x, const str *stems, size_t n, str *same)
{
    size_t best = 0;
    for (const struct lexeme *l = map_get(&x->sames, stems[0]); l; l = l->next) {
        size_t k = 0;
        while (k < l->n && k < n && str_eq(l->words[k], stems[k]))
            k++;
        if (k == l->n && l->n > best) {
            best = l->n;
            *same = l->same;
        }
    }
    return best;
}

static uint16_t concept_of(struct names *x, str text)
{
    void **at = map_at(&x->concepts, text);
    if (!*at && x->concepts_n < UINT16_MAX - 1)
        *at = (void *)(uintptr_t)++x->concepts_n;
    return (uint16_t)(uintptr_t)*at;
}

static void add_name(struct names *x, enum name_kind kind, size_t index, const str *stems, size_t n)
{
    struct name *name = &x->list[x->n];
    *name = (struct name){ .kind = kind, .index = (uint32_t)index };
    for (size_t i = 0; i < n && name->n < NAME_CONCEPTS;) {
        str text = stems[i];
        size_t took = same_at(x->words->lexicon, stems + i, n - i, &text);
        name->concepts[name->n++] = concept_of(x, text);
        i += took ? took : 1;
    }
    x->n += name->n > 0;
}

static void add_called(struct names *x, enum name_kind kind, size_t index, str text)
{
    const struct lexicon *lexicon = x->words->lexicon;
    str stems[NAME_CONCEPTS * 2];
    add_name(x, kind, index, stems, names_split(x->arena, text, stems, ARRAY_LEN(stems)));
    for (size_t i = 0; i < lexicon->called_n; i++)
        if (str_eq(lexicon->called[i].same, text))
            add_name(x, kind, index, lexicon->called[i].words, lexicon->called[i].n);
}

static void index_names(struct names *x)
{
    size_t *counts = arena_alloc(x->arena, (x->concepts_n + 1) * sizeof(*counts));
    x->with = arena_alloc(x->arena, (x->concepts_n + 1) * sizeof(*x->with));
    for (size_t i = 0; i < x->n; i++)
        for (size_t k = 0; k < x->list[i].n; k++)
            counts[x->list[i].concepts[k]]++;
    for (size_t c = 1; c <= x->concepts_n; c++)
        x->with[c] = arena_alloc(x->arena, (counts[c] + 1) * sizeof(**x->with));
    for (size_t i = 0; i < x->n; i++)
        for (size_t k = 0; k < x->list[i].n; k++) {
            uint32_t *with = x->with[x->list[i].concepts[k]];
            if (!with[0] || with[with[0]] != i)
                with[++with[0]] = (uint32_t)i;
        }
}

void names_init(struct names *x, const struct planner_project *p, struct words *w, struct arena *a)
{
    size_t events = p->events_n < LIMIT_PLANNER_NAMES ? p->events_n : LIMIT_PLANNER_NAMES;
    size_t properties = p->properties_n < LIMIT_PLANNER_NAMES ? p->properties_n : LIMIT_PLANNER_NAMES;
    *x = (struct names){ .project = p, .words = w, .arena = a, .concepts = MAP_INIT(a) };
    /* A name of the lexicon may stand for as many properties as bear it: event's, person's, groups'. */
    size_t most = events + properties + 8 * w->lexicon->called_n + properties * 2;
    size_t room = most;
    for (size_t i = 0; i < properties; i++)
        for (size_t k = 0; k < w->lexicon->called_n; k++)
            room += str_eq(w->lexicon->called[k].same, p->properties[i].name);
    x->list = arena_alloc(a, room * sizeof(*x->list));
    for (size_t i = 0; i < events; i++)
        add_called(x, NAME_EVENT, i, p->events[i].name);
    for (size_t i = 0; i < properties; i++)
        add_called(x, NAME_PROPERTY, i, p->properties[i].name);
    index_names(x);
    x->at = arena_alloc(a, (LIMIT_QUESTION_WORDS + 1) * sizeof(*x->at));
    x->length = arena_alloc(a, LIMIT_QUESTION_WORDS + 1);
}

void names_look(struct names *x)
{
    const struct words *w = x->words;
    str *stems = arena_alloc(x->arena, (w->n + 1) * sizeof(*stems));
    for (size_t i = 0; i < w->n; i++)
        stems[i] = w->list[i].used ? STR("") : w->list[i].stem;
    for (size_t i = 0; i < w->n; i++) {
        str text = stems[i];
        size_t took = w->list[i].used ? 0 : same_at(w->lexicon, stems + i, w->n - i, &text);
        uint16_t c = w->list[i].used ? 0 : (uint16_t)(uintptr_t)map_get(&x->concepts, text);
        if (!c && took) { /* no name has the group: perhaps one has the word */
            took = 1;
            c = (uint16_t)(uintptr_t)map_get(&x->concepts, stems[i]);
        }
        x->at[i] = c;
        x->length[i] = (uint8_t)(took ? took : 1);
    }
}

bool names_know(const struct names *x, size_t i)
{
    return x->at[i] != 0;
}

/* -------------------------------------------------------------------------- mentions */

static bool is_small(const struct words *w, size_t i)
{
    return words_role(w, i, ROLE_STOP, NULL) || words_role(w, i, ROLE_OF, NULL) ||
           words_role(w, i, ROLE_IN, NULL) || words_role(w, i, ROLE_IS, NULL) ||
           words_role(w, i, ROLE_NEW, NULL) || words_role(w, i, ROLE_PEOPLE, NULL) ||
           words_role(w, i, ROLE_TOP, NULL);
}

static bool is_weak(const struct words *w, size_t i, size_t n)
{
    for (size_t k = i; k < i + n; k++)
        if (!words_role(w, k, ROLE_WEAK, NULL))
            return false;
    return true;
}

/* How much of a name stands from word i on. */
static void measure(const struct names *x, const struct name *name, size_t i, struct mention *m)
{
    const struct words *w = x->words;
    unsigned seen = 0;
    int skipped = 0;
    *m = (struct mention){ .kind = name->kind, .from = i, .to = i, .weak = true };
    for (size_t j = i; j < w->n && !w->list[j].used && skipped <= SKIPS;) {
        size_t k = 0;
        while (k < name->n && (name->concepts[k] != x->at[j] || seen & 1u << k))
            k++;
        if (x->at[j] && k < name->n) {
            seen |= 1u << k;
            m->concepts++;
            m->words += x->length[j];
            m->weak &= is_weak(w, j, x->length[j]);
            j += x->length[j];
            m->to = j;
            skipped = 0;
        } else if (j > i && is_small(w, j) && !w->list[j].quoted) {
            skipped++;
            j++;
        } else {
            break;
        }
    }
    m->whole = m->concepts == name->n;
}

int names_compare(const struct mention *a, const struct mention *b)
{
    if (a->whole != b->whole)
        return a->whole ? -1 : 1;
    if (a->words != b->words)
        return b->words - a->words;
    if (a->weak != b->weak)
        return a->weak ? 1 : -1;
    return (int)(a->to - a->from) - (int)(b->to - b->from);
}

static void add_close(struct mention *m, uint32_t index)
{
    for (size_t i = 0; i < m->close_n; i++)
        if (m->close[i] == index)
            return;
    if (m->close_n < NAMES_CLOSE)
        m->close[m->close_n++] = index;
}

bool names_mention(const struct names *x, size_t i, enum name_kind kind, struct mention *out)
{
    bool free_word = i < x->words->n && !x->words->list[i].used && !x->words->list[i].path;
    uint16_t c = free_word ? x->at[i] : 0;
    *out = (struct mention){ .kind = kind };
    if (!c)
        return false;
    for (uint32_t k = 1; k <= x->with[c][0]; k++) {
        const struct name *name = &x->list[x->with[c][k]];
        struct mention m;
        if (name->kind != kind)
            continue;
        measure(x, name, i, &m);
        int order = out->close_n ? names_compare(&m, out) : -1;
        if (order < 0)
            *out = m;
        if (order <= 0)
            add_close(out, name->index);
    }
    return out->close_n > 0;
}
