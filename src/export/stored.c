/* stored.c - see stored.h. */
#include "export/stored.h"

#include "export/integration.h"
#include "model/integration.h"

int export_stored_config(struct arena *a, const struct seal *seal, const struct export_destination *d,
                         const struct batch_export *x, struct json **out, struct err *e)
{
    str text;
    struct json *shown, *hidden;
    int rc = seal_read(seal, a, x->secrets, &text, e);
    if (rc == 0)
        rc = json_parse(a, text, &hidden, e);
    if (rc == 0)
        rc = json_parse(a, x->config, &shown, e);
    if (rc < 0)
        return rc;
    struct json *all = json_merge(a, shown, hidden);
    *out = json_new(a, JSON_OBJECT);
    for (const struct export_field *f = d->fields; f->name; f++)
        if (json_get(all, f->name))
            json_set(*out, str_of(f->name), json_share(a, json_get(all, f->name)));
    return 0;
}

int export_stored_open(struct db *db, struct arena *a, const struct seal *seal,
                       const struct batch_export *x, const struct export_destination **destination,
                       struct json **config, struct err *e)
{
    struct integration in;
    struct json *stored, *linked = NULL, *own;
    *destination = export_destination_find(x->destination);
    if (!*destination)
        return err_set(e, ERR_INVALID, NULL, "There is no destination of type '" STR_FMT "'",
                       STR_ARG(x->destination));
    int rc = export_stored_config(a, seal, *destination, x, &stored, e);
    if (rc == 0 && x->integration_id) {
        rc = integration_find(db, a, x->project_id, x->integration_id, &in, e);
        if (rc == 0)
            return err_set(e, ERR_INVALID, NULL, "IntegrationNotFound: the integration with the "
                                                 "credentials was deleted");
        rc = rc < 0 ? rc : export_integration_open(a, seal, &in, &linked, e);
    }
    return rc < 0 ? rc : export_config(a, *destination, stored, linked, &own, config, e);
}
