/* download.c - the rows of a HogQLQuery as a file, however many: they pass through while the engine makes
 * them. A Parquet file is the engine's own; the others are made here of its rows as JSON lists, a line
 * each, behind a line of names and one of types. */
#include <string.h>

#include "base/csv.h"
#include "base/limits.h"
#include "query/internal.h"
#include "query/rows.h"

#define OUT (256u << 10) /* bytes handed on at a time */

struct download {
    struct query_job *j;
    enum query_format format;
    query_take_fn take;
    void *take_context;
    struct hogql_compiled compiled;
    struct arena *scratch; /* of one row */
    struct buf line;       /* what came of a line that goes on */
    struct buf out;        /* made, not handed on */
    struct buf keys;       /* of NDJSON: "name": for each column, offsets in key_at */
    size_t *key_at;
    str *types;
    size_t n, lines;
};

static int hand_on(struct download *d, size_t least, struct err *e)
{
    if (d->out.full)
        return err_set(e, ERR_INVALID, NULL, "A row is larger than %u MiB.",
                       LIMIT_QUERY_RESULT >> 20);
    if (d->out.n < least)
        return 0;
    int rc = d->take(d->take_context, buf_view(&d->out), e);
    buf_reset(&d->out);
    return rc;
}

/* -------------------------------------------------------------------------- rows */

/* A JSON value as a cell: null is empty, lists and objects are their JSON. */
static int add_cell(struct download *d, str value, struct err *e)
{
    struct json *text;
    if (str_eqz(value, "null"))
        return 0;
    if (value.p[0] != '"') {
        csv_add_text(&d->out, value);
        return 0;
    }
    if (!memchr(value.p, '\\', value.n)) {
        csv_add_text(&d->out, str_slice(value, 1, value.n - 1));
        return 0;
    }
    int rc = json_parse(d->scratch, value, &text, e);
    if (rc == 0)
        csv_add_text(&d->out, text->text);
    return rc;
}

/* Numbers are no formulas, though some begin with a minus. */
static bool is_number(str value)
{
    return value.n && (value.p[0] == '-' || (value.p[0] >= '0' && value.p[0] <= '9'));
}

static int csv_row(struct download *d, str row, struct err *e)
{
    struct buf shown = BUF_INIT(LIMIT_QUERY_RESULT);
    size_t at = 1;
    str value;
    int rc = 0;
    for (size_t i = 0; i < d->n && rc == 0 && query_rows_item(row, &at, &value); i++) {
        if (i)
            buf_char(&d->out, ',');
        buf_reset(&shown);
        query_rows_value(value, d->types[i], d->j->calendar.tz, &shown);
        if (is_number(buf_view(&shown)))
            buf_str(&d->out, buf_view(&shown));
        else
            rc = add_cell(d, buf_view(&shown), e);
    }
    buf_z(&d->out, "\r\n");
    buf_release(&shown);
    return rc;
}

static void json_row(struct download *d, str row)
{
    size_t at = 1;
    str value;
    buf_char(&d->out, '{');
    for (size_t i = 0; i < d->n && query_rows_item(row, &at, &value); i++) {
        buf_str(&d->out, str_slice(buf_view(&d->keys), d->key_at[i], d->key_at[i + 1]));
        query_rows_value(value, d->types[i], d->j->calendar.tz, &d->out);
    }
    buf_z(&d->out, "}\n");
}

/* -------------------------------------------------------------------------- the head */

/* As the answer's "columns" has it. */
static str name_of(const struct download *d, size_t i)
{
    return i < d->compiled.columns_n ? d->compiled.columns[i].name : STR("");
}

/* An object has no name twice: the second `a` is a__2, as in the engine's own files. */
static str unique_name(struct download *d, size_t i)
{
    str name = name_of(d, i);
    size_t before = 0;
    for (size_t k = 0; k < i; k++)
        before += str_eq(name_of(d, k), name);
    return before ? arena_printf(d->j->arena, STR_FMT "__%zu", STR_ARG(name), before + 1) : name;
}

