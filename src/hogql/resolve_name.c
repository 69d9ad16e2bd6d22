/* resolve_name.c - what names mean: aliases, fields, properties, joined tables, stars. */
#include <regex.h>

#include "base/limits.h"
#include "hogql/resolve.h"

struct source *resolve_source(struct resolver *r, str alias, const struct table *t)
{
    struct source *s = arena_new_of(r->arena, struct source);
    s->alias = s->sql_alias = alias;
    s->table = t;
    s->tail = &s->columns;
    s->group_index = -1;
    return s;
}

/* -------------------------------------------------------------------------- columns of a table */

static bool same_path(const struct column *c, const struct step *path, uint32_t n)
{
    if (c->path_n != n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (c->path[i].place != path[i].place || !str_eq(c->path[i].key, path[i].key))
            return false;
    return true;
}

/* A column's name in the SQL: the field's, or one that hints at the path. */
static str column_name(struct resolver *r, struct source *s, const struct column *c)
{
    char hint[33];
    size_t n = 0;
    const struct column *deep = c;
    while (deep->child_column)
        deep = deep->child_column;
    if (c == deep && !c->path_n && table_field(s->table, str_of(c->field->name)) == c->field)
        return str_of(c->field->name);
    str last = deep->path_n ? deep->path[deep->path_n - 1].key : str_of(deep->field->name);
    for (size_t i = 0; i < last.n && n < sizeof(hint) - 1; i++) {
        char ch = last.p[i];
        bool keep = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
        hint[n++] = keep ? ch : '_';
    }
    return arena_printf(r->arena, "p%zu_%.*s", ++r->names, (int)n, hint);
}

struct column *resolve_column(struct resolver *r, struct source *s, const struct column *like)
{
    for (struct column *c = s->columns; c; c = c->next)
        if (c->field == like->field && c->property == like->property &&
            c->child_column == like->child_column && same_path(c, like->path, like->path_n))
            return c;
    struct column *c = arena_new_of(r->arena, struct column);
    *c = *like;
    c->next = NULL;
    c->name = column_name(r, s, c);
    *s->tail = c;
    s->tail = &c->next;
    s->columns_n++;
    return c;
}

/* The joined table, with the two fields it is joined by. */
static int lazy_source(struct resolver *r, struct source *s, enum lazy lazy, struct source **out)
{
    *out = s->lazy[lazy];
    if (*out)
        return 0;
    const struct lazy_join *j = table_join(s->table, lazy);
    struct source *child = resolve_source(r, STR(""), table_named(j->target));
    struct step to = { str_of(j->to), 0 }, from = { str_of(j->from), 0 };
    child->sql_alias = arena_printf(r->arena, "j%zu_%s", ++r->names, j->target);
    if (lazy >= LAZY_GROUP_0)
        child->group_index = (int)(lazy - LAZY_GROUP_0);
    int rc = resolve_path(r, child, NULL, &to, 1, false, &child->join_to);
    if (rc == 0)
        rc = resolve_path(r, s, NULL, &from, 1, false, &child->join_from);
    if (rc == 0)
        *out = s->lazy[lazy] = child;
    return rc;
}

/* Whether the person stored with an event is the one meant. Where no id is overridden it is: then there is
 * nothing to join, and the distinct ids, which are long, need not be read. */
static bool as_stored(const struct hogql_context *c)
{
    if (c->persons_mode == HOGQL_PERSONS_DISABLED)
        return false;
    return c->persons_mode == HOGQL_PERSONS_ON_EVENTS || (c->overridden && !c->overridden(c->cls));
}

/* person_id of events: the override's, the mapping's or the stored one. */
static int person_id(struct resolver *r, struct source *s, const struct table_field *f,
                     struct column **out)
{
    struct column c = { .field = f, .type = { TYPE_UUID, false } };
    if (as_stored(r->c)) {
        *out = resolve_column(r, s, &c);
        return 0;
    }
    enum lazy lazy = r->c->persons_mode == HOGQL_PERSONS_DISABLED ? LAZY_PDI : LAZY_OVERRIDE;
    struct step step = { STR("person_id"), 0 };
    int rc = lazy_source(r, s, lazy, &c.child);
    if (rc == 0)
        rc = resolve_path(r, c.child, NULL, &step, 1, false, &c.child_column);
    if (rc == 0)
        *out = resolve_column(r, s, &c);
    return rc;
}

static enum hogql_property_owner owner_of(const struct source *s, const struct table_field *f)
{
    /* the person's properties as stored with the event */
    if (s->table->owner == HOGQL_OF_EVENT && strcmp(f->sql, "@.properties") != 0)
        return HOGQL_OF_PERSON;
    return s->table->owner;
}

/* Identifiers of traces are text whatever a definition says. */
static bool always_text(str key)
{
    return str_starts(key, STR("$ai_")) && str_ends(key, STR("_id"));
}

int resolve_property(struct resolver *r, struct source *s, const struct table_field *f,
                     const struct hogql_node *at, const struct step *path, uint32_t n, bool raw,
                     struct column **out)
{
    struct column c = { .field = f, .path = path, .path_n = n, .type = { TYPE_JSON, false } };
    static const struct hogql_type types[] = {
        [HOGQL_PROPERTY_STRING] = { TYPE_STRING, true },
        [HOGQL_PROPERTY_NUMERIC] = { TYPE_FLOAT, true },
        [HOGQL_PROPERTY_BOOLEAN] = { TYPE_BOOL, true },
        [HOGQL_PROPERTY_DATETIME] = { TYPE_DATETIME, true },
    };
    for (uint32_t i = 0; i < n; i++) {
        if (memchr(path[i].key.p ? path[i].key.p : "", '\0', path[i].key.n))
            return resolve_error(r, at, "A property's name cannot hold a NUL character");
        if (!path[i].key.p && path[i].place == 0)
            return resolve_error(r, at, "SQL indexes start from one, not from zero. E.g: array[1]");
    }
    if (n == 1 && path[0].key.p && !raw && r->c->property_type && !always_text(path[0].key)) {
        int rc = r->c->property_type(r->c->cls, owner_of(s, f), s->group_index, path[0].key,
                                     &c.property, r->e);
        if (rc < 0)
            return rc;
    }
    if (n)
        c.type = types[c.property];
    *out = resolve_column(r, s, &c);
    return 0;
}

static int unknown_field(struct resolver *r, const struct hogql_node *at, const struct table *t,
                         str name)
{
    struct nearest near = { .name = name };
    for (size_t i = 0; i < t->fields_n; i++)
        nearest_offer(&near, str_of(t->fields[i].name));
    if (near.best.p) {
        resolve_error(r, at, "Field not found: %.*s. Did you mean: " STR_FMT "?",
                      name.n < 200 ? (int)name.n : 200, name.p, STR_ARG(near.best));
        return at->kind == HOGQL_FIELD ? resolve_mend(r, at, name, near.best) : ERR_INVALID;
    }
    return resolve_error(r, at, "Field not found: %.*s", name.n < 200 ? (int)name.n : 200, name.p);
}

/* Through a lazy join; the joined table's own key is the field joined from, without a join: but for
 * overrides, where it tells whether there is one. */
static int through(struct resolver *r, struct source *s, enum lazy lazy,
                   const struct table_field *f, const struct hogql_node *at,
                   const struct step *path, uint32_t n, bool raw, struct column **out)
{
    const struct lazy_join *j = table_join(s->table, lazy);
    if (n < 2)
        return resolve_error(r, at, "Can't select a table when a column is expected: %s", f->name);
    if (n == 2 && lazy != LAZY_OVERRIDE && str_eqz(path[1].key, j->to)) {
        struct step from = { str_of(j->from), 0 };
        return resolve_path(r, s, at, &from, 1, raw, out);
    }
    struct column c = { .field = f };
    int rc = lazy_source(r, s, lazy, &c.child);
    if (rc == 0)
        rc = resolve_path(r, c.child, at, path + 1, n - 1, raw, &c.child_column);
    if (rc < 0)
        return rc;
    c.type = c.child_column->type;
    *out = resolve_column(r, s, &c);
    return 0;
}

int resolve_path(struct resolver *r, struct source *s, const struct hogql_node *at,
                 const struct step *path, uint32_t n, bool raw, struct column **out)
{
    const struct table_field *f = path[0].key.p ? table_field(s->table, path[0].key) : NULL;
    if (!f)
        return unknown_field(r, at, s->table, path[0].key.p ? path[0].key : STR("0"));
    enum field_kind kind = table_field_kind(f, r->c->persons_mode);
    if (kind == FIELD_LAZY)
        return through(r, s, f->lazy, f, at, path, n, raw, out);
    if (kind == FIELD_POE) {
        const struct table_field *inner = n > 1 ? table_field(table_poe(), path[1].key) : NULL;
        if (n < 2)
            return resolve_error(r, at, "Can't select a table when a column is expected: %s",
                                 f->name);
        if (!inner)
            return unknown_field(r, at, table_poe(), path[1].key.p ? path[1].key : STR("0"));
        f = inner;
        kind = f->kind;
        path++, n--;
    }
    if (kind == FIELD_PROPERTIES)
        return resolve_property(r, s, f, at, path + 1, n - 1, raw, out);
    if (n > 1)
        return resolve_error(r, at, "Can not access property \"%.*s\" on field \"%s\".",
                             path[1].key.n < 200 ? (int)path[1].key.n : 200,
                             path[1].key.p ? path[1].key.p : "", f->name);
    if (kind == FIELD_PERSON_ID)
        return person_id(r, s, f, out);
    struct column c = { .field = f, .type = { f->type, f->nullable },
                        .zoned = f->type == TYPE_DATETIME };
    *out = resolve_column(r, s, &c);
    return 0;
}

/* -------------------------------------------------------------------------- names of a query */

/* The steps that are left over, as accesses around the node. */
static void wrap(struct resolver *r, struct hogql_node **at, const struct step *steps, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct hogql_node *x = hogql_new(r->arena, HOGQL_ACCESS, 2);
        x->start = (*at)->start;
        x->end = (*at)->end;
        x->kids[0] = *at;
        x->kids[1] = steps[i].key.p ? hogql_string(r->arena, steps[i].key)
                                    : hogql_int(r->arena, steps[i].place);
        resolve_mean(r, x, MEANS_VALUE, (struct hogql_type){ TYPE_UNKNOWN, true });
        resolve_mean(r, x->kids[1], MEANS_VALUE, (struct hogql_type){ TYPE_INT, false });
        *at = x;
    }
}

