/* export_view.h - batch exports and their runs as clients see them. */
#pragma once

#include "api/internal.h"
#include "model/batch_export.h"
#include "model/export_run.h"

int write_export(struct req *r, struct json_writer *w, const struct batch_export *x, struct err *e);
void write_export_run(struct json_writer *w, const struct export_run *run);
