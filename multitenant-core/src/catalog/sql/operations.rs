use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sqlx::types::Json;

use crate::catalog::{
    CatalogError, Change, Lease, NewOperation, Operation, OperationStatus, Operations, Outcome,
    StepStatus, TenantRow, Workable,
};
use crate::{NodeId, OperationId, TenantId, on};

use super::{
    SqlCatalog, Write, abandoned, endings, gone, lease, operation_audit, stored_operation,
    tenant_state, tenants,
};

#[async_trait]
impl Operations for SqlCatalog {
    async fn begin(
        &self,
        change: &Change,
        tenant: TenantId,
        operation: &NewOperation,
    ) -> Result<Lease, CatalogError> {
        let mut write = self.write(change).await?;
        tenants::lock(&mut write, tenant).await?;
        let lease = insert(&mut write, tenant, operation).await?;
        write.commit().await?;
        Ok(lease)
    }

    async fn operation(&self, operation: OperationId) -> Result<Option<Operation>, CatalogError> {
        stored_operation::read(self.pool(), operation).await
    }

    async fn abandoned(
        &self,
        workable: &Workable,
        after: Option<OperationId>,
    ) -> Result<Vec<OperationId>, CatalogError> {
        abandoned::after(self, workable, after).await
    }

    async fn gone(&self, among: &[TenantId]) -> Result<Vec<TenantId>, CatalogError> {
        gone::among(self.pool(), among).await
    }

    async fn take_over_silent(
        &self,
        operation: OperationId,
        node: NodeId,
        lasts: Duration,
        silence: Duration,
    ) -> Result<Lease, CatalogError> {
        lease::take_over(self, operation, node, lasts, silence).await
    }

    async fn check(&self, lease: &Lease) -> Result<(), CatalogError> {
        lease::check(self, lease).await
    }

    async fn renew(&self, lease: &Lease) -> Result<(), CatalogError> {
        lease::renew(self, lease).await
    }

    async fn mark(
        &self,
        lease: &Lease,
        step: &str,
        status: StepStatus,
        error: Option<&str>,
    ) -> Result<(), CatalogError> {
        const MARK: &str = "UPDATE mt_operation_steps SET status = $3, error = $4, attempt = $5, \
             updated_at = $6 WHERE operation_id = $1 AND name = $2";
        let mut tx = self.transaction().await?;
        lease::prove(&mut tx, lease).await?;
        let now = tx.now();
        let marked = on!(tx.sql(), sql => sqlx::query(MARK)
            .bind(lease.operation)
            .bind(step)
            .bind(status.as_str())
            .bind(error)
            .bind(lease.attempt)
            .bind(now)
            .execute(&mut **sql)
            .await?
            .rows_affected());
        if marked == 0 {
            return Err(CatalogError::StepUnknown {
                operation: lease.operation,
                step: step.to_owned(),
            });
        }
        Ok(tx.commit().await?)
    }

    async fn turn_back(
        &self,
        change: &Change,
        lease: &Lease,
        error: &str,
    ) -> Result<(), CatalogError> {
        endings::turn_back(self.write(change).await?, lease, error).await
    }

    async fn finish(
        &self,
        change: &Change,
        lease: &Lease,
        outcome: Outcome,
    ) -> Result<(), CatalogError> {
        let mut write = self.write(change).await?;
        endings::end(&mut write, lease, outcome).await?;
        write.commit().await
    }

    async fn activate(&self, change: &Change, lease: &Lease) -> Result<TenantRow, CatalogError> {
        tenant_state::activate(self.write(change).await?, lease).await
    }

    async fn migrated(
        &self,
        change: &Change,
        lease: &Lease,
        schema_version: &str,
    ) -> Result<TenantRow, CatalogError> {
        tenant_state::migrated(self.write(change).await?, lease, schema_version).await
    }

    async fn remove(
        &self,
        change: &Change,
        lease: &Lease,
        outcome: Outcome,
    ) -> Result<(), CatalogError> {
        tenant_state::remove(self.write(change).await?, lease, outcome).await
    }
}

/// Begins an operation with its steps and its audit row, as part of a change.
pub(super) async fn insert(
    write: &mut Write<'_>,
    tenant: TenantId,
    new: &NewOperation,
) -> Result<Lease, CatalogError> {
    const ADD: &str = "INSERT INTO mt_operations (id, kind, tenant_id, status, input, \
         lease_node, lease_until, attempt, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)";
    let lease = Lease {
        operation: OperationId::generate(),
        tenant,
        node: new.node,
        attempt: 1,
        lasts: new.lease,
    };
    let (now, until) = (write.now(), write.tx().after(new.lease));
    let added = on!(write.sql(), sql => sqlx::query(ADD)
        .bind(lease.operation)
        .bind(new.kind)
        .bind(tenant)
        .bind(OperationStatus::Running.as_str())
        .bind(Json(&new.input))
        .bind(lease.node)
        .bind(until)
        .bind(lease.attempt)
        .bind(now)
        .execute(&mut **sql)
        .await
        .map(drop));
    added.map_err(|error| match error.as_database_error() {
        Some(refusal) if refusal.is_unique_violation() => CatalogError::TenantBusy(tenant),
        _ => error.into(),
    })?;
    insert_steps(write, &lease, new.steps).await?;
    let details = json!({"kind": new.kind});
    operation_audit::add(write, "operation.begin", lease.operation, tenant, details).await?;
    Ok(lease)
}

async fn insert_steps(
    write: &mut Write<'_>,
    lease: &Lease,
    steps: &[&str],
) -> Result<(), CatalogError> {
    const ADD: &str = "INSERT INTO mt_operation_steps \
         (operation_id, ordinal, name, status, attempt, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    let now = write.now();
    for (ordinal, step) in (0_i64..).zip(steps) {
        on!(write.sql(), sql => sqlx::query(ADD)
            .bind(lease.operation)
            .bind(ordinal)
            .bind(*step)
            .bind(StepStatus::Pending.as_str())
            .bind(lease.attempt)
            .bind(now)
            .execute(&mut **sql)
            .await.map(drop)?);
    }
    Ok(())
}
