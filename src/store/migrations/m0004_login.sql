-- Failed log-ins, by the address that was tried: after a few, the next try has to wait.
CREATE TABLE login_failure (
    email     TEXT PRIMARY KEY COLLATE NOCASE, -- as tried; no such user need exist
    failures  INTEGER NOT NULL,              -- in a row
    retry_at  INTEGER NOT NULL               -- tries before this time are refused
) STRICT, WITHOUT ROWID
