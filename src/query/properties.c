/* properties.c - see properties.h. A filter is a field, an operator and values: the type gives the
 * field, a table gives the operator. Properties are text until their definition says otherwise, so
 * that is how they are compared. A condition that turns out NULL says nothing. */
#include "query/properties.h"

#include <stdio.h>

#include "base/clock.h"
#include "hogql/tables.h"
#include "query/path_rules.h"
#include "query/selector.h"
#include "query/shape.h"

struct filter {
    struct query_job *j;
    enum query_property_scope scope;
    const struct json *node;
    str type, key, op;
    const struct json *value; /* NULL: none */
    struct hogql_node *field;
    enum hogql_property_type kind; /* what the field is compared as */
};

static struct hogql_node *field_of(const struct filter *f)
{
    return hogql_copy(f->j->arena, f->field);
}

static struct hogql_node *text_of(const struct filter *f)
{
    struct arena *a = f->j->arena;
    return f->kind == HOGQL_PROPERTY_STRING ? field_of(f)
                                            : hogql_call(a, "toString", field_of(f), NULL);
}

static struct hogql_node *number_of(const struct filter *f)
{
    struct arena *a = f->j->arena;
    return f->kind == HOGQL_PROPERTY_NUMERIC ? field_of(f)
                                             : hogql_call(a, "toFloat", field_of(f), NULL);
}

static struct hogql_node *time_of(const struct filter *f)
{
    struct arena *a = f->j->arena;
    return f->kind == HOGQL_PROPERTY_DATETIME ? field_of(f)
                                              : hogql_call(a, "toDateTime", field_of(f), NULL);
}

/* -------------------------------------------------------------------------- values */

static str value_text(const struct json *v)
{
    if (v->type == JSON_BOOL)
        return v->boolean ? STR("true") : STR("false");
    return v->type == JSON_NULL ? STR("null") : v->text;
}

static bool value_number(const struct json *v, double *out)
{
    if (v->type == JSON_NUMBER) {
        *out = v->num;
        return true;
    }
    return v->type == JSON_STRING && str_to_f64(str_trim(v->text), out);
}

static struct hogql_node *number_node(struct arena *a, const struct json *v, double number)
{
    int64_t whole;
    if (v->type == JSON_NUMBER && v->integer)
        return hogql_int(a, v->i64);
    if (v->type == JSON_STRING && str_to_i64(str_trim(v->text), &whole))
        return hogql_int(a, whole);
    return hogql_float(a, number);
}

/* The value as what the field holds; NULL when it cannot be one. */
static struct hogql_node *value_node(const struct filter *f, const struct json *v)
{
    struct arena *a = f->j->arena;
    str text = value_text(v);
    struct query_date date;
    double number;
    switch (f->kind) {
    case HOGQL_PROPERTY_NUMERIC:
        return value_number(v, &number) ? number_node(a, v, number) : NULL;
    case HOGQL_PROPERTY_BOOLEAN:
        if (str_eq_nocase(text, STR("true")) || str_eqz(text, "1"))
            return hogql_bool(a, true);
        if (str_eq_nocase(text, STR("false")) || str_eqz(text, "0"))
            return hogql_bool(a, false);
        return NULL;
    case HOGQL_PROPERTY_DATETIME:
        date = query_date_parse(&f->j->calendar, text);
        return date.written && !date.all ? hogql_datetime(a, date.at) : NULL;
    case HOGQL_PROPERTY_STRING:
        break;
    }
    return hogql_string(a, text);
}

/* -------------------------------------------------------------------------- operators */

/* Builds the condition for one value; *out NULL: none. */
typedef int (*operator_fn)(struct filter *f, const struct json *v, unsigned op,
                           struct hogql_node **out, struct err *e);

