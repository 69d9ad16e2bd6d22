-- Rules by which the parts of addresses that differ from visit to visit become one name.
ALTER TABLE project ADD COLUMN path_cleaning_filters TEXT
    GENERATED ALWAYS AS (settings -> '$.path_cleaning_filters') VIRTUAL; -- JSON list of {regex, alias, order}, or null
