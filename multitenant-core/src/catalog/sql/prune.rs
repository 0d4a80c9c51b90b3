//! Deletes what nobody asks for any more, a little at a time.

use std::error::Error;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::catalog::{CatalogError, Pruned, Retention};
use crate::{Timestamp, on};

use super::SqlCatalog;

/// Most rows of a kind that are deleted at once: no other writer waits for long.
const BATCH: i64 = 500;

/// How often rows that are too old are looked for.
const PAUSE: Duration = Duration::from_secs(60);

/// Keeps the newest event whatever its age, so that a reader sees what it has missed by a number
/// that does not follow on its own. Only ever deletes from the front, or there would be gaps.
const EVENTS: &str = "DELETE FROM mt_events WHERE position IN (SELECT position FROM mt_events \
     WHERE position < (SELECT COALESCE(MIN(position), (SELECT MAX(position) FROM mt_events)) \
     FROM mt_events WHERE at >= $1) ORDER BY position LIMIT $2)";

const IDEMPOTENCY_KEYS: &str = "DELETE FROM mt_idempotency_keys WHERE (actor, key) IN \
     (SELECT actor, key FROM mt_idempotency_keys WHERE created_at < $1 \
     ORDER BY created_at LIMIT $2)";

/// Those of the platform's staff. Nobody might sign in for long, and then none would go by that.
const SESSIONS: &str = "DELETE FROM mt_admin_sessions WHERE id IN \
     (SELECT id FROM mt_admin_sessions WHERE COALESCE(ended_at, expires_at) < $1 \
     ORDER BY COALESCE(ended_at, expires_at) LIMIT $2)";

impl SqlCatalog {
    /// Deletes some of what is older than is to be kept, at most some hundred rows of each kind.
    /// Not audited: the deleted tells nothing that audit rows do not.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn prune(&self, retention: &Retention) -> Result<Pruned, CatalogError> {
        Ok(Pruned {
            events: self.prune_older(EVENTS, retention.events).await?,
            idempotency_keys: self
                .prune_older(IDEMPOTENCY_KEYS, retention.idempotency_keys)
                .await?,
            sessions: self.prune_older(SESSIONS, retention.sessions).await?,
        })
    }

    async fn prune_older(&self, sql: &'static str, age: Duration) -> Result<u64, CatalogError> {
        let mut tx = self.transaction().await?;
        let made_before = long_before(tx.now(), age);
        let deleted = on!(tx.sql(), tx => sqlx::query(sql)
            .bind(made_before)
            .bind(BATCH)
            .execute(&mut **tx)
            .await?
            .rows_affected());
        tx.commit().await?;
        Ok(deleted)
    }
}

fn long_before(now: Timestamp, age: Duration) -> Timestamp {
    let age = chrono::TimeDelta::from_std(age).ok();
    let before = age.and_then(|age| now.checked_sub_signed(age));
    before.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Prunes on `runtime` until the returned task is aborted; not at once, since a process that does one
/// command and ends has better to do, and would be cut off in the middle.
pub fn run_pruner(catalog: &SqlCatalog, retention: Retention, runtime: &Handle) -> JoinHandle<()> {
    let catalog = catalog.clone();
    runtime.spawn(async move {
        tokio::time::sleep(PAUSE).await;
        loop {
            match catalog.prune(&retention).await {
                Ok(pruned) if is_full(&pruned) => tokio::task::yield_now().await,
                Ok(_) => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    tracing::warn!(%error, source = ?error.source(), "what is over stays for now");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    })
}

/// Whether more of it may be there.
fn is_full(pruned: &Pruned) -> bool {
    let most = BATCH.unsigned_abs();
    let counts = [pruned.events, pruned.idempotency_keys, pruned.sessions];
    counts.into_iter().any(|count| count >= most)
}
