/* boards.c - `hoglet dashboards pull|diff|push`: dashboards and insights as files. What will be done is
 * shown first; what is on one side only, or changed on both, is named and left alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/board_sync.h"
#include "cmd/cmd.h"

/* What both sides did since they last agreed. */
enum state {
    STATE_SAME,     /* nothing, or the same */
    STATE_HERE,     /* the file changed, or is new */
    STATE_THERE,    /* the server's changed */
    STATE_BOTH,     /* both did, and differ */
    STATE_NO_FILE,  /* the server's has no file */
    STATE_GONE,     /* the file has an id that the server knows no more */
};

static enum state state_of(const struct board_object *o)
{
    if (!o->local)
        return STATE_NO_FILE;
    if (!o->remote)
        return o->id ? STATE_GONE : STATE_HERE;
    if (board_same(o->local, o->remote))
        return STATE_SAME;
    if (o->base && board_same(o->base, o->remote))
        return STATE_HERE;
    return o->base && board_same(o->base, o->local) ? STATE_THERE : STATE_BOTH;
}

static void say(struct board_sync *s, const struct board_object *o, const char *sign,
                const char *what)
{
    str label = board_label(s, o);
    printf("%s " STR_FMT "%s%s\n", sign, STR_ARG(label), *what ? ": " : "", what);
}

static void show(struct board_sync *s, const struct board_object *o, const struct json *before,
                 const struct json *after)
{
    struct buf b = BUF_INIT(16 << 20);
    board_differences(s->a, o->kind, before, after, &b);
    str text = buf_view(&b);
    for (size_t i = 0; i < text.n; i++) /* names are others' text */
        if ((unsigned char)b.p[i] < 0x20 && b.p[i] != '\n')
            b.p[i] = ' ';
    fwrite(text.p, 1, text.n, stdout);
    buf_release(&b);
}

/* -------------------------------------------------------------------------- pull */

static int pull_one(struct board_sync *s, struct board_object *o, int counts[2], struct err *e)
{
    enum state state = state_of(o);
    bool over = state == STATE_BOTH && s->o->force;
    if (state == STATE_BOTH && !over) {
        say(s, o, "!", "changed here and on the server; --force takes the server's");
        show(s, o, o->local, o->remote);
        counts[1]++;
        return 0;
    }
    if (state == STATE_HERE && o->id)
        say(s, o, "=", "your changes are not pushed yet; kept");
    else if (state == STATE_HERE)
        say(s, o, "=", "new, not pushed yet; kept");
    else if (state == STATE_GONE)
        say(s, o, "?", "gone on the server; the file is left alone");
    else if (state != STATE_SAME) {
        say(s, o, state == STATE_NO_FILE ? "+" : "~", "");
        if (o->local)
            show(s, o, o->local, o->remote);
        counts[0]++;
    }
    bool take = state == STATE_NO_FILE || state == STATE_THERE || over;
    bool agree = state == STATE_SAME && !(o->base && board_same(o->base, o->remote));
    return take || agree ? board_keep(s, o, e) : 0;
}

int cmd_dashboards_pull(struct arena *a, const struct options *o, struct err *e)
{
    struct board_sync s;
    int counts[2] = { 0, 0 };
    int rc = board_sync_load(&s, a, o, e);
    for (size_t i = 0; i < s.n && rc == 0; i++)
        rc = pull_one(&s, &s.objects[i], counts, e);
    if (rc < 0)
        return rc;
    printf("%d written, %d in conflict\n", counts[0], counts[1]);
    return counts[1] ? err_set(e, ERR_CONFLICT, NULL, "some files are in conflict") : 0;
}

/* -------------------------------------------------------------------------- the plan */

/* Prints what a push would do. *todo: how many it would change; *bad: how many stand in its way. */
static void plan(struct board_sync *s, int *todo, int *bad)
{
    *todo = *bad = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct board_object *o = &s->objects[i];
        enum state state = state_of(o);
        if (state == STATE_NO_FILE)
            say(s, o, "?", "on the server, without a file; left alone");
        else if (state == STATE_THERE)
            say(s, o, "?", "changed on the server; pull takes it");
        else if (state == STATE_GONE)
            say(s, o, "!", "gone on the server; take its id out to make it anew");
        else if (state == STATE_BOTH && !s->o->force)
            say(s, o, "!", "changed here and on the server; --force puts this file in its place");
        else if (state != STATE_SAME)
            say(s, o, o->id ? "~" : "+", o->id ? "" : "new");
        bool changes = state == STATE_HERE || (state == STATE_BOTH && s->o->force);
        if (changes || state == STATE_BOTH)
            show(s, o, o->remote, o->local);
        *todo += changes;
        *bad += state == STATE_GONE || (state == STATE_BOTH && !changes);
    }
    printf("%d to change, %d in conflict\n", *todo, *bad);
}

