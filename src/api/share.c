/* share.c - see share.h. What a caller keeps after a password is a signed token: HS256, as in JWT. */
#include "api/share.h"

#include <sodium.h>

#include "base/clock.h"
#include "model/login.h"
#include "store/seal.h"

#define LIFE (24 * 3600) /* seconds */

static int not_found(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

int share_open(struct req *r, str token, struct err *e)
{
    struct sharing *s = arena_new_of(r->arena, struct sharing);
    int rc = sharing_find_token(r->db, r->arena, token, s, e);
    if (rc > 0)
        rc = project_find(r->db, r->arena, s->project_id, &r->project, e);
    if (rc > 0)
        rc = organization_find(r->db, r->arena, r->project.organization_id, 0, &r->organization,
                               e);
    if (rc <= 0)
        return rc < 0 ? rc : not_found(e);
    if (!r->organization.public_sharing)
        return not_found(e);
    if (s->settings.p) {
        rc = json_parse(r->arena, s->settings, &r->share_settings, e);
        if (rc < 0)
            return rc;
    }
    r->shared = s;
    r->hides_authors = share_setting(r, "hideExtraDetails");
    return 0;
}

bool share_setting(struct req *r, const char *name)
{
    const struct json *v = json_get(r->share_settings, name);
    return json_is(v, JSON_BOOL) && v->boolean;
}

int64_t share_dashboard(const struct req *r)
{
    return r->shared ? r->shared->dashboard_id : 0;
}

/* -------------------------------------------------------------------------- the token */

static str base64(struct req *r, const void *p, size_t n)
{
    size_t room = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_alloc(r->arena, room);
    sodium_bin2base64(out, room, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return str_of(out);
}

static str signature_of(struct req *r, str text)
{
    unsigned char mac[SEAL_SIGNATURE];
    seal_sign(r->api->seal, text, mac);
    return base64(r, mac, sizeof(mac));
}

static str make_token(struct req *r, int64_t password_id)
{
    static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    str claims = arena_printf(
        r->arena, "{\"share\":\"" STR_FMT "\",\"password\":%lld,\"exp\":%lld}",
        STR_ARG(r->shared->token_hash), (long long)password_id,
        (long long)(clock_now_us() / CLOCK_SECOND + LIFE));
    str a = base64(r, head, sizeof(head) - 1), b = base64(r, claims.p, claims.n);
    str text = arena_printf(r->arena, STR_FMT "." STR_FMT, STR_ARG(a), STR_ARG(b));
    str mac = signature_of(r, text);
    return arena_printf(r->arena, STR_FMT "." STR_FMT, STR_ARG(text), STR_ARG(mac));
}

/* The claims of a token that this folder signed; NULL: it is none. */
static const struct json *claims_of(struct req *r, str token)
{
    struct json *claims;
    struct err ignored = ERR_INIT;
    size_t n, dot = token.n;
    while (dot && token.p[dot - 1] != '.')
        dot--;
    if (dot < 2)
        return NULL;
    str text = str_slice(token, 0, dot - 1), mac = str_slice(token, dot, token.n);
    str want = signature_of(r, text);
    if (mac.n != want.n || sodium_memcmp(mac.p, want.p, want.n) != 0)
        return NULL;
    ptrdiff_t first = str_find_char(text, '.');
    if (first < 0)
        return NULL;
    str middle = str_slice(text, (size_t)first + 1, text.n);
    unsigned char *out = arena_alloc(r->arena, middle.n + 1);
    if (sodium_base642bin(out, middle.n, middle.p, middle.n, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        json_parse(r->arena, (str){ (const char *)out, n }, &claims, &ignored) < 0)
        return NULL;
    return claims;
}

/* 1: it opens r->shared. */
static int opens(struct req *r, str token, struct err *e)
{
    struct sharing_password *list;
    size_t n;
    const struct json *claims = token.n ? claims_of(r, token) : NULL;
    const struct json *id = json_get(claims, "password"), *until = json_get(claims, "exp");
    if (!id || !until || until->i64 <= clock_now_us() / CLOCK_SECOND ||
        !str_eq(json_get_text(claims, "share"), r->shared->token_hash))
        return 0;
    int rc = sharing_password_list(r->db, r->arena, r->shared->id, &list, &n, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (list[i].id == id->i64)
            return 1;
    return rc;
}

int share_unlocked(struct req *r, struct err *e)
{
    if (!r->shared->password_required)
        return 1;
    str header = http_header_of(r->http, "Authorization");
    int rc = opens(r, http_cookie_of(r->http, "posthog_sharing_token"), e);
    if (rc == 0 && header.n > 7 && str_eq_nocase(str_slice(header, 0, 7), STR("Bearer ")))
        rc = opens(r, str_trim(str_slice(header, 7, header.n)), e);
    return rc;
}

int share_unlock(struct req *r, str password, str *out, struct err *e)
{
    struct sharing_password *list;
    size_t n, i = 0;
    int64_t wait;
    str who = arena_printf(r->arena, "share %lld", (long long)r->shared->id);
    int rc = login_wait(r->db, r->arena, who, &wait, e);
    if (rc == 0 && wait) {
        str text = arena_printf(r->arena, "%lld", (long long)wait);
        http_reply_header(r->http, "Retry-After", text.p);
        return err_set(e, ERR_THROTTLED, NULL,
                       "Request was throttled. Expected available in %s seconds.", text.p);
    }
    if (rc == 0)
        rc = sharing_password_list(r->db, r->arena, r->shared->id, &list, &n, e);
    if (rc < 0)
        return rc;
    req_give_db(r);
    while (i < n && !password_ok(&(struct user){ .password_hash = list[i].hash, .active = true },
                                 password))
        i++;
    req_take_db(r);
    *out = i < n ? make_token(r, list[i].id) : STR_NULL;
    return i < n ? login_succeeded(r->db, who, e) : login_failed(r->db, who, e);
}
