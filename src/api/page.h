/* page.h - the web page, for views that are more than an address of it. */
#pragma once

#include "api/internal.h"

/* The page as a link shows it: other pages may put it into a frame. 404: it says itself that there is
 * nothing. */
int page_reply_shared(struct req *r, int status);
