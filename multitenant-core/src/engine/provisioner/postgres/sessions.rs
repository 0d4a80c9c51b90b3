use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::Instant;

use super::admin::{as_member_of, run};
use crate::TenantId;
use crate::engine::provisioner::error::{During, ProvisionerError, Step};
use crate::engine::provisioner::names::{DatabaseName, DatabaseRole};

/// How long sessions may take to end.
const DEADLINE: Duration = Duration::from_secs(10);
/// A session that is starting is not yet listed; so none must be seen twice, this far apart.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Does not wait for the ends: the server would look for them every 100 ms only.
const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity";

/// Ends a login's sessions in all databases, and returns once none is left.
pub(super) async fn end_sessions(
    admin: &mut PgConnection,
    step: Step,
    tenant: TenantId,
    login: &DatabaseRole,
) -> Result<(), ProvisionerError> {
    let deadline = Instant::now() + DEADLINE;
    let mut quiet_looks = 0;
    while quiet_looks < 2 {
        let count = count_sessions(admin, step, login).await?;
        if count == 0 {
            quiet_looks += 1;
        } else if Instant::now() > deadline {
            return Err(ProvisionerError::SessionsRemain { tenant, count });
        } else {
            quiet_looks = 0;
            terminate(admin, step, login, "true").await?;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}

/// Ends the sessions of the admin and of these roles in one database.
pub(super) async fn end_sessions_in(
    admin: &mut PgConnection,
    step: Step,
    database: &DatabaseName,
    roles: &[&DatabaseRole],
) -> Result<(), ProvisionerError> {
    let there = format!("datname = '{database}'");
    let own = format!("{TERMINATE} WHERE usename = current_user AND {there}");
    run(admin, step, own).await?;
    // An autovacuum worker has no user.
    let connected: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT usename::text FROM pg_stat_activity \
         WHERE datname = $1 AND usename IS NOT NULL",
    )
    .bind(database.as_str())
    .fetch_all(&mut *admin)
    .await
    .during(step)?;
    let is_connected = |role: &&&DatabaseRole| connected.iter().any(|user| user == role.as_str());
    for role in roles.iter().filter(is_connected) {
        terminate(admin, step, role, &there).await?;
    }
    Ok(())
}

async fn count_sessions(
    admin: &mut PgConnection,
    step: Step,
    role: &DatabaseRole,
) -> Result<i64, ProvisionerError> {
    sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE usename = $1")
        .bind(role.as_str())
        .fetch_one(admin)
        .await
        .during(step)
}

/// Only a member of a role may end its sessions.
async fn terminate(
    admin: &mut PgConnection,
    step: Step,
    role: &DatabaseRole,
    condition: &str,
) -> Result<(), ProvisionerError> {
    let terminate = format!(
        "{TERMINATE} WHERE usename = {} AND {condition}",
        role.literal()
    );
    run(admin, step, as_member_of(role, &terminate)).await
}
