/* internal.h - what the files of api/ share: the request as a handler sees it, route rows, replies. */
#pragma once

#include "api/routes.h"
#include "http/server.h"
#include "ingest/journal.h"
#include "json/write.h"
#include "model/access.h"

enum access {
    ACCESS_NONE_DECLARED, /* refused at start */
    ACCESS_PUBLIC,        /* no credentials looked at */
    ACCESS_CAPTURE,       /* by project token, from any origin; errors in capture's own form */
    ACCESS_TOKEN,         /* by project token, from any origin; errors as in the rest of the API */
    ACCESS_USER,          /* anyone known; keys need no scope (exempt from narrowing) */
    ACCESS_SESSION,       /* sessions only; keys are told so */
    ACCESS_SCOPE,         /* sessions, and keys with the row's scope */
};

enum credential {
    CREDENTIAL_NONE,
    CREDENTIAL_KEY,
    CREDENTIAL_SESSION,
    CREDENTIAL_LINK, /* of something shared: nobody, who may read that */
};

struct sharing;

struct req {
    struct http_request *http;
    struct arena *arena;
    const struct api *api;
    struct db *db;
    const struct route *route;
    enum credential credential;
    struct user user;
    struct key key;
    struct organization organization; /* of the path, or of the project */
    struct project project;           /* of the path */
    const struct sharing *shared;     /* the caller came by its link; NULL: by none */
    struct json *share_settings;      /* of the link; NULL: none */
    bool needs_results;               /* a picture: what is not computed is, and waited for */
    bool hides_authors;               /* the link does not tell who made what, and when */
    struct shown_user *shown_users;   /* what write_user_basic wrote or req_load_users read */
    str full_path;                    /* the path, with the project that a flat one leaves out */
    str path_project, path_organization; /* as they stand in the path; STR_NULL when not there */
    str id, sub_id;                   /* the path's :id and :sub_id */
    bool flat;                        /* "/api/person/": a path that names no project */
    struct json *body;                /* the body as a tree, from JSON or a form; NULL: none */
    struct json *files;               /* files of a form: their texts by name, any bytes; NULL: none */
    bool form;                        /* it came from a form: its values have their text beside them */
    unsigned form_fields;             /* fields of the form so far */
    int64_t captured;                 /* events that capture_store takes */
    bool deferred;                    /* capture_store answers it; http is no longer ours */
};

typedef int (*handler_fn)(struct req *r, struct err *e);

struct route {
    const char *method;
    const char *path; /* ":project" resolves a project, ":organization" an organization; ":id",
                         ":sub_id" are the handler's. "/api/projects/:project/x/" also serves
                         "/api/environments/:project/x/". */
    handler_fn call;
    enum access access;
    const char *scope; /* "dashboard:read" */
    int level;         /* least organization level, 0: any member */
    bool inline_run;   /* never blocks: runs on the connection's thread, without r->db */
    bool any_key;      /* keys narrowed to projects or organizations reach it too */
    bool by_link;      /* also read with a link's ?sharing_access_token= */
};

/* Ended by a row without method. */
extern const struct route access_control_routes[];
extern const struct route action_routes[];
extern const struct route batch_export_routes[];
extern const struct route export_backfill_routes[];
extern const struct route export_run_routes[];
extern const struct route export_step_routes[];
extern const struct route capture_routes[];
extern const struct route capture_v1_routes[];
extern const struct route cohort_routes[];
extern const struct route collaborator_routes[];
extern const struct route conversation_routes[];
extern const struct route conversation_queue_routes[];
extern const struct route core_memory_routes[];
extern const struct route dashboard_routes[];
extern const struct route dashboard_stream_routes[];
extern const struct route dashboard_tag_routes[];
extern const struct route dashboard_template_routes[];
extern const struct route event_definition_routes[];
extern const struct route event_routes[];
extern const struct route flags_routes[];
extern const struct route health_routes[];
extern const struct route history_routes[];
extern const struct route insight_routes[];
extern const struct route insight_variable_routes[];
extern const struct route integration_routes[];
extern const struct route member_routes[];
extern const struct route model_request_routes[];
extern const struct route model_setting_routes[];
extern const struct route organization_routes[];
extern const struct route page_routes[];
extern const struct route person_routes[];
extern const struct route personal_api_key_routes[];
extern const struct route project_routes[];
extern const struct route property_definition_routes[];
extern const struct route query_routes[];
extern const struct route remote_config_routes[];
extern const struct route schema_routes[];
extern const struct route sdk_routes[];
extern const struct route session_routes[];
extern const struct route shared_routes[];
extern const struct route sharing_routes[];
extern const struct route template_use_routes[];
extern const struct route token_routes[];
extern const struct route tile_routes[];
extern const struct route user_routes[];
extern const struct route version_routes[];

