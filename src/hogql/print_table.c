/* print_table.c - a table of the event store as a subquery, on the rows of one team.
 *
 * The only place where a physical table's name is printed is scoped(), and it prints the condition on
 * the team with it. Joined tables are printed by the same way, so they are scoped too. */
#include "hogql/print.h"

#include "base/limits.h"
#include "olap/property.h"

static void table(struct sql *p, const struct source *s);

/* -------------------------------------------------------------------------- columns */

void sql_template(struct sql *p, const char *sql, const char *alias)
{
    for (; *sql; sql++) {
        if (*sql == '@')
            buf_z(&p->b, alias);
        else
            buf_char(&p->b, *sql);
    }
}

/* A key in the flat JSON column beside the text. */
struct member {
    const char *json, *alias;
    str key;
};

static void member(struct sql *p, const void *cls)
{
    const struct member *m = cls;
    struct buf key = BUF_INIT(LIMIT_HOGQL_TEXT * 3);
    olap_property_key(&key, m->key);
    sql_template(p, m->json, m->alias);
    buf_z(&p->b, ".`");
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '`' || key.p[i] == '\\')
            buf_char(&p->b, '\\');
        buf_char(&p->b, key.p[i]);
    }
    buf_z(&p->b, "`.:String");
    buf_release(&key);
}

struct text {
    const char *sql, *alias;
};

static void text(struct sql *p, const void *cls)
{
    const struct text *t = cls;
    sql_template(p, t->sql, t->alias);
}

static void property_text(struct sql *p, const struct column *c, const char *alias)
{
    const struct table_field *f = c->field;
    if (!c->path_n) {
        sql_template(p, f->sql, alias);
    } else if (c->path[0].key.p) {
        struct member m = { f->json, alias, c->path[0].key };
        if (c->path_n == 1)
            member(p, &m);
        else
            sql_json_path(p, member, &m, c->path + 1, c->path_n - 1);
    } else { /* properties.1: a place; only the text has an order */
        struct text t = { f->sql, alias };
        sql_json_path(p, text, &t, c->path, c->path_n);
    }
}

static void property(struct sql *p, const struct column *c, const char *alias)
{
    switch (c->property) {
    case HOGQL_PROPERTY_NUMERIC:
        buf_z(&p->b, "accurateCastOrNull(");
        property_text(p, c, alias);
        buf_z(&p->b, ", 'Float64')");
        break;
    case HOGQL_PROPERTY_BOOLEAN:
        buf_z(&p->b, "accurateCastOrNull(transform(");
        property_text(p, c, alias);
        buf_z(&p->b, ", ['true', 'false'], [1, 0], NULL), 'Bool')");
        break;
    case HOGQL_PROPERTY_DATETIME:
        buf_z(&p->b, "parseDateTime64BestEffortOrNull(");
        property_text(p, c, alias);
        buf_z(&p->b, ", 6, ");
        sql_zone(p);
        buf_char(&p->b, ')');
        break;
    default:
        property_text(p, c, alias);
        break;
    }
}

static void joined_name(struct sql *p, const struct source *child, const struct column *c)
{
    sql_name(p, child->sql_alias);
    buf_char(&p->b, '.');
    sql_name(p, c->name);
}

static void column(struct sql *p, const struct column *c, const char *alias)
{
    if (c->field->kind == FIELD_PERSON_ID && c->child) {
        /* a missing row of the join has an empty id */
        buf_z(&p->b, "if(notEmpty(");
        joined_name(p, c->child, c->child->join_to);
        buf_z(&p->b, "), ");
        joined_name(p, c->child, c->child_column);
        buf_z(&p->b, ", ");
        sql_template(p, c->field->sql, alias);
        buf_char(&p->b, ')');
    } else if (c->child) {
        joined_name(p, c->child, c->child_column);
    } else if (c->field->kind == FIELD_CHANNEL) {
        sql_channel(p, alias);
    } else if (c->field->kind == FIELD_PROPERTIES) {
        property(p, c, alias);
    } else {
        sql_template(p, c->field->sql, alias);
    }
}

/* -------------------------------------------------------------------------- rows */

static void joins(struct sql *p, const struct source *s, const char *alias)
{
    for (int i = 0; i < LAZY_N; i++) {
        const struct source *child = s->lazy[i];
        if (!child)
            continue;
        buf_z(&p->b, " LEFT JOIN (");
        table(p, child);
        buf_z(&p->b, ") AS ");
        sql_name(p, child->sql_alias);
        buf_z(&p->b, " ON equals(");
        column(p, child->join_from, alias);
        buf_z(&p->b, ", ");
        joined_name(p, child, child->join_to);
        buf_char(&p->b, ')');
    }
}

