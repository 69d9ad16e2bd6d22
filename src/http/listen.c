/* listen.c - see listen.h. */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int http_listen_tcp(const char *where, int *port, struct err *e)
{
    const char *colon = strrchr(where, ':');
    char host[128] = "";
    struct addrinfo hint = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *list;
    if (!colon || (size_t)(colon - where) >= sizeof(host))
        return err_set(e, ERR_INVALID, "listen", "listen must be HOST:PORT, not %s", where);
    memcpy(host, where, (size_t)(colon - where));
    char *name = host;
    if (name[0] == '[' && name[strlen(name) - 1] == ']') {
        name[strlen(name) - 1] = '\0';
        name++;
    }
    int rc = getaddrinfo(*name ? name : NULL, colon + 1, &hint, &list);
    if (rc)
        return err_set(e, ERR_INVALID, "listen", "cannot listen on %s: %s", where, gai_strerror(rc));
    int one = 1;
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd < 0 || bind(fd, list->ai_addr, list->ai_addrlen) || listen(fd, 1024)) {
        err_set(e, ERR_INVALID, "listen", "cannot listen on %s: %s", where, strerror(errno));
        freeaddrinfo(list);
        if (fd >= 0)
            close(fd);
        return e->kind;
    }
    freeaddrinfo(list);
    struct sockaddr_storage bound;
    socklen_t n = sizeof(bound);
    getsockname(fd, (struct sockaddr *)&bound, &n);
    *port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                              : ((struct sockaddr_in *)&bound)->sin_port);
    return fd;
}

int http_listen_unix(const char *path, struct err *e)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(at.sun_path))
        return err_set(e, ERR_INVALID, "data", "%s is too long for a socket's path (%zu bytes)",
                       path, sizeof(at.sun_path) - 1);
    memcpy(at.sun_path, path, strlen(path));
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t old = umask(0177);
    int rc = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&at, sizeof(at));
    umask(old);
    if (rc == 0)
        rc = listen(fd, 128);
    if (rc == 0)
        return fd;
    err_set(e, ERR_INVALID, "data", "cannot listen on %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return e->kind;
}
