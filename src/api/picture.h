/* picture.h - dashboards and insights as pictures: ?format=png, pdf or svg, `width` and `height` in
 * pixels, `theme=dark`. */
#pragma once

#include "api/dashboard_view.h"

enum picture { PICTURE_OF_NOTHING, PICTURE_AS_PNG, PICTURE_AS_PDF, PICTURE_AS_SVG };

/* "png", "pdf", "svg"; PICTURE_OF_NOTHING for other words. */
enum picture picture_named(str name);
/* What ?format= asks for. Then results are computed before they are drawn, unless they are fresh. */
enum picture picture_asked(struct req *r);

int picture_reply_dashboard(struct req *r, enum picture as, const struct dashboard *d,
                            struct err *e);
int picture_reply_insight(struct req *r, enum picture as, const struct insight_view *v,
                          struct err *e);
