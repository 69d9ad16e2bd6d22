/* metrics.c - see metrics.h. */
#include "base/metrics.h"

#include "base/arena.h"

/* Upper bounds, us. */
static const int64_t bounds[METRIC_BUCKETS] = { 500,    1000,   2500,   5000,    10000,
                                                25000,  50000,  100000, 250000,  500000,
                                                1000000, 2500000, 5000000, 10000000, 30000000 };

void histogram_add(struct histogram *h, int64_t us)
{
    int i = 0;
    while (i < METRIC_BUCKETS && us > bounds[i])
        i++;
    atomic_fetch_add_explicit(&h->buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum, us, memory_order_relaxed);
}

int64_t histogram_count(const struct histogram *h)
{
    int64_t n = 0;
    for (int i = 0; i <= METRIC_BUCKETS; i++)
        n += atomic_load_explicit(&h->buckets[i], memory_order_relaxed);
    return n;
}

void metric_head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metric_value(struct buf *b, const char *name, const char *labels, double value)
{
    bool whole = value > -9e15 && value < 9e15 && value == (double)(int64_t)value;
    buf_printf(b, "%s%s%s%s ", name, *labels ? "{" : "", labels, *labels ? "}" : "");
    if (whole)
        buf_printf(b, "%lld\n", (long long)value);
    else
        buf_printf(b, "%.9g\n", value);
}

void metric_histogram(struct buf *b, const char *name, const char *labels,
                      const struct histogram *h)
{
    int64_t n = 0;
    const char *comma = *labels ? "," : "";
    for (int i = 0; i <= METRIC_BUCKETS; i++) {
        n += atomic_load_explicit(&h->buckets[i], memory_order_relaxed);
        if (i < METRIC_BUCKETS)
            buf_printf(b, "%s_bucket{%s%sle=\"%g\"} %lld\n", name, labels, comma,
                       (double)bounds[i] / 1e6, (long long)n);
        else
            buf_printf(b, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", name, labels, comma, (long long)n);
    }
    const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    double sum = (double)atomic_load_explicit(&h->sum, memory_order_relaxed) / 1e6;
    buf_printf(b, "%s_sum%s%s%s %.9g\n%s_count%s%s%s %lld\n", name, open, labels, close, sum, name,
               open, labels, close, (long long)n);
}
