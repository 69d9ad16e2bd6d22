/* hogql.c - hoglet hogql parse|print|check: a query as a tree, as SQL, or judged. Needs no data
 * folder: the SQL is what project --team would get. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "cmd/cmd.h"
#include "hogql/hogql.h"
#include "json/parse.h"

typedef int work_fn(struct arena *a, const struct options *o, str query, struct json_writer *w,
                    struct err *e);

/* -------------------------------------------------------------------------- a tree as JSON */

static void write_tree(struct json_writer *w, const struct hogql_node *n);

static void write_value(struct json_writer *w, const struct hogql_node *n)
{
    json_key(w, "value");
    switch ((enum hogql_constant)n->op) {
    case HOGQL_NULL:
        json_null(w);
        break;
    case HOGQL_BOOL:
        json_bool(w, n->integer);
        break;
    case HOGQL_INT:
        if (n->text.n)
            json_str(w, n->text);
        else
            json_i64(w, n->integer);
        break;
    case HOGQL_FLOAT:
        if (isfinite(n->real))
            json_f64(w, n->real);
        else
            json_z(w, isnan(n->real) ? "NaN" : n->real < 0 ? "-Infinity" : "Infinity");
        break;
    default:
        json_str(w, n->text);
        break;
    }
}

/* What op says in its kind of node, as a word. */
static void write_op(struct json_writer *w, const struct hogql_node *n)
{
    static const char *const groupings[] = { NULL, "ALL", "CUBE", "ROLLUP", "SETS" };
    static const char *const joins[] = { NULL, "ARRAY JOIN", "LEFT ARRAY JOIN" };
    static const char *const nulls[] = { NULL, "FIRST", "LAST" };
    static const char *const constants[] = { "NULL", "BOOL", "INT", "FLOAT", "STRING", "UUID",
                                             "DATE", "DATETIME" };
    char symbol[] = { (char)n->op, '\0' };
    const char *op = NULL;
    switch (n->kind) {
    case HOGQL_COMPARE:
        op = hogql_compare_text(n->op);
        break;
    case HOGQL_ARITHMETIC: case HOGQL_BOUND:
        op = symbol;
        break;
    case HOGQL_GROUP:
        op = groupings[n->op];
        break;
    case HOGQL_SELECT:
        op = joins[n->op];
        break;
    case HOGQL_ORDER:
        op = nulls[n->op];
        break;
    case HOGQL_CONSTANT:
        op = constants[n->op];
        break;
    default:
        break;
    }
    if (op) {
        json_key(w, "op");
        json_z(w, op);
    }
}

static void write_flags(struct json_writer *w, unsigned flags)
{
    if (!flags)
        return;
    json_key(w, "flags");
    json_open(w, '[');
    for (unsigned bit = 0; bit < HOGQL_FLAGS; bit++)
        if (flags & 1u << bit)
            json_z(w, hogql_flag_name(bit));
    json_close(w, ']');
}

static void write_tree(struct json_writer *w, const struct hogql_node *n)
{
    if (!n || w->depth >= LIMIT_JSON_DEPTH - 2) {
        json_null(w);
        return;
    }
    json_open(w, '{');
    json_key(w, "kind");
    json_z(w, hogql_kind_name(n->kind));
    write_op(w, n);
    write_flags(w, n->flags);
    json_key(w, "start");
    json_i64(w, n->start);
    json_key(w, "end");
    json_i64(w, n->end);
    if (n->kind == HOGQL_CONSTANT) {
        write_value(w, n);
    } else if (n->kind == HOGQL_TUPLE_ACCESS || n->kind == HOGQL_POSITION) {
        json_key(w, "place");
        json_i64(w, n->integer);
    } else if (n->text.p) {
        json_key(w, "text");
        json_str(w, n->text);
    }
    if (n->names_n) {
        json_key(w, "names");
        json_open(w, '[');
        for (uint32_t i = 0; i < n->names_n; i++)
            json_str(w, n->names[i].p ? n->names[i] : STR(""));
        json_close(w, ']');
    }
    if (n->n) {
        json_key(w, "parts");
        json_open(w, '[');
        for (uint32_t i = 0; i < n->n; i++)
            write_tree(w, n->kids[i]);
        json_close(w, ']');
    }
    json_close(w, '}');
}

/* -------------------------------------------------------------------------- the three verbs */

static int parse(struct arena *a, const struct options *o, str query, struct json_writer *w,
                 struct err *e)
{
    struct hogql_node *tree;
    (void)o;
    int rc = hogql_parse_select(a, query, NULL, &tree, e);
    if (rc < 0)
        return rc;
    json_key(w, "hogql");
    json_str(w, hogql_to_text(a, tree));
    json_key(w, "tree");
    write_tree(w, tree);
    return 0;
}

static int compile(struct arena *a, const struct options *o, str query,
                   struct hogql_compiled *out, struct err *e)
{
    struct hogql_context c = { .arena = a, .team_id = 1, .limit_default = 100, .limit_max = 50000 };
    struct hogql_node *tree;
    int rc = hogql_parse_select(a, query, NULL, &tree, e);
    if (rc == 0 && o->teams)
        rc = options_number(o->teams, "teams", 1, INT32_MAX, &c.team_id, e);
    return rc < 0 ? rc : hogql_compile(&c, tree, out, e);
}

