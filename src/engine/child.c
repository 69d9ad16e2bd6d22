/* child.c - see child.h. */
#include "engine/child.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/relay.h"

#define ASK_MS 10       /* between two tries of `up` */
#define AGAIN_MS 50     /* before a child that ended is started again … */
#define AGAIN_MOST 5000 /* … doubled each time, when it never came up */
#define PATIENCE_MS 10000
#define ALIVE_MS 1000   /* between two questions whether it still answers */
#define SILENCES 3      /* answers that fail to come before it is taken for hung */

struct engine_child {
    struct engine_child_config cfg;
    pthread_t thread;
    int stop; /* eventfd: readable once the end is wanted */
    atomic_int pid;
    atomic_llong restarts;
};

/* In the new process; only async-signal-safe calls. */
static void become_engine(const struct engine_child_config *cfg, pid_t parent, int stderr_to)
{
    const char *argv[12];
    size_t n = 0;
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it ended before the line above */
        _exit(1);
    dup2(stderr_to, STDERR_FILENO);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    argv[n++] = "hoglet";
    argv[n++] = "engine";
    argv[n++] = "--data";
    argv[n++] = cfg->data;
    if (cfg->library) {
        argv[n++] = "--library";
        argv[n++] = cfg->library;
    }
    if (cfg->memory) {
        argv[n++] = "--engine-memory";
        argv[n++] = cfg->memory;
    }
    if (cfg->listen) {
        argv[n++] = "--listen";
        argv[n++] = cfg->listen;
    }
    argv[n] = NULL;
    execv(cfg->program ? cfg->program : "/proc/self/exe", (char *const *)argv);
    _exit(127);
}

/* Waits until the child ends, the stop is asked for, or ms pass. */
static void wait_for(struct engine_child *c, int pidfd, int ms, bool *ended, bool *stopping)
{
    struct pollfd fds[] = { { .fd = c->stop, .events = POLLIN },
                            { .fd = pidfd, .events = POLLIN } };
    poll(fds, 2, ms);
    *stopping = *stopping || fds[0].revents;
    *ended = fds[1].revents != 0;
}

static void end_child(struct engine_child *c, pid_t pid, int pidfd)
{
    struct pollfd fd = { .fd = pidfd, .events = POLLIN };
    (void)c;
    kill(pid, SIGTERM);
    if (poll(&fd, 1, PATIENCE_MS) == 0) {
        log_warn("the engine does not end; it is killed");
        kill(pid, SIGKILL);
    }
}

/* Watches a child that is up, until it ends, falls silent or the stop is asked for. */
static void stay(struct engine_child *c, pid_t pid, int pidfd, bool *ended, bool *stopping)
{
    int silences = 0;
    while (!*ended && !*stopping) {
        wait_for(c, pidfd, ALIVE_MS, ended, stopping);
        silences = *ended || c->cfg.alive(c->cfg.context) ? 0 : silences + 1;
        if (silences < SILENCES || *stopping)
            continue;
        log_error("the engine does not answer any more; it is killed");
        c->cfg.down(c->cfg.context); /* queries fail at once from here on */
        kill(pid, SIGKILL);
        wait_for(c, pidfd, -1, ended, stopping);
    }
}

/* Starts the process; *said takes what it prints. -1, logged: it could not. */
static pid_t begin(const struct engine_child_config *cfg, struct relay *said)
{
    if (!relay_start(said)) {
        log_error("cannot start the engine", "error", strerror(errno));
        return -1;
    }
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        become_engine(cfg, self, said->to);
    if (pid < 0)
        log_error("cannot start the engine", "error", strerror(errno));
    relay_forked(said);
    if (pid < 0)
        relay_end(said);
    return pid;
}

/* Starts one child and stays with it. True: it was up at least once. */
static bool live_once(struct engine_child *c, bool *stopping)
{
    bool ended = false, up = false;
    int status;
    struct relay said;
    pid_t pid = begin(&c->cfg, &said);
    if (pid < 0)
        return false;
    atomic_store(&c->pid, pid);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    while (!ended && !*stopping) {
        if (!up && (up = c->cfg.up(c->cfg.context)))
            log_info("engine ready");
        if (up)
            stay(c, pid, pidfd, &ended, stopping);
        else
            wait_for(c, pidfd, ASK_MS, &ended, stopping);
    }
    if (!ended)
        end_child(c, pid, pidfd);
    c->cfg.down(c->cfg.context);
    atomic_store(&c->pid, 0);
    waitpid(pid, &status, 0);
    close(pidfd);
    relay_end(&said);
    if (!*stopping) {
        char text[32];
        snprintf(text, sizeof(text), "%s %d", WIFSIGNALED(status) ? "signal" : "exit",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        atomic_fetch_add(&c->restarts, 1);
        log_error("the engine ended; it is started again", "status", text);
    }
    return up;
}

static void *watch(void *cls)
{
    struct engine_child *c = cls;
    bool stopping = false;
    int again = AGAIN_MS;
    while (!stopping) {
        again = live_once(c, &stopping) ? AGAIN_MS : again * 2;
        if (again > AGAIN_MOST)
            again = AGAIN_MOST;
        struct pollfd fd = { .fd = c->stop, .events = POLLIN };
        if (!stopping && poll(&fd, 1, again) > 0)
            stopping = true;
    }
    return NULL;
}

int engine_child_start(const struct engine_child_config *cfg, struct engine_child **out,
                       struct err *e)
{
    struct engine_child *c = calloc(1, sizeof(*c));
    BUG_ON(!c);
    c->cfg = *cfg;
    c->stop = eventfd(0, EFD_CLOEXEC);
    if (c->stop < 0 || pthread_create(&c->thread, NULL, watch, c)) {
        free(c);
        return err_internal(e, "cannot watch the engine: %s", strerror(errno));
    }
    *out = c;
    return 0;
}

void engine_child_stop(struct engine_child *c)
{
    uint64_t one = 1;
    BUG_ON(write(c->stop, &one, sizeof(one)) != sizeof(one));
    pthread_join(c->thread, NULL);
    close(c->stop);
    free(c);
}

void engine_child_counts(struct engine_child *c, struct engine_child_counts *out)
{
    *out = (struct engine_child_counts){ atomic_load(&c->restarts), atomic_load(&c->pid) };
}
