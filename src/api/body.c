/* body.c - request bodies as one JSON tree, whatever form they came in, and reading fields of it. */
#include "api/field.h"
#include "api/internal.h"
#include "base/limits.h"

/* -------------------------------------------------------------------------- forms */

/* What the text of a form field says: JSON when it is a list, an object or a number. Its text stays
 * beside that, for fields that are texts whatever they look like; booleans are read from text. */
static struct json *form_value(struct arena *a, str text)
{
    struct json *v;
    struct err ignored = ERR_INIT;
    bool json = text.n && strchr("[{-0123456789", text.p[0]);
    if (!json || json_parse(a, text, &v, &ignored) < 0)
        return json_new_str(a, text);
    v->text = text;
    return v;
}

/* A name given twice is a list: in the order they came. */
static void form_add_again(struct req *r, const struct json *had, struct json *v)
{
    bool list = had->type == JSON_ARRAY && !had->text.p;
    struct json *all = list ? json_share(r->arena, had) : json_new(r->arena, JSON_ARRAY);
    if (!list) {
        all->head = json_share(r->arena, had);
        all->count = 1;
    }
    struct json **tail = &all->head;
    while (*tail)
        tail = &(*tail)->next;
    *tail = v;
    all->count++;
    json_set(r->body, had->key, all);
}

static int form_add(struct req *r, str name, str text, struct err *e)
{
    if (!str_utf8_valid(name) || !str_utf8_valid(text))
        return err_set(e, ERR_PARSE, NULL, "Form parse error - not UTF-8");
    if (r->form_fields++ >= LIMIT_FORM_FIELDS)
        return err_set(e, ERR_TOO_LARGE, NULL, "Too many form fields.");
    struct json *v = form_value(r->arena, text);
    const struct json *had = json_get_str(r->body, name);
    if (had)
        form_add_again(r, had, v);
    else
        json_set(r->body, name, v);
    return 0;
}

static int form_add_file(struct req *r, str name, str content, struct err *e)
{
    if (!str_utf8_valid(name))
        return err_set(e, ERR_PARSE, NULL, "Form parse error - not UTF-8");
    if (r->form_fields++ >= LIMIT_FORM_FIELDS)
        return err_set(e, ERR_TOO_LARGE, NULL, "Too many form fields.");
    if (!r->files)
        r->files = json_new(r->arena, JSON_OBJECT);
    json_set(r->files, name, json_new_str(r->arena, content));
    return 0;
}

