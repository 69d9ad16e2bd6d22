/* doctor.c - looks for what keeps a server from running well, and says what to do. Changes nothing. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/control.h"
#include "cmd/folder.h"
#include "engine/chdb.h"
#include "engine/child.h"
#include "http/listen.h"
#include "json/write.h"
#include "olap/olap.h"
#include "store/check.h"

#define ENGINE_PATIENCE_MS 20000
#define TRIES 2 /* an engine that ended so often will not come up */

enum verdict { OK, WARN, FAIL };

struct finding {
    enum verdict verdict;
    char text[400], advice[400]; /* advice: "" when all is well */
};

struct doctor {
    struct arena *arena;
    const struct options *o;
    struct json *status; /* of the server that runs; NULL: none does */
    bool locked;         /* another process has the folder */
};

static void say(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct finding *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
}

/* What to do, and how bad it is. */
static void advise(struct finding *f, enum verdict verdict, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void advise(struct finding *f, enum verdict verdict, const char *fmt, ...)
{
    va_list ap;
    f->verdict = verdict;
    va_start(ap, fmt);
    vsnprintf(f->advice, sizeof(f->advice), fmt, ap);
    va_end(ap);
}

/* -------------------------------------------------------------------------- the folder */

static void check_folder(struct doctor *d, struct finding *f)
{
    struct stat st;
    struct sockaddr_un at;
    const char *dir = d->o->data;
    int why = stat(dir, &st) ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    if (why) {
        say(f, "%s cannot be opened: %s", dir, strerror(why));
        advise(f, FAIL, "make it with hoglet init --data %s", dir);
        return;
    }
    say(f, "%s, mode %04o", dir, (unsigned)(st.st_mode & 07777));
    if (st.st_uid != geteuid())
        advise(f, FAIL, "it belongs to user %u, not to you: chown -R it, or run as that user",
               (unsigned)st.st_uid);
    else if (access(dir, R_OK | W_OK | X_OK))
        advise(f, FAIL, "it cannot be written: chmod 700 %s", dir);
    else if (st.st_mode & 077)
        advise(f, WARN, "others can read keys and events: chmod 700 %s", dir);
    else if (strlen(dir) + sizeof("/engine.sock") > sizeof(at.sun_path))
        advise(f, FAIL, "the path is too long for sockets: use a shorter one");
}

static void check_disk(struct doctor *d, struct finding *f)
{
    struct statvfs fs;
    if (statvfs(d->o->data, &fs)) {
        say(f, "unknown: %s", strerror(errno));
        advise(f, FAIL, "see to the data folder first");
        return;
    }
    double free_mb = (double)fs.f_bavail * (double)fs.f_frsize / 1e6;
    double share = fs.f_blocks ? (double)fs.f_bavail / (double)fs.f_blocks : 0;
    say(f, "%.0f MB free, %.0f%%", free_mb, share * 100);
    if (free_mb < 100)
        advise(f, FAIL, "free some: events are refused when the disk is full");
    else if (free_mb < 2000 || share < 0.05)
        advise(f, WARN, "plan for more: the event store needs room to merge its files");
}

static void check_metadata(struct doctor *d, struct finding *f)
{
    struct err e = ERR_INIT;
    int schema = 0, newest = 0;
    str path = folder_path(d->arena, d->o->data, "meta.db");
    if (folder_check(d->arena, d->o->data, &e) < 0) {
        say(f, "%s", err_message(&e));
        advise(f, FAIL, "hoglet init --data %s makes a new one", d->o->data);
        return;
    }
    int rc = store_check(path.p, &schema, &newest, &e);
    say(f, "meta.db, schema %d", schema);
    if (rc < 0)
        advise(f, FAIL, "%s; restore it from a backup", err_message(&e));
    else if (schema > newest)
        advise(f, FAIL, "a newer hoglet wrote it (ours is %d): use that one", newest);
    else if (schema < newest)
        advise(f, WARN, "the next start brings it to %d: make a copy before", newest);
}

static void check_journal(struct doctor *d, struct finding *f)
{
    str path = folder_path(d->arena, d->o->data, "journal");
    DIR *dir = opendir(path.p);
    int64_t files = 0, bytes = 0;
    bool readable = true;
    if (!dir) {
        bool fresh = errno == ENOENT;
        say(f, fresh ? "none yet" : "cannot be read: %s", strerror(errno));
        if (!fresh)
            advise(f, FAIL, "give the folder back to the user that serves");
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat st;
        if (!str_ends(str_of(entry->d_name), STR(".log")))
            continue;
        readable = readable && faccessat(dirfd(dir), entry->d_name, R_OK | W_OK, 0) == 0;
        if (fstatat(dirfd(dir), entry->d_name, &st, 0) == 0)
            bytes += st.st_size;
        files++;
    }
    closedir(dir);
    const struct json *behind = json_get(d->status, "journal_behind");
    say(f, "%lld files, %.1f MB", (long long)files, (double)bytes / 1e6);
    if (!readable)
        advise(f, FAIL, "some cannot be opened: give them back to the user that serves");
    else if (behind && behind->i64 > 256 << 20)
        advise(f, WARN, "%.0f MB wait for the event store: see the server's log",
               (double)behind->i64 / 1e6);
}

/* -------------------------------------------------------------------------- the engine */

static void check_library(struct doctor *d, struct finding *f)
{
    const char *path = chdb_find_library(d->arena, d->o->library);
    struct stat st;
    if (!__builtin_cpu_supports("sse4.2")) {
        say(f, "this processor lacks SSE4.2");
        advise(f, FAIL, "the engine needs it: use another machine");
    } else if (!path || stat(path, &st) || access(path, R_OK)) {
        say(f, "libchdb.so was not found%s%s", path ? " at " : "", path ? path : "");
        advise(f, FAIL, "make setup installs it; --library names another place");
    } else
        say(f, "%s, %.0f MB; SSE4.2", path, (double)st.st_size / 1e6);
}

static bool ping(void *cls)
{
    struct olap *o = cls;
    struct err e = ERR_INIT;
    struct olap_query q = { .sql = STR("SELECT 1"), .while_preparing = true, .seconds = 5 };
    if (olap_run(o, &q, NULL, &e) < 0)
        return false;
    olap_set_ready(o, true);
    return true;
}

static void engine_down(void *cls)
{
    olap_set_ready(cls, false);
}

/* Starts the engine on the folder, which nobody has, for one question. */
static bool try_engine(struct doctor *d, struct err *e)
{
    struct engine_child *child;
    struct olap *olap = olap_new(folder_path(d->arena, d->o->data, "engine.sock").p, NULL);
    struct engine_child_config cfg = { .program = d->o->engine_program, .data = d->o->data,
                                       .library = d->o->library, .memory = d->o->engine_memory,
                                       .up = ping, .alive = ping, .down = engine_down,
                                       .context = olap };
    struct engine_child_counts counts = { 0 };
    bool ready = false;
    int rc = engine_child_start(&cfg, &child, e);
    for (int ms = 0; rc == 0 && !ready && ms < ENGINE_PATIENCE_MS && counts.restarts < TRIES;
         ms += 100) {
        ready = olap_wait_ready(olap, 100);
        engine_child_counts(child, &counts);
    }
    if (rc == 0)
        engine_child_stop(child);
    olap_free(olap);
    return ready;
}

static void check_engine(struct doctor *d, struct finding *f)
{
    struct err e = ERR_INIT;
    int fd;
    if (d->status) {
        const struct json *ready = json_get(d->status, "engine_ready");
        bool up = json_is(ready, JSON_BOOL) && ready->boolean;
        say(f, up ? "answers" : "does not answer the server");
        if (!up)
            advise(f, FAIL, "see the server's log; it is started again by itself");
        return;
    }
    if (folder_check(d->arena, d->o->data, &e) < 0 || d->locked ||
        folder_lock(d->o->data, &fd, &e) <= 0) {
        say(f, "was not tried");
        advise(f, WARN, d->locked ? "another process has the folder and does not answer"
                                  : "see to the data folder first");
        return;
    }
    bool ready = try_engine(d, &e);
    close(fd);
    say(f, ready ? "answers" : "does not start");
    if (!ready)
        advise(f, FAIL, "hoglet engine --data %s tells why", d->o->data);
}

/* -------------------------------------------------------------------------- the machine */

static void check_address(struct doctor *d, struct finding *f)
{
    struct err e = ERR_INIT;
    int port;
    if (d->status) {
        str url = json_get_text(d->status, "url");
        say(f, "the server runs at " STR_FMT, STR_ARG(url));
        return;
    }
    int fd = http_listen_tcp(d->o->listen, &port, &e);
    say(f, "%s is free", d->o->listen);
    if (fd < 0) {
        say(f, "%s", err_message(&e));
        advise(f, FAIL, "end what listens there, or choose another --listen");
    } else
        close(fd);
}

static void check_clock(struct doctor *d, struct finding *f)
{
    struct stat st;
    char now[CLOCK_TEXT];
    int64_t us = clock_real_us();
    clock_text(us / CLOCK_SECOND * CLOCK_SECOND, now);
    say(f, "%s", now);
    bool written_later = stat(folder_path(d->arena, d->o->data, "meta.db").p, &st) == 0 &&
                         st.st_mtime > us / CLOCK_SECOND + 86400;
    if (us < clock_days(2024, 1, 1) * 86400 * CLOCK_SECOND || written_later)
        advise(f, FAIL, "it is behind: events would get wrong times. Set it, and keep it with NTP");
}

static void check_files(struct doctor *d, struct finding *f)
{
    struct rlimit limit;
    (void)d;
    if (getrlimit(RLIMIT_NOFILE, &limit)) {
        say(f, "unknown");
        return;
    }
    say(f, "%llu open files", (unsigned long long)limit.rlim_cur);
    if (limit.rlim_cur < 1024)
        advise(f, FAIL, "raise it: ulimit -n 65536, or LimitNOFILE= of the service");
    else if (limit.rlim_cur < 4096)
        advise(f, WARN, "many clients at a time need more: ulimit -n 65536, or LimitNOFILE=");
}

static void check_memory(struct doctor *d, struct finding *f)
{
    double mb = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 1e6;
    (void)d;
    say(f, "%.0f MB", mb);
    if (mb < 900)
        advise(f, WARN, "little: keep --engine-memory at 400M or less");
}

/* -------------------------------------------------------------------------- the report */

static const struct {
    const char *name;
    void (*run)(struct doctor *d, struct finding *f);
} checks[] = {
    { "data folder", check_folder }, { "disk", check_disk },       { "metadata", check_metadata },
    { "journal", check_journal },    { "library", check_library }, { "engine", check_engine },
    { "address", check_address },    { "clock", check_clock },     { "file limit", check_files },
    { "memory", check_memory },
};

static const char *const words[] = { "ok", "warn", "fail" };

static void print_text(const char *name, const struct finding *f)
{
    printf("%-4s  %-11s  %s\n", words[f->verdict], name, f->text);
    if (f->advice[0])
        printf("                   %s\n", f->advice);
}

static void write_finding(struct json_writer *w, const char *name, const struct finding *f)
{
    json_open(w, '{');
    json_key(w, "name");
    json_z(w, name);
    json_key(w, "status");
    json_z(w, words[f->verdict]);
    json_key(w, "message");
    json_z(w, f->text);
    json_key(w, "advice");
    json_z(w, f->advice[0] ? f->advice : NULL);
    json_close(w, '}');
}

static void find_server(struct doctor *d)
{
    struct buf b = BUF_INIT(LIMIT_CONTROL);
    struct err e = ERR_INIT;
    int fd, rc = control_status(d->arena, d->o->data, &b, &e);
    if (rc > 0)
        (void)json_parse(d->arena, arena_str(d->arena, buf_view(&b)), &d->status, &e);
    else if (folder_lock(d->o->data, &fd, &e) > 0)
        close(fd);
    else
        d->locked = e.kind == ERR_NONE || rc < 0;
    buf_release(&b);
}

int cmd_doctor(struct arena *a, const struct options *o, struct err *e)
{
    struct doctor d = { .arena = a, .o = o };
    struct buf b = BUF_INIT(1 << 16);
    struct json_writer w = JSON_WRITER(&b);
    int failed = 0;
    log_set_level(LOG_WARN); /* of the engine that is tried */
    find_server(&d);
    json_open(&w, '{');
    json_key(&w, "checks");
    json_open(&w, '[');
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        struct finding f = { OK };
        checks[i].run(&d, &f);
        failed += f.verdict == FAIL;
        write_finding(&w, checks[i].name, &f);
        if (!o->json)
            print_text(checks[i].name, &f);
    }
    json_close(&w, ']');
    json_key(&w, "ok");
    json_bool(&w, !failed);
    json_close(&w, '}');
    if (o->json)
        printf("%.*s\n", (int)b.n, b.p);
    buf_release(&b);
    return failed ? err_set(e, ERR_INVALID, NULL, "%d of %zu checks failed", failed,
                            ARRAY_LEN(checks))
                  : 0;
}
