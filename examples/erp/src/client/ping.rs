use multitenant_axum::{Json, Tenant};
use serde::Serialize;
use utoipa::ToSchema;

/// Which client the caller is let through to.
#[derive(Serialize, ToSchema)]
pub(super) struct Pong {
    #[schema(example = "acme")]
    tenant: String,
}

/// Says which client the caller is let through to. Asks no database.
#[utoipa::path(
    get,
    path = "/ping",
    responses((status = 200, description = "The client", body = Pong))
)]
pub(super) async fn ping(tenant: Tenant) -> Json<Pong> {
    Json(Pong {
        tenant: tenant.slug().to_string(),
    })
}
