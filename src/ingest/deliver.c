/* deliver.c - see deliver.h. */
#include "ingest/deliver.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "ingest/rows.h"
#include "json/parse.h"
#include "model/event_store_change.h"

static int run(struct olap *o, struct buf *sql, str rows, struct err *e)
{
    struct olap_query q = { .sql = buf_view(sql), .data = rows, .change = true, .seconds = 300 };
    if (sql->full)
        return err_internal(e, "a statement of a change is too long");
    return olap_run(o, &q, NULL, e);
}

static int insert(struct olap *o, const char *into, str rows, struct err *e)
{
    struct buf sql = BUF_INIT(4096);
    buf_printf(&sql, "INSERT INTO %s FORMAT RowBinary", into);
    int rc = run(o, &sql, rows, e);
    buf_release(&sql);
    return rc;
}

/* created_at is the receipt: what came later is another story. */
static int delete_events(struct olap *o, struct arena *a, const struct change *c, struct err *e)
{
    struct buf sql = BUF_INIT(LIMIT_STATEMENT);
    struct json *ids;
    char until[CLOCK_TEXT];
    int rc = json_parse(a, c->data, &ids, e);
    if (rc < 0 || !ids->head)
        return rc;
    clock_text_sql(c->created_at, until);
    buf_printf(&sql, "DELETE FROM events WHERE team_id = %lld AND created_at <= '%s'"
                     " AND distinct_id IN (", (long long)c->team_id, until);
    for (const struct json *m = ids->head; m; m = m->next) {
        if (m != ids->head)
            buf_char(&sql, ',');
        olap_add_quoted(&sql, m->text);
    }
    buf_char(&sql, ')');
    rc = run(o, &sql, STR_NULL, e);
    buf_release(&sql);
    return rc;
}

static int delete_project(struct olap *o, const struct change *c, struct err *e)
{
    static const char *const tables[] = { "events", "persons", "person_distinct_ids",
                                          "person_overrides", "groups", "cohort_people",
                                          "cohort_versions", "static_cohort_people" };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(tables); i++) {
        struct buf sql = BUF_INIT(1024);
        buf_printf(&sql, "DELETE FROM %s WHERE team_id = %lld", tables[i], (long long)c->team_id);
        rc = run(o, &sql, STR_NULL, e);
        buf_release(&sql);
    }
    return rc;
}

static int tell(struct olap *o, struct arena *a, const struct change *c, struct err *e)
{
    switch (c->kind) {
    case CHANGE_PERSONS:
        return insert(o, rows_persons, c->data, e);
    case CHANGE_IDS:
        return insert(o, rows_ids, c->data, e);
    case CHANGE_OVERRIDES:
        return insert(o, rows_overrides, c->data, e);
    case CHANGE_MEMBERS:
        return insert(o, rows_members, c->data, e);
    case CHANGE_DELETE_EVENTS:
        return delete_events(o, a, c, e);
    case CHANGE_DELETE_PROJECT:
        return delete_project(o, c, e);
    }
    return 0;
}

static int next(struct store *s, struct arena *a, int64_t done, int64_t id, struct change *out,
                struct err *e)
{
    struct db *d = store_take(s);
    int rc = done ? change_done(d, done, e) : 0;
    if (rc == 0)
        rc = change_next(d, a, id, out, e);
    store_give(d);
    return rc;
}

int deliver_changes(struct store *s, struct olap *o, int64_t stored, struct err *e)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct change c = { 0 };
    int64_t done = 0, at = 0;
    for (;;) {
        arena_reset(a); /* a change may be large */
        int rc = next(s, a, done, at, &c, e);
        if (rc <= 0)
            return rc;
        bool deletes = c.kind == CHANGE_DELETE_EVENTS || c.kind == CHANGE_DELETE_PROJECT;
        at = c.id;
        done = 0;
        if (deletes && c.position > stored)
            continue;
        rc = tell(o, a, &c, e);
        if (rc < 0)
            return rc;
        done = c.id;
    }
}
