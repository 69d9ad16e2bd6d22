/* admin.c - commands that change accounts: init, user add, org add, project add, key add. A running
 * server is asked to make the change; only when none has the folder does the command itself. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/account.h"
#include "cmd/cmd.h"
#include "cmd/control.h"
#include "cmd/folder.h"
#include "json/write.h"

#define PATIENCE (10 * CLOCK_SECOND) /* for a server that starts or ends */

/* One JSON object, or "key: value" lines for people. */
static void print_result(const struct options *o, struct arena *a, const struct buf *b)
{
    struct err ignored = ERR_INIT;
    struct json *v;
    if (o->json || json_parse(a, buf_view(b), &v, &ignored) < 0) {
        printf("%.*s\n", (int)b->n, b->p);
        return;
    }
    for (const struct json *m = v->head; m; m = m->next)
        printf(STR_FMT ": " STR_FMT "\n", STR_ARG(m->key), STR_ARG(m->text));
}

/* -------------------------------------------------------------------------- init */

/* Built beside and renamed: a folder is initialised whole or not at all. */
static int make_store(struct arena *a, const struct options *o, struct buf *b, struct err *e)
{
    struct store *s;
    str path = folder_path(a, o->data, "meta.db"), part = folder_path(a, o->data, "meta.db.new");
    unlink(part.p);
    umask(077);
    int rc = store_open(part.p, true, &s, e);
    if (rc < 0)
        return rc;
    rc = account_begin(s, a, o, b, e);
    store_free(s);
    if (rc == 0 && rename(part.p, path.p))
        rc = err_set(e, ERR_INVALID, "data", "cannot make %s: %s", path.p, strerror(errno));
    unlink(part.p);
    return rc;
}

int cmd_init(struct arena *a, const struct options *o, struct err *e)
{
    struct buf b = BUF_INIT(4096);
    int fd = -1;
    bool made = mkdir(o->data, 0700) == 0;
    if (!made && errno != EEXIST)
        return err_set(e, ERR_INVALID, "data", "cannot make %s: %s", o->data, strerror(errno));
    int rc = folder_lock(o->data, &fd, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || folder_check(a, o->data, e) == 0) /* a server has it, or it stands there */
        rc = err_set(e, ERR_INVALID, "data", "%s is initialised already; nothing was changed",
                     o->data);
    else
        rc = make_store(a, o, &b, e);
    if (fd >= 0)
        close(fd);
    if (rc == 0)
        print_result(o, a, &b);
    else if (made)
        rmdir(o->data);
    buf_release(&b);
    return rc;
}

/* -------------------------------------------------------------------------- changes */

static int change_here(struct arena *a, const struct options *o, const char *name, struct buf *out,
                       struct err *e)
{
    struct store *s;
    int rc = store_open(folder_path(a, o->data, "meta.db").p, false, &s, e);
    if (rc < 0)
        return rc;
    rc = account_change(s, a, name, o, out, e);
    store_free(s);
    return rc < 0 ? rc : 1;
}

/* 1 done, 0 somebody has the folder but does not answer yet. */
static int try_change(struct arena *a, const struct options *o, const char *name, str settings,
                      struct buf *out, struct err *e)
{
    int fd;
    int rc = control_change(a, o->data, name, settings, out, e);
    if (rc != 0)
        return rc;
    rc = folder_lock(o->data, &fd, e);
    if (rc <= 0)
        return rc;
    rc = change_here(a, o, name, out, e);
    close(fd);
    return rc;
}

int admin_change(struct arena *a, const struct options *o, const char *name, struct buf *out,
                 struct err *e)
{
    struct buf settings = BUF_INIT(LIMIT_CONTROL);
    struct json_writer w = JSON_WRITER(&settings);
    struct timespec pause = { 0, 20000000 };
    int64_t until = clock_mono_us() + PATIENCE;
    options_write(o, &w);
    int rc = folder_check(a, o->data, e);
    if (rc == 0 && settings.full)
        rc = err_set(e, ERR_INVALID, NULL, "the settings are too long");
    while (rc == 0 && (rc = try_change(a, o, name, buf_view(&settings), out, e)) == 0) {
        if (clock_mono_us() > until)
            rc = err_set(e, ERR_UNAVAILABLE, NULL, "another process has %s and does not answer",
                         o->data);
        nanosleep(&pause, NULL);
    }
    buf_release(&settings);
    return rc < 0 ? rc : 0;
}

static int administer(struct arena *a, const struct options *o, const char *name, struct err *e)
{
    struct buf b = BUF_INIT(LIMIT_CONTROL);
    int rc = admin_change(a, o, name, &b, e);
    if (rc == 0)
        print_result(o, a, &b);
    buf_release(&b);
    return rc;
}

int cmd_user_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, "user add", e);
}

int cmd_org_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, "org add", e);
}

int cmd_project_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, "project add", e);
}

int cmd_key_add(struct arena *a, const struct options *o, struct err *e)
{
    return administer(a, o, "key add", e);
}
