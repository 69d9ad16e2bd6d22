/* lexicon.h - the words of a language that questions are asked in: what part each plays, which words
 * say the same, how endings fall off. The words stand in lexicon_en.def; another language is another
 * such file. Names of events and properties are not in it: they come from the project. */
#pragma once

#include "base/arena.h"
#include "base/map.h"

/* What a word or phrase does in a question. */
enum role {
    ROLE_NONE,
    ROLE_STOP,       /* nothing: "please", "the" */
    ROLE_COUNT,      /* asks for a number: "how many" */
    ROLE_PEOPLE,     /* "users" */
    ROLE_UNIQUE,     /* "unique" */
    ROLE_SESSIONS,
    ROLE_MATH,       /* value: enum math */
    ROLE_PER_PERSON, /* "per user" */
    ROLE_BY,         /* "broken down by" */
    ROLE_UNIT,       /* value: enum unit */
    ROLE_EVERY,      /* "daily"; value: enum unit */
    ROLE_LAST,       /* "last" */
    ROLE_PAST,       /* "past": up to now, not the calendar's */
    ROLE_THIS,
    ROLE_DAY,        /* value: days back from today */
    ROLE_MONTH,      /* value: 1 to 12 */
    ROLE_WEEKDAY,    /* value: 0 Monday to 6 */
    ROLE_QUARTER,    /* value: 1 to 4 */
    ROLE_WEEKEND,
    ROLE_TO_DATE,    /* "year to date"; value: enum unit */
    ROLE_SINCE,
    ROLE_UNTIL,
    ROLE_BETWEEN,
    ROLE_AND,
    ROLE_OR,
    ROLE_FROM,
    ROLE_TO,
    ROLE_IN,         /* before a time or a place; else nothing */
    ROLE_OF,
    ROLE_AGO,
    ROLE_BEFORE,
    ROLE_AFTER,
    ROLE_EVER,       /* all there is */
    ROLE_NUMBER,     /* value: the number */
    ROLE_OP,         /* value: enum op */
    ROLE_IS,
    ROLE_NOT,
    ROLE_SET,        /* "is set"; value: 1, or 0 for "is not set" */
    ROLE_COMPARE,    /* against the period before */
    ROLE_VERSUS,     /* "vs" */
    ROLE_WHY,
    ROLE_CHANGE,     /* "drop"; value: -1, 0, 1 */
    ROLE_TOP,        /* "most"; value: 1, or -1 for "least" */
    ROLE_FUNNEL,
    ROLE_CONVERT,    /* "conversion from" */
    ROLE_SHARE,      /* "what percentage of" */
    ROLE_THEN,
    ROLE_THOSE,      /* "of those who" */
    ROLE_WITHIN,
    ROLE_HOW_LONG,
    ROLE_RETENTION,
    ROLE_STICKINESS,
    ROLE_LIFECYCLE,
    ROLE_PATHS,
    ROLE_DASHBOARD,
    ROLE_SERIES,     /* "over time" */
    ROLE_WHICH,
    ROLE_WHERE,      /* asks for places */
    ROLE_EACH,
    ROLE_ANY_EVENT,  /* "events", "anything" */
    ROLE_ACTIVE,
    ROLE_FIRST_TIME,
    ROLE_NEW,
    ROLE_ONLY,
    ROLE_AMOUNT,     /* "revenue": the number that stands for money */
    ROLE_PRICE,      /* "price": the same of one event, which is never added up unasked */
    ROLE_HELP,
    ROLE_LIST,       /* "which events are there"; value: enum listing */
    ROLE_CANNOT,     /* asks for what the planner does not do; value: a place in lexicon_cannot */
    ROLE_AGAIN,      /* begins a question that goes on with the one before: "and", "what about" */
    ROLE_PRONOUN,    /* "they", "that": nothing, but of the question before when it stands alone */
    ROLE_PREVIOUS,   /* "the period before" */
    ROLE_DO,         /* "what do people pay" asks for no people */
    ROLE_WEAK,       /* part of many names: never one alone */
};

enum math {
    MATH_TOTAL, MATH_DAU, MATH_WEEKLY, MATH_MONTHLY, MATH_SESSIONS, MATH_SUM, MATH_AVG, MATH_MIN,
    MATH_MAX, MATH_MEDIAN, MATH_P75, MATH_P90, MATH_P95, MATH_P99, MATH_FIRST_TIME,
};
enum unit { UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR };
enum op { OP_EXACT, OP_NOT, OP_HAS, OP_HAS_NOT, OP_GT, OP_GTE, OP_LT, OP_LTE, OP_BEGINS };
enum listing { LIST_EVENTS, LIST_PROPERTIES, LIST_VALUES };

/* A phrase of up to LEXEME_WORDS words. */
#define LEXEME_WORDS 6
struct lexeme {
    enum role role;
    int value;
    str words[LEXEME_WORDS]; /* lower case; of what says the same: their stems */
    size_t n;
    str same; /* of a group of words that say the same: its name; of what a name is called: the name */
    struct lexeme *next; /* with the same first word */
};

struct lexicon {
    struct map roles;  /* by the first word */
    struct map sames;  /* by the first word's stem */
    struct map values; /* by the first word of what people call a value; `same` is the value */
    const struct lexeme *called; /* other names of well-known events and properties, `same` is theirs */
    size_t called_n;
};

/* Read from the table; its texts are static, the rest is in the arena. */
const struct lexicon *lexicon_new(struct arena *a);
/* The word without its ending, in the arena. Words of less than four letters stay. */
str lexicon_stem(struct arena *a, str word);
/* Why the planner does not do what ROLE_CANNOT asks for, a sentence. */
const char *lexicon_cannot(int value);
