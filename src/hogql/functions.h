/* functions.h - the functions of the language: rows of functions.def, found by name. */
#pragma once

#include "hogql/tables.h"

enum function_flag {
    CI = 1 << 0,
    TZ = 1 << 1,
    NEVER_NULL = 1 << 2,
    MAYBE_NULL = 1 << 3,
    AGGREGATE = 1 << 4,
    WINDOW = 1 << 5,
};

/* Functions that there is code for: in the printer, or, the last line, in the resolver only. */
enum function_special {
    SPECIAL_NONE, SPECIAL_CONCAT, SPECIAL_COUNT, SPECIAL_TO_DATE, SPECIAL_TO_DATETIME,
    SPECIAL_TO_DATETIME64, SPECIAL_TO_DECIMAL, SPECIAL_START_OF_WEEK, SPECIAL_LAG, SPECIAL_TRIM,
    SPECIAL_TIME_WINDOW, SPECIAL_DATE_ADD, SPECIAL_ARRAY_REDUCE, SPECIAL_RECORDING_BUTTON,
    SPECIAL_LOOKUP, SPECIAL_JSON_LIST,
    SPECIAL_START, SPECIAL_ABSENT, SPECIAL_EXPANDED, SPECIAL_ACTION, SPECIAL_WITHIN,
};

struct function {
    const char *name;
    int least, most;               /* arguments; -1: any number */
    int params_least, params_most; /* parameters */
    enum hogql_base type;
    unsigned flags;
    enum function_special special;
    /* What is printed: a template, or NULL for a call of the same name. LOOKUP: what is looked up.
     * ABSENT: why there is no such function here. */
    const char *target;
};

/* By exact name, then in lower case for those that allow it, then as an aggregation of a family with
 * a suffix (sumIfOrNull), which is made in the arena. NULL: no such function. */
const struct function *function_find(struct arena *a, str name);
/* For lists and tests; NULL at the end. */
const struct function *function_at(size_t i);
/* The nearest name there is, empty when none is near. */
str function_nearest(str name);
