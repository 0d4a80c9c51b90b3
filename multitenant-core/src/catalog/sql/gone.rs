//! Tenants that were and are no more.

use sqlx::QueryBuilder;

use crate::catalog::CatalogError;
use crate::engine::AnyPool;
use crate::{TenantId, on};

/// How many ids are asked about at once: fewer than any engine takes values in a statement.
const BATCH: usize = 1_000;

/// A tenant's row comes in one transaction with its first operation and goes with the end of its
/// last; the rows of operations stay.
pub(super) async fn among(
    pool: &AnyPool,
    tenants: &[TenantId],
) -> Result<Vec<TenantId>, CatalogError> {
    const READ: &str = "SELECT DISTINCT tenant_id FROM mt_operations WHERE NOT EXISTS \
         (SELECT 1 FROM mt_tenants WHERE mt_tenants.id = mt_operations.tenant_id) \
         AND tenant_id IN (";
    let mut gone = Vec::new();
    for batch in tenants.chunks(BATCH) {
        let found: Vec<TenantId> = on!(pool, pool => {
            let mut query = QueryBuilder::new(READ);
            let mut ids = query.separated(", ");
            for tenant in batch {
                ids.push_bind(*tenant);
            }
            query.push(")").build_query_scalar().fetch_all(pool).await?
        });
        gone.extend(found);
    }
    Ok(gone)
}