static int op_equal(struct filter *f, const struct json *v, unsigned op, struct hogql_node **out,
                    struct err *e)
{
    struct hogql_node *value = value_node(f, v);
    (void)e;
    *out = value ? hogql_compare(f->j->arena, op, field_of(f), value)
                 : hogql_bool(f->j->arena, op == HOGQL_NE); /* nothing equals it */
    return 0;
}

/* %value%, what LIKE reads as patterns taken literally. */
static str pattern_of(struct arena *a, str text)
{
    char *p = arena_alloc(a, text.n * 2 + 3);
    size_t n = 0;
    p[n++] = '%';
    for (size_t i = 0; i < text.n; i++) {
        if (memchr("%_\\", text.p[i], 3))
            p[n++] = '\\';
        p[n++] = text.p[i];
    }
    p[n++] = '%';
    return (str){ p, n };
}

static int op_contains(struct filter *f, const struct json *v, unsigned op,
                       struct hogql_node **out, struct err *e)
{
    struct arena *a = f->j->arena;
    (void)e;
    *out = hogql_compare(a, op, text_of(f), hogql_string(a, pattern_of(a, value_text(v))));
    return 0;
}

static int op_regex(struct filter *f, const struct json *v, unsigned op, struct hogql_node **out,
                    struct err *e)
{
    struct arena *a = f->j->arena;
    (void)e;
    *out = hogql_compare(a, op, text_of(f), hogql_string(a, value_text(v)));
    return 0;
}

/* Numbers compare as numbers, times as times, other values as text. */
static int op_order(struct filter *f, const struct json *v, unsigned op, struct hogql_node **out,
                    struct err *e)
{
    struct arena *a = f->j->arena;
    struct query_date date;
    double number;
    int rc = f->kind == HOGQL_PROPERTY_DATETIME
                 ? query_read_date(f->j, "properties.value", value_text(v), &date, e)
                 : 0;
    if (rc < 0)
        return rc;
    if (f->kind == HOGQL_PROPERTY_DATETIME)
        *out = hogql_compare(a, op, time_of(f), hogql_datetime(a, date.at));
    else if (value_number(v, &number))
        *out = hogql_compare(a, op, number_of(f), number_node(a, v, number));
    else
        *out = hogql_compare(a, op, text_of(f), hogql_string(a, value_text(v)));
    return 0;
}

static int op_set(struct filter *f, const struct json *v, unsigned op, struct hogql_node **out,
                  struct err *e)
{
    (void)v, (void)e;
    *out = hogql_compare(f->j->arena, op, field_of(f), hogql_null(f->j->arena));
    return 0;
}

/* A date alone is the whole day: exactly it, before its beginning, after its end. */
static int op_date(struct filter *f, const struct json *v, unsigned op, struct hogql_node **out,
                   struct err *e)
{
    struct arena *a = f->j->arena;
    const struct query_calendar *c = &f->j->calendar;
    struct query_date d;
    int rc = query_read_date(f->j, "properties.value", value_text(v), &d, e);
    if (rc < 0)
        return rc;
    int64_t end = d.at;
    if (d.date_only)
        end = tz_instant(c->tz, tz_local(c->tz, d.at) + 86400 * CLOCK_SECOND);
    if (op == HOGQL_EQ && d.date_only)
        *out = hogql_and(a, hogql_compare(a, HOGQL_GE, time_of(f), hogql_datetime(a, d.at)),
                         hogql_compare(a, HOGQL_LT, time_of(f), hogql_datetime(a, end)));
    else if (op == HOGQL_GT && d.date_only)
        *out = hogql_compare(a, HOGQL_GE, time_of(f), hogql_datetime(a, end));
    else
        *out = hogql_compare(a, op, time_of(f), hogql_datetime(a, d.at));
    return 0;
}

