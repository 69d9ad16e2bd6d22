/* relay.c - see relay.h. */
#include "engine/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* line[0..n) has room for two more bytes. */
static void pass(char *line, size_t n)
{
    line[n] = 0;
    if (begins(line, "ts=") || begins(line, "{\"ts\":")) {
        line[n] = '\n';
        ssize_t wrote = write(STDERR_FILENO, line, n + 1); /* one write: lines do not mix */
        (void)wrote;
    } else if (n) {
        log_warn("the engine printed", "text", line);
    }
}

/* Passes the whole lines of text[0..n); returns how much is left over, moved to the front. A line
 * longer than the room is passed in pieces. */
static size_t pass_lines(char *text, size_t n)
{
    char *at = text, *end = text + n, *nl;
    while ((nl = memchr(at, '\n', (size_t)(end - at)))) {
        pass(at, (size_t)(nl - at));
        at = nl + 1;
    }
    size_t left = (size_t)(end - at);
    memmove(text, at, left);
    if (left < LIMIT_LOG_LINE)
        return left;
    pass(text, left);
    return 0;
}

static void *relay(void *cls)
{
    struct relay *r = cls;
    char text[LIMIT_LOG_LINE + 2];
    size_t n = 0;
    ssize_t got;
    while ((got = read(r->from, text + n, LIMIT_LOG_LINE - n)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            n = pass_lines(text, n + (size_t)got);
    if (n)
        pass(text, n);
    return NULL;
}

bool relay_start(struct relay *r)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return false;
    r->from = fds[0];
    r->to = fds[1];
    int failed = pthread_create(&r->thread, NULL, relay, r);
    if (!failed)
        return true;
    close(r->from);
    close(r->to);
    errno = failed;
    return false;
}

void relay_forked(struct relay *r)
{
    close(r->to);
}

void relay_end(struct relay *r)
{
    pthread_join(r->thread, NULL);
    close(r->from);
}
