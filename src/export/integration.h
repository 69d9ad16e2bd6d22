/* integration.h - the kinds of integrations that exports take their credentials from. */
#pragma once

#include "export/destination.h"

struct export_integration {
    const char *kind;
    const char *title;                 /* of one, where no name was given */
    const struct export_field *fields; /* secret ones are sealed */
    const char *needs;                 /* settings that may not be empty, by blanks */
};

struct integration;
struct seal;

/* The stored settings of one, the secrets among them. */
int export_integration_open(struct arena *a, const struct seal *seal, const struct integration *in,
                            struct json **out, struct err *e);
/* NULL: there is no such kind. */
const struct export_integration *export_integration_find(str kind);

/* The settings given, as two objects: what may be shown, and the secrets. Errors are on attr
 * "config", in the words of export_config. */
int export_integration_read(struct arena *a, const struct export_integration *k,
                            const struct json *given, struct json **shown, struct json **secrets,
                            struct err *e);
