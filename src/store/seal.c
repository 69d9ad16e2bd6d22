/* seal.c - see seal.h. */
#include "store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/uuid.h"

#define EXTRA (crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)

struct seal {
    unsigned char key[crypto_secretbox_KEYBYTES];
};

/* Written beside and linked into place: whole or not there, and never in place of another. */
static int make_key(const char *path, struct err *e)
{
    unsigned char key[crypto_secretbox_KEYBYTES];
    _cleanup_(arena_freep) struct arena *a = arena_new();
    char id[UUID_TEXT];
    uuid_text(uuid_v4(), id);
    const char *beside = arena_printf(a, "%s.%s", path, id).p;
    rand_bytes(key, sizeof(key));
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, key, sizeof(key)) == (ssize_t)sizeof(key) && fsync(fd) == 0;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    ok = ok && (link(beside, path) == 0 || errno == EEXIST);
    int failed = errno;
    unlink(beside);
    sodium_memzero(key, sizeof(key));
    return ok ? 0 : err_internal(e, "cannot make the key file %s: %s", path, strerror(failed));
}

static int read_key(const char *path, struct seal *s, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return make_key(path, e) < 0 ? -1 : 0;
    if (fd < 0)
        return err_internal(e, "cannot read the key file %s: %s", path, strerror(errno));
    bool known = fstat(fd, &st) == 0;
    bool open_to_others = known && st.st_mode & 077;
    bool whole = known && st.st_size == (off_t)sizeof(s->key) &&
                 read(fd, s->key, sizeof(s->key)) == (ssize_t)sizeof(s->key);
    close(fd);
    if (open_to_others)
        return err_internal(e, "the key file %s can be read by others: chmod 600 it", path);
    return whole ? 1 : err_internal(e, "the key file %s is damaged", path);
}

int seal_open(const char *path, struct seal **out, struct err *e)
{
    struct seal *s = calloc(1, sizeof(*s));
    BUG_ON(!s);
    int rc = read_key(path, s, e);
    if (rc == 0)
        rc = read_key(path, s, e);
    if (rc <= 0) {
        seal_free(s);
        return rc < 0 ? rc : err_internal(e, "cannot read the key file %s", path);
    }
    *out = s;
    return 0;
}

void seal_free(struct seal *s)
{
    if (s)
        sodium_memzero(s->key, sizeof(s->key));
    free(s);
}

str seal_text(const struct seal *s, struct arena *a, str text)
{
    unsigned char *out = arena_alloc(a, text.n + EXTRA);
    rand_bytes(out, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, (const unsigned char *)text.p, text.n,
                          out, s->key);
    return (str){ (const char *)out, text.n + EXTRA };
}

int seal_read(const struct seal *s, struct arena *a, str sealed, str *text, struct err *e)
{
    const unsigned char *p = (const unsigned char *)sealed.p;
    if (sealed.n >= EXTRA) {
        unsigned char *out = arena_alloc(a, sealed.n - EXTRA + 1);
        if (crypto_secretbox_open_easy(out, p + crypto_secretbox_NONCEBYTES,
                                       sealed.n - crypto_secretbox_NONCEBYTES, p, s->key) == 0) {
            *text = (str){ (const char *)out, sealed.n - EXTRA };
            return 0;
        }
    }
    return err_internal(e, "a sealed secret cannot be opened with the key of this folder");
}

void seal_sign(const struct seal *s, str text, unsigned char out[SEAL_SIGNATURE])
{
    unsigned char key[crypto_auth_hmacsha256_KEYBYTES];
    _Static_assert(sizeof(s->key) == crypto_kdf_KEYBYTES, "a folder's key is a master key");
    _Static_assert(SEAL_SIGNATURE == crypto_auth_hmacsha256_BYTES, "the size of HMAC-SHA256");
    crypto_kdf_derive_from_key(key, sizeof(key), 1, "sealsign", s->key);
    crypto_auth_hmacsha256(out, (const unsigned char *)text.p, text.n, key);
    sodium_memzero(key, sizeof(key));
}
