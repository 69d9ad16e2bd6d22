/* person_change.c - see person_change.h. */
#include "ingest/person_change.h"

#include "base/clock.h"
#include "base/limits.h"
#include "ingest/cohort_change.h"
#include "ingest/people.h"
#include "ingest/rows.h"
#include "json/write.h"
#include "model/event_store_change.h"

/* The rows of one change, a buffer a table. */
struct told {
    int64_t team_id;
    struct buf persons, ids, overrides;
};

#define TOLD_MAX (256u << 20)

static struct told told_begin(int64_t team_id)
{
    return (struct told){ team_id, BUF_INIT(TOLD_MAX), BUF_INIT(TOLD_MAX), BUF_INIT(TOLD_MAX) };
}

static int add_rows(struct db *d, int64_t team_id, enum change_kind kind, const struct buf *rows,
                    struct err *e)
{
    struct change c = { .team_id = team_id, .kind = kind, .data = buf_view(rows),
                        .created_at = clock_now_us() };
    if (rows->full)
        return err_set(e, ERR_TOO_LARGE, NULL, "The person has too many ids.");
    return rows->n ? change_add(d, &c, e) : 0;
}

/* Notes the rows when all went well, and frees them. */
static int told_end(struct db *d, struct told *t, int rc, struct err *e)
{
    if (rc == 0)
        rc = add_rows(d, t->team_id, CHANGE_PERSONS, &t->persons, e);
    if (rc == 0)
        rc = add_rows(d, t->team_id, CHANGE_IDS, &t->ids, e);
    if (rc == 0)
        rc = add_rows(d, t->team_id, CHANGE_OVERRIDES, &t->overrides, e);
    buf_release(&t->persons);
    buf_release(&t->ids);
    buf_release(&t->overrides);
    return rc;
}

static int save(struct db *d, struct arena *a, struct told *t, struct person *p, struct err *e)
{
    p->version++;
    int rc = person_save(d, a, p, e);
    if (rc == 0)
        row_person(&t->persons, p, false);
    return rc;
}

int person_change_properties(struct db *d, struct arena *a, struct person *p,
                             const struct json *set, str unset, struct err *e)
{
    struct told t = told_begin(p->team_id);
    p->properties = json_merge(a, p->properties, set);
    if (unset.p)
        json_remove(p->properties, unset);
    struct buf text = BUF_INIT(LIMIT_PERSON);
    struct json_writer w = JSON_WRITER(&text);
    json_tree(&w, p->properties);
    int rc = text.full ? err_set(e, ERR_TOO_LARGE, NULL, "A person's properties are at most %u KiB.",
                                 LIMIT_PERSON >> 10)
                       : save(d, a, &t, p, e);
    buf_release(&text);
    return told_end(d, &t, rc, e);
}

/* A uuid for the person of that id alone: the id's own, unless another person has it. */
static int fresh_uuid(struct db *d, struct arena *a, int64_t team_id, str distinct_id, str *out,
                      struct err *e)
{
    struct person other;
    char text[UUID_TEXT];
    uuid_text(people_uuid(team_id, distinct_id), text);
    *out = arena_str(a, str_of(text));
    int rc = person_find_uuid(d, a, team_id, *out, &other, e);
    if (rc > 0) {
        uuid_text(uuid_v7(), text);
        *out = arena_str(a, str_of(text));
    }
    return rc < 0 ? rc : 0;
}

static int split_off(struct db *d, struct arena *a, struct told *t, const struct person *from,
                     const struct person_id *id, struct err *e)
{
    struct person p = { .team_id = from->team_id, .created_at = clock_now_us(),
                        .properties = json_new(a, JSON_OBJECT), .identified = from->identified };
    int64_t version = id->version + 1;
    int rc = fresh_uuid(d, a, from->team_id, id->distinct_id, &p.uuid, e);
    if (rc == 0)
        rc = save(d, a, t, &p, e);
    if (rc == 0)
        rc = person_id_set(d, p.team_id, id->distinct_id, p.id, version, e);
    row_id(&t->ids, p.team_id, id->distinct_id, p.uuid, false, version);
    row_id(&t->overrides, p.team_id, id->distinct_id, p.uuid, false, version);
    return rc;
}

int person_change_split(struct db *d, struct arena *a, struct person *p, str main_id,
                        struct err *e)
{
    struct told t = told_begin(p->team_id);
    struct person_id *ids;
    size_t n, keep = 0;
    int rc = person_ids(d, a, p->id, 0, &ids, &n, e);
    while (rc == 0 && main_id.p && keep < n && !str_eq(ids[keep].distinct_id, main_id))
        keep++;
    if (rc == 0 && main_id.p && keep == n)
        rc = err_set(e, ERR_INVALID, "main_distinct_id", "The person does not have this id.");
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (i != keep)
            rc = split_off(d, a, &t, p, &ids[i], e);
    if (rc == 0 && !main_id.p) {
        p->properties = json_new(a, JSON_OBJECT);
        rc = save(d, a, &t, p, e);
    }
    return told_end(d, &t, rc, e);
}

int person_change_delete(struct db *d, struct arena *a, const struct person *p, struct err *e)
{
    struct told t = told_begin(p->team_id);
    struct person_id *ids;
    size_t n = 0;
    int rc = person_ids(d, a, p->id, 0, &ids, &n, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        int64_t version = ids[i].version + TOMBSTONE_STEP;
        row_id(&t.ids, p->team_id, ids[i].distinct_id, p->uuid, true, version);
        row_id(&t.overrides, p->team_id, ids[i].distinct_id, p->uuid, true, version);
    }
    row_person(&t.persons, p, true);
    if (rc == 0)
        rc = cohort_change_deleted(d, a, p, e);
    if (rc == 0)
        rc = person_delete(d, p, e);
    return told_end(d, &t, rc, e);
}

int person_change_delete_events(struct db *d, struct arena *a, struct journal *j,
                                const struct person *p, struct err *e)
{
    struct person_id *ids;
    struct buf b = BUF_INIT(TOLD_MAX);
    struct json_writer w = JSON_WRITER(&b);
    size_t n = 0;
    int rc = person_ids(d, a, p->id, 0, &ids, &n, e);
    json_open(&w, '[');
    for (size_t i = 0; rc == 0 && i < n; i++)
        json_str(&w, ids[i].distinct_id);
    json_close(&w, ']');
    struct change c = { .team_id = p->team_id, .kind = CHANGE_DELETE_EVENTS, .data = buf_view(&b),
                        .created_at = clock_now_us(), .position = journal_end(j) };
    if (rc == 0)
        rc = b.full ? err_set(e, ERR_TOO_LARGE, NULL, "The person has too many ids.")
                    : change_add(d, &c, e);
    buf_release(&b);
    return rc;
}

int project_change_delete(struct db *d, struct journal *j, int64_t team_id, struct err *e)
{
    struct change c = { .team_id = team_id, .kind = CHANGE_DELETE_PROJECT, .data = STR(""),
                        .created_at = clock_now_us(), .position = journal_end(j) };
    return change_add(d, &c, e);
}
