/* model.c - see model.h. */
#include "cmd/model.h"

int model_context(const struct options *o, int64_t *tokens, struct err *e)
{
    if (str_to_i64(str_of(o->llm_context), tokens) && *tokens >= 2000 && *tokens <= 2000000)
        return 0;
    return err_set(e, ERR_INVALID, "llm-context",
                   "--llm-context must be a number from 2000 to 2000000, not %s", o->llm_context);
}

int model_seconds(const struct options *o, int *seconds, struct err *e)
{
    int64_t n;
    if (!str_to_i64(str_of(o->llm_seconds), &n) || n < 1 || n > 3600)
        return err_set(e, ERR_INVALID, "llm-seconds",
                       "--llm-seconds must be a number from 1 to 3600, not %s", o->llm_seconds);
    *seconds = (int)n;
    return 0;
}

int model_start(struct arena *a, const struct options *o, struct llm **out, struct err *e)
{
    bool anthropic = strcmp(o->llm_dialect, "anthropic") == 0;
    struct llm_config cfg = { .url = o->llm_url, .model = o->llm_model, .proxy = o->llm_proxy,
                              .ca_file = o->llm_ca_file,
                              .dialect = anthropic ? LLM_ANTHROPIC : LLM_OPENAI };
    *out = NULL;
    if (!anthropic && strcmp(o->llm_dialect, "openai"))
        return err_set(e, ERR_INVALID, "llm-dialect",
                       "--llm-dialect is openai or anthropic, not %s", o->llm_dialect);
    if (!o->llm_url)
        return 0;
    if (!o->llm_model)
        return err_set(e, ERR_INVALID, "llm-model", "--llm-url needs --llm-model");
    int rc = model_seconds(o, &cfg.seconds, e);
    if (rc == 0 && o->llm_key_file)
        rc = options_read_secret(a, o->llm_key_file, &cfg.key, e);
    return rc < 0 ? rc : llm_new(&cfg, out, e);
}
