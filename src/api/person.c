/* person.c - persons over the API: lists, one, changes by hand, deletion. Rows live in model/person.c,
 * the changes in ingest/person_change.c. */
#include "api/internal.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "ingest/deliver.h"
#include "ingest/person_change.h"

void deliver_now(struct req *r)
{
    struct err e = ERR_INIT;
    req_give_db(r);
    (void)deliver_changes(r->api->store, r->api->olap, INT64_MIN, &e); /* the flusher tries again */
    req_take_db(r);
}

/* -------------------------------------------------------------------------- writing */

/* In lists the id is the uuid, alone it is the row's number, as clients expect; a cohort's members are
 * actors, with what clients expect of those. */
enum form { FORM_LISTED, FORM_ALONE, FORM_MEMBER };

static void write_actor(struct json_writer *w, const struct person *p)
{
    json_key(w, "type");
    json_z(w, "person");
    json_key(w, "is_identified");
    json_bool(w, p->identified);
    json_key(w, "matched_recordings");
    json_raw(w, STR("[]"));
    json_key(w, "value_at_data_point");
    json_null(w);
}

static int write_person(struct req *r, struct json_writer *w, const struct person *p,
                        enum form form, struct err *e)
{
    struct person_id *ids;
    size_t n;
    int rc = person_ids(r->db, r->arena, p->id, LIMIT_PERSON_IDS, &ids, &n, e);
    if (rc < 0)
        return rc;
    person_ids_sort(ids, n);
    json_open(w, '{');
    json_key(w, "id");
    if (form == FORM_ALONE)
        json_i64(w, p->id);
    else
        json_str(w, p->uuid);
    json_key(w, "name");
    json_str(w, person_name(r->arena, p, r->project.display_names, ids, n));
    json_key(w, "distinct_ids");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        json_str(w, ids[i].distinct_id);
    json_close(w, ']');
    json_key(w, "properties");
    json_tree(w, p->properties);
    json_key(w, "created_at");
    json_time(w, p->created_at);
    json_key(w, "uuid");
    json_str(w, p->uuid);
    json_key(w, "last_seen_at");
    json_null(w);
    if (form == FORM_MEMBER)
        write_actor(w, p);
    json_close(w, '}');
    return 0;
}

/* -------------------------------------------------------------------------- the list */

struct asked {
    str email, distinct_id; /* STR_NULL: any */
    int64_t cohort;         /* 0: any */
};

struct found {
    struct person *list;
    size_t n;
    bool more; /* a page follows */
};

static int find_by_id(struct req *r, str distinct_id, struct found *f, struct err *e)
{
    f->list = arena_new_of(r->arena, struct person);
    int rc = person_find_by_distinct_id(r->db, r->arena, r->project.id, distinct_id, f->list, e);
    f->n = rc > 0;
    return rc < 0 ? rc : 0;
}

/* One row more than the page says whether another page follows. */
static int find_page(struct req *r, str email, struct page page, struct found *f, struct err *e)
{
    struct stmt *st;
    int rc = person_page(r->db, r->arena, r->project.id, email, page.limit + 1, page.offset, &st,
                         e);
    while (rc >= 0 && (rc = stmt_step(st, e)) > 0) {
        if ((int64_t)f->n == page.limit) {
            f->more = true;
            stmt_end(st);
            return 0;
        }
        f->list = arena_grown(r->arena, f->list, f->n, sizeof(*f->list));
        rc = person_read(st, r->arena, &f->list[f->n++], e);
    }
    return rc;
}

static str text_param(struct req *r, const char *name)
{
    str v = http_query_of(r->http, name);
    return v.n && str_utf8_valid(v) ? v : STR_NULL;
}

/* Texts and property filters are looked for by the event store, which reads a property of a million
 * persons at once; what it finds is read here. */
