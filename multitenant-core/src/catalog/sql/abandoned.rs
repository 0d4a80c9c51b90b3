//! Operations that were cut off.

use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::catalog::{CatalogError, Workable};
use crate::{OperationId, on};

use super::SqlCatalog;
use super::lease::AHEAD;

/// Most that are read at once.
const BATCH: i64 = 500;

/// Others' are left out here, and not by whoever asks: however many there are of them, they stand
/// before nothing.
pub(super) async fn after(
    catalog: &SqlCatalog,
    workable: &Workable,
    after: Option<OperationId>,
) -> Result<Vec<OperationId>, CatalogError> {
    const READ: &str = "SELECT o.id FROM mt_operations o \
         LEFT JOIN mt_tenants t ON t.id = o.tenant_id \
         WHERE o.status IN ('RUNNING', 'UNDOING') AND (o.lease_until <= ";
    let Workable { kinds, servers } = workable;
    if kinds.is_empty() || servers.is_empty() {
        return Ok(Vec::new());
    }
    let after = after.map_or(Uuid::nil(), |after| after.as_uuid());
    let mut tx = catalog.transaction().await?;
    let (now, ahead) = (tx.now(), tx.after(AHEAD));
    Ok(on!(tx.sql(), sql => {
        let mut query = QueryBuilder::new(READ);
        query.push_bind(now).push(" OR o.updated_at > ").push_bind(ahead);
        query.push(") AND o.id > ").push_bind(after);
        query.push(" AND o.kind IN (");
        let mut list = query.separated(", ");
        for kind in kinds {
            list.push_bind(*kind);
        }
        query.push(") AND (t.id IS NULL OR t.server_id IN (");
        let mut list = query.separated(", ");
        for server in servers {
            list.push_bind(server.as_str());
        }
        query.push(")) ORDER BY o.id LIMIT ").push_bind(BATCH);
        query.build_query_scalar().fetch_all(&mut **sql).await?
    }))
}