static int op_between(struct filter *f, const struct json *v, unsigned op,
                      struct hogql_node **out, struct err *e)
{
    struct arena *a = f->j->arena;
    struct hogql_node *low, *high;
    bool inside = op == HOGQL_GE;
    if (!json_is(v, JSON_ARRAY) || v->count != 2)
        return err_set(e, ERR_INVALID, NULL,
                       STR_FMT " operator requires a two-element array [min, max]",
                       STR_ARG(f->op));
    int rc = op_order(f, v->head, inside ? HOGQL_GE : HOGQL_LT, &low, e);
    if (rc == 0)
        rc = op_order(f, v->head->next, inside ? HOGQL_LE : HOGQL_GT, &high, e);
    if (rc == 0)
        *out = inside ? hogql_and(a, low, high) : hogql_or(a, low, high);
    return rc;
}

/* Addresses of one page, by the project's rules; those of the value count as well. */
static int op_cleaned_path(struct filter *f, const struct json *v, unsigned op,
                           struct hogql_node **out, struct err *e)
{
    struct arena *a = f->j->arena;
    struct hogql_node *field = text_of(f), *value = hogql_string(a, value_text(v));
    int rc = query_path_rules_project(f->j, &field, e);
    if (rc == 0)
        rc = query_path_rules_project(f->j, &value, e);
    if (rc == 0)
        *out = hogql_compare(a, op, field, value);
    return rc;
}

/* "1.2.3" to its numbers; what is missing is 0. *n: how many were written. */
static bool version_of(str text, int64_t part[3], size_t *n)
{
    str rest = str_trim(text);
    if (rest.n && (rest.p[0] == 'v' || rest.p[0] == 'V'))
        rest = str_slice(rest, 1, rest.n);
    part[0] = part[1] = part[2] = 0;
    for (*n = 0; rest.p && *n < 3; ++*n) {
        str piece = str_split(&rest, '.');
        if (str_eqz(piece, "*"))
            break;
        ptrdiff_t tail = str_find_char(piece, '-');
        if (tail >= 0)
            piece = str_slice(piece, 0, (size_t)tail);
        if (!str_to_i64(piece, &part[*n]) || part[*n] < 0)
            return false;
    }
    return *n > 0;
}

/* Four numbers: "1.2" is "1.2.0". */
static struct hogql_node *version_node(struct arena *a, struct hogql_node *text)
{
    return hogql_call(a, "arrayResize", hogql_call(a, "sortableSemver", text, NULL),
                      hogql_int(a, 4), hogql_int(a, 0), NULL);
}

static struct hogql_node *version_compare(const struct filter *f, unsigned op, str version)
{
    struct arena *a = f->j->arena;
    return hogql_compare(a, op, version_node(a, text_of(f)),
                         version_node(a, hogql_string(a, version)));
}

enum { SEMVER_TILDE = HOGQL_COMPARES, SEMVER_CARET, SEMVER_WILDCARD };

/* The first version past the range that a pattern means. */
static str version_end(struct arena *a, unsigned op, const int64_t part[3], size_t written)
{
    int64_t end[3] = { part[0], part[1], 0 };
    size_t up = 1; /* the part that grows */
    if (op == SEMVER_CARET)
        up = part[0] ? 0 : part[1] ? 1 : 2;
    else if (written < 2)
        up = 0;
    end[up] = part[up] + 1;
    for (size_t i = up + 1; i < 3; i++)
        end[i] = 0;
    return arena_printf(a, "%lld.%lld.%lld", (long long)end[0], (long long)end[1],
                        (long long)end[2]);
}

static int op_semver(struct filter *f, const struct json *v, unsigned op, struct hogql_node **out,
                     struct err *e)
{
    struct arena *a = f->j->arena;
    int64_t part[3];
    size_t n;
    if (!version_of(value_text(v), part, &n))
        return err_set(e, ERR_INVALID, NULL, "Invalid semver value: " STR_FMT,
                       STR_ARG(value_text(v)));
    str from = arena_printf(a, "%lld.%lld.%lld", (long long)part[0], (long long)part[1],
                            (long long)part[2]);
    /* What is no version comes neither before nor after one. */
    *out = hogql_compare(a, HOGQL_REGEX, text_of(f), hogql_string(a, STR("^v?[0-9]")));
    if (op == HOGQL_NE)
        *out = hogql_not(a, hogql_and(a, *out, version_compare(f, HOGQL_EQ, from)));
    else if (op < HOGQL_COMPARES)
        *out = hogql_and(a, *out, version_compare(f, op, from));
    else
        *out = hogql_and(a, hogql_and(a, *out, version_compare(f, HOGQL_GE, from)),
                         version_compare(f, HOGQL_LT, version_end(a, op, part, n)));
    return 0;
}

