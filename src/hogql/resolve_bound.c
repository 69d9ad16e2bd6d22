/* resolve_bound.c - bounds of time for sessions.
 *
 * A session is made of its events, so a query on sessions would read all events there are. Where the
 * query says when sessions start, or when the events happen that sessions are joined to, the
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

/* Functions of a time that give the start of a span, and the most days a span has. */
static const struct span {
    const char *function, *unit; /* the unit: of date_trunc */
    int days;
} spans[] = {
    { "toDate", "day", 1 }, { "toStartOfSecond", "second", 1 }, { "toStartOfMinute", "minute", 1 },
    { "toStartOfFiveMinutes", NULL, 1 }, { "toStartOfTenMinutes", NULL, 1 },
    { "toStartOfFifteenMinutes", NULL, 1 }, { "toStartOfHour", "hour", 1 },
    { "toStartOfDay", "day", 1 }, { "toMonday", "week", 7 }, { "toStartOfWeek", "week", 7 },
    { "toStartOfMonth", "month", 31 }, { "toStartOfQuarter", "quarter", 92 },
    { "toStartOfYear", "year", 366 },
};

const struct hogql_node *resolve_start_of(const struct hogql_node *n, int *days)
{
    if (n->kind != HOGQL_CALL || !n->meaning || !n->meaning->function)
        return NULL;
    const char *name = n->meaning->function->name;
    const struct hogql_node *args = n->kids[CALL_ARGS], *time = args->n ? args->kids[0] : NULL;
    bool truncates = strcmp(name, "date_trunc") == 0 || strcmp(name, "dateTrunc") == 0;
    if (truncates && (args->n != 2 || time->kind != HOGQL_CONSTANT || time->op != HOGQL_STRING))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        bool same = truncates ? spans[i].unit && str_eqz(time->text, spans[i].unit)
                              : strcmp(name, spans[i].function) == 0;
        if (!same)
            continue;
        *days = spans[i].days;
        return truncates ? args->kids[1] : time;
    }
    return NULL;
}

static bool is_time(const struct hogql_node *n)
{
    enum hogql_base base = resolve_type(n).base;
    return base == TYPE_DATETIME || base == TYPE_DATE ||
           (n->kind == HOGQL_CONSTANT && n->op == HOGQL_STRING);
}

/* -------------------------------------------------------------------------- joined to events */

static bool is_column(const struct hogql_node *n, const struct source *s, const char *name)
{
    const struct hogql_meaning *m = n->kind == HOGQL_FIELD ? n->meaning : NULL;
    return m && m->kind == MEANS_COLUMN && m->source == s && !m->column->child &&
           strcmp(m->column->field->name, name) == 0;
}

/* Does the condition hold only for an event and its own session? */
static bool joins_session(const struct hogql_node *on, const struct source *events,
                          const struct source *sessions)
{
    for (uint32_t i = 0; on->kind == HOGQL_AND && i < on->n; i++)
        if (joins_session(on->kids[i], events, sessions))
            return true;
    if (on->kind != HOGQL_COMPARE || on->op != HOGQL_EQ)
        return false;
    for (int i = 0; i < 2; i++)
        if (is_column(on->kids[i], events, "$session_id") &&
            (is_column(on->kids[!i], sessions, "session_id") ||
             is_column(on->kids[!i], sessions, "id")))
            return true;
    return false;
}

/* Are there rows in which the left side of some join is missing? */
static bool may_miss_left(const struct hogql_node *from)
{
    for (uint32_t i = 1; i < from->n; i++)
        if (str_find(from->kids[i]->names[0], STR("RIGHT")) >= 0 ||
            str_find(from->kids[i]->names[0], STR("FULL")) >= 0)
            return true;
    return false;
}

/* The sessions that a source of events is joined to: by themselves, or by FROM events JOIN sessions in
 * either order. Sessions without an event are in no row then. */
