/* ast.h - the tree of a HogQL query: one kind of struct for every node.
 *
 * A node has a kind, up to one text and one number, a list of names, and children. The kinds that
 * have parts (SELECT, a call, a join) keep each at a fixed place of `kids`, named by the enums
 * below; a part that is not there is NULL. Kinds that are lists hold any number. So walking, copying
 * and comparing are one loop each.
 *
 * Everything is in the arena given; texts passed in are not copied and must live as long. start and
 * end are byte offsets into the source, end exclusive; both 0 for nodes that were built. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum hogql_kind {
    HOGQL_CONSTANT,     /* op: enum hogql_constant */
    HOGQL_FIELD,        /* names: the chain, as person . properties . email */
    HOGQL_STAR,         /* names: the qualifier, may be empty; kids: STAR_* */
    HOGQL_COLUMNS,      /* COLUMNS('regex') in text, or COLUMNS(a, b) in kids */
    HOGQL_CALL,         /* text: name; kids: CALL_*; flags: HOGQL_DISTINCT */
    HOGQL_CALL_EXPR,    /* a call of something that is no name: kids: what, then arguments */
    HOGQL_AND,          /* kids: two or more */
    HOGQL_OR,           /* kids: two or more */
    HOGQL_NOT,          /* kids: one */
    HOGQL_ARITHMETIC,   /* op: '+' '-' '*' '/' '%'; kids: left, right */
    HOGQL_COMPARE,      /* op: enum hogql_compare; kids: left, right */
    HOGQL_BETWEEN,      /* kids: value, low, high; flags: HOGQL_NEGATED */
    HOGQL_ARRAY,        /* kids: members */
    HOGQL_TUPLE,        /* kids: members */
    HOGQL_DICT,         /* kids: key, value, key, value … */
    HOGQL_ACCESS,       /* kids: value, index; flags: HOGQL_NULLISH for ?. */
    HOGQL_TUPLE_ACCESS, /* kids: value; integer: place, from 1; flags: HOGQL_NULLISH */
    HOGQL_SLICE,        /* kids: value, from, to (either may be NULL) */
    HOGQL_LAMBDA,       /* names: parameters; kids: body */
    HOGQL_CAST,         /* text: type in lower case; kids: value; flags: HOGQL_TRY */
    HOGQL_ALIAS,        /* text: name; kids: expression; flags: HOGQL_HIDDEN */
    HOGQL_NAMED,        /* name := expression, an argument; text: name; kids: expression */
    HOGQL_SPREAD,       /* *COLUMNS(…); kids: one */
    HOGQL_POSITION,     /* #3; integer */
    HOGQL_PLACEHOLDER,  /* {expression}; kids: expression */
    HOGQL_TAG,          /* <Name attr={…}/>; text: name; kids: HOGQL_NAMED attributes */
    HOGQL_LIST,         /* kids: any */

    /* parts of a query */
    HOGQL_SELECT, /* kids: SELECT_*; flags: HOGQL_DISTINCT, …; op: enum hogql_array_join */
    HOGQL_SET,    /* UNION and the like; kids: SET_* then operands; names: the operator before each
                   * operand, the first empty */
    HOGQL_CTE,    /* text: name; names: columns; kids: query or expression; flags:
                   * HOGQL_SUBQUERY, HOGQL_MATERIALIZED, HOGQL_NOT_MATERIALIZED */
    HOGQL_JOIN,   /* a table and how it is joined to what stands before; kids: JOIN_*; text: alias
                   * or none; names: the operator ("" for the first), then column aliases; flags:
                   * HOGQL_FINAL, HOGQL_USING */
    HOGQL_VALUES, /* kids: HOGQL_LIST rows */
    HOGQL_PIVOT,  /* kids: PIVOT_*; flags: HOGQL_UNPIVOT, HOGQL_INCLUDE_NULLS */
    HOGQL_SAMPLE, /* kids: ratio, offset or NULL; each a constant or an ARITHMETIC '/'; flags:
                   * HOGQL_PERCENT */
    HOGQL_GROUP,  /* GROUP BY; op: enum hogql_grouping; kids: expressions, or HOGQL_TUPLE sets */
    HOGQL_ORDER,  /* kids: ORDER_*; flags: HOGQL_DESC, HOGQL_FILL; op: 1 nulls first, 2 last */
    HOGQL_WINDOW, /* text: name or none; kids: WINDOW_*; names[0]: "ROWS" or "RANGE"; flags:
                   * HOGQL_SUBQUERY when it is written out, not just named */
    HOGQL_BOUND,  /* of a window's frame; op: 'c' current row, 'p' preceding, 'f' following; kids:
                   * offset, NULL for unbounded */
    HOGQL_KINDS
};

