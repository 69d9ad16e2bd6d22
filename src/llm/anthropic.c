/* anthropic.c - the messages API. Roles alternate, so what follows in one role is one message; the results
 * of a turn's calls stand together and first in theirs; empty texts are refused and left out. */
#include <stdio.h>

#include "base/limits.h"
#include "llm/wire.h"

#define MAX_TOKENS 8192 /* of a reply: the API wants a number */

/* -------------------------------------------------------------------------- request */

static void put_text(struct json_writer *w, str text)
{
    json_open(w, '{');
    json_key(w, "type");
    json_z(w, "text");
    json_key(w, "text");
    json_str(w, text);
    json_close(w, '}');
}

static void put_blocks(struct json_writer *w, const struct llm_message *m)
{
    if (m->role == LLM_TOOL) {
        json_open(w, '{');
        json_key(w, "type");
        json_z(w, "tool_result");
        json_key(w, "tool_use_id");
        json_str(w, m->call_id);
        json_key(w, "content");
        json_str(w, m->text.n ? m->text : STR("(empty)"));
        if (m->failed) {
            json_key(w, "is_error");
            json_bool(w, true);
        }
        json_close(w, '}');
        return;
    }
    if (m->thinking.n > 2) /* a list with something in it: its members */
        json_raw(w, str_slice(m->thinking, 1, m->thinking.n - 1));
    if (str_trim(m->text).n)
        put_text(w, m->text);
    for (size_t i = 0; i < m->calls_n; i++) {
        json_open(w, '{');
        json_key(w, "type");
        json_z(w, "tool_use");
        json_key(w, "id");
        json_str(w, m->calls[i].id);
        json_key(w, "name");
        json_str(w, m->calls[i].name);
        json_key(w, "input");
        json_raw(w, m->calls[i].broken ? STR("{}") : m->calls[i].args);
        json_close(w, '}');
    }
}

static bool by_assistant(const struct llm_message *m)
{
    return m->role == LLM_ASSISTANT;
}

static bool is_empty(const struct llm_message *m)
{
    return m->role != LLM_TOOL && !m->calls_n && !str_trim(m->text).n && m->thinking.n <= 2;
}

