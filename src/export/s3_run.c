/* s3_run.c - files put into an object store: small ones at once, large ones in parts, of which nothing is
 * seen before the last is there. */
#include "base/limits.h"
#include "export/run.h"
#include "export/s3.h"

#define PART (16 << 20)
#define PARTS_MAX 10000
#define PART_SECONDS 300

struct upload {
    struct s3 s3;
    struct carrier *c;
    str key, query; /* query: of this upload */
    struct outgoing_header headers[4]; /* of the object: its encryption */
    struct arena *scratch; /* of one request */
};

static int configure(struct carrier *c, struct s3 *s, struct err *e)
{
    int rc = s3_configure(s, c->arena, c->task->config, e);
    s->outgoing = c->outgoing;
    s->gone = c->task->scope->gone;
    s->gone_context = c->task->scope->gone_context;
    return rc;
}

/* Codes of answers that another try may not get. */
static bool may_pass(const struct outgoing_answer *answer, str code)
{
    static const char *const codes[] = { "RequestTimeout", "SlowDown", "InternalError",
                                         "ServiceUnavailable", "OperationAborted", "NoSuchUpload" };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (str_eqz(code, codes[i]))
            return true;
    return answer->status >= 500 || answer->status == 429 || answer->status == 408;
}

/* What an answer that is no success comes to. */
static int refused(struct arena *a, const struct outgoing_answer *answer, struct err *e)
{
    str code = str_utf8_valid(answer->body) ? s3_element(a, answer->body, "Code") : STR_NULL;
    str why = s3_error(a, answer);
    enum err_kind kind = may_pass(answer, code)  ? ERR_UNAVAILABLE
                         : answer->status == 404 ? ERR_NOT_FOUND
                                                 : ERR_INVALID;
    return err_set(e, kind, NULL, "%s" STR_FMT, code.n ? "" : "ClientError: ", STR_ARG(why));
}

static int ask(struct upload *u, const struct s3_request *q, struct outgoing_answer *answer,
                struct err *e)
{
    int rc = carrier_check(u->c, e);
    if (rc == 0)
        rc = s3_send(&u->s3, u->scratch, q, answer, e);
    if (rc == 0 && answer->status / 100 != 2)
        rc = refused(u->scratch, answer, e);
    /* a late failure of what takes long comes with the status of a success */
    if (rc == 0 && str_find(answer->body, STR("<Error>")) >= 0)
        rc = err_set(e, ERR_UNAVAILABLE, NULL, STR_FMT, STR_ARG(s3_error(u->scratch, answer)));
    return rc;
}

static void encrypt(struct upload *u)
{
    const struct json *config = u->c->task->config;
    str algorithm = json_get_text(config, "encryption"), key = json_get_text(config, "kms_key_id");
    size_t n = 0;
    if (algorithm.n)
        u->headers[n++] = (struct outgoing_header){ "x-amz-server-side-encryption", algorithm };
    if (algorithm.n && key.n)
        u->headers[n++] = (struct outgoing_header){
            "x-amz-server-side-encryption-aws-kms-key-id", key };
}

static int put_whole(struct upload *u, str content, struct err *e)
{
    struct outgoing_answer answer;
    struct s3_request q = { .method = "PUT", .key = u->key, .body = content, .headers = u->headers,
                            .seconds = PART_SECONDS };
    return ask(u, &q, &answer, e);
}

static int begin_parts(struct upload *u, struct err *e)
{
    struct outgoing_answer answer;
    struct s3_request q = { .method = "POST", .key = u->key, .query = STR("uploads="),
                            .body = STR(""), .headers = u->headers };
    int rc = ask(u, &q, &answer, e);
    if (rc < 0)
        return rc;
    str id = str_utf8_valid(answer.body) ? s3_element(u->scratch, answer.body, "UploadId") : STR_NULL;
    if (!id.n)
        return err_set(e, ERR_UNAVAILABLE, NULL, "The answer to the begin of an upload has no id");
    u->query = arena_printf(u->c->arena, "uploadId=" STR_FMT,
                            STR_ARG(outgoing_escape(u->scratch, id, false)));
    return 0;
}

