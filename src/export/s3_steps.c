/* s3_steps.c - trying an object store: is the bucket there, can it be written, read, cleaned. */
#include <stdio.h>

#include "export/destination.h"
#include "export/s3.h"

static bool empty(const struct json *config, const char *name)
{
    return !str_trim(json_get_text(config, name)).n;
}

static int check_empty(struct arena *a, const struct json *config, struct err *e)
{
    static const char *const names[] = { "bucket_name", "region", "prefix" };
    str all = STR("");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (empty(config, names[i]) && !str_eqz(STR("prefix"), names[i]))
            all = arena_printf(a, STR_FMT "%s'%s'", STR_ARG(all), all.n ? ", " : "", names[i]);
    if (!all.n)
        return 0;
    return err_set(e, ERR_INVALID, "destination", "The following inputs are empty: [" STR_FMT "]",
                   STR_ARG(all));
}

int export_check_s3(struct arena *a, const struct export_destination *d, const struct json *config,
                    struct err *e)
{
    struct s3 s;
    bool keyless = empty(config, "aws_access_key_id") || empty(config, "aws_secret_access_key");
    if (keyless && !str_eqz(STR("S3"), d->type)) /* older clients give keys when they have them */
        return err_set(e, ERR_INVALID, "destination",
                       "Integration is required for %s batch exports", d->type);
    int rc = check_empty(a, config, e);
    if (rc == 0)
        rc = export_check_files(a, config, e);
    if (rc == 0 && str_eqz(STR("S3Compatible"), d->type) && empty(config, "endpoint_url"))
        rc = err_set(e, ERR_INVALID, "destination", "The following inputs are empty: "
                                                    "['endpoint_url']");
    if (rc == 0 && s3_configure(&s, a, config, e) < 0) {
        snprintf(e->attr, sizeof(e->attr), "destination");
        rc = e->kind;
    }
    return rc;
}

/* -------------------------------------------------------------------------- steps */

static enum export_outcome assume_role(struct export_trial *t)
{
    t->message = STR("No configured AWS role ARN, skipping test");
    return STEP_SKIPPED;
}

static bool begin(struct export_trial *t, struct s3 *s)
{
    struct err e = ERR_INIT;
    if (s3_configure(s, t->arena, t->config, &e) < 0) {
        step_failed(t, "%s", e.message);
        return false;
    }
    s->outgoing = t->outgoing;
    return true;
}

static enum export_outcome bucket_exists(struct export_trial *t)
{
    struct s3 s;
    struct outgoing_answer got;
    struct err e = ERR_INIT;
    if (!begin(t, &s))
        return STEP_FAILED;
    if (s3_call(&s, t->arena, "HEAD", STR_NULL, STR_NULL, &got, &e) < 0)
        return step_failed(t, "An unknown error occurred when trying to access bucket '" STR_FMT
                              "': %s", STR_ARG(s.bucket), e.message);
    if (got.status == 404)
        return step_failed(t, "Bucket '" STR_FMT "' does not exist or we don't have permissions to "
                              "use it", STR_ARG(s.bucket));
    if (got.status == 403)
        return step_failed(t, "We couldn't access bucket '" STR_FMT "'. Check the access key, and "
                              "that it may list the bucket and write to it.", STR_ARG(s.bucket));
    if (got.status != 200)
        return step_failed(t, "An unknown error occurred when trying to access bucket '" STR_FMT
                              "': status %ld", STR_ARG(s.bucket), got.status);
    return STEP_PASSED;
}

static bool call_object(void *place, struct export_trial *t, const char *method, str key, str body,
                        str *got, str *why)
{
    const struct s3 *s = place;
    struct outgoing_answer answer;
    struct err e = ERR_INIT;
    if (s3_call(s, t->arena, method, key, body, &answer, &e) < 0) {
        *why = arena_str(t->arena, str_of(e.message));
        return false;
    }
    *got = answer.body;
    *why = s3_error(t->arena, &answer);
    return answer.status / 100 == 2;
}

static enum export_outcome write_object(struct export_trial *t)
{
    struct s3 s;
    return begin(t, &s) ? export_try_object(t, "object", call_object, &s) : STEP_FAILED;
}

#define ROLE                                                                              \
    { "Ensure we can assume provided AWS role",                                           \
      "Assumes the AWS role of the integration. Exports that use an access key skip it.", "", \
      assume_role }
#define BUCKET                                                                                \
    { "Check S3 bucket exists", "Looks for the bucket with the credentials that the export uses.", \
      "bucket_name region aws_access_key_id aws_secret_access_key", bucket_exists }
#define OBJECT                                                                             \
    { "Write a test object", "Writes a small object under the prefix, reads it back and deletes " \
                             "it.",                                                        \
      "bucket_name region aws_access_key_id aws_secret_access_key", write_object }

const struct export_step export_aws_steps[3] = { ROLE, BUCKET, OBJECT };
const struct export_step export_s3_steps[2] = { BUCKET, OBJECT };
