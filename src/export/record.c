/* record.c - see record.h. */
#include "export/record.h"

#include "base/limits.h"
#include "query/row_binary.h"

/* Columns of these names are JSON, whichever model they are of. */
static const char *const json_names[] = { "properties", "person_properties", "set", "set_once",
                                          "people_set", "people_set_once" };

void record_init(struct record_reader *r, struct arena *a, record_row_fn row, void *context)
{
    *r = (struct record_reader){ .arena = a, .row = row, .context = context,
                                 .rest = BUF_INIT(LIMIT_QUERY_RESULT) };
}

void record_release(struct record_reader *r)
{
    buf_release(&r->rest);
}

/* -------------------------------------------------------------------------- types */

static const struct {
    const char *name;
    enum record_kind kind;
    unsigned size;
} types[] = {
    { "String", RECORD_TEXT, 0 },  { "UUID", RECORD_UUID, 16 },    { "Bool", RECORD_BOOL, 1 },
    { "Int8", RECORD_INT, 1 },     { "Int16", RECORD_INT, 2 },     { "Int32", RECORD_INT, 4 },
    { "Int64", RECORD_INT, 8 },    { "UInt8", RECORD_UINT, 1 },    { "UInt16", RECORD_UINT, 2 },
    { "UInt32", RECORD_UINT, 4 },  { "UInt64", RECORD_UINT, 8 },   { "Float32", RECORD_FLOAT, 4 },
    { "Float64", RECORD_FLOAT, 8 }, { "Array(String)", RECORD_TEXTS, 0 },
    { "Nothing", RECORD_TEXT, 0 },
};

/* "X" of "Nullable(X)". */
static bool unwrap(str *type, const char *around)
{
    str open = str_of(around);
    if (!str_starts(*type, open) || !str_ends(*type, STR(")")))
        return false;
    *type = str_slice(*type, open.n, type->n - 1);
    return true;
}

/* DateTime, DateTime('UTC'), DateTime64(6, 'UTC'), Date. */
static bool is_time(str type, struct record_column *c)
{
    c->kind = RECORD_TIME;
    if (str_starts(type, STR("DateTime64("))) {
        int digits = type.p[11] - '0';
        if (digits < 0 || digits > 9)
            return false;
        c->size = 8;
        c->scale = 1;
        for (int i = digits; i < 6; i++)
            c->scale *= 10;
        for (int i = digits; i > 6; i--)
            c->scale *= 10;
        if (digits > 6)
            c->scale = -c->scale;
        return true;
    }
    if (str_starts(type, STR("DateTime")))
        c->size = 4, c->scale = 1000000;
    else if (str_eqz(type, "Date"))
        c->size = 2, c->scale = 86400 * 1000000LL;
    return c->scale != 0;
}

static int read_type(struct record_column *c, struct err *e)
{
    str type = c->type;
    unwrap(&type, "LowCardinality(");
    c->nullable = unwrap(&type, "Nullable(");
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_eqz(type, types[i].name)) {
            c->kind = types[i].kind;
            c->size = types[i].size;
            for (size_t k = 0; k < ARRAY_LEN(json_names) && c->kind == RECORD_TEXT; k++)
                c->json = c->json || str_eqz(c->name, json_names[k]);
            return 0;
        }
    if (is_time(type, c))
        return 0;
    return err_set(e, ERR_INVALID, NULL, "Column '" STR_FMT "' has a type that cannot be exported: "
                                         STR_FMT, STR_ARG(str_utf8_prefix(c->name, 100)),
                   STR_ARG(str_utf8_prefix(c->type, 100)));
}

/* 1: read; 0: more must come. */
static int read_head(struct record_reader *r, struct row_binary *in, struct err *e)
{
    uint64_t n = row_binary_length(in);
    if (in->cut || n > LIMIT_CSV_COLUMNS)
        return in->cut ? 0 : err_internal(e, "an export has %llu columns", (unsigned long long)n);
    struct record_column *columns = arena_alloc(r->arena, (n + 1) * sizeof(*columns));
    for (size_t i = 0; i < n; i++)
        columns[i].name = arena_str(r->arena, row_binary_str(in));
    for (size_t i = 0; i < n; i++)
        columns[i].type = arena_str(r->arena, row_binary_str(in));
    if (in->cut)
        return 0;
    for (size_t i = 0; i < n; i++) {
        int rc = read_type(&columns[i], e);
        if (rc < 0)
            return rc;
    }
    r->columns = columns;
    r->n = n;
    r->values = arena_alloc(r->arena, (n + 1) * sizeof(*r->values));
    int rc = r->head ? r->head(r->context, r, e) : 0;
    return rc < 0 ? rc : 1;
}

