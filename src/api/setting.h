/* setting.h - the settings of an object as a table: each name with its type, its bounds and its default,
 * for reading them from a request's body and writing them in a reply. What is stored is one JSON
 * object that holds only what was set. */
#pragma once

#include "api/internal.h"

enum setting_type {
    SETTING_BOOL,
    SETTING_TEXT,     /* at most `max` characters */
    SETTING_INTEGER,  /* from `min` to `max` */
    SETTING_DECIMAL,  /* from `min` to `max`, kept as text */
    SETTING_CHOICE,   /* one of `choices`: texts, or numbers when the first is one */
    SETTING_LIST,
    SETTING_TEXTS,    /* a list of texts */
    SETTING_OBJECT,
    SETTING_MERGED,   /* an object; what a body does not name stays */
};

struct setting {
    const char *name;
    enum setting_type type;
    const char *initial; /* JSON; NULL: null, and null may be set */
    int64_t min, max;
    const char *choices; /* "a|b" */
};

/* The stored object with what the body sets over it, as text in the arena. The first wrong value is
 * reported; nothing is written then. *out is `stored` itself when the body sets nothing. */
int settings_read(struct req *r, const struct setting *table, size_t n, str stored, str *out,
                  struct err *e);
/* Members of an open object. */
void settings_write(struct json_writer *w, struct arena *a, const struct setting *table, size_t n,
                    str stored);
