/* field.c - see field.h. */
#include "api/field.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fold.h"
#include "base/limits.h"
#include "json/write.h"

bool json_truthy(const struct json *v)
{
    if (!v)
        return false;
    switch (v->type) {
    case JSON_NULL:
        return false;
    case JSON_BOOL:
        return v->boolean;
    case JSON_NUMBER:
        return v->num != 0;
    case JSON_STRING:
        return v->text.n != 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return v->head != NULL;
    }
    return false;
}

str json_text_of(struct arena *a, const struct json *v)
{
    struct buf b = BUF_INIT(LIMIT_BODY_API);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, v);
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

static const char *attr_of(struct arena *a, const char *prefix, const char *name)
{
    return prefix[0] ? arena_printf(a, "%s%s", prefix, name).p : name;
}

static int read_str(const struct field *f, const char *attr, const struct json *v, str *out,
                    struct err *e)
{
    /* a form's booleans have their text beside them */
    bool text = v->type == JSON_STRING || v->type == JSON_NUMBER ||
                (v->type == JSON_BOOL && v->text.p);
    if (!text)
        return err_set(e, ERR_INVALID, attr, "Not a valid string.");
    str s = f->flags & FIELD_UNTRIMMED ? v->text : str_trim(v->text);
    size_t max = f->max ? f->max : LIMIT_FIELD;
    if (str_find_char(s, '\0') >= 0)
        return err_set(e, ERR_INVALID, attr, "Null characters are not allowed.");
    if (!s.n && (f->flags & FIELD_FILLED))
        return err_set(e, ERR_BLANK, attr, NULL);
    if (str_utf8_len(s) > max && f->too_long)
        return err_set(e, ERR_TOO_LONG, attr, "%s", f->too_long);
    if (str_utf8_len(s) > max)
        return err_set(e, ERR_TOO_LONG, attr, "Ensure this field has no more than %zu characters.",
                       max);
    *out = s;
    return 0;
}

int field_bool(const char *attr, const struct json *v, bool *out, struct err *e)
{
    if (v->type == JSON_BOOL) {
        *out = v->boolean;
        return 0;
    }
    if ((v->type == JSON_STRING || v->type == JSON_NUMBER) && str_to_bool(v->text, out))
        return 0;
    return err_set(e, ERR_INVALID, attr, "Must be a valid boolean.");
}

static bool integer_of(const struct json *v, int64_t *out)
{
    if (v->type == JSON_NUMBER && v->integer) {
        *out = v->i64;
        return true;
    }
    if (v->type == JSON_NUMBER && v->num == (double)(int64_t)v->num && v->num < 9e15 &&
        v->num > -9e15) {
        *out = (int64_t)v->num;
        return true;
    }
    return v->type == JSON_STRING && str_to_i64(str_trim(v->text), out);
}

static int read_i64(const char *attr, const struct json *v, int64_t *out, struct err *e)
{
    return integer_of(v, out) ? 0 : err_set(e, ERR_INVALID, attr, "A valid integer is required.");
}

static int read_time(const char *attr, const struct json *v, int64_t *out, struct err *e)
{
    if (v->type == JSON_STRING && v->text.n > 10 && clock_parse(v->text, out))
        return 0;
    return err_set(e, ERR_INVALID, attr,
                   "Datetime has wrong format. Use one of these formats instead: "
                   "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].");
}

static int read_choice(struct arena *a, const struct field *f, const char *attr,
                       const struct json *v, int64_t *out, struct err *e)
{
    int64_t got;
    if (integer_of(v, &got) && (got == (int64_t)f->max || got == f->other)) {
        *out = got;
        return 0;
    }
    str text = v->type == JSON_STRING ? v->text : json_text_of(a, v);
    return err_set(e, ERR_CHOICE, attr, "\"" STR_FMT "\" is not a valid choice.",
                   STR_ARG(str_utf8_prefix(text, 100)));
}

