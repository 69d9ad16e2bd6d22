/* parquet.c - see parquet.h. A footer is a struct in Thrift's compact protocol: fields, each with its
 * type and how far its number is from the one before. What the table of rules names is written anew,
 * because places in the file move; the rest is copied as it stands, whatever it is. */
#include "engine/parquet.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"

#define MAGIC "PAR1"
#define DEPTH_MAX 32
#define FIELDS_MAX 16 /* of the footer itself */

enum { T_TRUE = 1, T_FALSE, T_BYTE, T_I16, T_I32, T_I64, T_DOUBLE, T_BINARY, T_LIST, T_SET, T_MAP,
       T_STRUCT };
enum { META_SCHEMA = 2, META_ROWS = 3, META_GROUPS = 4 };

struct top_field {
    int id;
    unsigned type;
    struct buf value; /* empty for the two that grow */
};

struct parquet {
    struct top_field fields[FIELDS_MAX]; /* of the first footer */
    size_t n;
    struct buf groups, footer;
    int64_t rows, groups_n;
    int64_t sent; /* bytes of the joined file so far */
};

struct parquet *parquet_new(void)
{
    struct parquet *p = calloc(1, sizeof(*p));
    BUG_ON(!p);
    p->groups = BUF_INIT(LIMIT_PARQUET_FOOTER);
    p->footer = BUF_INIT(2 * LIMIT_PARQUET_FOOTER);
    return p;
}

void parquet_free(struct parquet *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++)
        buf_release(&p->fields[i].value);
    buf_release(&p->groups);
    buf_release(&p->footer);
    free(p);
}

/* -------------------------------------------------------------------------- the protocol */

struct in {
    str s;
    size_t at;
    bool bad; /* it ended, or nests too deeply */
};

static unsigned byte(struct in *in)
{
    if (in->at >= in->s.n) {
        in->bad = true;
        return 0;
    }
    return (unsigned char)in->s.p[in->at++];
}

static uint64_t varint(struct in *in)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned b = byte(in);
        v |= (uint64_t)(b & 127) << shift;
        if (!(b & 128))
            return v;
    }
    in->bad = true;
    return 0;
}