/* How the members of a list value join. */
enum joining { ANY, ALL, AS_IN, AS_NOT_IN, WHOLE, NO_VALUE };

static const struct operator {
    const char *name;
    operator_fn build;
    unsigned op;
    enum joining joining;
} operators[] = {
    { "exact", op_equal, HOGQL_EQ, AS_IN },
    { "is_not", op_equal, HOGQL_NE, AS_NOT_IN },
    { "in", op_equal, HOGQL_EQ, AS_IN },
    { "not_in", op_equal, HOGQL_NE, AS_NOT_IN },
    { "icontains", op_contains, HOGQL_ILIKE, ANY },
    { "not_icontains", op_contains, HOGQL_NOT_ILIKE, ALL },
    { "regex", op_regex, HOGQL_REGEX, ANY },
    { "not_regex", op_regex, HOGQL_NOT_REGEX, ALL },
    { "gt", op_order, HOGQL_GT, ANY },
    { "gte", op_order, HOGQL_GE, ANY },
    { "min", op_order, HOGQL_GE, ANY },
    { "lt", op_order, HOGQL_LT, ANY },
    { "lte", op_order, HOGQL_LE, ANY },
    { "max", op_order, HOGQL_LE, ANY },
    { "is_set", op_set, HOGQL_IS_NOT_NULL, NO_VALUE },
    { "is_not_set", op_set, HOGQL_IS_NULL, NO_VALUE },
    { "is_date_exact", op_date, HOGQL_EQ, ANY },
    { "is_date_before", op_date, HOGQL_LT, ANY },
    { "is_date_after", op_date, HOGQL_GT, ANY },
    { "between", op_between, HOGQL_GE, WHOLE },
    { "not_between", op_between, HOGQL_LT, WHOLE },
    { "is_cleaned_path_exact", op_cleaned_path, HOGQL_EQ, ANY },
    { "semver_eq", op_semver, HOGQL_EQ, ANY },
    { "semver_neq", op_semver, HOGQL_NE, ALL },
    { "semver_gt", op_semver, HOGQL_GT, ANY },
    { "semver_gte", op_semver, HOGQL_GE, ANY },
    { "semver_lt", op_semver, HOGQL_LT, ANY },
    { "semver_lte", op_semver, HOGQL_LE, ANY },
    { "semver_tilde", op_semver, SEMVER_TILDE, ANY },
    { "semver_caret", op_semver, SEMVER_CARET, ANY },
    { "semver_wildcard", op_semver, SEMVER_WILDCARD, ANY },
};

static const struct operator *find_operator(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (str_eqz(name, operators[i].name))
            return &operators[i];
    return NULL;
}

/* field IN (a, b); values that the field cannot have are left out. */
static struct hogql_node *in_list(struct filter *f, const struct json *values, bool negative)
{
    struct arena *a = f->j->arena;
    struct hogql_node *tuple = hogql_list(a, HOGQL_TUPLE);
    for (const struct json *v = values->head; v; v = v->next) {
        struct hogql_node *value = value_node(f, v);
        if (value)
            hogql_add(a, tuple, value);
    }
    if (!tuple->n)
        return hogql_bool(a, negative);
    if (tuple->n == 1)
        return hogql_compare(a, negative ? HOGQL_NE : HOGQL_EQ, field_of(f), tuple->kids[0]);
    return hogql_compare(a, negative ? HOGQL_NOT_IN : HOGQL_IN, field_of(f), tuple);
}

