/* metrics.h - durations counted in buckets, and numbers as text for Prometheus (format 0.0.4).
 *
 * Adding is a few atomic operations without a lock, from any thread; reading sees each number by
 * itself, not all of one moment. */
#pragma once

#include <stdatomic.h>

#include "base/buf.h"

#define METRIC_BUCKETS 15

struct histogram {
    atomic_llong buckets[METRIC_BUCKETS + 1]; /* the last: longer than all bounds */
    atomic_llong sum;                         /* us */
};

void histogram_add(struct histogram *h, int64_t us);
int64_t histogram_count(const struct histogram *h);

/* type: "counter", "gauge", "histogram". */
void metric_head(struct buf *b, const char *name, const char *type, const char *help);
/* labels: `route="/x",class="2xx"`, values escaped, or "". */
void metric_value(struct buf *b, const char *name, const char *labels, double value);
/* Seconds. */
void metric_histogram(struct buf *b, const char *name, const char *labels,
                      const struct histogram *h);
