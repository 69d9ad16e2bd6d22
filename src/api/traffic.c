/* traffic.c - see traffic.h. */
#include "api/traffic.h"

#include <stdlib.h>

#include "api/internal.h"

static size_t rows_of(const struct route *table)
{
    size_t n = 0;
    while (table[n].method)
        n++;
    return n;
}

struct traffic *traffic_new(const struct route *const *tables, size_t n)
{
    struct traffic *t = calloc(1, sizeof(*t));
    struct traffic_table *list = calloc(n, sizeof(*list));
    BUG_ON(!t || !list);
    for (size_t i = 0; i < n; i++) {
        list[i] = (struct traffic_table){ tables[i], rows_of(tables[i]), t->n };
        t->n += list[i].n;
    }
    t->routes = calloc(++t->n, sizeof(*t->routes));
    BUG_ON(!t->routes);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < list[i].n; k++)
            t->routes[list[i].base + k].route = &tables[i][k];
    t->tables = list;
    t->tables_n = n;
    return t;
}

void traffic_free(struct traffic *t)
{
    if (!t)
        return;
    free((void *)t->tables);
    free(t->routes);
    free(t);
}

static struct traffic_route *find(struct traffic *t, const struct route *row)
{
    for (size_t i = 0; row && i < t->tables_n; i++)
        if (row >= t->tables[i].first && row < t->tables[i].first + t->tables[i].n)
            return &t->routes[t->tables[i].base + (size_t)(row - t->tables[i].first)];
    return &t->routes[t->n - 1];
}

static enum refusal refusal_of(int status)
{
    if (status == 401)
        return REFUSED_TOKEN;
    if (status == 413)
        return REFUSED_TOO_LARGE;
    return status >= 500 ? REFUSED_UNAVAILABLE : REFUSED_INVALID;
}

static void add(atomic_llong *n, int64_t by)
{
    atomic_fetch_add_explicit(n, by, memory_order_relaxed);
}

void traffic_count(struct traffic *t, const struct route *row, int status, int64_t us,
                   int64_t events)
{
    struct traffic_route *r = find(t, row);
    if (status >= 100 && status < 600)
        add(&r->classes[status / 100 - 1], 1);
    histogram_add(&r->times, us);
    if (row && row->access == ACCESS_CAPTURE && status >= 400)
        add(&t->refused[refusal_of(status)], 1);
    else if (events)
        add(&t->events, events);
}