static int means_name(struct resolver *r, struct hogql_node **at, str name, struct hogql_type type,
                      const struct step *rest, uint32_t n)
{
    resolve_mean(r, *at, MEANS_NAME, type)->name = name;
    wrap(r, at, rest, n);
    return 0;
}

/* A field of a source, by a path that begins with the field. */
static int means_field(struct resolver *r, struct hogql_node **at, struct source *s,
                       const struct step *path, uint32_t n)
{
    struct hogql_meaning *m;
    if (s->table) {
        struct column *c;
        bool access = false;
        const struct table_field *f = path[0].key.p ? table_field(s->table, path[0].key) : NULL;
        /* an array, a tuple: the steps are accesses of its value */
        if (f && f->kind == FIELD_COLUMN && f->type == TYPE_ARRAY)
            access = true;
        int rc = resolve_path(r, s, *at, path, access ? 1 : n, r->raw, &c);
        if (rc < 0)
            return rc;
        m = resolve_mean(r, *at, MEANS_COLUMN, c->type);
        m->source = s;
        m->column = c;
        m->zoned = c->zoned || (c->child_column && c->child_column->zoned);
        if (access)
            wrap(r, at, path + 1, n - 1);
        return 0;
    }
    struct output *o = path[0].key.p ? resolve_find_output(&s->out, path[0].key) : NULL;
    if (!o) {
        struct nearest near = { .name = path[0].key };
        for (o = s->out.head; o; o = o->next)
            if (!o->hidden)
                nearest_offer(&near, o->short_name.n ? o->short_name : o->name);
        if (!near.best.p)
            return resolve_error(r, *at, "Unable to resolve field: " STR_FMT,
                                 STR_ARG(path[0].key));
        resolve_error(r, *at, "Unable to resolve field: " STR_FMT ". Did you mean: " STR_FMT "?",
                      STR_ARG(path[0].key), STR_ARG(near.best));
        return (*at)->kind == HOGQL_FIELD ? resolve_mend(r, *at, path[0].key, near.best)
                                          : ERR_INVALID;
    }
    bool json = o->type.base == TYPE_JSON && n > 1;
    struct output *pushed = NULL;
    if (json) {
        int rc = resolve_push(r, s, o, *at, path + 1, n - 1, &pushed);
        if (rc < 0)
            return rc;
    }
    m = resolve_mean(r, *at, MEANS_OUTPUT,
                     json ? (struct hogql_type){ TYPE_STRING, true } : o->type);
    m->source = s;
    m->name = pushed ? pushed->name : o->name;
    if (pushed) {
        m->property = true;
    } else if (json) {
        m->path = path + 1;
        m->path_n = n - 1;
    } else {
        wrap(r, at, path + 1, n - 1);
    }
    return 0;
}

