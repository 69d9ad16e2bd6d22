/* Tests ingest/journal.c: what is found again on opening, and what is passed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/journal.h"

struct place {
    char dir[64], first[128]; /* the folder and its file */
};

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    int stored; /* -1: no answer yet */
};

static struct place place_new(void)
{
    struct place p;
    snprintf(p.dir, sizeof(p.dir), "/tmp/hoglet-journal-XXXXXX");
    assert_non_null(mkdtemp(p.dir));
    snprintf(p.first, sizeof(p.first), "%s/0000000000000000.log", p.dir);
    return p;
}

static void place_remove(struct place *p)
{
    unlink(p->first);
    assert_int_equal(rmdir(p->dir), 0);
}

static struct journal *opened(const struct place *p)
{
    struct err e = ERR_INIT;
    struct journal *j = NULL;
    assert_int_equal(journal_open(p->dir, &j, &e), 0);
    return j;
}

static void answer(void *context, bool stored)
{
    struct waiter *w = context;
    pthread_mutex_lock(&w->lock);
    w->stored = stored;
    pthread_cond_signal(&w->answered);
    pthread_mutex_unlock(&w->lock);
}

static void put(struct journal *j, const char *body)
{
    struct waiter w = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, -1 };
    struct journal_entry entry = { .record = { 7, INT64_MIN, RECORD_V0, STR("::1"), str_of(body) },
                                   .done = answer, .context = &w };
    journal_append(j, &entry);
    pthread_mutex_lock(&w.lock);
    while (w.stored < 0)
        pthread_cond_wait(&w.answered, &w.lock);
    pthread_mutex_unlock(&w.lock);
    assert_int_equal(w.stored, 1);
}

/* The bodies from the begin on, joined by blanks. */
static void assert_bodies(struct journal *j, const char *expected)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct err e = ERR_INIT;
    struct journal_record r;
    struct buf b = BUF_INIT(4096);
    int64_t pos = journal_begin(j);
    while (journal_read(j, a, &pos, &r, &e) > 0) {
        buf_z(&b, b.n ? " " : "");
        buf_str(&b, r.body);
    }
    buf_char(&b, '\0');
    assert_string_equal(b.p, expected);
    assert_int_equal(pos, journal_end(j));
    buf_release(&b);
}

static int64_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void overwrite(const char *path, int64_t at, const char *text)
{
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
    close(fd);
}

static void reopened_it_has_what_was_stored(void **state)
{
    (void)state;
    struct place p = place_new();
    struct journal *j = opened(&p);
    put(j, "one");
    put(j, "two");
    journal_close(j);
    j = opened(&p);
    put(j, "three");
    assert_bodies(j, "one two three");
    journal_close(j);
    place_remove(&p);
}

static void torn_end_is_cut(void **state)
{
    (void)state;
    struct place p = place_new();
    struct journal *j = opened(&p);
    put(j, "one");
    put(j, "two");
    journal_close(j);
    int64_t whole = size_of(p.first);
    for (int64_t lost = 1; lost < whole / 2; lost += 5) {
        assert_int_equal(truncate(p.first, whole - lost), 0);
        j = opened(&p);
        assert_bodies(j, "one");
        put(j, "two");
        assert_bodies(j, "one two");
        journal_close(j);
        assert_int_equal(size_of(p.first), whole);
    }
    overwrite(p.first, whole, "garbage, no record");
    j = opened(&p);
    assert_bodies(j, "one two");
    journal_close(j);
    place_remove(&p);
}

static void damage_costs_its_record_only(void **state)
{
    (void)state;
    struct place p = place_new();
    struct journal *j = opened(&p);
    put(j, "one");
    int64_t at = journal_end(j);
    put(j, "two");
    put(j, "three");
    journal_close(j);
    int64_t whole = size_of(p.first);
    overwrite(p.first, at + 20, "##");
    j = opened(&p);
    assert_int_equal(journal_end(j), whole);
    assert_bodies(j, "one three");
    put(j, "four");
    assert_bodies(j, "one three four");
    journal_close(j);
    place_remove(&p);
}

static void file_that_was_not_begun_is_dropped(void **state)
{
    (void)state;
    struct place p = place_new();
    char next[128];
    struct journal *j = opened(&p);
    put(j, "one");
    snprintf(next, sizeof(next), "%s/%016llx.log", p.dir, (long long)journal_end(j));
    put(j, "two");
    journal_close(j);
    close(open(next, O_CREAT | O_WRONLY, 0600));
    j = opened(&p);
    assert_int_equal(access(next, F_OK), -1);
    assert_bodies(j, "one two");
    journal_close(j);
    place_remove(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reopened_it_has_what_was_stored),
        cmocka_unit_test(torn_end_is_cut),
        cmocka_unit_test(damage_costs_its_record_only),
        cmocka_unit_test(file_that_was_not_begun_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
