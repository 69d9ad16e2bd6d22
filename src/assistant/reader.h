/* reader.h - what the files that read a question share. Each pass marks the words whose part it knows;
 * what is left at the end was not understood. */
#pragma once

#include "assistant/reading.h"

#define READER_ITEMS 64

enum item_kind { ITEM_EVENT, ITEM_PROPERTY, ITEM_VALUE };

/* A thing of the project that the question speaks of, in the order of the words. */
struct item {
    enum item_kind kind;
    size_t from, to;
    int index;     /* of the event or property */
    uint32_t close[NAMES_CLOSE]; /* others that fit as well, itself included */
    size_t close_n;
    bool tentative; /* its words mean something else, too, unless the grammar has a place for it */
    bool used;      /* the grammar has placed it */
    struct filter filter; /* of ITEM_VALUE */
    bool by;       /* the question splits by it */
    bool joined;   /* of ITEM_VALUE: written as one word, its property is not known yet */
};

/* A value that a property is known to have. */
struct known_value {
    int property;
    str text;
    str plain; /* lower case, words with one blank between */
    str stems; /* the same without endings */
    bool named; /* of a property whose values stand for themselves */
    struct known_value *next, *next_plain, *next_stems;
};

struct reader {
    const struct planner_project *project;
    struct arena *arena;
    struct words words;
    struct names names;
    struct when_calendar calendar;
    const struct json *picks;
    struct item items[READER_ITEMS];
    size_t items_n;
    struct known_value *values;
    struct map plain, stems; /* the values, by either */
    bool versus_when;        /* the first time named is one to compare with: "vs last week" */
    int scans;               /* how often all values were gone through for a part of one */
    bool *known;             /* for each property, whether its values are among them */
    struct reading *out;
    struct doubt *doubt;
    struct err *err;
};

/* The first doubt stays. */
void reader_refuse(struct reader *r, str text);
bool reader_doubts(const struct reader *r);
/* What was chosen for these words in a turn before; STR_NULL: nothing. */
str reader_pick(const struct reader *r, str key);
str reader_key(const struct reader *r, size_t from, size_t to);
/* Asks which of an item's names is meant, unless that was chosen before. */
void reader_settle(struct reader *r, struct item *it);
/* The item at word i, or that ends there; NULL: none. */
struct item *reader_item_at(struct reader *r, size_t i);
struct item *reader_item_before(struct reader *r, size_t i);
struct item *reader_add(struct reader *r, enum item_kind kind, size_t from, size_t to);
bool reader_small(const struct reader *r, size_t i);
/* Does a phrase of that role begin at a word that is not used? Uses it. */
bool reader_take(struct reader *r, enum role role, int *value);
bool reader_has(const struct reader *r, enum role role);
/* The property of that name, an event's before a person's; NO_PROPERTY. */
int reader_property(const struct reader *r, const char *name);
int reader_event(const struct reader *r, const char *name);
/* Came the property with the event (ANY_EVENT: with any)? A person's comes with all. */
bool reader_came_with(const struct reader *r, int property, int event);
bool reader_numeric(const struct reader *r, int property);
/* How a property is told to people: `plan`, `plan` of the person. */
str reader_property_text(const struct planner_project *p, struct arena *a, int property);

/* reader_filter.c: conditions on properties, and values that stand alone. */
int reader_filters(struct reader *r);
/* Values that are written as one, "team-planning", before their parts are taken for names. */
int reader_joined_values(struct reader *r);
/* reader_grammar.c: what is asked of it all. */
void reader_grammar(struct reader *r);
