/* complete.c - see complete.h: the SELECT around a place, its names, and what they have. */
#include "hogql/complete_scan.h"

#define NAMES_MAX 5000 /* columns of subqueries: stars of stars of stars multiply */
#define NESTED_MAX 64

/* A SELECT by its tokens: from SELECT up to the next one, or the end of its query. */
struct range {
    uint32_t from, to;
};

static struct complete_name *outputs(struct complete_scan *s, uint32_t from, uint32_t to,
                                     int depth);

/* -------------------------------------------------------------------------- chains */

static const struct complete_name *find_name(const struct complete_name *n, str name)
{
    while (n && !str_eq(n->name, name))
        n = n->next;
    return n;
}

/* Group types are fields by their names, too. */
static const struct table_field *field_of(struct hogql_context *c, const struct table *t, str name)
{
    static const char *const groups[] = { "group_0", "group_1", "group_2", "group_3", "group_4" };
    const struct table_field *f = table_field(t, name);
    if (f || t != table_named("events") || !c->group_type)
        return f;
    int index = c->group_type(c->cls, name);
    return index >= 0 && index < (int)ARRAY_LEN(groups) ? table_field(t, str_of(groups[index]))
                                                        : NULL;
}

/* From a table into one of its fields. */
static bool enter(struct hogql_context *c, const struct table_field *f,
                  struct complete_target *at)
{
    enum field_kind kind = table_field_kind(f, c->persons_mode);
    if (kind == FIELD_PROPERTIES) {
        at->properties = true;
        at->owner = at->table == table_poe() ? HOGQL_OF_PERSON : at->table->owner;
        return true;
    }
    if (kind == FIELD_POE) {
        at->table = table_poe();
        return true;
    }
    const struct lazy_join *join = kind == FIELD_LAZY ? table_join(at->table, f->lazy) : NULL;
    if (!join)
        return false;
    at->table = table_named(join->target);
    at->group = f->lazy >= LAZY_GROUP_0 ? (int)(f->lazy - LAZY_GROUP_0) : -1;
    return true;
}

static bool follow(struct hogql_context *c, const str *chain, uint32_t n,
                   struct complete_target *at)
{
    for (uint32_t i = 0; i < n; i++) {
        if (at->properties)
            return false;
        const struct complete_name *one = find_name(at->names, chain[i]);
        const struct table_field *f = at->table ? field_of(c, at->table, chain[i])
                                      : one     ? one->field : NULL;
        if (one && one->field) {
            at->table = one->table;
            at->group = one->group;
        }
        at->names = NULL;
        if (!f || !enter(c, f, at))
            return false;
    }
    return true;
}

static bool from_sources(struct hogql_context *c, const struct complete_source *sources,
                         const str *chain, uint32_t n, struct complete_target *out)
{
    for (const struct complete_source *s = sources; s; s = s->next) {
        *out = (struct complete_target){ .table = s->table, .names = s->names, .group = -1 };
        if (s->alias.n && str_eq(s->alias, chain[0]))
            return follow(c, chain + 1, n - 1, out);
    }
    for (const struct complete_source *s = sources; s; s = s->next) {
        *out = (struct complete_target){ .table = s->table, .names = s->names, .group = -1 };
        if (s->table ? field_of(c, s->table, chain[0]) != NULL
                     : find_name(s->names, chain[0]) != NULL)
            return follow(c, chain, n, out);
    }
    return false;
}

bool hogql_complete_target(struct hogql_context *c, const struct completion *m,
                           struct complete_target *out)
{
    return m->chain_n && from_sources(c, m->sources, m->chain, m->chain_n, out);
}

/* -------------------------------------------------------------------------- what is read */

static void name_add(struct complete_scan *s, struct complete_name **list, str name,
                     const struct table_field *f, const struct table *t, int group)
{
    if (s->names++ >= NAMES_MAX)
        return;
    struct complete_name *n = arena_new_of(s->c->arena, struct complete_name);
    *n = (struct complete_name){ *list, name, f, t, group };
    *list = n;
}

static struct complete_source *source_add(struct complete_scan *s, struct complete_source **list,
                                          str alias)
{
    struct complete_source *one = arena_new_of(s->c->arena, struct complete_source);
    *one = (struct complete_source){ .next = *list, .alias = alias };
    *list = one;
    return one;
}

