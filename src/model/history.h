/* history.h - what happened to dashboards and insights: who changed what when, and the versions that
 * their saves left. Entries are written in the transaction of the change. */
#pragma once

#include "store/store.h"

enum history_kind { HISTORY_DASHBOARD, HISTORY_INSIGHT };

struct history_entry {
    int64_t seq, project_id, item_id;
    str id; /* uuid */
    enum history_kind kind;
    str name;     /* of the object; STR_NULL: it had none */
    str activity; /* created, updated, deleted, restored */
    str changes;  /* JSON list */
    int64_t version; /* 0: the object itself was not saved */
    str snapshot;    /* JSON object; STR_NULL: none */
    int64_t created_at, user_id; /* user_id 0: gone */
};

/* What a list shows, newest first; 0 and STR_NULL narrow nothing. */
struct history_filter {
    int64_t project_id, viewer; /* what the rules hide from the viewer is left out */
    bool sees_all;              /* nothing is hidden from them */
    str scope;                  /* Dashboard, Insight */
    str activity;
    int64_t item_id, user_id;
    bool versions; /* saves only, whose object is still there to look at */
};

/* "Dashboard", "Insight". */
const char *history_scope(enum history_kind kind);
/* The object as it is now: its name and a JSON object of what a version keeps, times and counters left
 * out. 1 found, 0 not. created: when and by whom it was made. */
int history_look(struct db *d, struct arena *a, enum history_kind kind, int64_t item_id,
                 struct history_entry *out, struct err *e);
/* The newest version; 1 found, 0 it has none. */
int history_last(struct db *d, struct arena *a, enum history_kind kind, int64_t item_id,
                 struct history_entry *out, struct err *e);
int history_find(struct db *d, struct arena *a, enum history_kind kind, int64_t item_id,
                 int64_t version, struct history_entry *out, struct err *e);
/* Sets id and, with a snapshot, the next version; lets go of snapshots that are too many. */
int history_insert(struct db *d, struct arena *a, struct history_entry *in, struct err *e);
int history_count(struct db *d, struct arena *a, const struct history_filter *f, int64_t *out,
                  struct err *e);
/* snapshots are left out. */
int history_page(struct db *d, struct arena *a, const struct history_filter *f, int64_t limit,
                 int64_t offset, struct history_entry **out, size_t *n, struct err *e);