static int each_value(struct filter *f, const struct operator *op, struct hogql_node **out,
                      struct err *e)
{
    struct arena *a = f->j->arena;
    *out = NULL;
    for (const struct json *v = f->value->head; v; v = v->next) {
        struct hogql_node *one = NULL;
        int rc = op->build(f, v, op->op, &one, e);
        if (rc < 0)
            return rc;
        *out = op->joining == ALL ? hogql_and(a, *out, one) : hogql_or(a, *out, one);
    }
    return 0;
}

static int apply_operator(struct filter *f, struct hogql_node **out, struct err *e)
{
    const struct operator *op = find_operator(f->op);
    if (!op)
        return err_set(e, ERR_INVALID, NULL, "Operator \"" STR_FMT "\" is not supported",
                       STR_ARG(f->op));
    const struct json *v = f->value;
    if (op->joining == NO_VALUE)
        return op->build(f, NULL, op->op, out, e);
    if (!v || v->type == JSON_NULL)
        return 0; /* a filter without the value it needs says nothing */
    if (op->joining == WHOLE || v->type != JSON_ARRAY)
        return op->build(f, v, op->op, out, e);
    if (!v->head)
        return 0;
    if (op->joining == AS_IN || op->joining == AS_NOT_IN) {
        *out = in_list(f, v, op->joining == AS_NOT_IN);
        return 0;
    }
    return each_value(f, op, out, e);
}

/* -------------------------------------------------------------------------- fields */

static int typed(struct filter *f, enum hogql_property_owner owner, int index, struct err *e)
{
    const struct hogql_context *c = &f->j->hogql;
    return c->property_type ? c->property_type(c->cls, owner, index, f->key, &f->kind, e) : 0;
}

static int field_event(struct filter *f, struct err *e)
{
    struct arena *a = f->j->arena;
    if (str_eqz(f->key, "$elements_chain")) {
        f->field = hogql_field(a, "elements_chain", NULL);
        return 0;
    }
    f->field = hogql_field_add(a, hogql_field(a, "properties", NULL), f->key);
    return typed(f, HOGQL_OF_EVENT, -1, e);
}

static int field_person(struct filter *f, struct err *e)
{
    struct arena *a = f->j->arena;
    struct hogql_node *properties = f->scope == PROPERTIES_OF_PERSONS
                                        ? hogql_field(a, "properties", NULL)
                                        : hogql_field(a, "person", "properties", NULL);
    f->field = hogql_field_add(a, properties, f->key);
    return typed(f, HOGQL_OF_PERSON, -1, e);
}

static int field_session(struct filter *f, struct err *e)
{
    struct arena *a = f->j->arena;
    (void)e;
    if (f->scope == PROPERTIES_OF_SESSIONS)
        f->field = query_column(a, f->key);
    else
        f->field = hogql_field_add(a, hogql_field(a, "session", NULL), f->key);
    const struct table_field *field = table_field(table_named("sessions"), f->key);
    if (field && (field->type == TYPE_INT || field->type == TYPE_FLOAT))
        f->kind = HOGQL_PROPERTY_NUMERIC;
    if (field && field->type == TYPE_BOOL)
        f->kind = HOGQL_PROPERTY_BOOLEAN;
    if (field && field->type == TYPE_DATETIME)
        f->kind = HOGQL_PROPERTY_DATETIME;
    return 0;
}

static int field_group(struct filter *f, struct err *e)
{
    struct arena *a = f->j->arena;
    int64_t index = 0;
    if (f->scope == PROPERTIES_OF_GROUPS) {
        f->field = hogql_field_add(a, hogql_field(a, "properties", NULL), f->key);
        return 0;
    }
    int rc = query_get_i64(f->node, "group_type_index", &index, e);
    if (rc < 0)
        return rc;
    if (index < 0 || index > 4)
        return err_set(e, ERR_INVALID, NULL, "group_type_index must be between 0 and 4");
    f->field = query_group_property(a, index, f->key);
    return typed(f, HOGQL_OF_GROUP, (int)index, e);
}