static bool has_field(const struct source *s, str name)
{
    return s->table ? table_field(s->table, name) != NULL
                    : resolve_find_output(&s->out, name) != NULL;
}

static const struct alias *find_alias(const struct scope *s, str name)
{
    for (const struct alias *a = s->aliases; a; a = a->next)
        if (str_eq(a->name, name))
            return a;
    return NULL;
}

/* Holds an aggregation or a window of this SELECT. */
static bool is_late(const struct hogql_node *n)
{
    if (n->kind == HOGQL_SELECT || n->kind == HOGQL_SET)
        return false;
    if (n->kind == HOGQL_CALL && (n->kids[CALL_WINDOW] || (n->meaning && n->meaning->function &&
                                                           n->meaning->function->flags & AGGREGATE)))
        return true;
    for (uint32_t i = 0; i < n->n; i++)
        if (n->kids[i] && is_late(n->kids[i]))
            return true;
    return false;
}

static bool any_has_field(const struct scope *s, str name)
{
    for (const struct source *o = s->sources; o; o = o->next)
        if (has_field(o, name))
            return true;
    return false;
}

static struct source *find_source(const struct scope *s, str alias)
{
    for (struct source *o = s->sources; o; o = o->next)
        if (o->alias.n && str_eq(o->alias, alias))
            return o;
    return NULL;
}

