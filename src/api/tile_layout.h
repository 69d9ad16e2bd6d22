/* tile_layout.h - places of tiles on a dashboard's grid: 12 columns wide ("sm") or one ("xs"). */
#pragma once

#include "api/tile.h"

enum tile_arrangement { ARRANGE_PRESERVE, ARRANGE_TWO_COLUMN, ARRANGE_FULL_WIDTH };

/* Gives the tiles, in that order, new layouts for both breakpoints. preserve keeps their sizes. */
int tile_arrange(struct req *r, struct tile *tiles, size_t n, enum tile_arrangement how,
                 struct err *e);
/* After one went: at each breakpoint every tile drops upwards as far as it meets no other. Sets
 * *changed[i] for those whose layouts are others now. */
int tile_compact(struct req *r, struct tile *tiles, size_t n, bool *changed, struct err *e);
/* A body's `layouts`: of each breakpoint x, y, w, h are kept, anything else is dropped. Absent: *out
 * stays. */
int tile_read_layouts(struct req *r, str *out, struct err *e);
