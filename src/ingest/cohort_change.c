/* cohort_change.c - see cohort_change.h. A row of the event store's copy counts when its version is the
 * newest of that person in that cohort; each change gives a newer one. */
#include "ingest/cohort_change.h"

#include "base/clock.h"
#include "base/limits.h"
#include "ingest/rows.h"
#include "model/event_store_change.h"

static int tell(struct db *d, int64_t team_id, const struct buf *rows, struct err *e)
{
    struct change c = { .team_id = team_id, .kind = CHANGE_MEMBERS, .data = buf_view(rows),
                        .created_at = clock_now_us() };
    if (rows->full)
        return err_set(e, ERR_TOO_LARGE, NULL, "Too many persons.");
    return rows->n ? change_add(d, &c, e) : 0;
}

int cohort_change_members(struct db *d, struct arena *a, const struct cohort *c,
                          const struct person *persons, size_t n, bool member, int64_t *changed,
                          struct err *e)
{
    struct buf rows = BUF_INIT(LIMIT_COHORT_ROWS);
    int64_t version, count = 0;
    int rc = cohort_next_version(d, a, c->id, &version, e);
    for (size_t i = 0; i < n && rc >= 0; i++) {
        rc = member ? cohort_member_add(d, c->id, persons[i].id, e)
                    : cohort_member_remove(d, c->id, persons[i].id, e);
        if (rc <= 0)
            continue;
        count++;
        row_member(&rows, c->project_id, c->id, persons[i].uuid, !member, version);
    }
    if (rc >= 0)
        rc = tell(d, c->project_id, &rows, e);
    if (rc == 0)
        rc = cohort_members_changed(d, c->id, member ? count : -count, e);
    buf_release(&rows);
    if (rc == 0)
        *changed = count;
    return rc;
}

/* One cohort of `from`; to NULL: nobody takes the place. */
static int move(struct db *d, struct arena *a, int64_t cohort_id, const struct person *from,
                const struct person *to, struct buf *rows, struct err *e)
{
    int64_t version;
    int added = 0, rc = cohort_next_version(d, a, cohort_id, &version, e);
    if (rc == 0)
        rc = cohort_member_remove(d, cohort_id, from->id, e);
    if (rc >= 0 && to)
        rc = added = cohort_member_add(d, cohort_id, to->id, e);
    if (rc < 0)
        return rc;
    row_member(rows, from->team_id, cohort_id, from->uuid, true, version);
    if (added)
        row_member(rows, from->team_id, cohort_id, to->uuid, false, version);
    return added ? 0 : cohort_members_changed(d, cohort_id, -1, e);
}

static int move_all(struct db *d, struct arena *a, const struct person *from,
                    const struct person *to, struct err *e)
{
    struct buf rows = BUF_INIT(LIMIT_COHORT_ROWS);
    int64_t *ids = NULL;
    size_t n = 0;
    int rc = cohort_ids_of(d, a, from->id, &ids, &n, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = move(d, a, ids[i], from, to, &rows, e);
    if (rc == 0)
        rc = tell(d, from->team_id, &rows, e);
    buf_release(&rows);
    return rc;
}

int cohort_change_merged(struct db *d, struct arena *a, const struct person *from,
                         const struct person *to, struct err *e)
{
    return move_all(d, a, from, to, e);
}

int cohort_change_deleted(struct db *d, struct arena *a, const struct person *p, struct err *e)
{
    return move_all(d, a, p, NULL, e);
}
