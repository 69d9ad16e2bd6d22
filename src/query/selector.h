/* selector.h - selectors of elements ("form > a.btn[href='/x']"), as regular expressions on the text
 * that events keep of what was clicked: elements_chain. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* Tags, classes, ids, attributes (=, ^=, $=, *=), :nth-child(n), :nth-of-type(n), within and directly
 * within. ERR_INVALID says what is not understood. The expression matches a chain in which any
 * element is what the selector names. */
int query_selector_regex(struct arena *a, str selector, str *out, struct err *e);
/* An element of that tag, anywhere in the chain. */
str query_tag_regex(struct arena *a, str tag);
/* What is special in an expression taken literally. */
str query_regex_escape(struct arena *a, str text);
