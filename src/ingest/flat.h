/* flat.h - properties as the store's JSON columns have them: one level deep, each value as the text
 * that queries see. */
#pragma once

#include "json/write.h"

/* v: an object, or NULL for an empty one. Nulls are left out. A value is written as the store itself
 * would write it when it takes it out of the JSON text, so that a query may read either: numbers in
 * one form (1.50 and 1.5e0 are 1.5), lists and objects without spaces. Numbers that fit neither 64
 * bits nor a double keep their digits, as a string where they stand in a list or an object. */
void flat_write(struct json_writer *w, const struct json *v);
