/* formula.h - arithmetic over series: A + B * 2, letters by the order of series. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct formula;

/* Letters stand for at most `series` values. ERR_INVALID says what is wrong. */
int formula_parse(struct arena *a, str text, size_t series, struct formula **out, struct err *e);
/* values[i] is letter 'A' + i. Dividing by zero gives zero. */
double formula_value(const struct formula *f, const double *values);
