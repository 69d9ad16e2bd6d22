/* picture.c - the server's side of picture.h: starts the process, feeds it, takes what it makes. */
#include "render/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"

#define PATIENCE_US (30 * CLOCK_SECOND)

/* -------------------------------------------------------------------------- places */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the numbers */
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
static int making, waiting;

static int enter(struct err *e)
{
    int rc = 0;
    pthread_mutex_lock(&lock);
    if (waiting >= LIMIT_PICTURES_WAITING)
        rc = err_set(e, ERR_UNAVAILABLE, NULL, "Too many pictures are being made.");
    waiting += rc == 0;
    while (rc == 0 && making >= LIMIT_PICTURES)
        pthread_cond_wait(&left, &lock);
    if (rc == 0) {
        waiting--;
        making++;
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static void leave(void)
{
    pthread_mutex_lock(&lock);
    making--;
    pthread_cond_signal(&left);
    pthread_mutex_unlock(&lock);
}

/* -------------------------------------------------------------------------- the process */

struct process {
    pid_t pid;
    int in, out; /* what it reads and writes: our ends */
};

/* In the new process; only async-signal-safe calls. */
static void become(enum picture_format format, pid_t parent, int in, int out)
{
    const char *argv[] = { "hoglet", "picture", format == PICTURE_PNG ? "png" : "pdf", NULL };
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv("/proc/self/exe", (char *const *)argv);
    _exit(127);
}

static int begin(enum picture_format format, struct process *p, struct err *e)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0)
        return err_internal(e, "no pipe for a picture: %s", strerror(errno));
    if (pipe2(out, O_CLOEXEC) < 0) {
        int failed = errno;
        close(in[0]);
        close(in[1]);
        return err_internal(e, "no pipe for a picture: %s", strerror(failed));
    }
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        become(format, self, in[0], out[1]);
    int failed = errno;
    close(in[0]);
    close(out[1]);
    if (pid < 0) {
        close(in[1]);
        close(out[0]);
        return err_internal(e, "no process for a picture: %s", strerror(failed));
    }
    *p = (struct process){ pid, in[1], out[0] };
    fcntl(p->in, F_SETFL, O_NONBLOCK);
    return 0;
}

/* Both ways at once, so that neither side waits for the other for ever. Ends the input when all of it
 * was taken. False: it took too long. */
static bool talk(struct process *p, str svg, struct buf *out)
{
    int64_t until = clock_mono_us() + PATIENCE_US;
    size_t sent = 0;
    for (;;) {
        struct pollfd fds[] = { { .fd = p->out, .events = POLLIN },
                                { .fd = p->in, .events = POLLOUT } };
        int64_t ms = (until - clock_mono_us()) / 1000;
        if (ms <= 0 || poll(fds, p->in >= 0 ? 2 : 1, (int)ms) == 0)
            return false;
        if (p->in >= 0 && fds[1].revents) {
            ssize_t n = write(p->in, svg.p + sent, svg.n - sent);
            sent += n > 0 ? (size_t)n : 0;
            if (sent == svg.n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
                close(p->in);
                p->in = -1;
            }
        }
        if (!fds[0].revents)
            continue;
        char piece[65536];
        ssize_t n = read(p->out, piece, sizeof(piece));
        if (n == 0 || (n < 0 && errno != EINTR))
            return true;
        buf_add(out, piece, n > 0 ? (size_t)n : 0);
    }
}

static int make(struct arena *a, str svg, enum picture_format format, str *out, struct err *e)
{
    struct process p;
    struct buf b = BUF_INIT(LIMIT_PICTURE_BYTES);
    int status = 0, rc = begin(format, &p, e);
    if (rc < 0)
        return rc;
    bool whole = talk(&p, svg, &b);
    if (!whole)
        kill(p.pid, SIGKILL);
    if (p.in >= 0)
        close(p.in);
    close(p.out);
    while (waitpid(p.pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
        rc = err_set(e, ERR_UNAVAILABLE, NULL,
                     "Pictures need librsvg, which is not installed on the server.");
    else if (!whole || status || b.full || !b.n)
        rc = err_internal(e, "a picture could not be made: status %d, %zu bytes", status, b.n);
    else
        *out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return rc;
}

int picture_make(struct arena *a, str svg, enum picture_format format, str *out, struct err *e)
{
    int rc = enter(e);
    if (rc < 0)
        return rc;
    rc = make(a, svg, format, out, e);
    leave();
    return rc;
}
