/* check.c - see check.h. */
#include "store/check.h"

#include <sqlite3.h>

#include "store/store.h"

static int first_of(sqlite3 *h, const char *sql, int (*take)(sqlite3_stmt *, void *), void *out)
{
    sqlite3_stmt *st = NULL;
    int got = sqlite3_prepare_v2(h, sql, -1, &st, NULL);
    if (got == SQLITE_OK)
        got = sqlite3_step(st);
    int rc = got == SQLITE_ROW ? take(st, out) : -1;
    sqlite3_finalize(st);
    return rc;
}

static int take_number(sqlite3_stmt *st, void *out)
{
    *(int *)out = sqlite3_column_int(st, 0);
    return 0;
}

static int take_ok(sqlite3_stmt *st, void *out)
{
    struct err *e = out;
    const char *text = (const char *)sqlite3_column_text(st, 0);
    if (text && strcmp(text, "ok") == 0)
        return 0;
    return err_set(e, ERR_INVALID, NULL, "it is damaged: %s", text ? text : "");
}

int store_check(const char *path, int *schema, int *newest, struct err *e)
{
    sqlite3 *h = NULL;
    int rc = 0;
    *e = ERR_INIT;
    if (sqlite3_open_v2(path, &h, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(h, "PRAGMA query_only = ON", NULL, NULL, NULL) != SQLITE_OK ||
        first_of(h, "PRAGMA user_version", take_number, schema) < 0 ||
        first_of(h, "PRAGMA quick_check(1)", take_ok, e) < 0)
        rc = e->kind ? (int)e->kind
                     : err_set(e, ERR_INVALID, NULL, "it cannot be read: %s", sqlite3_errmsg(h));
    *newest = store_newest_schema();
    sqlite3_close(h);
    return rc;
}
