-- What persons belong to: companies, workspaces. At most five types a project.
CREATE TABLE IF NOT EXISTS groups (
    team_id    Int64,
    `index`    UInt8,
    key        String,
    created_at DateTime64(3, 'UTC'),
    updated_at DateTime64(3, 'UTC'),
    properties String CODEC(ZSTD(1)),
    props      JSON(max_dynamic_paths = 64),
    version    UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, `index`, key);
