/* board_sync.c - see board_sync.h. */
#include "cmd/board_sync.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/call.h"
#include "json/write.h"

#define PAGE 200
#define PATIENCE 120 /* seconds */

/* -------------------------------------------------------------------------- the API */

static int refused(struct board_sync *s, long status, str path, str text, struct err *e)
{
    struct json *o = NULL;
    struct err ignored = ERR_INIT;
    (void)json_parse(s->a, text, &o, &ignored);
    str detail = json_get_text(o, "detail");
    return err_set(e, ERR_INVALID, NULL, STR_FMT ": the server answers %ld " STR_FMT, STR_ARG(path),
                   status, STR_ARG(detail));
}

int board_call(struct board_sync *s, const char *method, str path, const struct json *body,
               const struct json **out, struct err *e)
{
    const char *project = s->o->project ? s->o->project : "@current";
    str base = str_of(s->o->url), url;
    struct buf b = BUF_INIT(LIMIT_BODY_API), answer = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&b);
    struct json *parsed = NULL;
    long status = 0;
    while (str_ends(base, STR("/")))
        base.n--;
    url = arena_printf(s->a, STR_FMT "/api/projects/%s/" STR_FMT, STR_ARG(base), project,
                       STR_ARG(path));
    if (body)
        json_tree(&w, body);
    struct http_call c = { .method = method, .url = url.p, .bearer = s->o->key,
                           .body = body ? buf_view(&b) : STR_NULL, .seconds = PATIENCE };
    int rc = http_call(&c, &status, &answer, e);
    str text = arena_str(s->a, buf_view(&answer));
    buf_release(&b);
    buf_release(&answer);
    if (rc == 0)
        return err_set(e, ERR_UNAVAILABLE, NULL, "nobody listens at %s", s->o->url);
    if (rc < 0)
        return rc;
    if (status < 200 || status > 299)
        return refused(s, status, path, text, e);
    rc = json_parse(s->a, text, &parsed, e);
    *out = parsed;
    return rc;
}

/* -------------------------------------------------------------------------- objects */

struct board_object *board_find(struct board_sync *s, enum board_kind kind, int64_t id)
{
    for (size_t i = 0; i < s->n && id; i++)
        if (s->objects[i].kind == kind && s->objects[i].id == id)
            return &s->objects[i];
    return NULL;
}

static struct board_object *add(struct board_sync *s, enum board_kind kind, int64_t id)
{
    struct board_object *o = board_find(s, kind, id);
    if (o)
        return o;
    s->objects = arena_grown(s->a, s->objects, s->n, sizeof(*s->objects));
    s->objects[s->n] = (struct board_object){ .kind = kind, .id = id };
    return &s->objects[s->n++];
}

static void take_answer(struct board_sync *s, enum board_kind kind, const struct json *answer)
{
    struct board_object *o = add(s, kind, board_id(answer));
    o->answer = answer;
    o->remote = board_form_of_answer(s->a, kind, answer);
}

static int load_list(struct board_sync *s, enum board_kind kind, struct err *e)
{
    const struct json *page, *one;
    bool more = true;
    int rc = 0;
    for (int64_t offset = 0; more && rc == 0; offset += PAGE) {
        str path = arena_printf(s->a, "%ss/?limit=%d&offset=%" PRId64, board_noun(kind), PAGE,
                                offset);
        rc = board_call(s, NULL, path, NULL, &page, e);
        if (rc < 0)
            return rc;
        more = !json_is(json_get(page, "next"), JSON_NULL);
        const struct json *rows = json_get(page, "results"), *m = rows ? rows->head : NULL;
        for (; m && rc == 0; m = m->next) {
            str at = arena_printf(s->a, "%ss/%" PRId64 "/", board_noun(kind), board_id(m));
            one = m;
            if (kind == BOARD_DASHBOARD) /* lists tell nothing of tiles */
                rc = board_call(s, NULL, at, NULL, &one, e);
            if (rc == 0)
                take_answer(s, kind, one);
        }
    }
    return rc;
}

/* -------------------------------------------------------------------------- files */

static str folder_of(struct board_sync *s, enum board_kind kind)
{
    return arena_printf(s->a, "%s/%ss", s->o->dir, board_noun(kind));
}

