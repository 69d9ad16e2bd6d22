/* spool.c - files on the server's disk: many of them take one place among the open files, and each is read
 * back as it was added. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "export/spool.h"

#define FILES 3000

static int open_files(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Lengths differ, so that files begin and end anywhere in a page, and some take several. */
static str content(size_t i, char *room)
{
    size_t n = 1 + i * 7 % 9000;
    memset(room, 'a' + (int)(i % 26), n);
    return (str){ room, n };
}

static void many_files(void **state)
{
    char room[9001];
    struct err e = ERR_INIT;
    struct spool *s = spool_new("/tmp", SPOOL_PLAIN, 1); /* each piece ends a file */
    size_t n;
    int before = open_files();
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        assert_int_equal(spool_add(s, content(i, room), 1, &e), 0);
        assert_int_equal(spool_cut(s, &e), 0);
    }
    assert_int_equal(open_files(), before + 1);
    const struct spool_file *files = spool_files(s, &n);
    assert_int_equal(n, FILES);
    for (size_t i = 0; i < n; i++) {
        str got, want = content(i, room);
        assert_int_equal(files[i].bytes, want.n);
        assert_int_equal(spool_map(&files[i], 0, files[i].bytes, &got, &e), 0);
        assert_true(str_eq(got, want));
        spool_unmap(got);
    }
    spool_free(s);
    assert_int_equal(open_files(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(many_files) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
