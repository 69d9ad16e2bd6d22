/* limits.h - every maximum that guards a size, depth or count from outside, in one place. */
#pragma once

#define LIMIT_BODY_API (20u << 20)        /* bytes of a request body on /api */
#define LIMIT_BODY_CAPTURE (20u << 20)    /* bytes on the wire, capture v0 */
#define LIMIT_BODY_RECORDING (25u << 20)  /* the same, session recordings */
#define LIMIT_BODY_CAPTURE_V1 (10u << 20) /* bytes on the wire, capture v1 */
#define LIMIT_INFLATED (100u << 20)       /* bytes of a capture body once decompressed */
#define LIMIT_INFLATED_V1 (50u << 20)     /* the same, capture v1 */
#define LIMIT_EVENT (1u << 20)            /* bytes of one event once processed */
#define LIMIT_DISTINCT_ID 200             /* characters */
#define LIMIT_EVENT_NAME 200              /* characters */
#define LIMIT_TOKEN 64                    /* characters */
#define LIMIT_JSON_DEPTH 128              /* nested objects and arrays */
#define LIMIT_RESPONSE (256u << 20)       /* bytes of a response built in memory */
#define LIMIT_QUERY_RESULT (128u << 20)   /* bytes of an engine answer held in memory */
#define LIMIT_PARQUET_FOOTER (64u << 20)  /* bytes that tell of the row groups of a Parquet file */
#define LIMIT_STREAM (1u << 20)           /* bytes of a streamed reply made but not sent */
#define LIMIT_FEED_PIECES 1024            /* pieces of a stream kept for those who join it */
#define LIMIT_PATH 1024                   /* bytes of a request path */
#define LIMIT_FIELD 1000000u            /* characters of a text field without a limit of its own */
#define LIMIT_SEARCH 200                 /* characters of a search term */
#define LIMIT_TAGS_ASKED 50              /* `tags` parameters of one request */
#define LIMIT_SHARE_PASSWORDS 20          /* passwords in force of one shared link */
#define LIMIT_PICTURE 16000               /* pixels of a picture's height */
#define LIMIT_PICTURE_WIDTH 4000          /* and of its width */
#define LIMIT_PICTURE_SVG (32u << 20)     /* bytes of a drawing */
#define LIMIT_PICTURE_BYTES (64u << 20)   /* of the picture made from it */
#define LIMIT_PICTURE_TILES 200           /* tiles in a picture */
#define LIMIT_PICTURES 2                  /* made at a time; LIMIT_PICTURES_WAITING may wait */
#define LIMIT_PICTURES_WAITING 8
#define LIMIT_LIST_CACHE (32u << 20)      /* bytes of pages of lists kept ready */
#define LIMIT_TEMPLATES 100              /* dashboard templates of an organization */
#define LIMIT_BULK_TAGS 500              /* dashboards whose tags change in one request */
#define LIMIT_VERSIONS 500              /* versions of a dashboard or insight that are kept */
#define LIMIT_TILES 1000                 /* entries of `tiles` in one request */
#define LIMIT_PAGE_DEFAULT 100            /* rows of a page when the caller names none */
#define LIMIT_PAGE 1000000000             /* rows of a page; beyond that arithmetic only */
#define LIMIT_OFFSET (1LL << 50)          /* rows before a page */
#define LIMIT_KEYS_PER_USER 10            /* personal API keys */
#define LIMIT_LOG_LINE 8192              /* bytes of a line the engine prints, taken into the log */
#define LIMIT_DESTINATION_ANSWER (1u << 20) /* bytes of what a destination answers to a small request */
#define LIMIT_TRIALS 4                    /* steps of trying a destination under way at a time */
#define LIMIT_BACKFILLS 20                 /* backfills of a project under way at a time */
#define LIMIT_EXPORTS_READING 2            /* exports that read from the engine at a time */
#define LIMIT_EXPORTS_RUNNING 8            /* runs of exports under way at a time */
#define LIMIT_EXPORT_FILE_MB (1 << 20)     /* MiB that files of an export may be told to have */
#define LIMIT_EXPORT_LOG 10000            /* lines kept of what runs of one export say */
#define LIMIT_STATEMENT (8u << 20)        /* bytes of an SQL statement sent to the engine */
#define LIMIT_QUERY_ROWS_DEFAULT 100      /* rows of a query that names no limit */
#define LIMIT_QUERY_ROWS 50000            /* rows a query may ask for */
#define LIMIT_BUCKETS 50000               /* points of a series over time */
#define LIMIT_BINS 200                    /* ranges of a histogram */
#define LIMIT_SERIES 50                   /* series of one query */
#define LIMIT_FUNNEL_ACTOR (128u << 20)   /* bytes of one actor's events in a funnel */
#define LIMIT_FUNNEL_PEOPLE (6u << 20)    /* bytes of the ids of people behind a funnel's number */
#define LIMIT_FUNNEL_MEMORY (256u << 20)  /* bytes of what a funnel keeps of conversions and values */
#define LIMIT_RETENTION 400               /* intervals of a retention, and values of its rows */
#define LIMIT_RETENTION_REACH 4000        /* intervals its brackets may hold */
#define LIMIT_QUERY_CACHE (96u << 20)     /* bytes of query results kept */
#define LIMIT_PATH_STEPS 100             /* steps of a path that are shown */
#define LIMIT_PATH_EDGES 10000           /* edges in one answer of paths */
#define LIMIT_PATH_RULES 200             /* cleaning rules, and groups, of one query of paths */
#define LIMIT_PATH_EXCLUDED 1000         /* items a query of paths leaves out */
#define LIMIT_QUERIES_RUNNING 4           /* queries at work in the engine at a time */
#define LIMIT_QUERIES_RUNNING_PROJECT 3   /* those of one project */
#define LIMIT_DOWNLOADS 2                 /* downloads at a time; each has a reader of the engine */
#define LIMIT_QUERIES_INSIDE 24           /* callers that wait for a result; more are refused */
#define LIMIT_QUERIES_INSIDE_PROJECT 16   /* those of one project */
#define LIMIT_QUERY_LOG 4096              /* queries remembered in the query log */
#define LIMIT_BACKGROUND_QUERIES 200      /* queries in the background, ended ones included */
#define LIMIT_PERSON (1u << 20)           /* bytes of a person's or group's properties */
#define LIMIT_FORM_FIELDS 1000         /* fields of a form body */
#define LIMIT_SETTINGS (256u << 10)       /* bytes of an object's settings */
#define LIMIT_SECRET 4096                 /* bytes of a password or key in a file */
#define LIMIT_CONTROL (64u << 10)         /* bytes of a command to the running server */
#define LIMIT_CSV_COLUMNS 2000            /* columns of a CSV answer; further ones are left out */
#define LIMIT_PERSON_IDS 2500             /* distinct ids of a person in an answer */
#define LIMIT_BULK_PERSONS 1000           /* persons named in one request */
#define LIMIT_DISK_LEAST (16u << 20)      /* bytes free below which the server is not ready */
#define LIMIT_HOGQL_TEXT (1u << 20)       /* bytes of a query */
#define LIMIT_HOGQL_DEPTH 400             /* levels of a query's tree */
#define LIMIT_HOGQL_RETRY (4u << 20)       /* bytes the parser reads a second time */
#define LIMIT_HOGQL_SQL (8u << 20)        /* bytes of the SQL made from a query */
#define LIMIT_HOGQL_MEMORY (64u << 20)    /* bytes a query's tree may take while it is resolved */
#define LIMIT_COHORT_ROWS (64u << 20)     /* bytes of members told to the event store at once */
#define LIMIT_VARIABLE_CHOICES 1000       /* values a variable of a list may have */
#define LIMIT_VARIABLES_PAGE 500          /* SQL variables in one answer */
#define LIMIT_STEPS 100                   /* steps of an action */
#define LIMIT_STEP_TEXT 2000              /* characters of an address, text or selector in one */
#define LIMIT_EVENTS_PAGE 1000            /* events in one answer of events/ */
#define LIMIT_EVENTS_OFFSET 50000         /* events skipped before it */
#define LIMIT_PROPERTY_VALUES 10          /* values offered of a property */
#define LIMIT_PERSONS_FOUND 10000         /* persons in one page of a search */
#define LIMIT_RUNS 1100                   /* questions being answered at a time */
#define LIMIT_QUESTION 40000              /* characters of a message to the assistant */
#define LIMIT_NOTICE 10000                /* characters of a message put beside its answers */
#define LIMIT_QUEUED 2                    /* messages that wait for a conversation's run to end */
#define LIMIT_TITLE 250                   /* characters of a conversation's title */
#define LIMIT_MEMORY 10000                /* characters the assistant is told of a project */
#define LIMIT_QUESTION_WORDS 300          /* words of a question the planner reads */
#define LIMIT_PLANNER_NAMES 4000          /* events, and properties, the planner knows of a project */
#define LIMIT_PLANNER_TURNS 8             /* questions the planner leans on */
#define LIMIT_MODEL_REPLY (1u << 20)      /* bytes of a language model's reply, and of an event in it */
#define LIMIT_MODEL_REQUEST (8u << 20)    /* bytes of a request to one */
