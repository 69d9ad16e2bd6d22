/* sse.c - see sse.h. */
#include "llm/sse.h"

#include <stdio.h>

#include "base/limits.h"

void sse_init(struct sse *s, void (*take)(void *context, str event, str data), void *context)
{
    *s = (struct sse){ .line = BUF_INIT(LIMIT_MODEL_REPLY), .data = BUF_INIT(LIMIT_MODEL_REPLY),
                       .take = take, .context = context };
}

void sse_release(struct sse *s)
{
    buf_release(&s->line);
    buf_release(&s->data);
}

static void end_event(struct sse *s)
{
    str data = str_trim(buf_view(&s->data));
    if (data.n) /* a ping or an empty frame is nothing to parse */
        s->take(s->context, str_of(s->event), data);
    buf_reset(&s->data);
    s->event[0] = '\0';
    s->some = false;
}

static void add_data(struct sse *s, str value)
{
    if (s->some)
        buf_char(&s->data, '\n');
    s->some = true;
    buf_str(&s->data, value);
}

static void end_line(struct sse *s)
{
    str value = buf_view(&s->line);
    if (!value.n) {
        end_event(s);
        return;
    }
    str name = str_split(&value, ':');
    value = value.p ? value : STR("");
    if (value.n && value.p[0] == ' ')
        value = str_slice(value, 1, value.n);
    if (str_eqz(name, "data")) {
        add_data(s, value);
    } else if (str_eqz(name, "event")) {
        snprintf(s->event, sizeof(s->event), STR_FMT, STR_ARG(value));
    } else if (str_eqz(name, "error")) { /* llama.cpp until late 2025 */
        snprintf(s->event, sizeof(s->event), "error");
        add_data(s, value);
    }
    buf_reset(&s->line);
}

bool sse_add(struct sse *s, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool lf = p[i] == '\n', cr = p[i] == '\r';
        if (cr || (lf && !s->cr))
            end_line(s);
        if (!lf && !cr) {
            const char *stop = p + i;
            while (stop < p + n && *stop != '\n' && *stop != '\r')
                stop++;
            buf_add(&s->line, p + i, (size_t)(stop - p) - i);
            i = (size_t)(stop - p) - 1;
        }
        s->cr = cr;
    }
    return !s->line.full && !s->data.full;
}

void sse_end(struct sse *s)
{
    if (s->line.n)
        end_line(s);
    end_event(s);
}