static bool is_parameter(const struct scope *s, str name)
{
    for (uint32_t i = 0; s->parameters && i < s->parameters->names_n; i++)
        if (str_eq(s->parameters->names[i], name))
            return true;
    return false;
}

static int unresolved(struct resolver *r, const struct scope *s, const struct hogql_node *at)
{
    struct nearest near = { .name = at->names[0] };
    str text = hogql_to_text(r->arena, at);
    for (; s; s = s->lambda ? s->outer : NULL) {
        for (const struct alias *a = s->aliases; a; a = a->next)
            nearest_offer(&near, a->name);
        for (const struct source *o = s->sources; o; o = o->next) {
            nearest_offer(&near, o->alias);
            for (size_t i = 0; o->table && i < o->table->fields_n; i++)
                nearest_offer(&near, str_of(o->table->fields[i].name));
            for (const struct output *out = o->out.head; out; out = out->next)
                if (!out->hidden)
                    nearest_offer(&near, out->short_name.n ? out->short_name : out->name);
        }
    }
    if (text.n > 300)
        text.n = 300;
    if (near.best.n) {
        resolve_error(r, at, "Unable to resolve field: " STR_FMT ". Did you mean: " STR_FMT "?",
                      STR_ARG(text), STR_ARG(near.best));
        return resolve_mend(r, at, at->names[0], near.best);
    }
    return resolve_error(r, at, "Unable to resolve field: " STR_FMT, STR_ARG(text));
}

/* A group type's name on events: company.properties.x */
static bool group_name(struct resolver *r, const struct scope *s, struct step *first,
                       struct source **out)
{
    static const char *const fields[] = { "group_0", "group_1", "group_2", "group_3", "group_4" };
    if (!r->c->group_type)
        return false;
    for (struct source *o = s->sources; o; o = o->next) {
        if (!o->table || o->table != table_named("events"))
            continue;
        int index = r->c->group_type(r->c->cls, first->key);
        if (index < 0 || index >= (int)ARRAY_LEN(fields))
            return false;
        first->key = str_of(fields[index]);
        *out = o;
        return true;
    }
    return false;
}

