/* picture.h - from an SVG document to PNG or PDF, by librsvg and cairo.
 *
 * They are loaded only when a picture is wanted, and in a process of its own, the same program as
 * `hoglet picture`: what they and the fonts take of memory is given back with it, and what a drawing
 * does to them does not happen to the server. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum picture_format { PICTURE_PNG, PICTURE_PDF };

/* Blocks, a second at most as a rule; any thread. ERR_UNAVAILABLE: too many are being made, or the
 * libraries are not installed. */
int picture_make(struct arena *a, str svg, enum picture_format format, str *out, struct err *e);

/* The process's work: SVG from standard input, the picture to standard output. */
int picture_run(enum picture_format format, struct err *e);
