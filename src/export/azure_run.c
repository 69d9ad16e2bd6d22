/* azure_run.c - files put into a container of Azure Blob Storage: small ones at once, large ones in blocks, of
 * which nothing is seen before the list of them is there. */
#include <sodium.h>
#include <stdio.h>

#include "base/limits.h"
#include "export/azure.h"
#include "export/run.h"

#define BLOCK (16 << 20)
#define BLOCK_SECONDS 300

struct upload {
    struct azure azure;
    struct carrier *c;
    str path;
    struct arena *scratch; /* of one request */
};

static int refused(const struct outgoing_answer *answer, struct err *e)
{
    static const struct {
        long status;
        const char *why;
    } known[] = {
        { 401, "ClientAuthenticationError: Authentication failed. Check your connection string "
               "credentials" },
        { 403, "ClientAuthenticationError: Authentication failed. Check your connection string "
               "credentials" },
        { 404, "ResourceNotFoundError: the container or blob does not exist" },
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (answer->status == known[i].status)
            return err_set(e, answer->status == 404 ? ERR_NOT_FOUND : ERR_INVALID, NULL, "%s",
                           known[i].why);
    bool passes = answer->status >= 500 || answer->status == 429 || answer->status == 408;
    return err_set(e, passes ? ERR_UNAVAILABLE : ERR_INVALID, NULL, "HttpResponseError: status %ld",
                   answer->status);
}

static int ask(struct upload *u, const struct azure_request *q, struct outgoing_answer *answer,
               struct err *e)
{
    int rc = carrier_check(u->c, e);
    if (rc == 0)
        rc = azure_send(&u->azure, u->scratch, q, answer, e);
    return rc < 0 || answer->status / 100 == 2 ? rc : refused(answer, e);
}

static int put_block(struct upload *u, int number, str block, struct buf *list, struct err *e)
{
    struct outgoing_answer answer;
    char raw[12], id[32];
    snprintf(raw, sizeof(raw), "%09d", number); /* all ids are equally long */
    sodium_bin2base64(id, sizeof(id), (const unsigned char *)raw, 9, sodium_base64_VARIANT_ORIGINAL);
    struct azure_request q = { .method = "PUT", .path = u->path, .body = block,
                               .seconds = BLOCK_SECONDS };
    q.query = arena_printf(u->scratch, "blockid=" STR_FMT "&comp=block",
                           STR_ARG(outgoing_escape(u->scratch, str_of(id), false)));
    q.signed_query = arena_printf(u->scratch, "\nblockid:%s\ncomp:block", id);
    int rc = ask(u, &q, &answer, e);
    buf_printf(list, "<Latest>%s</Latest>", id);
    spool_passed(block);
    arena_reset(u->scratch);
    return rc;
}

static int put_blocks(struct upload *u, str content, struct err *e)
{
    struct outgoing_answer answer;
    struct buf list = BUF_INIT(LIMIT_BODY_API);
    size_t least = content.n / 40000 + 1, size = least > BLOCK ? least : BLOCK;
    int number = 0, rc = 0;
    buf_z(&list, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    for (size_t at = 0; at < content.n && rc == 0; at += size) {
        size_t end = content.n - at < size ? content.n : at + size;
        rc = put_block(u, number++, str_slice(content, at, end), &list, e);
    }
    buf_z(&list, "</BlockList>");
    struct azure_request q = { .method = "PUT", .path = u->path, .query = STR("comp=blocklist"),
                               .signed_query = STR("\ncomp:blocklist"), .body = buf_view(&list),
                               .seconds = BLOCK_SECONDS };
    if (rc == 0)
        rc = ask(u, &q, &answer, e);
    buf_release(&list);
    return rc;
}

static int begin(struct upload *u, struct carrier *c, str key, struct err *e)
{
    const struct json *config = c->task->config;
    const struct query_scope *scope = c->task->scope;
    *u = (struct upload){ .azure = { .outgoing = c->outgoing, .gone = scope->gone,
                                     .gone_context = scope->gone_context }, .c = c };
    u->path = arena_printf(c->arena, "/" STR_FMT "/" STR_FMT,
                           STR_ARG(json_get_text(config, "container_name")), STR_ARG(key));
    int rc = azure_connect(&u->azure, c->arena, json_get_text(config, "connection_string"), e);
    if (rc == 0)
        u->scratch = arena_new();
    return rc;
}

static int put(struct carrier *c, str key, str content, struct err *e)
{
    struct upload u;
    struct outgoing_answer answer;
    int rc = begin(&u, c, key, e);
    if (rc < 0)
        return rc;
    struct azure_request q = { .method = "PUT", .path = u.path, .body = content, .whole = true,
                               .seconds = BLOCK_SECONDS };
    rc = content.n > BLOCK ? put_blocks(&u, content, e) : ask(&u, &q, &answer, e);
    arena_free(u.scratch);
    return rc;
}

static int get(struct carrier *c, str key, query_take_fn take, void *context, struct err *e)
{
    struct upload u;
    int rc = begin(&u, c, key, e);
    if (rc < 0)
        return rc;
    for (long long at = 0;; at += BLOCK) {
        struct outgoing_answer answer;
        struct azure_request q = { .method = "GET", .path = u.path, .answer_max = BLOCK + 1,
                                   .seconds = BLOCK_SECONDS };
        q.range = arena_printf(u.scratch, "bytes=%lld-%lld", at, at + BLOCK - 1);
        rc = azure_send(&u.azure, u.scratch, &q, &answer, e);
        if (rc == 0 && answer.status == 416) /* behind the end */
            break;
        if (rc == 0 && answer.status / 100 != 2)
            rc = refused(&answer, e);
        if (rc == 0)
            rc = take(context, answer.body, e);
        bool more = rc == 0 && answer.body.n == BLOCK;
        arena_reset(u.scratch);
        if (!more)
            break;
    }
    arena_free(u.scratch);
    return rc;
}

const struct export_run_kind export_azure_run = { export_files, export_azure_columns, put, get, false };
