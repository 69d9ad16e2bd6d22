/* csv_read.c - see csv_read.h. What does not fit the form is taken as it stands: text behind a closing
 * quote belongs to the cell, a quote that is not closed ends with the file. */
#include "api/csv_read.h"

/* No less than the next cell is long. */
static size_t cell_room(str rest)
{
    size_t n = 0;
    if (rest.n && rest.p[0] == '"') {
        ptrdiff_t end = str_find(str_slice(rest, 1, rest.n), STR("\""));
        while (end >= 0 && n + 1 + (size_t)end + 1 < rest.n && rest.p[n + 2 + (size_t)end] == '"') {
            n += (size_t)end + 2;
            end = str_find(str_slice(rest, n + 1, rest.n), STR("\""));
        }
        n = end < 0 ? rest.n : n + (size_t)end + 2;
    }
    while (n < rest.n && !memchr(",\r\n", rest.p[n], 3))
        n++;
    return n;
}

/* One cell, quoted or not (RFC 4180); *rest moves behind it and what ends it. True: the row goes on. */
static bool read_cell(struct arena *a, str *rest, str *out)
{
    char *text = arena_alloc(a, cell_room(*rest) + 1);
    size_t i = 0, n = 0;
    bool quoted = rest->n && rest->p[0] == '"';
    if (quoted)
        for (i = 1; i < rest->n; i++) {
            if (rest->p[i] == '"' && (i + 1 == rest->n || rest->p[i + 1] != '"'))
                break;
            i += rest->p[i] == '"';
            text[n++] = rest->p[i];
        }
    i += quoted && i < rest->n;
    while (i < rest->n && !memchr(",\r\n", rest->p[i], 3))
        text[n++] = rest->p[i++];
    *out = str_trim((str){ text, n });
    bool more = i < rest->n && rest->p[i] == ',';
    if (!more && i + 1 < rest->n && rest->p[i] == '\r' && rest->p[i + 1] == '\n')
        i++;
    *rest = i < rest->n ? str_slice(*rest, i + 1, rest->n) : (str){ rest->p + rest->n, 0 };
    return more;
}

bool csv_read_row(struct arena *a, str *rest, struct csv_row *row)
{
    while (rest->n) {
        bool more = true, filled = false;
        for (row->n = 0; more;) {
            str cell;
            more = read_cell(a, rest, &cell);
            filled = filled || cell.n;
            if (row->n < CSV_COLUMNS)
                row->cells[row->n++] = cell;
        }
        if (filled)
            return true;
    }
    return false;
}
