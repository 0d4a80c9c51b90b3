//! What nodes there are, and how they divide the servers' connections.

use std::time::Duration;

use crate::catalog::division::Division;
use crate::catalog::{CatalogError, NodeConnections};
use crate::events::EventKind;
use crate::{NodeId, ServerId, Timestamp, on};

use super::servers::count;
use super::{LogTransaction, SqlCatalog};

/// A node that has said nothing for so long takes no part in a division. What it was granted stays
/// granted: see [`SqlCatalog::forget_node`].
const SILENT: Duration = Duration::from_secs(10);

/// What a node asks of a server.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'c> {
    /// The node.
    pub node: NodeId,
    /// The server.
    pub server: &'c ServerId,
    /// Most connections that all nodes may have there, where the server's row does not say.
    pub unless_said: u32,
    /// Most connections that the node can use.
    pub wants: u32,
    /// Most connections that it has open or may open until it hears the answer.
    pub holds: u32,
}

/// What a node is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Granted {
    /// Most connections that it may open from now on.
    pub allowed: u32,
    /// What it will be allowed once everybody has given up what they have too many.
    pub share: u32,
    /// What is written down: more than allowed where it holds more.
    pub granted: u32,
    /// Most connections of all nodes together.
    pub total: u32,
    /// Who else was granted something, alive or not.
    pub others: Vec<NodeId>,
}

impl SqlCatalog {
    /// Says that a node lives. Called every few seconds; not audited, since nothing changed.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn heartbeat(&self, node: NodeId) -> Result<(), CatalogError> {
        let mut tx = self.transaction().await?;
        beat(&mut tx, node, u32::MAX).await?;
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

    /// Asks for a node's part of a server's connections, and says that the node lives.
    ///
    /// Whoever asks has the server's row to itself until the answer is written down, so that the sum
    /// of what is granted never grows beyond what the server takes. A node opens no connection before
    /// it was granted one, and says in [`holds`](Claim::holds) all that it may have. Not audited; where others
    /// may have more from now on, or have to give up some, an event tells them.
    ///
    /// # Errors
    /// [`CatalogError::ServerUnknown`], [`CatalogError::Database`].
    pub async fn claim(&self, claim: Claim<'_>) -> Result<Granted, CatalogError> {
        let mut tx = self.transaction().await?;
        let said = lock(&mut tx, claim.server).await?;
        beat(&mut tx, claim.node, claim.wants).await?;
        let rows = granted_on(&mut tx, claim.server).await?;
        let before = rows.iter().find(|row| row.node_id == claim.node);
        let before = before.map(|row| count(row.connections));
        let total = said.unwrap_or(claim.unless_said);
        let granted = divide(&rows, tx.before(SILENT), total, claim);
        if before != Some(granted.granted) {
            grant(&mut tx, claim, granted.granted).await?;
        }
        if before.is_none_or(|before| granted.granted < before) && !granted.others.is_empty() {
            tx.publish(EventKind::ServersChanged);
        }
        tx.commit().await?;
        Ok(granted)
    }

