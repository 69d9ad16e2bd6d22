/* verify.c - see verify.h. */
#include "export/verify.h"

#include <openssl/evp.h>
#include <stdio.h>

struct sum {
    EVP_MD_CTX *sha;
    int64_t bytes;
};

static int add(void *context, str piece, struct err *e)
{
    struct sum *s = context;
    (void)e;
    EVP_DigestUpdate(s->sha, piece.p, piece.n);
    s->bytes += (int64_t)piece.n;
    return 0;
}

static void compare(struct arena *a, const struct sum *s, const struct json *file,
                    struct export_check *out)
{
    unsigned char sha[EVP_MAX_MD_SIZE];
    char hex[65];
    unsigned n = 0;
    const struct json *bytes = json_get(file, "bytes");
    EVP_DigestFinal_ex(s->sha, sha, &n);
    for (unsigned i = 0; i < n && i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sha[i]);
    if (!bytes || s->bytes != bytes->i64)
        out->why = arena_printf(a, "it has %lld bytes, %lld were written", (long long)s->bytes,
                                (long long)(bytes ? bytes->i64 : 0));
    else if (!str_eqz(json_get_text(file, "sha256"), hex))
        out->why = STR("its bytes are not those that were written");
    else
        out->good = true;
}

int exporter_verify(struct exporter *x, const struct export_task *t, const struct json *file,
                    struct export_check *out, struct err *e)
{
    struct carrier c;
    exporter_carrier(x, t, &c);
    *out = (struct export_check){ .key = json_get_text(file, "key") };
    if (!t->destination->run || !t->destination->run->get)
        return err_set(e, ERR_INVALID, NULL, "What %s holds cannot be read back",
                       t->destination->type);
    struct sum s = { .sha = EVP_MD_CTX_new() };
    BUG_ON(!s.sha || !EVP_DigestInit_ex(s.sha, EVP_sha256(), NULL));
    int rc = t->destination->run->get(&c, out->key, add, &s, e);
    if (rc == 0)
        compare(c.arena, &s, file, out);
    EVP_MD_CTX_free(s.sha);
    if (rc != ERR_NOT_FOUND)
        return rc;
    out->why = STR("it is not there");
    return 0;
}
