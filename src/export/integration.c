/* integration.c - see integration.h. */
#include "export/integration.h"

#include <stdio.h>

#include "export/config.h"
#include "model/integration.h"
#include "store/seal.h"

#define KEY_PAIR                                                 \
    { "aws_access_key_id", EXPORT_STR, NULL, false, true },      \
    { "aws_secret_access_key", EXPORT_STR, NULL, false, true }
#define NAME { "name", EXPORT_STR, "\"\"" }

static const struct export_field aws_fields[] = { NAME, KEY_PAIR, { 0 } };
static const struct export_field s3_fields[] = {
    NAME, { "endpoint_url", EXPORT_STR, NULL }, KEY_PAIR, { 0 }
};
static const struct export_field azure_fields[] = {
    NAME, { "connection_string", EXPORT_STR, NULL, false, true }, { 0 }
};
static const struct export_field postgres_fields[] = {
    NAME,
    { "host", EXPORT_STR, NULL },
    { "port", EXPORT_INT, "5432" },
    { "user", EXPORT_STR, NULL },
    { "password", EXPORT_STR, NULL, false, true },
    { "ssl_mode", EXPORT_STR, "\"require\"" },
    { 0 },
};
static const struct export_field clickhouse_fields[] = {
    NAME,
    { "url", EXPORT_STR, NULL },
    { "user", EXPORT_STR, "\"default\"" },
    { "password", EXPORT_STR, "\"\"", false, true },
    { 0 },
};

static const struct export_integration kinds[] = {
    { "aws-s3", "AWS S3", aws_fields, "aws_access_key_id aws_secret_access_key" },
    { "s3-compatible", "S3-compatible storage", s3_fields,
      "endpoint_url aws_access_key_id aws_secret_access_key" },
    { "azure-blob", "Azure Blob Storage", azure_fields, "connection_string" },
    { "postgresql", "PostgreSQL", postgres_fields, "host user" },
    { "clickhouse", "ClickHouse", clickhouse_fields, "url" },
};

const struct export_integration *export_integration_find(str kind)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eqz(kind, kinds[i].kind))
            return &kinds[i];
    return NULL;
}

static int check_needs(const struct export_integration *k, const struct json *config,
                       struct err *e)
{
    for (str rest = str_of(k->needs); rest.p;) {
        str name = str_split(&rest, ' ');
        const struct json *v = json_get_str(config, name);
        if (!str_trim(v->text).n)
            return err_set(e, ERR_INVALID, "config", "The following inputs are empty: ['" STR_FMT
                                                     "']", STR_ARG(name));
    }
    return 0;
}

int export_integration_read(struct arena *a, const struct export_integration *k,
                            const struct json *given, struct json **shown, struct json **secrets,
                            struct err *e)
{
    struct json *all;
    int rc = config_read(a, k->fields, given, &all, e);
    if (rc < 0) {
        snprintf(e->attr, sizeof(e->attr), "config");
        return rc;
    }
    *shown = json_new(a, JSON_OBJECT);
    *secrets = json_new(a, JSON_OBJECT);
    for (const struct export_field *f = k->fields; f->name; f++)
        json_set(f->secret ? *secrets : *shown, str_of(f->name),
                 json_share(a, json_get(all, f->name)));
    return check_needs(k, all, e);
}

int export_integration_open(struct arena *a, const struct seal *seal, const struct integration *in,
                            struct json **out, struct err *e)
{
    str secrets;
    struct json *shown, *hidden;
    int rc = seal_read(seal, a, in->secrets, &secrets, e);
    if (rc == 0)
        rc = json_parse(a, in->config, &shown, e);
    if (rc == 0)
        rc = json_parse(a, secrets, &hidden, e);
    if (rc == 0)
        *out = json_merge(a, shown, hidden);
    return rc;
}
