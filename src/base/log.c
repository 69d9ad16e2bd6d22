/* log.c - see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

static atomic_int least = LOG_INFO;
static atomic_bool as_json;

void log_set_level(enum log_level level)
{
    atomic_store(&least, level);
}

void log_set_json(bool on)
{
    atomic_store(&as_json, on);
}

bool log_has(enum log_level level)
{
    return (int)level >= atomic_load(&least);
}

static void add_value(struct buf *b, bool json, const char *v)
{
    buf_char(b, '"');
    for (; *v; v++) {
        unsigned char c = (unsigned char)*v;
        if (c == '"' || c == '\\')
            buf_char(b, '\\');
        if (c < 0x20 || c == 0x7F)
            buf_printf(b, json ? "\\u%04x" : "\\x%02x", c);
        else
            buf_char(b, *v);
    }
    buf_char(b, '"');
}

static void add_pair(struct buf *b, bool json, const char *key, const char *value)
{
    buf_printf(b, json ? ",\"%s\":" : " %s=", key);
    add_value(b, json, value ? value : "");
}

void log_event(enum log_level level, const char *msg, ...)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    if (!log_has(level))
        return;
    struct buf b = BUF_INIT(16384);
    char now[CLOCK_TEXT];
    bool json = atomic_load(&as_json);
    clock_text(clock_real_us(), now);
    buf_printf(&b, json ? "{\"ts\":\"%s\",\"level\":\"%s\"" : "ts=%s level=%s", now, names[level]);
    add_pair(&b, json, "msg", msg);
    va_list ap;
    va_start(ap, msg);
    for (const char *key; (key = va_arg(ap, const char *));)
        add_pair(&b, json, key, va_arg(ap, const char *));
    va_end(ap);
    buf_z(&b, json ? "}\n" : "\n");
    /* One write, so lines of threads do not mix; nothing useful can be done when it fails. */
    ssize_t wrote = write(STDERR_FILENO, b.p, b.n);
    (void)wrote;
    buf_release(&b);
}
