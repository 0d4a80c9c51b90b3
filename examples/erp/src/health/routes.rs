use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use multitenant_axum::Problem;
use multitenant_core::{Clock, Code, Problem as CoreProblem, SystemClock, Timestamp};
use serde::Serialize;

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

#[derive(Serialize)]
struct Word {
    status: &'static str,
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    timestamp: Timestamp,
    /// Seconds.
    uptime: u64,
    database: Databases,
    cache: CacheHealth,
}

#[derive(Serialize)]
struct Databases {
    enterprise: &'static str,
}

async fn live() -> Json<Word> {
    Json(Word { status: "alive" })
}

async fn ready(State(watch): State<Watch>) -> Result<Json<Word>, Problem> {
    if watch.is_catalog_connected().await {
        return Ok(Json(Word { status: "ready" }));
    }
    let wait = Duration::from_secs(1);
    Err(CoreProblem::retry_later(Code::Unavailable, wait, "the catalog is away").into())
}

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
