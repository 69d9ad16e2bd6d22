/* reach.h - which addresses the server connects to when somebody else named the host.
 *
 * A user who may name a host could otherwise make the server speak to its own machine or network:
 * to a cloud's metadata service, to a database without a password. Public addresses are open;
 * loopback, link-local, private and other special ones are closed but for those the server's owner
 * allows. It is asked about the address really connected to, after a name was looked up. */
#pragma once

#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"

struct reach;

/* allowed: "10.0.0.0/8,::1" or NULL; an address alone is a network of one. ERR_INVALID. */
int reach_new(const char *allowed, struct reach **out, struct err *e);
void reach_free(struct reach *r);
bool reach_allows(const struct reach *r, const struct sockaddr *to);

/* The first address of that host and port that may be connected to, as text without the port.
 * ERR_UNAVAILABLE: it has none, or ERR_DENIED: all are closed; the message says which. */
int reach_resolve(const struct reach *r, struct arena *a, const char *host, const char *port,
                  str *address, struct err *e);
/* "10.0.0.7 is a private address; …": what a user is told. */
void reach_refusal(const struct sockaddr *to, char *text, size_t n);
