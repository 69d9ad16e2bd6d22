/* cohort.c - members of dynamic cohorts, by version. */
#include "olap/olap.h"

const char olap_cohort_people[] = "cohort_people (team_id, cohort_id, version, person_id)";

static int run(struct olap *o, const struct buf *sql, struct err *e)
{
    struct olap_query q = { .sql = buf_view(sql), .change = true, .seconds = 300 };
    return olap_run(o, &q, NULL, e);
}

int olap_cohort_use(struct olap *o, int64_t team_id, int64_t cohort_id, int64_t version,
                    int64_t before, struct err *e)
{
    struct buf sql = BUF_INIT(1024);
    buf_printf(&sql, "INSERT INTO cohort_versions (team_id, cohort_id, version)"
                     " VALUES (%lld, %lld, %lld)",
               (long long)team_id, (long long)cohort_id, (long long)version);
    int rc = run(o, &sql, e);
    buf_reset(&sql);
    /* queries that began with the version before go on reading it */
    buf_printf(&sql, "DELETE FROM cohort_people WHERE team_id = %lld AND cohort_id = %lld"
                     " AND version < %lld AND version <> %lld",
               (long long)team_id, (long long)cohort_id, (long long)version, (long long)before);
    if (rc == 0)
        rc = run(o, &sql, e);
    buf_release(&sql);
    return rc;
}
