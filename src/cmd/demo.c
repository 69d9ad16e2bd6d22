/* demo.c - fills the oldest project with the made-up events of a made-up product, through the same door
 * that apps use, and makes its dashboards. What it made is remembered in DIR/demo.json: done again it sends
 * nothing; what was broken off is sent again with the same uuids, which adds nothing in the end. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/control.h"
#include "cmd/demo_dashboards.h"
#include "cmd/demo_writer.h"
#include "cmd/folder.h"
#include "cmd/private.h"
#include "http/call.h"
#include "json/write.h"

#define BATCH 500           /* events of one request */
#define STORE_PATIENCE 600  /* seconds without progress until all is stored */

struct demo {
    const struct options *o;
    struct arena *arena;
    int64_t events, people, seed;
    str url, token, key; /* key STR_NULL: no dashboards can be made */
    int64_t project_id, end;
    bool stored; /* all of it, by an earlier run */
    struct private_server server; /* pid 0: somebody else's serves */
    struct story story;
};

static int read_numbers(struct demo *d, struct err *e)
{
    const struct options *o = d->o;
    int rc = options_number(o->people, "people", 1, 1000000, &d->people, e);
    if (rc == 0)
        rc = options_number(o->events, "events", 1, 20000000, &d->events, e);
    if (rc == 0)
        rc = options_number(o->seed, "seed", 0, 1LL << 53, &d->seed, e);
    if (rc == 0 && d->events < d->people)
        rc = err_set(e, ERR_INVALID, "events", "--events must be at least --people");
    if (rc == 0 && !o->data && !(o->url && o->token))
        rc = err_set(e, ERR_REQUIRED, "data", "--data is missing, or --url and --token");
    return rc;
}

/* -------------------------------------------------------------------------- where it goes */

static int ask_status(struct demo *d, struct json **out, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_CONTROL);
    int rc = control_status(d->arena, d->o->data, &b, e);
    if (rc > 0) {
        str text = arena_str(d->arena, buf_view(&b));
        rc = json_parse(d->arena, text, out, e);
        rc = rc < 0 ? rc : 1;
    }
    buf_release(&b);
    return rc;
}

/* The server that has the folder, or one of our own. */
static int find_server(struct demo *d, struct err *e)
{
    struct json *status;
    int rc = folder_check(d->arena, d->o->data, e);
    if (rc == 0)
        rc = ask_status(d, &status, e);
    if (rc == 0) {
        rc = private_start(d->arena, d->o->data, &d->server, e);
        rc = rc < 0 ? rc : ask_status(d, &status, e);
    }
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(e, ERR_UNAVAILABLE, NULL, "the server for %s ended", d->o->data);
    d->url = d->o->url ? str_of(d->o->url) : json_get_text(status, "url");
    if (!clock_parse(json_get_text(status, "now"), &d->end))
        return err_internal(e, "the server tells no time");
    d->end -= d->end % (60 * CLOCK_SECOND);
    return 0;
}

static int open_access(struct demo *d, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_CONTROL);
    struct json *v;
    int rc = admin_change(d->arena, d->o, "demo open", &b, e);
    if (rc == 0)
        rc = json_parse(d->arena, arena_str(d->arena, buf_view(&b)), &v, e);
    buf_release(&b);
    if (rc < 0)
        return rc;
    d->token = d->o->token ? str_of(d->o->token) : json_get_text(v, "token");
    d->key = json_get_text(v, "key");
    d->project_id = json_get(v, "project_id")->i64;
    return 0;
}

static int close_access(struct demo *d, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_CONTROL);
    int rc = d->key.p ? admin_change(d->arena, d->o, "demo close", &b, e) : 0;
    buf_release(&b);
    return rc;
}

/* -------------------------------------------------------------------------- the last moment */

static bool same_number(const struct json *v, const char *name, int64_t want)
{
    const struct json *n = json_get(v, name);
    return json_is(n, JSON_NUMBER) && n->integer && n->i64 == want;
}

