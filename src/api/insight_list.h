/* insight_list.h - the lists of insights; handlers of insight.c's routes. */
#pragma once

#include "api/internal.h"

int insight_list(struct req *r, struct err *e);
/* The five that the caller opened last. */
int insight_list_last_viewed(struct req *r, struct err *e);
/* Those that most people opened of late, with how many and who. */
int insight_list_trending(struct req *r, struct err *e);
/* Notes that the caller opened these. */
int insight_mark_viewed(struct req *r, struct err *e);
