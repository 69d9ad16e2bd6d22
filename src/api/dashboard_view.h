/* dashboard_view.h - dashboards as the API shows them: in lists, and one with its tiles. */
#pragma once

#include "api/tile.h"
#include "model/dashboard.h"

/* The creator and organization admins: they may edit whatever the level, and change the level. */
bool dashboard_may_restrict(const struct req *r, const struct dashboard *d);
/* What the caller may do: none, viewer, editor, manager (the creator, organization admins). */
const char *dashboard_level(const struct req *r, const struct dashboard *d);
bool dashboard_may_view(const struct req *r, const struct dashboard *d);
/* ERR_DENIED unless the level is enough for the request's method. */
int dashboard_check_level(struct req *r, const struct dashboard *d, struct err *e);
/* A new one of the caller's, without a name. */
struct dashboard dashboard_blank(const struct req *r);
/* The members of the list form; the creator was read by req_load_users. */
void dashboard_write_short(struct req *r, struct json_writer *w, const struct dashboard *d);
/* Its filters, and its variables by what the project has, each with the address's laid over. */
int dashboard_overrides(struct req *r, const struct dashboard *d, const struct json **filters,
                        const struct json **variables, struct err *e);
/* The detail form; filters and variables are dashboard_overrides's. */
void dashboard_write(struct req *r, struct json_writer *w, const struct dashboard *d,
                     const struct json *filters, const struct json *variables,
                     const struct tile_set *tiles);
/* One with its tiles and their results. */
struct dashboard_view {
    const struct dashboard *d;
    const struct json *filters, *variables; /* with those of the address laid over */
    struct tile_set tiles;
};

/* Reads and computes it; gives the connection to the store back. */
int dashboard_view_load(struct req *r, const struct dashboard *d, struct dashboard_view *out,
                        struct err *e);
/* The whole reply: the dashboard, the overrides of the address laid over it, its tiles with their
 * results. Gives the connection to the store back. */
int dashboard_reply(struct req *r, int status, const struct dashboard *d, struct err *e);
