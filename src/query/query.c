/* query.c - see query.h. */
#include "query/query.h"

#include <stdlib.h>

struct query_service {
    struct olap *olap;
    struct store *store;
};

struct query_service *query_service_new(struct olap *olap, struct store *store)
{
    struct query_service *s = calloc(1, sizeof(*s));
    BUG_ON(!s);
    s->olap = olap;
    s->store = store;
    return s;
}

void query_service_free(struct query_service *s)
{
    free(s);
}

/* -------------------------------------------------------------------------- refresh */

static const struct {
    const char *word;
    enum query_refresh mode;
} modes[] = {
    { "blocking", QUERY_BLOCKING },
    { "async", QUERY_ASYNC },
    { "async_except_on_cache_miss", QUERY_ASYNC_ON_STALE },
    { "lazy_async", QUERY_LAZY_ASYNC },
    { "force_blocking", QUERY_FORCE_BLOCKING },
    { "true", QUERY_FORCE_BLOCKING },
    { "force_async", QUERY_FORCE_ASYNC },
};

enum query_refresh query_refresh_of_text(str refresh)
{
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (str_eq_nocase(refresh, str_of(modes[i].word)))
            return modes[i].mode;
    return QUERY_CACHE_ONLY;
}

enum query_refresh query_refresh_of(const struct json *refresh, const struct json *async)
{
    if (json_is(refresh, JSON_BOOL) && refresh->boolean)
        return QUERY_FORCE_BLOCKING;
    if (json_is(refresh, JSON_STRING))
        return query_refresh_of_text(refresh->text);
    return json_is(async, JSON_BOOL) && async->boolean ? QUERY_ASYNC : QUERY_CACHE_ONLY;
}

/* -------------------------------------------------------------------------- answers */

void query_write_answer(struct json_writer *w, const struct query_answer *a)
{
    json_key(w, "results");
    json_raw(w, a->complete ? a->results : STR("null"));
    json_key(w, "is_cached");
    json_bool(w, a->is_cached);
    json_key(w, "cache_key");
    json_str(w, a->cache_key);
    json_key(w, "last_refresh");
    json_time(w, a->last_refresh);
    json_key(w, "cache_target_age");
    json_time(w, a->cache_target_age);
    json_key(w, "next_allowed_client_refresh");
    json_time(w, a->next_refresh);
    json_key(w, "timezone");
    json_str(w, a->timezone);
    json_key(w, "query_status");
    json_raw(w, a->query_status.p ? a->query_status : STR("null"));
    if (a->members.n)
        json_members(w, a->members);
}

int query_run(const struct query_scope *s, const struct json *node, enum query_refresh refresh,
              struct query_answer *out, struct err *e)
{
    const struct json *source = query_unwrap(node);
    (void)s, (void)refresh, (void)out;
    return err_set(e, ERR_INVALID, NULL, "Unsupported query kind: " STR_FMT,
                   STR_ARG(json_get_text(source, "kind")));
}

int query_status(struct query_service *s, struct arena *a, int64_t team_id, str id, str *out,
                 bool *complete, int *failed)
{
    (void)s, (void)a, (void)team_id, (void)id, (void)out, (void)complete, (void)failed;
    return 0;
}

bool query_cancel(struct query_service *s, int64_t team_id, str id)
{
    (void)s, (void)team_id, (void)id;
    return false;
}
