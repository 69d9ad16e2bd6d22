/* reading.h - a question as the planner understands it, before it becomes queries. */
#pragma once

#include "assistant/names.h"
#include "assistant/when.h"

#define READING_SERIES 8
#define READING_FILTERS 8
#define READING_VALUES 8
#define READING_BREAKDOWNS 3
#define READING_CHOICES 6
#define ANY_EVENT (-1)
#define NO_PROPERTY (-1)

enum intent {
    INTENT_NONE,     /* only what changes another question */
    INTENT_TREND,
    INTENT_SHARE,    /* a percentage: two series and a formula */
    INTENT_FUNNEL,
    INTENT_RETENTION,
    INTENT_STICKINESS,
    INTENT_LIFECYCLE,
    INTENT_PATHS,
    INTENT_WHY,      /* what a change is made of */
};

struct filter {
    int property;
    enum op op;
    bool set, is_set;  /* asks whether there is a value at all */
    bool number;       /* compared as numbers */
    bool between;      /* two values: from, to */
    str values[READING_VALUES];
    size_t values_n;
};

struct series {
    int event; /* ANY_EVENT, or a place in the project's list */
    struct filter filters[READING_FILTERS];
    size_t filters_n;
    size_t at; /* word */
    bool not; /* "did not": of a funnel, those who left before it */
};

struct reading {
    enum intent intent;
    struct series series[READING_SERIES];
    size_t series_n;
    struct filter filters[READING_FILTERS]; /* of the whole question */
    size_t filters_n;
    enum math math;
    bool math_given;
    int math_property;
    bool sums_apart;   /* several series with numbers are to be added up */
    bool per_person;
    bool people;       /* counts people, not events */
    bool sessions;
    bool first_time;
    int breakdowns[READING_BREAKDOWNS];
    size_t breakdowns_n;
    bool by_event;     /* "the most frequent events" */
    bool by_place;     /* "where do they come from" */
    struct when when, other; /* other: of "March vs April" the second */
    bool compare;
    enum unit interval;
    bool interval_given, over_time;
    int top;           /* how many; 0: not asked */
    int order;         /* 1 the most, -1 the fewest, 0 not said */
    int window;        /* of a funnel; 0: not said */
    enum unit window_unit;
    bool how_long, share;
    bool from_funnel;  /* "visitors" were named beside other events: a funnel begins with page views */
    bool any_order;    /* the steps of the funnel */
    bool path_end;     /* of PATHS: the event is where they end */
    int change;        /* of WHY: -1 fell, 1 rose, 0 changed */
    bool again;        /* begins as one that goes on with the question before */
    bool pronoun;
    str mended;        /* what was read otherwise than written, a sentence; STR_NULL */
};

/* A word with two readings, or one without any. */
struct doubt {
    str key;        /* the words, lower case: what a choice is remembered by */
    str question;   /* STR_NULL: nothing is in doubt */
    struct {
        str text;   /* what the reader sees and says */
        str pick;   /* what it means here */
    } choices[READING_CHOICES];
    size_t choices_n;
    str refusal;    /* STR_NULL: none */
};

/* Choices made in turns before: JSON object of keys and picks; NULL for none. */
int reading_read(const struct planner_project *p, struct arena *a, const struct lexicon *x, str question,
                 const struct json *picks, struct reading *out, struct doubt *doubt, struct err *e);
/* Puts what `next` changes on the reading before it. False: it changes nothing, or has no place there. */
bool reading_follow(struct reading *before, const struct reading *next);
