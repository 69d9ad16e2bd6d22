/* elements.h - the elements of a click, from the list that older browser SDKs send to the text that
 * newer ones send themselves. */
#pragma once

#include "json/parse.h"

/* Innermost first: tag.class.class:name="value"name="value";tag… The names of an element are sorted,
 * quotes in values have a backslash before them. What is no object in the list is skipped. */
str elements_chain(struct arena *a, const struct json *list);
