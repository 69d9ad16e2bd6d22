/* config.h - settings read by a table of fields. */
#pragma once

#include "export/destination.h"

/* Every field, each of its type, in a new object. ERR_INVALID on destination__non_field_errors. */
int config_read(struct arena *a, const struct export_field *fields, const struct json *given,
                struct json **out, struct err *e);
