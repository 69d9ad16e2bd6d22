/* lexicon.c - see lexicon.h and lexicon_en.def. */
#include "assistant/lexicon.h"

static const struct row {
    enum role role;
    int value;
    const char *phrases;
} rows[] = {
#define LEX(role, value, phrases) { ROLE_##role, value, phrases },
#include "assistant/lexicon_en.def"
};

static const struct group {
    const char *name, *phrases;
} sames[] = {
#define SAME(name, phrases) { name, phrases },
#include "assistant/lexicon_en.def"
};

static const struct group names[] = {
#define CALLED(name, phrases) { name, phrases },
#include "assistant/lexicon_en.def"
};

static const struct group values[] = {
#define VALUE(name, phrases) { name, phrases },
#include "assistant/lexicon_en.def"
};

static const struct ending {
    int turn;
    const char *ending, *instead;
} endings[] = {
#define ENDING(turn, ending, instead) { turn, ending, instead },
#include "assistant/lexicon_en.def"
};

static const struct refusal {
    const char *phrases, *why;
} refusals[] = {
#define CANNOT(phrases, why) { phrases, why },
#include "assistant/lexicon_en.def"
};

/* -------------------------------------------------------------------------- endings */

static bool is_vowel(char c)
{
    return c && strchr("aeiouy", c) != NULL;
}

static bool has_vowel(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (is_vowel(s.p[i]))
            return true;
    return false;
}

/* One ending of that turn falls off, when at least three letters with a vowel stay. */
static void cut_ending(struct arena *a, str *word, int turn)
{
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        str ending = str_of(endings[i].ending);
        if (endings[i].turn != turn || !str_ends(*word, ending))
            continue;
        str stem = str_slice(*word, 0, word->n - ending.n);
        if (stem.n < 3 || !has_vowel(stem))
            return;
        *word = endings[i].instead[0] ? arena_printf(a, STR_FMT "%s", STR_ARG(stem), endings[i].instead)
                                      : stem;
        return;
    }
}

str lexicon_stem(struct arena *a, str word)
{
    if (word.n < 4)
        return word;
    cut_ending(a, &word, 1);
    cut_ending(a, &word, 2);
    if (word.n > 3 && word.p[word.n - 1] == word.p[word.n - 2] && !is_vowel(word.p[word.n - 1]))
        word.n--;
    if (word.n > 3 && word.p[word.n - 1] == 'e')
        word.n--;
    return word;
}

/* -------------------------------------------------------------------------- the table */

static void add_phrase(struct map *m, struct arena *a, struct lexeme *l, str phrase, bool stems)
{
    for (str rest = phrase; rest.p && l->n < LEXEME_WORDS;) {
        str word = str_split(&rest, ' ');
        if (word.n)
            l->words[l->n++] = stems ? lexicon_stem(a, word) : word;
    }
    if (!m || !l->n)
        return;
    void **at = map_at(m, l->words[0]);
    l->next = *at;
    *at = l;
}

static size_t count_phrases(const char *phrases)
{
    size_t n = 1;
    for (const char *p = phrases; *p; p++)
        n += *p == '|';
    return n;
}

static void add_phrases(struct map *m, struct arena *a, const char *phrases, struct lexeme like, bool stems)
{
    struct lexeme *l = arena_alloc(a, count_phrases(phrases) * sizeof(*l));
    for (str rest = str_of(phrases); rest.p; l++) {
        str phrase = str_split(&rest, '|');
        *l = like;
        add_phrase(m, a, l, phrase, stems);
    }
}

static void read_called(struct lexicon *x, struct arena *a)
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        n += count_phrases(names[i].phrases);
    struct lexeme *list = arena_alloc(a, n * sizeof(*list));
    x->called = list;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        for (str rest = str_of(names[i].phrases); rest.p; list++) {
            str phrase = str_split(&rest, '|');
            list->same = str_of(names[i].name);
            add_phrase(NULL, a, list, phrase, true);
        }
    x->called_n = n;
}

const struct lexicon *lexicon_new(struct arena *a)
{
    struct lexicon *x = arena_new_of(a, struct lexicon);
    x->roles = MAP_INIT(a);
    x->sames = MAP_INIT(a);
    x->values = MAP_INIT(a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        add_phrases(&x->roles, a, rows[i].phrases,
                    (struct lexeme){ .role = rows[i].role, .value = rows[i].value }, false);
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
        add_phrases(&x->roles, a, refusals[i].phrases,
                    (struct lexeme){ .role = ROLE_CANNOT, .value = (int)i }, false);
    for (size_t i = 0; i < ARRAY_LEN(sames); i++)
        add_phrases(&x->sames, a, sames[i].phrases, (struct lexeme){ .same = str_of(sames[i].name) },
                    true);
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        add_phrases(&x->values, a, values[i].phrases,
                    (struct lexeme){ .same = str_of(values[i].name) }, false);
    read_called(x, a);
    return x;
}

const char *lexicon_cannot(int value)
{
    return refusals[value].why;
}
