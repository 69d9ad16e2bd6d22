/* login.h - the brake on guessing passwords.
 *
 * The first LOGIN_FREE failures for an address cost nothing; from then on each doubles the wait
 * before the next try, up to an hour. A success forgets them. Unknown addresses are counted like
 * known ones, so that nothing tells them apart. */
#pragma once

#include "store/store.h"

#define LOGIN_FREE 5

/* Seconds until a try is allowed, 0 for now. */
int login_wait(struct db *d, struct arena *a, str email, int64_t *seconds, struct err *e);
int login_failed(struct db *d, str email, struct err *e);
int login_succeeded(struct db *d, str email, struct err *e);