/* An alias behind a source: AS name, or a name that may stand there. Behind it. */
static uint32_t read_alias(struct complete_scan *s, uint32_t i, uint32_t to, str *alias)
{
    bool as = i < to && complete_is_kw(s, i, KW_AS);
    if (as)
        i++;
    if (i >= to || !complete_is_word(s, i) ||
        (!as && !lex_kw_may_be(s->t[i].t.kw, LEX_TABLE_ALIAS)))
        return i;
    *alias = complete_word(s, i);
    return i + 1;
}

/* A chain of names at i: how many there are, at most `most` of them. Behind it. */
static uint32_t read_chain(struct complete_scan *s, uint32_t i, uint32_t to, str *chain,
                           uint32_t most, uint32_t *n)
{
    for (*n = 0; i < to && complete_is_word(s, i); i += 2) {
        if (*n < most)
            chain[*n] = complete_word(s, i);
        ++*n;
        if (i + 1 >= to || !complete_is_point(s, i + 1))
            return i + 1;
    }
    return i;
}

static uint32_t read_table(struct complete_scan *s, uint32_t i, uint32_t to,
                           struct complete_source **list)
{
    str names[2];
    uint32_t n;
    const struct complete_source *cte = s->ctes;
    i = read_chain(s, i, to, names, 2, &n);
    struct complete_source *one = source_add(s, list, n && n <= 2 ? names[n - 1] : STR(""));
    while (cte && !(n == 1 && str_eq(cte->alias, names[0])))
        cte = cte->next;
    if (cte)
        one->names = cte->names;
    else
        one->table = n <= 2 ? table_find(names, n) : NULL;
    if (i < to && complete_is(s, i, TOK_LPAREN)) /* numbers(10) */
        i = complete_next(s, i);
    return read_alias(s, i, to, &one->alias);
}

/* The sources of a FROM clause, without FROM; the first of them last. */
static struct complete_source *read_from(struct complete_scan *s, uint32_t i, uint32_t to,
                                         int depth)
{
    struct complete_source *list = NULL;
    bool wanted = true;
    while (i < to) {
        if (wanted && complete_is(s, i, TOK_LPAREN)) {
            struct complete_source *one = source_add(s, &list, STR(""));
            one->names = outputs(s, i + 1, s->t[i].inner, depth + 1);
            i = read_alias(s, complete_next(s, i), to, &one->alias);
            wanted = false;
            continue;
        }
        if (wanted && complete_is_word(s, i)) {
            i = read_table(s, i, to, &list);
            wanted = false;
            continue;
        }
        if (complete_is(s, i, TOK_COMMA) || complete_is_kw(s, i, KW_JOIN))
            wanted = true;
        i = complete_next(s, i);
    }
    return list;
}

/* The FROM clause of a SELECT, without FROM; from == to when there is none. */
static struct range from_clause(const struct complete_scan *s, struct range select)
{
    uint32_t from = complete_clause(s, select.from + 1, select.to);
    if (from == select.to || !complete_is_from(s, from))
        return (struct range){ select.to, select.to };
    return (struct range){ from + 1, complete_clause(s, from + 1, select.to) };
}

/* -------------------------------------------------------------------------- columns */

static void all_of(struct complete_scan *s, const struct complete_source *from,
                   struct complete_name **list)
{
    for (size_t i = 0; from->table && i < from->table->fields_n; i++)
        if (!from->table->fields[i].hidden)
            name_add(s, list, str_of(from->table->fields[i].name), &from->table->fields[i],
                     from->table, -1);
    for (const struct complete_name *n = from->names; n; n = n->next)
        name_add(s, list, n->name, n->field, n->table, n->group);
}

static void plain_column(struct complete_scan *s, const struct complete_source *sources,
                         const str *chain, uint32_t n, str name, struct complete_name **list)
{
    struct complete_target at;
    const struct complete_name *one = NULL;
    const struct table_field *f = NULL;
    str last = chain[n - 1];
    if (n > 1) {
        if (from_sources(s->c, sources, chain, n - 1, &at) && !at.properties) {
            f = at.table ? field_of(s->c, at.table, last) : NULL;
            one = find_name(at.names, last);
        }
    } else {
        for (; sources && !f && !one; sources = sources->next) {
            at = (struct complete_target){ .table = sources->table, .group = -1 };
            f = at.table ? field_of(s->c, at.table, last) : NULL;
            one = find_name(sources->names, last);
        }
    }
    if (one)
        name_add(s, list, name, one->field, one->table, one->group);
    else
        name_add(s, list, name, f, f ? at.table : NULL, f ? at.group : -1);
}

