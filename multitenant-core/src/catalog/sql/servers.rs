use std::num::NonZeroU32;

use serde_json::{Map, Value, json};

use crate::catalog::{AuditEntry, CatalogError, Change, ServerPatch, ServerRow};
use crate::engine::AnyPool;
use crate::events::EventKind;
use crate::{ServerId, Timestamp, on};

use super::{SqlCatalog, Write};

macro_rules! columns {
    () => {
        "id, COALESCE(name, id) AS name, connections, weight, takes_tenants, created_at, \
         COALESCE(updated_at, created_at) AS updated_at, \
         (SELECT COUNT(*) FROM mt_tenants WHERE server_id = mt_servers.id) AS tenants"
    };
}

#[derive(sqlx::FromRow)]
struct StoredServer {
    id: String,
    name: String,
    connections: Option<i64>,
    weight: i64,
    takes_tenants: bool,
    tenants: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<StoredServer> for ServerRow {
    fn from(row: StoredServer) -> Self {
        Self {
            id: ServerId::new(row.id),
            name: row.name,
            connections: row.connections.and_then(at_least_one),
            weight: at_least_one(row.weight).unwrap_or(NonZeroU32::MIN),
            takes_tenants: row.takes_tenants,
            tenants: row.tenants.try_into().unwrap_or_default(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

fn at_least_one(stored: i64) -> Option<NonZeroU32> {
    NonZeroU32::new(count(stored))
}

/// A number that the table bounds.
pub(super) fn count(stored: i64) -> u32 {
    u32::try_from(stored.max(0)).unwrap_or(u32::MAX)
}

pub(super) async fn add(
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

pub(super) async fn list(pool: &AnyPool) -> Result<Vec<ServerRow>, CatalogError> {
    const READ: &str = concat!("SELECT ", columns!(), " FROM mt_servers ORDER BY id");
    let rows: Vec<StoredServer> = on!(pool, pool => sqlx::query_as(READ).fetch_all(pool).await?);
    Ok(rows.into_iter().map(ServerRow::from).collect())
}

pub(super) async fn patch(
    mut write: Write<'_>,
    server: &ServerId,
    patch: &ServerPatch,
) -> Result<ServerRow, CatalogError> {
    const PATCH: &str = "UPDATE mt_servers SET name = $2, connections = $3, weight = $4, \
         takes_tenants = $5, updated_at = $6 WHERE id = $1";
    let before = lock(&mut write, server).await?;
    let after = patched(&before, patch, write.now());
    let details = differences(&before, &after);
    if details.is_empty() {
        return Ok(before);
    }
    on!(write.sql(), sql => sqlx::query(PATCH)
        .bind(server.as_str())
        .bind(&after.name)
        .bind(after.connections.map(|most| i64::from(most.get())))
        .bind(i64::from(after.weight.get()))
        .bind(after.takes_tenants)
        .bind(after.updated_at)
        .execute(&mut **sql)
        .await.map(drop)?);
    let entry = AuditEntry::new("server.patch", "server", server);
    let details = Value::Object(details);
    write.audit(entry.with_details(details)).await?;
    write.publish(EventKind::ServersChanged);
    write.commit().await?;
    Ok(after)
}

/// Reads a server's row and keeps everybody else from changing it until the transaction ends.
async fn lock(write: &mut Write<'_>, server: &ServerId) -> Result<ServerRow, CatalogError> {
    const LOCK: &str = concat!(
        "UPDATE mt_servers SET id = id WHERE id = $1 RETURNING ",
        columns!()
    );
    let row: Option<StoredServer> = on!(write.sql(), sql =>
        sqlx::query_as(LOCK).bind(server.as_str()).fetch_optional(&mut **sql).await?);
    let row = row.ok_or_else(|| CatalogError::ServerUnknown(server.clone()))?;
    Ok(row.into())
}

fn patched(before: &ServerRow, patch: &ServerPatch, now: Timestamp) -> ServerRow {
    let mut after = before.clone();
    let patch = patch.clone();
    after.name = patch.name.unwrap_or(after.name);
    after.connections = patch.connections.unwrap_or(after.connections);
    after.weight = patch.weight.unwrap_or(after.weight);
    after.takes_tenants = patch.takes_tenants.unwrap_or(after.takes_tenants);
    after.updated_at = now;
    after
}

fn differences(before: &ServerRow, after: &ServerRow) -> Map<String, Value> {
    let field = |name: &str, from: Value, to: Value| {
        (from != to).then(|| (name.to_owned(), json!({"from": from, "to": to})))
    };
    let (b, a) = (before, after);
    let fields = [
        field("name", json!(b.name), json!(a.name)),
        field("connections", json!(b.connections), json!(a.connections)),
        field("weight", json!(b.weight), json!(a.weight)),
        field(
            "takesTenants",
            json!(b.takes_tenants),
            json!(a.takes_tenants),
        ),
    ];
    fields.into_iter().flatten().collect()
}
