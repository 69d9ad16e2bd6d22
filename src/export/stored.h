/* stored.h - the settings of a batch export as they are stored, opened for use. */
#pragma once

#include "export/destination.h"
#include "model/batch_export.h"
#include "store/seal.h"

/* Those of the kind's fields that are stored, the secret ones among them. */
int export_stored_config(struct arena *a, const struct seal *seal, const struct export_destination *d,
                         const struct batch_export *x, struct json **out, struct err *e);
/* The destination and its complete settings, the integration's in their place. ERR_INVALID: they do not
 * do, or the integration is gone. */
int export_stored_open(struct db *db, struct arena *a, const struct seal *seal,
                       const struct batch_export *x, const struct export_destination **destination,
                       struct json **config, struct err *e);
