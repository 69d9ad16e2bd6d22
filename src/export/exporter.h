/* exporter.h - what exports use of the running server. */
#pragma once

#include "export/run.h"

struct exporter;

struct exporter_config {
    const char *allow_private; /* networks, see http/reach.h; NULL: none */
    const char *local_dir;     /* LocalFile writes below it */
    const char *spool_dir;     /* rows on their way stand there */
};

int exporter_start(const struct exporter_config *cfg, struct exporter **out, struct err *e);
void exporter_stop(struct exporter *x);

/* Runs a step of trying a destination, on the caller's thread. *message (in the arena) says why it
 * failed or was skipped, STR_NULL: it passed. ERR_THROTTLED: too many run at the moment. */
int exporter_try(struct exporter *x, struct arena *a, const struct export_step *step,
                 int64_t project_id, const struct json *config, enum export_outcome *outcome,
                 str *message, struct err *e);

/* What a kind of destination works with. */
void exporter_carrier(struct exporter *x, const struct export_task *t, struct carrier *out);
/* Carries an interval over, on the caller's thread. Errors: see run.h. */
int exporter_run(struct exporter *x, const struct export_task *t, struct export_result *out,
                 struct err *e);
