/* spool.c - see spool.h. */
#include "export/spool.h"

#include <brotli/encode.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"

#define OUT (256u << 10)
#define GZIP_LEVEL 3 /* beyond, time grows faster than files shrink */
#define BROTLI_QUALITY 4

struct spool {
    char *dir;
    int fd; /* one for all files, one behind the other; -1: not yet */
    enum spool_codec codec;
    int64_t max;
    struct spool_file *files;
    size_t n;
    bool open; /* the last file is being written */
    z_stream gzip;
    BrotliEncoderState *brotli;
    EVP_MD_CTX *sha;
    struct buf plain; /* collected, not handed to the codec */
    unsigned char *out;
};

struct spool *spool_new(const char *dir, enum spool_codec codec, int64_t max)
{
    struct spool *s = calloc(1, sizeof(*s));
    BUG_ON(!s);
    s->dir = strdup(dir);
    s->out = malloc(OUT);
    BUG_ON(!s->dir || !s->out);
    s->fd = -1;
    s->codec = codec;
    s->max = max;
    s->plain = BUF_INIT(2 * OUT);
    return s;
}

static void end_codec(struct spool *s)
{
    if (s->codec == SPOOL_GZIP)
        deflateEnd(&s->gzip);
    if (s->brotli)
        BrotliEncoderDestroyInstance(s->brotli);
    s->brotli = NULL;
    EVP_MD_CTX_free(s->sha);
    s->sha = NULL;
}

void spool_free(struct spool *s)
{
    if (!s)
        return;
    if (s->open)
        end_codec(s);
    if (s->fd >= 0)
        close(s->fd);
    buf_release(&s->plain);
    free(s->files);
    free(s->out);
    free(s->dir);
    free(s);
}

static int disk(struct err *e)
{
    err_set(e, ERR_UNAVAILABLE, NULL, "The server's disk does not take the rows of an export");
    snprintf(e->detail, sizeof(e->detail), "%s", strerror(errno));
    return e->kind;
}

/* -------------------------------------------------------------------------- writing */

