-- Who is in which cohort. Of a dynamic one each calculation writes the members under its version;
-- cohort_versions says which is in force.
CREATE TABLE IF NOT EXISTS cohort_people (
    team_id   Int64,
    cohort_id Int64,
    version   UInt64,
    person_id UUID
)
ENGINE = ReplacingMergeTree
ORDER BY (team_id, cohort_id, version, person_id);

CREATE TABLE IF NOT EXISTS cohort_versions (
    team_id   Int64,
    cohort_id Int64,
    version   UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, cohort_id);

-- The metadata store is where the members of static cohorts change; this is the copy queries read.
CREATE TABLE IF NOT EXISTS static_cohort_people (
    team_id    Int64,
    cohort_id  Int64,
    person_id  UUID,
    is_deleted UInt8 DEFAULT 0,
    version    UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, cohort_id, person_id);
