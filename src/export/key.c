/* key.c - see key.h. */
#include "export/key.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "export/lines.h"

str export_time(struct arena *a, int64_t us, const char *none)
{
    struct buf b = BUF_INIT(64);
    if (us == INT64_MIN)
        return arena_str(a, str_of(none));
    lines_time(us, &b);
    str text = arena_str(a, b.n > 2 ? str_slice(buf_view(&b), 1, b.n - 1) : buf_view(&b));
    buf_release(&b);
    return text;
}

/* The value of a template's variable; STR_NULL: there is none of that name. */
static str variable(struct arena *a, const struct export_key *k, str name)
{
    static const struct {
        const char *name;
        size_t from, to; /* of 2026-01-20T13:00:00 */
    } parts[] = { { "year", 0, 4 },   { "month", 5, 7 },    { "day", 8, 10 },
                  { "hour", 11, 13 }, { "minute", 14, 16 }, { "second", 17, 19 } };
    str end = export_time(a, k->end, "");
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (str_eqz(name, parts[i].name) && end.n > parts[i].to)
            return str_slice(end, parts[i].from, parts[i].to);
    if (str_eqz(name, "data_interval_start"))
        return export_time(a, k->start, "START");
    if (str_eqz(name, "data_interval_end"))
        return end;
    return str_eqz(name, "table") ? k->table : STR_NULL;
}

/* The prefix with its variables filled; as it is when it is no proper template. */
static str filled(struct arena *a, const struct export_key *k)
{
    struct buf b = BUF_INIT(LIMIT_SETTINGS);
    str rest = k->prefix;
    bool good = true;
    while (rest.n && good) {
        ptrdiff_t close = rest.p[0] == '{' ? str_find_char(rest, '}') : 0;
        bool doubled = rest.n > 1 && rest.p[1] == rest.p[0] && (rest.p[0] == '{' || rest.p[0] == '}');
        if (doubled) {
            buf_char(&b, rest.p[0]);
            rest = str_slice(rest, 2, rest.n);
        } else if (rest.p[0] == '{') {
            str value = close < 0 ? STR_NULL : variable(a, k, str_slice(rest, 1, (size_t)close));
            good = value.p != NULL;
            buf_str(&b, value);
            rest = good ? str_slice(rest, (size_t)close + 1, rest.n) : rest;
        } else {
            good = rest.p[0] != '}';
            buf_char(&b, rest.p[0]);
            rest = str_slice(rest, 1, rest.n);
        }
    }
    str out = good && !b.full ? arena_str(a, buf_view(&b)) : k->prefix;
    buf_release(&b);
    return out;
}

static str under_prefix(struct arena *a, const struct export_key *k, str name)
{
    str prefix = filled(a, k);
    bool slash = prefix.n && prefix.p[prefix.n - 1] != '/';
    str key = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(prefix), slash ? "/" : "", STR_ARG(name));
    while (key.n && key.p[0] == '/')
        key = str_slice(key, 1, key.n);
    return key;
}

static str interval(struct arena *a, const struct export_key *k)
{
    str start = export_time(a, k->start, "None"), end = export_time(a, k->end, "");
    return arena_printf(a, STR_FMT "-" STR_FMT, STR_ARG(start), STR_ARG(end));
}

str export_key(struct arena *a, const struct export_key *k, int64_t n)
{
    str name = interval(a, k);
    str number = n < 0 ? STR("") : arena_printf(a, "-%lld", (long long)n);
    return under_prefix(a, k, arena_printf(a, STR_FMT STR_FMT ".%s", STR_ARG(name), STR_ARG(number),
                                           k->extension));
}

str export_manifest_key(struct arena *a, const struct export_key *k)
{
    str name = interval(a, k);
    return under_prefix(a, k, arena_printf(a, STR_FMT "_manifest.json", STR_ARG(name)));
}
