/* element.h - what a click hit, from the text that browsers' SDKs send: a chain of elements, innermost
 * first, as a list of objects. */
#pragma once

#include "json/write.h"

/* A list; text that is no chain gives as many elements as can be read of it. */
void write_elements(struct json_writer *w, struct arena *a, str chain);
