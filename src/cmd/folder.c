/* folder.c - see folder.h. */
#include "cmd/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

str folder_path(struct arena *a, const char *dir, const char *name)
{
    return arena_printf(a, "%s/%s", dir, name);
}

int folder_check(struct arena *a, const char *dir, struct err *e)
{
    str meta = folder_path(a, dir, "meta.db");
    if (access(meta.p, F_OK) == 0)
        return 0;
    if (errno == EACCES)
        return err_set(e, ERR_INVALID, "data", "cannot read %s: %s", dir, strerror(errno));
    return err_set(e, ERR_INVALID, "data", "%s is not a data folder; make one with hoglet init",
                   dir);
}

int folder_lock(const char *dir, int *fd, struct err *e)
{
    int got = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (got < 0)
        return err_set(e, ERR_INVALID, "data", "cannot open %s: %s", dir, strerror(errno));
    if (flock(got, LOCK_EX | LOCK_NB) == 0) {
        *fd = got;
        return 1;
    }
    int why = errno;
    close(got);
    if (why == EWOULDBLOCK)
        return 0;
    return err_set(e, ERR_INVALID, "data", "cannot lock %s: %s", dir, strerror(why));
}
