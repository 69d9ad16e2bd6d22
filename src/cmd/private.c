/* private.c - see private.h. */
#include "cmd/private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the new process; only async-signal-safe calls. */
static void become_server(const char *data, int out, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || dup2(out, STDOUT_FILENO) < 0)
        _exit(1);
    execl("/proc/self/exe", "hoglet", "serve", "--data", data, "--listen", "127.0.0.1:0",
          "--metrics-listen", "off", (char *)NULL);
    _exit(127);
}

/* The address from its one line; STR_NULL when it ended before. */
static str read_url(struct arena *a, int fd)
{
    char line[512];
    static const char mark[] = "ready at ";
    FILE *f = fdopen(fd, "r");
    bool got = f && fgets(line, sizeof(line), f);
    if (f)
        fclose(f);
    const char *at = got ? strstr(line, mark) : NULL;
    return at ? arena_str(a, str_trim(str_of(at + sizeof(mark) - 1))) : STR_NULL;
}

int private_start(struct arena *a, const char *data, struct private_server *out, struct err *e)
{
    int fds[2], status;
    pid_t self = getpid();
    if (pipe2(fds, O_CLOEXEC))
        return err_internal(e, "no pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        become_server(data, fds[1], self);
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return err_internal(e, "cannot start a server: %s", strerror(errno));
    }
    str url = read_url(a, fds[0]);
    if (!url.p) { /* it has told why on stderr */
        waitpid(pid, &status, 0);
        return err_set(e, ERR_UNAVAILABLE, NULL, "the server for %s did not start", data);
    }
    *out = (struct private_server){ pid, url };
    return 0;
}

int private_stop(struct private_server *s, struct err *e)
{
    int status;
    kill(s->pid, SIGTERM);
    if (waitpid(s->pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
        return err_set(e, ERR_UNAVAILABLE, NULL, "the server did not end in order");
    return 0;
}
