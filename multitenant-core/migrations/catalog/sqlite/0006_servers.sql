-- What a server takes. No name is its id; no connections, what the server itself is set up for.
ALTER TABLE mt_servers ADD COLUMN name TEXT CHECK (length(name) BETWEEN 1 AND 200);
ALTER TABLE mt_servers ADD COLUMN connections INTEGER CHECK (connections BETWEEN 1 AND 4294967295);
ALTER TABLE mt_servers ADD COLUMN weight INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 4294967295);
ALTER TABLE mt_servers ADD COLUMN takes_tenants INTEGER NOT NULL DEFAULT 1 CHECK (takes_tenants IN (0, 1));
ALTER TABLE mt_servers ADD COLUMN updated_at TEXT;

-- Most connections that a node can use; none is all that it can get.
ALTER TABLE mt_nodes ADD COLUMN wants INTEGER CHECK (wants BETWEEN 0 AND 4294967295);

-- How many connections a node may have open on a server. A row outlives a node's silence: it goes when the
-- node ends, or when the server shows that the node is gone.
CREATE TABLE mt_node_connections (
    server_id TEXT NOT NULL REFERENCES mt_servers (id),
    node_id BLOB NOT NULL,
    connections INTEGER NOT NULL CHECK (connections BETWEEN 0 AND 4294967295),
    updated_at TEXT NOT NULL,
    PRIMARY KEY (server_id, node_id)
) STRICT;
CREATE INDEX mt_node_connections_node ON mt_node_connections (node_id);
