/* hogql_check.h - what must hold of every text that is parsed: it compiles or says why not, SQL that reads
 * tables names the project, and it may stand as an expression, too. */
#pragma once

#include "hogql/hogql.h"

static void check_hogql(struct arena *a, str text, str timezone)
{
    struct err e = ERR_INIT;
    struct hogql_node *tree;
    int rc = hogql_parse_select(a, text, NULL, &tree, &e);
    BUG_ON(rc < 0 && (e.kind == ERR_NONE || e.pos > (int)text.n));
    if (rc == 0) {
        struct hogql_context c = { .arena = a, .team_id = 4711, .timezone = timezone,
                                   .limit_default = 100, .limit_max = 50000 };
        struct hogql_compiled sql;
        e = ERR_INIT;
        rc = hogql_compile(&c, tree, &sql, &e);
        BUG_ON(rc < 0 && e.kind == ERR_NONE);
        BUG_ON(rc == 0 && sql.tables_n && str_find(sql.sql, STR("4711")) < 0);
    }
    e = ERR_INIT;
    (void)hogql_parse_expr(a, text, NULL, &tree, &e);
}
