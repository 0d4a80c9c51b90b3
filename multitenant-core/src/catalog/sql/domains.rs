use serde_json::json;

use crate::catalog::error::Read;
use crate::catalog::{AuditEntry, CatalogError};
use crate::engine::AnyPool;
use crate::events::EventKind;
use crate::{Domain, TenantId, on};

use super::Write;

pub(super) async fn of_tenant(
    pool: &AnyPool,
    tenant: TenantId,
) -> Result<Vec<Domain>, CatalogError> {
    const READ: &str = "SELECT name FROM mt_tenant_domains WHERE tenant_id = $1 ORDER BY name";
    let names: Vec<String> = on!(pool, pool =>
        sqlx::query_scalar(READ).bind(tenant).fetch_all(pool).await?);
    let domains = names
        .iter()
        .map(|name| name.parse().read("domain of a tenant"));
    domains.collect()
}

pub(super) async fn add(
    mut write: Write<'_>,
    tenant: TenantId,
    domain: &Domain,
) -> Result<(), CatalogError> {
    const ADD: &str = "INSERT INTO mt_tenant_domains (name, tenant_id, created_at) \
         VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING RETURNING name";
    super::tenants::lock(&mut write, tenant).await?;
    let now = write.now();
    let added: Option<String> = on!(write.sql(), sql => sqlx::query_scalar(ADD)
        .bind(domain.as_str())
        .bind(tenant)
        .bind(now)
        .fetch_optional(&mut **sql)
        .await?);
    if added.is_none() {
        return match owner(&mut write, domain).await? {
            Some(owner) if owner == tenant => Ok(()),
            _ => Err(CatalogError::DomainTaken(domain.clone())),
        };
    }
    let published = EventKind::DomainAdded {
        tenant,
        domain: domain.clone(),
    };
    commit(write, "tenant.domain.add", published, domain, tenant).await
}

async fn owner(write: &mut Write<'_>, domain: &Domain) -> Result<Option<TenantId>, CatalogError> {
    const OWNER: &str = "SELECT tenant_id FROM mt_tenant_domains WHERE name = $1";
    Ok(on!(write.sql(), sql => sqlx::query_scalar(OWNER)
        .bind(domain.as_str())
        .fetch_optional(&mut **sql)
        .await?))
}

pub(super) async fn remove(
    mut write: Write<'_>,
    tenant: TenantId,
    domain: &Domain,
) -> Result<bool, CatalogError> {
    const REMOVE: &str =
        "DELETE FROM mt_tenant_domains WHERE name = $1 AND tenant_id = $2 RETURNING name";
    let removed: Option<String> = on!(write.sql(), sql => sqlx::query_scalar(REMOVE)
        .bind(domain.as_str())
        .bind(tenant)
        .fetch_optional(&mut **sql)
        .await?);
    if removed.is_none() {
        return Ok(false);
    }
    let published = EventKind::DomainRemoved {
        tenant,
        domain: domain.clone(),
    };
    commit(write, "tenant.domain.remove", published, domain, tenant).await?;
    Ok(true)
}

async fn commit(
    mut write: Write<'_>,
    action: &'static str,
    published: EventKind,
    domain: &Domain,
    tenant: TenantId,
) -> Result<(), CatalogError> {
    let entry = AuditEntry::new(action, "tenant", tenant).of_tenant(tenant);
    write
        .audit(entry.with_details(json!({ "domain": domain.as_str() })))
        .await?;
    write.publish(published);
    write.commit().await
}
