/* match.c - see match.h. Parts of a path are what stands between slashes; one at the end says nothing. */
#include "api/match.h"

#include <stdlib.h>

#include "api/internal.h"

#define TOLD_BY 4 /* the part by which most rows differ: "", "api", "projects", ":project", "insights" */

/* What tells a path from most others. */
struct mark {
    uint32_t parts; /* their number */
    uint32_t hash;  /* of the part TOLD_BY, or of the last; 0: a parameter, which may be anything */
};

struct entry {
    struct mark mark;
    const struct route *row;
};

struct route_index {
    size_t n;
    struct entry entries[]; /* in the order of the tables */
};

static bool is_param(str part)
{
    return part.n && part.p[0] == ':';
}

static bool family_equal(str pattern, str part)
{
    return str_eq(pattern, part) ||
           (str_eqz(pattern, "projects") && str_eqz(part, "environments"));
}

static str without_slash(str path)
{
    return path.n > 1 && path.p[path.n - 1] == '/' ? str_slice(path, 0, path.n - 1) : path;
}

static uint32_t hash_of(str part)
{
    uint32_t h = 2166136261u;
    if (str_eqz(part, "environments")) /* it may stand for that */
        part = STR("projects");
    for (size_t i = 0; i < part.n; i++)
        h = (h ^ (unsigned char)part.p[i]) * 16777619u;
    return h ? h : 1;
}

static struct mark mark_of(str path, bool pattern)
{
    struct mark m = { 0 };
    str rest = without_slash(path), told = STR_NULL;
    while (rest.p) {
        str part = str_split(&rest, '/');
        if (m.parts++ <= TOLD_BY)
            told = part;
    }
    m.hash = pattern && is_param(told) ? 0 : hash_of(told);
    return m;
}

struct route_index *route_index_new(const struct route *const *tables, size_t n)
{
    size_t rows = 0;
    for (size_t i = 0; i < n; i++)
        for (const struct route *row = tables[i]; row->method; row++)
            rows++;
    struct route_index *x = calloc(1, sizeof(*x) + rows * sizeof(x->entries[0]));
    BUG_ON(!x);
    for (size_t i = 0; i < n; i++)
        for (const struct route *row = tables[i]; row->method; row++)
            x->entries[x->n++] = (struct entry){ mark_of(str_of(row->path), true), row };
    return x;
}

void route_index_free(struct route_index *x)
{
    free(x);
}

static void keep_param(struct route_match *m, str name, str value)
{
    if (str_eqz(name, ":project"))
        m->project = value;
    else if (str_eqz(name, ":organization"))
        m->organization = value;
    else if (str_eqz(name, ":id"))
        m->id = value;
    else
        m->sub_id = value;
}

static bool path_matches(const struct route *row, str path, struct route_match *m)
{
    str pattern = without_slash(str_of(row->path));
    *m = (struct route_match){ 0 };
    path = without_slash(path);
    bool project_row = str_find(pattern, STR("/:project")) >= 0;
    while (pattern.p && path.p) {
        str want = str_split(&pattern, '/'), part = str_split(&path, '/');
        if (is_param(want) && part.n)
            keep_param(m, want, part);
        else if (project_row ? !family_equal(want, part) : !str_eq(want, part))
            return false;
    }
    return !pattern.p && !path.p;
}

const struct route *route_find(const struct route_index *x, str method, str path,
                               struct route_match *m, const struct route **other)
{
    struct route_match of_row;
    struct mark mark = mark_of(path, false);
    *other = NULL;
    if (str_eqz(method, "HEAD"))
        method = STR("GET");
    for (size_t i = 0; i < x->n; i++) {
        const struct entry *at = &x->entries[i];
        if (at->mark.parts != mark.parts || (at->mark.hash && at->mark.hash != mark.hash) ||
            !path_matches(at->row, path, &of_row))
            continue;
        bool asked = str_eqz(method, at->row->method);
        if (!*other || asked || strcmp(at->row->method, "GET") == 0) {
            *m = of_row;
            *other = at->row;
        }
        if (asked)
            return at->row;
    }
    return NULL;
}
