/* metrics.h - everything Prometheus may read, one row of a table each. */
#pragma once

#include "base/buf.h"

struct api;

void api_write_metrics(const struct api *api, struct buf *out);
