/* s3.c - see s3.h. */
#include "export/s3.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"

#define SECONDS 15 /* for a request of a small body */

/* An address of a server: scheme and host, nothing behind. */
static bool is_endpoint(str url)
{
    str rest = STR_NULL;
    if (str_starts(url, STR("https://")))
        rest = str_slice(url, 8, url.n);
    else if (str_starts(url, STR("http://")))
        rest = str_slice(url, 7, url.n);
    if (!rest.n)
        return false;
    for (size_t i = 0; i < rest.n; i++) {
        unsigned char c = (unsigned char)rest.p[i];
        if (c <= ' ' || c >= 0x7F || strchr("/?#@\\\"<>", c))
            return false;
    }
    return true;
}

/* As a part of a host's name. */
static bool is_label(str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.' || c == '_'))
            return false;
    }
    return name.n > 0;
}

int s3_locate(struct s3 *s, struct arena *a, str endpoint_url, bool virtual_style, struct err *e)
{
    str url = endpoint_url;
    if (!url.n) {
        url = arena_printf(a, "https://s3." STR_FMT ".amazonaws.com", STR_ARG(s->key.region));
        /* A dot in the bucket's name would not match the certificate. */
        virtual_style = str_find_char(s->bucket, '.') < 0;
    }
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    if (!is_endpoint(url))
        return err_set(e, ERR_INVALID, NULL, "Invalid endpoint URL");
    if (virtual_style && !is_label(s->bucket))
        return err_set(e, ERR_INVALID, NULL, "Invalid bucket name");
    s->endpoint = url;
    s->virtual_style = virtual_style;
    return 0;
}

int s3_configure(struct s3 *s, struct arena *a, const struct json *config, struct err *e)
{
    const struct json *style = json_get(config, "use_virtual_style_addressing");
    *s = (struct s3){ .bucket = json_get_text(config, "bucket_name") };
    s->key = (struct sigv4_key){ .id = json_get_text(config, "aws_access_key_id"),
                                 .secret = json_get_text(config, "aws_secret_access_key"),
                                 .region = json_get_text(config, "region") };
    return s3_locate(s, a, json_get_text(config, "endpoint_url"), style && style->boolean, e);
}

static str host_of(const struct s3 *s, struct arena *a, str *scheme)
{
    str rest = s->endpoint;
    *scheme = str_slice(rest, 0, (size_t)str_find(rest, STR("://")));
    rest = str_slice(rest, scheme->n + 3, rest.n);
    return s->virtual_style
               ? arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(s->bucket), STR_ARG(rest))
               : rest;
}

#define HEADERS_MAX 12

static void add_headers(struct outgoing_header *out, const struct outgoing_header *more)
{
    size_t n = 0;
    while (out[n].name)
        n++;
    for (; more && more->name; more++) {
        BUG_ON(n + 1 >= HEADERS_MAX);
        out[n++] = *more;
    }
}

int s3_send(const struct s3 *s, struct arena *a, const struct s3_request *request,
            struct outgoing_answer *out, struct err *e)
{
    char hash[65];
    str scheme, date, key = request->key;
    str place = s->virtual_style ? key : arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(s->bucket),
                                                      key.p ? "/" : "", STR_ARG(key));
    struct sigv4_request q = { .method = request->method, .host = host_of(s, a, &scheme),
                               .query = request->query, .more = request->headers };
    struct outgoing_header headers[HEADERS_MAX] = { 0 };
    str encoded = outgoing_escape(a, place, true);
    q.path = arena_printf(a, "/" STR_FMT, STR_ARG(encoded));
    sha256_hex(request->body.p ? request->body : STR(""), hash);
    q.body_hash = (str){ hash, 64 };
    /* The machine's clock: the other side's is not shifted. */
    str signature = sigv4_sign(a, &s->key, &q, clock_real_us(), &date);
    const struct outgoing_header ours[] = {
        { "Authorization", signature },
        { "x-amz-date", date },
        { "x-amz-content-sha256", q.body_hash },
        { s->key.session_token.p ? "x-amz-security-token" : NULL, s->key.session_token },
        { 0 },
    };
    add_headers(headers, ours);
    add_headers(headers, request->headers);
    add_headers(headers, request->unsigned_headers);
    struct outgoing_request http = {
        .method = request->method,
        .url = arena_printf(a, STR_FMT "://" STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(scheme),
                            STR_ARG(q.host), STR_ARG(q.path), q.query.n ? "?" : "",
                            STR_ARG(q.query)).p,
        .headers = headers,
        .body = request->body,
        .answer_max = request->answer_max ? request->answer_max : LIMIT_DESTINATION_ANSWER,
        .seconds = request->seconds ? request->seconds : SECONDS,
        .want = "ETag",
        .gone = s->gone,
        .gone_context = s->gone_context,
    };
    return outgoing_run(s->outgoing, a, &http, out, e);
}

int s3_call(const struct s3 *s, struct arena *a, const char *method, str key, str body,
            struct outgoing_answer *out, struct err *e)
{
    struct s3_request q = { .method = method, .key = key, .body = body };
    return s3_send(s, a, &q, out, e);
}

str s3_element(struct arena *a, str xml, const char *name)
{
    str open = arena_printf(a, "<%s>", name), close = arena_printf(a, "</%s>", name);
    ptrdiff_t at = str_find(xml, open);
    if (at < 0)
        return STR_NULL;
    str rest = str_slice(xml, (size_t)at + open.n, xml.n);
    ptrdiff_t n = str_find(rest, close);
    return n < 0 ? STR_NULL : str_utf8_prefix(str_slice(rest, 0, (size_t)n), 500);
}

str s3_error(struct arena *a, const struct outgoing_answer *answer)
{
    bool text = str_utf8_valid(answer->body);
    str code = text ? s3_element(a, answer->body, "Code") : STR_NULL;
    str message = text ? s3_element(a, answer->body, "Message") : STR_NULL;
    if (!code.n)
        return arena_printf(a, "status %ld", answer->status);
    return arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(code), STR_ARG(message));
}