static int print(struct arena *a, const struct options *o, str query, struct json_writer *w,
                 struct err *e)
{
    struct hogql_compiled out;
    int rc = compile(a, o, query, &out, e);
    if (rc < 0)
        return rc;
    json_key(w, "sql");
    json_str(w, out.sql);
    json_key(w, "columns");
    json_open(w, '[');
    for (size_t i = 0; i < out.columns_n; i++)
        json_str(w, out.columns[i].name);
    json_close(w, ']');
    json_key(w, "types");
    json_open(w, '[');
    for (size_t i = 0; i < out.columns_n; i++)
        json_str(w, out.columns[i].type);
    json_close(w, ']');
    return 0;
}

static int check(struct arena *a, const struct options *o, str query, struct json_writer *w,
                 struct err *e)
{
    struct hogql_compiled out;
    int rc = compile(a, o, query, &out, e);
    if (rc < 0)
        return rc;
    json_key(w, "valid");
    json_bool(w, true);
    return 0;
}

/* -------------------------------------------------------------------------- in and out */

static int read_all(struct buf *b, struct err *e)
{
    char part[65536];
    size_t n;
    while ((n = fread(part, 1, sizeof(part), stdin)) > 0)
        buf_add(b, part, n);
    if (ferror(stdin))
        return err_set(e, ERR_INVALID, NULL, "cannot read the query: %s", strerror(errno));
    return b->full ? err_set(e, ERR_INVALID, NULL, "the query is too long") : 0;
}

/* The line of the error, and a caret under the place. */
static void show_place(str query, int pos)
{
    size_t from = pos < 0 || (size_t)pos > query.n ? query.n : (size_t)pos, to = from;
    if (pos < 0)
        return;
    while (from > 0 && query.p[from - 1] != '\n')
        from--;
    while (to < query.n && query.p[to] != '\n')
        to++;
    fprintf(stderr, "  %.*s\n  %*s^\n", (int)(to - from), query.p + from, pos - (int)from, "");
}

static void write_error(struct json_writer *w, const struct err *e)
{
    json_key(w, "error");
    json_z(w, err_message(e));
    json_key(w, "position");
    json_i64(w, e->pos);
}

/* A line may be its query as a JSON string: one with line breaks in it. */
static int line_query(struct arena *a, str line, str *query, struct err *e)
{
    struct json *v;
    *query = line;
    if (!line.n || line.p[0] != '"')
        return 0;
    int rc = json_parse(a, line, &v, e);
    if (rc == 0)
        *query = v->text;
    return rc;
}

/* --json: one query a line in, one JSON object a line out. */
static void each_line(const struct options *o, work_fn *work)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) >= 0) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct buf out = BUF_INIT(LIMIT_RESPONSE);
        struct json_writer w = JSON_WRITER(&out);
        struct err e = ERR_INIT;
        n -= n && line[n - 1] == '\n';
        str query;
        json_open(&w, '{');
        if (line_query(a, (str){ line, (size_t)n }, &query, &e) < 0 ||
            work(a, o, query, &w, &e) < 0)
            write_error(&w, &e);
        json_close(&w, '}');
        printf(STR_FMT "\n", STR_ARG(buf_view(&out)));
        fflush(stdout); /* who asks may wait for the answer before the next query */
        buf_release(&out);
    }
    free(line);
}

/* The first member's value: a text as it is, anything else as JSON. */
static void show(struct arena *a, str json)
{
    struct json *v;
    struct err ignored = ERR_INIT;
    if (json_parse(a, json, &v, &ignored) == 0 && v->head && v->head->type == JSON_STRING)
        printf(STR_FMT "\n", STR_ARG(v->head->text));
    else
        printf(STR_FMT "\n", STR_ARG(json));
}

static int run(struct arena *a, const struct options *o, work_fn *work, bool quiet, struct err *e)
{
    struct buf in = BUF_INIT(LIMIT_STATEMENT), out = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&out);
    if (o->json) {
        each_line(o, work);
        return 0;
    }
    int rc = read_all(&in, e);
    if (rc == 0) {
        json_open(&w, '{');
        rc = work(a, o, buf_view(&in), &w, e);
        json_close(&w, '}');
        if (rc < 0)
            show_place(buf_view(&in), e->pos);
        else if (quiet)
            printf("valid\n");
        else if (work == parse)
            printf(STR_FMT "\n", STR_ARG(buf_view(&out)));
        else
            show(a, buf_view(&out));
    }
    buf_release(&in);
    buf_release(&out);
    return rc;
}

int cmd_hogql_parse(struct arena *a, const struct options *o, struct err *e)
{
    return run(a, o, parse, false, e);
}

int cmd_hogql_print(struct arena *a, const struct options *o, struct err *e)
{
    return run(a, o, print, false, e);
}

int cmd_hogql_check(struct arena *a, const struct options *o, struct err *e)
{
    return run(a, o, check, true, e);
}
