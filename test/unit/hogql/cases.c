/* Runs the .case files of test/hogql: blocks between blank lines, each a query and what becomes of it:
 *
 *   @ zone Europe/Berlin            settings of the block: zone, persons, week, limit
 *   SELECT 1                        the query, on as many lines as it likes
 *   => SELECT 1                     the SQL without its SETTINGS, or
 *   !! Unable to …                  the error, with a caret line before it when it has a place
 *
 * Lines that begin with # are comments. With CASES_WRITE=1 in the environment the files are written
 * anew with what the program does now: read the difference before you keep it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "hogql/hogql.h"

static int property_type(void *cls, enum hogql_property_owner owner, int group_index, str name,
                         enum hogql_property_type *out, struct err *e)
{
    (void)cls, (void)owner, (void)group_index, (void)e;
    if (str_eqz(name, "age") || str_eqz(name, "price"))
        *out = HOGQL_PROPERTY_NUMERIC;
    if (str_eqz(name, "is_paid"))
        *out = HOGQL_PROPERTY_BOOLEAN;
    if (str_eqz(name, "signed_up"))
        *out = HOGQL_PROPERTY_DATETIME;
    return 0;
}

static int action(void *cls, int64_t id, str name, struct hogql_node **out, struct err *e)
{
    if (id != 1 && !str_eqz(name, "paid"))
        return 0;
    return hogql_parse_expr(cls, STR("event = 'payment' AND properties.price > 10"), NULL, out, e);
}

static int cohort(void *cls, int64_t id, str name, struct hogql_node **out, struct err *e)
{
    if (id == 2) /* one that is in itself */
        return hogql_parse_select(cls, STR("SELECT id FROM persons WHERE id IN COHORT 2"), NULL,
                                  out, e);
    if (id != 1 && !str_eqz(name, "vip"))
        return 0;
    return hogql_parse_select(
        cls, STR("SELECT person_id FROM static_cohort_people WHERE cohort_id = 1"), NULL, out, e);
}

static int group_type(void *cls, str name)
{
    (void)cls;
    return str_eqz(name, "company") ? 0 : -1;
}

struct block {
    str query, comment;
    struct hogql_context c;
};

static void setting(struct block *b, str line)
{
    static const char *const modes[] = { "joined", "override_on_events", "on_events", "disabled" };
    str rest = str_trim(line), key = str_split(&rest, ' ');
    if (str_eqz(key, "zone"))
        b->c.timezone = rest;
    else if (str_eqz(key, "week"))
        b->c.week_starts_monday = str_eqz(rest, "monday");
    else if (str_eqz(key, "limit"))
        b->c.limit_default = 100, b->c.limit_max = 50000, b->c.limit_extra = str_eqz(rest, "extra");
    else if (str_eqz(key, "persons")) {
        for (size_t i = 0; i < ARRAY_LEN(modes); i++)
            if (str_eqz(rest, modes[i]))
                b->c.persons_mode = (enum hogql_persons_mode)i;
    } else {
        fail_msg("unknown setting %.*s", (int)line.n, line.p);
    }
}

/* The block's last lines, as the program makes them. */
static void outcome(struct arena *a, struct block *b, struct buf *out)
{
    struct hogql_node *tree;
    struct hogql_compiled compiled;
    struct err e = ERR_INIT;
    int rc = hogql_parse_select(a, b->query, NULL, &tree, &e);
    if (rc == 0)
        rc = hogql_compile(&b->c, tree, &compiled, &e);
    if (rc == 0) {
        ptrdiff_t end = str_find(compiled.sql, STR(" SETTINGS "));
        buf_printf(out, "=> %.*s\n", (int)end, compiled.sql.p);
        return;
    }
    if (e.pos >= 0) {
        int from = e.pos;
        while (from > 0 && b->query.p[from - 1] != '\n')
            from--;
        buf_printf(out, "%*s^\n", e.pos - from, "");
    }
    buf_printf(out, "!! %s\n", err_message(&e));
}

static bool is_caret(str line)
{
    return str_eqz(str_trim(line), "^");
}

/* One block: its text as it should be is appended to out. */
static void run_block(str text, struct buf *out)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct block b = { .c = { .arena = a, .team_id = 7, .cls = a, .property_type = property_type,
                              .action = action, .cohort = cohort,
                              .group_type = group_type } };
    struct buf query = BUF_INIT(1 << 20);
    while (text.p) {
        str line = str_split(&text, '\n');
        bool result = str_starts(line, STR("=> ")) || str_starts(line, STR("!! ")) ||
                      (is_caret(line) && query.n);
        if (result || !line.n)
            continue;
        buf_printf(out, "%.*s\n", (int)line.n, line.p);
        if (str_starts(line, STR("@ ")))
            setting(&b, str_slice(line, 2, line.n));
        else if (!str_starts(line, STR("#")))
            buf_printf(&query, "%s%.*s", query.n ? "\n" : "", (int)line.n, line.p);
    }
    b.query = buf_view(&query);
    if (query.n)
        outcome(a, &b, out);
    buf_release(&query);
}

static void read_file(const char *path, struct buf *b)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        buf_add(b, part, n);
    fclose(f);
}

static void run_file(const char *path)
{
    struct buf is = BUF_INIT(1 << 24), should = BUF_INIT(1 << 24);
    read_file(path, &is);
    str rest = buf_view(&is);
    size_t at = 0;
    while (rest.n) {
        ptrdiff_t end = str_find(rest, STR("\n\n"));
        size_t n = end < 0 ? rest.n : (size_t)end + 1;
        size_t from = should.n;
        run_block(str_slice(rest, 0, n), &should);
        if (end >= 0)
            buf_char(&should, '\n');
        if (!getenv("CASES_WRITE") &&
            !str_eq(str_slice(rest, 0, end < 0 ? n : n + 1),
                    str_slice(buf_view(&should), from, should.n)))
            fail_msg("%s at byte %zu: is\n%.*sshould be\n%.*s", path, at, (int)n, rest.p,
                     (int)(should.n - from), should.p + from);
        at += n + 1;
        rest = end < 0 ? STR("") : str_slice(rest, n + 1, rest.n);
    }
    if (getenv("CASES_WRITE")) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fwrite(should.p, 1, should.n, f);
        fclose(f);
    }
    buf_release(&is);
    buf_release(&should);
}

static void all_cases(void **state)
{
    DIR *d = opendir("test/hogql");
    int files = 0;
    (void)state;
    assert_non_null(d);
    for (struct dirent *f; (f = readdir(d));) {
        char path[512];
        if (!str_ends(str_of(f->d_name), STR(".case")))
            continue;
        snprintf(path, sizeof(path), "test/hogql/%s", f->d_name);
        run_file(path);
        files++;
    }
    closedir(d);
    assert_true(files > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(all_cases) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
