-- What a static cohort was made from when that was a query, a JSON object; NULL: it was not.
ALTER TABLE cohort ADD COLUMN query TEXT
