/* demo_writer.h - the demo's events as SDKs would send them: JSON of /batch/. */
#pragma once

#include "base/buf.h"
#include "cmd/demo_story.h"

/* Appends one event as an object. The same story gives the same uuids. */
void demo_write_event(const struct story *s, const struct demo_event *ev, struct buf *out);
