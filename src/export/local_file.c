/* local_file.c - a directory on the server, below the one that is set aside for exports. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "export/destination.h"

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

static bool call_file(void *place, struct export_trial *t, const char *method, str key, str body,
                      str *got, str *why)
{
    int *root = place;
    ptrdiff_t slash = -1;
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] == '/')
            slash = (ptrdiff_t)i;
    str folder = slash < 0 ? STR("") : str_slice(key, 0, (size_t)slash);
    const char *name = arena_z(t->arena, str_slice(key, (size_t)(slash + 1), key.n));
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

static enum export_outcome try_directory(struct export_trial *t)
{
    str path = json_get_text(t->config, "directory");
    mkdir(t->local_dir, 0700);
    int base = open(t->local_dir, O_DIRECTORY | O_CLOEXEC | O_RDONLY);
    int root = base < 0 ? -1 : open_below(base, t->arena, path);
    if (base >= 0)
        close(base);
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
