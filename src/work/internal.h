/* internal.h - what the files of work/ share of batch exports. */
#pragma once

#include <stdatomic.h>

#include "sched/jobs.h"
#include "work/export.h"

#define EXPORT_RUN_JOB "export_run"
#define EXPORT_BACKFILL_JOB "export_backfill"

struct export_worker {
    struct export_worker_config cfg;
    struct job_kind kinds[3]; /* the last has no name */
    struct jobs *jobs;
    struct export_timetable *timetable;
    atomic_llong completed, failed, tries, rows, bytes;
};

/* Functions of job kinds; context: struct export_worker. */
enum job_outcome export_run_job(void *context, const struct job *job, str ref, int64_t tries);
enum job_outcome export_backfill_job(void *context, const struct job *job, str ref, int64_t tries);

/* The thread that starts runs when their intervals have ended. */
struct export_timetable;
int export_timetable_start(struct export_worker *w, struct export_timetable **out, struct err *e);
void export_timetable_stop(struct export_timetable *t);
void export_timetable_wake(struct export_timetable *t);