static int read_search(struct req *r, const struct asked *q, struct json *values, str *where,
                       struct err *e)
{
    struct arena *a = r->arena;
    str search = text_param(r, "search");
    struct uuid u;
    *where = STR("1 = 1");
    if (q->cohort)
        *where = arena_printf(a, "id IN COHORT %lld", (long long)q->cohort);
    if (q->email.p) {
        *where = arena_printf(a, STR_FMT " AND properties.email = {email}", STR_ARG(*where));
        json_set(values, STR("email"), json_new_str(a, q->email));
    }
    if (text_param(r, "properties").p)
        *where = arena_printf(a, STR_FMT " AND {filters}", STR_ARG(*where));
    if (!search.p)
        return 0;
    if (str_utf8_len(search) > LIMIT_SEARCH)
        return err_set(e, ERR_TOO_LONG, "search",
                       "Ensure this field has no more than %d characters.", LIMIT_SEARCH);
    json_set(values, STR("pattern"), json_new_str(a, like_pattern(a, search)));
    json_set(values, STR("search"), json_new_str(a, search));
    *where = arena_printf(a, STR_FMT " AND (properties.email ILIKE {pattern}"
                                     " OR properties.name ILIKE {pattern} OR id IN (SELECT"
                                     " person_id FROM person_distinct_ids WHERE distinct_id"
                                     " ILIKE {pattern})%s)",
                          STR_ARG(*where),
                          uuid_parse(search, &u) ? " OR id = toUUID({search})" : "");
    return 0;
}

static int read_filters(struct req *r, struct json *node, struct err *e)
{
    str text = text_param(r, "properties");
    struct json *filters = json_new(r->arena, JSON_OBJECT), *v;
    struct err bad = ERR_INIT;
    if (!text.p)
        return 0;
    if (json_parse(r->arena, text, &v, &bad) < 0 ||
        (v->type != JSON_ARRAY && v->type != JSON_OBJECT))
        return err_set(e, ERR_INVALID, NULL, "Properties are unparsable!");
    json_set(filters, STR("properties"), v);
    json_set(node, STR("filters"), filters);
    return 0;
}

static int run_search(struct req *r, str select, str where, str tail, struct json *values,
                      struct json **rows, struct err *e)
{
    struct json *node = json_new(r->arena, JSON_OBJECT);
    str text = arena_printf(r->arena, STR_FMT " FROM persons WHERE " STR_FMT STR_FMT,
                            STR_ARG(select), STR_ARG(where), STR_ARG(tail));
    json_set(node, STR("kind"), json_new_str(r->arena, STR("HogQLQuery")));
    json_set(node, STR("query"), json_new_str(r->arena, text));
    json_set(node, STR("values"), values);
    int rc = read_filters(r, node, e);
    return rc < 0 ? rc : req_query_rows(r, node, rows, e);
}

/* count may be NULL: not asked for. */
static int find_searched(struct req *r, const struct asked *q, struct page page, struct found *f,
                         int64_t *count, struct err *e)
{
    struct json *values = json_new(r->arena, JSON_OBJECT), *rows;
    str where;
    int64_t limit = page.limit < LIMIT_PERSONS_FOUND ? page.limit : LIMIT_PERSONS_FOUND, n = 0;
    str tail = arena_printf(r->arena, " ORDER BY created_at DESC, id LIMIT %lld OFFSET %lld",
                            (long long)limit + 1, (long long)page.offset);
    int rc = read_search(r, q, values, &where, e);
    if (rc == 0 && count)
        rc = run_search(r, STR("SELECT count()"), where, STR(""), values, &rows, e);
    if (rc == 0 && count)
        *count = rows->head->head->i64;
    if (rc == 0)
        rc = run_search(r, STR("SELECT id"), where, tail, values, &rows, e);
    for (const struct json *m = rc == 0 ? rows->head : NULL; m && rc >= 0; m = m->next) {
        if (n++ == limit) {
            f->more = true;
            break;
        }
        f->list = arena_grown(r->arena, f->list, f->n, sizeof(*f->list));
        rc = person_find_uuid(r->db, r->arena, r->project.id, m->head->text, &f->list[f->n], e);
        if (rc > 0) /* else it was deleted just now */
            f->n++;
    }
    return rc < 0 ? rc : 0;
}

