/* board_file.c - see board_file.h. */
#include "cmd/board_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "json/write.h"

#define WIDTH 96 /* a list or object that fits stands on one line */

struct board_comment {
    str path;   /* "/tiles/0/color": of what it stands before; "…/]" before the end of a list or object */
    str text;   /* its lines, with their marks */
    bool after; /* on the same line, behind it */
    struct board_comment *next;
};

/* -------------------------------------------------------------------------- reading */

struct scan {
    struct arena *a;
    str in;
    size_t at;
    char *out;           /* the text with blanks for comments */
    str pending;         /* comments that wait for what they stand before */
    str last;            /* the path of the value that ended on this line */
    struct board_comment *comments;
    int depth;
};

static void keep(struct scan *s, str path, str text, bool after)
{
    struct board_comment *c = arena_new_of(s->a, struct board_comment);
    *c = (struct board_comment){ path, text, after, s->comments };
    s->comments = c;
}

static void take_pending(struct scan *s, str path)
{
    if (s->pending.n)
        keep(s, path, s->pending, false);
    s->pending = STR_NULL;
}

/* A comment begins here: to the end of the line, or to its end mark. */
static void take_comment(struct scan *s)
{
    bool line = s->in.p[s->at + 1] == '/';
    size_t end = s->at + 2;
    while (end < s->in.n && (line ? s->in.p[end] != '\n'
                                  : !(s->in.p[end - 1] == '*' && s->in.p[end] == '/' &&
                                      end > s->at + 2)))
        end++;
    end += !line && end < s->in.n;
    str text = str_trim(str_slice(s->in, s->at, end));
    if (s->last.p)
        keep(s, s->last, text, true);
    else
        s->pending = s->pending.n ? arena_printf(s->a, STR_FMT "\n" STR_FMT, STR_ARG(s->pending),
                                                 STR_ARG(text))
                                  : text;
    for (; s->at < end; s->at++)
        s->out[s->at] = s->in.p[s->at] == '\n' ? '\n' : ' ';
}

static void skip(struct scan *s)
{
    while (s->at < s->in.n) {
        char c = s->in.p[s->at];
        bool comment = c == '/' && s->at + 1 < s->in.n &&
                       (s->in.p[s->at + 1] == '/' || s->in.p[s->at + 1] == '*');
        if (comment) {
            take_comment(s);
            continue;
        }
        if (c == '\n')
            s->last = STR_NULL;
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != ',' && c != ':')
            return;
        s->at++;
    }
}

/* The raw text of a string between its quotes. */
static str take_string(struct scan *s)
{
    size_t from = ++s->at;
    while (s->at < s->in.n && s->in.p[s->at] != '"')
        s->at += s->in.p[s->at] == '\\' && s->at + 1 < s->in.n ? 2 : 1;
    str text = str_slice(s->in, from, s->at);
    s->at += s->at < s->in.n;
    return text;
}

static void scan_value(struct scan *s, str path);

static void scan_members(struct scan *s, str path, char end)
{
    size_t i = 0;
    s->at++;
    s->last = STR_NULL;
    for (skip(s); s->at < s->in.n && s->in.p[s->at] != end; skip(s), i++) {
        size_t before = s->at;
        str member;
        if (end == ']')
            member = arena_printf(s->a, STR_FMT "/%zu", STR_ARG(path), i);
        else if (s->in.p[s->at] == '"') {
            str key = take_string(s);
            member = arena_printf(s->a, STR_FMT "/" STR_FMT, STR_ARG(path), STR_ARG(key));
        } else
            return; /* no JSON: the parser says so */
        take_pending(s, member);
        if (end == '}')
            skip(s);
        scan_value(s, member);
        s->last = member;
        if (s->at == before)
            return;
    }
    take_pending(s, arena_printf(s->a, STR_FMT "/]", STR_ARG(path)));
    s->at += s->at < s->in.n;
}