/* The name in this SELECT: *done says that it was found here. */
static int in_scope(struct resolver *r, struct scope *s, struct hogql_node **at,
                    struct step *steps, uint32_t n, bool *done)
{
    struct source *one = n > 1 ? find_source(s, steps[0].key) : NULL, *found = NULL;
    const struct alias *a = one ? NULL : find_alias(s, steps[0].key);
    /* SELECT max(timestamp) AS timestamp, min(timestamp) … WHERE timestamp > …: only the field can be
     * meant in an aggregation and before there are any */
    if (a && (s->early || r->in_aggregate) && is_late(a->expr) && any_has_field(s, steps[0].key))
        a = NULL;
    *done = true;
    if (one && steps[1].key.p)
        return means_field(r, at, one, steps + 1, n - 1);
    if (a && n > 1 && !a->array && a->type.base != TYPE_UNKNOWN && a->type.base != TYPE_ARRAY &&
        a->type.base != TYPE_TUPLE && a->type.base != TYPE_MAP)
        return resolve_error(r, *at, "cannot access property \"%.*s\" of the alias \"" STR_FMT "\"",
                             steps[1].key.n < 200 ? (int)steps[1].key.n : 200,
                             steps[1].key.p ? steps[1].key.p : "", STR_ARG(a->name));
    if (a)
        return means_name(r, at, a->name, a->type, steps + 1, n - 1);
    for (struct source *o = s->sources; o; o = o->next) {
        if (!has_field(o, steps[0].key))
            continue;
        if (found)
            return resolve_error(r, *at, "Ambiguous query. Found multiple sources for field: "
                                 STR_FMT, STR_ARG(steps[0].key));
        found = o;
    }
    if (found || group_name(r, s, &steps[0], &found))
        return means_field(r, at, found, steps, n);
    if (find_source(s, steps[0].key))
        return resolve_error(r, *at, "Can't select a table when a column is expected: " STR_FMT,
                             STR_ARG(steps[0].key));
    *done = false;
    return 0;
}

/* WITH expr AS name: the expression in place of the name. */
static int column_cte(struct resolver *r, struct scope *s, struct hogql_node **at,
                      const struct step *steps, uint32_t n, bool *done)
{
    *done = false;
    for (struct scope *o = s; o; o = o->outer) {
        for (struct cte *c = o->ctes; c; c = c->next) {
            if (!str_eq(c->name, steps[0].key))
                continue;
            *done = true;
            if (c->query)
                return resolve_error(r, *at, "Cannot use table CTE " STR_FMT " as a value. Use it "
                                     "in a FROM clause instead.", STR_ARG(c->name));
            if (++r->expansions > 50)
                return resolve_error(r, *at,
                                     "Too many CTE expansions (50+). Probably a CTE loop.");
            if (arena_used(r->arena) > LIMIT_HOGQL_MEMORY)
                return resolve_error(r, *at, "The query is too large");
            *at = hogql_copy(r->arena, c->expr);
            wrap(r, at, steps + 1, n - 1);
            int rc = resolve_expr(r, s, at);
            r->expansions--;
            return rc;
        }
    }
    return 0;
}

int resolve_field(struct resolver *r, struct scope *s, struct hogql_node **at,
                  const struct step *more, uint32_t more_n)
{
    struct hogql_node *f = *at;
    uint32_t n = f->names_n + more_n;
    struct step *steps = arena_alloc(r->arena, n * sizeof(*steps));
    bool done = false;
    int rc = 0;
    for (uint32_t i = 0; i < f->names_n; i++)
        steps[i].key = f->names[i].p ? f->names[i] : STR("");
    if (more_n)
        memcpy(steps + f->names_n, more, more_n * sizeof(*steps));
    for (struct scope *o = s; o && !done && rc == 0; o = o->lambda ? o->outer : NULL) {
        if (is_parameter(o, steps[0].key)) {
            done = true;
            rc = means_name(r, at, steps[0].key, (struct hogql_type){ TYPE_UNKNOWN, true },
                            steps + 1, n - 1);
        } else {
            rc = in_scope(r, o, at, steps, n, &done);
        }
    }
    if (rc == 0 && !done)
        rc = column_cte(r, s, at, steps, n, &done);
    return rc == 0 && !done ? unresolved(r, s, f) : rc;
}

/* -------------------------------------------------------------------------- stars */

static bool listed(const struct hogql_node *list, str name, const struct hogql_node **which)
{
    for (uint32_t i = 0; list && i < list->n; i++) {
        const struct hogql_node *x = list->kids[i];
        str key = x->kind == HOGQL_ALIAS ? x->text : x->names[x->names_n - 1];
        if (!str_eq(key, name))
            continue;
        if (which)
            *which = x;
        return true;
    }
    return false;
}

struct star {
    const struct hogql_node *exclude, *replace;
    const regex_t *pattern; /* COLUMNS('…') */
    struct hogql_node *into;
};