static int field_metadata(struct filter *f, struct err *e)
{
    (void)e;
    f->field = query_column(f->j->arena, f->key);
    if (str_eqz(f->key, "timestamp") || str_eqz(f->key, "created_at"))
        f->kind = HOGQL_PROPERTY_DATETIME;
    return 0;
}

static int element_field(struct filter *f, struct err *e)
{
    struct arena *a = f->j->arena;
    if (str_eqz(f->key, "href"))
        f->field = hogql_field(a, "elements_chain_href", NULL);
    else if (str_eqz(f->key, "text"))
        f->field = hogql_call(a, "arrayStringConcat", hogql_field(a, "elements_chain_texts", NULL),
                              hogql_string(a, STR("\n")), NULL);
    else
        return err_set(e, ERR_INVALID, NULL,
                       "The element property \"" STR_FMT "\" is not supported", STR_ARG(f->key));
    return 0;
}

/* -------------------------------------------------------------------------- types */

enum {
    ON_EVENTS = 1 << PROPERTIES_OF_EVENTS,
    ON_PERSONS = 1 << PROPERTIES_OF_PERSONS,
    ON_SESSIONS = 1 << PROPERTIES_OF_SESSIONS,
    ON_GROUPS = 1 << PROPERTIES_OF_GROUPS,
};

static int with_field(struct filter *f, int (*field)(struct filter *, struct err *),
                      struct hogql_node **out, struct err *e)
{
    int rc = field(f, e);
    return rc < 0 ? rc : apply_operator(f, out, e);
}

static int type_event(struct filter *f, struct hogql_node **out, struct err *e)
{
    return with_field(f, field_event, out, e);
}

static int type_person(struct filter *f, struct hogql_node **out, struct err *e)
{
    return with_field(f, field_person, out, e);
}

/* The person itself has one thing to be asked for: since when it is there. */
static int type_person_metadata(struct filter *f, struct hogql_node **out, struct err *e)
{
    if (!str_eqz(f->key, "created_at"))
        return err_set(e, ERR_INVALID, NULL, "The person_metadata filter knows only created_at");
    return with_field(f, field_metadata, out, e);
}

static int type_session(struct filter *f, struct hogql_node **out, struct err *e)
{
    return with_field(f, field_session, out, e);
}

static int type_group(struct filter *f, struct hogql_node **out, struct err *e)
{
    return with_field(f, field_group, out, e);
}

static int type_metadata(struct filter *f, struct hogql_node **out, struct err *e)
{
    return with_field(f, field_metadata, out, e);
}

/* What an element is: its tag, or what a selector says; both are looked for in the chain. */
static int element_kind(struct filter *f, struct hogql_node **out, struct err *e)
{
    struct arena *a = f->j->arena;
    bool negative = str_eqz(f->op, "is_not");
    const struct json *v = json_is(f->value, JSON_ARRAY) ? f->value->head : f->value;
    if (!negative && !str_eqz(f->op, "exact"))
        return err_set(e, ERR_INVALID, NULL,
                       "Operator \"" STR_FMT "\" is not supported for " STR_FMT, STR_ARG(f->op),
                       STR_ARG(f->key));
    for (; v; v = json_is(f->value, JSON_ARRAY) ? v->next : NULL) {
        str regex = query_tag_regex(a, value_text(v));
        int rc = str_eqz(f->key, "selector")
                     ? query_selector_regex(a, value_text(v), &regex, e)
                     : 0;
        if (rc < 0)
            return rc;
        struct hogql_node *one = hogql_compare(a, HOGQL_REGEX,
                                               hogql_field(a, "elements_chain", NULL),
                                               hogql_string(a, regex));
        *out = hogql_or(a, *out, one);
    }
    if (*out && negative)
        *out = hogql_not(a, *out);
    return 0;
}

