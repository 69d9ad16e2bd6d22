/* config.c - an export's settings: checked against the fields of its kind and made complete. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "export/config.h"

#define FIELDS_ERROR "destination__non_field_errors"

static const struct export_field *find(const struct export_field *fields, str name)
{
    for (const struct export_field *f = fields; f->name; f++)
        if (str_eqz(name, f->name))
            return f;
    return NULL;
}

/* All of them at once, sorted. */
static int check_names(struct arena *a, const struct export_field *fields,
                       const struct json *given, struct err *e)
{
    str *unknown = arena_alloc(a, (given->count + 1) * sizeof(*unknown));
    size_t n = 0;
    for (const struct json *m = given->head; m; m = m->next)
        if (!find(fields, m->key))
            unknown[n++] = str_utf8_prefix(m->key, 100);
    if (!n)
        return 0;
    struct buf b = BUF_INIT(600);
    qsort(unknown, n, sizeof(*unknown), str_by_bytes);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(unknown[i]));
    err_set(e, ERR_INVALID, FIELDS_ERROR, "Configuration has unknown field/s: " STR_FMT,
            STR_ARG(buf_view(&b)));
    buf_release(&b);
    return e->kind;
}

/* -------------------------------------------------------------------------- values */

static int wrong_type(const struct export_field *f, const struct json *v, struct err *e)
{
    static const char *const expected[] = { "str", "int", "bool", "list" };
    return err_set(e, ERR_INVALID, FIELDS_ERROR,
                   "Configuration has invalid type: got '%s', expected '%s'", json_python_type(v),
                   expected[f->type]);
}

static bool all_texts(const struct json *list)
{
    for (const struct json *m = list->head; m; m = m->next)
        if (m->type != JSON_STRING)
            return false;
    return true;
}

/* The value in the field's type; texts are read as numbers and booleans, as they are stored. */
static int convert(struct arena *a, const struct export_field *f, const struct json *v,
                   struct json **out, struct err *e)
{
    int64_t n;
    bool yes;
    bool same = (f->type == EXPORT_STR && v->type == JSON_STRING) ||
                (f->type == EXPORT_INT && v->type == JSON_NUMBER && v->integer) ||
                (f->type == EXPORT_BOOL && v->type == JSON_BOOL) ||
                (f->type == EXPORT_NAMES && v->type == JSON_ARRAY && all_texts(v)) ||
                (f->nullable && v->type == JSON_NULL);
    if (same)
        *out = json_share(a, v);
    else if (v->type == JSON_STRING && f->type == EXPORT_INT && str_to_i64(v->text, &n))
        *out = json_new_i64(a, n);
    else if (v->type == JSON_STRING && f->type == EXPORT_BOOL)
        *out = json_new_bool(a, str_to_bool(v->text, &yes) && yes);
    else
        return wrong_type(f, v, e);
    return 0;
}

static int read_field(struct arena *a, const struct export_field *f, const struct json *given,
                      struct json *into, struct err *e)
{
    const struct json *v = json_get(given, f->name);
    struct json *value;
    int rc = 0;
    if (!v && !f->fallback)
        return err_set(e, ERR_INVALID, FIELDS_ERROR, "Configuration missing required field: '%s'",
                       f->name);
    if (v)
        rc = convert(a, f, v, &value, e);
    else
        BUG_ON(json_parse(a, str_of(f->fallback), &value, e) < 0);
    if (rc == 0)
        json_set(into, str_of(f->name), value);
    return rc;
}

int config_read(struct arena *a, const struct export_field *fields, const struct json *given,
                struct json **out, struct err *e)
{
    struct json *full = json_new(a, JSON_OBJECT);
    int rc = check_names(a, fields, given, e);
    for (const struct export_field *f = fields; f->name && rc == 0; f++)
        rc = read_field(a, f, given, full, e);
    *out = full;
    return rc;
}

int export_config(struct arena *a, const struct export_destination *d, const struct json *given,
                  const struct json *linked, struct json **own, struct json **out, struct err *e)
{
    int rc = config_read(a, d->fields, given, own, e);
    if (rc < 0)
        return rc;
    *out = json_merge(a, *own, NULL);
    for (const struct json *m = linked ? linked->head : NULL; m; m = m->next)
        if (find(d->fields, m->key))
            json_set(*out, m->key, json_share(a, m));
    return d->check ? d->check(a, d, *out, e) : 0;
}

/* -------------------------------------------------------------------------- files */

static const char *const codecs_lines[] = { "gzip", "brotli", NULL };
static const char *const codecs_parquet[] = { "zstd", "lz4", "snappy", "gzip", "brotli", NULL };

static const struct {
    const char *format;
    const char *const *codecs;
} formats[] = { { "Parquet", codecs_parquet }, { "JSONLines", codecs_lines } };

/* "['a', 'b']" */
static str names_of(struct arena *a, const char *const *names)
{
    str all = STR("[");
    for (size_t i = 0; names[i]; i++)
        all = arena_printf(a, STR_FMT "%s'%s'", STR_ARG(all), i ? ", " : "", names[i]);
    return arena_printf(a, STR_FMT "]", STR_ARG(all));
}

int export_check_files(struct arena *a, const struct json *config, struct err *e)
{
    str format = json_get_text(config, "file_format");
    str codec = json_get_text(config, "compression");
    const struct json *size = json_get(config, "max_file_size_mb");
    const char *const *codecs = NULL;
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (str_eqz(format, formats[i].format))
            codecs = formats[i].codecs;
    if (!codecs)
        return err_set(e, ERR_INVALID, "destination",
                       "File format " STR_FMT " is not supported. Supported file formats are "
                       "['Parquet', 'JSONLines']", STR_ARG(str_utf8_prefix(format, 100)));
    const struct json *legacy = json_get(config, "legacy_parquet_extension");
    if (legacy && legacy->boolean)
        return err_set(e, ERR_INVALID, "destination", "legacy_parquet_extension can only stay on where "
                                                      "an export has it already");
    if (size->type == JSON_NUMBER && size->i64 < 0)
        return err_set(e, ERR_INVALID, "destination", "max_file_size_mb must not be negative");
    if (size->type == JSON_NUMBER && size->i64 > LIMIT_EXPORT_FILE_MB)
        return err_set(e, ERR_INVALID, "destination", "max_file_size_mb must be at most %d",
                       LIMIT_EXPORT_FILE_MB);
    if (!codec.p)
        return 0;
    for (size_t i = 0; codecs[i]; i++)
        if (str_eqz(codec, codecs[i]))
            return 0;
    str known = names_of(a, codecs);
    return err_set(e, ERR_INVALID, "destination",
                   "Compression " STR_FMT " is not supported for file format " STR_FMT
                   ". Supported compressions are " STR_FMT, STR_ARG(str_utf8_prefix(codec, 100)),
                   STR_ARG(format), STR_ARG(known));
}
