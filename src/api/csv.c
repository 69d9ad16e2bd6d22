/* csv.c - lists as CSV (RFC 4180), for spreadsheets: nested values become columns named by their path. */
#include "api/internal.h"
#include "base/csv.h"
#include "base/map.h"

struct table {
    struct arena *arena;
    struct map columns; /* name -> int64_t place */
    str *names;
    size_t n;
};

struct row {
    struct table *t;
    const struct json **cells; /* by place */
    size_t n;                  /* columns when the row was read */
};

bool wants_csv(struct req *r)
{
    str path = r->http->path;
    if (path.n && path.p[path.n - 1] == '/')
        path.n--;
    return str_eqz(http_query_of(r->http, "format"), "csv") || str_ends(path, STR(".csv"));
}

static int64_t place_of(struct table *t, str name)
{
    int64_t *place = map_get(&t->columns, name);
    if (place)
        return *place;
    if (t->n == LIMIT_CSV_COLUMNS)
        return -1;
    place = arena_new_of(t->arena, int64_t);
    *place = (int64_t)t->n;
    t->names = arena_grown(t->arena, t->names, t->n, sizeof(*t->names));
    t->names[t->n++] = name;
    *map_at(&t->columns, name) = place;
    return *place;
}

static void flatten(struct row *row, str name, const struct json *v)
{
    int64_t i = 0;
    if (v->type != JSON_OBJECT && v->type != JSON_ARRAY) {
        int64_t place = place_of(row->t, name);
        if (place >= 0)
            row->cells[place] = v;
        return;
    }
    for (const struct json *m = v->head; m; m = m->next, i++) {
        str key = v->type == JSON_OBJECT ? m->key
                                         : arena_printf(row->t->arena, "%lld", (long long)i);
        flatten(row, name.n ? arena_printf(row->t->arena, STR_FMT "." STR_FMT, STR_ARG(name),
                                           STR_ARG(key))
                            : key,
                m);
    }
}

static void add_value(struct buf *b, const struct json *v)
{
    if (!v || v->type == JSON_NULL)
        return;
    if (v->type == JSON_BOOL)
        buf_z(b, v->boolean ? "true" : "false");
    else if (v->type == JSON_NUMBER)
        buf_str(b, v->text);
    else
        csv_add_text(b, v->text);
}

static void write_table(struct req *r, const struct table *t, const struct row *all, size_t n)
{
    struct buf *b = &r->http->reply;
    r->http->status = 200;
    r->http->content_type = "text/csv; charset=utf-8";
    for (size_t i = 0; i < t->n; i++) {
        if (i)
            buf_char(b, ',');
        csv_add_text(b, t->names[i]);
    }
    buf_z(b, "\r\n");
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < t->n; i++) {
            if (i)
                buf_char(b, ',');
            add_value(b, i < all[k].n ? all[k].cells[i] : NULL);
        }
        buf_z(b, "\r\n");
    }
}

int reply_csv(struct req *r, str rows, struct err *e)
{
    struct table t = { .arena = r->arena, .columns = MAP_INIT(r->arena) };
    struct json *list;
    size_t n = 0;
    int rc = json_parse(r->arena, rows, &list, e);
    if (rc < 0)
        return rc;
    struct row *all = arena_alloc(r->arena, (list->count + 1) * sizeof(*all));
    for (const struct json *m = list->head; m; m = m->next, n++) {
        const struct json *cells[LIMIT_CSV_COLUMNS] = { NULL };
        all[n] = (struct row){ &t, cells, 0 };
        flatten(&all[n], STR(""), m);
        all[n].cells = arena_alloc(r->arena, (t.n + 1) * sizeof(*cells));
        all[n].n = t.n;
        memcpy(all[n].cells, cells, t.n * sizeof(*cells));
    }
    write_table(r, &t, all, n);
    return 0;
}
