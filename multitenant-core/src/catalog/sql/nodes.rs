use std::time::Duration;

use crate::catalog::{AuditEntry, CatalogError, Change};
use crate::{NodeId, ServerId, on};

use super::SqlCatalog;

impl SqlCatalog {
    /// Says that a node lives. Called every few seconds; not audited, since nothing changed.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn heartbeat(&self, node: NodeId) -> Result<(), CatalogError> {
        const BEAT: &str = "INSERT INTO mt_nodes (id, started_at, heartbeat_at) \
             VALUES ($1, $2, $2) ON CONFLICT (id) DO UPDATE SET heartbeat_at = $2";
        let mut tx = self.transaction().await?;
        let now = tx.now();
        on!(tx.sql(), sql => sqlx::query(BEAT)
            .bind(node)
            .bind(now)
            .execute(&mut **sql)
            .await.map(drop)?);
        Ok(tx.commit().await?)
    }

    /// The nodes that have said within `age` that they live; those that have not are forgotten.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn live_nodes(&self, age: Duration) -> Result<Vec<NodeId>, CatalogError> {
        let mut tx = self.transaction().await?;
        let since = tx.before(age);
        on!(tx.sql(), sql => sqlx::query("DELETE FROM mt_nodes WHERE heartbeat_at < $1")
            .bind(since)
            .execute(&mut **sql)
            .await.map(drop)?);
        let nodes = on!(tx.sql(), sql => sqlx::query_scalar("SELECT id FROM mt_nodes ORDER BY id")
            .fetch_all(&mut **sql)
            .await?);
        tx.commit().await?;
        Ok(nodes)
    }
}

pub(super) async fn add_server(
    catalog: &SqlCatalog,
    change: &Change,
    server: &ServerId,
) -> Result<(), CatalogError> {
    const ADD: &str =
        "INSERT INTO mt_servers (id, created_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    let mut write = catalog.write(change).await?;
    let now = write.now();
    let added = on!(write.sql(), sql => sqlx::query(ADD)
        .bind(server.as_str())
        .bind(now)
        .execute(&mut **sql)
        .await?
        .rows_affected());
    if added == 0 {
        return Ok(());
    }
    write
        .audit(AuditEntry::new("server.add", "server", server))
        .await?;
    write.commit().await
}
