/* arena.c - blocks in a list, each twice as large as the last up to a bound. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_MIN 4096u
#define BLOCK_MAX (1u << 20)
#define ALIGN 16u

struct block {
    struct block *next; /* older */
    size_t size, used;  /* bytes of data */
    _Alignas(16) char data[];
};

struct defer {
    struct defer *next; /* older */
    void (*fn)(void *);
    void *p;
};

struct arena {
    struct block *head; /* newest */
    struct defer *defers;
    size_t used;
};

static struct block *block_new(size_t size)
{
    struct block *b = malloc(sizeof(*b) + size);
    BUG_ON(!b);
    b->next = NULL;
    b->size = size;
    b->used = 0;
    return b;
}

struct arena *arena_new(void)
{
    struct arena *a = calloc(1, sizeof(*a));
    BUG_ON(!a);
    a->head = block_new(BLOCK_MIN);
    return a;
}

void arena_reset(struct arena *a)
{
    while (a->defers) {
        struct defer *d = a->defers;
        a->defers = d->next;
        d->fn(d->p);
    }
    while (a->head->next) {
        struct block *b = a->head;
        a->head = b->next;
        free(b);
    }
    a->head->used = 0;
    a->used = 0;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_reset(a);
    free(a->head);
    free(a);
}

void arena_freep(struct arena **a)
{
    arena_free(*a);
}

static void *take(struct arena *a, size_t n)
{
    BUG_ON(n > SIZE_MAX / 2);
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct block *b = a->head;
    if (b->size - b->used < n) {
        size_t size = b->size * 2 < BLOCK_MAX ? b->size * 2 : BLOCK_MAX;
        b = block_new(size > n ? size : n);
        b->next = a->head;
        a->head = b;
    }
    void *p = b->data + b->used;
    b->used += n;
    a->used += n;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    return memset(take(a, n), 0, n);
}

void arena_defer(struct arena *a, void (*fn)(void *), void *p)
{
    struct defer *d = arena_new_of(a, struct defer);
    *d = (struct defer){ a->defers, fn, p };
    a->defers = d;
}

void *arena_grown(struct arena *a, void *list, size_t n, size_t item)
{
    if (n & (n - 1)) /* room is always a power of two */
        return list;
    void *more = arena_alloc(a, (n ? 2 * n : 1) * item);
    if (n)
        memcpy(more, list, n * item);
    return more;
}

str arena_str(struct arena *a, str s)
{
    return (str){ arena_z(a, s), s.n };
}

char *arena_z(struct arena *a, str s)
{
    char *p = take(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (str){ p, (size_t)n };
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
