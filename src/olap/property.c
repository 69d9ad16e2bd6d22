/* property.c - see property.h. */
#include "olap/property.h"

void olap_property_key(struct buf *b, str key)
{
    size_t from = 0;
    if (!key.n)
        buf_char(b, '%');
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] != '.' && key.p[i] != '%')
            continue;
        buf_str(b, str_slice(key, from, i));
        buf_z(b, key.p[i] == '.' ? "%2E" : "%25");
        from = i + 1;
    }
    buf_str(b, str_slice(key, from, key.n));
}
