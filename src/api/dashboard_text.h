/* dashboard_text.h - dashboards for a terminal (`format=txt`): a table of them, and one with its tiles
 * drawn in block characters. Names and results are foreign text: control characters, which a terminal
 * would obey, are left out. */
#pragma once

#include "api/tile.h"

/* Whether text is asked for; ERR_NOT_FOUND for a format there is not,
 * ERR_NOT_ACCEPTABLE for a caller who takes none that is sent. Call before anything changes. */
int dashboard_format(struct req *r, bool *text, struct err *e);
void dashboard_text_list(struct req *r, const struct dashboard *rows, size_t n, int64_t count);
void dashboard_text_one(struct req *r, int status, const struct dashboard *d,
                        const struct tile_set *tiles);
