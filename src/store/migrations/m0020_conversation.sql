-- Conversations with the assistant, what was said in them, and what they made.
CREATE TABLE conversation (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,          -- UUID, chosen by the client
    project_id  INTEGER NOT NULL REFERENCES project(id),
    user_id     INTEGER NOT NULL REFERENCES user(id),
    status      TEXT NOT NULL DEFAULT 'idle' CHECK (status IN ('idle', 'in_progress', 'canceling')),
    title       TEXT,                          -- NULL: not there yet
    type        TEXT NOT NULL DEFAULT 'assistant'
                CHECK (type IN ('assistant', 'tool_call', 'deep_research', 'slack')),
    is_internal INTEGER DEFAULT 0,             -- made by somebody who acted for the user
    slack_thread_key       TEXT,
    slack_workspace_domain TEXT,
    agent_mode  TEXT,                          -- NULL: never set
    pending     TEXT,                          -- JSON: the tool call that waits for the user; NULL: none
    state       TEXT,                          -- JSON: what the next run needs of the last; NULL: nothing
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,              -- end of the last run
    deleted_at  INTEGER                        -- soft: the row stays
) STRICT;
-- The order of the list; what it leaves out is left out here.
CREATE INDEX conversation_list ON conversation(user_id, project_id, updated_at DESC, number DESC)
    WHERE deleted_at IS NULL AND title IS NOT NULL;
-- What a restart looks for.
CREATE INDEX conversation_busy ON conversation(status) WHERE status <> 'idle';
CREATE UNIQUE INDEX conversation_slack ON conversation(project_id, slack_thread_key)
    WHERE slack_thread_key IS NOT NULL;

CREATE TABLE conversation_message (
    conversation INTEGER NOT NULL REFERENCES conversation(number),
    position     INTEGER NOT NULL,             -- order in the thread, from 1
    id           TEXT NOT NULL,                -- UUID
    type         TEXT NOT NULL,                -- 'human', 'ai', 'tool', 'ai/artifact', …
    body         TEXT NOT NULL,                -- JSON object, all fields but id and type
    artifact_id  TEXT,                         -- of 'ai/artifact': what it shows
    PRIMARY KEY (conversation, position)
) STRICT, WITHOUT ROWID;

-- Charts and the like made in a conversation; not saved insights.
CREATE TABLE conversation_artifact (
    project_id   INTEGER NOT NULL REFERENCES project(id),
    id           TEXT NOT NULL,                -- 4 characters
    conversation INTEGER NOT NULL REFERENCES conversation(number),
    content      TEXT NOT NULL,                -- JSON object with content_type
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (project_id, id)
) STRICT, WITHOUT ROWID;

-- Tool calls that change something saved, and what the user said to them.
CREATE TABLE conversation_approval (
    proposal_id  TEXT PRIMARY KEY,             -- UUID
    conversation INTEGER NOT NULL REFERENCES conversation(number),
    status       TEXT NOT NULL DEFAULT 'pending'
                 CHECK (status IN ('pending', 'approved', 'rejected', 'auto_rejected')),
    tool_name    TEXT NOT NULL,
    preview      TEXT NOT NULL,                -- Markdown
    payload      TEXT NOT NULL,                -- JSON: the tool's arguments
    tool_call_id TEXT NOT NULL,
    message_id   TEXT NOT NULL,                -- of the message with the call
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_approval_of ON conversation_approval(conversation, created_at);

-- What the assistant is told of the project each time.
CREATE TABLE core_memory (
    project_id      INTEGER PRIMARY KEY REFERENCES project(id),
    id              TEXT NOT NULL UNIQUE,      -- UUID
    text            TEXT NOT NULL DEFAULT '',
    scraping_status TEXT,                      -- 'pending', 'completed', 'skipped' or NULL
    created_at      INTEGER NOT NULL
) STRICT