static int type_element(struct filter *f, struct hogql_node **out, struct err *e)
{
    if (str_eqz(f->key, "tag_name") || str_eqz(f->key, "selector"))
        return element_kind(f, out, e);
    return with_field(f, element_field, out, e);
}

static int type_cohort(struct filter *f, struct hogql_node **out, struct err *e)
{
    struct arena *a = f->j->arena;
    const struct json *negation = json_get(f->node, "negation");
    bool negative = str_eqz(f->op, "not_in") || str_eqz(f->op, "is_not") ||
                    (json_is(negation, JSON_BOOL) && negation->boolean);
    int64_t id;
    const struct json *v = json_is(f->value, JSON_ARRAY) ? f->value->head : f->value;
    for (; v && v->type != JSON_NULL; v = json_is(f->value, JSON_ARRAY) ? v->next : NULL) {
        struct hogql_node *person = f->scope == PROPERTIES_OF_PERSONS
                                        ? hogql_field(a, "id", NULL)
                                        : hogql_field(a, "person_id", NULL);
        if (!str_to_i64(str_trim(value_text(v)), &id))
            return err_set(e, ERR_INVALID, NULL, "Cohort filters need the cohort's id as value");
        struct hogql_node *one =
            hogql_compare(a, negative ? HOGQL_NOT_IN_COHORT : HOGQL_IN_COHORT, person,
                          hogql_int(a, id));
        *out = negative ? hogql_and(a, *out, one) : hogql_or(a, *out, one);
    }
    return 0;
}

static int type_hogql(struct filter *f, struct hogql_node **out, struct err *e)
{
    return hogql_parse_expr(f->j->arena, f->key, NULL, out, e);
}

static int type_empty(struct filter *f, struct hogql_node **out, struct err *e)
{
    (void)f, (void)out, (void)e;
    return 0;
}

static const struct {
    const char *name;
    int (*build)(struct filter *f, struct hogql_node **out, struct err *e);
    unsigned scopes;
} types[] = {
    { "event", type_event, ON_EVENTS },
    { "feature", type_event, ON_EVENTS },
    { "event_metadata", type_metadata, ON_EVENTS },
    { "person", type_person, ON_EVENTS | ON_PERSONS },
    { "person_metadata", type_person_metadata, ON_PERSONS },
    { "element", type_element, ON_EVENTS },
    { "session", type_session, ON_EVENTS | ON_SESSIONS },
    { "group", type_group, ON_EVENTS | ON_GROUPS },
    { "cohort", type_cohort, ON_EVENTS | ON_PERSONS },
    { "hogql", type_hogql, ON_EVENTS | ON_PERSONS | ON_SESSIONS | ON_GROUPS },
    { "empty", type_empty, ON_EVENTS | ON_PERSONS | ON_SESSIONS | ON_GROUPS },
};

static const char *scope_name(enum query_property_scope scope)
{
    static const char *const names[] = { "event", "person", "session", "group" };
    return names[scope];
}

static int read_key(struct filter *f, struct err *e)
{
    const struct json *key = json_get(f->node, "key");
    if (json_is(key, JSON_STRING) || json_is(key, JSON_NUMBER)) {
        f->key = key->text;
        return 0;
    }
    if (str_eqz(f->type, "empty") || str_eqz(f->type, "cohort"))
        return 0;
    return query_misfit(e, "properties.key", "Field required");
}

