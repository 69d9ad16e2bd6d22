/* card.h - what a tile shows besides insights: texts and buttons. Several tiles may show one card. */
#pragma once

#include "store/store.h"

struct text_card {
    int64_t id, project_id; /* id 0: none */
    str body;               /* Markdown; STR_NULL allowed */
    int64_t created_by, last_modified_at, last_modified_by; /* users 0: nobody */
};

struct button_card {
    str id; /* uuid; STR_NULL: none */
    int64_t project_id;
    str url, text, placement, style;
    int64_t created_by, last_modified_at, last_modified_by;
};

/* The columns that the read functions take from a row, of tables `x` and `b`, from column `col`. */
#define TEXT_COLUMNS                                                                     \
    "x.id, x.project_id, x.body, x.created_by, x.last_modified_at, x.last_modified_by"
#define BUTTON_COLUMNS                                                                   \
    "b.id, b.project_id, b.url, b.text, b.placement, b.style, b.created_by,"             \
    " b.last_modified_at, b.last_modified_by"
void text_card_read(struct stmt *st, struct arena *a, int col, struct text_card *out);
void button_card_read(struct stmt *st, struct arena *a, int col, struct button_card *out);

/* insert sets id; find: 1 found, 0 not. */
int text_card_insert(struct db *d, struct text_card *in, struct err *e);
int text_card_update(struct db *d, const struct text_card *in, struct err *e);
int text_card_find(struct db *d, struct arena *a, int64_t project_id, int64_t id,
                   struct text_card *out, struct err *e);
int button_card_insert(struct db *d, struct arena *a, struct button_card *in, struct err *e);
int button_card_update(struct db *d, const struct button_card *in, struct err *e);
int button_card_find(struct db *d, struct arena *a, int64_t project_id, str id,
                     struct button_card *out, struct err *e);
