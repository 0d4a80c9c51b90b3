use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use multitenant_axum::Problem;
use multitenant_core::{Clock, Code, Problem as CoreProblem, SystemClock, Timestamp};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::watch::Watch;
use super::{CacheHealth, Probe};

/// `GET /livez`, `GET /readyz`, `GET /api/health`. They tell nothing of any client, so anybody may
/// ask.
pub fn routes(probe: Arc<dyn Probe>) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/api/health", get(health))
        .with_state(Watch::new(probe))
}

/// The probes, as the document has them.
#[derive(OpenApi)]
#[openapi(paths(live, ready, health))]
pub(crate) struct Documented;

/// How the server is, in a word.
#[derive(Serialize, ToSchema)]
struct Word {
    status: &'static str,
}

/// How the server is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `healthy` or `unhealthy`.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// Seconds.
    uptime: u64,
    database: Databases,
    cache: CacheHealth,
}

/// Whether the databases that everything stands on can be reached.
#[derive(Serialize, ToSchema)]
struct Databases {
    /// `connected` or `disconnected`.
    enterprise: &'static str,
}

/// Whether the server lives.
#[utoipa::path(
    get,
    path = "/livez",
    responses((status = 200, description = "It lives", body = Word))
)]
async fn live() -> Json<Word> {
    Json(Word { status: "alive" })
}

/// Whether the server can be given work.
#[utoipa::path(
    get,
    path = "/readyz",
    responses((status = 200, description = "It can be given work", body = Word)),
    extensions(("x-problems" = json!(["unavailable"])))
)]
async fn ready(State(watch): State<Watch>) -> Result<Json<Word>, Problem> {
    if watch.is_catalog_connected().await {
        return Ok(Json(Word { status: "ready" }));
    }
    let wait = Duration::from_secs(1);
    Err(CoreProblem::retry_later(Code::Unavailable, wait, "the catalog is away").into())
}

/// How the server is.
#[utoipa::path(
    get,
    path = "/api/health",
    responses((status = 200, description = "It is healthy", body = Health), (status = 503, description = "It is not", body = Health))
)]
async fn health(State(watch): State<Watch>) -> (StatusCode, Json<Health>) {
    let (code, status, enterprise) = match watch.is_catalog_connected().await {
        true => (StatusCode::OK, "healthy", "connected"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "disconnected"),
    };
    let health = Health {
        status,
        timestamp: SystemClock.now(),
        uptime: watch.uptime().as_secs(),
        database: Databases { enterprise },
        cache: watch.cache(),
    };
    (code, Json(health))
}
