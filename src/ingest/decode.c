/* decode.c - see decode.h. */
#include "ingest/decode.h"

#include <brotli/decode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "ingest/lz64.h"

#define CHUNK 65536
#define SNIFF 128 /* bytes that decide what a payload looks like */

enum hint { HINT_NONE, HINT_GZIP, HINT_LZ64, HINT_BASE64 };

/* base64 */

static int digit_of(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Standard or URL alphabet; a blank counts as '+' when blanks may have come from a form. */
static bool base64_like(str s, bool blanks)
{
    size_t n = s.n < SNIFF ? s.n : SNIFF;
    if (n < 4)
        return false;
    for (size_t i = 0; i < n; i++)
        if (digit_of((unsigned char)s.p[i]) < 0 && s.p[i] != '=' && !(blanks && s.p[i] == ' '))
            return false;
    return true;
}

static bool base64_decode(struct arena *a, str s, str *out)
{
    while (s.n && s.p[s.n - 1] == '=')
        s.n--;
    if (s.n % 4 == 1)
        return false;
    char *to = arena_alloc(a, s.n / 4 * 3 + 3);
    size_t n = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        int v = digit_of((unsigned char)s.p[i]);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4 == 0)
            continue;
        to[n++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xFF);
    }
    *out = (str){ to, n };
    return true;
}

/* Undoes a base64 layer when there seems to be one; otherwise s as it is. */
static str unwrap(struct arena *a, str s)
{
    str out, t = str_trim(s);
    if (t.n % 4 == 0 && base64_like(t, false) && base64_decode(a, t, &out))
        return out;
    return s;
}

/* Forms */

static bool form_like(str s)
{
    static const char *const names[] = { "data=", "_=", "ip=", "compression=" };
    str head = str_slice(s, 0, s.n < SNIFF ? s.n : SNIFF);
    while (head.p) {
        str part = str_split(&head, '&');
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            if (str_starts(part, str_of(names[i])))
                return true;
    }
    return false;
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static str percent_decode(struct arena *a, str s)
{
    char *to = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%' && i + 2 < s.n && hex_of(s.p[i + 1]) >= 0 && hex_of(s.p[i + 2]) >= 0) {
            c = (char)(hex_of(s.p[i + 1]) << 4 | hex_of(s.p[i + 2]));
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        to[n++] = c;
    }
    return (str){ to, n };
}

static str form_field(struct arena *a, str form, const char *name)
{
    while (form.p) {
        str value = str_split(&form, '&');
        str key = str_split(&value, '=');
        if (str_eqz(key, name) && value.p)
            return percent_decode(a, value);
    }
    return STR_NULL;
}

/* What a form or a query made of base64: the plus signs became blanks. */
static str restore_plus(struct arena *a, str s)
{
    if (str_find_char(s, ' ') < 0 || !base64_like(s, true))
        return s;
    char *to = arena_z(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (to[i] == ' ')
            to[i] = '+';
    return (str){ to, s.n };
}

static enum hint hint_of(str name)
{
    static const struct {
        const char *name;
        enum hint hint;
    } rows[] = {
        { "gzip", HINT_GZIP },       { "gzip-js", HINT_GZIP },  { "lz64", HINT_LZ64 },
        { "lz-string", HINT_LZ64 }, { "base64", HINT_BASE64 }, { "b64", HINT_BASE64 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq_nocase(str_trim(name), str_of(rows[i].name)))
            return rows[i].hint;
    return HINT_NONE;
}

/* Decompression. Each returns 0, ERR_TOO_LARGE or ERR_INVALID (bare, for the caller to dress). */

static int inflate_all(struct buf *to, size_t max, str in, int window)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n };
    if (inflateInit2(&z, window) != Z_OK)
        return ERR_INVALID;
    int rc = Z_OK;
    while (rc == Z_OK && to->n <= max) {
        char *room = buf_room(to, CHUNK);
        if (!room)
            break;
        z.next_out = (Bytef *)room;
        z.avail_out = CHUNK;
        rc = inflate(&z, Z_NO_FLUSH);
        to->n += CHUNK - z.avail_out;
    }
    inflateEnd(&z);
    if (to->n > max)
        return ERR_TOO_LARGE;
    return rc == Z_STREAM_END ? 0 : ERR_INVALID;
}

static int brotli_all(struct buf *to, size_t max, str in)
{
    BrotliDecoderState *s = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    BUG_ON(!s);
    const uint8_t *from = (const uint8_t *)in.p;
    size_t left = in.n;
    BrotliDecoderResult rc = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && to->n <= max) {
        uint8_t *room = (uint8_t *)buf_room(to, CHUNK);
        if (!room)
            break;
        size_t avail = CHUNK;
        rc = BrotliDecoderDecompressStream(s, &left, &from, &avail, &room, NULL);
        to->n += CHUNK - avail;
    }
    BrotliDecoderDestroyInstance(s);
    if (to->n > max)
        return ERR_TOO_LARGE;
    return rc == BROTLI_DECODER_RESULT_SUCCESS ? 0 : ERR_INVALID;
}

static int zstd_all(struct buf *to, size_t max, str body)
{
    ZSTD_DStream *s = ZSTD_createDStream();
    BUG_ON(!s);
    ZSTD_inBuffer in = { body.p, body.n, 0 };
    size_t rc = 1;
    bool stuck = false;
    while (rc != 0 && !ZSTD_isError(rc) && !stuck && to->n <= max) {
        ZSTD_outBuffer out = { buf_room(to, CHUNK), CHUNK, 0 };
        if (!out.dst)
            break;
        size_t was = in.pos;
        rc = ZSTD_decompressStream(s, &out, &in);
        to->n += ZSTD_isError(rc) ? 0 : out.pos;
        stuck = in.pos == was && out.pos == 0;
    }
    ZSTD_freeDStream(s);
    if (to->n > max)
        return ERR_TOO_LARGE;
    return rc == 0 ? 0 : ERR_INVALID;
}

