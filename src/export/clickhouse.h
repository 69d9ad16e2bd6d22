/* clickhouse.h - statements to a ClickHouse server that a user named, over its HTTP interface. */
#pragma once

#include "export/destination.h"

struct clickhouse_place {
    struct outgoing *outgoing;
    const struct json *config;   /* of the export */
    bool (*gone)(void *context); /* as of outgoing_request; NULL: never */
    void *gone_context;
};

/* A statement about {database} and {table}, names given as parameters. data: rows of an INSERT; STR_NULL:
 * none. An answer of any status: 0. */
int clickhouse_call(const struct clickhouse_place *p, struct arena *a, str sql, str table, str data,
                    int seconds, struct outgoing_answer *out, struct err *e);
/* What an answer that is no success says, one line. */
str clickhouse_reason(struct arena *a, const struct outgoing_answer *answer);
