/* session.c - log-in with a password, slowed down after repeated failures, and log-out. */
#include "api/internal.h"

#include <stdio.h>

#include "model/login.h"

static void set_cookie(struct req *r, const char *name, str value, const char *attributes)
{
    str cookie = arena_printf(r->arena, "%s=" STR_FMT "; Path=/; SameSite=Lax%s%s", name,
                              STR_ARG(value), attributes, r->api->secure ? "; Secure" : "");
    http_reply_header(r->http, "Set-Cookie", cookie.p);
}

static int reply_success(struct req *r)
{
    struct json_writer w = reply_json(r, 200);
    json_raw(&w, STR("{\"success\": true}"));
    return 0;
}

static int check_wait(struct req *r, str email, struct err *e)
{
    int64_t seconds;
    char text[24];
    int rc = login_wait(r->db, r->arena, email, &seconds, e);
    if (rc < 0 || !seconds)
        return rc;
    snprintf(text, sizeof(text), "%lld", (long long)seconds);
    http_reply_header(r->http, "Retry-After", text);
    return err_set(e, ERR_THROTTLED, NULL,
                   "Request was throttled. Expected available in %s seconds.", text);
}

static int session_login(struct req *r, struct err *e)
{
    str email = STR_NULL, password = json_get_text(r->body, "password");
    int rc = body_str(r, "email", 254, &email, e);
    if (rc < 0)
        return rc;
    if (!email.p || !password.p)
        return err_set(e, ERR_REQUIRED, email.p ? "password" : "email", NULL);
    rc = check_wait(r, email, e);
    if (rc < 0)
        return rc;
    struct user u = { 0 };
    rc = user_find_email(r->db, r->arena, email, &u, e);
    if (rc < 0)
        return rc;
    if (!password_ok(&u, password)) {
        rc = login_failed(r->db, email, e);
        return rc < 0 ? rc : err_set(e, ERR_CREDENTIALS, NULL, NULL);
    }
    rc = login_succeeded(r->db, email, e);
    if (rc < 0)
        return rc;
    str cookie, csrf;
    rc = session_insert(r->db, r->arena, u.id, &cookie, &csrf, e);
    if (rc < 0)
        return rc;
    set_cookie(r, "sessionid", cookie, "; HttpOnly; Max-Age=1209600");
    set_cookie(r, "posthog_csrftoken", csrf, "; Max-Age=1209600");
    return reply_success(r);
}

static int session_logout(struct req *r, struct err *e)
{
    int rc = session_delete(r->db, http_cookie_of(r->http, "sessionid"), e);
    if (rc < 0)
        return rc;
    set_cookie(r, "sessionid", STR(""), "; HttpOnly; Max-Age=0");
    return reply_success(r);
}

const struct route session_routes[] = {
    { "POST", "/api/login/", session_login, ACCESS_PUBLIC, NULL, 0 },
    { "POST", "/api/logout/", session_logout, ACCESS_SESSION, NULL, 0 },
    { 0 },
};
