use serde_json::Value;

use crate::catalog::{AuditEntry, CatalogError};
use crate::{OperationId, TenantId};

use super::Write;

/// Writes down what became of an operation.
pub(super) async fn add(
    write: &mut Write<'_>,
    action: &'static str,
    operation: OperationId,
    tenant: TenantId,
    details: Value,
) -> Result<(), CatalogError> {
    let entry = AuditEntry::new(action, "operation", operation).of_tenant(tenant);
    write.audit(entry.with_details(details)).await
}