enum hogql_constant {
    HOGQL_NULL,
    HOGQL_BOOL,      /* integer: 0 or 1 */
    HOGQL_INT,       /* integer; text: the digits when they pass 64 bits */
    HOGQL_FLOAT,     /* real */
    HOGQL_STRING,    /* text, any bytes */
    HOGQL_UUID,      /* text: 36 characters */
    HOGQL_DATE,      /* integer: days since 1970-01-01 */
    HOGQL_DATETIME,  /* integer: microseconds since 1970-01-01 UTC */
};

enum hogql_compare {
    HOGQL_EQ, HOGQL_NE, HOGQL_LT, HOGQL_LE, HOGQL_GT, HOGQL_GE,
    HOGQL_LIKE, HOGQL_NOT_LIKE, HOGQL_ILIKE, HOGQL_NOT_ILIKE,
    HOGQL_IN, HOGQL_NOT_IN, HOGQL_IN_COHORT, HOGQL_NOT_IN_COHORT,
    HOGQL_REGEX, HOGQL_NOT_REGEX, HOGQL_IREGEX, HOGQL_NOT_IREGEX,
    HOGQL_IS_NULL, HOGQL_IS_NOT_NULL, /* EQ and NE with a null on the right, written with IS */
    HOGQL_IS_DISTINCT, HOGQL_IS_NOT_DISTINCT,
    HOGQL_COMPARES
};

enum hogql_array_join { HOGQL_NO_ARRAY_JOIN, HOGQL_ARRAY_JOIN, HOGQL_LEFT_ARRAY_JOIN };

enum hogql_grouping {
    HOGQL_GROUP_PLAIN, HOGQL_GROUP_ALL, HOGQL_GROUP_CUBE, HOGQL_GROUP_ROLLUP, HOGQL_GROUP_SETS
};

enum { STAR_EXCLUDE, STAR_REPLACE, STAR_N };                   /* LISTs */
enum { CALL_PARAMS, CALL_ARGS, CALL_ORDER, CALL_WITHIN, CALL_FILTER, CALL_WINDOW, CALL_N };
enum {
    SELECT_WITH,    /* LIST of CTE */
    SELECT_COLUMNS, /* LIST */
    SELECT_FROM,    /* LIST of JOIN */
    SELECT_ARRAY,   /* LIST of ALIAS */
    SELECT_PREWHERE, SELECT_WHERE,
    SELECT_GROUP,   /* GROUP */
    SELECT_HAVING, SELECT_QUALIFY,
    SELECT_WINDOWS, /* LIST of WINDOW */
    SELECT_ORDER,   /* LIST of ORDER */
    SELECT_INTERPOLATE,  /* LIST of FIELD or ALIAS */
    SELECT_LIMIT_BY,     /* LIST */
    SELECT_LIMIT_BY_N, SELECT_LIMIT_BY_OFFSET,
    SELECT_LIMIT, SELECT_OFFSET,
    SELECT_N
};
enum { SET_WITH, SET_ORDER, SET_LIMIT, SET_OFFSET, SET_FIRST }; /* operands from SET_FIRST */
/* A source is a FIELD, SELECT, SET, VALUES, PLACEHOLDER, PIVOT, TAG or, in parentheses, a LIST of
 * JOIN. A constraint is an expression, or a LIST of FIELD with HOGQL_USING. */
enum { JOIN_SOURCE, JOIN_ARGS, JOIN_ON, JOIN_SAMPLE, JOIN_N };
enum { ORDER_EXPR, ORDER_FROM, ORDER_TO, ORDER_STEP, ORDER_N }; /* the last three: WITH FILL */
enum { WINDOW_PARTITION, WINDOW_ORDER, WINDOW_FROM, WINDOW_TO, WINDOW_N };
enum { PIVOT_SOURCE, PIVOT_VALUES, PIVOT_COLUMNS, PIVOT_GROUP, PIVOT_N };

