/* demo_dashboards.h - the demo's two dashboards, made through the API like anybody's. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* Makes those of them that the project has not, by name. url without a slash at its end; key: a
 * personal API key that may write dashboards and insights. */
int demo_dashboards(struct arena *a, str url, str key, int64_t project_id, struct err *e);