static void scan_value(struct scan *s, str path)
{
    char c = s->at < s->in.n ? s->in.p[s->at] : '\0';
    if ((c == '{' || c == '[') && s->depth < LIMIT_JSON_DEPTH) {
        s->depth++;
        scan_members(s, path, c == '{' ? '}' : ']');
        s->depth--;
    } else if (c == '"')
        take_string(s);
    else
        while (s->at < s->in.n && !strchr(",]}/ \t\r\n", s->in.p[s->at]))
            s->at++;
}

int board_file_read(struct arena *a, str path, struct board_file *out, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_BODY_API);
    struct err bad = ERR_INIT;
    FILE *f = fopen(arena_z(a, path), "re");
    if (!f)
        return err_set(e, ERR_INVALID, NULL, "cannot read " STR_FMT ": %s", STR_ARG(path),
                       strerror(errno));
    char *room;
    while ((room = buf_room(&b, 65536))) {
        size_t n = fread(room, 1, 65536, f);
        b.n += n;
        if (!n)
            break;
    }
    fclose(f);
    struct scan s = { .a = a, .in = arena_str(a, buf_view(&b)) };
    bool full = b.full;
    buf_release(&b);
    if (full)
        return err_set(e, ERR_INVALID, NULL, STR_FMT " is too long", STR_ARG(path));
    s.out = arena_z(a, s.in);
    skip(&s);
    take_pending(&s, STR("/"));
    scan_value(&s, STR(""));
    s.last = STR_NULL;
    skip(&s);
    take_pending(&s, STR("/$"));
    *out = (struct board_file){ .path = path, .comments = s.comments };
    if (json_parse(a, (str){ s.out, s.in.n }, &out->tree, &bad) < 0)
        return err_set(e, ERR_INVALID, NULL, STR_FMT ": %s", STR_ARG(path), err_message(&bad));
    if (out->tree->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, NULL, STR_FMT ": must be an object", STR_ARG(path));
    return 0;
}

/* -------------------------------------------------------------------------- writing */

struct emit {
    struct arena *a;
    struct buf *b;
    const struct board_comment *comments; /* of the file as it was */
};

static bool has_comment_in(const struct emit *m, str path)
{
    for (const struct board_comment *c = m->comments; c && path.p; c = c->next)
        if (c->path.n > path.n && str_starts(c->path, path) && c->path.p[path.n] == '/')
            return true;
    return false;
}

static void indent(struct emit *m, int depth)
{
    buf_char(m->b, '\n');
    for (int i = 0; i < depth * 2; i++)
        buf_char(m->b, ' ');
}

static void put_comments(struct emit *m, str path, bool after, int depth)
{
    for (const struct board_comment *c = m->comments; c && path.p; c = c->next) {
        if (c->after != after || !str_eq(c->path, path))
            continue;
        for (str rest = c->text; rest.p;) {
            str line = str_trim(str_split(&rest, '\n'));
            if (after)
                buf_char(m->b, ' ');
            else
                indent(m, depth);
            buf_str(m->b, line);
        }
    }
}

/* On one line, with blanks where people put them. */
static void put_short(struct emit *m, const struct json *v)
{
    bool object = v->type == JSON_OBJECT;
    if (v->type != JSON_OBJECT && v->type != JSON_ARRAY) {
        struct json_writer w = JSON_WRITER(m->b);
        json_tree(&w, v);
        return;
    }
    buf_char(m->b, object ? '{' : '[');
    for (const struct json *k = v->head; k; k = k->next) {
        buf_z(m->b, k == v->head ? (object ? " " : "") : ", ");
        if (object) {
            struct json_writer w = JSON_WRITER(m->b);
            json_str(&w, k->key);
            buf_z(m->b, ": ");
        }
        put_short(m, k);
    }
    buf_z(m->b, object ? (v->head ? " }" : "}") : "]");
}

static bool fits(struct emit *m, const struct json *v, int depth)
{
    struct buf b = BUF_INIT(WIDTH + 64);
    struct emit probe = { .a = m->a, .b = &b };
    put_short(&probe, v);
    bool short_enough = !b.full && b.n + (size_t)depth * 2 + 24 <= WIDTH;
    buf_release(&b);
    return short_enough;
}

