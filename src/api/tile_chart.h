/* tile_chart.h - tiles as what draws them takes them: a title, and a chart or the words in place of one. */
#pragma once

#include "api/tile.h"
#include "render/chart.h"

/* Of an insight: its name, or what stands for it. */
str insight_title(const struct insight *i);
/* The result as a chart; NULL: there is none, and *note says why. In the request's arena. */
const struct chart *insight_chart(struct req *r, const struct insight_view *v, str *note);