static int reply_list(struct req *r, const struct found *f, struct page page, int64_t count,
                      enum form form, struct err *e)
{
    struct json_writer w;
    struct buf rows = BUF_INIT(LIMIT_RESPONSE);
    bool csv = wants_csv(r);
    int rc = 0;
    if (csv) {
        w = JSON_WRITER(&rows);
        json_open(&w, '[');
    } else {
        w = page_open_uncounted(r, page, count, f->more);
    }
    for (size_t i = 0; i < f->n && rc == 0; i++)
        rc = write_person(r, &w, &f->list[i], form, e);
    if (csv) {
        json_close(&w, ']');
        rc = rc < 0 ? rc : reply_csv(r, buf_view(&rows), e);
    } else {
        page_close(&w);
    }
    buf_release(&rows);
    return rc;
}

static int list_asked(struct req *r, const struct asked *q, enum form form, struct err *e)
{
    struct page page = page_of(r);
    struct found f = { 0 };
    str email = q->email, distinct_id = q->distinct_id;
    int64_t count = -1;
    int total;
    int rc = param_flag(r, "include_total", &total, e);
    bool searched = q->cohort || text_param(r, "search").p || text_param(r, "properties").p;
    if (rc < 0)
        return rc;
    if (distinct_id.p)
        rc = find_by_id(r, distinct_id, &f, e);
    else if (searched)
        rc = find_searched(r, q, page, &f, total > 0 ? &count : NULL, e);
    else
        rc = find_page(r, email, page, &f, e);
    if (rc == 0 && total > 0 && distinct_id.p)
        count = (int64_t)f.n;
    else if (rc == 0 && total > 0 && !searched)
        rc = person_count(r->db, r->arena, r->project.id, email, &count, e);
    return rc < 0 ? rc : reply_list(r, &f, page, count, form, e);
}

static int person_list(struct req *r, struct err *e)
{
    struct asked q = { text_param(r, "email"), text_param(r, "distinct_id"), 0 };
    str cohort = text_param(r, "cohort");
    if (cohort.p && !str_to_i64(cohort, &q.cohort))
        return err_set(e, ERR_INVALID, "cohort", "A valid integer is required.");
    return list_asked(r, &q, FORM_LISTED, e);
}

int person_list_of(struct req *r, int64_t cohort_id, struct err *e)
{
    struct asked q = { text_param(r, "email"), STR_NULL, cohort_id };
    return list_asked(r, &q, FORM_MEMBER, e);
}

/* -------------------------------------------------------------------------- one */

/* 1 found, 0 not. The id is the row's number or the uuid. */
static int find_one(struct req *r, str id, struct person *p, struct err *e)
{
    struct uuid u;
    char text[UUID_TEXT];
    int64_t number;
    if (str_to_i64(id, &number))
        return person_find(r->db, r->arena, r->project.id, number, p, e);
    if (!uuid_parse(id, &u))
        return err_set(e, ERR_INVALID, NULL,
                       "The ID provided does not look like a personID. If you are using a "
                       "distinctId, please use /persons?distinct_id=" STR_FMT " instead.",
                       STR_ARG(str_utf8_prefix(id, LIMIT_DISTINCT_ID)));
    uuid_text(u, text);
    return person_find_uuid(r->db, r->arena, r->project.id, str_of(text), p, e);
}

static int load(struct req *r, struct person *p, struct err *e)
{
    int rc = find_one(r, r->id, p, e);
    return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL, NULL);
}

static int person_fetch(struct req *r, struct err *e)
{
    struct person p;
    int rc = load(r, &p, e);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    return write_person(r, &w, &p, FORM_ALONE, e);
}

/* -------------------------------------------------------------------------- changing */

static int change_properties(struct req *r, const struct json *set, str unset, struct err *e)
{
    struct person p;
    int rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load(r, &p, e);
    if (rc > 0)
        rc = person_change_properties(r->db, r->arena, &p, set, unset, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == 0)
        deliver_now(r);
    return rc;
}

