/* export_step.c - trying a destination, step by step, before an export to it is made or changed. What is
 * tried is checked as an export that is created would be; nothing is stored. */
#include "api/export_body.h"
#include "export/exporter.h"

static void write_step(struct json_writer *w, const struct export_step *s)
{
    json_open(w, '{');
    json_key(w, "name");
    json_z(w, s->name);
    json_key(w, "description");
    json_z(w, s->description);
    json_key(w, "result");
}

/* The steps of a kind, none of them run. Answers without a body are what clients expect. */
static int export_steps(struct req *r, struct err *e)
{
    str type = http_query_of(r->http, "destination");
    const struct export_destination *d = export_destination_find(type);
    (void)e;
    if (!d || !d->steps_n) {
        r->http->status = type.n ? 404 : 400;
        return 0;
    }
    struct json_writer w = reply_json(r, 200);
    json_open(&w, '{');
    json_key(&w, "steps");
    json_open(&w, '[');
    for (size_t i = 0; i < d->steps_n; i++) {
        write_step(&w, &d->steps[i]);
        json_null(&w);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    json_close(&w, '}');
    return 0;
}

/* Runs one step, and answers 200 whether it passed or failed. */
static int run_step(struct req *r, const struct export_body *b, struct err *e)
{
    enum export_outcome outcome;
    str message = STR_NULL;
    int64_t steps = (int64_t)b->destination->steps_n;
    if (!steps)
        return err_set(e, ERR_NOT_FOUND, NULL, NULL);
    if (b->step < 0 || b->step >= steps)
        return err_set(e, ERR_INVALID, "step", "Ensure this value is from 0 to %lld.",
                       (long long)steps - 1);
    const struct export_step *step = &b->destination->steps[b->step];
    req_give_db(r); /* the other side may take its time */
    int rc = exporter_try(r->api->exporter, r->arena, step, r->project.id, b->config, &outcome,
                          &message, e);
    req_take_db(r);
    if (rc < 0)
        return rc;
    struct json_writer w = reply_json(r, 200);
    write_step(&w, step);
    json_open(&w, '{');
    json_key(&w, "status");
    json_z(&w, export_outcome_name(outcome));
    json_key(&w, "message");
    json_str(&w, message);
    json_close(&w, '}');
    json_close(&w, '}');
    return 0;
}

static int export_step_new(struct req *r, struct err *e)
{
    struct export_body b;
    int rc = export_body_read(r, NULL, false, &b, e);
    return rc < 0 ? rc : run_step(r, &b, e);
}

/* Of one that there is: settings that are not sent are its own. */
static int export_step_of(struct req *r, struct err *e)
{
    struct batch_export stored;
    struct export_body b;
    int rc = export_load(r, &stored, e);
    if (rc == 0 && !json_get(r->body, "destination"))
        rc = err_set(e, ERR_REQUIRED, "destination", NULL);
    if (rc == 0)
        rc = export_body_read(r, &stored, true, &b, e);
    return rc < 0 ? rc : run_step(r, &b, e);
}

#define AT(rest) "/api/projects/:project/batch_exports/" rest

const struct route export_step_routes[] = {
    { "GET", AT("test/"), export_steps, ACCESS_SCOPE, "batch_export:read", 0 },
    { "POST", AT("run_test_step_new/"), export_step_new, ACCESS_SCOPE, "batch_export:write", 0 },
    { "POST", AT(":id/run_test_step/"), export_step_of, ACCESS_SCOPE, "batch_export:write", 0 },
    { 0 },
};
