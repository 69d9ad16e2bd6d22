/* words.h - a question as a list of words, and which parts of speech each can play. */
#pragma once

#include "assistant/lexicon.h"

struct word {
    str raw;   /* as written */
    str text;  /* lower case */
    str stem;
    size_t at, end; /* in the question */
    bool number;    /* it is one: in value */
    bool percent, money;
    bool ordinal;   /* "3rd" */
    double value;
    bool quoted;    /* the whole of what stood between quotes is one word */
    bool path;      /* a slash stood before it */
    bool glued;     /* no blank between it and the word before */
    bool used;      /* its part in the question is known */
    bool mended;    /* written otherwise in the question */
};

struct words {
    const struct lexicon *lexicon;
    struct arena *arena;
    str question;
    struct word *list;
    size_t n;
    bool too_long;
};

/* At most LIMIT_QUESTION_WORDS words are read; more set too_long. The text is valid UTF-8. */
void words_read(struct words *w, struct arena *a, const struct lexicon *x, str question);
/* How many words from i on play that role, the longest phrase; 0: none. *value may be NULL. */
size_t words_role(const struct words *w, size_t i, enum role role, int *value);
/* The number at i, written with digits or as a word; false: none. */
bool words_number(const struct words *w, size_t i, double *out);
/* Marks the n words from i on. */
void words_use(struct words *w, size_t i, size_t n);
/* Is the word inside a longer phrase that begins before it: "expensive" of "most expensive"? */
bool words_inside(const struct words *w, size_t i);
/* Has the word any role at all, alone or as the begin of a phrase that stands there? */
bool words_known(const struct words *w, size_t i);
/* The next word that is not used from i on, or w->n. */
size_t words_next(const struct words *w, size_t i);
/* The question's text from word i up to word j; with words that were mended, as they are read. */
str words_text(const struct words *w, size_t i, size_t j);

/* The letters to change, leave out, add or swap with a neighbour to make b of a; more than most gives
 * most + 1. Bytes count, texts longer than 64 are never near. */
int words_distance(str a, str b, int most);
