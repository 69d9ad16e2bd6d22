/* postgres.h - connections to a PostgreSQL server that a user named. */
#pragma once

#include "export/destination.h"

struct pg_conn; /* libpq's PGconn */

/* NULL: *why says it. The address was looked at before libpq connects to it. timeout: of a statement,
 * "-c statement_timeout=10000". */
struct pg_conn *postgres_connect(struct arena *a, const struct reach *reach, const struct json *config,
                         const char *options, str *why);
/* libpq's message as one line. */
str postgres_reason(struct arena *a, const char *text);