static int put_part(struct upload *u, int number, str part, struct buf *list, struct err *e)
{
    struct outgoing_answer answer;
    struct s3_request q = { .method = "PUT", .key = u->key, .body = part, .seconds = PART_SECONDS };
    q.query = arena_printf(u->scratch, "partNumber=%d&" STR_FMT, number, STR_ARG(u->query));
    int rc = ask(u, &q, &answer, e);
    if (rc == 0 && !answer.header.n)
        rc = err_set(e, ERR_UNAVAILABLE, NULL, "The answer to a part has no ETag");
    if (rc == 0)
        buf_printf(list, "<Part><PartNumber>%d</PartNumber><ETag>" STR_FMT "</ETag></Part>", number,
                   STR_ARG(answer.header));
    spool_passed(part);
    arena_reset(u->scratch);
    return rc;
}

static int end_parts(struct upload *u, str list, struct err *e)
{
    struct outgoing_answer answer;
    struct s3_request q = { .method = "POST", .key = u->key, .query = u->query, .body = list,
                            .seconds = PART_SECONDS };
    return ask(u, &q, &answer, e);
}

/* Parts of an upload that is given up cost their owner money. */
static void abort_parts(struct upload *u)
{
    struct outgoing_answer answer;
    struct err ignored = ERR_INIT;
    struct s3_request q = { .method = "DELETE", .key = u->key, .query = u->query };
    u->s3.gone = NULL; /* also when the run was cancelled */
    (void)s3_send(&u->s3, u->scratch, &q, &answer, &ignored);
}

static int put_parts(struct upload *u, str content, struct err *e)
{
    struct buf list = BUF_INIT(LIMIT_BODY_API);
    size_t least = content.n / PARTS_MAX + 1, size = least > PART ? least : PART;
    int number = 0, rc = begin_parts(u, e);
    if (rc < 0)
        return rc;
    buf_z(&list, "<CompleteMultipartUpload>");
    for (size_t at = 0; at < content.n && rc == 0; at += size) {
        size_t end = content.n - at < size ? content.n : at + size;
        rc = put_part(u, ++number, str_slice(content, at, end), &list, e);
    }
    buf_z(&list, "</CompleteMultipartUpload>");
    if (rc == 0)
        rc = end_parts(u, buf_view(&list), e);
    if (rc < 0)
        abort_parts(u);
    buf_release(&list);
    return rc;
}

static int put(struct carrier *c, str key, str content, struct err *e)
{
    struct upload u = { .c = c, .key = key };
    int rc = configure(c, &u.s3, e);
    if (rc < 0)
        return rc;
    u.scratch = arena_new();
    encrypt(&u);
    rc = content.n > PART ? put_parts(&u, content, e) : put_whole(&u, content, e);
    arena_free(u.scratch);
    return rc;
}

/* In ranges, so that a large file is never in memory as a whole. */
static int get(struct carrier *c, str key, query_take_fn take, void *context, struct err *e)
{
    struct upload u = { .c = c, .key = key };
    int rc = configure(c, &u.s3, e);
    if (rc < 0)
        return rc;
    u.scratch = arena_new();
    for (int64_t at = 0; rc == 0;) {
        struct outgoing_answer answer;
        str range = arena_printf(u.scratch, "bytes=%lld-%lld", (long long)at,
                                 (long long)at + PART - 1);
        const struct outgoing_header headers[] = { { "Range", range }, { 0 } };
        struct s3_request q = { .method = "GET", .key = key, .unsigned_headers = headers,
                                .answer_max = PART + 1, .seconds = PART_SECONDS };
        rc = s3_send(&u.s3, u.scratch, &q, &answer, e);
        if (rc == 0 && answer.status == 416) /* behind the end */
            break;
        if (rc == 0 && answer.status / 100 != 2)
            rc = refused(u.scratch, &answer, e);
        if (rc == 0)
            rc = take(context, answer.body, e);
        bool more = rc == 0 && answer.status == 206 && answer.body.n == PART;
        at += PART;
        arena_reset(u.scratch);
        if (!more)
            break;
    }
    arena_free(u.scratch);
    return rc;
}

const struct export_run_kind export_s3_run = { export_files, export_file_columns, put, get, true };