/* The rows of all tables, in order; NULL past the last. */
const struct route *route_at(size_t n);

/* Who is calling: fills credential, user, key. */
int req_authenticate(struct req *r, struct err *e);
/* What they may: the scope, then the project and organization of the path, which it loads. */
int req_authorise(struct req *r, str scope, struct err *e);
/* False: the caller's key is narrowed to other organizations. */
bool key_reaches_organization(struct req *r, str id);
/* Fills body from JSON or a form. */
int req_decode(struct req *r, struct err *e);

/* Fills r->project with the one of that public token; ERR_AUTH_FAILED when there is none. */
int token_project(struct req *r, str token, struct err *e);
/* The body in any of the encodings SDKs use: as text, and that as an object in r->body. */
int token_text(struct req *r, str *json, struct err *e);
int token_body(struct req *r, struct err *e);
/* Members of the configuration document of r->project, into an open object. */
int write_remote_config(struct req *r, struct json_writer *w, struct err *e);

/* Lets scripts of any origin read the reply, as it must be for SDKs in browsers. */
void reply_cors(struct req *r);

/* Makes the record durable, then sends the reply as it was filled; when it cannot be stored,
 * refuse() fills another. The handler returns right after. */
int capture_store(struct req *r, enum journal_kind kind, int64_t sent_at, str body,
                  void (*refuse)(struct http_request *h), struct err *e);

/* Gives r->db back before a handler waits for the event store, so that slow queries keep no
 * connection from others; and takes one again. Statements of before have ended. */
void req_give_db(struct req *r);
void req_take_db(struct req *r);
/* How the request's queries run: its project, its arena, ended when the client leaves. */
struct query_scope req_query_scope(struct req *r);

/* ERR_MEDIA_TYPE for a form, where only JSON is taken. */
int req_check_json(struct req *r, struct err *e);

/* DELETE of what is deleted softly, by PATCH: 405 without a body, as clients expect. */
int refuse_delete(struct req *r, struct err *e);

/* Begins the reply: status, and a writer over its body. */
struct json_writer reply_json(struct req *r, int status);
/* The whole reply is an object with this one text: some failures have a form of their own. */
int reply_bare(struct req *r, int status, const char *key, str text);

/* What may be done with a dashboard, and what its restriction level asks for. */
enum { PRIVILEGE_VIEW = 21, PRIVILEGE_EDIT = 37 };

struct dashboard;
struct place;

/* The project's dashboard of that id; ERR_NOT_FOUND, also for a deleted one. */
int dashboard_load(struct req *r, str id, struct dashboard *out, struct err *e);
/* ERR_DENIED unless the caller may edit it. */
int dashboard_check_edit(struct req *r, const struct dashboard *d, struct err *e);
bool dashboard_may_edit(const struct req *r, const struct dashboard *d);
/* A `search` parameter, folded to lower case; a blank one leaves *out untouched. */
int search_term(struct req *r, str search, str *out, struct err *e);
/* {"id","dashboard_id","deleted"} of a tile. */
void write_place(struct json_writer *w, const struct place *p);

