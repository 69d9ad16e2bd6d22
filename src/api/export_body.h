/* export_body.h - the body of a request that makes or changes a batch export, or tries its destination:
 * read and checked as a whole. */
#pragma once

#include "api/internal.h"
#include "export/destination.h"
#include "model/batch_export.h"

struct export_body {
    struct batch_export row; /* as it is to be stored; id, project and dates of a new one are not set */
    const struct export_destination *destination;
    struct json *config; /* complete, the integration's settings among them; NULL: destination was not
                            given, the stored one stays */
    int64_t step;        /* of trying it */
};

/* stored NULL: a new export. Otherwise the body changes it: settings that it does not name stay;
 * partial: even those that every export must have. */
int export_body_read(struct req *r, const struct batch_export *stored, bool partial,
                     struct export_body *out, struct err *e);
/* The project's export of the path's :id, ERR_NOT_FOUND when there is none. */
int export_load(struct req *r, struct batch_export *out, struct err *e);
