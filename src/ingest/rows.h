/* rows.h - rows of the event store's tables in ClickHouse's RowBinary, appended to a buffer. */
#pragma once

#include "base/buf.h"
#include "ingest/event.h"
#include "model/person.h"

/* The columns in the order of the rows, for INSERT INTO. */
extern const char rows_events[], rows_persons[], rows_ids[], rows_overrides[], rows_groups[],
    rows_members[];

/* Of an event as yet without the time of its arrival, which row_stamp puts into the row. */
void row_event(struct buf *b, const struct event *ev);
void row_stamp(char *row, int64_t inserted_at);
void row_person(struct buf *b, const struct person *p, bool deleted);
/* For the tables of ids and of overrides alike. */
void row_id(struct buf *b, int64_t team_id, str distinct_id, str person_uuid, bool deleted,
            int64_t version);
/* For the members of static cohorts. */
void row_member(struct buf *b, int64_t team_id, int64_t cohort_id, str person_uuid, bool deleted,
                int64_t version);
void row_group(struct buf *b, const struct group *g, int64_t now);
