-- What each version of the tenants' schema stands for: by it a node sees which of two is newer.
CREATE TABLE mt_schemas (
    version TEXT NOT NULL PRIMARY KEY,
    levels TEXT NOT NULL CHECK (json_valid(levels)),
    created_at TEXT NOT NULL
) STRICT;