/* Gives the lists that form_add_again made the text that parsed ones have. */
static void form_finish(struct req *r)
{
    for (struct json *m = r->body->head; m; m = m->next) {
        if (m->type != JSON_ARRAY || m->text.p)
            continue;
        struct buf b = BUF_INIT(LIMIT_BODY_API);
        struct json_writer w = JSON_WRITER(&b);
        json_tree(&w, m);
        m->text = arena_str(r->arena, buf_view(&b));
        buf_release(&b);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static str url_decoded(struct arena *a, str s)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
        if (low >= 0) {
            out[n++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out[n++] = s.p[i] == '+' ? ' ' : s.p[i];
        }
    }
    return (str){ out, n };
}

static int decode_form(struct req *r, str body, struct err *e)
{
    int rc = 0;
    while (body.p && rc == 0) {
        str value = str_split(&body, '&');
        str name = str_split(&value, '=');
        if (name.n)
            rc = form_add(r, url_decoded(r->arena, name),
                          value.p ? url_decoded(r->arena, value) : STR(""), e);
    }
    return rc;
}

/* A parameter of a header value such as `form-data; name="x"`; STR_NULL when it is not there. */
static str parameter(str header, str name)
{
    for (str part = str_split(&header, ';'); header.p || part.p; part = str_split(&header, ';')) {
        str value = part, key = str_trim(str_split(&value, '='));
        value = str_trim(value.p ? value : STR(""));
        if (str_eq_nocase(key, name)) {
            bool quoted = value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"';
            return quoted ? str_slice(value, 1, value.n - 1) : value;
        }
        if (!header.p)
            break;
    }
    return STR_NULL;
}

/* Everything before the first mark; *rest moves behind it, STR_NULL when there is none. */
static str cut(str *rest, str mark)
{
    ptrdiff_t at = str_find(*rest, mark);
    str before = at < 0 ? *rest : str_slice(*rest, 0, (size_t)at);
    *rest = at < 0 ? STR_NULL : str_slice(*rest, (size_t)at + mark.n, rest->n);
    return before;
}

/* The fields of a multipart body, and its files. */
static int decode_multipart(struct req *r, str type, str body, struct err *e)
{
    str boundary = parameter(type, STR("boundary"));
    if (!boundary.n)
        return err_set(e, ERR_PARSE, NULL, "Multipart form parse error - Invalid boundary");
    str mark = arena_printf(r->arena, "--" STR_FMT, STR_ARG(boundary));
    str next = arena_printf(r->arena, "\r\n--" STR_FMT, STR_ARG(boundary));
    int rc = 0;
    cut(&body, mark);
    while (rc == 0 && body.p && !str_starts(body, STR("--"))) {
        str content = cut(&body, next), disposition = STR_NULL;
        str headers = cut(&content, STR("\r\n\r\n"));
        while (headers.p) {
            str line = cut(&headers, STR("\r\n"));
            str value = line, name = str_split(&value, ':');
            if (str_eq_nocase(name, STR("Content-Disposition")) && value.p)
                disposition = value;
        }
        str name = parameter(disposition, STR("name"));
        if (!content.p || !name.p)
            return err_set(e, ERR_PARSE, NULL, "Multipart form parse error - Invalid part");
        if (!parameter(disposition, STR("filename")).p)
            rc = form_add(r, name, content, e);
        else
            rc = form_add_file(r, name, content, e);
    }
    return rc;
}

/* curl's -d makes a form of what it is given; with a JSON header beside it, as documentation shows,
 * the body is neither. It is taken for the form it is: no JSON begins with a name and '='. */
static bool looks_like_form(str body)
{
    size_t n = 0;
    while (n < body.n && ((body.p[n] >= 'a' && body.p[n] <= 'z') || body.p[n] == '_' ||
                          (body.p[n] >= 'A' && body.p[n] <= 'Z')))
        n++;
    return n && n < body.n && body.p[n] == '=';
}

int req_decode(struct req *r, struct err *e)
{
    str type = http_header_of(r->http, "Content-Type"), rest = type;
    str kind = type.n ? str_trim(str_split(&rest, ';')) : STR("application/json");
    str body = buf_view(&r->http->body);
    if (r->http->too_large)
        return err_set(e, ERR_TOO_LARGE, NULL, NULL);
    if (!body.n)
        return 0;
    bool json = str_eq_nocase(kind, STR("application/json"));
    bool url = str_eq_nocase(kind, STR("application/x-www-form-urlencoded"));
    bool multipart = str_eq_nocase(kind, STR("multipart/form-data"));
    if (json && !looks_like_form(body))
        return json_parse(r->arena, body, &r->body, e);
    if (!json && !url && !multipart)
        return err_set(e, ERR_MEDIA_TYPE, NULL, "Unsupported media type \"%s\" in request.",
                       type.p);
    r->form = true;
    r->body = json_new(r->arena, JSON_OBJECT);
    int rc = multipart ? decode_multipart(r, type, body, e) : decode_form(r, body, e);
    form_finish(r);
    return rc;
}

int req_check_json(struct req *r, struct err *e)
{
    if (!r->form)
        return 0;
    return err_set(e, ERR_MEDIA_TYPE, NULL, "Unsupported media type \"%s\" in request.",
                   http_header_of(r->http, "Content-Type").p);
}

/* -------------------------------------------------------------------------- fields */

int body_str(struct req *r, const char *name, size_t max, str *out, struct err *e)
{
    const struct json *v = json_get(r->body, name);
    if (!v)
        return 0;
    if (v->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, name, "This field may not be null.");
    if (v->type != JSON_STRING && v->type != JSON_NUMBER && !(r->form && v->text.p))
        return err_set(e, ERR_INVALID, name, "Not a valid string.");
    str text = str_trim(v->text);
    if (str_find_char(text, '\0') >= 0)
        return err_set(e, ERR_INVALID, name, "Null characters are not allowed.");
    if (str_utf8_len(text) > max)
        return err_set(e, ERR_TOO_LONG, name,
                       "Ensure this field has no more than %zu characters.", max);
    *out = text;
    return 0;
}

int body_bool(struct req *r, const char *name, bool *out, struct err *e)
{
    const struct json *v = json_get(r->body, name);
    if (!v)
        return 0;
    if (v->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, name, "This field may not be null.");
    return field_bool(name, v, out, e);
}

int body_i64(struct req *r, const char *name, int64_t *out, struct err *e)
{
    const struct json *v = json_get(r->body, name);
    if (!v)
        return 0;
    if (v->type == JSON_NULL)
        return err_set(e, ERR_NULL_VALUE, name, "This field may not be null.");
    if (v->type == JSON_NUMBER && v->integer) {
        *out = v->i64;
        return 0;
    }
    if (v->type != JSON_STRING || !str_to_i64(str_trim(v->text), out))
        return err_set(e, ERR_INVALID, name, "A valid integer is required.");
    return 0;
}
