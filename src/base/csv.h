/* csv.h - cells of a CSV file (RFC 4180). */
#pragma once

#include "base/buf.h"

/* Text as a cell: in quotes where it needs them. One that a spreadsheet would take for a formula gets an
 * apostrophe before it. */
void csv_add_text(struct buf *b, str text);