static void make_keys(struct download *d)
{
    d->key_at = arena_alloc(d->j->arena, (d->n + 1) * sizeof(*d->key_at));
    for (size_t i = 0; i < d->n; i++) {
        struct json_writer w = JSON_WRITER(&d->keys);
        d->key_at[i] = d->keys.n;
        if (i)
            buf_char(&d->keys, ',');
        json_str(&w, unique_name(d, i));
        buf_char(&d->keys, ':');
    }
    d->key_at[d->n] = d->keys.n;
}

static int read_types(struct download *d, str line, struct err *e)
{
    struct json *list;
    int rc = json_parse(d->j->arena, arena_str(d->j->arena, line), &list, e);
    if (rc < 0)
        return rc;
    d->n = list->count;
    d->types = arena_alloc(d->j->arena, (d->n + 1) * sizeof(*d->types));
    size_t i = 0;
    for (const struct json *m = list->head; m; m = m->next)
        d->types[i++] = m->text;
    if (d->format == QUERY_NDJSON)
        make_keys(d);
    for (i = 0; d->format == QUERY_CSV && i < d->n; i++) {
        if (i)
            buf_char(&d->out, ',');
        csv_add_text(&d->out, name_of(d, i));
    }
    if (d->format == QUERY_CSV)
        buf_z(&d->out, "\r\n");
    return 0;
}

/* -------------------------------------------------------------------------- lines */

static int one_line(struct download *d, str line, struct err *e)
{
    size_t number = d->lines++;
    int rc = 0;
    if (number == 0) /* the engine's names of the columns */
        return 0;
    if (number == 1)
        return read_types(d, line, e);
    if (d->format == QUERY_CSV)
        rc = csv_row(d, line, e);
    else
        json_row(d, line);
    arena_reset(d->scratch);
    return rc < 0 ? rc : hand_on(d, OUT, e);
}

static int take_lines(void *context, str piece, struct err *e)
{
    struct download *d = context;
    int rc = 0;
    while (piece.n && rc == 0) {
        ptrdiff_t end = str_find_char(piece, '\n');
        str part = end < 0 ? piece : str_slice(piece, 0, (size_t)end);
        piece = end < 0 ? STR("") : str_slice(piece, (size_t)end + 1, piece.n);
        if (end < 0 || d->line.n)
            buf_str(&d->line, part);
        if (d->line.full)
            return err_set(e, ERR_INVALID, NULL, "A row is larger than %u MiB.",
                           LIMIT_QUERY_RESULT >> 20);
        if (end < 0)
            return 0;
        rc = one_line(d, d->line.n ? buf_view(&d->line) : part, e);
        buf_reset(&d->line);
    }
    return rc;
}

static int take_as_it_is(void *context, str piece, struct err *e)
{
    struct download *d = context;
    return d->take(d->take_context, piece, e);
}

int query_run_download(struct query_job *j, const struct json *node, enum query_format format,
                       query_take_fn take, void *context, struct err *e)
{
    struct hogql_node *select;
    struct download d = { .j = j, .format = format, .take = take, .take_context = context,
                          .line = BUF_INIT(LIMIT_QUERY_RESULT),
                          .out = BUF_INIT(LIMIT_QUERY_RESULT), .keys = BUF_INIT(LIMIT_BODY_API) };
    bool parquet = format == QUERY_PARQUET;
    int rc = query_hogql_tree(j, node, &select, e);
    if (rc < 0)
        return rc;
    d.scratch = arena_new();
    j->hogql.named = parquet;
    rc = query_stream(j, select, &d.compiled,
                      parquet ? "Parquet" : "JSONCompactEachRowWithNamesAndTypes",
                      parquet ? take_as_it_is : take_lines, &d, e);
    if (rc == 0 && !parquet && (d.line.n || d.lines < 2))
        rc = err_internal(e, "the rows of a download end in the middle");
    if (rc == 0)
        rc = hand_on(&d, 1, e);
    arena_free(d.scratch);
    buf_release(&d.line);
    buf_release(&d.out);
    buf_release(&d.keys);
    return rc;
}
