/* resolve.c - queries: WITH, FROM, the clauses of a SELECT, sets. See resolve.h. */
#include "hogql/resolve.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/limits.h"
#include "hogql/print.h"

int resolve_error(struct resolver *r, const struct hogql_node *at, const char *fmt, ...)
{
    char message[sizeof(r->e->message)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    err_set(r->e, ERR_INVALID, NULL, "%s", message);
    r->c->hint = (struct hogql_hint){ 0 };
    if (at && at->end > at->start) {
        r->e->pos = (int)at->start;
        r->c->hint = (struct hogql_hint){ at->start, at->end, STR_NULL };
    }
    return ERR_INVALID;
}

int resolve_placeholder(struct resolver *r, const struct hogql_node *at)
{
    str text = hogql_to_text(r->arena, at);
    return resolve_error(r, at, "Unresolved placeholder: " STR_FMT, STR_ARG(text));
}

int resolve_mend(struct resolver *r, const struct hogql_node *field, str wrong, str right)
{
    str *names = arena_alloc(r->arena, field->names_n * sizeof(*names));
    for (uint32_t i = 0; i < field->names_n; i++)
        names[i] = str_eq(field->names[i], wrong) ? right : field->names[i];
    r->c->hint.fix = hogql_to_text(r->arena, hogql_field_of(r->arena, names, field->names_n));
    return ERR_INVALID;
}

struct output *resolve_output(struct resolver *r, struct outputs *out, str name, str short_name,
                              struct hogql_type type)
{
    struct output *o = arena_new_of(r->arena, struct output);
    o->name = name;
    o->short_name = short_name;
    o->type = type;
    if (!out->tail)
        out->tail = &out->head;
    *out->tail = o;
    out->tail = &o->next;
    out->n++;
    return o;
}

struct output *resolve_find_output(const struct outputs *out, str name)
{
    for (struct output *o = out->head; o; o = o->next)
        if (!o->renamed && !o->hidden && str_eq(o->name, name))
            return o;
    for (struct output *o = out->head; o; o = o->next)
        if (o->short_name.n && str_eq(o->short_name, name))
            return o;
    return NULL;
}

static int resolve_slot(struct resolver *r, struct scope *s, struct hogql_node **at)
{
    return *at ? resolve_expr(r, s, at) : 0;
}

static int resolve_all(struct resolver *r, struct scope *s, struct hogql_node *list)
{
    int rc = 0;
    for (uint32_t i = 0; list && i < list->n && rc == 0; i++)
        rc = resolve_slot(r, s, &list->kids[i]);
    return rc;
}

/* -------------------------------------------------------------------------- WITH */

static int rename_outputs(struct resolver *r, struct outputs *out, const struct hogql_node *at,
                          str owner, const str *names, uint32_t n)
{
    if (!n)
        return 0;
    if (n != out->n)
        return resolve_error(r, at, "CTE '" STR_FMT "' has %zu column(s) but %u column name(s) were "
                             "provided", STR_ARG(owner), out->n, n);
    struct outputs renamed = { 0 };
    uint32_t i = 0;
    for (struct output *o = out->head; o && i < n; o = o->next, i++)
        resolve_output(r, &renamed, o->name, names[i], o->type)->renamed = true;
    *out = renamed;
    return 0;
}

static int one_cte(struct resolver *r, struct scope *s, struct hogql_node *n)
{
    struct cte *c = arena_new_of(r->arena, struct cte);
    c->name = n->text;
    c->home = s;
    if (!(n->flags & HOGQL_SUBQUERY)) {
        c->expr = n->kids[0];
    } else {
        c->query = n->kids[0];
        c->sql_name = arena_printf(r->arena, "cte%zu_" STR_FMT, ++r->names,
                                   STR_ARG(n->text));
        int rc = resolve_query(r, s, &n->kids[0], &c->out);
        if (rc == 0)
            rc = rename_outputs(r, &c->out, n, n->text, n->names, n->names_n);
        if (rc < 0)
            return rc;
        c->query = n->kids[0];
        n->meaning = resolve_mean(r, n, MEANS_NAME, (struct hogql_type){ TYPE_UNKNOWN, true });
        n->meaning->name = c->sql_name;
    }
    c->ready = true;
    c->next = s->ctes;
    s->ctes = c;
    return 0;
}

static int with(struct resolver *r, struct scope *s, struct hogql_node *list, unsigned flags)
{
    int rc = 0;
    if (list && flags & HOGQL_RECURSIVE)
        return resolve_error(r, list, "Recursive CTEs are only supported in PostgreSQL dialect");
    for (uint32_t i = 0; list && i < list->n && rc == 0; i++)
        rc = one_cte(r, s, list->kids[i]);
    return rc;
}

static struct cte *find_cte(struct scope *s, str name)
{
    for (; s; s = s->outer)
        for (struct cte *c = s->ctes; c; c = c->next)
            if (c->query && str_eq(c->name, name))
                return c;
    return NULL;
}

/* -------------------------------------------------------------------------- FROM */

static void note_table(struct resolver *r, const char *name)
{
    struct hogql_compiled *out = r->out;
    for (size_t i = 0; i < out->tables_n; i++)
        if (str_eqz(out->tables[i], name))
            return;
    if (out->tables_n == r->tables_room) {
        str *more = arena_alloc(r->arena, (r->tables_room + 8) * sizeof(*more));
        if (out->tables_n)
            memcpy(more, out->tables, out->tables_n * sizeof(*more));
        out->tables = more;
        r->tables_room += 8;
    }
    out->tables[out->tables_n++] = str_of(name);
}

static int unknown_table(struct resolver *r, const struct hogql_node *at)
{
    str name = at->names[at->names_n - 1];
    struct nearest near = { .name = name };
    const struct table *t;
    for (size_t i = 0; (t = table_at(i)); i++)
        if (!t->raw)
            nearest_offer(&near, str_of(t->name));
    if (at->names_n == 1 && (str_eqz(name, "range") || str_eqz(name, "generate_series")))
        return resolve_error(r, at, STR_FMT "() is not supported in ClickHouse dialect",
                             STR_ARG(name));
    str full = hogql_to_text(r->arena, at);
    if (near.best.p) {
        resolve_error(r, at, "Unknown table `" STR_FMT "`. Did you mean: " STR_FMT "?",
                      STR_ARG(full), STR_ARG(near.best));
        return resolve_mend(r, at, name, near.best);
    }
    return resolve_error(r, at, "Unknown table `" STR_FMT "`.", STR_ARG(full));
}

/* numbers(n), numbers(from, n): constants, or expressions of constants. */
static int table_arguments(struct resolver *r, struct scope *s, struct source *src,
                           const struct hogql_node *at, struct hogql_node *args)
{
    const char *name = src->table->name;
    bool function = strcmp(name, "numbers") == 0;
    if (!function && args)
        return resolve_error(r, at, "Table '%s' does not accept arguments", name);
    if (!function)
        return 0;
    if (!args)
        return resolve_error(r, at, "Table function '%s' requires arguments", name);
    if (args->n < 1)
        return resolve_error(r, at, "Table function '%s' requires at least 1 argument", name);
    if (args->n > 2)
        return resolve_error(r, at, "Table function '%s' requires at most 2 arguments", name);
    struct scope none = { .outer = NULL, .select = s->select };
    src->args = args;
    return resolve_all(r, &none, args);
}

static int named_source(struct resolver *r, struct scope *s, struct source *src,
                        struct hogql_node *j)
{
    struct hogql_node *at = j->kids[JOIN_SOURCE];
    struct cte *c = at->names_n == 1 ? find_cte(s, at->names[0]) : NULL;
    if (!src->alias.n)
        src->alias = at->names[at->names_n - 1];
    if (c) {
        if (j->kids[JOIN_ARGS])
            return resolve_error(r, at, "Table '" STR_FMT "' does not accept arguments",
                                 STR_ARG(c->name));
        src->cte = c;
        src->out = c->out;
        return 0;
    }
    src->table = table_find(at->names, at->names_n);
    if (!src->table)
        return unknown_table(r, at);
    note_table(r, src->table->name);
    return table_arguments(r, s, src, at, j->kids[JOIN_ARGS]);
}

static int wrong_source(struct resolver *r, const struct hogql_node *at)
{
    switch (at->kind) {
    case HOGQL_VALUES:
        return resolve_error(r, at, "VALUES clause is not supported in ClickHouse dialect");
    case HOGQL_PIVOT:
        return resolve_error(r, at, "%s is not supported in the 'clickhouse' dialect",
                             at->flags & HOGQL_UNPIVOT ? "UNPIVOT" : "PIVOT");
    case HOGQL_PLACEHOLDER:
        return resolve_placeholder(r, at);
    case HOGQL_TAG:
        return resolve_error(r, at, "Unknown table `<" STR_FMT ">`.", STR_ARG(at->text));
    case HOGQL_LIST:
        return resolve_error(r, at, "Joins in parentheses must stand first in FROM");
    case HOGQL_COMPARE:
        return resolve_error(r, at, "A CompareOperation cannot be used as a SELECT source");
    default:
        return resolve_error(r, at, "A %s cannot be used as a SELECT source",
                             hogql_kind_name(at->kind));
    }
}

/* The alias in the SQL: the same, unless a column of this SELECT is called so too, for the engine
 * would take the column. */
static str sql_alias(struct resolver *r, struct scope *s, str alias)
{
    const struct hogql_node *columns = s->select->kids[SELECT_COLUMNS];
    bool clash = !alias.n;
    for (uint32_t i = 0; i < columns->n && !clash; i++)
        clash = columns->kids[i]->kind == HOGQL_ALIAS && str_eq(columns->kids[i]->text, alias);
    if (!clash)
        return alias;
    return arena_printf(r->arena, STR_FMT "__t%zu", STR_ARG(alias), ++r->names);
}

static int check_join(struct resolver *r, struct scope *s, const struct hogql_node *j,
                      const struct source *src)
{
    if (j->flags & HOGQL_FINAL)
        return resolve_error(r, j, "The FINAL keyword is not supported in HogQL as it causes slow "
                             "queries");
    if (str_eqz(j->names[0], "POSITIONAL JOIN"))
        return resolve_error(r, j, "POSITIONAL JOIN is not supported in the 'clickhouse' dialect");
    if (src->sample && !(src->table && src->table->owner == HOGQL_OF_EVENT && src->table->physical &&
                         !src->table->derived && strcmp(src->table->name, "events") == 0))
        return resolve_error(r, j, "SAMPLE can only be used with the events table");
    for (struct source *o = s->sources; o; o = o->next)
        if (src->alias.n && str_eq(o->alias, src->alias))
            return resolve_error(r, j, "Already have joined a table called \"" STR_FMT
                                 "\". Can't join another one with the same name.",
                                 STR_ARG(src->alias));
    return 0;
}

static int using_columns(struct resolver *r, struct scope *s, struct source *last,
                         struct hogql_node *j);

static int add_source(struct resolver *r, struct scope *s, struct hogql_node *j)
{
    struct source *src = resolve_source(r, j->text, NULL);
    struct hogql_node *at = j->kids[JOIN_SOURCE];
    int rc;
    src->sample = j->kids[JOIN_SAMPLE];
    if (at->kind == HOGQL_FIELD) {
        rc = named_source(r, s, src, j);
    } else if (at->kind == HOGQL_SELECT || at->kind == HOGQL_SET) {
        /* FROM sees the CTEs, not the columns: a scope of its own */
        rc = resolve_query(r, s, &j->kids[JOIN_SOURCE], &src->out);
        src->query = j->kids[JOIN_SOURCE];
    } else {
        rc = wrong_source(r, at);
    }
    if (rc == 0)
        rc = check_join(r, s, j, src);
    if (rc == 0 && j->names_n > 1 && src->table)
        rc = resolve_error(r, j, "Column aliases can only be given to subqueries");
    if (rc == 0)
        rc = rename_outputs(r, &src->out, j, src->alias, j->names + 1, j->names_n - 1);
    if (rc < 0)
        return rc;
    src->sql_alias = sql_alias(r, s, src->alias);
    *s->tail = src;
    s->tail = &src->next;
    resolve_mean(r, j, MEANS_TABLE, (struct hogql_type){ TYPE_UNKNOWN, true })->source = src;
    if (j->flags & HOGQL_USING)
        return using_columns(r, s, src, j);
    return resolve_slot(r, s, &j->kids[JOIN_ON]);
}

/* USING (a, b): left.a = right.a AND left.b = right.b. The left one is the first that has it. */
static int using_columns(struct resolver *r, struct scope *s, struct source *last,
                         struct hogql_node *j)
{
    struct hogql_node *list = j->kids[JOIN_ON], *on = NULL;
    for (uint32_t i = 0; i < list->n; i++) {
        str name = list->kids[i]->names[0];
        struct source *left = s->sources;
        while (left != last && !(left->table ? table_field(left->table, name) != NULL
                                             : resolve_find_output(&left->out, name) != NULL))
            left = left->next;
        if (left == last)
            return resolve_error(r, list->kids[i], "Unable to resolve field: " STR_FMT,
                                 STR_ARG(name));
        str *names = arena_alloc(r->arena, 4 * sizeof(*names));
        names[0] = left->alias;
        names[1] = names[3] = name;
        names[2] = last->alias;
        struct hogql_node *eq = hogql_compare(r->arena, HOGQL_EQ,
                                              hogql_field_of(r->arena, names, 2),
                                              hogql_field_of(r->arena, names + 2, 2));
        on = hogql_and(r->arena, on, eq);
    }
    j->kids[JOIN_ON] = on;
    j->flags &= ~(unsigned)HOGQL_USING;
    return resolve_slot(r, s, &j->kids[JOIN_ON]);
}

/* (a JOIN b …) JOIN c …: the same as without the parentheses when it stands first. */
static void flatten(struct resolver *r, struct hogql_node *from)
{
    while (from->n && from->kids[0]->kids[JOIN_SOURCE]->kind == HOGQL_LIST &&
           !from->kids[0]->text.n) {
        struct hogql_node *inner = from->kids[0]->kids[JOIN_SOURCE];
        struct hogql_node *all = hogql_list(r->arena, HOGQL_LIST);
        for (uint32_t i = 0; i < inner->n; i++)
            hogql_add(r->arena, all, inner->kids[i]);
        for (uint32_t i = 1; i < from->n; i++)
            hogql_add(r->arena, all, from->kids[i]);
        from->kids = all->kids;
        from->n = all->n;
        from->room = all->room;
    }
}

/* -------------------------------------------------------------------------- columns */

static int add_alias(struct resolver *r, struct scope *s, const struct hogql_node *n, bool array)
{
    for (struct alias *a = s->aliases; a; a = a->next)
        if (str_eq(a->name, n->text))
            return resolve_error(r, n, "Cannot redefine an alias with the name: " STR_FMT,
                                 STR_ARG(n->text));
    struct alias *a = arena_new_of(r->arena, struct alias);
    a->name = n->text;
    a->type = array ? (struct hogql_type){ TYPE_UNKNOWN, true } : resolve_type(n->kids[0]);
    a->array = array;
    a->expr = n->kids[0];
    a->next = s->aliases;
    s->aliases = a;
    return 0;
}

static int array_join(struct resolver *r, struct scope *s, struct hogql_node *list)
{
    for (uint32_t i = 0; list && i < list->n; i++) {
        int rc = resolve_expr(r, s, &list->kids[i]->kids[0]);
        if (rc == 0)
            rc = add_alias(r, s, list->kids[i], true);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* What a column is called from outside: its alias, the path of a field, or its text. */
static void add_output(struct resolver *r, struct scope *s, const struct hogql_node *n, str text)
{
    str name = text, last = STR_NULL;
    struct hogql_type type = resolve_type(n);
    if (n->kind == HOGQL_ALIAS) {
        name = n->text;
    } else if (n->kind == HOGQL_FIELD && n->names_n) {
        last = n->names[n->names_n - 1];
        const struct hogql_meaning *m = n->meaning;
        bool path = (m->kind == MEANS_COLUMN && m->column->path_n) || m->path_n || m->property;
        struct buf b = BUF_INIT(LIMIT_HOGQL_TEXT);
        for (uint32_t i = 0; i < n->names_n && path; i++) {
            if (i)
                buf_z(&b, "__");
            buf_str(&b, n->names[i]);
        }
        name = path ? arena_str(r->arena, buf_view(&b)) : last;
        buf_release(&b);
    }
    /* the SQL needs each name once */
    str printed = name;
    for (size_t i = 2; resolve_find_output(&s->out, printed); i++)
        printed = arena_printf(r->arena, STR_FMT "__%zu", STR_ARG(name), i);
    resolve_output(r, &s->out, printed, last.n ? last : name, type)->label = text;
}

static int columns(struct resolver *r, struct scope *s, struct hogql_node *list)
{
    int rc = resolve_stars(r, s, list);
    for (uint32_t i = 0; i < list->n && rc == 0; i++) {
        struct hogql_node *n = list->kids[i];
        if (n->kind == HOGQL_SPREAD)
            return resolve_error(r, n, "*COLUMNS(...) is not valid as a top-level SELECT item. Use "
                                 "COLUMNS(...) instead.");
        str text = n->kind == HOGQL_ALIAS ? n->text
                   : n->flags & HOGQL_HIDDEN && n->kind == HOGQL_FIELD
                       ? n->names[n->names_n - 1] : hogql_to_text(r->arena, n);
        rc = resolve_expr(r, s, n->kind == HOGQL_ALIAS ? &n->kids[0] : &list->kids[i]);
        if (rc == 0 && n->kind == HOGQL_ALIAS)
            rc = add_alias(r, s, n, false);
        if (rc == 0)
            add_output(r, s, list->kids[i], text);
    }
    return rc;
}

/* -------------------------------------------------------------------------- the other clauses */

static int window(struct resolver *r, struct scope *s, struct hogql_node *w)
{
    int rc = resolve_all(r, s, w->kids[WINDOW_PARTITION]);
    for (uint32_t i = 0; w->kids[WINDOW_ORDER] && i < w->kids[WINDOW_ORDER]->n && rc == 0; i++)
        rc = resolve_expr(r, s, &w->kids[WINDOW_ORDER]->kids[i]);
    return rc;
}

static int group(struct resolver *r, struct scope *s, struct hogql_node *g)
{
    int rc = 0;
    for (uint32_t i = 0; g && i < g->n && rc == 0; i++)
        rc = g->op == HOGQL_GROUP_SETS ? resolve_all(r, s, g->kids[i])
                                       : resolve_expr(r, s, &g->kids[i]);
    return rc;
}

static int interpolate(struct resolver *r, struct scope *s, struct hogql_node *list)
{
    int rc = 0;
    for (uint32_t i = 0; list && i < list->n && rc == 0; i++)
        rc = list->kids[i]->kind == HOGQL_ALIAS ? resolve_expr(r, s, &list->kids[i]->kids[0])
                                                : resolve_expr(r, s, &list->kids[i]);
    return rc;
}

static int percent_limit(struct resolver *r, const struct hogql_node *limit, unsigned flags)
{
    if (!limit || !(flags & HOGQL_PERCENT))
        return 0;
    if (limit->kind != HOGQL_CONSTANT)
        return resolve_error(r, limit, "LIMIT percent with expressions is not supported in "
                             "clickhouse dialect");
    double v = limit->op == HOGQL_FLOAT ? limit->real : (double)limit->integer;
    if (!(v >= 0 && v <= 100))
        return resolve_error(r, limit, "Limit percent must be between 0 and 100");
    return 0;
}

static int clauses(struct resolver *r, struct scope *s, struct hogql_node *n)
{
    struct hogql_node **k = n->kids;
    s->early = s->condition = true;
    int rc = resolve_slot(r, s, &k[SELECT_PREWHERE]);
    if (rc == 0)
        rc = resolve_slot(r, s, &k[SELECT_WHERE]);
    if (rc == 0)
        rc = group(r, s, k[SELECT_GROUP]);
    s->early = false;
    if (rc == 0)
        rc = resolve_slot(r, s, &k[SELECT_HAVING]);
    s->condition = false;
    for (uint32_t i = 0; k[SELECT_WINDOWS] && i < k[SELECT_WINDOWS]->n && rc == 0; i++)
        rc = window(r, s, k[SELECT_WINDOWS]->kids[i]);
    for (uint32_t i = 0; k[SELECT_ORDER] && i < k[SELECT_ORDER]->n && rc == 0; i++)
        rc = resolve_expr(r, s, &k[SELECT_ORDER]->kids[i]);
    if (rc == 0)
        rc = interpolate(r, s, k[SELECT_INTERPOLATE]);
    if (rc == 0)
        rc = resolve_all(r, s, k[SELECT_LIMIT_BY]);
    for (int slot = SELECT_LIMIT_BY_N; slot <= SELECT_OFFSET && rc == 0; slot++)
        rc = resolve_slot(r, s, &k[slot]);
    return rc < 0 ? rc : percent_limit(r, k[SELECT_LIMIT], n->flags);
}

static int select_query(struct resolver *r, struct scope *outer, struct hogql_node *n,
                        struct outputs *out)
{
    struct scope *s = arena_new_of(r->arena, struct scope);
    s->outer = outer;
    s->tail = &s->sources;
    s->select = n;
    int rc = with(r, s, n->kids[SELECT_WITH], n->flags);
    struct hogql_node *from = n->kids[SELECT_FROM];
    if (rc == 0 && n->kids[SELECT_QUALIFY])
        rc = resolve_error(r, n->kids[SELECT_QUALIFY],
                           "QUALIFY is not supported in the 'clickhouse' dialect");
    if (from)
        flatten(r, from);
    for (uint32_t i = 0; from && i < from->n && rc == 0; i++)
        rc = add_source(r, s, from->kids[i]);
    if (rc == 0)
        rc = array_join(r, s, n->kids[SELECT_ARRAY]);
    if (rc == 0)
        rc = columns(r, s, n->kids[SELECT_COLUMNS]);
    if (rc == 0)
        rc = clauses(r, s, n);
    if (rc < 0)
        return rc;
    resolve_bounds(n);
    struct hogql_type type = s->out.n == 1 ? s->out.head->type
                                           : (struct hogql_type){ TYPE_TUPLE, true };
    type.nullable = true; /* no row, no value */
    resolve_mean(r, n, MEANS_QUERY, type)->scope = s;
    *out = s->out;
    return 0;
}

/* -------------------------------------------------------------------------- sets */

#define OPERANDS_MAX 1000 /* of one set: the printer nests where operators alternate */

static int check_set(struct resolver *r, const struct hogql_node *n)
{
    if (n->names_n > OPERANDS_MAX)
        return resolve_error(r, n, "The query has too many parts: at most %d", OPERANDS_MAX);
    for (uint32_t i = 0; i < n->names_n; i++) {
        str op = n->names[i];
        if (str_ends(op, STR(" BY NAME")))
            return resolve_error(r, n, STR_FMT " is not supported in the 'clickhouse' dialect",
                                 STR_ARG(op));
        if (str_eqz(op, "INTERSECT ALL") || str_eqz(op, "EXCEPT ALL"))
            return resolve_error(r, n, STR_FMT " is not supported in the 'clickhouse' dialect",
                                 STR_ARG(op));
    }
    return 0;
}

static int set_query(struct resolver *r, struct scope *outer, struct hogql_node *n,
                     struct outputs *out)
{
    struct scope *s = arena_new_of(r->arena, struct scope);
    s->outer = outer;
    s->tail = &s->sources;
    int rc = check_set(r, n);
    struct hogql_node *first = n->kids[SET_FIRST];
    /* CTEs written before the first operand serve all */
    if (first->kind == HOGQL_SELECT && first->kids[SELECT_WITH] && !n->kids[SET_WITH]) {
        n->kids[SET_WITH] = first->kids[SELECT_WITH];
        n->flags |= first->flags & HOGQL_RECURSIVE;
        first->kids[SELECT_WITH] = NULL;
    }
    if (rc == 0)
        rc = with(r, s, n->kids[SET_WITH], n->flags);
    for (uint32_t i = SET_FIRST; i < n->n && rc == 0; i++) {
        struct outputs one = { 0 };
        rc = resolve_query(r, s, &n->kids[i], &one);
        if (rc == 0 && i == SET_FIRST)
            s->out = one;
    }
    for (struct output *o = s->out.head; o; o = o->next)
        o->type.nullable = true; /* another operand's may be */
    /* ORDER BY sees the columns of the result */
    struct source *all = resolve_source(r, STR(""), NULL);
    all->out = s->out;
    all->query = n;
    s->sources = all;
    s->select = n;
    for (uint32_t i = 0; n->kids[SET_ORDER] && i < n->kids[SET_ORDER]->n && rc == 0; i++)
        rc = resolve_expr(r, s, &n->kids[SET_ORDER]->kids[i]);
    if (rc == 0)
        rc = resolve_slot(r, s, &n->kids[SET_LIMIT]);
    if (rc == 0)
        rc = resolve_slot(r, s, &n->kids[SET_OFFSET]);
    if (rc == 0)
        rc = percent_limit(r, n->kids[SET_LIMIT], n->flags);
    if (rc < 0)
        return rc;
    resolve_mean(r, n, MEANS_QUERY, (struct hogql_type){ TYPE_UNKNOWN, true })->scope = s;
    *out = s->out;
    return 0;
}

int resolve_query(struct resolver *r, struct scope *outer, struct hogql_node **at,
                  struct outputs *out)
{
    struct hogql_node *n = *at;
    bool in_aggregate = r->in_aggregate;
    int rc;
    r->in_aggregate = false;
    if (n->kind == HOGQL_SELECT)
        rc = select_query(r, outer, n, out);
    else if (n->kind == HOGQL_SET)
        rc = set_query(r, outer, n, out);
    else
        rc = wrong_source(r, n);
    r->in_aggregate = in_aggregate;
    return rc;
}

/* -------------------------------------------------------------------------- the door */

static const char *base_name(enum hogql_base base)
{
    static const char *const names[] = {
        [TYPE_BOOL] = "Bool", [TYPE_INT] = "Int64", [TYPE_FLOAT] = "Float64",
        [TYPE_STRING] = "String", [TYPE_UUID] = "UUID", [TYPE_DATE] = "Date",
        [TYPE_DATETIME] = "DateTime", [TYPE_ARRAY] = "Array", [TYPE_TUPLE] = "Tuple",
        [TYPE_MAP] = "Map", [TYPE_JSON] = "String", [TYPE_DECIMAL] = "Decimal",
    };
    return base < ARRAY_LEN(names) ? names[base] : NULL;
}

static void describe(struct hogql_compiled *c, struct arena *a, const struct outputs *out)
{
    struct hogql_column *column = c->columns = arena_alloc(a, (out->n + 1) * sizeof(*c->columns));
    c->columns_n = out->n;
    for (const struct output *o = out->head; o; o = o->next, column++) {
        const char *type = base_name(o->type.base);
        column->name = o->label;
        column->type = STR("");
        if (type)
            column->type = o->type.nullable ? arena_printf(a, "Nullable(%s)", type)
                                            : str_of(type);
    }
}

/* The limit of the whole query: a default, a maximum, one row more to see whether there is more. */
static void limit_rows(struct hogql_context *c, struct hogql_node **limit, unsigned *flags,
                       struct hogql_compiled *out)
{
    struct hogql_node *n = *limit;
    if (*flags & HOGQL_PERCENT && n)
        return;
    if (!n && c->limit_default > 0) {
        *limit = hogql_int(c->arena, c->limit_default + c->limit_extra);
        out->limit_applied = true;
    } else if (n && c->limit_max > 0 && n->kind == HOGQL_CONSTANT && n->op == HOGQL_INT) {
        if (n->text.n || n->integer > c->limit_max)
            *limit = hogql_int(c->arena, c->limit_max);
    } else if (n && c->limit_max > 0) {
        *limit = hogql_call(c->arena, "least", hogql_int(c->arena, c->limit_max), n, NULL);
    }
}

int hogql_compile(struct hogql_context *c, const struct hogql_node *select,
                  struct hogql_compiled *out, struct err *e)
{
    struct hogql_node *tree = hogql_copy(c->arena, select);
    struct outputs outputs = { 0 };
    struct resolver r = { .c = c, .arena = c->arena, .e = e, .out = out };
    *out = (struct hogql_compiled){ 0 };
    *e = ERR_INIT;
    if (tree->kind == HOGQL_SELECT)
        limit_rows(c, &tree->kids[SELECT_LIMIT], &tree->flags, out);
    else if (tree->kind == HOGQL_SET)
        limit_rows(c, &tree->kids[SET_LIMIT], &tree->flags, out);
    int rc = resolve_query(&r, NULL, &tree, &outputs);
    if (rc < 0)
        return rc;
    describe(out, c->arena, &outputs);
    return print_sql(c, tree, &out->sql, e);
}