    /// Gives back all that a node was granted, for the others to have: it has ended, and none of its
    /// connections is open any more.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn leave(&self, node: NodeId) -> Result<(), CatalogError> {
        let mut tx = self.transaction().await?;
        for text in [
            "DELETE FROM mt_node_connections WHERE node_id = $1",
            "DELETE FROM mt_nodes WHERE id = $1",
        ] {
            on!(tx.sql(), sql => sqlx::query(text)
                .bind(node)
                .execute(&mut **sql)
                .await.map(drop)?);
        }
        tx.publish(EventKind::ServersChanged);
        Ok(tx.commit().await?)
    }

    /// Gives what a node was granted on a server to the others. Silence is no proof that it is gone:
    /// a process that is paused keeps its connections. Call this once the server itself shows that
    /// it has none of them any more.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn forget_node(&self, server: &ServerId, node: NodeId) -> Result<(), CatalogError> {
        const FORGET: &str =
            "DELETE FROM mt_node_connections WHERE server_id = $1 AND node_id = $2";
        let mut tx = self.transaction().await?;
        let forgotten = on!(tx.sql(), sql => sqlx::query(FORGET)
            .bind(server.as_str())
            .bind(node)
            .execute(&mut **sql)
            .await?
            .rows_affected());
        if forgotten > 0 {
            let text = "DELETE FROM mt_nodes WHERE id = $1 AND id NOT IN \
                 (SELECT node_id FROM mt_node_connections)";
            on!(tx.sql(), sql => sqlx::query(text)
                .bind(node)
                .execute(&mut **sql)
                .await.map(drop)?);
            tx.publish(EventKind::ServersChanged);
        }
        Ok(tx.commit().await?)
    }

    /// What every node may have open on every server, by server and node.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn node_connections(&self) -> Result<Vec<NodeConnections>, CatalogError> {
        const READ: &str = "SELECT granted.server_id, granted.node_id, granted.connections, \
             mt_nodes.heartbeat_at FROM mt_node_connections granted \
             LEFT JOIN mt_nodes ON mt_nodes.id = granted.node_id \
             ORDER BY granted.server_id, granted.node_id";
        let rows: Vec<(String, NodeId, i64, Option<Timestamp>)> = on!(self.pool(), pool =>
            sqlx::query_as(READ).fetch_all(pool).await?);
        let read = |(server, node, connections, heartbeat_at): (String, _, _, _)| NodeConnections {
            server: ServerId::new(server),
            node,
            connections: count(connections),
            heartbeat_at,
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

async fn beat(tx: &mut LogTransaction, node: NodeId, wants: u32) -> sqlx::Result<()> {
    const BEAT: &str = "INSERT INTO mt_nodes (id, started_at, heartbeat_at, wants) \
         VALUES ($1, $2, $2, $3) ON CONFLICT (id) DO UPDATE SET heartbeat_at = $2, wants = $3";
    let now = tx.now();
    let wants = (wants != u32::MAX).then_some(i64::from(wants));
    on!(tx.sql(), sql => sqlx::query(BEAT)
        .bind(node)
        .bind(now)
        .bind(wants)
        .execute(&mut **sql)
        .await.map(drop))
}

/// Keeps everybody else from dividing the server until the transaction ends; tells what its row
/// says of connections.
async fn lock(tx: &mut LogTransaction, server: &ServerId) -> Result<Option<u32>, CatalogError> {
    const LOCK: &str = "UPDATE mt_servers SET id = id WHERE id = $1 RETURNING connections";
    let said: Option<Option<i64>> = on!(tx.sql(), sql => sqlx::query_scalar(LOCK)
        .bind(server.as_str())
        .fetch_optional(&mut **sql)
        .await?);
    let said = said.ok_or_else(|| CatalogError::ServerUnknown(server.clone()))?;
    Ok(said.map(count))
}

#[derive(sqlx::FromRow)]
struct GrantedRow {
    node_id: NodeId,
    connections: i64,
    wants: Option<i64>,
    heartbeat_at: Option<Timestamp>,
}

async fn granted_on(tx: &mut LogTransaction, server: &ServerId) -> sqlx::Result<Vec<GrantedRow>> {
    const READ: &str = "SELECT granted.node_id, granted.connections, mt_nodes.wants, \
         mt_nodes.heartbeat_at FROM mt_node_connections granted \
         LEFT JOIN mt_nodes ON mt_nodes.id = granted.node_id \
         WHERE granted.server_id = $1 ORDER BY granted.node_id";
    on!(tx.sql(), sql => sqlx::query_as(READ)
        .bind(server.as_str())
        .fetch_all(&mut **sql)
        .await)
}

/// Divides among those that were heard of since `heard_since`. Ids are in the order of starts.
fn divide(rows: &[GrantedRow], heard_since: Timestamp, total: u32, claim: Claim<'_>) -> Granted {
    let others = || rows.iter().filter(|row| row.node_id != claim.node);
    let live = others().filter(|row| row.heartbeat_at.is_some_and(|at| at >= heard_since));
    let want = |row: &GrantedRow| (row.node_id, row.wants.map_or(u32::MAX, count));
    let mut live: Vec<(NodeId, u32)> = live.map(want).collect();
    let own = live.partition_point(|(node, _)| *node < claim.node);
    live.insert(own, (claim.node, claim.wants));
    let wants: Vec<u32> = live.iter().map(|(_, wants)| *wants).collect();
    let division = Division {
        total,
        others: others().fold(0, |sum, row| sum.saturating_add(count(row.connections))),
        wants: &wants,
        own,
    };
    Granted {
        allowed: division.allowed(),
        share: division.share(),
        granted: division.granted(claim.holds),
        total,
        others: others().map(|row| row.node_id).collect(),
    }
}

async fn grant(tx: &mut LogTransaction, claim: Claim<'_>, granted: u32) -> sqlx::Result<()> {
    const GRANT: &str = "INSERT INTO mt_node_connections \
         (server_id, node_id, connections, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (server_id, node_id) DO UPDATE SET connections = $3, updated_at = $4";
    let now = tx.now();
    on!(tx.sql(), sql => sqlx::query(GRANT)
        .bind(claim.server.as_str())
        .bind(claim.node)
        .bind(i64::from(granted))
        .bind(now)
        .execute(&mut **sql)
        .await.map(drop))
}
