/* local_file.c - a directory on the server, below the one that is set aside for exports: each project has
 * its own there, so that no project writes over the files of another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "export/run.h"

static const char *bad_path(str path)
{
    if (path.n > LIMIT_PATH || str_find_char(path, '\0') >= 0)
        return "it is no path";
    for (str rest = path; rest.p;) {
        str part = str_split(&rest, '/');
        if (str_eqz(part, ".."))
            return "it may not contain '..'";
        if (part.n > 200)
            return "a name in it is too long";
    }
    return path.n && path.p[0] == '/' ? "it is below the server's directory for exports and may not "
                                        "begin with '/'"
                                      : NULL;
}

int export_check_local(struct arena *a, const struct export_destination *d,
                       const struct json *config, struct err *e)
{
    static const char *const names[] = { "directory", "prefix" };
    (void)d;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *why = bad_path(json_get_text(config, names[i]));
        if (why)
            return err_set(e, ERR_INVALID, "destination", "Invalid %s: %s", names[i], why);
    }
    return export_check_files(a, config, e);
}

/* Opens the directory below `at`, making what is missing; no link is followed. -1: errno. */
static int open_below(int at, struct arena *a, str path)
{
    int fd = dup(at);
    for (str rest = path; rest.p && fd >= 0;) {
        str part = str_split(&rest, '/');
        if (!part.n || str_eqz(part, "."))
            continue;
        const char *name = arena_z(a, part);
        int up = fd;
        bool there = mkdirat(up, name, 0700) == 0 || errno == EEXIST;
        fd = there ? openat(up, name, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_RDONLY) : -1;
        int failed = errno;
        close(up);
        errno = failed;
    }
    return fd;
}

static bool write_file(int dir, const char *name, str body)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write(fd, body.p, body.n) == (ssize_t)body.n && fsync(fd) == 0;
    return close(fd) == 0 && ok;
}

static bool read_file(struct arena *a, int dir, const char *name, str *got)
{
    char text[512];
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
    if (fd >= 0)
        close(fd);
    if (n >= 0)
        *got = arena_str(a, (str){ text, (size_t)n });
    return n >= 0;
}

/* The folder of a key and, *name, the file's name in it. */
static str split_key(struct arena *a, str key, const char **name)
{
    size_t slash = key.n;
    while (slash && key.p[slash - 1] != '/')
        slash--;
    *name = arena_z(a, str_slice(key, slash, key.n));
    return str_slice(key, 0, slash ? slash - 1 : 0);
}

static bool call_file(void *place, struct export_trial *t, const char *method, str key, str body,
                      str *got, str *why)
{
    int *root = place;
    const char *name;
    str folder = split_key(t->arena, key, &name);
    int dir = open_below(*root, t->arena, folder);
    bool ok = dir >= 0;
    if (ok && method[0] == 'P')
        ok = write_file(dir, name, body);
    else if (ok && method[0] == 'G')
        ok = read_file(t->arena, dir, name, got);
    else if (ok)
        ok = unlinkat(dir, name, 0) == 0;
    if (!ok)
        *why = arena_str(t->arena, str_of(strerror(errno)));
    if (dir >= 0)
        close(dir);
    return ok;
}

/* The export's directory; -1: errno. */
static int open_root(struct arena *a, const char *local_dir, int64_t project_id, str path)
{
    str below = arena_printf(a, "%lld/" STR_FMT, (long long)project_id, STR_ARG(path));
    mkdir(local_dir, 0700);
    int base = open(local_dir, O_DIRECTORY | O_CLOEXEC | O_RDONLY);
    int root = base < 0 ? -1 : open_below(base, a, below);
    if (base >= 0)
        close(base);
    return root;
}

static enum export_outcome try_directory(struct export_trial *t)
{
    str path = json_get_text(t->config, "directory");
    int root = open_root(t->arena, t->local_dir, t->project_id, path);
    if (root < 0)
        return step_failed(t, "Directory '" STR_FMT "' cannot be used: %s", STR_ARG(path),
                           strerror(errno));
    enum export_outcome out = export_try_object(t, "file", call_file, &root);
    close(root);
    return out;
}

const struct export_step export_local_steps[1] = {
    { "Check directory can be written",
      "Makes the directory when it is missing, writes a small file there, reads it back and deletes "
      "it.",
      "directory", try_directory },
};

/* -------------------------------------------------------------------------- runs */

static bool write_all(int fd, str content)
{
    while (content.n) {
        size_t n = content.n < (8u << 20) ? content.n : 8u << 20;
        ssize_t wrote = write(fd, content.p, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        spool_passed(str_slice(content, 0, (size_t)wrote));
        content = str_slice(content, (size_t)wrote, content.n);
    }
    return fsync(fd) == 0;
}

/* Under another name first: who looks there finds whole files only. */
static bool replace(struct arena *a, int dir, const char *name, str content)
{
    const char *half = arena_printf(a, ".%.200s.part", name).p;
    int fd = openat(dir, half, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_all(fd, content);
    int failed = errno;
    ok = (fd < 0 || close(fd) == 0) && ok && renameat(dir, half, dir, name) == 0 && fsync(dir) == 0;
    if (!ok && fd >= 0)
        unlinkat(dir, half, 0);
    errno = failed ? failed : errno;
    return ok;
}

static int complain(str key, struct err *e)
{
    enum err_kind kind = errno == ENOENT                        ? ERR_NOT_FOUND
                         : errno == ENOTDIR || errno == EISDIR || errno == ELOOP ||
                                 errno == EACCES || errno == ENAMETOOLONG
                             ? ERR_INVALID
                             : ERR_UNAVAILABLE;
    return err_set(e, kind, NULL, "File '" STR_FMT "' cannot be used: %s",
                   STR_ARG(str_utf8_prefix(key, 300)), strerror(errno));
}

static int open_folder(struct carrier *c, str key, const char **name)
{
    str folder = split_key(c->arena, key, name);
    int root = open_root(c->arena, c->local_dir, c->task->scope->team_id,
                         json_get_text(c->task->config, "directory"));
    int dir = root < 0 ? -1 : open_below(root, c->arena, folder);
    int failed = errno;
    if (root >= 0)
        close(root);
    errno = failed;
    return dir;
}

static int put(struct carrier *c, str key, str content, struct err *e)
{
    const char *name;
    int dir = open_folder(c, key, &name);
    errno = dir < 0 ? errno : 0;
    bool ok = dir >= 0 && replace(c->arena, dir, name, content);
    int rc = ok ? 0 : complain(key, e);
    if (dir >= 0)
        close(dir);
    return rc;
}

static int get(struct carrier *c, str key, query_take_fn take, void *context, struct err *e)
{
    const char *name;
    char *piece = arena_alloc(c->arena, 1 << 16);
    int dir = open_folder(c, key, &name);
    int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int rc = fd < 0 ? complain(key, e) : 0;
    ssize_t n = 0;
    while (rc == 0 && (n = read(fd, piece, 1 << 16)) > 0)
        rc = take(context, (str){ piece, (size_t)n }, e);
    if (rc == 0 && n < 0)
        rc = complain(key, e);
    if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    return rc;
}

const struct export_run_kind export_local_run = { export_files, export_file_columns, put, get, true };
