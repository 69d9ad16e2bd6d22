/* engine.c - the event data's process: what `serve` runs as its child. */
#include "cmd/cmd.h"
#include "engine/serve.h"

int cmd_engine(struct arena *a, const struct options *o, struct err *e)
{
    struct engine_config cfg = { .data = o->data, .listen = o->listen, .library = o->library };
    (void)a;
    int rc = options_bytes(o->engine_memory, "engine-memory", &cfg.memory, e);
    return rc < 0 ? rc : engine_run(&cfg, e);
}
