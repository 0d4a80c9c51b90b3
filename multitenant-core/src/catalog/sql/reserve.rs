use serde_json::json;

use crate::catalog::error::Read;
use crate::catalog::{
    AuditEntry, CatalogError, Change, Idempotency, NewOperation, NewTenant, OperationStatus,
    Placement, Reserved,
};
use crate::events::EventKind;
use crate::{OperationId, TenantId, on};

use super::{SqlCatalog, Write, operations, tenants};

pub(super) async fn reserve(
    catalog: &SqlCatalog,
    change: &Change,
    tenant: &NewTenant,
    placement: Option<&Placement>,
    operation: &NewOperation,
    idempotency: Option<&Idempotency>,
) -> Result<Reserved, CatalogError> {
    let mut write = catalog.write(change).await?;
    let lease = operations::insert(&mut write, tenant.id, operation).await?;
    if let Some(idempotency) = idempotency {
        let mut claim = Claim {
            write: &mut write,
            idempotency,
            operation: lease.operation(),
            tenant: tenant.id,
        };
        if let Some(repeated) = claim.make().await? {
            return Ok(repeated);
        }
    }
    refuse_former(&mut write, tenant.id, lease.operation()).await?;
    tenants::insert(&mut write, tenant, placement).await?;
    let entry = AuditEntry::new("tenant.reserve", "tenant", tenant.id).of_tenant(tenant.id);
    let details = json!({
        "slug": tenant.slug.as_str(),
        "name": tenant.name,
        "tier": tenant.tier,
        "database": placement.map(|placement| &placement.database),
    });
    write.audit(entry.with_details(details)).await?;
    write.publish(EventKind::TenantCreated {
        tenant: tenant.id,
        slug: tenant.slug.clone(),
    });
    write.commit().await?;
    Ok(Reserved::New(lease))
}

/// Refuses an id that another operation has had: what is left of its tenant would be dropped, and
/// the new tenant's database with it.
async fn refuse_former(
    write: &mut Write<'_>,
    tenant: TenantId,
    own: OperationId,
) -> Result<(), CatalogError> {
    const FORMER: &str = "SELECT COUNT(*) FROM mt_operations WHERE tenant_id = $1 AND id <> $2";
    let former: i64 = on!(write.sql(), sql => sqlx::query_scalar(FORMER)
        .bind(tenant)
        .bind(own)
        .fetch_one(&mut **sql)
        .await?);
    match former {
        0 => Ok(()),
        _ => Err(CatalogError::IdReused(tenant)),
    }
}

/// An idempotency key is claimed for an operation.
struct Claim<'w, 'c> {
    write: &'w mut Write<'c>,
    idempotency: &'w Idempotency,
    operation: OperationId,
    tenant: TenantId,
}

#[derive(sqlx::FromRow)]
struct Earlier {
    request_hash: Vec<u8>,
    operation_id: OperationId,
    tenant_id: TenantId,
    status: String,
}

impl Claim<'_, '_> {
    /// Claims the key, or finds what was begun with it before.
    async fn make(&mut self) -> Result<Option<Reserved>, CatalogError> {
        loop {
            if self.insert().await? {
                return Ok(None);
            }
            let Some(earlier) = self.earlier().await? else {
                // It was too old, and is deleted since.
                continue;
            };
            if earlier.request_hash != self.idempotency.request_hash {
                return Err(CatalogError::KeyReused);
            }
            let status = earlier.status.parse().read("status of an operation")?;
            if !matches!(status, OperationStatus::Undone | OperationStatus::Failed) {
                return Ok(Some(Reserved::Repeated {
                    operation: earlier.operation_id,
                    tenant: earlier.tenant_id,
                }));
            }
            // Nothing remains of what was begun then. Of two that begin anew one gets the key.
            if self.replace(earlier.operation_id).await? {
                return Ok(None);
            }
        }
    }

    async fn insert(&mut self) -> sqlx::Result<bool> {
        const ADD: &str = "INSERT INTO mt_idempotency_keys \
             (actor, key, request_hash, operation_id, tenant_id, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (actor, key) DO NOTHING";
        let (now, actor) = (self.write.now(), self.write.change().actor.to_string());
        let added = on!(self.write.sql(), sql => sqlx::query(ADD)
            .bind(actor)
            .bind(&self.idempotency.key)
            .bind(&self.idempotency.request_hash[..])
            .bind(self.operation)
            .bind(self.tenant)
            .bind(now)
            .execute(&mut **sql)
            .await?
            .rows_affected());
        Ok(added == 1)
    }

    async fn earlier(&mut self) -> sqlx::Result<Option<Earlier>> {
        const READ: &str = "SELECT keys.request_hash, keys.operation_id, keys.tenant_id, \
             operations.status FROM mt_idempotency_keys keys \
             JOIN mt_operations operations ON operations.id = keys.operation_id \
             WHERE keys.actor = $1 AND keys.key = $2";
        let actor = self.write.change().actor.to_string();
        on!(self.write.sql(), sql => sqlx::query_as(READ)
            .bind(actor)
            .bind(&self.idempotency.key)
            .fetch_optional(&mut **sql)
            .await)
    }

    async fn replace(&mut self, earlier: OperationId) -> sqlx::Result<bool> {
        const REPLACE: &str = "UPDATE mt_idempotency_keys SET operation_id = $3, tenant_id = $4 \
             WHERE actor = $1 AND key = $2 AND operation_id = $5";
        let actor = self.write.change().actor.to_string();
        let replaced = on!(self.write.sql(), sql => sqlx::query(REPLACE)
            .bind(actor)
            .bind(&self.idempotency.key)
            .bind(self.operation)
            .bind(self.tenant)
            .bind(earlier)
            .execute(&mut **sql)
            .await?
            .rows_affected());
        Ok(replaced == 1)
    }
}
