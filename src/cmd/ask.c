/* ask.c - hoglet ask: a question to the assistant from a terminal, its answer as it grows, and its charts in
 * block characters. Without a question it reads one a line, all in one conversation. What the answer says
 * is foreign text: what a terminal would obey is left out. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/uuid.h"
#include "cmd/cmd.h"
#include "cmd/control.h"
#include "cmd/folder.h"
#include "cmd/private.h"
#include "http/call.h"
#include "json/write.h"
#include "llm/sse.h"
#include "render/text.h"

#define QUERY_SECONDS 120
#define WIDTH 80  /* columns of a chart */
#define LINE 2000 /* bytes of a question that is typed */

struct asker {
    const struct options *o;
    struct arena *arena;
    str url, key;
    int64_t project_id;
    char conversation[UUID_TEXT];
    struct private_server server; /* pid 0: somebody else's serves */
    str key_id;                   /* the key is ours, to be taken away again; STR_NULL: none */
    struct arena *turn;
    size_t shown;                 /* bytes of the growing message that stand there already */
    struct buf refusal;           /* what came in place of a stream */
    CURL *h;
};

/* -------------------------------------------------------------------------- showing */

static void put_text(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool c1 = c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xA0;
        if (c1)
            i++;
        else if (c >= ' ' ? c != 0x7F : c == '\n')
            putchar(c);
    }
    fflush(stdout);
}

/* What is new of it; a message that begins anew stands below what was there. */
static void show_message(struct asker *k, str content, bool whole)
{
    if (content.n < k->shown) {
        put_text(STR("\n"));
        k->shown = 0;
    }
    put_text(str_slice(content, k->shown, content.n));
    k->shown = content.n;
    if (whole && content.n) {
        put_text(STR("\n"));
        k->shown = 0;
    }
}

static str post(struct asker *k, const char *where, str body, long *status, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_QUERY_RESULT);
    str url = arena_printf(k->turn, STR_FMT "/api/projects/%lld/%s", STR_ARG(k->url),
                           (long long)k->project_id, where);
    struct http_call c = { .url = url.p, .bearer = k->key.p, .body = body,
                           .seconds = QUERY_SECONDS };
    str answer = http_call(&c, status, &b, e) > 0 ? arena_str(k->turn, buf_view(&b)) : STR_NULL;
    buf_release(&b);
    return answer;
}

static void draw(struct arena *a, const struct json *query, const struct json *answer,
                 struct buf *out)
{
    const struct json *results = json_get(answer, "results"), *columns = json_get(answer, "columns");
    struct text t = { .b = out, .width = WIDTH };
    struct chart_source source = { .query = query, .result = results ? results->text : STR_NULL,
                                   .columns = columns ? columns->text : STR_NULL,
                                   .timezone = STR("UTC") };
    text_chart(&t, a, chart_describe(a, &source));
}

/* The chart's query, run again and drawn. One that cannot be is left out: the words follow. */
static void show_chart(struct asker *k, const struct json *content)
{
    struct err ignored = ERR_INIT;
    struct json *answer;
    long status = 0;
    struct buf body = BUF_INIT(LIMIT_BODY_API), text = BUF_INIT(LIMIT_RESPONSE);
    struct json_writer w = JSON_WRITER(&body);
    const struct json *query = json_get(content, "query");
    if (!json_is(query, JSON_OBJECT))
        return;
    json_open(&w, '{');
    json_key(&w, "query");
    json_tree(&w, query);
    json_close(&w, '}');
    str got = post(k, "query/", buf_view(&body), &status, &ignored);
    if (status == 200 && json_parse(k->turn, got, &answer, &ignored) == 0) {
        draw(k->turn, query, answer, &text);
        put_text(STR("\n"));
        put_text(buf_view(&text));
        put_text(STR("\n"));
    }
    buf_release(&body);
    buf_release(&text);
}

static void show_options(const struct json *message)
{
    const struct json *options = json_get(json_get(json_get(message, "meta"), "form"), "options");
    for (const struct json *v = options ? options->head : NULL; v; v = v->next) {
        put_text(STR("  - "));
        put_text(json_get_text(v, "value"));
        put_text(STR("\n"));
    }
}

static void on_event(void *context, str event, str data)
{
    struct asker *k = context;
    struct json *v;
    struct err ignored = ERR_INIT; /* what cannot be read is not shown */
    if (json_parse(k->turn, data, &v, &ignored) < 0)
        return;
    str type = json_get_text(v, "type"), id = json_get_text(v, "id");
    if (str_eqz(event, "update")) {
        put_text(STR("… "));
        put_text(json_get_text(v, "content"));
        put_text(STR("\n"));
    } else if (!str_eqz(event, "message")) {
        return;
    } else if (str_eqz(type, "ai")) {
        show_message(k, json_get_text(v, "content"), !str_starts(id, STR("temp-")));
        show_options(v);
    } else if (str_eqz(type, "ai/failure")) {
        show_message(k, json_get_text(v, "content"), true);
    } else if (str_eqz(type, "ai/artifact")) {
        show_chart(k, json_get(v, "content"));
    }
}

/* -------------------------------------------------------------------------- asking */

struct reading {
    struct asker *asker;
    struct sse sse;
};

