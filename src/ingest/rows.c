/* rows.c - see rows.h. Integers are little endian, texts and JSON columns length and bytes. */
#include "ingest/rows.h"

#include "base/limits.h"
#include "ingest/flat.h"
#include "json/write.h"

const char rows_events[] =
    "events (inserted_at, team_id, uuid, event, distinct_id, person_id, timestamp, created_at,"
    " person_created_at, person_mode, elements_chain, `$session_id`, `$window_id`, `$group_0`,"
    " `$group_1`, `$group_2`, `$group_3`, `$group_4`, properties, person_properties, props,"
    " person_props)";
const char rows_persons[] = "persons (team_id, id, created_at, properties, props, is_identified,"
                            " is_deleted, version)";
const char rows_ids[] = "person_distinct_ids (team_id, distinct_id, person_id, is_deleted, version)";
const char rows_overrides[] = "person_overrides (team_id, distinct_id, person_id, is_deleted,"
                              " version)";
const char rows_members[] = "static_cohort_people (team_id, cohort_id, person_id, is_deleted,"
                            " version)";
const char rows_groups[] = "groups (team_id, `index`, key, created_at, updated_at, properties,"
                           " props, version)";

static void add_i64(struct buf *b, int64_t v)
{
    buf_add(b, &v, sizeof(v));
}

static void add_u8(struct buf *b, unsigned v)
{
    buf_char(b, (char)v);
}

static void add_length(struct buf *b, size_t n)
{
    for (; n > 127; n >>= 7)
        add_u8(b, (unsigned)(n & 127) | 128);
    add_u8(b, (unsigned)n);
}

static void add_str(struct buf *b, str s)
{
    add_length(b, s.n);
    buf_str(b, s);
}

/* Two 64-bit halves, each little endian. */
static void add_uuid(struct buf *b, struct uuid u)
{
    for (int half = 0; half < 16; half += 8)
        for (int i = 7; i >= 0; i--)
            add_u8(b, u.b[half + i]);
}

static void add_uuid_text(struct buf *b, str text)
{
    struct uuid u = { 0 };
    uuid_parse(text, &u);
    add_uuid(b, u);
}

static int64_t to_ms(int64_t us)
{
    return us >= 0 ? us / 1000 : -((-us + 999) / 1000);
}

#define LENGTH_BYTES 4 /* of a length that is known last: enough for 2^28 */

/* A JSON text with its length before it: written in place, the length, in the same number of bytes
 * always, put in front afterwards. One that passes the limit becomes an empty object. */
static void add_written(struct buf *b, void (*write)(struct json_writer *, const struct json *),
                        const struct json *v)
{
    size_t at = b->n;
    buf_add(b, "\x80\x80\x80\0", LENGTH_BYTES);
    size_t from = b->n;
    struct json_writer w = JSON_WRITER(b);
    write(&w, v);
    if (b->full)
        return; /* the batch is refused as a whole */
    if (b->n - from > LIMIT_EVENT * 8) {
        b->n = from;
        buf_z(b, "{}");
    }
    for (size_t i = 0, n = b->n - from; i < LENGTH_BYTES; i++, n >>= 7)
        b->p[at + i] = (char)((n & 127) | (i + 1 < LENGTH_BYTES ? 128 : 0));
}

static void write_whole(struct json_writer *w, const struct json *v)
{
    if (v) {
        json_tree(w, v);
        return;
    }
    json_open(w, '{');
    json_close(w, '}');
}

static str session_of(const struct event *ev, const char *key)
{
    str id = json_get_text(ev->properties, key);
    return id.p && id.n <= 200 ? id : STR("");
}

void row_event(struct buf *b, const struct event *ev)
{
    add_i64(b, 0);
    add_i64(b, ev->team_id);
    add_uuid(b, ev->uuid);
    add_str(b, ev->name);
    add_str(b, ev->distinct_id);
    add_uuid(b, ev->person_id);
    add_i64(b, ev->timestamp);
    add_i64(b, ev->created_at);
    add_i64(b, to_ms(ev->person_created_at));
    add_u8(b, ev->person_mode);
    add_str(b, ev->elements_chain);
    add_str(b, session_of(ev, "$session_id"));
    add_str(b, session_of(ev, "$window_id"));
    for (int i = 0; i < 5; i++)
        add_str(b, ev->groups[i].p ? ev->groups[i] : STR(""));
    add_written(b, write_whole, ev->properties);
    add_written(b, write_whole, ev->person_properties);
    add_written(b, flat_write, ev->properties);
    add_written(b, flat_write, ev->person_properties);
}

void row_stamp(char *row, int64_t inserted_at)
{
    memcpy(row, &inserted_at, sizeof(inserted_at));
}

void row_person(struct buf *b, const struct person *p, bool deleted)
{
    add_i64(b, p->team_id);
    add_uuid_text(b, p->uuid);
    add_i64(b, to_ms(p->created_at));
    add_written(b, write_whole, p->properties);
    add_written(b, flat_write, p->properties);
    add_u8(b, p->identified);
    add_u8(b, deleted);
    add_i64(b, p->version + (deleted ? TOMBSTONE_STEP : 0));
}

void row_id(struct buf *b, int64_t team_id, str distinct_id, str person_uuid, bool deleted,
            int64_t version)
{
    add_i64(b, team_id);
    add_str(b, distinct_id);
    add_uuid_text(b, person_uuid);
    add_u8(b, deleted);
    add_i64(b, version);
}

void row_member(struct buf *b, int64_t team_id, int64_t cohort_id, str person_uuid, bool deleted,
                int64_t version)
{
    add_i64(b, team_id);
    add_i64(b, cohort_id);
    add_uuid_text(b, person_uuid);
    add_u8(b, deleted);
    add_i64(b, version);
}

void row_group(struct buf *b, const struct group *g, int64_t now)
{
    add_i64(b, g->team_id);
    add_u8(b, (unsigned)g->idx);
    add_str(b, g->key);
    add_i64(b, to_ms(g->created_at));
    add_i64(b, to_ms(now));
    add_written(b, write_whole, g->properties);
    add_written(b, flat_write, g->properties);
    add_i64(b, g->version);
}
