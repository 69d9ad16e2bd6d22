/* wire.c - see wire.h: what both dialects share. */
#include "llm/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

void wire_init(struct wire *w)
{
    *w = (struct wire){ .text = BUF_INIT(LIMIT_MODEL_REPLY), .thinking = BUF_INIT(LIMIT_MODEL_REPLY),
                        .blocks = BUF_INIT(LIMIT_MODEL_REPLY),
                        .signature = BUF_INIT(LIMIT_MODEL_REPLY), .block = -1 };
}

void wire_release(struct wire *w)
{
    buf_release(&w->text);
    buf_release(&w->thinking);
    buf_release(&w->blocks);
    buf_release(&w->signature);
    for (size_t i = 0; i < w->calls_n; i++)
        buf_release(&w->calls[i].args);
    free(w->calls);
}

struct wire_call *wire_new_call(struct wire *w, int64_t index, str id, str name)
{
    if (w->calls_n == WIRE_CALLS)
        return NULL;
    if (!w->calls)
        w->calls = calloc(WIRE_CALLS, sizeof(*w->calls));
    BUG_ON(!w->calls);
    struct wire_call *c = &w->calls[w->calls_n++];
    *c = (struct wire_call){ .index = index, .args = BUF_INIT(LIMIT_MODEL_REPLY) };
    snprintf(c->id, sizeof(c->id), STR_FMT, STR_ARG(id));
    snprintf(c->name, sizeof(c->name), STR_FMT, STR_ARG(name));
    return c;
}

void wire_end_thinking(struct wire *w, bool proven)
{
    struct json_writer to = JSON_WRITER(&w->blocks);
    if (w->blocks.n)
        buf_char(&w->blocks, ',');
    json_open(&to, '{');
    json_put_z(&to, "type", "thinking");
    json_put_str(&to, "thinking", buf_view(&w->thinking));
    if (proven)
        json_put_str(&to, "signature", buf_view(&w->signature));
    json_close(&to, '}');
    buf_reset(&w->thinking);
    buf_reset(&w->signature);
    w->block = -1;
}

static void set_error(struct wire *w, str type, str message, const struct json *code)
{
    w->failed = true;
    snprintf(w->error_type, sizeof(w->error_type), STR_FMT, STR_ARG(type));
    snprintf(w->error, sizeof(w->error), STR_FMT, STR_ARG(message));
    if (json_is(code, JSON_NUMBER)) /* llama.cpp and vLLM: the status */
        w->error_status = code->i64;
}

bool wire_take_error(struct wire *w, const struct json *v)
{
    const struct json *error = json_get(v, "error");
    if (json_is(error, JSON_STRING)) {
        set_error(w, STR(""), error->text, NULL);
    } else if (json_is(error, JSON_OBJECT)) {
        const struct json *code = json_get(error, "code");
        str type = json_is(code, JSON_STRING) ? code->text : json_get_text(error, "type");
        set_error(w, type, json_get_text(error, "message"), code);
    } else if (str_eqz(json_get_text(v, "object"), "error")) { /* older vLLM */
        set_error(w, json_get_text(v, "type"), json_get_text(v, "message"), json_get(v, "code"));
    } else {
        return false;
    }
    return true;
}
