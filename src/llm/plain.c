/* plain.c - see plain.h. A call is <tool_call>{"name": …, "arguments": {…}}</tool_call>, the form that most
 * models were taught. */
#include "llm/plain.h"

#include "base/limits.h"
#include "base/uuid.h"
#include "json/write.h"

#define OPEN "<tool_call>"
#define CLOSE "</tool_call>"
#define PLAIN_CALLS 8 /* of one reply */

static str described(struct arena *a, const struct llm_request *q)
{
    struct buf b = BUF_INIT(LIMIT_MODEL_REQUEST);
    buf_str(&b, q->system);
    buf_z(&b, "\n\nYou can call tools. To call one, write nothing but\n" OPEN
              "{\"name\": \"the tool\", \"arguments\": {…}}" CLOSE "\nand wait: the next message "
              "brings its result. The tools, with the JSON schema of their arguments:\n");
    for (size_t i = 0; i < q->tools_n; i++)
        buf_printf(&b, "\n%s: %s\n%s\n", q->tools[i].name, q->tools[i].description,
                   q->tools[i].schema);
    str text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

static struct llm_message in_words(struct arena *a, const struct llm_message *m)
{
    struct buf b = BUF_INIT(LIMIT_MODEL_REQUEST);
    struct llm_message out = { .role = m->role == LLM_ASSISTANT ? LLM_ASSISTANT : LLM_USER };
    if (m->role == LLM_TOOL)
        buf_z(&b, m->failed ? "The tool failed:\n" : "The tool answers:\n");
    buf_str(&b, m->text);
    for (size_t i = 0; i < m->calls_n; i++)
        buf_printf(&b, "%s" OPEN "{\"name\":\"" STR_FMT "\",\"arguments\":" STR_FMT "}" CLOSE,
                   b.n ? "\n" : "", STR_ARG(m->calls[i].name),
                   STR_ARG(m->calls[i].broken ? STR("{}") : m->calls[i].args));
    out.text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

void llm_plain_request(struct arena *a, struct llm_request *q)
{
    struct llm_message *list = arena_alloc(a, (q->messages_n + 1) * sizeof(*list));
    for (size_t i = 0; i < q->messages_n; i++)
        list[i] = in_words(a, &q->messages[i]);
    if (q->tools_n)
        q->system = described(a, q);
    q->messages = list;
    q->tools_n = 0;
}

static bool has_tool(const struct llm_request *q, str name)
{
    for (size_t i = 0; i < q->tools_n; i++)
        if (str_eqz(name, q->tools[i].name))
            return true;
    return false;
}

static bool read_call(struct arena *a, const struct llm_request *q, str text, struct llm_call *c)
{
    struct err ignored = ERR_INIT;
    struct json *v;
    char id[25];
    if (json_parse(a, str_trim(text), &v, &ignored) < 0 || !has_tool(q, json_get_text(v, "name")))
        return false;
    const struct json *args = json_get(v, "arguments");
    if (!args)
        args = json_get(v, "parameters");
    rand_token(id, 24);
    *c = (struct llm_call){ .id = arena_printf(a, "call_%s", id), .name = json_get_text(v, "name"),
                            .args = json_is(args, JSON_OBJECT) || json_is(args, JSON_STRING)
                                        ? args->text : STR("{}") };
    struct json *parsed;
    c->broken = json_parse(a, c->args, &parsed, &ignored) < 0 || parsed->type != JSON_OBJECT;
    return true;
}

void llm_plain_calls(struct arena *a, const struct llm_request *q, struct llm_reply *r)
{
    struct llm_call calls[PLAIN_CALLS];
    size_t n = 0;
    ptrdiff_t first = str_find(r->text, STR(OPEN));
    str rest = r->text;
    if (r->calls_n || first < 0)
        return;
    for (ptrdiff_t at; n < PLAIN_CALLS && (at = str_find(rest, STR(OPEN))) >= 0;) {
        rest = str_slice(rest, (size_t)at + sizeof(OPEN) - 1, rest.n);
        ptrdiff_t end = str_find(rest, STR(CLOSE));
        str text = end < 0 ? rest : str_slice(rest, 0, (size_t)end);
        n += read_call(a, q, text, &calls[n]);
        if (end < 0)
            break;
        rest = str_slice(rest, (size_t)end + sizeof(CLOSE) - 1, rest.n);
    }
    if (!n)
        return;
    r->calls = arena_alloc(a, n * sizeof(*calls));
    memcpy(r->calls, calls, n * sizeof(*calls));
    r->calls_n = n;
    r->text = str_trim(str_slice(r->text, 0, (size_t)first));
}
