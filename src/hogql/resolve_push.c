/* resolve_push.c - a property of a subquery's properties, read where the subquery reads its table.
 *
 * SELECT t.properties.x FROM (SELECT properties FROM events) AS t could take x out of the text. The
 * table has it as a column of its own: that is many times faster, and has what the store's JSON
 * reader cannot read. So the subquery gets another column, which no name and no star finds. */
#include "hogql/resolve.h"

/* c with a path into it, in the source that c is of. */
static int deeper(struct resolver *r, struct source *s, const struct column *c,
                  const struct hogql_node *at, const struct step *path, uint32_t n,
                  struct column **out)
{
    if (!c->child)
        return resolve_property(r, s, c->field, at, path, n, true, out);
    struct column more = { .field = c->field, .child = c->child };
    int rc = deeper(r, c->child, c->child_column, at, path, n, &more.child_column);
    if (rc < 0)
        return rc;
    more.type = more.child_column->type;
    *out = resolve_column(r, s, &more);
    return 0;
}

static const struct column *deepest(const struct column *c)
{
    while (c->child)
        c = c->child_column;
    return c;
}

static struct hogql_node *node_of(const struct hogql_node *select, const struct output *which)
{
    const struct hogql_node *list = select->kids[SELECT_COLUMNS];
    uint32_t i = 0;
    for (const struct output *o = select->meaning->scope->out.head; o && i < list->n; o = o->next, i++)
        if (o == which)
            return list->kids[i]->kind == HOGQL_ALIAS ? list->kids[i]->kids[0] : list->kids[i];
    return NULL;
}

/* The output of the subquery itself: the one of a renamed CTE stands for it by its place. */
static struct output *own_output(const struct source *s, const struct hogql_node *select,
                                 const struct output *which)
{
    struct output *own = select->meaning->scope->out.head;
    for (const struct output *o = s->out.head; o && own; o = o->next, own = own->next)
        if (o == which)
            return own->hidden ? NULL : own;
    return NULL;
}

static bool same_steps(const struct output *o, const struct step *path, uint32_t n)
{
    if (o->path_n != n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (o->path[i].place != path[i].place || !str_eq(o->path[i].key, path[i].key))
            return false;
    return true;
}

/* What the subquery's column is, with the path: a field of a table or of a subquery in turn. */
static int read_there(struct resolver *r, const struct hogql_node *field,
                      const struct hogql_node *at, const struct step *path, uint32_t n,
                      struct hogql_node **out)
{
    const struct hogql_meaning *m = field->meaning;
    struct hogql_node *f = hogql_copy(r->arena, field);
    *out = NULL;
    if (m->kind == MEANS_COLUMN && deepest(m->column)->field->kind == FIELD_PROPERTIES &&
        !deepest(m->column)->path_n) {
        struct column *c;
        int rc = deeper(r, m->source, m->column, at, path, n, &c);
        if (rc < 0)
            return rc;
        resolve_mean(r, f, MEANS_COLUMN, c->type);
        f->meaning->source = m->source;
        f->meaning->column = c;
        *out = f;
    } else if (m->kind == MEANS_OUTPUT && !m->path_n) {
        struct output *o = m->source->out.head, *inner;
        while (o && !str_eq(o->name, m->name))
            o = o->next;
        int rc = o ? resolve_push(r, m->source, o, at, path, n, &inner) : 0;
        if (rc < 0 || !o || !inner)
            return rc;
        resolve_mean(r, f, MEANS_OUTPUT, inner->type);
        f->meaning->source = m->source;
        f->meaning->name = inner->name;
        *out = f;
    }
    return 0;
}

int resolve_push(struct resolver *r, struct source *s, const struct output *of,
                 const struct hogql_node *at, const struct step *path, uint32_t n,
                 struct output **out)
{
    struct hogql_node *select = s->cte ? s->cte->query : s->query, *field, *read;
    *out = NULL;
    /* grouped rows have no other columns; sets have none that only one operand has */
    if (!select || select->kind != HOGQL_SELECT || select->kids[SELECT_GROUP] || !path[0].key.p)
        return 0;
    struct output *own = own_output(s, select, of);
    field = own ? node_of(select, own) : NULL;
    if (!field || field->kind != HOGQL_FIELD || !field->meaning)
        return 0;
    for (struct output *o = own; o; o = o->next)
        if (o->hidden && o->of == own && same_steps(o, path, n)) {
            *out = o;
            return 0;
        }
    int rc = read_there(r, field, at, path, n, &read);
    if (rc < 0 || !read)
        return rc;
    str name = arena_printf(r->arena, "p%zu_" STR_FMT, ++r->names, STR_ARG(own->name));
    *out = resolve_output(r, &select->meaning->scope->out, name, STR(""),
                          (struct hogql_type){ TYPE_STRING, true });
    (*out)->hidden = true;
    (*out)->of = own;
    (*out)->path = path;
    (*out)->path_n = n;
    hogql_add(r->arena, select->kids[SELECT_COLUMNS], hogql_alias(r->arena, read, name));
    return 0;
}
