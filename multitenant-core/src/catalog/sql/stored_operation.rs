use serde_json::Value;
use sqlx::types::Json;

use crate::catalog::error::Read;
use crate::catalog::{CatalogError, Operation, OperationStep};
use crate::engine::AnyPool;
use crate::{OperationId, TenantId, Timestamp, on};

#[derive(sqlx::FromRow)]
struct StoredOperation {
    id: OperationId,
    kind: String,
    tenant_id: TenantId,
    status: String,
    input: Json<Value>,
    error: Option<String>,
    attempt: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct StoredStep {
    name: String,
    status: String,
    attempt: i64,
    error: Option<String>,
}

impl TryFrom<StoredStep> for OperationStep {
    type Error = CatalogError;

    fn try_from(row: StoredStep) -> Result<Self, CatalogError> {
        Ok(Self {
            name: row.name,
            status: row.status.parse().read("status of a step")?,
            attempt: row.attempt,
            error: row.error,
        })
    }
}

pub(super) async fn read(
    pool: &AnyPool,
    operation: OperationId,
) -> Result<Option<Operation>, CatalogError> {
    const READ: &str = "SELECT id, kind, tenant_id, status, input, error, attempt, created_at, \
         updated_at FROM mt_operations WHERE id = $1";
    let row: Option<StoredOperation> = on!(pool, pool =>
        sqlx::query_as(READ).bind(operation).fetch_optional(pool).await?);
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Operation {
        id: row.id,
        kind: row.kind,
        tenant: row.tenant_id,
        status: row.status.parse().read("status of an operation")?,
        input: row.input.0,
        error: row.error,
        attempt: row.attempt,
        steps: steps(pool, operation).await?,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

async fn steps(pool: &AnyPool, operation: OperationId) -> Result<Vec<OperationStep>, CatalogError> {
    const READ: &str = "SELECT name, status, attempt, error FROM mt_operation_steps \
         WHERE operation_id = $1 ORDER BY ordinal";
    let rows: Vec<StoredStep> = on!(pool, pool =>
        sqlx::query_as(READ).bind(operation).fetch_all(pool).await?);
    rows.into_iter().map(OperationStep::try_from).collect()
}
