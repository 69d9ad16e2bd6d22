/* csv.c - see csv.h. */
#include "base/csv.h"

#include <string.h>

void csv_add_text(struct buf *b, str text)
{
    bool formula = text.n && text.p[0] && strchr("=+-@\t\r", text.p[0]);
    bool quoted = formula;
    for (size_t i = 0; i < text.n; i++)
        quoted = quoted || (text.p[i] && strchr(",\"\r\n", text.p[i]));
    if (!quoted) {
        buf_str(b, text);
        return;
    }
    buf_char(b, '"');
    if (formula)
        buf_char(b, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            buf_char(b, '"');
        buf_char(b, text.p[i]);
    }
    buf_char(b, '"');
}
