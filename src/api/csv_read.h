/* csv_read.h - rows of a CSV file (RFC 4180), one after the other. */
#pragma once

#include "base/arena.h"

#define CSV_COLUMNS 200 /* cells past it are dropped */

struct csv_row {
    str cells[CSV_COLUMNS]; /* without blanks at their ends; in the arena */
    size_t n;
};

/* The next row that has a cell which is not empty; *rest moves behind it. False: there is none. */
bool csv_read_row(struct arena *a, str *rest, struct csv_row *row);