static void put_messages(struct json_writer *w, const struct llm_request *q)
{
    const struct llm_message *before = NULL;
    json_key(w, "messages");
    json_open(w, '[');
    for (size_t i = 0; i < q->messages_n; i++) {
        const struct llm_message *m = &q->messages[i];
        if (is_empty(m))
            continue;
        if (before && by_assistant(before) != by_assistant(m)) {
            json_close(w, ']');
            json_close(w, '}');
        }
        if (!before || by_assistant(before) != by_assistant(m)) {
            json_open(w, '{');
            json_key(w, "role");
            json_z(w, by_assistant(m) ? "assistant" : "user");
            json_key(w, "content");
            json_open(w, '[');
        }
        put_blocks(w, m);
        before = m;
    }
    if (before) {
        json_close(w, ']');
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void anthropic_body(struct json_writer *w, const char *model, const struct llm_request *q,
                           const struct wire_without *without)
{
    json_open(w, '{');
    json_key(w, "model");
    json_z(w, model);
    json_key(w, "max_tokens");
    json_i64(w, MAX_TOKENS);
    if (q->system.n) {
        json_key(w, "system");
        json_open(w, '[');
        json_open(w, '{');
        json_key(w, "type");
        json_z(w, "text");
        json_key(w, "text");
        json_str(w, q->system);
        json_key(w, "cache_control"); /* the same each turn */
        json_raw(w, STR("{\"type\":\"ephemeral\"}"));
        json_close(w, '}');
        json_close(w, ']');
    }
    put_messages(w, q);
    if (q->tools_n && !without->tools) {
        json_key(w, "tools");
        json_open(w, '[');
        for (size_t i = 0; i < q->tools_n; i++) {
            json_open(w, '{');
            json_key(w, "name");
            json_z(w, q->tools[i].name);
            json_key(w, "description");
            json_z(w, q->tools[i].description);
            json_key(w, "input_schema");
            json_raw(w, str_of(q->tools[i].schema));
            json_close(w, '}');
        }
        json_close(w, ']');
    }
    json_key(w, "stream");
    json_bool(w, !without->stream);
    json_close(w, '}');
}

/* -------------------------------------------------------------------------- reply */

static int64_t index_of(const struct json *v)
{
    const struct json *i = json_get(v, "index");
    return json_is(i, JSON_NUMBER) ? i->i64 : -1;
}

static void add_block(struct wire *w, const struct json *block)
{
    struct json_writer to = JSON_WRITER(&w->blocks);
    if (w->blocks.n)
        buf_char(&w->blocks, ',');
    json_tree(&to, block);
}

static void begin_block(struct wire *w, int64_t index, const struct json *block)
{
    str type = json_get_text(block, "type");
    const struct json *input = json_get(block, "input");
    if (str_eqz(type, "text")) {
        buf_str(&w->text, json_get_text(block, "text"));
    } else if (str_eqz(type, "tool_use")) {
        struct wire_call *c = wire_new_call(w, index, json_get_text(block, "id"),
                                            json_get_text(block, "name"));
        if (c && json_is(input, JSON_OBJECT) && input->head) { /* whole: not streamed */
            struct json_writer to = JSON_WRITER(&c->args);
            json_tree(&to, input);
        }
    } else if (str_eqz(type, "thinking")) {
        w->block = index;
        buf_str(&w->thinking, json_get_text(block, "thinking"));
        buf_str(&w->signature, json_get_text(block, "signature"));
    } else if (str_eqz(type, "redacted_thinking")) {
        add_block(w, block);
    }
}

static void take_delta(struct wire *w, int64_t index, const struct json *delta)
{
    buf_str(&w->text, json_get_text(delta, "text"));
    buf_str(&w->thinking, json_get_text(delta, "thinking"));
    buf_str(&w->signature, json_get_text(delta, "signature"));
    str part = json_get_text(delta, "partial_json");
    for (size_t i = w->calls_n; part.n && i; i--)
        if (w->calls[i - 1].index == index) {
            buf_str(&w->calls[i - 1].args, part);
            break;
        }
}

static void take_usage(struct wire *w, const struct json *usage)
{
    const struct json *in = json_get(usage, "input_tokens"), *out = json_get(usage,
                                                                             "output_tokens");
    w->tokens_in = json_is(in, JSON_NUMBER) ? in->i64 : w->tokens_in;
    w->tokens_out = json_is(out, JSON_NUMBER) ? out->i64 : w->tokens_out;
}

static void take_stop(struct wire *w, const struct json *v)
{
    str why = json_get_text(v, "stop_reason");
    if (!why.n)
        return;
    w->cut = str_eqz(why, "max_tokens") || str_eqz(why, "model_context_window_exceeded");
}

/* A reply that came at once. */
static void take_whole(struct wire *w, const struct json *v)
{
    const struct json *content = json_get(v, "content");
    int64_t index = 0;
    for (const struct json *b = json_is(content, JSON_ARRAY) ? content->head : NULL; b;
         b = b->next) {
        begin_block(w, index, b);
        if (w->block == index)
            wire_end_thinking(w, true);
        index++;
    }
    take_usage(w, json_get(v, "usage"));
    take_stop(w, v);
    w->finished = true;
}

static void anthropic_take(struct wire *w, struct arena *a, str event, const struct json *v)
{
    str type = json_get_text(v, "type");
    (void)a;
    if (!type.n)
        type = event;
    if (wire_take_error(w, v))
        return;
    w->touched = true;
    if (str_eqz(type, "content_block_start"))
        begin_block(w, index_of(v), json_get(v, "content_block"));
    else if (str_eqz(type, "content_block_delta"))
        take_delta(w, index_of(v), json_get(v, "delta"));
    else if (str_eqz(type, "content_block_stop") && w->block >= 0 && w->block == index_of(v))
        wire_end_thinking(w, true);
    else if (str_eqz(type, "message_start"))
        take_usage(w, json_get(json_get(v, "message"), "usage"));
    else if (str_eqz(type, "message_delta")) {
        take_usage(w, json_get(v, "usage"));
        take_stop(w, json_get(v, "delta"));
    } else if (str_eqz(type, "message_stop"))
        w->finished = true;
    else if (str_eqz(type, "message"))
        take_whole(w, v);
}

const struct wire_dialect wire_anthropic = { anthropic_body, anthropic_take };
