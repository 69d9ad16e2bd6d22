/* azure_steps.c - trying a container: is it there, can it be written, read, cleaned. */
#include "export/azure.h"
#include "export/destination.h"

int export_check_azure(struct arena *a, const struct export_destination *d,
                       const struct json *config, struct err *e)
{
    (void)d;
    if (!json_get_text(config, "connection_string").n)
        return err_set(e, ERR_INVALID, "destination",
                       "Integration is required for Azure Blob batch exports");
    return export_check_files(a, config, e);
}

static bool begin(struct export_trial *t, struct azure *z)
{
    struct err e = ERR_INIT;
    *z = (struct azure){ .outgoing = t->outgoing };
    if (azure_connect(z, t->arena, json_get_text(t->config, "connection_string"), &e) == 0)
        return true;
    step_failed(t, "%s", e.message);
    return false;
}

static enum export_outcome container_exists(struct export_trial *t)
{
    struct azure z;
    struct outgoing_answer got;
    struct err e = ERR_INIT;
    str name = json_get_text(t->config, "container_name");
    if (!begin(t, &z))
        return STEP_FAILED;
    str path = arena_printf(t->arena, "/" STR_FMT, STR_ARG(name));
    if (azure_call(&z, t->arena, "HEAD", path, true, STR_NULL, &got, &e) < 0)
        return step_failed(t, "Could not connect to Azure Blob Storage: %s", e.message);
    if (got.status == 404)
        return step_failed(t, "Container '" STR_FMT "' does not exist", STR_ARG(name));
    if (got.status == 401 || got.status == 403)
        return step_failed(t, "Authentication failed. Check your connection string credentials");
    if (got.status != 200)
        return step_failed(t, "Could not connect to Azure Blob Storage: status %ld", got.status);
    return STEP_PASSED;
}

static bool call_blob(void *place, struct export_trial *t, const char *method, str key, str body,
                      str *got, str *why)
{
    const struct azure *z = place;
    struct outgoing_answer answer;
    struct err e = ERR_INIT;
    str path = arena_printf(t->arena, "/" STR_FMT "/" STR_FMT,
                            STR_ARG(json_get_text(t->config, "container_name")), STR_ARG(key));
    if (azure_call(z, t->arena, method, path, false, body, &answer, &e) < 0) {
        *why = arena_str(t->arena, str_of(e.message));
        return false;
    }
    *got = answer.body;
    *why = arena_printf(t->arena, "status %ld", answer.status);
    return answer.status / 100 == 2;
}

static enum export_outcome write_blob(struct export_trial *t)
{
    struct azure z;
    return begin(t, &z) ? export_try_object(t, "blob", call_blob, &z) : STEP_FAILED;
}

const struct export_step export_azure_steps[2] = {
    { "Check Azure Blob container exists",
      "Looks for the container with the credentials that the export uses.",
      "container_name connection_string", container_exists },
    { "Write a test blob", "Writes a small blob under the prefix, reads it back and deletes it.",
      "container_name connection_string", write_blob },
};
