/* control.h - the socket in the data folder, DIR/admin.sock, by which commands reach the server that
 * has the folder. Only its owner can open it. HTTP: GET /status, POST /change/NAME with the
 * settings as a JSON object. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct control;

struct control_config {
    const char *data;
    void *context;
    /* On the socket's own thread. status writes a JSON object. change: as account_change. */
    void (*status)(void *context, struct buf *out);
    int (*change)(void *context, struct arena *a, const char *name, str settings, struct buf *out,
                  struct err *e);
};

int control_start(const struct control_config *cfg, struct control **out, struct err *e);
/* Ends after the change under way, and removes the socket. */
void control_stop(struct control *c);

/* From another process. 1 answered, the JSON appended to out; 0 no server listens there; negative:
 * the error that the server answered, or that it did not answer. */
int control_status(struct arena *a, const char *data, struct buf *out, struct err *e);
int control_change(struct arena *a, const char *data, const char *name, str settings,
                   struct buf *out, struct err *e);
