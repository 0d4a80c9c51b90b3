use async_trait::async_trait;

use crate::catalog::CatalogError;
use crate::catalog::error::Read;
use crate::directory::Names;
use crate::engine::AnyPool;
use crate::events::{Event, FollowError, InvalidEvent, LogReader, Position};
use crate::{TenantId, on};

use super::SqlCatalog;

#[derive(sqlx::FromRow)]
struct StoredEvent {
    position: i64,
    kind: String,
    tenant_id: Option<TenantId>,
    detail: Option<String>,
}

impl TryFrom<StoredEvent> for Event {
    type Error = InvalidEvent;

    fn try_from(row: StoredEvent) -> Result<Self, InvalidEvent> {
        let position = Position::new(row.position);
        Self::from_parts(position, &row.kind, row.tenant_id, row.detail.as_deref())
    }
}

#[async_trait]
impl LogReader for SqlCatalog {
    async fn changes_since(&self, position: Position) -> Result<Vec<Event>, FollowError> {
        const READ: &str = "SELECT position, kind, tenant_id, detail FROM mt_events \
             WHERE position > $1 ORDER BY position LIMIT 500";
        let rows: sqlx::Result<Vec<StoredEvent>> = on!(self.pool(), pool =>
            sqlx::query_as(READ).bind(position.number()).fetch_all(pool).await);
        let events = rows.map_err(FollowError::new)?.into_iter();
        let events = events.map(Event::try_from).collect::<Result<_, _>>();
        events.map_err(FollowError::new)
    }
}

#[derive(sqlx::FromRow)]
struct StoredName {
    position: i64,
    id: Option<TenantId>,
    slug: Option<String>,
}

/// One statement sees one state of the database, so the place in the log fits the names.
pub(super) async fn names(pool: &AnyPool) -> Result<Names, CatalogError> {
    const READ: &str = "SELECT head.position, tenant.id, tenant.slug FROM mt_event_head head \
         LEFT JOIN mt_tenants tenant ON head.id = 1";
    let rows: Vec<StoredName> = on!(pool, pool => sqlx::query_as(READ).fetch_all(pool).await?);
    let position = rows.first().map_or(0, |row| row.position);
    let names = rows.into_iter().filter_map(|row| row.id.zip(row.slug));
    let names = names.map(|(id, slug)| Ok((id, slug.parse().read("slug of a tenant")?)));
    Ok(Names {
        position: Position::new(position),
        names: names.collect::<Result<_, CatalogError>>()?,
    })
}
