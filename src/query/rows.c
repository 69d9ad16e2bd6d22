/* rows.c - see rows.h. ClickHouse writes {"meta": […], "data": […], "rows": N, …} in that order; the
 * scan only has to tell strings from the rest. */
#include "query/rows.h"

#include "base/clock.h"
#include "query/dates.h"

/* The offset just past the value that begins at `at`; 0: cut off. */
static size_t value_end(str s, size_t at)
{
    int depth = 0;
    for (size_t i = at; i < s.n; i++) {
        char c = s.p[i];
        if (c == '"') {
            for (i++; i < s.n && s.p[i] != '"'; i++)
                i += s.p[i] == '\\';
            if (i >= s.n)
                return 0;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if (c == ']' || c == '}') {
            if (depth == 0)
                return i;
            depth--;
        } else if (depth == 0 && (c == ',' || c == '\n')) {
            return i;
        } else {
            continue;
        }
        if (depth == 0)
            return i + 1;
    }
    return 0;
}

static size_t skip_blanks(str s, size_t at)
{
    while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\n' || s.p[at] == '\t' || s.p[at] == '\r'))
        at++;
    return at;
}

/* The value after `"key":`, the first after `from`. */
static bool member(str s, const char *key, size_t *from, str *out)
{
    ptrdiff_t at = str_find(str_slice(s, *from, s.n), str_of(key));
    if (at < 0)
        return false;
    size_t begin = skip_blanks(s, *from + (size_t)at + strlen(key));
    size_t end = value_end(s, begin);
    if (!end)
        return false;
    *out = str_slice(s, begin, end);
    *from = end;
    return true;
}

static int broken(struct err *e)
{
    return err_internal(e, "the event store's answer has an unknown shape");
}

bool query_rows_item(str list, size_t *at, str *item)
{
    size_t begin = skip_blanks(list, *at);
    while (begin < list.n && list.p[begin] == ',')
        begin = skip_blanks(list, begin + 1);
    if (begin >= list.n || list.p[begin] == ']')
        return false;
    size_t end = value_end(list, begin);
    if (!end)
        return false;
    *item = str_slice(list, begin, end);
    *at = end;
    return true;
}

int query_rows_read(struct arena *a, str answer, struct query_rows *out, struct err *e)
{
    struct query_rows rows = { 0 };
    struct json *meta;
    str text, count;
    size_t at = 0;
    if (!member(answer, "\"meta\":", &at, &text))
        return broken(e);
    if (json_parse(a, text, &meta, e) < 0)
        return broken(e);
    rows.n = meta->count;
    rows.names = arena_alloc(a, (rows.n + 1) * sizeof(*rows.names));
    rows.types = arena_alloc(a, (rows.n + 1) * sizeof(*rows.types));
    size_t i = 0;
    for (const struct json *m = meta->head; m; m = m->next, i++) {
        rows.names[i] = json_get_text(m, "name");
        rows.types[i] = json_get_text(m, "type");
    }
    int64_t n;
    if (!member(answer, "\"data\":", &at, &rows.data) ||
        !member(answer, "\"rows\":", &at, &count) || !str_to_i64(str_trim(count), &n))
        return broken(e);
    rows.count = (size_t)n;
    *out = rows;
    return 0;
}

void query_rows_cost(str answer, int64_t *rows, int64_t *bytes)
{
    /* It stands at the end, after the data. */
    str tail = str_slice(answer, answer.n > 300 ? answer.n - 300 : 0, answer.n), text;
    size_t at = 0;
    *rows = *bytes = 0;
    if (!member(tail, "\"rows_read\":", &at, &text) || !str_to_i64(str_trim(text), rows) ||
        !member(tail, "\"bytes_read\":", &at, &text) || !str_to_i64(str_trim(text), bytes))
        *rows = *bytes = 0;
}

int query_rows_parse(struct arena *a, const struct query_rows *rows, const struct json **out,
                     struct err *e)
{
    struct json *tree;
    int rc = json_parse(a, rows->data, &tree, e);
    if (rc < 0)
        return broken(e);
    *out = tree;
    return 0;
}

/* -------------------------------------------------------------------------- times */

static bool has_times(str type)
{
    return str_find(type, STR("DateTime")) >= 0;
}

/* A string of a time column, quotes included, or anything else as it stands. */
static void write_time(str quoted, const struct tz *z, struct buf *out)
{
    int64_t us;
    char text[QUERY_TIME_TEXT];
    if (quoted.n < 21 || quoted.n > 32 || quoted.p[quoted.n - 2] != 'Z' ||
        !clock_parse(str_slice(quoted, 1, quoted.n - 1), &us)) {
        buf_str(out, quoted);
        return;
    }
    size_t n = query_time_text(z, us, text);
    buf_char(out, '"');
    buf_add(out, text, n);
    buf_char(out, '"');
}

/* A value of a column with times in it: every string in it that is one is written anew. */
static void write_times(str value, const struct tz *z, struct buf *out)
{
    size_t from = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] != '"')
            continue;
        size_t end = value_end(value, i);
        if (!end)
            break;
        buf_str(out, str_slice(value, from, i));
        write_time(str_slice(value, i, end), z, out);
        from = end;
        i = end - 1;
    }
    buf_str(out, str_slice(value, from, value.n));
}

void query_rows_value(str value, str type, const struct tz *z, struct buf *out)
{
    if (has_times(type))
        write_times(value, z, out);
    else
        buf_str(out, value);
}

static void write_row(const struct query_rows *rows, str row, const struct tz *z, struct buf *out)
{
    str value;
    size_t at = 1;
    buf_char(out, '[');
    for (size_t i = 0; query_rows_item(row, &at, &value); i++) {
        if (i)
            buf_char(out, ',');
        query_rows_value(value, i < rows->n ? rows->types[i] : STR(""), z, out);
    }
    buf_char(out, ']');
}

void query_rows_write(const struct query_rows *rows, const struct tz *z, size_t most,
                      struct buf *out)
{
    bool times = false;
    str row;
    size_t at = 1;
    for (size_t i = 0; i < rows->n; i++)
        times = times || has_times(rows->types[i]);
    if (!times && rows->count <= most) {
        buf_str(out, rows->data);
        return;
    }
    buf_char(out, '[');
    for (size_t i = 0; i < most && query_rows_item(rows->data, &at, &row); i++) {
        if (i)
            buf_char(out, ',');
        if (times)
            write_row(rows, row, z, out);
        else
            buf_str(out, row);
    }
    buf_char(out, ']');
}

str query_type_name(str type)
{
    str prefix = STR("LowCardinality(");
    if (str_starts(type, prefix) && type.n && type.p[type.n - 1] == ')')
        return str_slice(type, prefix.n, type.n - 1);
    return type;
}