static int one_filter(struct query_job *j, enum query_property_scope scope,
                      const struct json *node, struct hogql_node **out, struct err *e)
{
    struct filter f = { .j = j, .scope = scope, .node = node, .type = STR("event"),
                        .op = STR_NULL, .value = json_get(node, "value") };
    if (!node->head) /* {} */
        return 0;
    int rc = query_shape_check(&query_shape_property, node, e);
    if (rc == 0)
        rc = query_get_text(node, "type", &f.type, e);
    if (rc == 0)
        rc = query_get_text(node, "operator", &f.op, e);
    if (rc == 0)
        rc = read_key(&f, e);
    if (rc < 0)
        return rc;
    if (!f.op.n)
        f.op = STR("exact");
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (!str_eqz(f.type, types[i].name))
            continue;
        if (!(types[i].scopes & 1u << scope))
            break;
        return types[i].build(&f, out, e);
    }
    if (scope == PROPERTIES_OF_SESSIONS)
        return err_set(e, ERR_INVALID, NULL, "Can only use session properties in a filter when "
                       "selecting from only the sessions table.");
    return err_set(e, ERR_INVALID, NULL,
                   "The '" STR_FMT "' property filter does not work in '%s' scope",
                   STR_ARG(f.type), scope_name(scope));
}

/* -------------------------------------------------------------------------- trees */

/* A filter that says nothing is true, and so is all that it is ORed with; one of type "empty" is as if
 * it were not there. */
static int many(struct query_job *j, enum query_property_scope scope, const struct json *list,
                bool any, struct hogql_node **out, struct err *e)
{
    bool always = false;
    *out = NULL;
    for (const struct json *m = list->head; m; m = m->next) {
        struct hogql_node *one = NULL;
        int rc = query_properties(j, scope, m, &one, e);
        if (rc < 0)
            return rc;
        always = always || (any && !one && !str_eqz(json_get_text(m, "type"), "empty"));
        *out = any ? hogql_or(j->arena, *out, one) : hogql_and(j->arena, *out, one);
    }
    if (always)
        *out = NULL;
    return 0;
}

int query_properties(struct query_job *j, enum query_property_scope scope,
                     const struct json *filters, struct hogql_node **out, struct err *e)
{
    *out = NULL;
    if (!filters || filters->type == JSON_NULL)
        return 0;
    if (filters->type == JSON_ARRAY)
        return many(j, scope, filters, false, out, e);
    if (filters->type != JSON_OBJECT)
        return query_misfit(e, "properties", "Input should be a valid list");
    const struct json *values = json_get(filters, "values");
    if (!values)
        return one_filter(j, scope, filters, out, e);
    int rc = query_shape_check(&query_shape_property_group, filters, e);
    if (rc < 0)
        return rc;
    str type = json_get_text(filters, "type");
    bool any = str_eqz(type, "OR");
    if (!any && !str_eqz(type, "AND"))
        return query_misfit(e, "properties.type", "Input should be 'AND' or 'OR'");
    if (values->type != JSON_ARRAY)
        return query_misfit(e, "properties.values", "Input should be a valid list");
    return many(j, scope, values, any, out, e);
}

static int test_accounts(struct query_job *j, enum query_property_scope scope,
                         const struct json *node, struct hogql_node **out, struct err *e)
{
    bool wanted = false;
    struct json *filters;
    str text = j->scope->test_account_filters;
    int rc = query_get_bool(node, "filterTestAccounts", &wanted, e);
    if (rc < 0 || !wanted || !text.n)
        return rc;
    rc = json_parse(j->arena, text, &filters, e);
    return rc < 0 ? rc : query_properties(j, scope, filters, out, e);
}

int query_all_properties(struct query_job *j, enum query_property_scope scope,
                         const struct json *node, struct hogql_node **out, struct err *e)
{
    struct hogql_node *own, *fixed, *test = NULL;
    int rc = query_properties(j, scope, json_get(node, "properties"), &own, e);
    if (rc == 0)
        rc = query_properties(j, scope, json_get(node, "fixedProperties"), &fixed, e);
    if (rc == 0)
        rc = test_accounts(j, scope, node, &test, e);
    if (rc == 0)
        *out = hogql_and(j->arena, hogql_and(j->arena, own, fixed), test);
    return rc;
}
