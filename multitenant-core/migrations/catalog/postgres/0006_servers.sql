-- What a server takes. No name is its id; no connections, what the server itself is set up for.
ALTER TABLE mt_servers
    ADD COLUMN name TEXT CHECK (length(name) BETWEEN 1 AND 200),
    ADD COLUMN connections BIGINT CHECK (connections BETWEEN 1 AND 4294967295),
    ADD COLUMN weight BIGINT NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 4294967295),
    ADD COLUMN takes_tenants BOOLEAN NOT NULL DEFAULT TRUE,
    ADD COLUMN updated_at TIMESTAMPTZ;

-- Most connections that a node can use; none is all that it can get.
ALTER TABLE mt_nodes ADD COLUMN wants BIGINT CHECK (wants BETWEEN 0 AND 4294967295);

-- How many connections a node may have open on a server. A row outlives a node's silence: it goes when the
-- node ends, or when the server shows that the node is gone.
CREATE TABLE mt_node_connections (
    server_id TEXT NOT NULL REFERENCES mt_servers (id),
    node_id UUID NOT NULL,
    connections BIGINT NOT NULL CHECK (connections BETWEEN 0 AND 4294967295),
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (server_id, node_id)
);
CREATE INDEX mt_node_connections_node ON mt_node_connections (node_id);