/* A column of a SELECT that a query around it can name. */
static void column(struct complete_scan *s, const struct complete_source *sources, struct range c,
                   struct complete_name **list)
{
    str chain[8], name = STR_NULL;
    uint32_t n, behind = read_chain(s, c.from, c.to, chain, ARRAY_LEN(chain), &n);
    if (n > ARRAY_LEN(chain))
        n = 0;
    if (behind + 1 == c.to && complete_is(s, behind, TOK_STAR) && n <= 1) {
        for (; sources; sources = sources->next)
            if (!n || str_eq(sources->alias, chain[0]))
                all_of(s, sources, list);
        return;
    }
    if (c.to - c.from > 1 && complete_is_word(s, c.from) && complete_is(s, c.from + 1, TOK_COLON))
        name = complete_word(s, c.from);
    else if (c.to > c.from && complete_is_word(s, c.to - 1) &&
             !(c.to - 1 > c.from && complete_is_point(s, c.to - 2)))
        name = complete_word(s, c.to - 1);
    if (behind == c.to && n)
        plain_column(s, sources, chain, n, chain[n - 1], list);
    else if (name.p && n && behind + (complete_is_kw(s, behind, KW_AS) ? 2 : 1) == c.to)
        plain_column(s, sources, chain, n, name, list);
    else if (name.p && c.to - c.from > 1)
        name_add(s, list, name, NULL, NULL, -1);
}

static struct complete_name *columns(struct complete_scan *s, struct range select, int depth)
{
    struct complete_name *list = NULL;
    struct range from = from_clause(s, select);
    const struct complete_source *sources = read_from(s, from.from, from.to, depth);
    uint32_t i = select.from + 1, end = complete_clause(s, i, select.to);
    if (complete_is_kw(s, i, KW_DISTINCT))
        i++;
    for (uint32_t begin = i; begin < end; begin = i + 1) {
        for (i = begin; i < end && !complete_is(s, i, TOK_COMMA);)
            i = complete_next(s, i);
        column(s, sources, (struct range){ begin, i < end ? i : end }, &list);
    }
    return list;
}

/* -------------------------------------------------------------------------- WITH */

/* name [(columns)] AS (query), at i: the token behind, or i when it is something else. */
static uint32_t read_cte(struct complete_scan *s, uint32_t i, uint32_t to, int depth)
{
    uint32_t at = i + 1, names = 0;
    struct complete_name *out = NULL;
    if (!complete_is_word(s, i))
        return i;
    if (complete_is(s, at, TOK_LPAREN)) {
        names = at;
        at = complete_next(s, at);
    }
    if (at >= to || !complete_is_kw(s, at, KW_AS))
        return i;
    at++;
    while (complete_is_kw(s, at, KW_NOT) || complete_is_kw(s, at, KW_MATERIALIZED))
        at++;
    if (at >= to || !complete_is(s, at, TOK_LPAREN))
        return i;
    for (uint32_t k = names + 1; names && k < s->t[names].inner; k++)
        if (complete_is_word(s, k))
            name_add(s, &out, complete_word(s, k), NULL, NULL, -1);
    if (s->at > s->t[at].inner || s->at <= at) {
        if (!names)
            out = outputs(s, at + 1, s->t[at].inner, depth + 1);
        source_add(s, &s->ctes, complete_word(s, i))->names = out;
    }
    return complete_next(s, at);
}

/* Behind WITH: up to SELECT, or what else begins the query. */
static uint32_t read_with(struct complete_scan *s, uint32_t i, uint32_t to, int depth)
{
    if (complete_is_kw(s, i, KW_RECURSIVE))
        i++;
    while (i < to && !complete_is_kw(s, i, KW_SELECT)) {
        uint32_t behind = read_cte(s, i, to, depth);
        if (behind == i) { /* expression AS name */
            while (i < to && !complete_is(s, i, TOK_COMMA) && !complete_is_kw(s, i, KW_SELECT)) {
                if (complete_is_kw(s, i, KW_AS) && i + 1 < to && complete_is_word(s, i + 1))
                    name_add(s, &s->columns, complete_word(s, ++i), NULL, NULL, -1);
                i = complete_next(s, i);
            }
        } else {
            i = behind;
        }
        if (i < to && complete_is(s, i, TOK_COMMA))
            i++;
        else
            break;
    }
    return i;
}

