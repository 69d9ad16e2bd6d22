/* model.c - fuzzes what a language model's server sends: the stream, cut at a place that its first byte
 * names, in both dialects. However it is cut, the same must come of it. */
#include <stdint.h>

#include "llm/sse.h"
#include "llm/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct reader {
    const struct wire_dialect *dialect;
    struct wire wire;
    struct arena *arena;
};

static void take(void *context, str event, str data)
{
    struct reader *r = context;
    struct err ignored = ERR_INIT;
    struct json *v;
    arena_reset(r->arena);
    if (json_parse(r->arena, data, &v, &ignored) == 0)
        r->dialect->take(&r->wire, r->arena, event, v);
}

static void read_cut(struct reader *r, const struct wire_dialect *dialect, str text, size_t at)
{
    struct sse s;
    *r = (struct reader){ .dialect = dialect, .arena = arena_new() };
    wire_init(&r->wire);
    sse_init(&s, take, r);
    (void)sse_add(&s, text.p, at);
    (void)sse_add(&s, text.p + at, text.n - at);
    sse_end(&s);
    sse_release(&s);
}

static void release(struct reader *r)
{
    wire_release(&r->wire);
    arena_free(r->arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct wire_dialect *const dialects[] = { &wire_openai, &wire_anthropic };
    if (!n)
        return 0;
    str text = { (const char *)data + 1, n - 1 };
    for (size_t i = 0; i < 2; i++) {
        struct reader whole, cut;
        read_cut(&whole, dialects[i], text, 0);
        read_cut(&cut, dialects[i], text, text.n ? data[0] % text.n : 0);
        BUG_ON(!str_eq(buf_view(&whole.wire.text), buf_view(&cut.wire.text)));
        BUG_ON(whole.wire.calls_n != cut.wire.calls_n || whole.wire.finished != cut.wire.finished);
        release(&whole);
        release(&cut);
    }
    return 0;
}
