/* person_properties.h - what an event sets on its person: $set, $set_once, $unset, and what every
 * event tells of browser, device and campaign. */
#pragma once

#include "ingest/event.h"

/* The person's properties at this event: `now` with the event's changes over it. *stored: the same
 * when the person itself is to be changed, else NULL: addresses, screens and the like change with
 * every event and alone do not make a write. */
const struct json *properties_apply(struct arena *a, const struct json *now,
                                    const struct event *ev, struct json **stored);

/* About how many bytes an object takes as text. */
size_t properties_size(const struct json *o);