/* -------------------------------------------------------------------------- values */

static void read_number(struct row_binary *in, const struct record_column *c,
                        struct record_value *v)
{
    const char *at = row_binary_bytes(in, c->size);
    uint64_t raw = 0;
    float f;
    if (!at)
        return;
    memcpy(&raw, at, c->size);
    if (c->kind == RECORD_FLOAT && c->size == 4) {
        memcpy(&f, at, 4);
        v->f = f;
    } else if (c->kind == RECORD_INT && c->size < 8) {
        unsigned shift = 64 - 8 * c->size;
        v->i = (int64_t)(raw << shift) >> shift;
    } else {
        v->u = raw;
    }
    if (c->kind == RECORD_TIME)
        v->i = c->scale > 0 ? v->i * c->scale : v->i / -c->scale;
}

static void read_list(struct row_binary *in, struct record_value *v)
{
    v->n = row_binary_length(in);
    const char *from = in->p;
    for (size_t i = 0; i < v->n && !in->cut; i++)
        row_binary_str(in);
    v->text = (str){ from, (size_t)(in->p - from) };
}

static void read_value(struct row_binary *in, const struct record_column *c,
                       struct record_value *v)
{
    *v = (struct record_value){ 0 };
    if (c->nullable) {
        const char *null = row_binary_bytes(in, 1);
        v->null = null && *null;
        if (v->null)
            return;
    }
    if (c->kind == RECORD_TEXT)
        v->text = row_binary_str(in);
    else if (c->kind == RECORD_UUID)
        v->uuid = (const unsigned char *)row_binary_bytes(in, 16);
    else if (c->kind == RECORD_TEXTS)
        read_list(in, v);
    else
        read_number(in, c, v);
}

bool record_member(const struct record_value *v, size_t *at, str *out)
{
    struct row_binary in = { v->text.p + *at, v->text.p + v->text.n, false };
    if (in.p == in.end)
        return false;
    *out = row_binary_str(&in);
    *at = (size_t)(in.p - v->text.p);
    return !in.cut;
}

void record_uuid_text(const unsigned char *stored, char out[36])
{
    static const char hex[] = "0123456789abcdef";
    for (int i = 0, at = 0; i < 16; i++) {
        unsigned char c = stored[i < 8 ? 7 - i : 23 - i];
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = hex[c >> 4];
        out[at++] = hex[c & 15];
    }
}

/* -------------------------------------------------------------------------- pieces */

/* Reads what is there in full; *used: how many bytes that was. */
static int read_rows(struct record_reader *r, str all, size_t *used, struct err *e)
{
    struct row_binary in = { all.p, all.p + all.n, false };
    *used = 0;
    if (!r->columns) {
        int rc = read_head(r, &in, e);
        if (rc <= 0)
            return rc;
        *used = (size_t)(in.p - all.p);
    }
    while (in.p < in.end) {
        for (size_t i = 0; i < r->n; i++)
            read_value(&in, &r->columns[i], &r->values[i]);
        if (in.cut)
            return 0;
        *used = (size_t)(in.p - all.p);
        int rc = r->row(r->context, r->values, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int record_take(void *reader, str piece, struct err *e)
{
    struct record_reader *r = reader;
    size_t used;
    bool whole = !r->rest.n; /* nothing before it: it need not be copied */
    if (!whole)
        buf_str(&r->rest, piece);
    if (r->rest.full)
        return err_set(e, ERR_INVALID, NULL, "A row is larger than %u MiB.",
                       LIMIT_QUERY_RESULT >> 20);
    str all = whole ? piece : buf_view(&r->rest);
    int rc = read_rows(r, all, &used, e);
    if (rc < 0)
        return rc;
    str left = str_slice(all, used, all.n);
    if (!whole) {
        if (left.n)
            memmove(r->rest.p, left.p, left.n);
        r->rest.n = left.n;
    } else {
        buf_str(&r->rest, left);
    }
    return 0;
}

int record_end(const struct record_reader *r, struct err *e)
{
    if (r->rest.n)
        return err_internal(e, "the rows of an export end in the middle");
    return 0;
}