static str base_path(struct board_sync *s, enum board_kind kind, int64_t id)
{
    return arena_printf(s->a, "%s/.base/%ss/%" PRId64 ".json", s->o->dir, board_noun(kind), id);
}

static int take_file(struct board_sync *s, enum board_kind kind, str path, struct err *e)
{
    struct board_file f;
    struct json *form;
    int rc = board_file_read(s->a, path, &f, e);
    if (rc == 0)
        rc = board_form_of_file(s->a, kind, path, f.tree, &form, e);
    if (rc < 0)
        return rc;
    struct board_object *o = add(s, kind, board_id(form));
    if (o->path.p)
        return err_set(e, ERR_INVALID, NULL, STR_FMT " and " STR_FMT " have the same id",
                       STR_ARG(o->path), STR_ARG(path));
    o->path = path;
    o->file = f;
    o->local = form;
    return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_files(struct board_sync *s, enum board_kind kind, struct err *e)
{
    struct dirent **names;
    str folder = folder_of(s, kind);
    int rc = 0, n = scandir(folder.p, &names, NULL, by_name);
    if (n < 0)
        return errno == ENOENT ? 0
                               : err_set(e, ERR_INVALID, NULL, "cannot read " STR_FMT ": %s",
                                         STR_ARG(folder), strerror(errno));
    for (int i = 0; i < n; i++) {
        str name = str_of(names[i]->d_name);
        if (rc == 0 && name.p[0] != '.' && str_ends(name, STR(".json")))
            rc = take_file(s, kind,
                           arena_printf(s->a, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(name)),
                           e);
        free(names[i]);
    }
    free(names);
    return rc;
}

static void load_base(struct board_sync *s, struct board_object *o)
{
    struct board_file f;
    struct json *form;
    struct err ignored = ERR_INIT; /* without one, every difference is a change on both sides */
    str path = base_path(s, o->kind, o->id);
    if (o->id && access(path.p, R_OK) == 0 && board_file_read(s->a, path, &f, &ignored) == 0 &&
        board_form_of_file(s->a, o->kind, path, f.tree, &form, &ignored) == 0)
        o->base = form;
}

int board_sync_load(struct board_sync *s, struct arena *a, const struct options *o, struct err *e)
{
    *s = (struct board_sync){ .a = a, .o = o };
    int rc = 0;
    for (int kind = 0; kind < BOARD_KINDS && rc == 0; kind++) {
        rc = load_list(s, (enum board_kind)kind, e);
        if (rc == 0)
            rc = load_files(s, (enum board_kind)kind, e);
    }
    for (size_t i = 0; i < s->n; i++)
        load_base(s, &s->objects[i]);
    return rc;
}

/* "12-weekly-growth": the id, and the name as far as it fits a file's. */
static str file_name(struct board_sync *s, const struct board_object *o)
{
    char slug[41];
    size_t n = 0;
    str name = json_get_text(o->remote, "name");
    for (size_t i = 0; i < name.n && n < sizeof(slug) - 1; i++) {
        char c = name.p[i];
        c = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            slug[n++] = c;
        else if (n && slug[n - 1] != '-')
            slug[n++] = '-';
    }
    while (n && slug[n - 1] == '-')
        n--;
    return arena_printf(s->a, "%" PRId64 "%s%.*s.json", o->id, n ? "-" : "", (int)n, slug);
}

str board_label(struct board_sync *s, const struct board_object *o)
{
    size_t dir = strlen(s->o->dir) + 1;
    if (o->path.p)
        return str_slice(o->path, dir, o->path.n);
    return arena_printf(s->a, "%ss/" STR_FMT, board_noun(o->kind), STR_ARG(file_name(s, o)));
}

int board_keep(struct board_sync *s, struct board_object *o, struct err *e)
{
    static const struct board_file none = { 0 };
    if (!o->path.p) {
        str folder = folder_of(s, o->kind), name = file_name(s, o);
        o->path = arena_printf(s->a, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(name));
    }
    str text = board_file_text(s->a, o->file.tree ? &o->file : &none, o->remote);
    int rc = board_file_write(s->a, o->path, text, e);
    if (rc == 0)
        rc = board_file_write(s->a, base_path(s, o->kind, o->id),
                              board_file_text(s->a, &none, o->remote), e);
    return rc;
}