int cmd_dashboards_diff(struct arena *a, const struct options *o, struct err *e)
{
    struct board_sync s;
    int todo, bad;
    int rc = board_sync_load(&s, a, o, e);
    if (rc == 0)
        plan(&s, &todo, &bad);
    return rc;
}

/* -------------------------------------------------------------------------- push */

static void set(struct board_sync *s, struct json *to, const char *name, const struct json *v)
{
    json_set(to, str_of(name), json_share(s->a, v));
}

/* Members that differ, as the API takes them. */
static struct json *changes_of(struct board_sync *s, const struct board_member *m,
                               const struct json *before, const struct json *after)
{
    struct json *out = json_new(s->a, JSON_OBJECT);
    for (; m->name; m++) {
        const struct json *v = board_value(s->a, m, after);
        if (!board_same(v, board_value(s->a, m, before)))
            set(s, out, m->name, v);
    }
    return out;
}

static str path_of(struct board_sync *s, const struct board_object *o)
{
    return o->id ? arena_printf(s->a, "%ss/%" PRId64 "/", board_noun(o->kind), o->id)
                 : arena_printf(s->a, "%ss/", board_noun(o->kind));
}

/* The insight that a tile of the file shows: by its id, or by the file of one that was made just now. */
static int insight_of(struct board_sync *s, const struct board_object *o, const struct json *v,
                      int64_t *id, struct err *e)
{
    str label = board_label(s, o);
    if (json_is(v, JSON_NUMBER) && v->integer) {
        *id = v->i64;
        return 0;
    }
    for (size_t i = 0; i < s->n && json_is(v, JSON_STRING); i++) {
        const struct board_object *other = &s->objects[i];
        if (other->kind == BOARD_INSIGHT && other->id && other->path.p &&
            str_ends(other->path, arena_printf(s->a, "/" STR_FMT, STR_ARG(v->text)))) {
            *id = other->id;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, NULL,
                   STR_FMT ": a tile's insight is an id, or the name of a file in insights/",
                   STR_ARG(label));
}

/* Puts the insight on the dashboard and finds the tile that shows it: *tile is its id. */
static int put_insight(struct board_sync *s, const struct board_object *o, int64_t insight,
                       int64_t *tile, struct err *e)
{
    const struct json *answer;
    struct json *body = json_new(s->a, JSON_OBJECT), *list = json_new(s->a, JSON_ARRAY), *id;
    str path = arena_printf(s->a, "insights/%" PRId64 "/", insight);
    int rc = board_call(s, NULL, path, NULL, &answer, e);
    if (rc < 0)
        return rc;
    rc = json_parse(s->a, arena_printf(s->a, "%" PRId64, o->id), &id, e);
    list->head = id;
    list->count = 1;
    const struct json *on = json_get(answer, "dashboards");
    for (const struct json *m = on ? on->head : NULL; m; m = m->next) {
        struct json *one = json_share(s->a, m);
        one->next = list->head;
        list->head = one;
        list->count++;
    }
    json_set(body, STR("dashboards"), list);
    if (rc == 0)
        rc = board_call(s, "PATCH", path, body, &answer, e);
    if (rc < 0)
        return rc;
    const struct json *tiles = json_get(answer, "dashboard_tiles");
    for (const struct json *t = tiles ? tiles->head : NULL; t; t = t->next)
        if (json_get(t, "dashboard_id") && json_get(t, "dashboard_id")->i64 == o->id)
            *tile = board_id(t);
    return 0;
}

static struct json *number(struct board_sync *s, int64_t v)
{
    struct json *out = NULL;
    struct err ignored = ERR_INIT;
    (void)json_parse(s->a, arena_printf(s->a, "%" PRId64, v), &out, &ignored);
    return out;
}

/* One tile of the file as an entry of a PATCH; NULL: nothing to change. */
static int tile_entry(struct board_sync *s, const struct board_object *o, const struct json *t,
                      struct json **out, struct err *e)
{
    int64_t id = board_id(t), insight = 0, made = 0;
    const struct json *was = id ? board_tile(o->remote, id) : NULL, *v;
    struct json *entry = changes_of(s, board_tile_members, was, t);
    int rc = 0;
    if ((v = json_get(t, "insight")) && !was) {
        rc = insight_of(s, o, v, &insight, e);
        if (rc == 0)
            rc = put_insight(s, o, insight, &made, e);
        id = made;
    } else if (v && !board_same(v, json_get(was, "insight"))) {
        str label = board_label(s, o);
        return err_set(e, ERR_INVALID, NULL,
                       STR_FMT ": tile %" PRId64 " shows another insight; take its id out",
                       STR_ARG(label), id);
    }
    if ((v = json_get(t, "text")) && !board_same(v, json_get(was, "text"))) {
        struct json *text = json_new(s->a, JSON_OBJECT);
        set(s, text, "body", v);
        json_set(entry, STR("text"), text);
    }
    if ((v = json_get(t, "button")) && !board_same(v, json_get(was, "button")))
        set(s, entry, "button_tile", v);
    *out = entry->head ? entry : NULL;
    if (id && entry->head)
        json_set(entry, STR("id"), number(s, id));
    return rc;
}

static int push_tiles(struct board_sync *s, const struct board_object *o, struct json *body,
                      struct err *e)
{
    struct json *list = json_new(s->a, JSON_ARRAY), **tail = &list->head, *entry;
    const struct json *now = json_get(o->local, "tiles"), *was = json_get(o->remote, "tiles");
    int rc = 0;
    for (const struct json *t = now ? now->head : NULL; t && rc == 0; t = t->next) {
        entry = NULL;
        rc = tile_entry(s, o, t, &entry, e);
        if (rc < 0 || !entry)
            continue;
        *tail = entry;
        tail = &entry->next;
        list->count++;
    }
    for (const struct json *t = was ? was->head : NULL; t && rc == 0; t = t->next) {
        if (board_tile(o->local, board_id(t)))
            continue;
        entry = json_new(s->a, JSON_OBJECT);
        set(s, entry, "id", json_get(t, "id"));
        json_set(entry, STR("deleted"), json_new_bool(s->a, true));
        *tail = entry;
        tail = &entry->next;
        list->count++;
    }
    if (list->head)
        json_set(body, STR("tiles"), list);
    return rc;
}

/* Makes the server's like the file, and the file like what the server has then: with ids. */
static int push_one(struct board_sync *s, struct board_object *o, struct err *e)
{
    const struct board_member *members =
        o->kind == BOARD_DASHBOARD ? board_dashboard_members : board_insight_members;
    struct json *body = changes_of(s, members, o->remote, o->local);
    const struct json *answer = NULL;
    int rc = 0;
    if (!o->id) {
        rc = board_call(s, "POST", path_of(s, o), body, &answer, e);
        if (rc < 0)
            return rc;
        o->id = board_id(answer);
        o->remote = board_form_of_answer(s->a, o->kind, answer);
        body = changes_of(s, members, o->remote, o->local); /* what making one does not take */
    }
    if (o->kind == BOARD_DASHBOARD)
        rc = push_tiles(s, o, body, e);
    if (rc == 0 && body->head)
        rc = board_call(s, "PATCH", path_of(s, o), body, &answer, e);
    if (rc == 0)
        rc = board_call(s, NULL, path_of(s, o), NULL, &answer, e);
    if (rc < 0)
        return rc;
    o->remote = board_form_of_answer(s->a, o->kind, answer);
    say(s, o, "pushed", "");
    return board_keep(s, o, e);
}

int cmd_dashboards_push(struct arena *a, const struct options *o, struct err *e)
{
    struct board_sync s;
    int todo, bad;
    int rc = board_sync_load(&s, a, o, e);
    if (rc < 0)
        return rc;
    plan(&s, &todo, &bad);
    if (bad)
        return err_set(e, ERR_CONFLICT, NULL, "nothing was changed: some files are in conflict");
    if (!o->yes && todo) {
        printf("nothing was changed: --yes does what is shown\n");
        return 0;
    }
    for (size_t i = 0; i < s.n && rc == 0; i++) { /* insights stand before the dashboards they are on */
        enum state state = state_of(&s.objects[i]);
        if (state == STATE_HERE || (state == STATE_BOTH && o->force))
            rc = push_one(&s, &s.objects[i], e);
    }
    return rc;
}
