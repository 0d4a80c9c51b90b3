use std::time::Duration;

use axum::extract::State;
use multitenant_axum::{Json, Path, Problem};
use multitenant_core::TenantId;
use multitenant_core::platform::Platform;
use multitenant_core::tenant::{Tenant, TenantError};
use serde::Serialize;
use utoipa::ToSchema;

use super::clients::find;

/// How long a client's database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a client is, as far as the server sees that answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClientHealth)]
pub(super) struct ClientHealth {
    /// `connected` where its database answers, `disconnected` where it does not within two seconds,
    /// `closed` where the client is not served.
    #[schema(example = "connected", pattern = "^(connected|disconnected|closed)$")]
    database: &'static str,
    /// Which server holds its database.
    #[schema(example = "main")]
    server: String,
    connections: Connections,
}

/// A client's connections on the server that answers.
#[derive(Default, Serialize, ToSchema)]
struct Connections {
    /// Those that are open.
    open: usize,
    /// Those of them that nobody uses now.
    idle: usize,
    /// Requests that wait for one.
    waiting: usize,
}

/// Shows whether a client's database answers, and its connections here.
#[utoipa::path(
    get,
    path = "/clients/{id}/health",
    params(("id" = String, Path, format = "uuid", description = "The client's id")),
    responses((status = 200, description = "How the client is", body = ClientHealth))
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    Path(id): Path<TenantId>,
) -> Result<Json<ClientHealth>, Problem> {
    let client = find(&platform, id).await?;
    let (database, connections) = match platform.tenant(id).await {
        Ok(tenant) => (answer_of(&tenant).await, connections_of(&tenant)),
        Err(TenantError::NotServed(_) | TenantError::Unknown) => ("closed", Connections::default()),
        Err(_) => ("disconnected", Connections::default()),
    };
    Ok(Json(ClientHealth {
        database,
        server: client.server.to_string(),
        connections,
    }))
}

async fn answer_of(tenant: &Tenant) -> &'static str {
    match tokio::time::timeout(PATIENCE, tenant.check()).await {
        Ok(Ok(true)) => "connected",
        _ => "disconnected",
    }
}

fn connections_of(tenant: &Tenant) -> Connections {
    let (open, idle) = tenant.connections();
    Connections {
        open,
        idle,
        waiting: tenant.waiting(),
    }
}