static int nameless(const char *dir)
{
    char path[4096];
    mkdir(dir, 0700);
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    snprintf(path, sizeof(path), "%s/XXXXXX", dir);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static int begin(struct spool *s, struct err *e)
{
    if (s->fd < 0 && (s->fd = nameless(s->dir)) < 0)
        return disk(e);
    const struct spool_file *last = s->n ? &s->files[s->n - 1] : NULL;
    int64_t page = sysconf(_SC_PAGESIZE);
    int64_t at = last ? (last->at + last->bytes + page - 1) / page * page : 0;
    s->files = realloc(s->files, (s->n + 1) * sizeof(*s->files));
    BUG_ON(!s->files);
    s->files[s->n++] = (struct spool_file){ .fd = s->fd, .at = at };
    s->open = true;
    s->sha = EVP_MD_CTX_new();
    BUG_ON(!s->sha || !EVP_DigestInit_ex(s->sha, EVP_sha256(), NULL));
    if (s->codec == SPOOL_GZIP) {
        s->gzip = (z_stream){ 0 };
        BUG_ON(deflateInit2(&s->gzip, GZIP_LEVEL, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK);
    } else if (s->codec == SPOOL_BROTLI) {
        s->brotli = BrotliEncoderCreateInstance(NULL, NULL, NULL);
        BUG_ON(!s->brotli);
        BrotliEncoderSetParameter(s->brotli, BROTLI_PARAM_QUALITY, BROTLI_QUALITY);
    }
    return 0;
}

static int write_out(struct spool *s, const void *p, size_t n, struct err *e)
{
    struct spool_file *f = &s->files[s->n - 1];
    EVP_DigestUpdate(s->sha, p, n);
    for (const char *at = p; n;) {
        ssize_t wrote = pwrite(f->fd, at, n, f->at + f->bytes);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return disk(e);
        at += wrote;
        f->bytes += wrote;
        n -= (size_t)wrote;
    }
    return 0;
}

static int gzip(struct spool *s, str piece, bool last, struct err *e)
{
    int rc = 0, state;
    s->gzip.next_in = (unsigned char *)piece.p;
    s->gzip.avail_in = (unsigned)piece.n;
    do {
        s->gzip.next_out = s->out;
        s->gzip.avail_out = OUT;
        state = deflate(&s->gzip, last ? Z_FINISH : Z_NO_FLUSH);
        BUG_ON(state == Z_STREAM_ERROR);
        rc = write_out(s, s->out, OUT - s->gzip.avail_out, e);
    } while (rc == 0 && (last ? state != Z_STREAM_END : s->gzip.avail_in > 0));
    return rc;
}

static int brotli(struct spool *s, str piece, bool last, struct err *e)
{
    const uint8_t *in = (const uint8_t *)piece.p;
    size_t left = piece.n;
    int rc = 0;
    do {
        uint8_t *out = s->out;
        size_t room = OUT;
        BUG_ON(!BrotliEncoderCompressStream(
            s->brotli, last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS, &left, &in, &room,
            &out, NULL));
        rc = write_out(s, s->out, OUT - room, e);
    } while (rc == 0 && (left || BrotliEncoderHasMoreOutput(s->brotli) ||
                         (last && !BrotliEncoderIsFinished(s->brotli))));
    return rc;
}

static int pack(struct spool *s, str piece, bool last, struct err *e)
{
    if (s->codec == SPOOL_GZIP)
        return gzip(s, piece, last, e);
    if (s->codec == SPOOL_BROTLI)
        return brotli(s, piece, last, e);
    return write_out(s, piece.p, piece.n, e);
}

/* Hands on what was collected. */
static int flush(struct spool *s, bool last, struct err *e)
{
    int rc = pack(s, buf_view(&s->plain), last, e);
    buf_reset(&s->plain);
    return rc;
}

int spool_add(struct spool *s, str piece, int64_t rows, struct err *e)
{
    int rc = s->open ? 0 : begin(s, e);
    if (rc == 0 && s->plain.n + piece.n > OUT)
        rc = flush(s, false, e);
    if (rc < 0)
        return rc;
    if (piece.n > OUT)
        rc = pack(s, piece, false, e);
    else
        buf_str(&s->plain, piece);
    s->files[s->n - 1].rows += rows;
    if (rc == 0 && s->max && s->files[s->n - 1].bytes >= s->max)
        rc = spool_cut(s, e);
    return rc;
}

int spool_cut(struct spool *s, struct err *e)
{
    unsigned char sha[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!s->open)
        return 0;
    int rc = flush(s, true, e);
    EVP_DigestFinal_ex(s->sha, sha, &n);
    for (unsigned i = 0; i < n && i < 32; i++)
        snprintf(s->files[s->n - 1].sha256 + 2 * i, 3, "%02x", sha[i]);
    end_codec(s);
    s->open = false;
    return rc;
}

const struct spool_file *spool_files(const struct spool *s, size_t *n)
{
    *n = s->n;
    return s->files;
}

int64_t spool_written(const struct spool *s)
{
    return s->open ? s->files[s->n - 1].bytes : 0;
}

void spool_set_rows(struct spool *s, size_t file, int64_t rows)
{
    s->files[file].rows = rows;
}

/* -------------------------------------------------------------------------- reading */

int spool_map(const struct spool_file *f, int64_t from, int64_t n, str *out, struct err *e)
{
    if (!n) {
        *out = STR("");
        return 0;
    }
    void *p = mmap(NULL, (size_t)n, PROT_READ, MAP_SHARED, f->fd, f->at + from);
    if (p == MAP_FAILED)
        return disk(e);
    *out = (str){ p, (size_t)n };
    return 0;
}

void spool_passed(str part)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), from = ((size_t)part.p + page - 1) / page * page;
    size_t to = (size_t)(part.p + part.n) / page * page;
    if (to > from)
        madvise((void *)from, to - from, MADV_DONTNEED);
}

void spool_unmap(str mapped)
{
    if (mapped.n)
        munmap((void *)mapped.p, mapped.n);
}
