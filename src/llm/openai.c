/* openai.c - chat completions. What is sent is what the oldest servers take: no bound on the reply's
 * length and no temperature, which some refuse under one name and some under the other.
 *
 * Pieces of tool calls are put together by these rules, for servers disagree. An index names its call.
 * A piece that brings a name begins a new call when there is none of that index, when its id is
 * another one (Ollama's proxies give every call index 0), or when the call of that index is whole
 * already; a piece without a name always goes on (its id may differ: some make one a piece). Without an
 * index, a name or a new id begins a call. Whether tools are called is seen from the calls, never from
 * the finish reason. */
#include <stdio.h>

#include "base/limits.h"
#include "llm/wire.h"

/* -------------------------------------------------------------------------- request */

static void put_calls(struct json_writer *w, const struct llm_message *m)
{
    json_key(w, "tool_calls");
    json_open(w, '[');
    for (size_t i = 0; i < m->calls_n; i++) {
        json_open(w, '{');
        json_put_str(w, "id", m->calls[i].id);
        json_key(w, "type");
        json_z(w, "function");
        json_key(w, "function");
        json_open(w, '{');
        json_put_str(w, "name", m->calls[i].name);
        json_put_str(w, "arguments", m->calls[i].broken ? STR("{}") : m->calls[i].args);
        json_close(w, '}');
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void put_message(struct json_writer *w, const struct llm_message *m)
{
    static const char *const roles[] = { "user", "assistant", "tool" };
    json_open(w, '{');
    json_key(w, "role");
    json_z(w, roles[m->role]);
    if (m->role == LLM_TOOL)
        json_put_str(w, "tool_call_id", m->call_id);
    json_key(w, "content");
    if (m->calls_n && !m->text.n)
        json_null(w);
    else
        json_str(w, m->text.p ? m->text : STR(""));
    if (m->calls_n)
        put_calls(w, m);
    json_close(w, '}');
}

static void put_tools(struct json_writer *w, const struct llm_request *q)
{
    json_key(w, "tools");
    json_open(w, '[');
    for (size_t i = 0; i < q->tools_n; i++) {
        json_open(w, '{');
        json_key(w, "type");
        json_z(w, "function");
        json_key(w, "function");
        json_open(w, '{');
        json_key(w, "name");
        json_z(w, q->tools[i].name);
        json_key(w, "description");
        json_z(w, q->tools[i].description);
        json_key(w, "parameters");
        json_raw(w, str_of(q->tools[i].schema));
        json_close(w, '}');
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void openai_body(struct json_writer *w, const char *model, const struct llm_request *q,
                        const struct wire_without *without)
{
    json_open(w, '{');
    json_key(w, "model");
    json_z(w, model);
    json_key(w, "messages");
    json_open(w, '[');
    if (q->system.n) {
        json_open(w, '{');
        json_put_str(w, "role", STR("system"));
        json_put_str(w, "content", q->system);
        json_close(w, '}');
    }
    for (size_t i = 0; i < q->messages_n; i++)
        put_message(w, &q->messages[i]);
    json_close(w, ']');
    if (q->tools_n && !without->tools)
        put_tools(w, q);
    json_key(w, "stream");
    json_bool(w, !without->stream);
    if (!without->usage && !without->stream) {
        json_key(w, "stream_options");
        json_raw(w, STR("{\"include_usage\":true}"));
    }
    json_close(w, '}');
}

/* -------------------------------------------------------------------------- reply */

static bool is_whole(const struct wire_call *c)
{
    struct err ignored = ERR_INIT;
    struct json *v;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    return c->args.n && json_parse(a, buf_view(&c->args), &v, &ignored) == 0 &&
           v->type == JSON_OBJECT;
}

static struct wire_call *last_of(struct wire *w, int64_t index)
{
    for (size_t i = w->calls_n; i; i--)
        if (index < 0 || w->calls[i - 1].index == index)
            return &w->calls[i - 1];
    return NULL;
}

static struct wire_call *call_of(struct wire *w, int64_t index, str id, str name)
{
    struct wire_call *c = last_of(w, index);
    if (!c)
        return name.n ? wire_new_call(w, index, id, name) : NULL;
    bool other_id = id.n && !str_eqz(id, c->id);
    bool begins = index < 0 ? (name.n || other_id) : name.n && (other_id || is_whole(c));
    return begins && name.n ? wire_new_call(w, index, id, name) : c;
}

static void add_json(struct buf *b, const struct json *v)
{
    struct json_writer w = JSON_WRITER(b);
    json_tree(&w, v);
}

static void take_call(struct wire *w, const struct json *piece)
{
    const struct json *f = json_get(piece, "function"), *index = json_get(piece, "index");
    const struct json *args = json_get(f ? f : piece, "arguments");
    str name = json_get_text(f ? f : piece, "name");
    struct wire_call *c = call_of(w, json_is(index, JSON_NUMBER) ? index->i64 : -1,
                                  json_get_text(piece, "id"), name);
    if (!c)
        return;
    if (json_is(args, JSON_STRING))
        buf_str(&c->args, args->text);
    else if (json_is(args, JSON_OBJECT)) /* some proxies */
        add_json(&c->args, args);
}

/* A text, or a list of parts that have one. */
static void take_text(struct buf *b, const struct json *content)
{
    if (json_is(content, JSON_STRING))
        buf_str(b, content->text);
    for (const struct json *p = json_is(content, JSON_ARRAY) ? content->head : NULL; p; p = p->next)
        buf_str(b, json_get_text(p, "text"));
}

static void take_delta(struct wire *w, const struct json *delta)
{
    const struct json *calls = json_get(delta, "tool_calls"), *old = json_get(delta,
                                                                              "function_call");
    take_text(&w->text, json_get(delta, "content"));
    take_text(&w->text, json_get(delta, "refusal"));
    take_text(&w->thinking, json_get(delta, "reasoning_content"));
    take_text(&w->thinking, json_get(delta, "reasoning"));
    for (const struct json *c = json_is(calls, JSON_ARRAY) ? calls->head : NULL; c; c = c->next)
        take_call(w, c);
    if (json_is(old, JSON_OBJECT))
        take_call(w, old);
    w->touched = true;
}

static void openai_take(struct wire *w, struct arena *a, str event, const struct json *v)
{
    (void)a, (void)event;
    if (wire_take_error(w, v))
        return;
    const struct json *choices = json_get(v, "choices"), *usage = json_get(v, "usage");
    if (json_is(usage, JSON_OBJECT)) {
        const struct json *in = json_get(usage, "prompt_tokens");
        const struct json *out = json_get(usage, "completion_tokens");
        w->tokens_in = json_is(in, JSON_NUMBER) ? in->i64 : w->tokens_in;
        w->tokens_out = json_is(out, JSON_NUMBER) ? out->i64 : w->tokens_out;
    }
    const struct json *choice = json_is(choices, JSON_ARRAY) ? choices->head : NULL;
    if (!choice)
        return;
    const struct json *delta = json_get(choice, "delta"), *message = json_get(choice, "message");
    take_delta(w, json_is(delta, JSON_OBJECT) ? delta : message);
    str why = json_get_text(choice, "finish_reason");
    if (why.n) {
        w->finished = true;
        w->cut = str_eqz(why, "length");
    }
}

const struct wire_dialect wire_openai = { openai_body, openai_take };
