/* prepare.c - the tables: each file of olap/schema/ in order, statement by statement. All of them
 * say IF NOT EXISTS, so they run at every start. */
#include "olap/olap.h"

#define SCHEMA(name)                                                      \
    __asm__(".section .rodata\n.global schema_" #name "\nschema_" #name   \
            ":\n.incbin \"src/olap/schema/" #name ".sql\"\n.byte 0\n.previous"); \
    extern const char schema_##name[]

SCHEMA(events);
SCHEMA(persons);
SCHEMA(groups);
SCHEMA(cohorts);

static const char *const files[] = { schema_events, schema_persons, schema_groups,
                                     schema_cohorts };

/* Statements end with a semicolon at the end of a line. */
static int run_file(struct olap *o, str rest, struct err *e)
{
    while (str_trim(rest).n) {
        ptrdiff_t end = str_find(rest, STR(";\n"));
        str sql = end < 0 ? rest : str_slice(rest, 0, (size_t)end);
        struct olap_query q = { .sql = sql, .change = true, .seconds = 10,
                                .while_preparing = true };
        int rc = olap_run(o, &q, NULL, e);
        if (rc < 0 || end < 0)
            return rc;
        rest = str_slice(rest, (size_t)end + 2, rest.n);
    }
    return 0;
}

int olap_prepare(struct olap *o, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(files); i++)
        rc = run_file(o, str_of(files[i]), e);
    return rc;
}
