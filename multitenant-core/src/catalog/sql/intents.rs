use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::catalog::CatalogError;
use crate::events::{Event, EventKind, Intent, IntentError, Intents, Position};
use crate::{TenantId, on};

use super::{LogTransaction, SqlCatalog};

#[derive(sqlx::FromRow)]
struct StoredIntent {
    id: Uuid,
    kind: String,
    tenant_id: Option<TenantId>,
    detail: Option<String>,
}

impl StoredIntent {
    /// What is to be published, as it is, also where only a newer version can read it.
    fn event(&self) -> EventKind {
        let (tenant, detail) = (self.tenant_id, self.detail.as_deref());
        Event::from_parts(Position::START, &self.kind, tenant, detail).kind
    }
}

#[async_trait]
impl Intents for SqlCatalog {
    async fn open(&self, events: Vec<EventKind>) -> Result<Intent, IntentError> {
        let intent = Intent::new(events);
        store(self, &intent).await.map_err(IntentError::new)?;
        Ok(intent)
    }

    async fn close(&self, intent: &Intent) -> Result<(), IntentError> {
        publish(self, intent).await.map_err(IntentError::new)
    }

    async fn sweep(&self, age: Duration) -> Result<usize, IntentError> {
        sweep(self, age).await.map_err(IntentError::new)
    }
}

async fn store(catalog: &SqlCatalog, intent: &Intent) -> sqlx::Result<()> {
    const ADD: &str = "INSERT INTO mt_intents (id, ordinal, kind, tenant_id, detail, opened_at) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    let mut tx = catalog.transaction().await?;
    let now = tx.now();
    for (ordinal, event) in (0_i64..).zip(intent.events()) {
        on!(tx.sql(), sql => sqlx::query(ADD)
            .bind(intent.id())
            .bind(ordinal)
            .bind(event.word())
            .bind(event.tenant())
            .bind(event.detail())
            .bind(now)
            .execute(&mut **sql)
            .await.map(drop)?);
    }
    tx.commit().await
}

async fn publish(catalog: &SqlCatalog, intent: &Intent) -> sqlx::Result<()> {
    let mut tx = catalog.transaction().await?;
    on!(tx.sql(), sql => sqlx::query("DELETE FROM mt_intents WHERE id = $1")
        .bind(intent.id())
        .execute(&mut **sql)
        .await.map(drop)?);
    for event in intent.events() {
        tx.publish(event.clone());
    }
    tx.commit().await
}

async fn sweep(catalog: &SqlCatalog, age: Duration) -> Result<usize, CatalogError> {
    const TAKE: &str = "DELETE FROM mt_intents WHERE opened_at <= $1 \
         RETURNING id, kind, tenant_id, detail";
    if !has_intents(catalog).await? {
        return Ok(0);
    }
    let mut tx: LogTransaction = catalog.transaction().await?;
    let opened_before = tx.before(age);
    let orphans: Vec<StoredIntent> = on!(tx.sql(), sql =>
        sqlx::query_as(TAKE).bind(opened_before).fetch_all(&mut **sql).await?);
    for orphan in &orphans {
        tx.publish(orphan.event());
    }
    tx.commit().await?;
    let ids: HashSet<Uuid> = orphans.iter().map(|orphan| orphan.id).collect();
    Ok(ids.len())
}

/// Spares an idle catalog a write transaction at every sweep of every node.
async fn has_intents(catalog: &SqlCatalog) -> sqlx::Result<bool> {
    let any: Option<i64> = on!(catalog.pool(), pool =>
        sqlx::query_scalar("SELECT ordinal FROM mt_intents LIMIT 1").fetch_optional(pool).await?);
    Ok(any.is_some())
}
