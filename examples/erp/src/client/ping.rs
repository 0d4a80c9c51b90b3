use multitenant_axum::{Json, Tenant};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Pong {
    tenant: String,
}

/// Says which client the caller is let through to. Asks no database.
pub(super) async fn ping(tenant: Tenant) -> Json<Pong> {
    Json(Pong {
        tenant: tenant.slug().to_string(),
    })
}
