/* destination.c - the table of kinds; see destination.h. */
#include "export/destination.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/uuid.h"
#include "export/run.h"

#define REQUIRED NULL, false, false
#define EVERY                                                                                \
    { "include_events", EXPORT_NAMES, "null", true }, { "exclude_events", EXPORT_NAMES, "null", true }
#define FILES                                                               \
    { "compression", EXPORT_STR, "null", true },                            \
    { "file_format", EXPORT_STR, "\"JSONLines\"" },                         \
    { "max_file_size_mb", EXPORT_INT, "null", true }
#define S3                                                                                   \
    { "bucket_name", EXPORT_STR, REQUIRED }, { "region", EXPORT_STR, REQUIRED },             \
    { "prefix", EXPORT_STR, REQUIRED }, FILES,                                               \
    { "legacy_parquet_extension", EXPORT_BOOL, "false" },                                    \
    { "aws_access_key_id", EXPORT_STR, "null", true, true },                                 \
    { "aws_secret_access_key", EXPORT_STR, "null", true, true }, EVERY
#define ENCRYPTED \
    { "encryption", EXPORT_STR, "null", true }, { "kms_key_id", EXPORT_STR, "null", true }
#define ELSEWHERE                                   \
    { "endpoint_url", EXPORT_STR, "null", true },   \
    { "use_virtual_style_addressing", EXPORT_BOOL, "false" }

static const struct export_field aws_fields[] = { S3, ENCRYPTED, { 0 } };
static const struct export_field compatible_fields[] = { S3, ELSEWHERE, { 0 } };
static const struct export_field s3_fields[] = { S3, ENCRYPTED, ELSEWHERE, { 0 } };

static const struct export_field azure_fields[] = {
    { "container_name", EXPORT_STR, REQUIRED }, { "prefix", EXPORT_STR, "\"\"" }, FILES,
    { "legacy_parquet_extension", EXPORT_BOOL, "false" },
    { "connection_string", EXPORT_STR, "null", true, true }, EVERY, { 0 },
};

static const struct export_field postgres_fields[] = {
    { "database", EXPORT_STR, REQUIRED },
    { "schema", EXPORT_STR, "\"public\"" },
    { "table_name", EXPORT_STR, "\"events\"" },
    { "host", EXPORT_STR, "null", true },
    { "port", EXPORT_INT, "5432" },
    { "user", EXPORT_STR, "null", true, true },
    { "password", EXPORT_STR, "null", true, true },
    { "has_self_signed_cert", EXPORT_BOOL, "false" },
    { "ssl_mode", EXPORT_STR, "\"require\"" },
    EVERY, { 0 },
};

static const struct export_field clickhouse_fields[] = {
    { "url", EXPORT_STR, "null", true },
    { "user", EXPORT_STR, "\"default\"" },
    { "password", EXPORT_STR, "\"\"", false, true },
    { "database", EXPORT_STR, "\"default\"" },
    { "table_name", EXPORT_STR, "\"events\"" },
    EVERY, { 0 },
};

static const struct export_field local_fields[] = {
    { "directory", EXPORT_STR, REQUIRED }, { "prefix", EXPORT_STR, "\"\"" }, FILES, EVERY, { 0 },
};

static const struct export_field noop_fields[] = { { "arg", EXPORT_STR, "\"\"" }, EVERY, { 0 } };

#define STEPS(list) list, ARRAY_LEN(list)

