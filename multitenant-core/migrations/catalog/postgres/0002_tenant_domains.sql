CREATE TABLE mt_tenant_domains (
    name TEXT PRIMARY KEY,
    tenant_id UUID NOT NULL REFERENCES mt_tenants (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX mt_tenant_domains_tenant ON mt_tenant_domains (tenant_id);
