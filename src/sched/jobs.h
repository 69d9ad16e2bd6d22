/* jobs.h - work that is kept in the store until it is done: leased by one worker at a time, tried again
 * when it fails, taken over when who worked on it is gone. Mechanism only: what the work is, its kind
 * knows.
 *
 * A lease is renewed while its job runs. Of a queue one job runs at a time, in the order they are due,
 * so that one destination that hangs keeps one worker busy at most. */
#pragma once

#include "store/store.h"

struct jobs;
struct job;

enum job_outcome {
    JOB_DONE,  /* it is removed */
    JOB_AGAIN, /* it is tried again, later each time */
    JOB_WAIT,  /* the same soon; it was no failure */
};

struct job_kind {
    const char *name;
    /* On a worker's thread. ref is what the job is about; tries: how often it failed before. */
    enum job_outcome (*run)(void *context, const struct job *job, str ref, int64_t tries);
    void *context;
};

/* kinds: ended by a row without name, lives as long. alone: no other process works on this store, so
 * leases from before are void. */
int jobs_start(struct store *s, const struct job_kind *kinds, int workers, bool alone,
               struct jobs **out, struct err *e);
/* Lets those under way see that they are to end, and waits for them. NULL is allowed. */
void jobs_stop(struct jobs *j);

/* Within the caller's transaction, if any. One that is there already stays. */
int job_add(struct db *d, const char *kind, str ref, str queue, struct err *e);
int job_remove(struct db *d, const char *kind, str ref, struct err *e);
/* When the oldest of a kind that is not done was added, by the machine's clock; 0: there is none. */
int jobs_oldest(struct jobs *j, const char *kind, int64_t *out, struct err *e);
/* After the transaction. */
void jobs_wake(struct jobs *j);
/* Tells a job that runs to end. */
void jobs_cancel(struct jobs *j, const char *kind, str ref);
/* For a job that runs: it is to end. */
bool job_cancelled(const struct job *job);
/* The server is stopping: what was cancelled goes on after the next start. */
bool job_stopping(const struct job *job);
