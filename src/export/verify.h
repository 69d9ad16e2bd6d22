/* verify.h - are the files of a run still at their destination, as they were written? */
#pragma once

#include "export/exporter.h"

struct export_check {
    str key;
    bool good;
    str why; /* when it is not good */
};

/* Reads a file back and compares bytes and SHA-256. file: one of export_result's files. ERR_INVALID: rows of
 * that kind of destination are not in files; ERR_UNAVAILABLE: it does not answer. */
int exporter_verify(struct exporter *x, const struct export_task *t, const struct json *file,
                    struct export_check *out, struct err *e);
