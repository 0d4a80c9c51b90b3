CREATE TABLE mt_servers (
    id TEXT PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE mt_tenants (
    id UUID PRIMARY KEY,
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
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (server_id, db_name)
);

CREATE TABLE mt_nodes (
    id UUID PRIMARY KEY,
    started_at TIMESTAMPTZ NOT NULL,
    heartbeat_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE mt_admins (
    id UUID PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('ADMIN', 'SUPER_ADMIN', 'READ_ONLY')),
    password_hash TEXT NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    temporary_password_expires_at TIMESTAMPTZ,
    is_active BOOLEAN NOT NULL,
    ver BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE mt_admin_sessions (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES mt_admins (id) ON DELETE CASCADE,
    family UUID NOT NULL,
    generation BIGINT NOT NULL,
    refresh_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    user_agent TEXT,
    address TEXT
);
CREATE INDEX mt_admin_sessions_user ON mt_admin_sessions (user_id);
CREATE INDEX mt_admin_sessions_family ON mt_admin_sessions (family);

-- No foreign keys: audit rows outlive what they tell of.
CREATE TABLE mt_audit_logs (
    id UUID PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    on_behalf_of TEXT,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    tenant_id UUID,
    reason TEXT,
    request_id TEXT,
    details JSONB NOT NULL
);
CREATE INDEX mt_audit_logs_tenant ON mt_audit_logs (tenant_id, id);
CREATE INDEX mt_audit_logs_actor ON mt_audit_logs (actor, id);
CREATE INDEX mt_audit_logs_entity ON mt_audit_logs (entity, entity_id, id);

CREATE FUNCTION mt_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER mt_audit_logs_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON mt_audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION mt_refuse_change();

-- No foreign key to the tenant: the record of a deletion outlives it.
CREATE TABLE mt_operations (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('RUNNING', 'UNDOING', 'SUCCEEDED', 'UNDONE', 'FAILED')),
    input JSONB NOT NULL,
    error TEXT,
    lease_node UUID NOT NULL,
    lease_until TIMESTAMPTZ NOT NULL,
    attempt BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX mt_operations_tenant ON mt_operations (tenant_id, id);
-- One at a time for one tenant.
CREATE UNIQUE INDEX mt_operations_under_way ON mt_operations (tenant_id)
    WHERE status IN ('RUNNING', 'UNDOING');
CREATE INDEX mt_operations_lease ON mt_operations (lease_until)
    WHERE status IN ('RUNNING', 'UNDOING');

CREATE TABLE mt_operation_steps (
    operation_id UUID NOT NULL REFERENCES mt_operations (id) ON DELETE CASCADE,
    ordinal BIGINT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('PENDING', 'DONE', 'FAILED', 'UNDONE')),
    attempt BIGINT NOT NULL,
    error TEXT,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (operation_id, ordinal),
    UNIQUE (operation_id, name)
);

CREATE TABLE mt_idempotency_keys (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    operation_id UUID NOT NULL REFERENCES mt_operations (id) ON DELETE CASCADE,
    tenant_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX mt_idempotency_keys_operation ON mt_idempotency_keys (operation_id);

CREATE TABLE mt_events (
    position BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id UUID,
    detail TEXT,
    at TIMESTAMPTZ NOT NULL
);

-- One row: whoever takes a number holds it until their commit, so numbers follow commits.
CREATE TABLE mt_event_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL CHECK (position >= 0)
);
INSERT INTO mt_event_head (id, position) VALUES (1, 0);

CREATE TABLE mt_intents (
    id UUID NOT NULL,
    ordinal BIGINT NOT NULL,
    kind TEXT NOT NULL,
    tenant_id UUID,
    detail TEXT,
    opened_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id, ordinal)
);
CREATE INDEX mt_intents_opened ON mt_intents (opened_at);
