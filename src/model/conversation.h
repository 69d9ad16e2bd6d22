/* conversation.h - conversations with the assistant. Deleting is soft: the row stays and is found by
 * nothing but conversation_find. What was said is in model/message.h. */
#pragma once

#include "store/store.h"

struct conversation {
    int64_t number; /* ours; clients know id */
    str id;
    int64_t project_id, user_id;
    str status; /* "idle", "in_progress", "canceling" */
    str title;  /* STR_NULL: none yet */
    str type;   /* "assistant", "deep_research", "slack", "tool_call" */
    bool is_internal;
    str slack_thread_key, slack_workspace_domain; /* STR_NULL allowed */
    str agent_mode;                               /* STR_NULL: never set */
    str pending; /* JSON object: the tool call that waits for the user; STR_NULL: none */
    str state;   /* JSON object, what a run leaves to the next; STR_NULL: nothing */
    int64_t created_at, updated_at;
    bool deleted;
};

/* Sets number. A taken id is ERR_UNIQUE. */
int conversation_insert(struct db *d, struct conversation *c, struct err *e);
/* Of any project and user, deleted ones too: 1 found, 0 not. */
int conversation_find(struct db *d, struct arena *a, str id, struct conversation *out,
                      struct err *e);
/* What a user's list shows, last changed first. */
int conversation_count(struct db *d, struct arena *a, int64_t project_id, int64_t user_id,
                       int64_t *out, struct err *e);
int conversation_page(struct db *d, struct arena *a, int64_t project_id, int64_t user_id,
                      int64_t limit, int64_t offset, struct conversation **out, size_t *n,
                      struct err *e);
/* Those that a run had when the server ended. */
int conversation_busy(struct db *d, struct arena *a, struct conversation **out, size_t *n,
                      struct err *e);
/* Is it one that the list and reading show, whoever asks? */
bool conversation_shown(const struct conversation *c);

int conversation_set_status(struct db *d, int64_t number, const char *status, struct err *e);
/* Idle, and updated now. */
int conversation_end_run(struct db *d, int64_t number, struct err *e);
int conversation_set_title(struct db *d, int64_t number, str title, struct err *e);
int conversation_set_type(struct db *d, int64_t number, const char *type, struct err *e);
int conversation_set_mode(struct db *d, int64_t number, str mode, struct err *e);
int conversation_set_pending(struct db *d, int64_t number, str pending, struct err *e);
int conversation_set_state(struct db *d, int64_t number, str state, struct err *e);
int conversation_delete(struct db *d, int64_t number, struct err *e);

/* A tool call that changes something saved. */
struct approval {
    str proposal_id, status, tool_name, preview, payload, tool_call_id, message_id;
};
/* A new one is pending. */
int approval_insert(struct db *d, int64_t conversation, const struct approval *in, struct err *e);
int approval_find(struct db *d, struct arena *a, int64_t conversation, str proposal_id,
                  struct approval *out, struct err *e);
int approval_list(struct db *d, struct arena *a, int64_t conversation, struct approval **out,
                  size_t *n, struct err *e);
int approval_decide(struct db *d, str proposal_id, const char *status, struct err *e);
/* Those that are pending were passed over. */
int approval_reject_all(struct db *d, int64_t conversation, struct err *e);

/* Sets *id: 4 characters, in the arena. content: JSON object. */
int artifact_insert(struct db *d, struct arena *a, int64_t project_id, int64_t conversation,
                    str content, str *id, struct err *e);
/* 1 found, 0 not. */
int artifact_find(struct db *d, struct arena *a, int64_t project_id, str id, str *content,
                  struct err *e);
/* Those of a conversation, newest first: a list of {"id","content"}. */
int artifact_list(struct db *d, struct arena *a, int64_t conversation, int64_t limit, str *out,
                  struct err *e);
