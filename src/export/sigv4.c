/* sigv4.c - see sigv4.h. */
#include "export/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <time.h>

#include "base/clock.h"
#include "base/uuid.h"

#define HASH 32

static void mac(const unsigned char *key, size_t key_n, str text, unsigned char out[HASH])
{
    unsigned n = HASH;
    BUG_ON(!HMAC(EVP_sha256(), key, (int)key_n, (const unsigned char *)text.p, text.n, out, &n));
}

/* The day's key for the region's S3. */
static void signing_key(struct arena *a, const struct sigv4_key *k, str day, unsigned char out[HASH])
{
    str first = arena_printf(a, "AWS4" STR_FMT, STR_ARG(k->secret));
    mac((const unsigned char *)first.p, first.n, day, out);
    mac(out, HASH, k->region, out);
    mac(out, HASH, STR("s3"), out);
    mac(out, HASH, STR("aws4_request"), out);
}

static str canonical(struct arena *a, const struct sigv4_key *k, const struct sigv4_request *q,
                     str date, str names)
{
    str token = k->session_token.p
                    ? arena_printf(a, "x-amz-security-token:" STR_FMT "\n",
                                   STR_ARG(k->session_token))
                    : STR("");
    for (const struct outgoing_header *h = q->more; h && h->name; h++)
        token = arena_printf(a, STR_FMT "%s:" STR_FMT "\n", STR_ARG(token), h->name,
                             STR_ARG(h->value));
    return arena_printf(a,
                        "%s\n" STR_FMT "\n" STR_FMT "\nhost:" STR_FMT
                        "\nx-amz-content-sha256:" STR_FMT "\nx-amz-date:" STR_FMT "\n" STR_FMT
                        "\n" STR_FMT "\n" STR_FMT,
                        q->method, STR_ARG(q->path), STR_ARG(q->query), STR_ARG(q->host),
                        STR_ARG(q->body_hash), STR_ARG(date), STR_ARG(token), STR_ARG(names),
                        STR_ARG(q->body_hash));
}

str sigv4_sign(struct arena *a, const struct sigv4_key *k, const struct sigv4_request *q,
               int64_t now, str *date)
{
    time_t seconds = (time_t)(now / CLOCK_SECOND);
    struct tm tm;
    char text[32], hash[65];
    unsigned char key[HASH], signature[HASH];
    str names = k->session_token.p
                    ? STR("host;x-amz-content-sha256;x-amz-date;x-amz-security-token")
                    : STR("host;x-amz-content-sha256;x-amz-date");
    for (const struct outgoing_header *h = q->more; h && h->name; h++)
        names = arena_printf(a, STR_FMT ";%s", STR_ARG(names), h->name);
    BUG_ON(!gmtime_r(&seconds, &tm));
    strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &tm);
    *date = arena_str(a, str_of(text));
    str day = str_slice(*date, 0, 8);
    str scope = arena_printf(a, STR_FMT "/" STR_FMT "/s3/aws4_request", STR_ARG(day),
                             STR_ARG(k->region));
    sha256_hex(canonical(a, k, q, *date, names), hash);
    str to_sign = arena_printf(a, "AWS4-HMAC-SHA256\n" STR_FMT "\n" STR_FMT "\n%s", STR_ARG(*date),
                               STR_ARG(scope), hash);
    signing_key(a, k, day, key);
    mac(key, HASH, to_sign, signature);
    char *hex = arena_alloc(a, HASH * 2 + 1);
    sodium_bin2hex(hex, HASH * 2 + 1, signature, HASH);
    return arena_printf(a,
                        "AWS4-HMAC-SHA256 Credential=" STR_FMT "/" STR_FMT
                        ", SignedHeaders=" STR_FMT ", Signature=%s",
                        STR_ARG(k->id), STR_ARG(scope), STR_ARG(names), hex);
}
