CREATE TABLE mt_users (
    id BLOB PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    password_hash TEXT NOT NULL,
    must_change_password INTEGER NOT NULL,
    temporary_password_expires_at TEXT,
    is_active INTEGER NOT NULL,
    ver INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE mt_roles (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
    is_system INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE mt_role_permissions (
    role_id BLOB NOT NULL REFERENCES mt_roles (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (role_id, permission)
) STRICT;

CREATE TABLE mt_user_roles (
    user_id BLOB NOT NULL REFERENCES mt_users (id) ON DELETE CASCADE,
    role_id BLOB NOT NULL REFERENCES mt_roles (id),
    PRIMARY KEY (user_id, role_id)
) STRICT;
CREATE INDEX mt_user_roles_role ON mt_user_roles (role_id);

CREATE TABLE mt_sessions (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES mt_users (id) ON DELETE CASCADE,
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
CREATE INDEX mt_sessions_user ON mt_sessions (user_id);
CREATE INDEX mt_sessions_family ON mt_sessions (family);

-- No foreign keys: audit rows outlive what they tell of.
CREATE TABLE mt_audit_logs (
    id BLOB PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    on_behalf_of TEXT,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    tenant_id BLOB,
    reason TEXT,
    request_id TEXT,
    details TEXT NOT NULL
) STRICT;
CREATE INDEX mt_audit_logs_actor ON mt_audit_logs (actor, id);
CREATE INDEX mt_audit_logs_entity ON mt_audit_logs (entity, entity_id, id);

CREATE TRIGGER mt_audit_logs_no_update BEFORE UPDATE ON mt_audit_logs
BEGIN SELECT RAISE(ABORT, 'audit rows are only ever added'); END;
CREATE TRIGGER mt_audit_logs_no_delete BEFORE DELETE ON mt_audit_logs
BEGIN SELECT RAISE(ABORT, 'audit rows are only ever added'); END;
