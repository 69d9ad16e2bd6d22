/* names.h - where a question speaks of the project's events and properties. A name and the question's
 * words are both brought to concepts (a stem, or a group of words that say the same); a mention is a
 * run of words whose concepts are those of a name, in any order, with small words between. */
#pragma once

#include "assistant/planner.h"
#include "assistant/words.h"

#define NAME_CONCEPTS 8
#define NAMES_CLOSE 6

enum name_kind { NAME_EVENT, NAME_PROPERTY };

/* One way to call an event or property. */
struct name {
    enum name_kind kind;
    uint32_t index; /* in the project's list */
    uint16_t concepts[NAME_CONCEPTS];
    uint8_t n;
};

struct names {
    const struct planner_project *project;
    struct words *words;
    struct arena *arena;
    struct name *list;
    size_t n;
    struct map concepts;  /* text to its number, counted from 1 */
    size_t concepts_n;
    uint32_t **with;      /* for each concept, the names that have it: first their count */
    uint16_t *at;         /* for each word of the question the concept that begins there; 0: none */
    uint8_t *length;      /* how many words it takes */
};

struct mention {
    enum name_kind kind;
    uint32_t close[NAMES_CLOSE]; /* those that fit equally; the first is the likeliest */
    size_t close_n;
    size_t from, to; /* words */
    bool whole;      /* every concept of the name was there */
    bool weak;       /* only words that many names share */
    int concepts;    /* how many of the name were there */
    int words;       /* how many words say them */
};

/* Reads the project's names. */
void names_init(struct names *x, const struct planner_project *p, struct words *w, struct arena *a);
/* Reads the question's words anew, after some were used or mended. */
void names_look(struct names *x);
/* The best mention of that kind that begins at word i; false: none. */
bool names_mention(const struct names *x, size_t i, enum name_kind kind, struct mention *out);
/* Negative: a fits better; 0: as well. */
int names_compare(const struct mention *a, const struct mention *b);
/* Is the word (or the phrase beginning there) part of any name? */
bool names_know(const struct names *x, size_t i);
/* The words of a text, as stems: for comparing values. At most max. */
size_t names_split(struct arena *a, str text, str *out, size_t max);
