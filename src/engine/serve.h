/* serve.h - the engine process: libchdb behind ClickHouse's HTTP interface.
 *
 * Speaks what ClickHouse's clients use: the statement in `query` or the body or both joined (an
 * INSERT's data), `param_x` for {x:Type}, `default_format`, every other parameter a setting,
 * `readonly` 1 or 2 to run where nothing can be changed, streamed answers, /ping. A failure is
 * ClickHouse's text with X-ClickHouse-Exception-Code; one in mid-answer breaks the connection off. */
#pragma once

#include "base/err.h"

struct engine_config {
    const char *data;    /* the data folder; events/ and engine.sock are in it */
    const char *listen;  /* HOST:PORT to serve readers over TCP beside the socket, or NULL */
    const char *library; /* libchdb.so, or NULL to look for it */
    int64_t memory;      /* bytes for queries; 0: half of the machine's */
};

/* Serves until SIGTERM or SIGINT, then lets running statements end. Prints "ready" when it is. */
int engine_run(const struct engine_config *cfg, struct err *e);
