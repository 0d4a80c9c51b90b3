-- By what a node sees that it holds the keys of those before it.
CREATE TABLE mt_key_checks (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
