use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::catalog::error::Read;
use crate::catalog::{AuditFilter, AuditRecord, CatalogError, Listed, Page};
use crate::engine::AnyPool;
use crate::{TenantId, Timestamp, on};

macro_rules! wanted {
    () => {
        " FROM mt_audit_logs WHERE ($1 IS NULL OR tenant_id = $1) \
         AND ($2 IS NULL OR actor = $2) AND ($3 IS NULL OR action = $3) \
         AND ($4 IS NULL OR entity = $4) AND ($5 IS NULL OR entity_id = $5)"
    };
}

#[derive(sqlx::FromRow)]
struct StoredRecord {
    id: Uuid,
    at: Timestamp,
    actor: String,
    on_behalf_of: Option<String>,
    action: String,
    entity: String,
    entity_id: String,
    tenant_id: Option<TenantId>,
    reason: Option<String>,
    request_id: Option<String>,
    details: Json<Value>,
}

impl TryFrom<StoredRecord> for AuditRecord {
    type Error = CatalogError;

    fn try_from(row: StoredRecord) -> Result<Self, CatalogError> {
        let actor = |text: String| text.parse().read("actor of an audit row");
        Ok(Self {
            id: row.id,
            at: row.at,
            actor: actor(row.actor)?,
            on_behalf_of: row.on_behalf_of.map(actor).transpose()?,
            action: row.action,
            entity: row.entity,
            entity_id: row.entity_id,
            tenant: row.tenant_id,
            reason: row.reason,
            request_id: row.request_id,
            details: row.details.0,
        })
    }
}

pub(super) async fn list(
    pool: &AnyPool,
    filter: &AuditFilter,
    page: Page,
) -> Result<Listed<AuditRecord>, CatalogError> {
    const READ: &str = concat!(
        "SELECT id, at, actor, on_behalf_of, action, entity, entity_id, tenant_id, reason, \
         request_id, details",
        wanted!(),
        " ORDER BY id DESC LIMIT $6 OFFSET $7"
    );
    let actor = filter.actor.as_ref().map(ToString::to_string);
    let rows: Vec<StoredRecord> = on!(pool, pool => sqlx::query_as(READ)
        .bind(filter.tenant)
        .bind(actor)
        .bind(filter.action.as_deref())
        .bind(filter.entity.as_deref())
        .bind(filter.entity_id.as_deref())
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(pool)
        .await?);
    let items = rows.into_iter().map(AuditRecord::try_from);
    Ok(Listed {
        items: items.collect::<Result<_, _>>()?,
        total: count(pool, filter).await?,
    })
}

async fn count(pool: &AnyPool, filter: &AuditFilter) -> sqlx::Result<i64> {
    const COUNT: &str = concat!("SELECT COUNT(*)", wanted!());
    let actor = filter.actor.as_ref().map(ToString::to_string);
    on!(pool, pool => sqlx::query_scalar(COUNT)
        .bind(filter.tenant)
        .bind(actor)
        .bind(filter.action.as_deref())
        .bind(filter.entity.as_deref())
        .bind(filter.entity_id.as_deref())
        .fetch_one(pool)
        .await)
}
