/* complete.c - fuzzes what is offered in a query that is being written: the first byte says where the
 * place is, the second what the text is. */
#include <stdint.h>

#include "hogql/complete.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    struct hogql_context c = { .arena = arena_new(), .team_id = 1 };
    struct completion m;
    struct complete_target t;
    str text = { (const char *)data + 2, n - 2 };
    uint32_t at = (uint32_t)(text.n * data[0] / 255);
    hogql_complete(&c, text, at, at, (enum complete_form)(data[1] % 3), text, &m);
    BUG_ON(m.start > at || m.end < at || m.end > text.n);
    BUG_ON((m.place == COMPLETE_MEMBER) != (m.place != COMPLETE_NOTHING && m.chain_n > 0) &&
           m.place != COMPLETE_PLACEHOLDER && m.place != COMPLETE_TABLE);
    if (m.place == COMPLETE_MEMBER)
        (void)hogql_complete_target(&c, &m, &t);
    arena_free(c.arena);
    return 0;
}
