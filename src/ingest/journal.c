/* journal.c - see journal.h. */
#include "ingest/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#define SEGMENT (16 << 20) /* bytes after which a new file begins; the last one is read at start */
#define SEGMENTS_MAX 4096
#define GROUP 256 /* records written at once */
#define MAGIC 0x6c6a6731u

/* On disk, little endian, before ip and body. crc covers everything after itself. */
struct header {
    uint32_t magic, crc;
    int64_t now, sent_at;
    uint32_t body_n;
    uint16_t ip_n;
    uint16_t kind;
};

struct segment {
    int64_t start;
    int fd;
};

struct journal {
    char dir[4096];
    int dir_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the queue, the segments' list, end, stopping */
    pthread_cond_t queued, grown;
    struct journal_entry *head, **tail;
    struct segment segments[SEGMENTS_MAX];
    size_t n; /* segments; the last one is written to */
    int64_t end;
    bool stopping;
    bool torn; /* bytes of unknown state stand behind the end; the writer's alone */
    atomic_bool failing; /* the last group could not be written */
};

/* -------------------------------------------------------------------------- files */

static int open_segment(struct journal *j, int64_t start, int flags)
{
    char name[32];
    snprintf(name, sizeof(name), "%016" PRIx64 ".log", start);
    return openat(j->dir_fd, name, flags | O_RDWR | O_CLOEXEC, 0600);
}

static void remove_segment(struct journal *j, struct segment s)
{
    char name[32];
    snprintf(name, sizeof(name), "%016" PRIx64 ".log", s.start);
    close(s.fd);
    if (unlinkat(j->dir_fd, name, 0))
        log_warn("cannot remove a journal file", "file", name, "error", strerror(errno));
}

static bool add_segment(struct journal *j, int64_t start)
{
    int fd = j->n < SEGMENTS_MAX ? open_segment(j, start, O_CREAT) : -1;
    if (fd >= 0 && fsync(j->dir_fd)) {
        int why = errno;
        remove_segment(j, (struct segment){ start, fd });
        errno = why;
        return false;
    }
    if (fd < 0)
        return false;
    pthread_mutex_lock(&j->lock);
    j->segments[j->n++] = (struct segment){ start, fd };
    pthread_mutex_unlock(&j->lock);
    return true;
}

static uint32_t crc_of(const struct header *h, str ip, str body)
{
    const size_t skip = offsetof(struct header, now);
    uLong crc = crc32_z(0, (const Bytef *)h + skip, sizeof(*h) - skip);
    crc = crc32_z(crc, (const Bytef *)ip.p, ip.n);
    return (uint32_t)crc32_z(crc, (const Bytef *)body.p, body.n);
}

static bool read_all(int fd, void *p, size_t n, int64_t at)
{
    while (n) {
        ssize_t got = pread(fd, p, n, at);
        if (got <= 0) {
            errno = got ? errno : ENODATA;
            return false;
        }
        p = (char *)p + got;
        n -= (size_t)got;
        at += got;
    }
    return true;
}

/* Reads the record at an offset of a file. Bytes it takes; 0: none, or not a whole one; -1: the file
 * cannot be read. */
static int64_t read_record(int fd, int64_t at, int64_t size, struct arena *a,
                           struct journal_record *out)
{
    struct header h;
    if (size - at < (int64_t)sizeof(h))
        return 0;
    if (!read_all(fd, &h, sizeof(h), at))
        return -1;
    if (h.magic != MAGIC || size - at - (int64_t)sizeof(h) < (int64_t)h.ip_n + h.body_n)
        return 0;
    char *p = arena_alloc(a, (size_t)h.ip_n + h.body_n + 1);
    if (!read_all(fd, p, (size_t)h.ip_n + h.body_n, at + (int64_t)sizeof(h)))
        return -1;
    *out = (struct journal_record){ h.now, h.sent_at, (enum journal_kind)h.kind,
                                    { p, h.ip_n }, { p + h.ip_n, h.body_n } };
    if (crc_of(&h, out->ip, out->body) != h.crc)
        return 0;
    return (int64_t)sizeof(h) + h.ip_n + h.body_n;
}