/* What a query in [from, to) gives: the columns of its first SELECT. */
static struct complete_name *outputs(struct complete_scan *s, uint32_t from, uint32_t to,
                                     int depth)
{
    struct complete_source *ctes = s->ctes;
    struct complete_name *with = s->columns, *list = NULL;
    while (from < to && complete_is(s, from, TOK_LPAREN)) {
        to = s->t[from].inner;
        from++;
    }
    if (depth > NESTED_MAX || from >= to || !complete_is_query(s, from))
        return NULL;
    if (complete_is_kw(s, from, KW_WITH))
        from = read_with(s, from + 1, to, depth);
    if (from < to && complete_is_kw(s, from, KW_SELECT))
        list = columns(s, (struct range){ from, complete_set(s, from, to) }, depth);
    s->ctes = ctes;
    s->columns = with;
    return list;
}

/* -------------------------------------------------------------------------- the place */

struct walk {
    struct range select; /* the innermost, from == to: none */
    uint32_t level;      /* the first token within the innermost bracket around the place */
    int depth;
};

/* Of a query's SELECTs the one that the place is in, the first when it is in none: in WITH. */
static void choose_select(struct complete_scan *s, struct walk *w, uint32_t from, uint32_t to)
{
    bool first = true;
    if (complete_is_kw(s, from, KW_WITH))
        from = read_with(s, from + 1, to, w->depth);
    w->select = (struct range){ 0, 0 };
    while (from < to) {
        uint32_t end = complete_set(s, from, to);
        if (complete_is_kw(s, from, KW_SELECT) && (first || (s->at > from && s->at <= end)))
            w->select = (struct range){ from, end };
        first = false;
        for (from = end; from < to && !complete_is_query(s, from) &&
                         !complete_is(s, from, TOK_LPAREN);)
            from++;
    }
}

static void walk_in(struct complete_scan *s, struct walk *w, uint32_t from, uint32_t to)
{
    while (w->depth++ < NESTED_MAX) {
        w->level = from;
        if (from < to && complete_is_query(s, from))
            choose_select(s, w, from, to);
        uint32_t i = from;
        while (i < to && !(s->t[i].inner && i < s->at && s->at <= s->t[i].inner))
            i = complete_next(s, i);
        if (i >= to)
            return;
        from = i + 1;
        to = s->t[i].inner;
    }
}

/* AS name in the SELECT itself, FROM aside. */
static void read_aliases(struct complete_scan *s, struct range select)
{
    struct range from = from_clause(s, select);
    for (uint32_t i = select.from + 1; i + 1 < select.to; i = complete_next(s, i)) {
        if (i >= from.from && i < from.to)
            continue;
        if (complete_is_kw(s, i, KW_AS) && complete_is_word(s, i + 1))
            name_add(s, &s->columns, complete_word(s, i + 1), NULL, NULL, -1);
    }
}

/* May a value begin behind that token? */
static bool before_value(const struct complete_scan *s, uint32_t i)
{
    switch (s->t[i].t.type) {
    case TOK_STAR: /* a product, rather than all columns */
        return i && (complete_is(s, i - 1, TOK_RPAREN) || complete_is(s, i - 1, TOK_NUMBER) ||
                     (complete_is_word(s, i - 1) && !before_value(s, i - 1)));
    case TOK_LPAREN: case TOK_LBRACKET: case TOK_COMMA: case TOK_COLON: case TOK_ASSIGN:
    case TOK_ARROW: case TOK_QUERY: case TOK_NULLISH: case TOK_PLUS: case TOK_DASH:
    case TOK_SLASH: case TOK_PERCENT: case TOK_CONCAT: case TOK_EQ: case TOK_NE: case TOK_LT:
    case TOK_LE: case TOK_GT: case TOK_GE: case TOK_SPACESHIP: case TOK_REGEX:
    case TOK_NOT_REGEX: case TOK_IREGEX: case TOK_NOT_IREGEX:
        return true;
    case TOK_NAME:
        break;
    default:
        return false;
    }
    switch (s->t[i].t.kw) {
    case KW_SELECT: case KW_DISTINCT: case KW_WHERE: case KW_PREWHERE: case KW_HAVING:
    case KW_QUALIFY: case KW_BY: case KW_ON: case KW_AND: case KW_OR: case KW_NOT: case KW_IN:
    case KW_LIKE: case KW_ILIKE: case KW_BETWEEN: case KW_CASE: case KW_WHEN: case KW_THEN:
    case KW_ELSE: case KW_INTERVAL: case KW_WITH:
        return !(i && complete_is_point(s, i - 1));
    case KW_FROM: /* IS DISTINCT FROM; the clause is asked for before */
        return true;
    case KW_JOIN:
        return i && complete_is_kw(s, i - 1, KW_ARRAY);
    default:
        return false;
    }
}

