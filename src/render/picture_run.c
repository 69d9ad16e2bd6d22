/* picture_run.c - the process's side of picture.h. The libraries are opened when they are needed, so
 * that the program starts and runs without them. */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "render/picture.h"

#define SECONDS 20 /* of processor time */
#define NOT_INSTALLED 3

typedef int write_fn(void *context, const unsigned char *p, unsigned n);

struct rectangle {
    double x, y, width, height;
};

/* What is used of the two libraries, by their names. */
struct libraries {
    void *(*rsvg_handle_new_from_data)(const unsigned char *p, size_t n, void **error);
    int (*rsvg_handle_get_intrinsic_size_in_pixels)(void *handle, double *width, double *height);
    int (*rsvg_handle_render_document)(void *handle, void *cr, const struct rectangle *at,
                                       void **error);
    void *(*cairo_image_surface_create)(int format, int width, int height);
    void *(*cairo_pdf_surface_create_for_stream)(write_fn *write, void *context, double width,
                                                 double height);
    int (*cairo_surface_write_to_png_stream)(void *surface, write_fn *write, void *context);
    void *(*cairo_create)(void *surface);
    int (*cairo_status)(void *cr);
    void (*cairo_show_page)(void *cr);
    void (*cairo_surface_finish)(void *surface);
};

static bool load(struct libraries *l)
{
    void *rsvg = dlopen("librsvg-2.so.2", RTLD_NOW | RTLD_GLOBAL);
    void *cairo = dlopen("libcairo.so.2", RTLD_NOW | RTLD_GLOBAL);
#define FROM(library, name) (*(void **)&l->name = dlsym(library, #name))
    return rsvg && cairo && FROM(rsvg, rsvg_handle_new_from_data) &&
           FROM(rsvg, rsvg_handle_get_intrinsic_size_in_pixels) &&
           FROM(rsvg, rsvg_handle_render_document) && FROM(cairo, cairo_image_surface_create) &&
           FROM(cairo, cairo_pdf_surface_create_for_stream) &&
           FROM(cairo, cairo_surface_write_to_png_stream) && FROM(cairo, cairo_create) &&
           FROM(cairo, cairo_status) && FROM(cairo, cairo_show_page) &&
           FROM(cairo, cairo_surface_finish);
#undef FROM
}

static int take(void *context, const unsigned char *p, unsigned n)
{
    buf_add(context, p, n);
    return 0;
}

static bool read_all(struct buf *b)
{
    char *room;
    while ((room = buf_room(b, 65536))) {
        ssize_t n = read(STDIN_FILENO, room, 65536);
        if (n <= 0)
            return n == 0 && b->n;
        b->n += (size_t)n;
    }
    return false;
}

static bool draw(const struct libraries *l, const struct buf *svg, enum picture_format format,
                 struct buf *out)
{
    double w, h;
    void *failed = NULL;
    void *handle = l->rsvg_handle_new_from_data((const unsigned char *)svg->p, svg->n, &failed);
    if (!handle || !l->rsvg_handle_get_intrinsic_size_in_pixels(handle, &w, &h))
        return false;
    if (!(w >= 1 && h >= 1 && w <= LIMIT_PICTURE_WIDTH && h <= LIMIT_PICTURE))
        return false;
    double scale = format == PICTURE_PDF ? 0.75 : 1; /* points of a pixel */
    void *surface = format == PICTURE_PDF
                        ? l->cairo_pdf_surface_create_for_stream(take, out, w * scale, h * scale)
                        : l->cairo_image_surface_create(0, (int)w, (int)h);
    void *cr = l->cairo_create(surface);
    struct rectangle at = { 0, 0, w * scale, h * scale };
    if (!l->rsvg_handle_render_document(handle, cr, &at, &failed) || l->cairo_status(cr))
        return false;
    if (format == PICTURE_PNG)
        return l->cairo_surface_write_to_png_stream(surface, take, out) == 0;
    l->cairo_show_page(cr);
    l->cairo_surface_finish(surface);
    return true;
}

static bool write_all(const struct buf *b)
{
    for (size_t done = 0; done < b->n;) {
        ssize_t n = write(STDOUT_FILENO, b->p + done, b->n - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

int picture_run(enum picture_format format, struct err *e)
{
    struct libraries l;
    struct buf svg = BUF_INIT(LIMIT_PICTURE_SVG + 65536), out = BUF_INIT(LIMIT_PICTURE_BYTES);
    struct rlimit seconds = { SECONDS, SECONDS };
    setrlimit(RLIMIT_CPU, &seconds);
    if (!load(&l))
        _exit(NOT_INSTALLED);
    if (!read_all(&svg))
        return err_set(e, ERR_INVALID, NULL, "there is no drawing on standard input");
    if (!draw(&l, &svg, format, &out) || out.full || !write_all(&out))
        return err_set(e, ERR_INVALID, NULL, "the drawing cannot be made a picture");
    _exit(0); /* with the process goes all that the libraries hold */
}
