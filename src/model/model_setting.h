/* model_setting.h - the language model that a project asks in place of the server's. */
#pragma once

#include "store/store.h"

struct model_setting {
    str url, dialect, model;
    str key; /* sealed bytes; STR_NULL: none */
    int64_t updated_at, updated_by;
};

/* 1 found, 0 not. */
int model_setting_find(struct db *d, struct arena *a, int64_t project_id,
                       struct model_setting *out, struct err *e);
/* Sets all of it; updated_at too. */
int model_setting_put(struct db *d, int64_t project_id, struct model_setting *m, struct err *e);
int model_setting_delete(struct db *d, int64_t project_id, struct err *e);
