/* log.c - see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

static atomic_int least = LOG_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&least, level);
}

static void add_value(struct buf *b, const char *v)
{
    buf_char(b, '"');
    for (; *v; v++) {
        unsigned char c = (unsigned char)*v;
        if (c == '"' || c == '\\')
            buf_char(b, '\\');
        if (c < 0x20 || c == 0x7F)
            buf_printf(b, "\\x%02x", c);
        else
            buf_char(b, *v);
    }
    buf_char(b, '"');
}

void log_event(enum log_level level, const char *msg, ...)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    if ((int)level < atomic_load(&least))
        return;
    struct buf b = BUF_INIT(16384);
    char now[CLOCK_TEXT];
    clock_text(clock_real_us(), now);
    buf_printf(&b, "ts=%s level=%s msg=", now, names[level]);
    add_value(&b, msg);
    va_list ap;
    va_start(ap, msg);
    for (const char *key; (key = va_arg(ap, const char *));) {
        const char *value = va_arg(ap, const char *);
        buf_printf(&b, " %s=", key);
        add_value(&b, value ? value : "");
    }
    va_end(ap);
    buf_char(&b, '\n');
    /* One write, so lines of threads do not mix; nothing useful can be done when it fails. */
    ssize_t wrote = write(STDERR_FILENO, b.p, b.n);
    (void)wrote;
    buf_release(&b);
}
