//! What the tests of the catalog share.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::time::Duration;

use multitenant_core::catalog::{
    Actor, Catalog, Change, Lease, NewOperation, NewTenant, Operations, Reserved, SqlCatalog,
    TenantRow,
};
use multitenant_core::directory::TenantStatus;
use multitenant_core::events::{Event, EventKind, LogReader, Position};
use multitenant_core::{NodeId, Subject, on};

pub const STEPS: &[&str] = &["role", "database", "activate"];

pub fn change() -> Change {
    Change::by(Actor::Admin(Subject::new("alice").unwrap())).in_request("request-1")
}

pub fn new_tenant(slug: &str) -> NewTenant {
    NewTenant::new(slug.parse().unwrap(), format!("{slug} Ltd"), "basic")
}

pub fn new_operation(lease: Duration) -> NewOperation {
    NewOperation {
        kind: "tenant.create",
        steps: STEPS,
        input: serde_json::json!({"adminEmail": "bob@example.org"}),
        node: NodeId::generate(),
        lease,
    }
}

pub const MINUTE: Duration = Duration::from_secs(60);

/// Reserves a tenant and gives what is needed to make it.
pub async fn reserve(catalog: &SqlCatalog, slug: &str) -> (TenantRow, Lease) {
    let tenant = new_tenant(slug);
    let operation = new_operation(MINUTE);
    let reserved = catalog
        .reserve(&change(), &tenant, None, &operation, None)
        .await;
    let Reserved::New(lease) = reserved.unwrap() else {
        panic!("nobody asked for it before");
    };
    (catalog.tenant(tenant.id).await.unwrap().unwrap(), lease)
}

/// A tenant that is served.
pub async fn active(catalog: &SqlCatalog, slug: &str) -> TenantRow {
    let (tenant, lease) = reserve(catalog, slug).await;
    assert_eq!(tenant.status, TenantStatus::Provisioning);
    catalog.activate(&change(), &lease).await.unwrap()
}

/// The whole log.
pub async fn log(catalog: &SqlCatalog) -> Vec<Event> {
    catalog.changes_since(Position::START).await.unwrap()
}

pub async fn kinds(catalog: &SqlCatalog) -> Vec<EventKind> {
    log(catalog)
        .await
        .into_iter()
        .map(|event| event.kind)
        .collect()
}

/// Runs statements that no caller of the catalog could.
pub async fn tamper(catalog: &SqlCatalog, sql: &'static str) -> Result<(), sqlx::Error> {
    on!(catalog.pool(), pool => sqlx::raw_sql(sql).execute(pool).await.map(drop))
}
