/* formula.c - see formula.h. */
#include "query/formula.h"

#include <ctype.h>

#define DEPTH 64 /* nested parentheses and signs */

struct formula {
    char op; /* '+' '-' '*' '/', 'n' number, 's' series, '_' minus */
    double number;
    size_t series;
    struct formula *left, *right;
};

struct reader {
    struct arena *a;
    str s;
    size_t at, series;
    int depth;
    struct err *e;
};

static int sum(struct reader *r, struct formula **out);

static char peek(struct reader *r)
{
    while (r->at < r->s.n && isspace((unsigned char)r->s.p[r->at]))
        r->at++;
    return r->at < r->s.n ? r->s.p[r->at] : '\0';
}

static int wrong(struct reader *r)
{
    return err_set(r->e, ERR_INVALID, NULL, "Invalid formula: " STR_FMT, STR_ARG(r->s));
}

static struct formula *node(struct reader *r, char op, struct formula *left, struct formula *right)
{
    struct formula *f = arena_new_of(r->a, struct formula);
    *f = (struct formula){ .op = op, .left = left, .right = right };
    return f;
}

static int number(struct reader *r, struct formula **out)
{
    size_t from = r->at;
    while (r->at < r->s.n && (isdigit((unsigned char)r->s.p[r->at]) || r->s.p[r->at] == '.'))
        r->at++;
    *out = node(r, 'n', NULL, NULL);
    return str_to_f64(str_slice(r->s, from, r->at), &(*out)->number) ? 0 : wrong(r);
}

static int factor(struct reader *r, struct formula **out)
{
    char c = peek(r);
    struct formula *inner;
    int rc;
    if (++r->depth > DEPTH)
        return wrong(r);
    if (c == '(') {
        r->at++;
        rc = sum(r, out);
        if (rc == 0 && peek(r) != ')')
            rc = wrong(r);
        r->at++;
    } else if (c == '-' || c == '+') {
        r->at++;
        rc = factor(r, &inner);
        if (rc == 0)
            *out = c == '-' ? node(r, '_', inner, NULL) : inner;
    } else if (isalpha((unsigned char)c)) {
        r->at++;
        *out = node(r, 's', NULL, NULL);
        (*out)->series = (size_t)(toupper((unsigned char)c) - 'A');
        rc = (*out)->series < r->series ? 0 : wrong(r);
    } else {
        rc = number(r, out);
    }
    r->depth--;
    return rc;
}

static int product(struct reader *r, struct formula **out)
{
    struct formula *left, *right;
    int rc = factor(r, &left);
    while (rc == 0 && (peek(r) == '*' || peek(r) == '/')) {
        char op = r->s.p[r->at++];
        rc = factor(r, &right);
        if (rc == 0)
            left = node(r, op, left, right);
    }
    if (rc == 0)
        *out = left;
    return rc;
}

static int sum(struct reader *r, struct formula **out)
{
    struct formula *left, *right;
    int rc = product(r, &left);
    while (rc == 0 && (peek(r) == '+' || peek(r) == '-')) {
        char op = r->s.p[r->at++];
        rc = product(r, &right);
        if (rc == 0)
            left = node(r, op, left, right);
    }
    if (rc == 0)
        *out = left;
    return rc;
}

int formula_parse(struct arena *a, str text, size_t series, struct formula **out, struct err *e)
{
    struct reader r = { .a = a, .s = text, .series = series, .e = e };
    int rc = text.n > 1000 ? wrong(&r) : sum(&r, out);
    if (rc == 0 && peek(&r))
        rc = wrong(&r);
    return rc;
}

double formula_value(const struct formula *f, const double *values)
{
    double x, y;
    switch (f->op) {
    case 'n':
        return f->number;
    case 's':
        return values[f->series];
    case '_':
        return -formula_value(f->left, values);
    default:
        break;
    }
    x = formula_value(f->left, values);
    y = formula_value(f->right, values);
    switch (f->op) {
    case '+':
        return x + y;
    case '-':
        return x - y;
    case '*':
        return x * y;
    default:
        return y == 0 ? 0 : x / y;
    }
}
