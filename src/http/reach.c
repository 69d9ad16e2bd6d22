/* reach.c - see reach.h. */
#include "http/reach.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#define NETS_MAX 64

struct net {
    int family;
    unsigned char address[16];
    unsigned bits;
};

struct reach {
    struct net closed[NETS_MAX], allowed[NETS_MAX];
    size_t closed_n, allowed_n;
};

static bool parse_net(str text, struct net *out)
{
    char address[INET6_ADDRSTRLEN];
    int64_t bits = -1;
    str rest = text, at = str_trim(str_split(&rest, '/'));
    if (at.n >= sizeof(address) || (rest.p && !str_to_i64(str_trim(rest), &bits)))
        return false;
    memcpy(address, at.p, at.n);
    address[at.n] = 0;
    *out = (struct net){ .family = str_find_char(at, ':') < 0 ? AF_INET : AF_INET6 };
    if (inet_pton(out->family, address, out->address) != 1)
        return false;
    int64_t most = out->family == AF_INET ? 32 : 128;
    out->bits = (unsigned)(rest.p ? bits : most);
    return !rest.p || (bits >= 0 && bits <= most);
}

int reach_new(const char *allowed, struct reach **out, struct err *e)
{
    /* The special-purpose address registries of IANA (RFC 6890). */
    static const char *const closed[] = {
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
        "::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    };
    struct reach *r = calloc(1, sizeof(*r));
    BUG_ON(!r);
    for (size_t i = 0; i < ARRAY_LEN(closed); i++)
        BUG_ON(!parse_net(str_of(closed[i]), &r->closed[r->closed_n++]));
    for (str rest = str_of(allowed); rest.p;) {
        str part = str_trim(str_split(&rest, ','));
        if (!part.n)
            continue;
        if (r->allowed_n == NETS_MAX || !parse_net(part, &r->allowed[r->allowed_n++])) {
            free(r);
            return err_set(e, ERR_INVALID, NULL,
                           "--allow-private must be networks like 10.0.0.0/8,192.168.1.5, not "
                           STR_FMT, STR_ARG(part));
        }
    }
    *out = r;
    return 0;
}

void reach_free(struct reach *r)
{
    free(r);
}

static bool within(const struct net *n, int family, const unsigned char *address)
{
    unsigned whole = n->bits / 8, rest = n->bits % 8;
    if (n->family != family || memcmp(n->address, address, whole) != 0)
        return false;
    return !rest || (n->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

/* The bytes of the address; one that carries an IPv4 address inside is taken for that. */
static const unsigned char *bytes_of(const struct sockaddr *to, int *family)
{
    static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    static const unsigned char translated[12] = { 0x00, 0x64, 0xFF, 0x9B };
    *family = to->sa_family;
    if (to->sa_family == AF_INET)
        return (const unsigned char *)&((const struct sockaddr_in *)(const void *)to)->sin_addr;
    if (to->sa_family != AF_INET6)
        return NULL;
    const unsigned char *p =
        (const unsigned char *)&((const struct sockaddr_in6 *)(const void *)to)->sin6_addr;
    if (memcmp(p, mapped, 12) != 0 && memcmp(p, translated, 12) != 0)
        return p;
    *family = AF_INET;
    return p + 12;
}

bool reach_allows(const struct reach *r, const struct sockaddr *to)
{
    int family;
    const unsigned char *address = bytes_of(to, &family);
    if (!address)
        return false;
    for (size_t i = 0; i < r->allowed_n; i++)
        if (within(&r->allowed[i], family, address))
            return true;
    for (size_t i = 0; i < r->closed_n; i++)
        if (within(&r->closed[i], family, address))
            return false;
    return true;
}

void reach_refusal(const struct sockaddr *to, char *text, size_t n)
{
    char address[INET6_ADDRSTRLEN] = "";
    const void *at = to->sa_family == AF_INET
                         ? (const void *)&((const struct sockaddr_in *)(const void *)to)->sin_addr
                         : (const void *)&((const struct sockaddr_in6 *)(const void *)to)->sin6_addr;
    inet_ntop(to->sa_family, at, address, sizeof(address));
    snprintf(text, n,
             "%s is a private address. The server connects there only when it is started with "
             "--allow-private %s", address, address);
}

int reach_resolve(const struct reach *r, struct arena *a, const char *host, const char *port,
                  str *address, struct err *e)
{
    struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *found = NULL;
    char text[256];
    int rc = getaddrinfo(host, port, &want, &found);
    if (rc)
        return err_set(e, ERR_UNAVAILABLE, NULL, "could not find host %s: %s", host,
                       gai_strerror(rc));
    const struct addrinfo *at = found;
    while (at && !reach_allows(r, at->ai_addr))
        at = at->ai_next;
    if (!at) {
        reach_refusal(found->ai_addr, text, sizeof(text));
        rc = err_set(e, ERR_DENIED, NULL, "%s", text);
    } else if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text), NULL, 0,
                           NI_NUMERICHOST)) {
        rc = err_set(e, ERR_UNAVAILABLE, NULL, "could not find host %s", host);
    } else {
        *address = arena_str(a, str_of(text));
    }
    freeaddrinfo(found);
    return rc;
}
