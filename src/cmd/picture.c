/* picture.c - `hoglet picture png|pdf`: SVG from standard input, a picture to standard output. What the
 * server starts for each picture. */
#include "cmd/cmd.h"
#include "render/picture.h"

int cmd_picture_png(struct arena *a, const struct options *o, struct err *e)
{
    (void)a;
    (void)o;
    return picture_run(PICTURE_PNG, e);
}

int cmd_picture_pdf(struct arena *a, const struct options *o, struct err *e)
{
    (void)a;
    (void)o;
    return picture_run(PICTURE_PDF, e);
}