/* Where the next whole record begins, at `at` or behind it; `size` when there is none. A damaged
 * place is passed over this way. -1: the file cannot be read. */
static int64_t find_record(int fd, int64_t at, int64_t size)
{
    static const uint32_t magic = MAGIC;
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct journal_record ignored;
    char chunk[4096];
    while (at < size) {
        size_t n = size - at < (int64_t)sizeof(chunk) ? (size_t)(size - at) : sizeof(chunk);
        if (!read_all(fd, chunk, n, at))
            return -1;
        const char *hit = memmem(chunk, n, &magic, sizeof(magic));
        if (!hit) { /* its first bytes may be the chunk's last ones */
            at += n > sizeof(magic) ? (int64_t)(n - sizeof(magic) + 1) : (int64_t)n;
            continue;
        }
        at += hit - chunk;
        int64_t record = read_record(fd, at, size, a, &ignored);
        if (record)
            return record < 0 ? -1 : at;
        at++;
        arena_reset(a);
    }
    return size;
}

/* -------------------------------------------------------------------------- opening */

static int by_start(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static int list_segments(struct journal *j, struct err *e)
{
    DIR *d = opendir(j->dir);
    if (!d)
        return err_internal(e, "cannot read %s: %s", j->dir, strerror(errno));
    for (struct dirent *f; (f = readdir(d)) && j->n < SEGMENTS_MAX;) {
        int64_t start;
        char rest[8] = "";
        if (sscanf(f->d_name, "%16" SCNx64 "%7s", &start, rest) == 2 && strcmp(rest, ".log") == 0)
            j->segments[j->n++] = (struct segment){ start, open_segment(j, start, 0) };
        if (j->n && j->segments[j->n - 1].fd < 0) {
            closedir(d);
            return err_internal(e, "cannot open %s in %s: %s", f->d_name, j->dir, strerror(errno));
        }
    }
    closedir(d);
    qsort(j->segments, j->n, sizeof(j->segments[0]), by_start);
    return 0;
}

/* A file that was made, but could not be begun nor removed: the one before it grew on. */
static int drop_unused(struct journal *j, struct err *e)
{
    while (j->n > 1) {
        struct stat last, before;
        const struct segment *s = &j->segments[j->n - 1];
        if (fstat(s[0].fd, &last) || fstat(s[-1].fd, &before))
            return err_internal(e, "cannot read the journal: %s", strerror(errno));
        if (last.st_size || s[-1].start + before.st_size <= s[0].start)
            break;
        remove_segment(j, j->segments[--j->n]);
    }
    return 0;
}

/* The end of the last segment's last whole record; what follows was never acknowledged. */
static int cut_tail(struct journal *j, struct err *e)
{
    struct segment *s = &j->segments[j->n - 1];
    struct stat st;
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct journal_record ignored;
    int64_t at = 0, next = 0, n = 0;
    int rc = fstat(s->fd, &st);
    while (rc == 0 && next < st.st_size) {
        while ((n = read_record(s->fd, next, st.st_size, a, &ignored)) > 0) {
            at = next += n;
            arena_reset(a);
        }
        next = n < 0 ? -1 : find_record(s->fd, next, st.st_size);
        rc = next < 0 ? -1 : 0;
    }
    if (rc)
        return err_internal(e, "cannot read the journal: %s", strerror(errno));
    if (at < st.st_size) {
        char bytes[32];
        snprintf(bytes, sizeof(bytes), "%lld", (long long)(st.st_size - at));
        log_warn("the journal's torn end is cut off", "bytes", bytes);
        if (ftruncate(s->fd, at) || fsync(s->fd))
            return err_internal(e, "cannot cut the journal: %s", strerror(errno));
    }
    j->end = s->start + at;
    return 0;
}

static void *write_groups(void *cls);

int journal_open(const char *dir, struct journal **out, struct err *e)
{
    struct journal *j = calloc(1, sizeof(*j));
    pthread_condattr_t monotonic;
    BUG_ON(!j);
    snprintf(j->dir, sizeof(j->dir), "%s", dir);
    j->tail = &j->head;
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&j->queued, &monotonic);
    pthread_cond_init(&j->grown, &monotonic);
    if (mkdir(dir, 0700) && errno != EEXIST)
        return err_internal(e, "cannot make %s: %s", dir, strerror(errno));
    j->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = j->dir_fd < 0 ? err_internal(e, "cannot open %s: %s", dir, strerror(errno)) : 0;
    if (rc == 0)
        rc = list_segments(j, e);
    if (rc == 0 && !j->n && !add_segment(j, 0))
        rc = err_internal(e, "cannot write in %s: %s", dir, strerror(errno));
    if (rc == 0)
        rc = drop_unused(j, e);
    if (rc == 0)
        rc = cut_tail(j, e);
    if (rc < 0)
        return rc;
    BUG_ON(pthread_create(&j->thread, NULL, write_groups, j));
    *out = j;
    return 0;
}

