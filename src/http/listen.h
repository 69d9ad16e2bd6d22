/* listen.h - sockets that wait for connections. The descriptor, or a negative error. */
#pragma once

#include "base/err.h"

/* "127.0.0.1:8000", "[::1]:0"; port 0 takes a free one. *port is the one bound. */
int http_listen_tcp(const char *where, int *port, struct err *e);
/* Replaces what is at path; only this user can connect. */
int http_listen_unix(const char *path, struct err *e);
