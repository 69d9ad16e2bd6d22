/* memory.c - see memory.h. */
#include "model/memory.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"

int memory_find(struct db *d, struct arena *a, int64_t project_id, struct memory *out,
                struct err *e)
{
    struct stmt *st;
    int rc = db_open(d, a, &st, e,
                     "SELECT id, text, scraping_status FROM core_memory WHERE project_id = ?", "i",
                     project_id);
    if (rc < 0 || (rc = stmt_step(st, e)) <= 0)
        return rc;
    *out = (struct memory){ stmt_str(st, a, 0), stmt_str(st, a, 1), stmt_str(st, a, 2) };
    stmt_end(st);
    return 1;
}

int memory_insert(struct db *d, struct arena *a, int64_t project_id, struct memory *m,
                  struct err *e)
{
    char id[UUID_TEXT];
    uuid_text(uuid_v7(), id);
    m->id = arena_str(a, str_of(id));
    return db_run(d, e,
                  "INSERT INTO core_memory (project_id, id, text, scraping_status, created_at)"
                  " VALUES (?, ?, ?, ?, ?)",
                  "isssi", project_id, m->id, m->text, m->scraping_status, clock_now_us());
}

int memory_update(struct db *d, int64_t project_id, const struct memory *m, struct err *e)
{
    return db_run(d, e,
                  "UPDATE core_memory SET text = ?, scraping_status = ? WHERE project_id = ?",
                  "ssi", m->text, m->scraping_status, project_id);
}

int memory_append(struct db *d, struct arena *a, int64_t project_id, str line, bool *full,
                  struct err *e)
{
    struct memory m = { .text = STR(""), .scraping_status = STR_NULL };
    int rc = memory_find(d, a, project_id, &m, e);
    if (rc < 0)
        return rc;
    m.text = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(m.text), m.text.n ? "\n" : "",
                          STR_ARG(line));
    *full = str_utf8_len(m.text) > LIMIT_MEMORY;
    if (*full)
        return 0;
    return rc ? memory_update(d, project_id, &m, e) : memory_insert(d, a, project_id, &m, e);
}
