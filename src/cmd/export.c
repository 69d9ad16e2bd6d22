/* export.c - hoglet export verify: whether all that an export wrote is still there, byte by byte. Works while
 * the server runs and while it does not; changes nothing. */
#include <stdio.h>

#include "base/map.h"
#include "cmd/cmd.h"
#include "cmd/folder.h"
#include "export/stored.h"
#include "export/verify.h"
#include "model/export_run.h"

#define RUNS_MAX 100000

struct checking {
    struct arena *arena;
    struct db *db;
    struct exporter *exporter;
    struct query_scope scope; /* of the export's project */
    struct export_task task;
    struct map seen; /* keys: a newer run has replaced what an older one wrote */
    int64_t good, bad;
};

static void print_check(const struct export_check *c)
{
    if (c->good)
        printf("ok     " STR_FMT "\n", STR_ARG(c->key));
    else
        printf("BAD    " STR_FMT ": " STR_FMT "\n", STR_ARG(c->key), STR_ARG(c->why));
}

static int check_run(struct checking *k, const struct export_run *run, struct err *e)
{
    struct json *files;
    int rc = json_parse(k->arena, run->files, &files, e);
    for (const struct json *f = rc == 0 ? files->head : NULL; f && rc == 0; f = f->next) {
        struct export_check check;
        void **seen = map_at(&k->seen, json_get_text(f, "key"));
        if (*seen)
            continue;
        *seen = k;
        rc = exporter_verify(k->exporter, &k->task, f, &check, e);
        if (rc < 0)
            return rc;
        print_check(&check);
        k->good += check.good;
        k->bad += !check.good;
    }
    return rc;
}

static int check_all(struct checking *k, const struct options *o, const struct seal *seal,
                     struct err *e)
{
    struct batch_export x;
    struct export_run *runs;
    struct json *config;
    size_t n, rows = 0;
    int rc = batch_export_find(k->db, k->arena, 0, str_of(o->export_id), &x, e);
    if (rc == 0)
        return err_set(e, ERR_INVALID, NULL, "there is no batch export %s", o->export_id);
    if (rc > 0)
        rc = export_stored_open(k->db, k->arena, seal, &x, &k->task.destination, &config, e);
    if (rc == 0)
        rc = export_run_latest(k->db, k->arena, x.id, RUNS_MAX, &runs, &n, e);
    k->task.config = config;
    k->scope.team_id = x.project_id;
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (!str_eqz(runs[i].status, "Completed"))
            continue;
        rows++;
        if (runs[i].files.p)
            rc = check_run(k, &runs[i], e);
        else if (runs[i].records > 0)
            return err_set(e, ERR_INVALID, NULL, "what %s holds cannot be read back; its runs have "
                                                 "their counts and checksums", k->task.destination->type);
    }
    if (rc == 0)
        printf("%zu runs, %lld files as they were written, %lld not\n", rows, (long long)k->good,
               (long long)k->bad);
    return rc == 0 && k->bad ? err_set(e, ERR_INVALID, NULL, "not all is as it was written") : rc;
}

int cmd_export_verify(struct arena *a, const struct options *o, struct err *e)
{
    struct store *store = NULL;
    struct seal *seal = NULL;
    struct checking k = { .arena = a, .seen = MAP_INIT(a), .scope = { .arena = a } };
    k.task.scope = &k.scope;
    struct exporter_config cfg = { o->allow_private, folder_path(a, o->data, "exports").p,
                                   folder_path(a, o->data, "spool").p };
    int rc = folder_check(a, o->data, e);
    if (rc == 0)
        rc = store_open(folder_path(a, o->data, "meta.db").p, false, &store, e);
    if (rc == 0)
        rc = seal_open(folder_path(a, o->data, "secrets.key").p, &seal, e);
    if (rc == 0)
        rc = exporter_start(&cfg, &k.exporter, e);
    if (rc == 0) {
        k.db = store_take(store);
        rc = check_all(&k, o, seal, e);
        store_give(k.db);
    }
    exporter_stop(k.exporter);
    seal_free(seal);
    if (store)
        store_free(store);
    return rc;
}