static const struct export_destination kinds[] = {
    { "AwsS3", aws_fields, "aws-s3", "Integration provided is not an AWS S3 integration", true,
      export_check_s3, STEPS(export_aws_steps), &export_s3_run },
    { "S3Compatible", compatible_fields, "s3-compatible",
      "Integration provided is not an S3-compatible integration", true,
      export_check_s3, STEPS(export_s3_steps), &export_s3_run },
    { "S3", s3_fields, "s3-compatible",
      "Integration provided is not an S3-compatible integration", true,
      export_check_s3, STEPS(export_s3_steps), &export_s3_run }, /* what older clients send */
    { "AzureBlob", azure_fields, "azure-blob",
      "Integration is not an Azure Blob integration.", false,
      export_check_azure, STEPS(export_azure_steps),
      &export_azure_run },
    { "Postgres", postgres_fields, "postgresql",
      "Integration is not a PostgreSQL integration.", false,
      export_check_postgres, STEPS(export_postgres_steps), &export_postgres_run },
    { "ClickHouse", clickhouse_fields, "clickhouse",
      "Integration is not a ClickHouse integration.", false,
      export_check_clickhouse, STEPS(export_clickhouse_steps), &export_clickhouse_run },
    { "LocalFile", local_fields, NULL, NULL, false, export_check_local, STEPS(export_local_steps),
      &export_local_run },
    { "NoOp", noop_fields, NULL, NULL, false, NULL, NULL, 0, &export_noop_run },
};

const struct export_destination *export_destination_find(str type)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eqz(type, kinds[i].type))
            return &kinds[i];
    return NULL;
}

/* -------------------------------------------------------------------------- steps */

const char *export_outcome_name(enum export_outcome o)
{
    static const char *const names[] = { "Passed", "Failed", "Skipped" };
    return names[o];
}

enum export_outcome step_failed(struct export_trial *t, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    t->message = arena_str(t->arena, str_of(text));
    return STEP_FAILED;
}

enum export_outcome export_step_run(const struct export_step *s, struct export_trial *t)
{
    for (str rest = str_of(s->needs); rest.p;) {
        str name = str_split(&rest, ' ');
        const struct json *v = json_get_str(t->config, name);
        if (name.n && (!v || v->type == JSON_NULL || (v->type == JSON_STRING && !v->text.n)))
            return step_failed(t, "The test step cannot run as it's not configured.");
    }
    return s->run(t);
}

/* A name below the prefix, which counts up to its first template variable. */
static str test_key(struct arena *a, str prefix)
{
    char id[UUID_TEXT];
    ptrdiff_t brace = str_find_char(prefix, '{');
    str fixed = brace < 0 ? prefix : str_slice(prefix, 0, (size_t)brace);
    while (fixed.n && fixed.p[0] == '/')
        fixed = str_slice(fixed, 1, fixed.n);
    while (fixed.n && fixed.p[fixed.n - 1] == '/')
        fixed.n--;
    uuid_text(uuid_v4(), id);
    return arena_printf(a, STR_FMT "%shoglet-test-%s", STR_ARG(fixed), fixed.n ? "/" : "", id);
}

enum export_outcome export_try_object(struct export_trial *t, const char *what, object_call *call,
                                      void *place)
{
    str text = STR("hoglet wrote this to test a batch export. It may be deleted.\n");
    str key = test_key(t->arena, json_get_text(t->config, "prefix"));
    str got = STR_NULL, why = STR_NULL;
    if (!call(place, t, "PUT", key, text, &got, &why))
        return step_failed(t, "A test %s could not be written: " STR_FMT, what, STR_ARG(why));
    enum export_outcome read = STEP_PASSED;
    if (!call(place, t, "GET", key, STR_NULL, &got, &why))
        read = step_failed(t, "A test %s was written, but could not be read back: " STR_FMT, what,
                           STR_ARG(why));
    else if (!str_eq(got, text))
        read = step_failed(t, "A test %s that was read back is not what was written", what);
    bool deleted = call(place, t, "DELETE", key, STR_NULL, &got, &why);
    if (read == STEP_PASSED && !deleted)
        return step_failed(t, "A test %s '" STR_FMT "' was created, but could not be deleted "
                              "afterwards: " STR_FMT, what, STR_ARG(str_utf8_prefix(key, 300)),
                           STR_ARG(why));
    return read;
}