void journal_close(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    pthread_cond_broadcast(&j->queued);
    pthread_cond_broadcast(&j->grown);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    for (size_t i = 0; i < j->n; i++)
        close(j->segments[i].fd);
    close(j->dir_fd);
    free(j);
}

/* -------------------------------------------------------------------------- writing */

void journal_append(struct journal *j, struct journal_entry *entry)
{
    entry->next = NULL;
    pthread_mutex_lock(&j->lock);
    *j->tail = entry;
    j->tail = &entry->next;
    pthread_cond_signal(&j->queued);
    pthread_mutex_unlock(&j->lock);
}

static bool write_all(int fd, struct iovec *v, int n, int64_t at)
{
    while (n) {
        ssize_t put = pwritev(fd, v, n, at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        for (; n && (size_t)put >= v->iov_len; v++, n--)
            put -= (ssize_t)v->iov_len;
        if (n) {
            v->iov_base = (char *)v->iov_base + put;
            v->iov_len -= (size_t)put;
        }
    }
    return true;
}

static void set_header(struct header *h, const struct journal_record *r)
{
    *h = (struct header){ MAGIC, 0, r->now, r->sent_at, (uint32_t)r->body.n, (uint16_t)r->ip.n,
                          (uint16_t)r->kind };
    h->crc = crc_of(h, r->ip, r->body);
}

static struct iovec part(const void *p, size_t n)
{
    return (struct iovec){ (void *)p, n };
}

/* What a failed write left behind goes before anything else is written there. */
static bool cut_back(struct journal *j)
{
    const struct segment *s = &j->segments[j->n - 1];
    if (j->torn && ftruncate(s->fd, j->end - s->start) == 0)
        j->torn = false;
    return !j->torn;
}

/* Writes up to GROUP entries with one fsync. Returns the first that was not written; *stored tells
 * how those before it fared. After a failure the file is cut back: nothing half stays; until that
 * succeeds, nothing is taken. */
static struct journal_entry *write_group(struct journal *j, struct journal_entry *list,
                                         bool *stored)
{
    static struct header headers[GROUP]; /* one writer thread */
    struct iovec v[GROUP * 3];
    struct journal_entry *entry = list;
    struct segment *s = &j->segments[j->n - 1];
    int64_t start = j->end, end = start;
    int n = 0;
    for (int i = 0; entry && i < GROUP; entry = entry->next, i++) {
        const struct journal_record *r = &entry->record;
        set_header(&headers[i], r);
        v[n++] = part(&headers[i], sizeof(headers[i]));
        v[n++] = part(r->ip.p, r->ip.n);
        v[n++] = part(r->body.p, r->body.n);
        end += (int64_t)(sizeof(headers[i]) + r->ip.n + r->body.n);
    }
    *stored = cut_back(j) && write_all(s->fd, v, n, start - s->start) && fdatasync(s->fd) == 0;
    atomic_store(&j->failing, !*stored);
    if (!*stored) {
        log_error("cannot write the journal", "error", strerror(errno));
        j->torn = true;
        (void)cut_back(j); /* at once, if it can be: the space may be what others lack */
        return entry;
    }
    pthread_mutex_lock(&j->lock);
    j->end = end;
    pthread_cond_broadcast(&j->grown);
    pthread_mutex_unlock(&j->lock);
    if (end - s->start > SEGMENT && !add_segment(j, end))
        log_warn("cannot begin a new journal file; the old one grows", "error", strerror(errno));
    return entry;
}

static void write_list(struct journal *j, struct journal_entry *list)
{
    while (list) {
        bool stored;
        struct journal_entry *rest = write_group(j, list, &stored);
        while (list != rest) {
            struct journal_entry *entry = list;
            list = list->next; /* the entry is gone after done */
            entry->done(entry->context, stored);
        }
    }
}

static void *write_groups(void *cls)
{
    struct journal *j = cls;
    pthread_mutex_lock(&j->lock);
    for (;;) {
        while (!j->head && !j->stopping)
            pthread_cond_wait(&j->queued, &j->lock);
        struct journal_entry *list = TAKE(j->head);
        j->tail = &j->head;
        if (!list)
            break;
        pthread_mutex_unlock(&j->lock);
        write_list(j, list);
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* -------------------------------------------------------------------------- reading */

bool journal_writes(struct journal *j)
{
    return !atomic_load(&j->failing);
}

int64_t journal_begin(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    int64_t begin = j->segments[0].start;
    pthread_mutex_unlock(&j->lock);
    return begin;
}

int64_t journal_end(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    int64_t end = j->end;
    pthread_mutex_unlock(&j->lock);
    return end;
}

bool journal_wait(struct journal *j, int64_t pos, int ms)
{
    int64_t until = clock_mono_us() + ms * 1000LL;
    struct timespec at = { until / CLOCK_SECOND, until % CLOCK_SECOND * 1000 };
    pthread_mutex_lock(&j->lock);
    while (j->end <= pos && !j->stopping &&
           pthread_cond_timedwait(&j->grown, &j->lock, &at) == 0)
        ;
    bool more = j->end > pos;
    pthread_mutex_unlock(&j->lock);
    return more;
}

/* The segment that holds pos, and where the durable part of it ends. */
static struct segment segment_of(struct journal *j, int64_t pos, int64_t *end)
{
    pthread_mutex_lock(&j->lock);
    size_t i = j->n - 1;
    while (i && j->segments[i].start > pos)
        i--;
    struct segment s = j->segments[i];
    *end = i + 1 < j->n ? j->segments[i + 1].start : j->end;
    pthread_mutex_unlock(&j->lock);
    return s;
}

int journal_read(struct journal *j, struct arena *a, int64_t *pos, struct journal_record *out,
                 struct err *e)
{
    for (;;) {
        int64_t end;
        struct segment s = segment_of(j, *pos, &end);
        if (*pos >= end)
            return 0;
        int64_t n = read_record(s.fd, *pos - s.start, end - s.start, a, out);
        int64_t next = n ? n : find_record(s.fd, *pos - s.start, end - s.start);
        if (n < 0 || next < 0)
            return err_internal(e, "cannot read the journal: %s", strerror(errno));
        if (n) {
            *pos += n;
            return 1;
        }
        char from[24], to[24];
        snprintf(from, sizeof(from), "%lld", (long long)*pos);
        *pos = s.start + next;
        snprintf(to, sizeof(to), "%lld", (long long)*pos);
        log_error("the journal is damaged; a part of it is passed over", "from", from, "to", to);
    }
}

void journal_forget(struct journal *j, int64_t pos)
{
    for (;;) {
        pthread_mutex_lock(&j->lock);
        bool gone = j->n > 1 && j->segments[1].start <= pos;
        struct segment s = j->segments[0];
        if (gone)
            memmove(&j->segments[0], &j->segments[1], --j->n * sizeof(j->segments[0]));
        pthread_mutex_unlock(&j->lock);
        if (!gone)
            return;
        remove_segment(j, s);
    }
}
