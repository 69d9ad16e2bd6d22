/* call.c - see call.h. */
#include "http/call.h"

#include <curl/curl.h>
#include <stdio.h>

#include "base/arena.h"

static size_t on_body(char *p, size_t size, size_t n, void *cls)
{
    struct buf *out = cls;
    buf_add(out, p, size * n);
    return out->full ? 0 : size * n;
}

static struct curl_slist *headers_of(const struct http_call *c)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    if (c->body.p)
        list = curl_slist_append(list, "Content-Type: application/json");
    if (c->bearer) {
        _cleanup_(arena_freep) struct arena *a = arena_new();
        list = curl_slist_append(list, arena_printf(a, "Authorization: Bearer %s", c->bearer).p);
    }
    return list;
}

int http_call(const struct http_call *c, long *status, struct buf *out, struct err *e)
{
    CURL *h = curl_easy_init();
    BUG_ON(!h);
    struct curl_slist *headers = headers_of(c);
    curl_easy_setopt(h, CURLOPT_URL, c->url);
    if (c->socket)
        curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, c->socket);
    if (c->body.p) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, c->body.p);
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n);
    }
    if (c->method)
        curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, c->method);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_TIMEOUT, c->seconds);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, out);
    CURLcode code = curl_easy_perform(h);
    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, status);
    curl_easy_cleanup(h);
    curl_slist_free_all(headers);
    if (code == CURLE_COULDNT_CONNECT)
        return 0;
    if (code != CURLE_OK)
        return err_set(e, ERR_UNAVAILABLE, NULL, "no answer from %s: %s", c->url,
                       out->full ? "it is too long" : curl_easy_strerror(code));
    return 1;
}
