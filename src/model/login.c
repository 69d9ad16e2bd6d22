/* login.c - see login.h. */
#include "model/login.h"

#include "base/clock.h"

#define KEEP (86400 * CLOCK_SECOND) /* how long a failure is remembered after its wait */

int login_wait(struct db *d, struct arena *a, str email, int64_t *seconds, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e, "SELECT retry_at FROM login_failure WHERE email = ?", "s",
                     email);
    if (rc < 0 || (rc = stmt_step(st, e)) < 0)
        return rc;
    int64_t left = 0;
    if (rc > 0) {
        left = stmt_i64(st, 0) - clock_now_us();
        stmt_end(st);
    }
    *seconds = left > 0 ? (left + CLOCK_SECOND - 1) / CLOCK_SECOND : 0;
    return 0;
}

int login_failed(struct db *d, str email, struct err *e)
{
    int64_t now = clock_now_us();
    int rc = db_run(d, e, "DELETE FROM login_failure WHERE retry_at < ?", "t", now - KEEP);
    if (rc < 0)
        return rc;
    /* 32, 64, 128 … 2048, 3600 seconds after the free ones. */
    return db_run(d, e,
                  "INSERT INTO login_failure VALUES (?1, 1, ?2) ON CONFLICT (email) DO UPDATE SET"
                  " failures = failures + 1, retry_at = ?2 + CASE WHEN failures + 1 < ?3 THEN 0"
                  " ELSE min(3600, 1 << min(failures + 6 - ?3, 12)) * 1000000 END",
                  "sti", email, now, (int64_t)LOGIN_FREE);
}

int login_succeeded(struct db *d, str email, struct err *e)
{
    return db_run(d, e, "DELETE FROM login_failure WHERE email = ?", "s", email);
}
