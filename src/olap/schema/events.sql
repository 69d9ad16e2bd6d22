-- What happened. A row is written once; rows equal in the sorting key collapse, the last stays.
-- Properties are kept twice: as the text received, which the API and exports return, and as JSON
-- columns that queries read key by key: one level deep, each value as the text a query sees, dots in
-- keys written as %2E.
-- A partition is a month; all that is older than 2000 is in one, all from 2100 on in another, so
-- that clients with absurd clocks make no more of them.
CREATE TABLE IF NOT EXISTS events (
    team_id            Int64 CODEC(Delta, ZSTD(1)),
    uuid               UUID,
    event              LowCardinality(String),
    distinct_id        String CODEC(ZSTD(1)),
    person_id          UUID CODEC(ZSTD(1)),
    timestamp          DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    created_at         DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    inserted_at        DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD(1)), -- by the server's clock
    person_created_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    person_mode        Enum8('full' = 0, 'propertyless' = 1, 'force_upgrade' = 2),
    elements_chain     String CODEC(ZSTD(1)),
    `$session_id`      String CODEC(ZSTD(1)),
    `$window_id`       String CODEC(ZSTD(1)),
    `$group_0`         String CODEC(ZSTD(1)),
    `$group_1`         String CODEC(ZSTD(1)),
    `$group_2`         String CODEC(ZSTD(1)),
    `$group_3`         String CODEC(ZSTD(1)),
    `$group_4`         String CODEC(ZSTD(1)),
    properties         String CODEC(ZSTD(1)),
    person_properties  String CODEC(ZSTD(1)),
    props              JSON(max_dynamic_paths = 128),
    person_props       JSON(max_dynamic_paths = 64),
    INDEX inserted_at_minmax inserted_at TYPE minmax GRANULARITY 1 -- exports read what arrived in an interval
)
ENGINE = ReplacingMergeTree(inserted_at)
PARTITION BY least(greatest(toYYYYMM(timestamp), 199912), 210001)
ORDER BY (team_id, toDate(timestamp), event, cityHash64(distinct_id), cityHash64(uuid))
SETTINGS non_replicated_deduplication_window = 1000, min_bytes_for_wide_part = 67108864;

ALTER TABLE events ADD INDEX IF NOT EXISTS inserted_at_minmax inserted_at TYPE minmax GRANULARITY 1;
