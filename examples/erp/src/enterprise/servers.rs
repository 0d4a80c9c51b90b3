use axum::extract::State;
use multitenant_axum::{Json, Problem};
use multitenant_core::Timestamp;
use multitenant_core::catalog::NodeConnections;
use multitenant_core::platform::{Platform, ServerStatus};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::told;

/// The database servers, by id.
#[derive(Serialize, ToSchema)]
pub(super) struct Servers {
    servers: Vec<ServerView>,
    total: usize,
}

/// A database server, as the staff see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Server)]
struct ServerView {
    #[schema(example = "main")]
    id: String,
    #[schema(example = "Frankfurt 1")]
    name: String,
    /// `connected` or `disconnected`; left out where the server that answers does not administer it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// Most open connections to clients' databases, over all nodes.
    #[schema(example = 60)]
    max_connections: Option<u32>,
    /// How many clients it takes in proportion to others.
    #[schema(minimum = 1)]
    weight: u32,
    /// Whether a new client may be placed there that does not name it.
    takes_clients: bool,
    /// How many clients there are.
    clients: u64,
    /// What of it each node may have open.
    nodes: Vec<NodeView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A node's part of a server.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ServerNode)]
struct NodeView {
    #[schema(format = "uuid")]
    id: String,
    /// Most connections that it may have open.
    #[schema(example = 30)]
    connections: u32,
    /// When it was last heard of.
    #[schema(value_type = Option<String>, format = DateTime)]
    heartbeat_at: Option<Timestamp>,
}

impl From<ServerStatus> for ServerView {
    fn from(status: ServerStatus) -> Self {
        let word = |reachable| match reachable {
            true => "connected",
            false => "disconnected",
        };
        let server = status.server;
        Self {
            id: server.id.to_string(),
            name: server.name,
            status: status.reachable.map(word),
            max_connections: status.connections,
            weight: server.weight.get(),
            takes_clients: server.takes_tenants,
            clients: server.tenants,
            nodes: status.nodes.into_iter().map(NodeView::from).collect(),
            created_at: server.created_at,
            updated_at: server.updated_at,
        }
    }
}

impl From<NodeConnections> for NodeView {
    fn from(granted: NodeConnections) -> Self {
        Self {
            id: granted.node.to_string(),
            connections: granted.connections,
            heartbeat_at: granted.heartbeat_at,
        }
    }
}

/// Lists the database servers that hold clients' databases, and how their connections are divided.
#[utoipa::path(
    get,
    path = "/servers",
    responses((status = 200, description = "The servers", body = Servers))
)]
pub(super) async fn list(State(platform): State<Platform>) -> Result<Json<Servers>, Problem> {
    let servers = platform.servers().await.map_err(told)?;
    let servers: Vec<_> = servers.into_iter().map(ServerView::from).collect();
    let total = servers.len();
    Ok(Json(Servers { servers, total }))
}
