/* destination.h - the kinds of places that exports go to: a row each, with the settings they take,
 * what must hold of them together, and the steps that try whether the place can be used. */
#pragma once

#include "http/outgoing.h"
#include "json/parse.h"

enum export_value { EXPORT_STR, EXPORT_INT, EXPORT_BOOL, EXPORT_NAMES /* a list of texts */ };

struct export_field {
    const char *name; /* NULL ends a list */
    enum export_value type;
    const char *fallback; /* JSON; NULL: the setting must be given */
    bool nullable;
    bool secret; /* taken, and never shown again */
};

/* A step under way: what it may use, and what it has to say. */
struct export_trial {
    struct arena *arena;
    struct outgoing *outgoing;
    const struct reach *reach;
    const char *local_dir;     /* LocalFile writes below it, */
    int64_t project_id;        /* in the directory of this project */
    const struct json *config; /* complete, as export_config makes it */
    str message;               /* why it failed or was skipped; STR_NULL: passed */
};

enum export_outcome { STEP_PASSED, STEP_FAILED, STEP_SKIPPED };

struct export_step {
    const char *name, *description; /* clients show both */
    const char *needs; /* settings that may not be empty, by blanks; without them it cannot run */
    enum export_outcome (*run)(struct export_trial *t);
};

struct export_destination {
    const char *type;
    const struct export_field *fields;
    const char *integration;  /* the kind of integration it takes credentials from */
    const char *wrong_kind;   /* what is said of one of another kind … */
    bool wrong_kind_named;    /* … and whether that kind is told */
    /* What no single field can tell. The error's attr is "destination". NULL: nothing. */
    int (*check)(struct arena *a, const struct export_destination *d, const struct json *config,
                 struct err *e);
    const struct export_step *steps;
    size_t steps_n; /* 0: there is nothing to try */
    const struct export_run_kind *run; /* how rows get there (export/run.h) */
};

/* NULL: there is no such kind. */
const struct export_destination *export_destination_find(str type);

/* The settings given, checked against the kind's and completed with defaults: objects in the arena
 * with every field, each of its type. *out has those of the integration that the export names (linked;
 * NULL: none) in their place, *own has not. ERR_INVALID on destination__non_field_errors: names,
 * missing ones, types; on destination: what the kind itself refuses. */
int export_config(struct arena *a, const struct export_destination *d, const struct json *given,
                  const struct json *linked, struct json **own, struct json **out, struct err *e);

/* Runs the step, on the caller's thread; up to half a minute when the other side is slow. */
enum export_outcome export_step_run(const struct export_step *s, struct export_trial *t);
/* "Passed", "Failed", "Skipped" */
const char *export_outcome_name(enum export_outcome o);

/* -------------------------------------------------------------------------- for the kinds */

/* Sets the message. */
enum export_outcome step_failed(struct export_trial *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Formats that files are written in and how each may be compressed; attr "destination". */
int export_check_files(struct arena *a, const struct json *config, struct err *e);

/* Writes a small object at the trial's prefix, reads it back and deletes it. `what` names the object
 * in messages; call does one of PUT, GET and DELETE: false, *why set, when it failed. */
typedef bool object_call(void *place, struct export_trial *t, const char *method, str key, str body,
                         str *got, str *why);
enum export_outcome export_try_object(struct export_trial *t, const char *what, object_call *call,
                                      void *place);

extern const struct export_step export_aws_steps[3], export_s3_steps[2], export_azure_steps[2],
    export_postgres_steps[3], export_clickhouse_steps[3], export_local_steps[1];
int export_check_s3(struct arena *a, const struct export_destination *d, const struct json *config,
                    struct err *e);
int export_check_azure(struct arena *a, const struct export_destination *d,
                       const struct json *config, struct err *e);
int export_check_postgres(struct arena *a, const struct export_destination *d,
                          const struct json *config, struct err *e);
int export_check_clickhouse(struct arena *a, const struct export_destination *d,
                            const struct json *config, struct err *e);
int export_check_local(struct arena *a, const struct export_destination *d,
                       const struct json *config, struct err *e);