static int person_change(struct req *r, struct err *e)
{
    const struct json *set = json_get(r->body, "properties");
    if (set && set->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties", "Expected a dictionary of items.");
    r->http->status = 202;
    return change_properties(r, set, STR_NULL, e);
}

static int person_update_property(struct req *r, struct err *e)
{
    const struct json *value = json_get(r->body, "value");
    str key = json_get_text(r->body, "key");
    if (!key.n)
        return err_set(e, ERR_REQUIRED, "key", NULL);
    if (!value || value->type == JSON_NULL)
        return err_set(e, ERR_REQUIRED, "value", NULL);
    struct json *set = json_new(r->arena, JSON_OBJECT);
    json_set(set, key, json_share(r->arena, value));
    r->http->status = 202;
    return change_properties(r, set, STR_NULL, e);
}

static int reply_success(struct req *r)
{
    struct json_writer w = reply_json(r, 201);
    json_open(&w, '{');
    json_key(&w, "success");
    json_bool(&w, true);
    json_close(&w, '}');
    return 0;
}

static int person_delete_property(struct req *r, struct err *e)
{
    str key = json_get_text(r->body, "$unset");
    if (!key.n)
        return err_set(e, ERR_REQUIRED, "$unset", NULL);
    int rc = change_properties(r, NULL, key, e);
    return rc < 0 ? rc : reply_success(r);
}

static int person_split(struct req *r, struct err *e)
{
    struct person p;
    str main_id = STR_NULL;
    int rc = body_str(r, "main_distinct_id", LIMIT_DISTINCT_ID, &main_id, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load(r, &p, e);
    if (rc > 0)
        rc = person_change_split(r->db, r->arena, &p, main_id, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    deliver_now(r);
    return reply_success(r);
}

/* -------------------------------------------------------------------------- deletion */

/* What is to go. Recordings are not kept, so there are none to delete. */
struct deletion {
    bool events, keep_person;
};

static int read_deletion(struct req *r, struct deletion *d, struct err *e)
{
    int events, keep;
    int rc = param_flag(r, "delete_events", &events, e);
    if (rc == 0)
        rc = param_flag(r, "keep_person", &keep, e);
    if (rc < 0)
        return rc;
    *d = (struct deletion){ events > 0, keep > 0 };
    rc = body_bool(r, "delete_events", &d->events, e);
    return rc < 0 ? rc : body_bool(r, "keep_person", &d->keep_person, e);
}

static int delete_one(struct req *r, const struct person *p, const struct deletion *d,
                      struct err *e)
{
    int rc = 0;
    if (d->events)
        rc = person_change_delete_events(r->db, r->arena, r->api->journal, p, e);
    if (rc == 0 && !d->keep_person)
        rc = person_change_delete(r->db, r->arena, p, e);
    return rc;
}

static int person_remove(struct req *r, struct err *e)
{
    struct deletion d;
    struct person p;
    int rc = read_deletion(r, &d, e);
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = load(r, &p, e);
    if (rc > 0)
        rc = delete_one(r, &p, &d, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc == 0)
        deliver_now(r);
    r->http->status = 202;
    return rc;
}

static int find_listed(struct req *r, const struct json *id, bool distinct, struct person *p,
                       struct err *e)
{
    if (id->type != JSON_STRING && id->type != JSON_NUMBER)
        return err_set(e, ERR_INVALID, distinct ? "distinct_ids" : "ids", "Not a valid string.");
    return distinct ? person_find_by_distinct_id(r->db, r->arena, r->project.id, id->text, p, e)
                    : find_one(r, id->text, p, e);
}

/* A list of ids under one of two names. */
static int read_ids(struct req *r, const char *name, const struct json **out, struct err *e)
{
    const struct json *v = json_get(r->body, name);
    *out = v && v->type != JSON_NULL ? v : NULL;
    if (*out && v->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, name, "Expected a list of items.");
    if (*out && v->count > LIMIT_BULK_PERSONS)
        return err_set(e, ERR_INVALID, NULL, "You can only pass %d %s in one call",
                       LIMIT_BULK_PERSONS, name);
    return 0;
}

static int delete_listed(struct req *r, const struct json *list, bool distinct,
                         const struct deletion *d, int64_t *found, struct err *e)
{
    int rc = 0;
    for (const struct json *m = list->head; m && rc >= 0; m = m->next) {
        struct person p;
        rc = find_listed(r, m, distinct, &p, e); /* two ids of one person: the second finds none */
        if (rc <= 0)
            continue;
        (*found)++;
        rc = delete_one(r, &p, d, e);
    }
    return rc < 0 ? rc : 0;
}

static int person_bulk_delete(struct req *r, struct err *e)
{
    const struct json *ids, *distinct;
    struct deletion d;
    int64_t found = 0;
    int rc = read_ids(r, "ids", &ids, e);
    if (rc == 0)
        rc = read_ids(r, "distinct_ids", &distinct, e);
    if (rc == 0)
        rc = read_deletion(r, &d, e);
    if (rc == 0 && !ids == !distinct)
        return err_set(e, ERR_INVALID, NULL, "You need to specify either distinct_ids or ids");
    if (rc == 0)
        rc = db_begin(r->db, e);
    if (rc == 0)
        rc = delete_listed(r, ids ? ids : distinct, !ids, &d, &found, e);
    if (rc == 0)
        rc = db_commit(r->db, e);
    if (rc < 0)
        return rc;
    deliver_now(r);
    struct json_writer w = reply_json(r, 202);
    json_open(&w, '{');
    json_key(&w, "persons_found");
    json_i64(&w, found);
    json_key(&w, "persons_deleted");
    json_i64(&w, d.keep_person ? 0 : found);
    json_key(&w, "events_queued_for_deletion");
    json_bool(&w, d.events && found);
    json_key(&w, "recordings_queued_for_deletion");
    json_bool(&w, false);
    json_key(&w, "deletion_errors");
    json_raw(&w, STR("[]"));
    json_close(&w, '}');
    return 0;
}

/* -------------------------------------------------------------------------- several */

static int reply_batch(struct req *r, const char *name, bool distinct, struct err *e)
{
    const struct json *list;
    int rc = read_ids(r, name, &list, e);
    if (rc == 0 && !list)
        return err_set(e, ERR_REQUIRED, name, NULL);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "results");
    json_open(&w, '{');
    for (const struct json *m = list->head; m && rc >= 0; m = m->next) {
        struct person p;
        rc = find_listed(r, m, distinct, &p, e);
        if (rc <= 0)
            continue;
        json_key_str(&w, m->text);
        rc = write_person(r, &w, &p, FORM_LISTED, e);
    }
    json_close(&w, '}');
    json_close(&w, '}');
    return rc < 0 ? rc : 0;
}

static int person_batch_distinct(struct req *r, struct err *e)
{
    return reply_batch(r, "distinct_ids", true, e);
}

static int person_batch_uuids(struct req *r, struct err *e)
{
    return reply_batch(r, "uuids", false, e);
}

#define AT "/api/projects/:project/persons"

const struct route person_routes[] = {
    { "GET", AT "/", person_list, ACCESS_SCOPE, "person:read", 0 },
    { "GET", AT ".csv/", person_list, ACCESS_SCOPE, "person:read", 0 },
    { "POST", AT "/bulk_delete/", person_bulk_delete, ACCESS_SCOPE, "person:write", 0 },
    { "POST", AT "/batch_by_distinct_ids/", person_batch_distinct, ACCESS_SCOPE, "person:read",
      0 },
    { "POST", AT "/batch_by_uuids/", person_batch_uuids, ACCESS_SCOPE, "person:read", 0 },
    { "GET", AT "/values/", person_values, ACCESS_SCOPE, "person:read", 0 },
    { "GET", AT "/:id/", person_fetch, ACCESS_SCOPE, "person:read", 0 },
    { "PATCH", AT "/:id/", person_change, ACCESS_SCOPE, "person:write", 0 },
    { "PUT", AT "/:id/", person_change, ACCESS_SCOPE, "person:write", 0 },
    { "DELETE", AT "/:id/", person_remove, ACCESS_SCOPE, "person:write", 0 },
    { "POST", AT "/:id/update_property/", person_update_property, ACCESS_SCOPE, "person:write",
      0 },
    { "POST", AT "/:id/delete_property/", person_delete_property, ACCESS_SCOPE, "person:write",
      0 },
    { "POST", AT "/:id/split/", person_split, ACCESS_SCOPE, "person:write", 0 },
    { 0 },
};
