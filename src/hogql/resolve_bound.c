/* resolve_bound.c - bounds of time for sessions.
 *
 * A session is made of its events, so a query on sessions would read all events there are. Where the
 * query says when sessions start, or when the events start that sessions are joined to, the
 * sessions' events need to be read from around that time only. */
#include "hogql/resolve.h"

bool resolve_fixed(const struct hogql_node *n)
{
    if (n->kind != HOGQL_CONSTANT && n->kind != HOGQL_CALL && n->kind != HOGQL_ARITHMETIC &&
        n->kind != HOGQL_LIST)
        return false;
    if (n->kind == HOGQL_CALL && n->meaning && n->meaning->function &&
        n->meaning->function->flags & (AGGREGATE | WINDOW))
        return false;
    for (uint32_t i = 0; i < n->n; i++)
        if (n->kids[i] && !resolve_fixed(n->kids[i]))
            return false;
    return true;
}

static bool is_time(const struct hogql_node *n)
{
    enum hogql_base base = resolve_type(n).base;
    return base == TYPE_DATETIME || base == TYPE_DATE ||
           (n->kind == HOGQL_CONSTANT && n->op == HOGQL_STRING);
}

/* The sessions whose start the field bounds, or NULL. */
static struct source *sessions_of(const struct hogql_node *n)
{
    const struct hogql_meaning *m = n->kind == HOGQL_FIELD ? n->meaning : NULL;
    if (!m || m->kind != MEANS_COLUMN || m->column->child)
        return NULL;
    struct source *s = m->source;
    if (s->table->derived)
        return strcmp(m->column->field->name, "$start_timestamp") == 0 ? s : NULL;
    if (s->table == table_named("events") && strcmp(m->column->field->name, "timestamp") == 0)
        return s->lazy[LAZY_SESSION];
    return NULL;
}

/* In a join a session that is left out would come back with an empty start, which is before any upper
 * bound: then only lower bounds count. */
static void bound(const struct hogql_node *field, const struct hogql_node *value, unsigned op,
                  bool alone)
{
    struct source *s = sessions_of(field);
    if (!s || !resolve_fixed(value) || !is_time(value))
        return;
    if (op == HOGQL_GT || op == HOGQL_GE)
        s->since = value;
    else if (alone || s != field->meaning->source)
        s->until = value;
}

void resolve_bounds(const struct hogql_node *n, bool alone)
{
    static const unsigned turned[] = { [HOGQL_LT] = HOGQL_GT, [HOGQL_LE] = HOGQL_GE,
                                       [HOGQL_GT] = HOGQL_LT, [HOGQL_GE] = HOGQL_LE };
    if (!n)
        return;
    for (uint32_t i = 0; n->kind == HOGQL_AND && i < n->n; i++)
        resolve_bounds(n->kids[i], alone);
    if (n->kind == HOGQL_BETWEEN && !(n->flags & HOGQL_NEGATED)) {
        bound(n->kids[0], n->kids[1], HOGQL_GE, alone);
        bound(n->kids[0], n->kids[2], HOGQL_LE, alone);
    }
    if (n->kind != HOGQL_COMPARE || n->op < HOGQL_LT || n->op > HOGQL_GE)
        return;
    bound(n->kids[0], n->kids[1], n->op, alone);
    bound(n->kids[1], n->kids[0], turned[n->op], alone);
}