static void star_field(struct resolver *r, struct star *star, const struct source *s, str name)
{
    const struct hogql_node *instead = NULL;
    if (listed(star->exclude, name, NULL))
        return;
    if (star->pattern && regexec(star->pattern, arena_z(r->arena, name), 0, NULL, 0) != 0)
        return;
    if (listed(star->replace, name, &instead)) {
        hogql_add(r->arena, star->into, hogql_copy(r->arena, instead));
        return;
    }
    str *names = arena_alloc(r->arena, 2 * sizeof(*names));
    names[0] = s->alias;
    names[1] = name;
    struct hogql_node *f = s->alias.n ? hogql_field_of(r->arena, names, 2)
                                      : hogql_field_of(r->arena, names + 1, 1);
    f->flags = HOGQL_HIDDEN; /* the source is not part of the column's name */
    hogql_add(r->arena, star->into, f);
}

static void star_source(struct resolver *r, struct star *star, const struct source *s)
{
    for (size_t i = 0; s->table && i < s->table->fields_n; i++)
        if (!s->table->fields[i].hidden)
            star_field(r, star, s, str_of(s->table->fields[i].name));
    for (const struct output *o = s->out.head; o; o = o->next)
        if (!o->hidden)
            star_field(r, star, s, o->renamed ? o->short_name : o->name);
}

static int expand_star(struct resolver *r, struct scope *s, const struct hogql_node *n,
                       struct star *star)
{
    struct source *of = s->sources;
    if (!s->sources)
        return resolve_error(r, n, "Cannot use '*' when there are no tables in the query");
    if (n->names_n) {
        of = find_source(s, n->names[n->names_n - 1]);
        if (!of)
            return resolve_error(r, n, "Unable to resolve field: " STR_FMT,
                                 STR_ARG(n->names[0]));
    } else if (s->sources->next) {
        return resolve_error(r, n, "Cannot use '*' without table name when there are multiple "
                             "tables in the query");
    }
    star_source(r, star, of);
    return 0;
}

/* Counted repeats and back references can take any time and memory. */
static bool simple_pattern(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || s.p[i] == '{' ||
            (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '9'))
            return false;
    return s.n <= 200;
}

static int expand_columns(struct resolver *r, struct scope *s, const struct hogql_node *n,
                          struct star *star)
{
    int rc = 0;
    if (n->n) {
        for (uint32_t i = 0; i < n->n && rc == 0; i++) {
            struct hogql_node *x = n->kids[i];
            if (x->kind != HOGQL_STAR) {
                hogql_add(r->arena, star->into, hogql_copy(r->arena, x));
                continue;
            }
            struct star inner = { x->kids[STAR_EXCLUDE], x->kids[STAR_REPLACE], NULL, star->into };
            rc = expand_star(r, s, x, &inner);
        }
        return rc;
    }
    regex_t pattern;
    if (!simple_pattern(n->text) ||
        regcomp(&pattern, arena_z(r->arena, n->text), REG_EXTENDED | REG_NOSUB))
        return resolve_error(r, n, "COLUMNS() needs a valid regular expression");
    star->pattern = &pattern;
    for (const struct source *o = s->sources; o; o = o->next)
        star_source(r, star, o);
    regfree(&pattern);
    return 0;
}

int resolve_stars(struct resolver *r, struct scope *s, struct hogql_node *columns)
{
    bool any = false;
    for (uint32_t i = 0; i < columns->n; i++)
        any = any || columns->kids[i]->kind == HOGQL_STAR ||
              columns->kids[i]->kind == HOGQL_COLUMNS;
    if (!any)
        return 0;
    struct hogql_node *all = hogql_list(r->arena, HOGQL_LIST);
    int rc = 0;
    for (uint32_t i = 0; i < columns->n && rc == 0; i++) {
        struct hogql_node *n = columns->kids[i];
        struct star star = { .into = all };
        if (n->kind == HOGQL_STAR) {
            star.exclude = n->kids[STAR_EXCLUDE];
            star.replace = n->kids[STAR_REPLACE];
            rc = expand_star(r, s, n, &star);
        } else if (n->kind == HOGQL_COLUMNS) {
            rc = expand_columns(r, s, n, &star);
        } else {
            hogql_add(r->arena, all, n);
        }
    }
    if (rc == 0 && !all->n)
        rc = resolve_error(r, columns, "No columns are left of '*'");
    columns->kids = all->kids;
    columns->n = all->n;
    columns->room = all->room;
    return rc;
}
