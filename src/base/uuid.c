/* uuid.c - see uuid.h. */
#include "base/uuid.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/clock.h"

void rand_bytes(void *p, size_t n)
{
    for (char *at = p; n;) {
        ssize_t got = getrandom(at, n < 256 ? n : 256, 0);
        BUG_ON(got <= 0);
        at += got;
        n -= (size_t)got;
    }
}

void rand_token(char *out, size_t n)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < n;) {
        unsigned char c;
        rand_bytes(&c, 1);
        if (c < 248) /* 4 * 62: no letter is likelier than another */
            out[i++] = set[c % 62];
    }
    out[n] = '\0';
}

static void stamp(struct uuid *u, int version)
{
    u->b[6] = (unsigned char)((u->b[6] & 0x0F) | version << 4);
    u->b[8] = (unsigned char)((u->b[8] & 0x3F) | 0x80);
}

struct uuid uuid_v4(void)
{
    struct uuid u;
    rand_bytes(u.b, sizeof(u.b));
    stamp(&u, 4);
    return u;
}

struct uuid uuid_v7(void)
{
    struct uuid u = uuid_v4();
    uint64_t ms = (uint64_t)(clock_now_us() / 1000);
    for (int i = 0; i < 6; i++)
        u.b[i] = (unsigned char)(ms >> (40 - 8 * i));
    stamp(&u, 7);
    return u;
}

static void digest(const EVP_MD *md, str a, str b, unsigned char *out)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    BUG_ON(!c || !EVP_DigestInit_ex(c, md, NULL) || !EVP_DigestUpdate(c, a.p, a.n) ||
           !EVP_DigestUpdate(c, b.p, b.n) || !EVP_DigestFinal_ex(c, out, NULL));
    EVP_MD_CTX_free(c);
}

struct uuid uuid_v5(struct uuid space, str name)
{
    unsigned char sha[20];
    struct uuid u;
    digest(EVP_sha1(), (str){ (const char *)space.b, 16 }, name, sha);
    memcpy(u.b, sha, 16);
    stamp(&u, 5);
    return u;
}

void uuid_text(struct uuid u, char out[UUID_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    char *to = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = hex[u.b[i] >> 4];
        *to++ = hex[u.b[i] & 15];
    }
    *to = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uuid_parse(str s, struct uuid *out)
{
    struct uuid u = { { 0 } };
    if (s.n == 38 && s.p[0] == '{' && s.p[37] == '}')
        s = str_slice(s, 1, 37);
    bool hyphens = s.n == 36;
    if (!hyphens && s.n != 32)
        return false;
    size_t digit = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (hyphens && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (s.p[i] != '-')
                return false;
            continue;
        }
        int v = hex_value(s.p[i]);
        if (v < 0)
            return false;
        u.b[digit / 2] = (unsigned char)(u.b[digit / 2] | v << (digit % 2 ? 0 : 4));
        digit++;
    }
    *out = u;
    return true;
}

void sha256_hex(str s, char out[65])
{
    unsigned char sha[32];
    digest(EVP_sha256(), s, STR_NULL, sha);
    for (int i = 0; i < 32; i++) {
        out[2 * i] = "0123456789abcdef"[sha[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[sha[i] & 15];
    }
    out[64] = '\0';
}
