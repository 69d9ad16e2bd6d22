/* azure.c - see azure.h. */
#include "export/azure.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"

#define VERSION "2021-08-06"
#define SECONDS 15
#define HASH 32

/* The value of a part of "Name=value;Name=value". */
static str part(str text, const char *name)
{
    for (str rest = text; rest.p;) {
        str value = str_trim(str_split(&rest, ';'));
        str key = str_split(&value, '=');
        if (value.p && str_eq_nocase(str_trim(key), str_of(name)))
            return value;
    }
    return STR_NULL;
}

int azure_connect(struct azure *z, struct arena *a, str connection_string, struct err *e)
{
    str key = part(connection_string, "AccountKey");
    str protocol = part(connection_string, "DefaultEndpointsProtocol");
    str suffix = part(connection_string, "EndpointSuffix");
    z->endpoint = part(connection_string, "BlobEndpoint");
    z->account = part(connection_string, "AccountName");
    if (!z->account.n || !key.n)
        return err_set(e, ERR_INVALID, NULL, "Invalid connection string format: AccountName and "
                                             "AccountKey are needed");
    if (sodium_base642bin(z->key, sizeof(z->key), key.p, key.n, NULL, &z->key_n, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return err_set(e, ERR_INVALID, NULL, "Invalid connection string: the AccountKey is not "
                                             "base64");
    if (!z->endpoint.n)
        z->endpoint = arena_printf(a, STR_FMT "://" STR_FMT ".blob." STR_FMT,
                                   STR_ARG(protocol.n ? protocol : STR("https")),
                                   STR_ARG(z->account),
                                   STR_ARG(suffix.n ? suffix : STR("core.windows.net")));
    while (z->endpoint.n && z->endpoint.p[z->endpoint.n - 1] == '/')
        z->endpoint.n--;
    if (!str_starts(z->endpoint, STR("https://")) && !str_starts(z->endpoint, STR("http://")))
        return err_set(e, ERR_INVALID, NULL, "Invalid connection string: the BlobEndpoint is no "
                                             "URL");
    return 0;
}

/* The path of a URL, "" when it has none. */
static str path_of(str url)
{
    str rest = str_slice(url, (size_t)str_find(url, STR("://")) + 3, url.n);
    ptrdiff_t at = str_find_char(rest, '/');
    return at < 0 ? STR("") : str_slice(rest, (size_t)at, rest.n);
}

/* Authorization by the account's key (Shared Key, for the Blob service). */
static str sign(const struct azure *z, struct arena *a, const struct azure_request *q, str path,
                str date)
{
    unsigned char hash[HASH];
    unsigned n = HASH;
    size_t room = sodium_base64_ENCODED_LEN(HASH, sodium_base64_VARIANT_ORIGINAL);
    str length = q->body.n ? arena_printf(a, "%zu", q->body.n) : STR("");
    str resource = arena_printf(a, "/" STR_FMT STR_FMT STR_FMT STR_FMT, STR_ARG(z->account),
                                STR_ARG(path_of(z->endpoint)), STR_ARG(path), STR_ARG(q->signed_query));
    str range = q->range.n ? arena_printf(a, "x-ms-range:" STR_FMT "\n", STR_ARG(q->range)) : STR("");
    str text = arena_printf(a, "%s\n\n\n" STR_FMT "\n\n%s\n\n\n\n\n\n\n%sx-ms-date:" STR_FMT "\n" STR_FMT
                               "x-ms-version:" VERSION "\n" STR_FMT,
                            q->method, STR_ARG(length), q->body.p ? "application/octet-stream" : "",
                            q->whole ? "x-ms-blob-type:BlockBlob\n" : "", STR_ARG(date),
                            STR_ARG(range), STR_ARG(resource));
    BUG_ON(!HMAC(EVP_sha256(), z->key, (int)z->key_n, (const unsigned char *)text.p, text.n, hash,
                 &n));
    char *code = arena_alloc(a, room);
    sodium_bin2base64(code, room, hash, HASH, sodium_base64_VARIANT_ORIGINAL);
    return arena_printf(a, "SharedKey " STR_FMT ":%s", STR_ARG(z->account), code);
}

int azure_send(const struct azure *z, struct arena *a, const struct azure_request *request,
               struct outgoing_answer *out, struct err *e)
{
    char date[64];
    time_t now = (time_t)(clock_real_us() / CLOCK_SECOND);
    struct tm tm;
    BUG_ON(!gmtime_r(&now, &tm));
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    str encoded = outgoing_escape(a, request->path, true), range = request->range;
    struct outgoing_header headers[8] = {
        { "Authorization", sign(z, a, request, encoded, str_of(date)) },
        { "x-ms-date", str_of(date) },
        { "x-ms-version", STR(VERSION) },
    };
    size_t n = 3;
    if (request->body.p)
        headers[n++] = (struct outgoing_header){ "Content-Type", STR("application/octet-stream") };
    if (request->whole)
        headers[n++] = (struct outgoing_header){ "x-ms-blob-type", STR("BlockBlob") };
    if (range.n)
        headers[n++] = (struct outgoing_header){ "x-ms-range", range };
    struct outgoing_request q = {
        .method = request->method,
        .url = arena_printf(a, STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(z->endpoint), STR_ARG(encoded),
                            request->query.n ? "?" : "", STR_ARG(request->query)).p,
        .headers = headers,
        .body = request->body,
        .answer_max = request->answer_max ? request->answer_max : LIMIT_DESTINATION_ANSWER,
        .seconds = request->seconds ? request->seconds : SECONDS,
        .gone = z->gone,
        .gone_context = z->gone_context,
    };
    return outgoing_run(z->outgoing, a, &q, out, e);
}

int azure_call(const struct azure *z, struct arena *a, const char *method, str path,
               bool container, str body, struct outgoing_answer *out, struct err *e)
{
    struct azure_request q = { .method = method, .path = path, .body = body, .whole = body.p };
    if (container) {
        q.query = STR("restype=container");
        q.signed_query = STR("\nrestype:container");
    }
    return azure_send(z, a, &q, out, e);
}
