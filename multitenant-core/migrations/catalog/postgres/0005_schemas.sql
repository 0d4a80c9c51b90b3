-- What each version of the tenants' schema stands for: by it a node sees which of two is newer.
CREATE TABLE mt_schemas (
    version TEXT PRIMARY KEY,
    levels JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
