/* resolve_push.c - a property of a subquery's properties, read where the subquery reads its table.
 *
 * SELECT t.properties.x FROM (SELECT properties FROM events) AS t could take x out of the text. The
 * table has it as a column of its own: that is many times faster, and has what the store's JSON
 * reader cannot read. So the subquery gets another column, which no name and no star finds; of a set
 * every operand gets it. It says nothing that the column it is read from does not, so DISTINCT,
 * UNION and the like keep the same rows. */
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

/* The place of an output, which names it in every operand of a set and in a renamed CTE. */
static uint32_t place_of(const struct outputs *out, const struct output *which)
{
    uint32_t i = 0;
    for (const struct output *o = out->head; o && o != which; o = o->next)
        i++;
    return i;
}

static struct output *output_at(const struct hogql_node *select, uint32_t place)
{
    struct output *o = select->meaning->scope->out.head;
    while (o && place--)
        o = o->next;
    return o && !o->hidden ? o : NULL;
}

/* What the column at the place is, when it is a field's value and nothing else. Grouped rows can have
 * no other columns. */
static const struct hogql_node *field_at(const struct hogql_node *select, uint32_t place)
{
    const struct hogql_node *list = select->kids[SELECT_COLUMNS], *n;
    if (select->kids[SELECT_GROUP] || place >= list->n || !output_at(select, place))
        return NULL;
    n = list->kids[place];
    if (n->kind == HOGQL_ALIAS)
        n = n->kids[0];
    return n->kind == HOGQL_FIELD && n->meaning && !n->meaning->path_n ? n : NULL;
}

static const struct hogql_node *query_of(const struct source *s)
{
    return s->cte ? s->cte->query : s->query;
}

/* A field that is a column of another subquery: its place there. */
static uint32_t place_in_source(const struct hogql_node *field)
{
    const struct outputs *out = &field->meaning->source->out;
    const struct output *o = out->head;
    while (o && !str_eq(o->name, field->meaning->name))
        o = o->next;
    return place_of(out, o);
}

/* Sets: all operands must have the new column, or none. */
static bool can_push(const struct hogql_node *query, uint32_t place)
{
    if (!query)
        return false;
    if (query->kind == HOGQL_SET) {
        for (uint32_t i = SET_FIRST; i < query->n; i++)
            if (!can_push(query->kids[i], place))
                return false;
        return true;
    }
    const struct hogql_node *field = query->kind == HOGQL_SELECT ? field_at(query, place) : NULL;
    if (field && field->meaning->kind == MEANS_OUTPUT)
        return can_push(query_of(field->meaning->source), place_in_source(field));
    if (!field || field->meaning->kind != MEANS_COLUMN)
        return false;
    const struct column *c = deepest(field->meaning->column);
    return c->field->kind == FIELD_PROPERTIES && !c->path_n;
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

/* What is wanted of a column. */
struct wanted {
    const struct hogql_node *at; /* who asks, for errors */
    const struct step *path;
    uint32_t n;
};

static int push(struct resolver *r, struct hogql_node *query, uint32_t place,
                const struct wanted *w, struct output **out);

/* The field with the path: of a table, or of a subquery that has it then. */
static int read_there(struct resolver *r, const struct hogql_node *field, const struct wanted *w,
                      struct hogql_node **out)
{
    const struct hogql_meaning *m = field->meaning;
    struct hogql_node *f = *out = hogql_copy(r->arena, field);
    struct output *inner;
    struct column *c;
    int rc;
    if (m->kind == MEANS_COLUMN) {
        rc = deeper(r, m->source, m->column, w->at, w->path, w->n, &c);
        if (rc < 0)
            return rc;
        resolve_mean(r, f, MEANS_COLUMN, c->type)->column = c;
    } else {
        struct source *s = m->source;
        rc = push(r, s->cte ? s->cte->query : s->query, place_in_source(field), w, &inner);
        if (rc < 0)
            return rc;
        resolve_mean(r, f, MEANS_OUTPUT, inner->type)->name = inner->name;
    }
    f->meaning->source = m->source;
    return 0;
}

static int push_select(struct resolver *r, struct hogql_node *select, uint32_t place,
                       const struct wanted *w, struct output **out)
{
    struct output *own = output_at(select, place);
    struct hogql_node *read;
    for (struct output *o = own; o; o = o->next)
        if (o->hidden && o->of == own && same_steps(o, w->path, w->n)) {
            *out = o;
            return 0;
        }
    int rc = read_there(r, field_at(select, place), w, &read);
    if (rc < 0)
        return rc;
    str name = arena_printf(r->arena, "p%zu_" STR_FMT, ++r->names, STR_ARG(own->name));
    struct output *o = *out = resolve_output(r, &select->meaning->scope->out, name, STR(""),
                                             (struct hogql_type){ TYPE_STRING, true });
    o->hidden = true;
    o->of = own;
    o->path = w->path;
    o->path_n = w->n;
    hogql_add(r->arena, select->kids[SELECT_COLUMNS], hogql_alias(r->arena, read, name));
    return 0;
}

/* The columns of a set are called as those of its first operand. */
static int push(struct resolver *r, struct hogql_node *query, uint32_t place,
                const struct wanted *w, struct output **out)
{
    struct output *other;
    if (query->kind == HOGQL_SELECT)
        return push_select(r, query, place, w, out);
    int rc = push(r, query->kids[SET_FIRST], place, w, out);
    for (uint32_t i = SET_FIRST + 1; i < query->n && rc == 0; i++)
        rc = push(r, query->kids[i], place, w, &other);
    return rc;
}

int resolve_push(struct resolver *r, struct source *s, const struct output *of,
                 const struct hogql_node *at, const struct step *path, uint32_t n,
                 struct output **out)
{
    struct hogql_node *query = s->cte ? s->cte->query : s->query;
    uint32_t place = place_of(&s->out, of);
    struct wanted w = { at, path, n };
    *out = NULL;
    return path[0].key.p && can_push(query, place) ? push(r, query, place, &w, out) : 0;
}
