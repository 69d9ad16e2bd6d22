-- Which projects have ids that override the person on older events.
CREATE INDEX person_distinct_id_override ON person_distinct_id(team_id) WHERE version > 0