static int64_t number(struct in *in)
{
    uint64_t v = varint(in);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static void put_varint(struct buf *b, uint64_t v)
{
    for (; v > 127; v >>= 7)
        buf_char(b, (char)(v | 128));
    buf_char(b, (char)v);
}

static void put_number(struct buf *b, int64_t v)
{
    put_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

/* The next field of a struct; false at its end. */
static bool next_field(struct in *in, int *id, unsigned *type)
{
    unsigned head = byte(in);
    *type = head & 15;
    if (in->bad || head == 0)
        return false;
    int64_t next = head >> 4 ? *id + (int)(head >> 4) : number(in);
    in->bad = in->bad || next < 0 || next > INT16_MAX;
    *id = (int)next;
    return !in->bad;
}

static void put_field(struct buf *b, int *last, int id, unsigned type)
{
    if (id > *last && id - *last < 16) {
        buf_char(b, (char)((unsigned)(id - *last) << 4 | type));
    } else {
        buf_char(b, (char)type);
        put_number(b, id);
    }
    *last = id;
}

static uint64_t list_head(struct in *in, unsigned *type)
{
    unsigned head = byte(in);
    *type = head & 15;
    return head >> 4 == 15 ? varint(in) : head >> 4;
}

static void put_list_head(struct buf *b, uint64_t n, unsigned type)
{
    buf_char(b, (char)((n < 15 ? (unsigned)n : 15u) << 4 | type));
    if (n >= 15)
        put_varint(b, n);
}

static void skip_bytes(struct in *in, uint64_t n)
{
    if (n > in->s.n - in->at)
        in->bad = true;
    else
        in->at += n;
}

static void skip(struct in *in, unsigned type, bool element, int depth)
{
    unsigned inner;
    int id = 0;
    uint64_t n;
    if (depth > DEPTH_MAX)
        in->bad = true;
    if (in->bad)
        return;
    switch (type) {
    case T_TRUE: case T_FALSE: /* of a field, the type is the value */
        if (element)
            byte(in);
        return;
    case T_BYTE:
        byte(in);
        return;
    case T_I16: case T_I32: case T_I64:
        varint(in);
        return;
    case T_DOUBLE:
        skip_bytes(in, 8);
        return;
    case T_BINARY:
        skip_bytes(in, varint(in));
        return;
    case T_LIST: case T_SET:
        n = list_head(in, &inner);
        for (uint64_t i = 0; i < n && !in->bad; i++)
            skip(in, inner, true, depth + 1);
        return;
    case T_STRUCT:
        while (next_field(in, &id, &inner))
            skip(in, inner, false, depth + 1);
        return;
    default: /* footers have no maps */
        in->bad = true;
    }
}

/* -------------------------------------------------------------------------- row groups */

enum what { SHIFT, DROP, COUNT, INTO, EACH };

struct rule {
    int id; /* 0 ends a list */
    enum what what;
    const struct rule *inner;
};

/* Indexes hold places themselves: without the mention nobody looks for them. */
static const struct rule column_meta[] = {
    { 9, SHIFT }, { 10, SHIFT }, { 11, SHIFT }, { 14, DROP }, { 15, DROP }, { 0 },
};
static const struct rule column_chunk[] = {
    { 2, SHIFT }, { 3, INTO, column_meta }, { 4, DROP }, { 5, DROP }, { 6, DROP }, { 7, DROP }, { 0 },
};
static const struct rule row_group[] = {
    { 1, EACH, column_chunk }, { 5, SHIFT }, { 7, COUNT }, { 0 },
};

struct move {
    int64_t shift;   /* of places in the file */
    int64_t most;    /* bytes of the file that the places are in */
    int64_t ordinal; /* of the row group */
};

static const struct rule *find_rule(const struct rule *rules, int id)
{
    while (rules->id && rules->id != id)
        rules++;
    return rules->id ? rules : NULL;
}

static void copy_struct(struct in *in, struct buf *out, const struct rule *rules,
                        const struct move *m);

static void copy_ruled(struct in *in, struct buf *out, const struct rule *rule, unsigned type,
                       const struct move *m)
{
    unsigned inner;
    int64_t v;
    uint64_t n;
    switch (rule->what) {
    case SHIFT:
        v = number(in);
        in->bad = in->bad || v < 0 || v > m->most;
        put_number(out, v && !in->bad ? v + m->shift : 0); /* 0: not told */
        break;
    case COUNT:
        skip(in, type, false, 0);
        put_number(out, m->ordinal < INT16_MAX ? m->ordinal : INT16_MAX);
        break;
    case INTO:
        copy_struct(in, out, rule->inner, m);
        break;
    case EACH:
        n = list_head(in, &inner);
        in->bad = in->bad || inner != T_STRUCT;
        put_list_head(out, n, inner);
        for (uint64_t i = 0; i < n && !in->bad; i++)
            copy_struct(in, out, rule->inner, m);
        break;
    case DROP:
        break;
    }
}

static void copy_struct(struct in *in, struct buf *out, const struct rule *rules,
                        const struct move *m)
{
    int id = 0, last = 0;
    unsigned type;
    while (next_field(in, &id, &type)) {
        const struct rule *rule = find_rule(rules, id);
        if (rule && rule->what == DROP) {
            skip(in, type, false, 0);
            continue;
        }
        put_field(out, &last, id, type);
        size_t from = in->at;
        if (rule) {
            copy_ruled(in, out, rule, type, m);
            continue;
        }
        skip(in, type, false, 0);
        if (!in->bad)
            buf_str(out, str_slice(in->s, from, in->at));
    }
    buf_char(out, 0);
}

/* -------------------------------------------------------------------------- footers */

static int broken(struct err *e)
{
    return err_set(e, ERR_INVALID, NULL,
                   "Code: 1002. DB::Exception: A piece of a Parquet file has an unknown shape.");
}

static void add_groups(struct parquet *p, struct in *in, struct move m)
{
    unsigned type;
    uint64_t n = list_head(in, &type);
    in->bad = in->bad || (n && type != T_STRUCT);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        m.ordinal = p->groups_n++;
        copy_struct(in, &p->groups, row_group, &m);
    }
}

/* One field of a footer: the first file's are kept, of the others the columns must be the same. */
static void add_field(struct parquet *p, struct in *in, int id, unsigned type, bool first,
                      struct move m)
{
    size_t from = in->at;
    if (id == META_ROWS) {
        int64_t rows = number(in);
        in->bad = in->bad || rows < 0 || rows > INT32_MAX;
        p->rows += in->bad ? 0 : rows;
    } else if (id == META_GROUPS)
        add_groups(p, in, m);
    else
        skip(in, type, false, 0);
    if (in->bad)
        return;
    str value = str_slice(in->s, from, in->at);
    if (first) {
        if (p->n == FIELDS_MAX) {
            in->bad = true;
            return;
        }
        p->fields[p->n] = (struct top_field){ id, type, BUF_INIT(LIMIT_PARQUET_FOOTER) };
        if (id != META_ROWS && id != META_GROUPS)
            buf_str(&p->fields[p->n].value, value);
        p->n++;
    } else if (id == META_SCHEMA) {
        for (size_t i = 0; i < p->n; i++)
            if (p->fields[i].id == id && !str_eq(buf_view(&p->fields[i].value), value))
                in->bad = true;
    }
}

static size_t little_endian(str s)
{
    size_t v = 0;
    for (size_t i = 4; i-- > 0;)
        v = v << 8 | (unsigned char)s.p[i];
    return v;
}

/* Where the footer begins. */
static int find_footer(str file, size_t *out, struct err *e)
{
    if (file.n < 12 || !str_starts(file, STR(MAGIC)) || !str_ends(file, STR(MAGIC)))
        return broken(e);
    size_t size = little_endian(str_slice(file, file.n - 8, file.n - 4));
    if (size > file.n - 12)
        return broken(e);
    *out = file.n - 8 - size;
    return 0;
}

int parquet_rows(str file, int64_t *out, struct err *e)
{
    size_t end;
    int id = 0;
    unsigned type;
    int rc = find_footer(file, &end, e);
    if (rc < 0)
        return rc;
    struct in in = { .s = str_slice(file, end, file.n - 8) };
    while (next_field(&in, &id, &type)) {
        if (id == META_ROWS) {
            *out = number(&in);
            return in.bad ? broken(e) : 0;
        }
        skip(&in, type, false, 0);
    }
    return broken(e);
}

int parquet_add(struct parquet *p, str file, str *body, struct err *e)
{
    bool first = !p->n;
    size_t from = first ? 0 : sizeof(MAGIC) - 1, end;
    int rc = find_footer(file, &end, e);
    if (rc < 0)
        return rc;
    struct in in = { .s = str_slice(file, end, file.n - 8) };
    int id = 0;
    unsigned type;
    struct move m = { .shift = p->sent - (int64_t)from, .most = (int64_t)file.n };
    while (next_field(&in, &id, &type))
        add_field(p, &in, id, type, first, m);
    if (in.bad || !p->n)
        return broken(e);
    if (p->groups.full)
        return err_set(e, ERR_INVALID, NULL,
                       "Code: 1002. DB::Exception: The Parquet file has too many row groups.");
    *body = str_slice(file, from, end);
    p->sent += (int64_t)body->n;
    return 0;
}

int parquet_end(struct parquet *p, str *out, struct err *e)
{
    struct buf *b = &p->footer;
    int last = 0;
    if (!p->n)
        return broken(e);
    for (size_t i = 0; i < p->n; i++) {
        put_field(b, &last, p->fields[i].id, p->fields[i].type);
        if (p->fields[i].id == META_ROWS) {
            put_number(b, p->rows);
        } else if (p->fields[i].id == META_GROUPS) {
            put_list_head(b, (uint64_t)p->groups_n, T_STRUCT);
            buf_str(b, buf_view(&p->groups));
        } else {
            buf_str(b, buf_view(&p->fields[i].value));
        }
    }
    buf_char(b, 0);
    size_t size = b->n;
    for (unsigned i = 0; i < 4; i++)
        buf_char(b, (char)(size >> 8 * i & 255));
    buf_z(b, MAGIC);
    *out = buf_view(b);
    return b->full ? broken(e) : 0;
}
