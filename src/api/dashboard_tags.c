/* dashboard_tags.c - tags of many dashboards changed at once: those that the caller may edit change
 * together, the others are named with the reason. */
#include "api/dashboard_view.h"
#include "api/field.h"
#include "api/history.h"
#include "base/limits.h"

enum tag_action { TAGS_ADD, TAGS_REMOVE, TAGS_SET };

struct input {
    struct id_list ids;
    str action, tags;
    enum tag_action how;
    const struct json *list; /* tags, parsed */
};

static const struct field fields[] = {
    { "ids", FIELD_IDS, offsetof(struct input, ids), FIELD_REQUIRED },
    { "action", FIELD_STR, offsetof(struct input, action), FIELD_REQUIRED },
    { "tags", FIELD_TAGS, offsetof(struct input, tags), FIELD_REQUIRED },
    { 0 },
};

static int read_input(struct req *r, struct input *in, struct err *e)
{
    static const char *const actions[] = { "add", "remove", "set" };
    struct json *list;
    int rc = fields_read(r->arena, r->body, "", fields, in, e);
    if (rc < 0)
        return rc;
    if (in->ids.n > LIMIT_BULK_TAGS)
        return err_set(e, ERR_TOO_LONG, "ids", "Ensure this field has no more than %d elements.",
                       LIMIT_BULK_TAGS);
    size_t i = 0;
    while (i < ARRAY_LEN(actions) && !str_eqz(in->action, actions[i]))
        i++;
    if (i == ARRAY_LEN(actions))
        return err_set(e, ERR_CHOICE, "action", "\"" STR_FMT "\" is not a valid choice.",
                       STR_ARG(str_utf8_prefix(in->action, 100)));
    in->how = (enum tag_action)i;
    rc = json_parse(r->arena, in->tags, &list, e);
    in->list = list;
    return rc;
}

static bool has(const struct json *list, str tag)
{
    for (const struct json *m = list->head; m; m = m->next)
        if (str_eq(m->text, tag))
            return true;
    return false;
}

static int changed_tags(struct req *r, const struct input *in, str *tags, struct err *e)
{
    struct json *old;
    int rc = json_parse(r->arena, *tags, &old, e);
    if (rc < 0)
        return rc;
    struct buf b = BUF_INIT(LIMIT_FIELD);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '[');
    for (const struct json *m = old->head; m && in->how != TAGS_SET; m = m->next)
        if (in->how == TAGS_ADD || !has(in->list, m->text))
            json_str(&w, m->text);
    for (const struct json *m = in->list->head; m && in->how != TAGS_REMOVE; m = m->next)
        if (in->how == TAGS_SET || !has(old, m->text))
            json_str(&w, m->text);
    json_close(&w, ']');
    if (b.full)
        rc = err_set(e, ERR_INVALID, "tags", "Too many tags.");
    *tags = arena_str(r->arena, buf_view(&b));
    buf_release(&b);
    return rc;
}

struct outcome {
    str tags;           /* when it changed */
    const char *reason; /* why it did not; NULL: it did */
};

static int change_one(struct req *r, const struct input *in, int64_t id, struct outcome *out,
                      struct err *e)
{
    struct dashboard d;
    int rc = dashboard_find(r->db, r->arena, r->project.id, id, r->user.id, &d, e);
    if (rc < 0)
        return rc;
    out->reason = rc == 0 || d.deleted ? "Not found" : NULL;
    if (!out->reason && !dashboard_may_edit(r, &d))
        out->reason = "Permission denied";
    if (out->reason)
        return 0;
    rc = history_keep(r, HISTORY_DASHBOARD, d.id, e);
    if (rc == 0)
        rc = changed_tags(r, in, &d.tags, e);
    out->tags = d.tags;
    if (rc == 0)
        rc = dashboard_update(r->db, &d, e);
    return rc < 0 ? rc : history_note(r, HISTORY_DASHBOARD, d.id, e);
}

static void write_outcomes(struct json_writer *w, const struct input *in, const struct outcome *all,
                           bool changed)
{
    json_key(w, changed ? "updated" : "skipped");
    json_open(w, '[');
    for (size_t i = 0; i < in->ids.n; i++) {
        if (!all[i].reason != changed)
            continue;
        json_open(w, '{');
        json_key(w, "id");
        json_i64(w, in->ids.ids[i]);
        json_key(w, changed ? "tags" : "reason");
        if (changed)
            json_raw(w, all[i].tags);
        else
            json_z(w, all[i].reason);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static int bulk_update_tags(struct req *r, struct err *e)
{
    struct input in = { .action = STR_NULL, .tags = STR_NULL };
    int rc = read_input(r, &in, e);
    if (rc < 0)
        return rc;
    struct outcome *all = arena_alloc(r->arena, (in.ids.n + 1) * sizeof(*all));
    rc = db_begin(r->db, e);
    for (size_t i = 0; i < in.ids.n && rc == 0; i++)
        rc = change_one(r, &in, in.ids.ids[i], &all[i], e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    write_outcomes(&w, &in, all, true);
    write_outcomes(&w, &in, all, false);
    json_close(&w, '}');
    return 0;
}

const struct route dashboard_tag_routes[] = {
    { "POST", "/api/projects/:project/dashboards/bulk_update_tags/", bulk_update_tags,
      ACCESS_SESSION },
    { 0 },
};
