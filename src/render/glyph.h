/* glyph.h - characters of foreign text, and how much room they take. */
#pragma once

#include "base/str.h"

#define GLYPH_BAD 0xFFFDu

/* The code point that s begins with, and its length in bytes; GLYPH_BAD, one byte, where it begins with
 * none. s is not empty. */
uint32_t glyph_at(str s, size_t *n);
/* Columns of a terminal: 0 for what joins the one before, 2 for CJK and pictures. */
int glyph_columns(uint32_t c);
/* Characters that command instead of being shown: controls, and those that turn the direction. */
bool glyph_commands(uint32_t c);
