-- Batches whose changes to persons are made but that are perhaps not in the event store yet, each
-- with the rows that follow from those changes. One is prepared while the one before is inserted.
CREATE TABLE ingest_batch (
    begin      INTEGER PRIMARY KEY,
    end        INTEGER NOT NULL,
    persons    BLOB,
    ids        BLOB,
    overrides  BLOB,
    groups     BLOB
) STRICT;
INSERT INTO ingest_batch (begin, end, persons, ids, overrides, groups)
    SELECT position, batch_end, persons, ids, overrides, groups FROM ingest_mark
    WHERE batch_end IS NOT NULL;
ALTER TABLE ingest_mark DROP COLUMN batch_end;
ALTER TABLE ingest_mark DROP COLUMN persons;
ALTER TABLE ingest_mark DROP COLUMN ids;
ALTER TABLE ingest_mark DROP COLUMN overrides;
ALTER TABLE ingest_mark DROP COLUMN groups