static int decompress(struct arena *a, str in, char kind, size_t max, str *out)
{
    struct buf to = BUF_INIT(max + 2 * CHUNK);
    int rc;
    if (kind == 'b')
        rc = brotli_all(&to, max, in);
    else if (kind == 's')
        rc = zstd_all(&to, max, in);
    else if (kind == 'g')
        rc = inflate_all(&to, max, in, MAX_WBITS + 16);
    else
        rc = inflate_all(&to, max, in, in.n && in.p[0] == 0x78 ? MAX_WBITS : -MAX_WBITS);
    if (rc) {
        buf_release(&to);
        return rc;
    }
    *out = buf_view(&to);
    if (to.p)
        arena_defer(a, free, to.p);
    return 0;
}

static bool is_gzip(str s)
{
    return str_starts(s, STR("\x1f\x8b\x08"));
}

static int gunzip(struct arena *a, str in, str *out, struct err *e)
{
    int rc = decompress(a, in, 'g', LIMIT_INFLATED, out);
    if (rc == ERR_TOO_LARGE)
        return err_set(e, ERR_TOO_LARGE, NULL, "maximum event size exceeded: decompressed payload");
    return rc ? err_set(e, ERR_INVALID, NULL, "failed to decode request: invalid gzip data") : 0;
}

/* Version 0 */

struct payload {
    str text;
    enum hint hint;
};

static int take_form(struct arena *a, struct payload *p, struct err *e)
{
    str form = p->text;
    if (!form_like(form))
        return err_set(e, ERR_INVALID, NULL, "expected form data in POST request payload");
    str data = form_field(a, form, "data");
    if (!data.n)
        return err_set(e, ERR_INVALID, NULL, "request missing data payload");
    if (p->hint == HINT_NONE)
        p->hint = hint_of(form_field(a, form, "compression"));
    p->text = restore_plus(a, data);
    return 0;
}

static int take_source(struct arena *a, const struct capture_raw *in, struct payload *p,
                       struct err *e)
{
    bool query = in->data.n > 0;
    bool form = !query && str_eqz(in->content_type, "application/x-www-form-urlencoded");
    p->text = query ? restore_plus(a, in->data) : in->body;
    p->hint = hint_of(in->compression);
    if (!p->text.n)
        return err_set(e, ERR_INVALID, NULL, "request missing data payload");
    enum hint header = hint_of(in->content_encoding);
    bool lz = p->hint == HINT_LZ64 || (p->hint == HINT_NONE && header == HINT_LZ64);
    if (!lz && !form_like(p->text)) { /* LZ-String is base64 by itself */
        str was = p->text;
        p->text = unwrap(a, was);
        if (p->hint == HINT_BASE64 && p->text.p != was.p)
            p->hint = HINT_NONE;
        else if (p->text.p != was.p && header == HINT_BASE64)
            header = HINT_NONE;
    }
    if (form && take_form(a, p, e))
        return e->kind;
    if (p->hint == HINT_NONE)
        p->hint = header;
    return 0;
}

int capture_decode(struct arena *a, const struct capture_raw *in, str *json, struct err *e)
{
    struct payload p;
    int rc = take_source(a, in, &p, e);
    if (rc)
        return rc;
    if (p.hint == HINT_BASE64 && !is_gzip(p.text))
        p.text = unwrap(a, p.text);
    if (p.hint == HINT_LZ64 && !is_gzip(p.text))
        rc = lz64_decompress(a, str_trim(p.text), LIMIT_INFLATED, &p.text, e);
    else if (p.hint == HINT_GZIP && !is_gzip(p.text))
        p.text = unwrap(a, p.text);
    if (!rc && (is_gzip(p.text) || p.hint == HINT_GZIP))
        rc = gunzip(a, p.text, &p.text, e);
    if (rc)
        return rc;
    p.text = unwrap(a, p.text);
    if (is_gzip(p.text) && gunzip(a, p.text, &p.text, e))
        return e->kind;
    *json = p.text;
    return 0;
}

/* Version 1 */

static int v1_error(struct err *e, enum err_kind kind, const char *code, const char *text)
{
    err_set(e, kind, NULL, "%s", text);
    memcpy(e->code, code, strlen(code) + 1);
    return kind;
}

int capture_decode_v1(struct arena *a, str body, str encoding, str *json, struct err *e)
{
    static const struct {
        const char *name;
        char kind;
    } rows[] = { { "gzip", 'g' }, { "deflate", 'd' }, { "br", 'b' }, { "zstd", 's' } };
    encoding = str_trim(encoding);
    if (!body.n)
        return v1_error(e, ERR_INVALID, "empty_body", "request body is empty");
    if (!encoding.n || str_eq_nocase(encoding, STR("identity"))) {
        *json = body;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!str_eq_nocase(encoding, str_of(rows[i].name)))
            continue;
        int rc = decompress(a, body, rows[i].kind, LIMIT_INFLATED_V1, json);
        if (rc == ERR_TOO_LARGE)
            return v1_error(e, ERR_TOO_LARGE, "payload_too_large", "request body is too large");
        if (rc)
            return v1_error(e, ERR_INVALID, "request_decoding_error", "cannot decompress body");
        return 0;
    }
    return v1_error(e, ERR_MEDIA_TYPE, "unsupported_encoding", "unsupported Content-Encoding");
}
