/* definition.c - see definition.h. */
#include "api/definition.h"

#include "api/field.h"
#include "base/clock.h"
#include "base/uuid.h"

static const struct field fields[] = {
    { "description", FIELD_STR, offsetof(struct definition_note, description), .max = 10000 },
    { "tags", FIELD_TAGS, offsetof(struct definition_note, tags) },
    { "verified", FIELD_BOOL, offsetof(struct definition_note, verified) },
    { "hidden", FIELD_BOOL, offsetof(struct definition_note, hidden) },
    { 0 },
};

static bool names_field(const struct req *r)
{
    for (const struct field *f = fields; f->name; f++)
        if (json_get(r->body, f->name))
            return true;
    return false;
}

int definition_read_note(struct req *r, struct definition_note *n, struct err *e)
{
    bool was_verified = n->verified, was_hidden = n->hidden;
    int rc = fields_read(r->arena, r->body, "", fields, n, e);
    if (rc < 0)
        return rc;
    if (n->verified && n->hidden && was_verified == was_hidden)
        return err_set(e, ERR_INVALID, NULL, "An event cannot be both hidden and verified");
    if (n->verified && n->hidden) /* what is newly said undoes the other */
        *(was_verified ? &n->verified : &n->hidden) = false;
    if (names_field(r)) {
        n->updated_at = clock_now_us();
        n->updated_by = r->user.id;
    }
    if (n->verified && !was_verified) {
        n->verified_at = clock_now_us();
        n->verified_by = r->user.id;
    } else if (!n->verified) {
        n->verified_at = INT64_MIN;
        n->verified_by = 0;
    }
    return 0;
}

int definition_write_note(struct req *r, struct json_writer *w, const struct definition_note *n,
                          struct err *e)
{
    json_key(w, "description");
    json_str(w, n->description);
    json_key(w, "tags");
    json_raw(w, n->tags);
    json_key(w, "updated_at");
    json_time(w, n->updated_at);
    json_key(w, "updated_by");
    int rc = write_user_basic(r, w, n->updated_by, e);
    json_key(w, "verified");
    json_bool(w, n->verified);
    json_key(w, "verified_at");
    json_time(w, n->verified_at);
    json_key(w, "verified_by");
    if (rc == 0)
        rc = write_user_basic(r, w, n->verified_by, e);
    json_key(w, "hidden");
    json_bool(w, n->hidden);
    return rc;
}

int definition_id(struct req *r, str *out, struct err *e)
{
    struct uuid u;
    char text[UUID_TEXT];
    if (!uuid_parse(r->id, &u))
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    uuid_text(u, text);
    *out = arena_str(r->arena, str_of(text));
    return 0;
}
