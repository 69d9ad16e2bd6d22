/* fold.c - see fold.h. The C library has the tables; its UTF-8 locale is always there. */
#include "base/fold.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

static locale_t utf8;

static void open_locale(void)
{
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    BUG_ON(!utf8);
}

static size_t put(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xF00u >> n) | c);
    return n;
}

size_t fold_lower_into(str s, char *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i++];
        if (c < 0x80) {
            out[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
            continue;
        }
        uint32_t point = c < 0xE0 ? c & 0x1Fu : c < 0xF0 ? c & 0x0Fu : c & 0x07u;
        while (i < s.n && ((unsigned char)s.p[i] & 0xC0) == 0x80)
            point = point << 6 | ((unsigned char)s.p[i++] & 0x3Fu);
        pthread_once(&once, open_locale);
        n += put((uint32_t)towlower_l((wint_t)point, utf8), out + n);
    }
    return n;
}

str fold_lower(struct arena *a, str s)
{
    char *out = arena_alloc(a, s.n * 3 + 1);
    return (str){ out, fold_lower_into(s, out) };
}