/* That of the first time, when there was one with this seed; and whether that one told all of this. */
static void recall(struct demo *d, const char *path)
{
    char text[1024];
    struct err ignored = ERR_INIT;
    struct json *v;
    int64_t end;
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, sizeof(text), f) : 0;
    if (f)
        fclose(f);
    if (!n || json_parse(d->arena, arena_str(d->arena, (str){ text, n }), &v, &ignored) < 0 ||
        !same_number(v, "seed", d->seed) || !clock_parse(json_get_text(v, "until"), &end))
        return;
    d->end = end;
    const struct json *stored = json_get(v, "stored");
    d->stored = json_is(stored, JSON_BOOL) && stored->boolean &&
                same_number(v, "events", d->events) && same_number(v, "people", d->people) &&
                str_eq(json_get_text(v, "token"), d->token);
}

static int remember(const struct demo *d, const char *path, bool stored, struct err *e)
{
    struct buf b = BUF_INIT(1024);
    struct json_writer w = JSON_WRITER(&b);
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = { { "seed", d->seed }, { "events", d->events }, { "people", d->people } };
    json_open(&w, '{');
    json_key(&w, "until");
    json_time(&w, d->end);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        json_key(&w, numbers[i].name);
        json_i64(&w, numbers[i].value);
    }
    json_key(&w, "token");
    json_str(&w, d->token);
    json_key(&w, "stored");
    json_bool(&w, stored);
    json_close(&w, '}');
    FILE *f = fopen(path, "we");
    bool ok = f && !b.full && fwrite(b.p, 1, b.n, f) == b.n;
    if (f && fclose(f))
        ok = false;
    buf_release(&b);
    return ok ? 0 : err_set(e, ERR_INVALID, "data", "cannot write %s: %s", path, strerror(errno));
}

/* -------------------------------------------------------------------------- sending */

static int post(struct demo *d, str body, struct err *e)
{
    struct buf answer = BUF_INIT(1 << 20);
    long status = 0;
    str url = arena_printf(d->arena, STR_FMT "/batch/", STR_ARG(d->url));
    struct http_call c = { .url = url.p, .body = body, .seconds = 60 };
    int rc = 0;
    for (int tries = 0; rc == 0 && status != 200; tries++) {
        buf_reset(&answer);
        rc = http_call(&c, &status, &answer, e);
        str said = str_utf8_prefix(buf_view(&answer), 200);
        bool again = rc > 0 && status == 503 && tries < 100; /* it is busy */
        if (rc == 0)
            rc = err_set(e, ERR_UNAVAILABLE, NULL, "no server at " STR_FMT, STR_ARG(d->url));
        else if (rc > 0 && status != 200 && !again)
            rc = err_set(e, ERR_INVALID, NULL, "the server refused the events: %ld " STR_FMT, status,
                         STR_ARG(said));
        rc = rc < 0 ? rc : 0;
        if (again)
            usleep(50000);
    }
    buf_release(&answer);
    return rc;
}

static int send_all(struct demo *d, struct err *e)
{
    const struct story *s = &d->story;
    struct buf b = BUF_INIT(LIMIT_BODY_CAPTURE);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->n;) {
        buf_reset(&b);
        buf_printf(&b, "{\"api_key\":\"" STR_FMT "\",\"batch\":[", STR_ARG(d->token));
        for (size_t k = 0; k < BATCH && i < s->n; k++, i++) {
            if (k)
                buf_char(&b, ',');
            demo_write_event(s, &s->events[i], &b);
        }
        buf_z(&b, "]}");
        BUG_ON(b.full);
        rc = post(d, buf_view(&b), e);
    }
    buf_release(&b);
    return rc;
}

/* Until nothing that was sent waits in the journal. */
static int wait_stored(struct demo *d, struct err *e)
{
    int64_t least = INT64_MAX, since = clock_mono_us();
    for (;;) {
        struct json *status;
        int rc = ask_status(d, &status, e);
        if (rc <= 0)
            return rc ? rc : err_set(e, ERR_UNAVAILABLE, NULL, "the server ended");
        int64_t behind = json_get(status, "journal_behind")->i64;
        if (behind <= 0)
            return 0;
        if (behind < least) {
            least = behind;
            since = clock_mono_us();
        }
        if (clock_mono_us() - since > STORE_PATIENCE * CLOCK_SECOND)
            return err_set(e, ERR_TIMEOUT, NULL, "the event store takes no events; see the log");
        usleep(50000);
    }
}