static struct source *sessions_of_events(const struct hogql_node *select, struct source *events)
{
    const struct hogql_node *from = select->kids[SELECT_FROM];
    uint32_t at = 0;
    if (events->lazy[LAZY_SESSION])
        return events->lazy[LAZY_SESSION];
    while (at < from->n && from->kids[at]->meaning->source != events)
        at++;
    if (at == from->n || may_miss_left(from))
        return NULL;
    for (uint32_t i = 0; i < from->n; i++) {
        struct source *s = from->kids[i]->meaning->source;
        const struct hogql_node *j = from->kids[i > at ? i : at]; /* the later one says how */
        bool inner = str_eqz(j->names[0], "JOIN") || str_eqz(j->names[0], "INNER JOIN");
        if (s->table && s->table->derived && j->kids[JOIN_ON] &&
            (inner || (i > at && str_eqz(j->names[0], "LEFT JOIN"))) &&
            joins_session(j->kids[JOIN_ON], events, s))
            return s;
    }
    return NULL;
}

/* The sessions whose start the field bounds, or NULL. */
static struct source *sessions_of(const struct hogql_node *select, const struct hogql_node *n)
{
    const struct hogql_meaning *m = n->kind == HOGQL_FIELD ? n->meaning : NULL;
    if (!m || m->kind != MEANS_COLUMN || m->column->child || !m->source->table)
        return NULL;
    struct source *s = m->source;
    if (s->table->derived)
        return strcmp(m->column->field->name, "$start_timestamp") == 0 ? s : NULL;
    if (s->table == table_named("events") && strcmp(m->column->field->name, "timestamp") == 0)
        return sessions_of_events(select, s);
    return NULL;
}

/* -------------------------------------------------------------------------- bounds */

/* In a join a session that is left out would come back with an empty start, which is before any upper
 * bound: then only lower bounds of the start count. */
static void bound(const struct hogql_node *select, const struct hogql_node *field,
                  const struct hogql_node *value, unsigned op)
{
    int days = 0;
    const struct hogql_node *time = resolve_start_of(field, &days);
    struct source *s = sessions_of(select, time ? time : field);
    const struct hogql_node *from = select->kids[SELECT_FROM];
    if (!s || !resolve_fixed(value) || !is_time(value))
        return;
    bool own = s == (time ? time : field)->meaning->source;
    if (op == HOGQL_GT || op == HOGQL_GE || op == HOGQL_EQ)
        s->since = value;
    if ((op == HOGQL_LT || op == HOGQL_LE || op == HOGQL_EQ) && (from->n == 1 || !own)) {
        s->until = value;
        s->until_days = days;
    }
}

static void bounds(const struct hogql_node *select, const struct hogql_node *n)
{
    static const unsigned turned[] = { [HOGQL_EQ] = HOGQL_EQ, [HOGQL_LT] = HOGQL_GT,
                                       [HOGQL_LE] = HOGQL_GE, [HOGQL_GT] = HOGQL_LT,
                                       [HOGQL_GE] = HOGQL_LE };
    if (!n)
        return;
    for (uint32_t i = 0; n->kind == HOGQL_AND && i < n->n; i++)
        bounds(select, n->kids[i]);
    if (n->kind == HOGQL_BETWEEN && !(n->flags & HOGQL_NEGATED)) {
        bound(select, n->kids[0], n->kids[1], HOGQL_GE);
        bound(select, n->kids[0], n->kids[2], HOGQL_LE);
    }
    if (n->kind != HOGQL_COMPARE || n->op > HOGQL_GE || n->op == HOGQL_NE)
        return;
    bound(select, n->kids[0], n->kids[1], n->op);
    bound(select, n->kids[1], n->kids[0], turned[n->op]);
}

void resolve_bounds(const struct hogql_node *select)
{
    if (!select->kids[SELECT_FROM])
        return;
    bounds(select, select->kids[SELECT_PREWHERE]);
    bounds(select, select->kids[SELECT_WHERE]);
}
