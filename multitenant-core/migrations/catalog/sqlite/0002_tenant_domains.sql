CREATE TABLE mt_tenant_domains (
    name TEXT NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL REFERENCES mt_tenants (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX mt_tenant_domains_tenant ON mt_tenant_domains (tenant_id);
