/* exporter.c - see exporter.h. */
#include "export/exporter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"

struct exporter {
    struct exporter_config cfg;
    struct reach *reach;
    struct outgoing *outgoing;
    atomic_int trials; /* under way */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t left;
    int readers; /* runs that read from the event store */
};

int exporter_start(const struct exporter_config *cfg, struct exporter **out, struct err *e)
{
    struct exporter *x = calloc(1, sizeof(*x));
    BUG_ON(!x);
    x->cfg = *cfg;
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->left, NULL);
    int rc = reach_new(cfg->allow_private, &x->reach, e);
    if (rc == 0)
        rc = outgoing_start(x->reach, &x->outgoing, e);
    if (rc < 0) {
        exporter_stop(x);
        return rc;
    }
    *out = x;
    return 0;
}

void exporter_stop(struct exporter *x)
{
    if (!x)
        return;
    outgoing_stop(x->outgoing);
    reach_free(x->reach);
    pthread_cond_destroy(&x->left);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

int exporter_try(struct exporter *x, struct arena *a, const struct export_step *step,
                 int64_t project_id, const struct json *config, enum export_outcome *outcome,
                 str *message, struct err *e)
{
    struct export_trial t = { .arena = a, .outgoing = x->outgoing, .reach = x->reach,
                              .local_dir = x->cfg.local_dir, .project_id = project_id,
                              .config = config };
    int rc = 0;
    if (atomic_fetch_add(&x->trials, 1) < LIMIT_TRIALS)
        *outcome = export_step_run(step, &t);
    else
        rc = err_set(e, ERR_THROTTLED, NULL, "Too many test steps are running. Try again in a "
                                             "moment.");
    atomic_fetch_sub(&x->trials, 1);
    *message = t.message;
    return rc;
}

/* -------------------------------------------------------------------------- runs */

int carrier_check(const struct carrier *c, struct err *e)
{
    const struct query_scope *s = c->task->scope;
    if (!s->gone || !s->gone(s->gone_context))
        return 0;
    return err_set(e, ERR_UNAVAILABLE, NULL, "The run was cancelled");
}

static int enter(struct carrier *c, struct err *e)
{
    struct exporter *x = c->exporter;
    int rc = 0;
    pthread_mutex_lock(&x->lock);
    while (x->readers >= LIMIT_EXPORTS_READING && (rc = carrier_check(c, e)) == 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++; /* to see whether it was cancelled */
        pthread_cond_timedwait(&x->left, &x->lock, &until);
    }
    x->readers += rc == 0;
    pthread_mutex_unlock(&x->lock);
    return rc;
}

static void leave(struct carrier *c)
{
    pthread_mutex_lock(&c->exporter->lock);
    c->exporter->readers--;
    pthread_cond_signal(&c->exporter->left);
    pthread_mutex_unlock(&c->exporter->lock);
}

int carrier_rows(struct carrier *c, const struct query_export *x, const char *format,
                 const char *settings, query_take_fn take, void *context, struct err *e)
{
    int rc = enter(c, e);
    if (rc < 0)
        return rc;
    rc = query_export_rows(c->task->scope, x, format, settings, take, context, e);
    leave(c);
    return rc;
}

int carrier_count(struct carrier *c, const struct query_export *x, struct query_export_size *out,
                  struct err *e)
{
    int rc = enter(c, e);
    if (rc < 0)
        return rc;
    rc = query_export_count(c->task->scope, x, out, e);
    leave(c);
    return rc;
}

struct query_export carrier_query(const struct carrier *c, const struct query_export_column *columns)
{
    const struct export_task *t = c->task;
    return (struct query_export){ .model = t->model, .columns = columns, .from = t->start,
                                  .to = t->end, .by_time = t->by_time, .filters = t->filters,
                                  .hogql_query = t->hogql_query, .modifiers = t->modifiers,
                                  .include = json_get(t->config, "include_events"),
                                  .exclude = json_get(t->config, "exclude_events") };
}

void exporter_carrier(struct exporter *x, const struct export_task *t, struct carrier *out)
{
    *out = (struct carrier){ .exporter = x, .task = t, .arena = t->scope->arena,
                             .outgoing = x->outgoing, .reach = x->reach,
                             .local_dir = x->cfg.local_dir, .spool_dir = x->cfg.spool_dir };
}

int exporter_run(struct exporter *x, const struct export_task *t, struct export_result *out,
                 struct err *e)
{
    struct carrier c;
    exporter_carrier(x, t, &c);
    const struct export_run_kind *run = t->destination->run;
    if (!run || !run->columns(t->model))
        return err_set(e, ERR_INVALID, NULL, "Model '" STR_FMT "' cannot be exported to %s",
                       STR_ARG(t->model), t->destination->type);
    int rc = run->carry(&c, e);
    if (rc == 0)
        *out = c.result;
    return rc;
}