struct page {
    int64_t limit, offset;
    bool numbered; /* its neighbours are asked for as ?page=, not by offset */
};
struct page page_of(struct req *r);
/* The page of `page` in a list that is cut into pages of one size; ERR_NOT_FOUND past its end. */
int page_numbered(struct req *r, int64_t size, int64_t count, struct page *out, struct err *e);
/* {"count":…,"next":…,"previous":…,"results":[ ; the caller writes items and calls page_close. */
struct json_writer page_open(struct req *r, struct page page, int64_t count);
/* The same where counting is left out: count -1 writes none, `more` says that a page follows. */
struct json_writer page_open_uncounted(struct req *r, struct page page, int64_t count, bool more);
void page_close(struct json_writer *w);
/* The request's own address, as clients see it, with that query. */
str page_url(struct req *r, str query);

/* Runs a query node, without the cache; its rows, lists in a list. Gives r->db back meanwhile. */
int req_query_rows(struct req *r, const struct json *node, struct json **rows, struct err *e);
/* '%text%' for LIKE, what is special in it escaped. */
str like_pattern(struct arena *a, str text);
int event_values(struct req *r, struct err *e);
int person_values(struct req *r, struct err *e);
/* A page of the persons in a cohort, narrowed as the list of persons is. */
int person_list_of(struct req *r, int64_t cohort_id, struct err *e);

/* Whether CSV is asked for, by ?format=csv or a path that ends in ".csv". */
bool wants_csv(struct req *r);
/* Sends rows (a list of objects, as JSON text) as CSV: a column for each name, nested ones joined by
 * dots. */
int reply_csv(struct req *r, str rows, struct err *e);

/* Tells the event store now of persons that changed, so that the next query knows. When it is away,
 * it is told later. Commits are over; r->db is given back meanwhile. */
void deliver_now(struct req *r);

/* A dashboard's values of variables, by what the project has now: each is found by its code name and
 * stands under the variable's id; those that are no longer there are left out. */
int req_current_variables(struct req *r, const struct json *set, const struct json **out,
                          struct err *e);

/* Parameters of the URL. Flags: -1 absent, 0, 1. Lists: JSON texts in the arena, STR_NULL absent. */
int param_flag(struct req *r, const char *name, int *out, struct err *e);
/* A JSON list of texts. */
int param_list(struct req *r, const char *name, str *out, struct err *e);
/* Parts between commas. */
str param_parts(struct req *r, const char *name);
/* Words between blanks, in lower case. */
str param_words(struct req *r, const char *name);

/* Fields of the JSON body. Absent: 0 and *out untouched; wrong: the documented error. */
int body_str(struct req *r, const char *name, size_t max, str *out, struct err *e);
int body_bool(struct req *r, const char *name, bool *out, struct err *e);
int body_i64(struct req *r, const char *name, int64_t *out, struct err *e);

/* Reads these users at once, so that writing them asks nothing of the store. */
int req_load_users(struct req *r, const int64_t *ids, size_t n, struct err *e);
/* The same of a column of rows: their created_by. */
int req_load_user_column(struct req *r, const void *rows, size_t n, size_t size, size_t offset,
                         struct err *e);
#define req_load_creators(r, rows, n, e)                                             \
    req_load_user_column((r), (rows), (n), sizeof(*(rows)),                          \
                         offsetof(__typeof__(*(rows)), created_by), (e))
/* The same for one that was read already. */
void req_show_user(struct req *r, const struct user *u);
/* UserBasic; writes null for a user that is gone. */
int write_user_basic(struct req *r, struct json_writer *w, int64_t user_id, struct err *e);
/* The member `key`: one that req_load_users read. */
void write_loaded_user(struct req *r, struct json_writer *w, const char *key, int64_t user_id);
/* OrganizationBasic, and the whole. */
void write_organization_basic(struct req *r, struct json_writer *w, const struct organization *o);
int write_organization(struct req *r, struct json_writer *w, const struct organization *o,
                       struct err *e);
/* TeamBasic. */
int write_project_basic(struct req *r, struct json_writer *w, const struct project *p,
                        struct err *e);
