/* timestamp.c - fuzzes the readers of times and of queries' date words. */
#include <stdint.h>

#include "base/clock.h"
#include "ingest/timestamp.h"
#include "query/dates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str text = { (const char *)data, n };
    int64_t us;
    char out[CLOCK_TEXT];
    struct event_clock c = { .now = 1769000000 * CLOCK_SECOND, .sent_at = 1769000060 * CLOCK_SECOND };
    if (clock_parse(text, &us) && us >= clock_days(0, 1, 1) * 86400 * CLOCK_SECOND &&
        us < clock_days(10000, 1, 1) * 86400 * CLOCK_SECOND) { /* years that have a text */
        clock_text(us, out);
        int64_t again;
        BUG_ON(!clock_parse(str_of(out), &again) || again != us);
    }
    (void)event_time_parse(text, &us);
    (void)event_timestamp(&c, text, INT64_MIN);
    return 0;
}
