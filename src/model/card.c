/* card.c - see card.h. */
#include "model/card.h"

#include "base/uuid.h"

void text_card_read(struct stmt *st, struct arena *a, int col, struct text_card *out)
{
    *out = (struct text_card){ .id = stmt_i64(st, col), .project_id = stmt_i64(st, col + 1),
                               .body = stmt_str(st, a, col + 2),
                               .created_by = stmt_i64(st, col + 3),
                               .last_modified_at = stmt_i64(st, col + 4),
                               .last_modified_by = stmt_i64(st, col + 5) };
}

void button_card_read(struct stmt *st, struct arena *a, int col, struct button_card *out)
{
    *out = (struct button_card){
        .id = stmt_str(st, a, col), .project_id = stmt_i64(st, col + 1),
        .url = stmt_str(st, a, col + 2), .text = stmt_str(st, a, col + 3),
        .placement = stmt_str(st, a, col + 4), .style = stmt_str(st, a, col + 5),
        .created_by = stmt_i64(st, col + 6), .last_modified_at = stmt_i64(st, col + 7),
        .last_modified_by = stmt_i64(st, col + 8),
    };
}

int text_card_insert(struct db *d, struct text_card *in, struct err *e)
{
    int rc = db_run(d, e,
                    "INSERT INTO text_card (project_id, body, created_by, last_modified_at,"
                    " last_modified_by) VALUES (?, ?, nullif(?, 0), ?, nullif(?, 0))",
                    "isiti", in->project_id, in->body, in->created_by, in->last_modified_at,
                    in->last_modified_by);
    if (rc == 0)
        in->id = db_last_id(d);
    return rc;
}

int text_card_update(struct db *d, const struct text_card *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE text_card SET body = ?, created_by = nullif(?, 0), last_modified_at = ?,"
                  " last_modified_by = nullif(?, 0) WHERE id = ?",
                  "sitii", in->body, in->created_by, in->last_modified_at, in->last_modified_by,
                  in->id);
}

int text_card_find(struct db *d, struct arena *a, int64_t project_id, int64_t id,
                   struct text_card *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT " TEXT_COLUMNS " FROM text_card x WHERE x.id = ? AND x.project_id = ?",
                     "ii", id, project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    text_card_read(st, a, 0, out);
    stmt_end(st);
    return 1;
}

int button_card_insert(struct db *d, struct arena *a, struct button_card *in, struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    in->id = arena_str(a, str_of(id));
    return db_run(d, e,
                  "INSERT INTO button_card (id, project_id, url, text, placement, style,"
                  " created_by, last_modified_at, last_modified_by)"
                  " VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0), ?, nullif(?, 0))",
                  "sissssiti", in->id, in->project_id, in->url, in->text, in->placement,
                  in->style, in->created_by, in->last_modified_at, in->last_modified_by);
}

int button_card_update(struct db *d, const struct button_card *in, struct err *e)
{
    return db_run(d, e,
                  "UPDATE button_card SET url = ?, text = ?, placement = ?, style = ?,"
                  " created_by = nullif(?, 0), last_modified_at = ?,"
                  " last_modified_by = nullif(?, 0) WHERE id = ?",
                  "ssssitis", in->url, in->text, in->placement, in->style, in->created_by,
                  in->last_modified_at, in->last_modified_by, in->id);
}

int button_card_find(struct db *d, struct arena *a, int64_t project_id, str id,
                     struct button_card *out, struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT " BUTTON_COLUMNS " FROM button_card b"
                     " WHERE b.id = ? AND b.project_id = ?",
                     "si", id, project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    button_card_read(st, a, 0, out);
    stmt_end(st);
    return 1;
}
