CREATE TABLE mt_users (
    id UUID PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    password_hash TEXT NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    temporary_password_expires_at TIMESTAMPTZ,
    is_active BOOLEAN NOT NULL,
    ver BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE mt_roles (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
    is_system BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE mt_role_permissions (
    role_id UUID NOT NULL REFERENCES mt_roles (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (role_id, permission)
);

CREATE TABLE mt_user_roles (
    user_id UUID NOT NULL REFERENCES mt_users (id) ON DELETE CASCADE,
    role_id UUID NOT NULL REFERENCES mt_roles (id),
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX mt_user_roles_role ON mt_user_roles (role_id);

CREATE TABLE mt_sessions (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES mt_users (id) ON DELETE CASCADE,
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
CREATE INDEX mt_sessions_user ON mt_sessions (user_id);
CREATE INDEX mt_sessions_family ON mt_sessions (family);

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
CREATE INDEX mt_audit_logs_actor ON mt_audit_logs (actor, id);
CREATE INDEX mt_audit_logs_entity ON mt_audit_logs (entity, entity_id, id);
