/* share.h - callers who come by the link of something shared, and what that lets them read: the one
 * dashboard or insight, nothing of who made it but what it shows itself. */
#pragma once

#include "api/internal.h"
#include "model/sharing.h"

/* Loads what the token shares: r->shared, r->project, r->organization; the caller is nobody.
 * ERR_NOT_FOUND for a token that does not work, or works no more. */
int share_open(struct req *r, str token, struct err *e);
/* 1: no password is asked for, or the caller has shown one: by the cookie, or as a Bearer. */
int share_unlocked(struct req *r, struct err *e);
/* What a caller who knows a password of r->shared keeps: good for a day, as long as the password is in
 * force, for this link. STR_NULL: the password is wrong. Gives r->db back meanwhile; slow. */
int share_unlock(struct req *r, str password, str *out, struct err *e);

/* Bool member of r->shared's settings, false when it is not there. */
bool share_setting(struct req *r, const char *name);
/* The dashboard that is shared, or 0. */
int64_t share_dashboard(const struct req *r);