/* Behind token i - 1, does a table's name follow? */
static bool before_table(const struct complete_scan *s, const struct walk *w, uint32_t i)
{
    struct range from = w->select.to ? from_clause(s, w->select) : w->select;
    if (!i)
        return false;
    if (complete_is_kw(s, i - 1, KW_JOIN))
        return !(i > 1 && complete_is_kw(s, i - 2, KW_ARRAY));
    if (complete_is_from(s, i - 1))
        return true;
    return complete_is(s, i - 1, TOK_COMMA) && w->level <= w->select.from && i > from.from &&
           i <= from.to;
}

static enum complete_place place_of(const struct complete_scan *s, const struct walk *w,
                                    enum complete_form form, struct completion *out)
{
    uint32_t i = s->at;
    bool form_of_call;
    while (i >= 2 && complete_is_point(s, i - 1) && complete_is_word(s, i - 2))
        i -= 2;
    out->chain_n = (s->at - i) / 2;
    str *chain = arena_alloc(s->c->arena, (out->chain_n + 1) * sizeof(str));
    for (uint32_t k = 0; k < out->chain_n; k++)
        chain[k] = complete_word(s, i + 2 * k);
    out->chain = chain;
    if (s->in_text || (i && complete_is_point(s, i - 1)))
        return COMPLETE_NOTHING;
    if (i && complete_is(s, i - 1, TOK_LBRACE))
        return COMPLETE_PLACEHOLDER;
    if (before_table(s, w, i))
        return !out->chain_n || (out->chain_n == 1 && str_eqz(chain[0], "posthog"))
                   ? COMPLETE_TABLE : COMPLETE_NOTHING;
    if (!i)
        return form == COMPLETE_SELECT ? COMPLETE_NOTHING
               : out->chain_n ? COMPLETE_MEMBER : COMPLETE_VALUE;
    /* FROM (…, AS (…: a query follows */
    form_of_call = i >= 2 && complete_is(s, i - 1, TOK_LPAREN) &&
                   (before_table(s, w, i - 1) || complete_is_kw(s, i - 2, KW_AS));
    if (form_of_call || !before_value(s, i - 1))
        return COMPLETE_NOTHING;
    return out->chain_n ? COMPLETE_MEMBER : COMPLETE_VALUE;
}

/* What the first SELECT of a query reads. */
static struct complete_source *sources_of(struct hogql_context *c, str query)
{
    struct complete_scan s;
    struct walk w = { .level = 0 };
    complete_scan(&s, c, query, (uint32_t)query.n, (uint32_t)query.n, false);
    s.at = s.n + 1; /* nowhere */
    if (s.n && complete_is_query(&s, 0))
        choose_select(&s, &w, 0, s.n);
    struct range from = from_clause(&s, w.select);
    return w.select.to ? read_from(&s, from.from, from.to, 0) : NULL;
}

void hogql_complete(struct hogql_context *c, str text, uint32_t start, uint32_t end,
                    enum complete_form form, str around, struct completion *out)
{
    struct complete_scan s;
    struct walk w = { .level = 0 };
    end = end < text.n ? end : (uint32_t)text.n;
    start = start < end ? start : end;
    while (start && lex_is_name(text.p[start - 1]))
        start--;
    while (end < text.n && lex_is_name(text.p[end]))
        end++;
    *out = (struct completion){ .start = start, .end = end };
    complete_scan(&s, c, text, start, end, form == COMPLETE_TEMPLATE);
    s.in_text |= start < end && text.p[start] >= '0' && text.p[start] <= '9';
    if (form == COMPLETE_EXPR)
        out->sources = sources_of(c, around);
    walk_in(&s, &w, 0, s.n);
    out->place = place_of(&s, &w, form, out);
    if (w.select.to) {
        struct range from = from_clause(&s, w.select);
        out->sources = read_from(&s, from.from, from.to, 0);
        read_aliases(&s, w.select);
    }
    out->ctes = s.ctes;
    out->aliases = s.columns;
}