static int read_tags(struct arena *a, const char *attr, const struct json *v, str *out,
                     struct err *e)
{
    if (v->type != JSON_ARRAY) {
        err_set(e, ERR_INVALID, attr, "Expected a list of items but got type \"%s\".",
                json_python_type(v));
        snprintf(e->code, sizeof(e->code), "not_a_list");
        return e->kind;
    }
    struct buf b = BUF_INIT(LIMIT_FIELD);
    struct json_writer w = JSON_WRITER(&b);
    str *seen = arena_alloc(a, (v->count + 1) * sizeof(*seen));
    size_t n = 0;
    int rc = 0;
    json_open(&w, '[');
    for (const struct json *m = v->head; m && rc == 0; m = m->next) {
        str tag = STR_NULL;
        rc = read_str(&(struct field){ .max = 255 }, attr, m, &tag, e);
        bool again = rc < 0 || !tag.n;
        if (!again)
            tag = fold_lower(a, tag);
        for (size_t i = 0; i < n && !again; i++)
            again = str_eq(seen[i], tag);
        if (again)
            continue;
        seen[n++] = tag;
        json_str(&w, tag);
    }
    json_close(&w, ']');
    bool full = b.full;
    str list = arena_str(a, buf_view(&b));
    buf_release(&b);
    if (rc < 0)
        return rc;
    if (full)
        return err_set(e, ERR_INVALID, attr, "Too many tags.");
    *out = list;
    return 0;
}

static int read_ids(struct arena *a, const char *attr, const struct json *v, struct id_list *out,
                    struct err *e)
{
    if (v->type != JSON_ARRAY) {
        err_set(e, ERR_INVALID, attr, "Expected a list of items but got type \"%s\".",
                json_python_type(v));
        snprintf(e->code, sizeof(e->code), "not_a_list");
        return e->kind;
    }
    struct id_list list = { arena_alloc(a, (v->count + 1) * sizeof(int64_t)), 0, true };
    for (const struct json *m = v->head; m; m = m->next) {
        int64_t id;
        if (!integer_of(m, &id)) {
            err_set(e, ERR_INVALID, attr, "Incorrect type. Expected pk value, received %s.",
                    json_python_type(m));
            snprintf(e->code, sizeof(e->code), "incorrect_type");
            return e->kind;
        }
        bool again = false;
        for (size_t i = 0; i < list.n; i++)
            again = again || list.ids[i] == id;
        if (!again)
            list.ids[list.n++] = id;
    }
    *out = list;
    return 0;
}

static void put_null(const struct field *f, void *at)
{
    switch (f->type) {
    case FIELD_TIME:
        *(int64_t *)at = INT64_MIN;
        return;
    case FIELD_I64:
    case FIELD_CHOICE:
        *(int64_t *)at = 0;
        return;
    case FIELD_BOOL:
        *(bool *)at = false;
        return;
    case FIELD_IDS:
        *(struct id_list *)at = (struct id_list){ 0 };
        return;
    case FIELD_STR:
    case FIELD_TAGS:
    case FIELD_OBJECT:
    case FIELD_ANY:
        *(str *)at = STR_NULL;
        return;
    }
}

static int read_one(struct arena *a, const struct field *f, const char *attr, const struct json *v,
                    void *at, struct err *e)
{
    switch (f->type) {
    case FIELD_STR:
        return read_str(f, attr, v, at, e);
    case FIELD_BOOL:
        return field_bool(attr, v, at, e);
    case FIELD_I64:
        return read_i64(attr, v, at, e);
    case FIELD_TIME:
        return read_time(attr, v, at, e);
    case FIELD_TAGS:
        return read_tags(a, attr, v, at, e);
    case FIELD_CHOICE:
        return read_choice(a, f, attr, v, at, e);
    case FIELD_IDS:
        return read_ids(a, attr, v, at, e);
    case FIELD_OBJECT:
        if (v->type != JSON_OBJECT)
            return err_set(e, ERR_INVALID, attr, "Expected a dictionary of items but got type "
                                                 "\"%s\".", json_python_type(v));
        /* fall through */
    case FIELD_ANY:
        *(str *)at = json_text_of(a, v);
        return 0;
    }
    return 0;
}

int fields_read(struct arena *a, const struct json *body, const char *prefix,
                const struct field *fields, void *out, struct err *e)
{
    for (const struct field *f = fields; f->name; f++) {
        const struct json *v = json_get(body, f->name);
        void *at = (char *)out + f->offset;
        int rc = 0;
        if (!v && (f->flags & FIELD_REQUIRED))
            return err_set(e, ERR_REQUIRED, attr_of(a, prefix, f->name), NULL);
        if (!v)
            continue;
        if (v->type == JSON_NULL && (f->flags & FIELD_NULLABLE))
            put_null(f, at);
        else if (v->type == JSON_NULL)
            return err_set(e, ERR_NULL_VALUE, attr_of(a, prefix, f->name), NULL);
        else
            rc = read_one(a, f, attr_of(a, prefix, f->name), v, at, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}