static double ratio(const struct hogql_node *n)
{
    if (n->kind == HOGQL_ARITHMETIC && n->op == '/')
        return ratio(n->kids[0]) / ratio(n->kids[1]);
    if (n->kind != HOGQL_CONSTANT)
        return -1;
    return n->op == HOGQL_FLOAT ? n->real : (double)n->integer;
}

/* SAMPLE: of the distinct ids, the part whose hash falls into the range. */
static void sample(struct sql *p, const struct source *s, const char *alias)
{
    if (!s->sample)
        return;
    double size = ratio(s->sample->kids[0]) / (s->sample->flags & HOGQL_PERCENT ? 100 : 1);
    double from = s->sample->kids[1] ? ratio(s->sample->kids[1]) : 0;
    if (!(size > 0 && size <= 1 && from >= 0 && from <= 1)) {
        sql_fail(p, s->sample, "SAMPLE needs a ratio between 0 and 1");
        return;
    }
    if (size == 1 && from == 0)
        return;
    const long long scale = 1000000000;
    buf_printf(&p->b, " AND modulo(minus(modulo(cityHash64(%s.distinct_id), %lld), %lld), %lld) < "
               "%lld", alias, scale, (long long)(from * scale) - scale, scale,
               (long long)(size * scale));
}

#define MARGIN 3 /* days: longer than any session */

/* A bound of the sessions' start, with room for those that began before it or go on behind. */
static void session_bound(struct sql *p, const struct hogql_node *at, const char *op,
                          const char *move, int days)
{
    bool text = at && at->kind == HOGQL_CONSTANT && at->op == HOGQL_STRING;
    if (!at)
        return;
    buf_printf(&p->b, " AND timestamp %s %s(", op, move);
    if (text) {
        sql_time(p, at->text);
    } else {
        buf_z(&p->b, "toDateTime64(");
        sql_expr(p, at);
        buf_z(&p->b, ", 6, ");
        sql_zone(p);
        buf_char(&p->b, ')');
    }
    buf_printf(&p->b, ", toIntervalDay(%d))", days);
}

/* FROM a table, on the team's rows only. Nothing else prints the name of one. */
static void scoped(struct sql *p, const struct source *s, const char *alias)
{
    const struct table *t = s->table;
    const long long team = (long long)p->c->team_id;
    if (t->derived) {
        const char *mark = strchr(t->derived, '@');
        BUG_ON(!mark);
        buf_printf(&p->b, " FROM (%.*sequals(team_id, %lld)", (int)(mark - t->derived), t->derived,
                   team);
        session_bound(p, s->since, ">=", "minus", MARGIN);
        session_bound(p, s->until, "<=", "plus", MARGIN + s->until_days);
        buf_printf(&p->b, "%s) AS %s", mark + 1, alias);
    } else {
        buf_printf(&p->b, " FROM %s AS %s%s", t->physical, alias,
                   t->final || (p->c->once && t->replacing) ? " FINAL" : "");
    }
    joins(p, s, alias);
    buf_printf(&p->b, " WHERE equals(%s.team_id, %lld)", alias, team);
    if (t->where) {
        buf_z(&p->b, " AND ");
        sql_template(p, t->where, alias);
    }
    if (s->group_index >= 0)
        buf_printf(&p->b, " AND equals(%s.`index`, %d)", alias, s->group_index);
    sample(p, s, alias);
}

static void table(struct sql *p, const struct source *s)
{
    bool first = true;
    buf_z(&p->b, "SELECT ");
    if (!s->columns)
        buf_char(&p->b, '1');
    for (const struct column *c = s->columns; c; c = c->next) {
        if (!first)
            buf_z(&p->b, ", ");
        first = false;
        column(p, c, "t");
        buf_z(&p->b, " AS ");
        sql_name(p, c->name);
    }
    scoped(p, s, "t");
}

void sql_source(struct sql *p, const struct source *s)
{
    if (s->cte) {
        sql_name(p, s->cte->sql_name);
    } else if (s->query) {
        buf_char(&p->b, '(');
        sql_query(p, s->query, false);
        buf_char(&p->b, ')');
    } else if (s->args) { /* numbers(): no table, no rows of anybody */
        buf_z(&p->b, "numbers(");
        sql_list(p, s->args);
        buf_char(&p->b, ')');
    } else {
        buf_char(&p->b, '(');
        table(p, s);
        buf_char(&p->b, ')');
    }
    buf_z(&p->b, " AS ");
    sql_name(p, s->sql_alias);
}
