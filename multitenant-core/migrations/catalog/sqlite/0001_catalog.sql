CREATE TABLE mt_servers (
    id TEXT NOT NULL PRIMARY KEY,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE mt_tenants (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    status TEXT NOT NULL CHECK (status IN ('PROVISIONING', 'ACTIVE', 'SUSPENDED', 'ARCHIVED', 'DELETING')),
    tier TEXT NOT NULL,
    business_type TEXT,
    segment TEXT,
    admin_email TEXT,
    server_id TEXT NOT NULL REFERENCES mt_servers (id),
    db_name TEXT,
    db_role TEXT,
    secret TEXT,
    schema_version TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (server_id, db_name)
) STRICT;

CREATE TABLE mt_nodes (
    id BLOB NOT NULL PRIMARY KEY,
    started_at TEXT NOT NULL,
    heartbeat_at TEXT NOT NULL
) STRICT;

CREATE TABLE mt_admins (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('ADMIN', 'SUPER_ADMIN', 'READ_ONLY')),
    password_hash TEXT NOT NULL,
    must_change_password INTEGER NOT NULL CHECK (must_change_password IN (0, 1)),
    temporary_password_expires_at TEXT,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    ver INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE mt_admin_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES mt_admins (id) ON DELETE CASCADE,
    family BLOB NOT NULL,
    generation INTEGER NOT NULL,
    refresh_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT,
    user_agent TEXT,
    address TEXT
) STRICT;
CREATE INDEX mt_admin_sessions_user ON mt_admin_sessions (user_id);
CREATE INDEX mt_admin_sessions_family ON mt_admin_sessions (family);

-- No foreign keys: audit rows outlive what they tell of.
CREATE TABLE mt_audit_logs (
    id BLOB NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    on_behalf_of TEXT,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    tenant_id BLOB,
    reason TEXT,
    request_id TEXT,
    details TEXT NOT NULL CHECK (json_valid(details))
) STRICT;
CREATE INDEX mt_audit_logs_tenant ON mt_audit_logs (tenant_id, id);
CREATE INDEX mt_audit_logs_actor ON mt_audit_logs (actor, id);
CREATE INDEX mt_audit_logs_entity ON mt_audit_logs (entity, entity_id, id);

CREATE TRIGGER mt_audit_logs_not_updated BEFORE UPDATE ON mt_audit_logs
BEGIN
    SELECT RAISE(ABORT, 'rows of mt_audit_logs are only ever added');
END;
CREATE TRIGGER mt_audit_logs_not_deleted BEFORE DELETE ON mt_audit_logs
BEGIN
    SELECT RAISE(ABORT, 'rows of mt_audit_logs are only ever added');
END;

-- No foreign key to the tenant: the record of a deletion outlives it.
CREATE TABLE mt_operations (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('RUNNING', 'UNDOING', 'SUCCEEDED', 'UNDONE', 'FAILED')),
    input TEXT NOT NULL CHECK (json_valid(input)),
    error TEXT,
    lease_node BLOB NOT NULL,
    lease_until TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX mt_operations_tenant ON mt_operations (tenant_id, id);
-- One at a time for one tenant.
CREATE UNIQUE INDEX mt_operations_under_way ON mt_operations (tenant_id)
    WHERE status IN ('RUNNING', 'UNDOING');
CREATE INDEX mt_operations_lease ON mt_operations (lease_until)
    WHERE status IN ('RUNNING', 'UNDOING');

CREATE TABLE mt_operation_steps (
    operation_id BLOB NOT NULL REFERENCES mt_operations (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('PENDING', 'DONE', 'FAILED', 'UNDONE')),
    attempt INTEGER NOT NULL,
    error TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (operation_id, ordinal),
    UNIQUE (operation_id, name)
) STRICT;

CREATE TABLE mt_idempotency_keys (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    operation_id BLOB NOT NULL REFERENCES mt_operations (id) ON DELETE CASCADE,
    tenant_id BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT;
CREATE INDEX mt_idempotency_keys_operation ON mt_idempotency_keys (operation_id);

CREATE TABLE mt_events (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id BLOB,
    detail TEXT,
    at TEXT NOT NULL
) STRICT;

-- One row: whoever takes a number holds it until their commit, so numbers follow commits.
CREATE TABLE mt_event_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL CHECK (position >= 0)
) STRICT;
INSERT INTO mt_event_head (id, position) VALUES (1, 0);

CREATE TABLE mt_intents (
    id BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    tenant_id BLOB,
    detail TEXT,
    opened_at TEXT NOT NULL,
    PRIMARY KEY (id, ordinal)
) STRICT;
CREATE INDEX mt_intents_opened ON mt_intents (opened_at);
