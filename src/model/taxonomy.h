/* taxonomy.h - the names that SDKs send by themselves, and what people call them. */
#pragma once

#include "base/arena.h"

enum taxonomy_kind { TAXONOMY_EVENT, TAXONOMY_PROPERTY };

/* Lists of JSON texts in the arena. The names of that kind: all, or those whose label has each of the
 * words (a JSON list, lower case) in it. */
str taxonomy_names(struct arena *a, enum taxonomy_kind kind);
str taxonomy_search(struct arena *a, enum taxonomy_kind kind, str words);