static size_t on_body(char *p, size_t size, size_t n, void *cls)
{
    struct reading *r = cls;
    long status = 0;
    curl_easy_getinfo(r->asker->h, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return sse_add(&r->sse, p, size * n) ? size * n : 0;
    buf_add(&r->asker->refusal, p, size * n);
    return size * n;
}

static str body_of(struct asker *k, str question)
{
    char trace[UUID_TEXT];
    struct buf b = BUF_INIT(LIMIT_BODY_API);
    struct json_writer w = JSON_WRITER(&b);
    uuid_text(uuid_v4(), trace);
    json_open(&w, '{');
    json_key(&w, "content");
    json_str(&w, question);
    json_key(&w, "conversation");
    json_z(&w, k->conversation);
    json_key(&w, "trace_id");
    json_z(&w, trace);
    json_close(&w, '}');
    str text = arena_str(k->turn, buf_view(&b));
    buf_release(&b);
    return text;
}

static int explain(struct asker *k, CURLcode code, long status, struct err *e)
{
    struct json *v;
    struct err ignored = ERR_INIT;
    str detail = STR_NULL;
    if (code != CURLE_OK)
        return err_set(e, ERR_UNAVAILABLE, NULL, "no answer from " STR_FMT ": %s", STR_ARG(k->url),
                       curl_easy_strerror(code));
    if (status == 200)
        return 0;
    if (json_parse(k->turn, buf_view(&k->refusal), &v, &ignored) == 0)
        detail = json_get_text(v, "detail");
    return err_set(e, ERR_INVALID, NULL, "the server answered %ld" "%s" STR_FMT, status,
                   detail.n ? ": " : "", STR_ARG(detail));
}

static int ask(struct asker *k, str question, struct err *e)
{
    struct reading r = { .asker = k };
    long status = 0;
    k->turn = arena_new();
    k->shown = 0;
    k->refusal = BUF_INIT(LIMIT_CONTROL);
    k->h = curl_easy_init();
    BUG_ON(!k->h);
    sse_init(&r.sse, on_event, k);
    str body = body_of(k, question);
    str url = arena_printf(k->turn, STR_FMT "/api/projects/%lld/conversations/", STR_ARG(k->url),
                           (long long)k->project_id);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Accept: text/event-stream");
    headers = curl_slist_append(headers, arena_printf(k->turn, "Authorization: Bearer " STR_FMT,
                                                      STR_ARG(k->key)).p);
    curl_easy_setopt(k->h, CURLOPT_URL, url.p);
    curl_easy_setopt(k->h, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(k->h, CURLOPT_POSTFIELDS, body.p);
    curl_easy_setopt(k->h, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(k->h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(k->h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(k->h, CURLOPT_WRITEDATA, &r);
    CURLcode code = curl_easy_perform(k->h);
    curl_easy_getinfo(k->h, CURLINFO_RESPONSE_CODE, &status);
    sse_end(&r.sse);
    int rc = explain(k, code, status, e);
    curl_easy_cleanup(k->h);
    curl_slist_free_all(headers);
    sse_release(&r.sse);
    buf_release(&k->refusal);
    arena_free(k->turn);
    return rc;
}

/* -------------------------------------------------------------------------- where to */

static int find_server(struct asker *k, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_CONTROL);
    struct json *status;
    int rc = folder_check(k->arena, k->o->data, e);
    if (rc == 0)
        rc = control_status(k->arena, k->o->data, &b, e);
    if (rc == 0) {
        rc = private_start(k->arena, k->o->data, &k->server, e);
        k->url = k->server.url;
    } else if (rc > 0) {
        rc = json_parse(k->arena, arena_str(k->arena, buf_view(&b)), &status, e);
        k->url = rc == 0 ? json_get_text(status, "url") : STR_NULL;
    }
    buf_release(&b);
    return rc;
}

static int open_access(struct asker *k, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_CONTROL);
    struct json *v;
    int rc = admin_change(k->arena, k->o, "ask open", &b, e);
    if (rc == 0)
        rc = json_parse(k->arena, arena_str(k->arena, buf_view(&b)), &v, e);
    buf_release(&b);
    if (rc < 0)
        return rc;
    k->key_id = json_get_text(v, "id");
    k->key = json_get_text(v, "key");
    k->project_id = json_get(v, "project_id")->i64;
    return 0;
}

static void close_access(struct asker *k)
{
    struct buf b = BUF_INIT(LIMIT_CONTROL);
    struct err e = ERR_INIT;
    struct options o = *k->o;
    o.label = k->key_id.p;
    if (k->key_id.p && admin_change(k->arena, &o, "ask close", &b, &e) < 0)
        fprintf(stderr, "hoglet: the key made for this question could not be taken away: %s\n",
                err_message(&e));
    if (k->server.pid && private_stop(&k->server, &e) < 0)
        fprintf(stderr, "hoglet: %s\n", err_message(&e));
    buf_release(&b);
}

static int ask_lines(struct asker *k, struct err *e)
{
    char line[LINE];
    int rc = 0;
    bool typed = isatty(STDIN_FILENO);
    while (rc == 0) {
        if (typed)
            put_text(STR("> "));
        if (!fgets(line, sizeof(line), stdin))
            break;
        str question = str_trim(str_of(line));
        if (question.n)
            rc = ask(k, question, e);
    }
    return rc;
}

int cmd_ask(struct arena *a, const struct options *o, struct err *e)
{
    struct asker k = { .o = o, .arena = a };
    uuid_text(uuid_v4(), k.conversation);
    int rc = find_server(&k, e);
    if (rc == 0)
        rc = open_access(&k, e);
    if (rc == 0)
        rc = o->question ? ask(&k, str_of(o->question), e) : ask_lines(&k, e);
    close_access(&k);
    return rc;
}
