/* property.h - how the name of a property is spelt in the store's JSON columns. */
#pragma once

#include "base/buf.h"

/* Appends it. The store reads a dot as a step into an object and has no empty names: dots, and what
 * stands for them, are written as %2E and %25, the empty name as %. No two names become one. */
void olap_property_key(struct buf *b, str key);