/* The element of a list as it was that this one is: by its id, else by its place. */
static const struct json *was(const struct json *list, const struct json *v, size_t i, size_t *place)
{
    const struct json *id = json_get(v, "id");
    size_t k = 0;
    if (!json_is(list, JSON_ARRAY))
        return NULL;
    for (const struct json *m = list->head; m; m = m->next, k++) {
        const struct json *other = json_get(m, "id");
        if (id ? other && str_eq(id->text, other->text) : k == i && !other) {
            *place = k;
            return m;
        }
    }
    return NULL;
}

static void put(struct emit *m, const struct json *v, const struct json *old, str path, int depth)
{
    bool object = v->type == JSON_OBJECT;
    size_t i = 0, place;
    if ((!object && v->type != JSON_ARRAY) || !v->head ||
        (depth && !has_comment_in(m, path) && fits(m, v, depth))) {
        put_short(m, v);
        return;
    }
    buf_char(m->b, object ? '{' : '[');
    for (const struct json *k = v->head; k; k = k->next, i++) {
        const struct json *before = object ? json_get_str(old, k->key) : was(old, k, i, &place);
        str at = STR_NULL;
        if (before && path.p)
            at = object ? arena_printf(m->a, STR_FMT "/" STR_FMT, STR_ARG(path), STR_ARG(k->key))
                        : arena_printf(m->a, STR_FMT "/%zu", STR_ARG(path), place);
        put_comments(m, at, false, depth + 1);
        indent(m, depth + 1);
        if (object) {
            struct json_writer w = JSON_WRITER(m->b);
            json_str(&w, k->key);
            buf_z(m->b, ": ");
        }
        put(m, k, before, at, depth + 1);
        if (k->next)
            buf_char(m->b, ',');
        put_comments(m, at, true, depth + 1);
    }
    if (path.p)
        put_comments(m, arena_printf(m->a, STR_FMT "/]", STR_ARG(path)), false, depth + 1);
    indent(m, depth);
    buf_char(m->b, object ? '}' : ']');
}

str board_file_text(struct arena *a, const struct board_file *old, const struct json *tree)
{
    struct buf b = BUF_INIT(LIMIT_BODY_API);
    struct emit m = { .a = a, .b = &b, .comments = old->comments };
    put_comments(&m, STR("/"), false, 0);
    if (b.n)
        buf_char(&b, '\n');
    put(&m, tree, old->tree, STR(""), 0);
    put_comments(&m, STR("/$"), false, 0);
    buf_char(&b, '\n');
    str text = buf_view(&b);
    if (text.n && text.p[0] == '\n')
        text = str_slice(text, 1, text.n);
    text = arena_str(a, text);
    buf_release(&b);
    return text;
}

int board_file_write(struct arena *a, str path, str text, struct err *e)
{
    size_t slash = path.n;
    while (slash && path.p[slash - 1] != '/')
        slash--;
    for (size_t i = 1; i < slash; i++) /* the folders above it */
        if (path.p[i] == '/' && mkdir(arena_z(a, str_slice(path, 0, i)), 0777) < 0 &&
            errno != EEXIST)
            return err_set(e, ERR_INVALID, NULL, "cannot make the folder of " STR_FMT ": %s",
                           STR_ARG(path), strerror(errno));
    const char *beside = arena_printf(a, STR_FMT ".new", STR_ARG(path)).p;
    FILE *f = fopen(beside, "we");
    bool ok = f && fwrite(text.p, 1, text.n, f) == text.n;
    if (f)
        ok = fclose(f) == 0 && ok;
    ok = ok && rename(beside, arena_z(a, path)) == 0;
    return ok ? 0 : err_set(e, ERR_INVALID, NULL, "cannot write " STR_FMT ": %s", STR_ARG(path),
                            strerror(errno));
}