/* -------------------------------------------------------------------------- what was told */

static void print_json(const struct demo *d)
{
    const struct story *s = &d->story;
    struct buf b = BUF_INIT(1 << 16);
    struct json_writer w = JSON_WRITER(&b);
    json_open(&w, '{');
    json_key(&w, "until");
    json_time(&w, d->end);
    json_key(&w, "events");
    json_i64(&w, (int64_t)s->n);
    json_key(&w, "people");
    json_i64(&w, s->people_n);
    json_key(&w, "sign_ups");
    json_i64(&w, s->users);
    json_key(&w, "revenue");
    json_f64(&w, (double)s->revenue_cents / 100);
    json_key(&w, "counts");
    json_open(&w, '{');
    for (int i = 0; i < DEMO_KINDS; i++) {
        json_key(&w, demo_names[i]);
        json_i64(&w, s->counts[i]);
    }
    json_close(&w, '}');
    json_close(&w, '}');
    printf("%.*s\n", (int)b.n, b.p);
    buf_release(&b);
}

static void print_text(const struct demo *d, double sent, double stored)
{
    const struct story *s = &d->story;
    if (d->stored) {
        printf("the %zu events of %d people are there already\n", s->n, s->people_n);
        return;
    }
    printf("%zu events of %d people, %lld sign-ups, revenue $%lld: sent in %.1f s", s->n,
           s->people_n, (long long)s->users, (long long)(s->revenue_cents / 100), sent);
    if (d->o->data)
        printf(", stored after %.1f s", stored);
    printf("\n");
}

/* -------------------------------------------------------------------------- the command */

static int tell(struct demo *d, struct err *e)
{
    int64_t start = clock_mono_us(), sent, stored;
    story_init(&d->story, d->arena, d->end, (uint64_t)d->seed, (int)d->people, d->events);
    int rc = d->stored ? 0 : send_all(d, e);
    sent = clock_mono_us() - start;
    if (rc == 0 && d->o->data)
        rc = wait_stored(d, e);
    stored = clock_mono_us() - start;
    if (rc == 0 && d->o->json)
        print_json(d);
    else if (rc == 0)
        print_text(d, (double)sent / 1e6, (double)stored / 1e6);
    story_release(&d->story);
    return rc;
}

/* In a data folder, whoever serves it. */
static int tell_folder(struct demo *d, struct err *e)
{
    struct err later = ERR_INIT;
    str path = folder_path(d->arena, d->o->data, "demo.json");
    int rc = find_server(d, e);
    if (rc == 0)
        rc = open_access(d, e);
    if (rc == 0) {
        recall(d, path.p);
        rc = d->stored ? 0 : remember(d, path.p, false, e);
    }
    if (rc == 0)
        rc = tell(d, e);
    if (rc == 0)
        rc = remember(d, path.p, true, e);
    if (rc == 0)
        rc = demo_dashboards(d->arena, d->url, d->key, d->project_id, e);
    int closed = close_access(d, rc < 0 ? &later : e);
    rc = rc < 0 ? rc : closed;
    if (d->server.pid) {
        int ended = private_stop(&d->server, rc < 0 ? &later : e);
        rc = rc < 0 ? rc : ended;
    }
    return rc;
}

int cmd_demo(struct arena *a, const struct options *o, struct err *e)
{
    struct demo d = { .o = o, .arena = a };
    int rc = read_numbers(&d, e);
    if (rc < 0)
        return rc;
    if (o->data)
        return tell_folder(&d, e);
    d.url = str_of(o->url);
    d.token = str_of(o->token);
    d.end = clock_now_us() / (86400 * CLOCK_SECOND) * 86400 * CLOCK_SECOND; /* the same all day */
    return tell(&d, e);
}
