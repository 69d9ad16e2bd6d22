/* arena.h - memory with one end: everything allocated from an arena dies with it.
 *
 * An arena belongs to one thread at a time; a request, a job or a parse owns one. Allocation
 * cannot fail: exhaustion of the machine aborts. What is not memory (a statement, a file) is
 * tied to the arena with arena_defer and closed in reverse order. */
#pragma once

#include "base/str.h"

struct arena;

struct arena *arena_new(void);
/* Runs the deferred functions, newest first, then frees everything. NULL is allowed. */
void arena_free(struct arena *a);
void arena_freep(struct arena **a);
/* As free, but keeps one block for what comes next. */
void arena_reset(struct arena *a);

/* n bytes, zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc, alloc_size(2)));
#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
/* Calls fn(p) when the arena ends. */
void arena_defer(struct arena *a, void (*fn)(void *), void *p);

/* Room for one more in a list of n items of that size: the list, or a copy of twice the room. Begins
 * with NULL and 0. */
void *arena_grown(struct arena *a, void *list, size_t n, size_t item);

/* Copies; arena_str is also followed by a NUL that its length does not count. */
str arena_str(struct arena *a, str s);
char *arena_z(struct arena *a, str s);
str arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Bytes handed out since the arena was made or reset. */
size_t arena_used(const struct arena *a);

#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define TAKE(p)                    \
    ({                             \
        __typeof__(p) took_ = (p); \
        (p) = NULL;                \
        took_;                     \
    })
#define BUG_ON(x)            \
    do {                     \
        if (x)               \
            __builtin_trap(); \
    } while (0)
#define ARRAY_LEN(x) (sizeof(x) / sizeof((x)[0]))
