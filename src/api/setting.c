/* setting.c - see setting.h. */
#include "api/setting.h"

static int fail_code(struct err *e, const char *code)
{
    memcpy(e->code, code, strlen(code) + 1);
    return e->kind;
}

static const char *type_name(const struct json *v)
{
    static const char *const names[] = { "NoneType", "bool", "int", "str", "list", "dict" };
    return v->type == JSON_NUMBER && !v->integer ? "float" : names[v->type];
}

static int check_range(const struct setting *s, double v, struct err *e)
{
    if (v < (double)s->min) {
        err_set(e, ERR_INVALID, s->name, "Ensure this value is greater than or equal to %lld.",
                (long long)s->min);
        return fail_code(e, "min_value");
    }
    if (v > (double)s->max) {
        err_set(e, ERR_INVALID, s->name, "Ensure this value is less than or equal to %lld.",
                (long long)s->max);
        return fail_code(e, "max_value");
    }
    return 0;
}

static int read_choice(const struct setting *s, struct json *v, struct err *e)
{
    str choices = str_of(s->choices);
    bool number = choices.p[0] >= '0' && choices.p[0] <= '9';
    bool fits = v->type == JSON_STRING || (number && v->type == JSON_NUMBER);
    while (fits && choices.p)
        if (str_eq(str_split(&choices, '|'), v->text) && v->text.n) {
            v->type = number ? JSON_NUMBER : JSON_STRING;
            return 0;
        }
    return err_set(e, ERR_CHOICE, s->name, "\"" STR_FMT "\" is not a valid choice.",
                   STR_ARG(v->text));
}

static int read_decimal(struct req *r, const struct setting *s, const struct json *v,
                        struct json **out, struct err *e)
{
    double number;
    bool text = v->type == JSON_STRING || v->type == JSON_NUMBER;
    if (!text || !str_to_f64(v->text, &number))
        return err_set(e, ERR_INVALID, s->name, "A valid number is required.");
    *out = json_new_str(r->arena, arena_printf(r->arena, "%.2f", number));
    return check_range(s, number, e);
}

static int read_list(struct req *r, const struct setting *s, const struct json *v,
                     struct json **out, struct err *e)
{
    if (r->form && s->type == SETTING_TEXTS && v->type == JSON_STRING) { /* a list of one */
        *out = json_new(r->arena, JSON_ARRAY);
        (*out)->head = json_share(r->arena, v);
        (*out)->count = 1;
        return 0;
    }
    if (v->type != JSON_ARRAY) {
        err_set(e, ERR_INVALID, s->name, "Expected a list of items but got type \"%s\".",
                type_name(v));
        return fail_code(e, "not_a_list");
    }
    for (const struct json *m = v->head; m && s->type == SETTING_TEXTS; m = m->next)
        if (m->type != JSON_STRING && m->type != JSON_NULL)
            return err_set(e, ERR_INVALID, s->name, "Not a valid string.");
    return 0;
}

static int read_one(struct req *r, const struct setting *s, const struct json *v,
                    struct json **out, struct err *e)
{
    str text = STR("");
    bool yes = false;
    int64_t number = 0;
    int rc = 0;
    *out = json_share(r->arena, v);
    if (v->type == JSON_NULL)
        return s->initial ? err_set(e, ERR_NULL_VALUE, s->name, NULL) : 0;
    switch (s->type) {
    case SETTING_BOOL:
        rc = body_bool(r, s->name, &yes, e);
        *out = json_new_bool(r->arena, yes);
        return rc;
    case SETTING_TEXT:
        rc = body_str(r, s->name, (size_t)s->max, &text, e);
        *out = json_new_str(r->arena, text);
        return rc;
    case SETTING_INTEGER:
        rc = body_i64(r, s->name, &number, e);
        (*out)->type = JSON_NUMBER;
        (*out)->text = arena_printf(r->arena, "%lld", (long long)number);
        return rc < 0 ? rc : check_range(s, (double)number, e);
    case SETTING_DECIMAL:
        return read_decimal(r, s, v, out, e);
    case SETTING_CHOICE:
        return read_choice(s, *out, e);
    case SETTING_LIST:
    case SETTING_TEXTS:
        return read_list(r, s, v, out, e);
    case SETTING_OBJECT:
    case SETTING_MERGED:
        if (v->type == JSON_OBJECT)
            return 0;
        err_set(e, ERR_INVALID, s->name, "Expected a dictionary of items but got type \"%s\".",
                type_name(v));
        return fail_code(e, "not_a_dict");
    }
    return 0;
}

static struct json *parsed(struct arena *a, str stored)
{
    struct json *v;
    struct err ignored = ERR_INIT;
    BUG_ON(json_parse(a, stored, &v, &ignored) < 0); /* we wrote it */
    return v;
}

/* What is stored, or the default. */
static const struct json *current(struct arena *a, const struct json *all,
                                  const struct setting *s)
{
    const struct json *v = json_get(all, s->name);
    return v || !s->initial ? v : parsed(a, str_of(s->initial));
}

int settings_read(struct req *r, const struct setting *table, size_t n, str stored, str *out,
                  struct err *e)
{
    struct json *all = parsed(r->arena, stored), *one;
    bool changed = false;
    for (size_t i = 0; i < n; i++) {
        const struct json *v = json_get(r->body, table[i].name);
        if (!v)
            continue;
        int rc = read_one(r, &table[i], v, &one, e);
        if (rc < 0)
            return rc;
        if (table[i].type == SETTING_MERGED && one->type == JSON_OBJECT)
            one = json_merge(r->arena, current(r->arena, all, &table[i]), one);
        json_set(all, str_of(table[i].name), one);
        changed = true;
    }
    if (!changed) {
        *out = stored;
        return 0;
    }
    struct buf b = BUF_INIT(LIMIT_SETTINGS);
    struct json_writer w = JSON_WRITER(&b);
    json_tree(&w, all);
    bool full = b.full;
    str text = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    if (full)
        return err_set(e, ERR_TOO_LARGE, NULL, "The settings are larger than %u KiB.",
                       LIMIT_SETTINGS >> 10);
    *out = text;
    return 0;
}

void settings_write(struct json_writer *w, struct arena *a, const struct setting *table, size_t n,
                    str stored)
{
    struct json *all = str_eqz(stored, "{}") ? NULL : parsed(a, stored);
    for (size_t i = 0; i < n; i++) {
        const struct json *v = json_get(all, table[i].name);
        json_key(w, table[i].name);
        if (v)
            json_tree(w, v);
        else
            json_raw(w, str_of(table[i].initial ? table[i].initial : "null"));
    }
}
