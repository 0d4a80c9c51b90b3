use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::Instant;

use super::admin::{as_member_of, run};
use crate::TenantId;
use crate::engine::provisioner::error::{During, ProvisionError, Step};
use crate::engine::provisioner::names::{DatabaseName, RoleName};

/// How long sessions may take to end.
const DEADLINE: Duration = Duration::from_secs(10);
/// A session that is starting is not yet listed; so one looks twice, this far apart.
const SECOND_LOOK: Duration = Duration::from_millis(20);

/// Ends a login's sessions in all databases, and returns once none is left.
pub(super) async fn end_sessions(
    admin: &mut PgConnection,
    step: Step,
    tenant: TenantId,
    login: &RoleName,
) -> Result<(), ProvisionError> {
    let deadline = Instant::now() + DEADLINE;
    let mut quiet_looks = 0;
    while quiet_looks < 2 {
        let count = count_sessions(admin, step, login).await?;
        if count == 0 {
            quiet_looks += 1;
            tokio::time::sleep(SECOND_LOOK).await;
        } else if Instant::now() > deadline {
            return Err(ProvisionError::SessionsRemain { tenant, count });
        } else {
            quiet_looks = 0;
            terminate(admin, step, login, "true").await?;
        }
    }
    Ok(())
}

/// Ends a role's sessions in one database, as far as there are any.
pub(super) async fn end_sessions_in(
    admin: &mut PgConnection,
    step: Step,
    database: &DatabaseName,
    role: &RoleName,
) -> Result<(), ProvisionError> {
    let any: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = $1 AND datname = $2)",
    )
    .bind(role.as_str())
    .bind(database.as_str())
    .fetch_one(&mut *admin)
    .await
    .during(step)?;
    if any {
        let there = format!("datname = '{database}'");
        terminate(admin, step, role, &there).await?;
    }
    Ok(())
}

async fn count_sessions(
    admin: &mut PgConnection,
    step: Step,
    role: &RoleName,
) -> Result<i64, ProvisionError> {
    sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE usename = $1")
        .bind(role.as_str())
        .fetch_one(admin)
        .await
        .during(step)
}

/// Only a member of a role may end its sessions. Waits up to a second for each to be gone.
async fn terminate(
    admin: &mut PgConnection,
    step: Step,
    role: &RoleName,
    condition: &str,
) -> Result<(), ProvisionError> {
    let terminate = format!(
        "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
         WHERE usename = {} AND {condition}",
        role.literal()
    );
    run(admin, step, as_member_of(role, &terminate)).await
}
