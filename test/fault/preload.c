/* preload.c - a library for LD_PRELOAD that makes a system call of `hoglet serve` fail, or kills the
 * process beside it.
 *
 * FAULT: "CALL PATH NTH ACTION", as in "write meta.db-wal 12 kill". CALL is write, pwritev,
 * fsync (of data alone too), ftruncate, create (an open that may make a file), unlinkat or send. PATH
 * is the end of the name of the file, or of the socket at the other end, "*" any. NTH counts from 1; "3+" is the third and all after it.
 * ACTION: kill instead of the call, after (kill when it was done), ENOSPC or EIO, or then (nothing).
 * After a semicolon another fault may follow: its counting begins when the one before was met. The
 * engine, a child with the same environment, is left alone. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct fault {
    bool onwards;
    char call[16], path[64], action[16];
    int nth;
    atomic_int seen;
};

static struct fault faults[4];
static atomic_int now, end; /* faults[now] is waited for; none when now == end */

static bool is_server(void)
{
    char command[256] = "";
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, command, sizeof(command) - 1);
    if (fd >= 0)
        close(fd);
    size_t name = strlen(command) + 1;
    return n > (ssize_t)name && strcmp(command + name, "serve") == 0;
}

__attribute__((constructor)) static void read_faults(void)
{
    const char *text = getenv("FAULT");
    while (text && is_server() && end < 4) {
        struct fault *f = &faults[end++];
        char nth[16];
        if (sscanf(text, " %15s %63s %15s %15[A-Za-z]", f->call, f->path, nth, f->action) != 4)
            abort(); /* a fault that is not understood must not look like one that does not matter */
        f->nth = (int)strtol(nth, NULL, 10);
        f->onwards = strchr(nth, '+') != NULL;
        text = strchr(text, ';');
        text += text != NULL;
    }
}

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), m = strlen(tail);
    return strcmp(tail, "*") == 0 || (n >= m && strcmp(name + n - m, tail) == 0);
}

static struct fault *awaited(const char *call)
{
    struct fault *f = now < end ? &faults[now] : NULL;
    return f && strcmp(call, f->call) == 0 ? f : NULL;
}

/* Is this the call? Then the process ends here, or errno is set for a failure. */
static bool meets(const char *call, const char *name)
{
    struct fault *f = awaited(call);
    if (!f || !ends_with(name, f->path))
        return false;
    int n = atomic_fetch_add(&f->seen, 1) + 1;
    if (n != f->nth && !(f->onwards && n > f->nth))
        return false;
    if (strcmp(f->action, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(f->action, "then") == 0) {
        now++;
        return false;
    }
    if (!f->onwards && strcmp(f->action, "after"))
        now++;
    errno = strcmp(f->action, "ENOSPC") == 0 ? ENOSPC : EIO;
    return true;
}

static bool meets_fd(const char *call, int fd)
{
    char link[64], name[4096];
    struct sockaddr_un peer = { 0 };
    socklen_t peer_n = sizeof(peer) - 1;
    if (!awaited(call))
        return false;
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_n) == 0)
        return peer.sun_family == AF_UNIX && meets(call, peer.sun_path);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, sizeof(name) - 1);
    name[n > 0 ? n : 0] = '\0';
    return meets(call, name);
}

static bool awaits_end(void)
{
    return now < end && strcmp(faults[now].action, "after") == 0;
}

static ssize_t end_after(ssize_t rc)
{
    (void)rc;
    raise(SIGKILL);
    return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
/* The call with the fault around it. */
#define WITH(hit, real) return !(hit) ? (real) : awaits_end() ? end_after(real) : -1

ssize_t write(int fd, const void *p, size_t n)
{
    WITH(meets_fd("write", fd), REAL(write)(fd, p, n));
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    WITH(meets_fd("write", fd), REAL(pwrite64)(fd, p, n, at));
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    WITH(meets_fd("pwritev", fd), REAL(pwritev)(fd, v, n, at));
}

int fsync(int fd)
{
    WITH(meets_fd("fsync", fd), REAL(fsync)(fd));
}

int fdatasync(int fd)
{
    WITH(meets_fd("fsync", fd), REAL(fdatasync)(fd));
}

int ftruncate(int fd, off_t n)
{
    WITH(meets_fd("ftruncate", fd), REAL(ftruncate)(fd, n));
}

int openat(int dir, const char *name, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    int mode = flags & O_CREAT ? va_arg(ap, int) : 0;
    va_end(ap);
    WITH((flags & O_CREAT) && meets("create", name), REAL(openat)(dir, name, flags, mode));
}

int unlinkat(int dir, const char *name, int flags)
{
    WITH(meets("unlinkat", name), REAL(unlinkat)(dir, name, flags));
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
    WITH(meets_fd("send", fd), REAL(send)(fd, p, n, flags));
}
