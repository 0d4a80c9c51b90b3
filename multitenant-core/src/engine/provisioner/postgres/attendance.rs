//! A session that holds a lock by the node's id, for others to see.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgConnection;

use super::PostgresProvisioner;
use crate::NodeId;
use crate::engine::provisioner::attendance::Attendance;
use crate::engine::provisioner::error::{During, ProvisionerError, Step};

const PATIENCE: Duration = Duration::from_millis(500);

/// Connections that are left to administration: the platform's own at the catalog and here, sessions
/// that show who lives, listeners, migrations, and an operator who looks what is wrong.
const RESERVE: i64 = 20;

/// By the settings of its server the session lasts as long as those of tenants: it asks for no
/// other keep-alive, on purpose.
struct Session(PgConnection);

#[async_trait]
impl Attendance for Session {
    async fn is_shown(&mut self) -> bool {
        let asked = sqlx::raw_sql("SELECT 1").execute(&mut self.0);
        matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(_)))
    }
}

impl PostgresProvisioner {
    pub(super) async fn show(&self, node: NodeId) -> Result<Box<dyn Attendance>, ProvisionerError> {
        let mut session = self.admin.connect_apart(Step::Attend).await?;
        // Shared: a session of ours that broke may hold it until the server notices.
        sqlx::query("SELECT pg_advisory_lock_shared($1)")
            .bind(key(node))
            .execute(&mut session)
            .await
            .during(Step::Attend)?;
        Ok(Box::new(Session(session)))
    }

    /// Locks are by database, but all are seen from each: it does not matter to which the admin's
    /// URL of either node leads.
    pub(super) async fn shown(&self, among: &[NodeId]) -> Result<Vec<NodeId>, ProvisionerError> {
        const LOCKS: &str = "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks \
             WHERE locktype = 'advisory' AND objsubid = 1 AND granted";
        let held: Vec<i64> = sqlx::query_scalar(LOCKS)
            .fetch_all(self.admin.pool())
            .await
            .during(Step::Attend)?;
        let held: HashSet<i64> = held.into_iter().collect();
        let among = among.iter().copied();
        Ok(among.filter(|node| held.contains(&key(*node))).collect())
    }

    pub(super) async fn room(&self) -> Result<u32, ProvisionerError> {
        const ROOM: &str = "SELECT current_setting('max_connections')::bigint \
             - current_setting('superuser_reserved_connections')::bigint \
             - COALESCE(current_setting('reserved_connections', true)::bigint, 0)";
        let room: i64 = sqlx::query_scalar(ROOM)
            .fetch_one(self.admin.pool())
            .await
            .during(Step::Inspect)?;
        Ok(u32::try_from((room - RESERVE).max(1)).unwrap_or(u32::MAX))
    }
}

/// The lock of a node. Half of an id is random enough.
fn key(node: NodeId) -> i64 {
    let (high, low) = node.as_uuid().as_u64_pair();
    (high ^ low).cast_signed()
}
