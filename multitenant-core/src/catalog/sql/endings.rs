//! Where an operation goes from running, proved by its lease.

use serde_json::json;

use crate::catalog::{CatalogError, Lease, OperationStatus, Outcome, StepStatus};
use crate::on;

use super::{Write, lease, operation_audit};

/// Writes nothing where the operation was turned back before.
pub(super) async fn turn_back(
    mut write: Write<'_>,
    lease: &Lease,
    error: &str,
) -> Result<(), CatalogError> {
    match lease::prove(write.tx(), lease).await? {
        OperationStatus::Undoing => Ok(()),
        _ => {
            let undoing = OperationStatus::Undoing;
            set_status(&mut write, lease, undoing, Some(error)).await?;
            write.commit().await
        }
    }
}

/// Ends an operation as part of a change. The first error stays told.
pub(super) async fn end(
    write: &mut Write<'_>,
    lease: &Lease,
    outcome: Outcome,
) -> Result<(), CatalogError> {
    lease::prove(write.tx(), lease).await?;
    end_proved(write, lease, outcome).await
}

/// Ends an operation that nobody has turned back.
pub(super) async fn succeed(write: &mut Write<'_>, lease: &Lease) -> Result<(), CatalogError> {
    match lease::prove(write.tx(), lease).await? {
        OperationStatus::Running => end_proved(write, lease, Outcome::Succeeded).await,
        // What is being undone is never finished instead.
        _ => Err(CatalogError::LeaseLost(lease.operation)),
    }
}

async fn end_proved(
    write: &mut Write<'_>,
    lease: &Lease,
    outcome: Outcome,
) -> Result<(), CatalogError> {
    settle_steps(write, lease, outcome).await?;
    set_status(write, lease, outcome.status(), None).await
}

async fn set_status(
    write: &mut Write<'_>,
    lease: &Lease,
    status: OperationStatus,
    error: Option<&str>,
) -> Result<(), CatalogError> {
    const SET: &str =
        "UPDATE mt_operations SET status = $2, error = COALESCE(error, $3) WHERE id = $1";
    on!(write.sql(), sql => sqlx::query(SET)
        .bind(lease.operation)
        .bind(status.as_str())
        .bind(error)
        .execute(&mut **sql)
        .await.map(drop)?);
    let details = json!({"status": status.as_str(), "error": error});
    let action = match status {
        OperationStatus::Undoing => "operation.turn_back",
        _ => "operation.finish",
    };
    operation_audit::add(write, action, lease.operation, lease.tenant, details).await
}

/// Writes of the steps what the end tells of them: not each was marked when it was done.
async fn settle_steps(
    write: &mut Write<'_>,
    lease: &Lease,
    outcome: Outcome,
) -> Result<(), CatalogError> {
    const SETTLE: &str = "UPDATE mt_operation_steps SET status = $3, attempt = $4, \
         updated_at = $5 WHERE operation_id = $1 AND status = $2";
    let (from, to) = match outcome {
        Outcome::Succeeded => (StepStatus::Pending, StepStatus::Done),
        Outcome::Undone => (StepStatus::Done, StepStatus::Undone),
        Outcome::Failed => return Ok(()),
    };
    let now = write.now();
    on!(write.sql(), sql => sqlx::query(SETTLE)
        .bind(lease.operation)
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(lease.attempt)
        .bind(now)
        .execute(&mut **sql)
        .await.map(drop)?);
    Ok(())
}
