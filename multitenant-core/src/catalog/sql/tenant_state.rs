//! What becomes of a tenant: served or not, where its database is, its end.

use serde_json::json;

use crate::catalog::{
    AuditEntry, CatalogError, Lease, Outcome, Placement, SealedSecret, TenantRow,
};
use crate::directory::TenantStatus;
use crate::events::EventKind;
use crate::{TenantId, on};

use super::{Write, endings, tenants};

pub(super) async fn set_status(
    mut write: Write<'_>,
    tenant: TenantId,
    to: TenantStatus,
) -> Result<TenantRow, CatalogError> {
    let row = tenants::lock(&mut write, tenant).await?;
    let from = row.status;
    if from == to {
        return Ok(row);
    }
    if !from.may_become(to) {
        return Err(CatalogError::Transition { from, to });
    }
    let (row, details) = write_status(&mut write, row, to).await?;
    tenants::commit(write, tenant, "tenant.status", details).await?;
    Ok(row)
}

/// Ends the making of a tenant. The tenant's row comes first and then the operation's, as where an
/// operation begins, so that the two never wait for each other.
pub(super) async fn activate(
    mut write: Write<'_>,
    lease: &Lease,
) -> Result<TenantRow, CatalogError> {
    let (tenant, to) = (lease.tenant(), TenantStatus::Active);
    let row = tenants::lock(&mut write, tenant).await?;
    endings::succeed(&mut write, lease).await?;
    let from = row.status;
    if from != TenantStatus::Provisioning {
        return Err(CatalogError::Transition { from, to });
    }
    let (row, details) = write_status(&mut write, row, to).await?;
    tenants::commit(write, tenant, "tenant.status", details).await?;
    Ok(row)
}

async fn write_status(
    write: &mut Write<'_>,
    mut row: TenantRow,
    to: TenantStatus,
) -> Result<(TenantRow, serde_json::Value), CatalogError> {
    const SET: &str = "UPDATE mt_tenants SET status = $2, updated_at = $3 WHERE id = $1";
    let details = json!({"from": row.status.as_str(), "to": to.as_str()});
    (row.status, row.updated_at) = (to, write.now());
    on!(write.sql(), sql => sqlx::query(SET)
        .bind(row.id)
        .bind(to.as_str())
        .bind(row.updated_at)
        .execute(&mut **sql)
        .await.map(drop)?);
    Ok((row, details))
}

pub(super) async fn place(
    mut write: Write<'_>,
    tenant: TenantId,
    to: &Placement,
) -> Result<TenantRow, CatalogError> {
    const PLACE: &str = "UPDATE mt_tenants SET server_id = $2, db_name = $3, db_role = $4, \
         secret = $5, schema_version = $6, updated_at = $7 WHERE id = $1";
    let mut row = tenants::lock(&mut write, tenant).await?;
    if row.placement.as_ref() == Some(to) {
        return Ok(row);
    }
    row.updated_at = write.now();
    let placed = on!(write.sql(), sql => sqlx::query(PLACE)
        .bind(tenant)
        .bind(to.server.as_str())
        .bind(&to.database)
        .bind(&to.role)
        .bind(to.secret.as_ref().map(SealedSecret::as_str))
        .bind(&to.schema_version)
        .bind(row.updated_at)
        .execute(&mut **sql)
        .await
        .map(drop));
    placed.map_err(|error| tenants::not_on_server(error, &to.server))?;
    let details = json!({
        "server": to.server.as_str(),
        "database": to.database,
        "role": to.role,
        "schemaVersion": to.schema_version,
    });
    tenants::commit(write, tenant, "tenant.place", details).await?;
    (row.server, row.placement) = (to.server.clone(), Some(to.clone()));
    Ok(row)
}

/// Ends the migration of a tenant, in the order of [`activate`]. The row is read anew under the lock,
/// and only what the migration has changed is written: the secret may be another by now.
pub(super) async fn migrated(
    mut write: Write<'_>,
    lease: &Lease,
    version: &str,
) -> Result<TenantRow, CatalogError> {
    const SET: &str = "UPDATE mt_tenants SET schema_version = $2, updated_at = $3 WHERE id = $1";
    let tenant = lease.tenant();
    let mut row = tenants::lock(&mut write, tenant).await?;
    endings::succeed(&mut write, lease).await?;
    let placement = row.placement.as_mut();
    let placement = placement.ok_or(CatalogError::NoDatabase(tenant))?;
    if placement.schema_version == version {
        write.commit().await?;
        return Ok(row);
    }
    let details = json!({"from": placement.schema_version, "to": version});
    version.clone_into(&mut placement.schema_version);
    row.updated_at = write.now();
    on!(write.sql(), sql => sqlx::query(SET)
        .bind(tenant)
        .bind(version)
        .bind(row.updated_at)
        .execute(&mut **sql)
        .await.map(drop)?);
    tenants::commit(write, tenant, "tenant.migrate", details).await?;
    Ok(row)
}

/// Deletes a tenant's row with the end of the operation that deleted or unmade the tenant.
pub(super) async fn remove(
    mut write: Write<'_>,
    lease: &Lease,
    outcome: Outcome,
) -> Result<(), CatalogError> {
    const DELETE: &str = "DELETE FROM mt_tenants WHERE id = $1 RETURNING slug";
    let tenant = lease.tenant();
    let slug: Option<String> = on!(write.sql(), sql =>
        sqlx::query_scalar(DELETE).bind(tenant).fetch_optional(&mut **sql).await?);
    if let Some(slug) = slug {
        let entry = AuditEntry::new("tenant.delete", "tenant", tenant).of_tenant(tenant);
        write
            .audit(entry.with_details(json!({ "slug": slug })))
            .await?;
        write.publish(EventKind::TenantDeleted { tenant });
    }
    endings::end(&mut write, lease, outcome).await?;
    write.commit().await
}
