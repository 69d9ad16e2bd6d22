/* err.c - see err.h and err.def. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

struct row {
    enum err_kind kind;
    int status;
    const char *type, *code, *text;
};

static const struct row rows[] = {
#define ERR(kind, status, type, code, text) { ERR_##kind, status, type, code, text },
#include "base/err.def"
#undef ERR
};

static const struct row *row_of(const struct err *e)
{
    const struct row *internal = &rows[0];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].kind == e->kind)
            return &rows[i];
        if (rows[i].kind == ERR_INTERNAL)
            internal = &rows[i];
    }
    return internal;
}

int err_set(struct err *e, enum err_kind kind, const char *attr, const char *fmt, ...)
{
    *e = ERR_INIT;
    e->kind = kind;
    snprintf(e->attr, sizeof(e->attr), "%s", attr ? attr : "");
    if (fmt) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(e->message, sizeof(e->message), fmt, ap);
        va_end(ap);
    }
    return kind;
}

int err_internal(struct err *e, const char *fmt, ...)
{
    va_list ap;
    *e = ERR_INIT;
    e->kind = ERR_INTERNAL;
    va_start(ap, fmt);
    vsnprintf(e->detail, sizeof(e->detail), fmt, ap);
    va_end(ap);
    return ERR_INTERNAL;
}

int err_status(const struct err *e)
{
    return row_of(e)->status;
}

const char *err_type(const struct err *e)
{
    return row_of(e)->type;
}

const char *err_code(const struct err *e)
{
    return e->code[0] ? e->code : row_of(e)->code;
}

const char *err_message(const struct err *e)
{
    return e->message[0] ? e->message : row_of(e)->text;
}
