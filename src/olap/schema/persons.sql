-- Who did it. The metadata store is where persons change; these are the copies queries join.
CREATE TABLE IF NOT EXISTS persons (
    team_id       Int64,
    id            UUID,
    created_at    DateTime64(3, 'UTC'),
    properties    String CODEC(ZSTD(1)),
    props         JSON(max_dynamic_paths = 64),
    is_identified UInt8,
    is_deleted    UInt8 DEFAULT 0,
    version       UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, id);

CREATE TABLE IF NOT EXISTS person_distinct_ids (
    team_id     Int64,
    distinct_id String,
    person_id   UUID,
    is_deleted  UInt8 DEFAULT 0,
    version     UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, distinct_id);

-- The ids whose person changed after events were stored under another: few, so queries join it.
CREATE TABLE IF NOT EXISTS person_overrides (
    team_id     Int64,
    distinct_id String,
    person_id   UUID,
    is_deleted  UInt8 DEFAULT 0,
    version     UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, distinct_id);
