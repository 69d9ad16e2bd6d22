/* template_use.h - dashboards made of templates. A template's tiles are written inside the transaction
 * that makes the dashboard: a bad one leaves nothing behind. */
#pragma once

#include "api/internal.h"
#include "model/dashboard.h"

struct template_content {
    str name, description, filters, tags; /* STR_NULL: none; the last two JSON */
    const struct json *tiles;             /* a list */
};

/* The template that `use_template` names: a key of one that came with the server, or a name; unknown:
 * 400 of that attr. */
int template_named(struct req *r, str key, struct template_content *out, struct err *e);
/* Before the dashboard is inserted: name if it has none, description, filters, tags. */
int template_lay_on(struct req *r, const struct template_content *t, struct dashboard *d,
                    struct err *e);
/* After it was: the tiles, with new insights, texts and buttons. */
int template_put_tiles(struct req *r, const struct template_content *t, int64_t dashboard_id,
                       struct err *e);
