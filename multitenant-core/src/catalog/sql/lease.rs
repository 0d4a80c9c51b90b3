use std::time::Duration;

use crate::catalog::error::Read;
use crate::catalog::{CatalogError, Lease, OperationStatus};
use crate::{NodeId, OperationId, TenantId, on};

use super::{LogTransaction, SqlCatalog, stored_operation};

/// Proves a lease and makes it last anew; tells how far its operation has come. The row stays
/// locked until the transaction ends, so nobody takes the operation over between this and what is
/// written next.
///
/// A lease that has run out, but that nobody has taken, is as good: the attempt is the proof.
pub(super) async fn prove(
    tx: &mut LogTransaction,
    lease: &Lease,
) -> Result<OperationStatus, CatalogError> {
    const PROVE: &str = "UPDATE mt_operations SET lease_until = $4, updated_at = $5 \
         WHERE id = $1 AND lease_node = $2 AND attempt = $3 \
         AND status IN ('RUNNING', 'UNDOING') RETURNING status";
    let (now, until) = (tx.now(), tx.after(lease.lasts));
    let status: Option<String> = on!(tx.sql(), sql => sqlx::query_scalar(PROVE)
        .bind(lease.operation)
        .bind(lease.node)
        .bind(lease.attempt)
        .bind(until)
        .bind(now)
        .fetch_optional(&mut **sql)
        .await?);
    let status = status.ok_or(CatalogError::LeaseLost(lease.operation))?;
    status.parse().read("status of an operation")
}

/// Proves a lease, and writes nothing.
pub(super) async fn check(catalog: &SqlCatalog, lease: &Lease) -> Result<(), CatalogError> {
    const OURS: &str = "SELECT COUNT(*) FROM mt_operations \
         WHERE id = $1 AND lease_node = $2 AND attempt = $3 AND status IN ('RUNNING', 'UNDOING')";
    let ours: i64 = on!(catalog.pool(), pool => sqlx::query_scalar(OURS)
        .bind(lease.operation)
        .bind(lease.node)
        .bind(lease.attempt)
        .fetch_one(pool)
        .await?);
    match ours {
        0 => Err(CatalogError::LeaseLost(lease.operation)),
        _ => Ok(()),
    }
}

pub(super) async fn renew(catalog: &SqlCatalog, lease: &Lease) -> Result<(), CatalogError> {
    let mut tx = catalog.transaction().await?;
    prove(&mut tx, lease).await?;
    Ok(tx.commit().await?)
}

/// What is dated so far ahead was written before the clock was set back: its lease would last until
/// then, and whoever works on it dates it anew with the next renewal.
pub(super) const AHEAD: Duration = Duration::from_secs(60);

pub(super) async fn take_over(
    catalog: &SqlCatalog,
    operation: OperationId,
    node: NodeId,
    lasts: Duration,
    silence: Duration,
) -> Result<Lease, CatalogError> {
    const TAKE: &str = "UPDATE mt_operations SET lease_node = $2, attempt = attempt + 1, \
         lease_until = $3, updated_at = $4 WHERE id = $1 \
         AND (lease_until <= $6 OR updated_at > $5) AND status IN ('RUNNING', 'UNDOING') \
         RETURNING attempt, tenant_id";
    let mut tx = catalog.transaction().await?;
    let (now, until, ahead) = (tx.now(), tx.after(lasts), tx.after(AHEAD));
    let ended_before = tx.before(silence);
    let taken: Option<(i64, TenantId)> = on!(tx.sql(), sql => sqlx::query_as(TAKE)
        .bind(operation)
        .bind(node)
        .bind(until)
        .bind(now)
        .bind(ahead)
        .bind(ended_before)
        .fetch_optional(&mut **sql)
        .await?);
    tx.commit().await?;
    let Some((attempt, tenant)) = taken else {
        return Err(refusal(catalog, operation).await?);
    };
    Ok(Lease {
        operation,
        tenant,
        node,
        attempt,
        lasts,
    })
}

async fn refusal(
    catalog: &SqlCatalog,
    operation: OperationId,
) -> Result<CatalogError, CatalogError> {
    let found = stored_operation::read(catalog.pool(), operation).await?;
    Ok(match found {
        None => CatalogError::OperationUnknown(operation),
        Some(found) if found.status.is_under_way() => CatalogError::LeaseHeld(operation),
        Some(_) => CatalogError::LeaseLost(operation),
    })
}
