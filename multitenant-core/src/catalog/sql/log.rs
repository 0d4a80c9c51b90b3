use async_trait::async_trait;

use crate::catalog::CatalogError;
use crate::catalog::error::Read;
use crate::directory::Names;
use crate::engine::AnyPool;
use crate::events::{Event, EventKind, FollowError, LogReader, Position};
use crate::{TenantId, Timestamp, on};

use super::SqlCatalog;

/// An event, or none, beside the place of the last.
#[derive(sqlx::FromRow)]
struct StoredEvent {
    head: i64,
    head_at: Option<Timestamp>,
    position: Option<i64>,
    at: Option<Timestamp>,
    kind: Option<String>,
    tenant_id: Option<TenantId>,
    detail: Option<String>,
}

impl StoredEvent {
    fn head(&self) -> Position {
        Position::new(self.head).written_at(self.head_at)
    }

    /// Whether another event was read in its place.
    fn is_rewritten(&self, read: Position) -> bool {
        let is_there = self.position == Some(read.number());
        is_there && self.at.is_some_and(|at| read.is_rewritten_at(at))
    }

    fn read(self) -> Option<Event> {
        let (position, kind) = (Position::new(self.position?), self.kind?);
        let (position, detail) = (position.written_at(self.at), self.detail.as_deref());
        Some(Event::from_parts(position, &kind, self.tenant_id, detail))
    }
}

#[async_trait]
impl LogReader for SqlCatalog {
    /// Reads the last known event again with those that follow: one row more, by its key.
    async fn changes_since(&self, position: Position) -> Result<Vec<Event>, FollowError> {
        const READ: &str = "SELECT head.position AS head, newest.at AS head_at, \
             logged.position, logged.at, logged.kind, logged.tenant_id, logged.detail \
             FROM mt_event_head head \
             LEFT JOIN mt_events newest ON newest.position = head.position LEFT JOIN \
             (SELECT position, at, kind, tenant_id, detail FROM mt_events \
             WHERE position >= $1 ORDER BY position LIMIT 501) logged ON TRUE \
             ORDER BY logged.position";
        let rows: sqlx::Result<Vec<StoredEvent>> = on!(self.pool(), pool =>
            sqlx::query_as(READ).bind(position.number()).fetch_all(pool).await);
        let rows = rows.map_err(FollowError::new)?;
        let head = rows.first().map_or(position, StoredEvent::head);
        let is_rewritten = rows.first().is_some_and(|row| row.is_rewritten(position));
        if head < position || is_rewritten {
            // The catalog was restored: what was read of it lately has never been.
            let kind = EventKind::Missed;
            return Ok(vec![Event {
                position: head,
                kind,
            }]);
        }
        let events = rows.into_iter().filter_map(StoredEvent::read);
        let events = events.filter(|event| event.position > position);
        Ok(after(position, events.collect()))
    }
}

/// Says where events between `position` and these are gone from the log. Numbers have no gaps, and
/// the newest event always stays.
fn after(position: Position, mut events: Vec<Event>) -> Vec<Event> {
    let before_first = events.first().map(|event| event.position.number() - 1);
    if let Some(number) = before_first.filter(|number| *number > position.number()) {
        let position = Position::new(number);
        let kind = EventKind::Missed;
        events.insert(0, Event { position, kind });
    }
    events
}

#[derive(sqlx::FromRow)]
struct StoredName {
    position: i64,
    at: Option<Timestamp>,
    tenant: Option<TenantId>,
    slug: Option<String>,
    domain: Option<String>,
}

/// One statement sees one state of the database, so the place in the log fits the names.
pub(super) async fn names(pool: &AnyPool) -> Result<Names, CatalogError> {
    const READ: &str = "WITH head AS (SELECT mt_event_head.position, mt_events.at \
         FROM mt_event_head LEFT JOIN mt_events ON mt_events.position = mt_event_head.position) \
         SELECT position, at, mt_tenants.id AS tenant, slug, NULL AS domain \
         FROM head LEFT JOIN mt_tenants ON TRUE \
         UNION ALL SELECT position, at, tenant_id, NULL, name \
         FROM head JOIN mt_tenant_domains ON TRUE";
    let rows: Vec<StoredName> = on!(pool, pool => sqlx::query_as(READ).fetch_all(pool).await?);
    let head = |row: &StoredName| Position::new(row.position).written_at(row.at);
    let mut names = Names {
        position: rows.first().map_or(Position::START, head),
        ..Names::default()
    };
    for row in rows {
        match (row.tenant, row.slug, row.domain) {
            (Some(tenant), Some(slug), None) => {
                let slug = slug.parse().read("slug of a tenant")?;
                names.names.push((tenant, slug));
            }
            (Some(tenant), None, Some(domain)) => {
                let domain = domain.parse().read("domain of a tenant")?;
                names.domains.push((domain, tenant));
            }
            _ => {}
        }
    }
    Ok(names)
}