enum hogql_flag {
    HOGQL_DISTINCT = 1 << 0,
    HOGQL_NEGATED = 1 << 1,
    HOGQL_NULLISH = 1 << 2,
    HOGQL_TRY = 1 << 3,
    HOGQL_HIDDEN = 1 << 4, /* an alias that names no column of the result */
    HOGQL_SUBQUERY = 1 << 5,
    HOGQL_MATERIALIZED = 1 << 6,
    HOGQL_NOT_MATERIALIZED = 1 << 7,
    HOGQL_FINAL = 1 << 8,
    HOGQL_USING = 1 << 9,
    HOGQL_DESC = 1 << 10,
    HOGQL_FILL = 1 << 11,
    HOGQL_WITH_TIES = 1 << 12,
    HOGQL_PERCENT = 1 << 13, /* LIMIT n % */
    HOGQL_RECURSIVE = 1 << 14,
    HOGQL_BY_NAME = 1 << 15, /* a set operation matches columns by name */
    HOGQL_UNPIVOT = 1 << 16,
    HOGQL_INCLUDE_NULLS = 1 << 17,
};
#define HOGQL_FLAGS 18u

struct hogql_node {
    enum hogql_kind kind;
    unsigned op, flags;
    uint32_t start, end;
    uint32_t height; /* levels below, as the parser counted them */
    str text;
    union {
        int64_t integer;
        double real;
    };
    struct hogql_node **kids;
    uint32_t n, room; /* children, and how many fit before they move */
    const str *names;
    uint32_t names_n;
    struct hogql_meaning *meaning; /* what the resolver found; the parser leaves it NULL */
};

/* -------------------------------------------------------------------------- building */

/* A node with n empty places. */
struct hogql_node *hogql_new(struct arena *a, enum hogql_kind kind, uint32_t n);
/* Adds a child at the end. */
void hogql_add(struct arena *a, struct hogql_node *to, struct hogql_node *kid);

struct hogql_node *hogql_null(struct arena *a);
struct hogql_node *hogql_bool(struct arena *a, bool value);
struct hogql_node *hogql_int(struct arena *a, int64_t value);
struct hogql_node *hogql_float(struct arena *a, double value);
struct hogql_node *hogql_string(struct arena *a, str value);
struct hogql_node *hogql_date(struct arena *a, int64_t days);
struct hogql_node *hogql_datetime(struct arena *a, int64_t us);

/* A chain of names: hogql_field(a, "person", "properties", NULL). The names are not copied. */
struct hogql_node *hogql_field(struct arena *a, const char *first, ...) __attribute__((sentinel));
struct hogql_node *hogql_field_of(struct arena *a, const str *names, uint32_t n);
/* The chain with one more name: for a property whose name comes from outside. */
struct hogql_node *hogql_field_add(struct arena *a, const struct hogql_node *field, str name);
/* Arguments are ended by NULL. */
struct hogql_node *hogql_call(struct arena *a, const char *name, ...) __attribute__((sentinel));
/* An operand that is NULL is left out: NULL for none, the operand itself for one. */
struct hogql_node *hogql_and(struct arena *a, struct hogql_node *x, struct hogql_node *y);
struct hogql_node *hogql_or(struct arena *a, struct hogql_node *x, struct hogql_node *y);
struct hogql_node *hogql_not(struct arena *a, struct hogql_node *x);
/* op: '+' '-' '*' '/' '%' */
struct hogql_node *hogql_arithmetic(struct arena *a, char op, struct hogql_node *x,
                                    struct hogql_node *y);
struct hogql_node *hogql_compare(struct arena *a, enum hogql_compare op, struct hogql_node *x,
                                 struct hogql_node *y);
/* kind: HOGQL_ARRAY, HOGQL_TUPLE or HOGQL_LIST, empty; fill with hogql_add. */
struct hogql_node *hogql_list(struct arena *a, enum hogql_kind kind);
struct hogql_node *hogql_alias(struct arena *a, struct hogql_node *x, str name);
struct hogql_node *hogql_order(struct arena *a, struct hogql_node *x, bool descending);

/* -------------------------------------------------------------------------- trees */

/* All of it; texts and names are shared. NULL gives NULL. */
struct hogql_node *hogql_copy(struct arena *a, const struct hogql_node *tree);
/* Equal but for source offsets. */
bool hogql_same(const struct hogql_node *x, const struct hogql_node *y);
/* Calls fn on every node below *at and on *at itself, children first; fn may replace what it is
 * given. Stops at the first negative answer and returns it. */
int hogql_walk(struct hogql_node **at, int (*fn)(void *cls, struct hogql_node **at), void *cls);

/* Names for tools: "SELECT", "FIELD"; "DISTINCT" for bit 0; "=", "NOT ILIKE". */
const char *hogql_kind_name(enum hogql_kind kind);
const char *hogql_flag_name(unsigned bit);
const char *hogql_compare_text(unsigned op);
/* The fewest digits that read back as the same number; always with a point or an exponent. */
void hogql_float_text(struct buf *b, double v);
