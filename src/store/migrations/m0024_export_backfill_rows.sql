-- Whether its runs carry what arrived in an interval, as the timetable's do, or what happened in it.
ALTER TABLE export_backfill ADD COLUMN by_arrival INTEGER NOT NULL DEFAULT 0
