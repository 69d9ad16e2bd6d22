/* exporter.c - see exporter.h. */
#include "export/exporter.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"

struct exporter {
    struct exporter_config cfg;
    struct reach *reach;
    struct outgoing *outgoing;
    atomic_int trials; /* under way */
};

int exporter_start(const struct exporter_config *cfg, struct exporter **out, struct err *e)
{
    struct exporter *x = calloc(1, sizeof(*x));
    BUG_ON(!x);
    x->cfg = *cfg;
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
    free(x);
}

int exporter_try(struct exporter *x, struct arena *a, const struct export_step *step,
                 const struct json *config, enum export_outcome *outcome, str *message,
                 struct err *e)
{
    struct export_trial t = { .arena = a, .outgoing = x->outgoing, .reach = x->reach,
                              .local_dir = x->cfg.local_dir, .config = config };
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
