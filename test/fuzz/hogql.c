/* hogql.c - fuzzes the query language: parse, and for what parses compile to SQL. What compiles names the
 * project in the SQL once for each table it reads; builds with checks also parse each printed tree
 * again. */
#include <stdint.h>

#include "hogql/hogql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a = arena_new();
    struct err e = ERR_INIT;
    struct hogql_node *tree;
    str text = { (const char *)data, n };
    int rc = hogql_parse_select(a, text, NULL, &tree, &e);
    BUG_ON(rc < 0 && (e.kind == ERR_NONE || e.pos > (int)n));
    if (rc == 0) {
        struct hogql_context c = { .arena = a, .team_id = 4711, .timezone = STR("Europe/Berlin"),
                                   .limit_default = 100, .limit_max = 50000 };
        struct hogql_compiled sql;
        e = ERR_INIT;
        rc = hogql_compile(&c, tree, &sql, &e);
        BUG_ON(rc < 0 && e.kind == ERR_NONE);
        BUG_ON(rc == 0 && sql.tables_n && str_find(sql.sql, STR("4711")) < 0);
    }
    e = ERR_INIT;
    (void)hogql_parse_expr(a, text, NULL, &tree, &e);
    arena_free(a);
    return 0;
}
