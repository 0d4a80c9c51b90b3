//! What the server says about its health.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{TestServer, assert_problem, header};
use async_trait::async_trait;
use axum::Router;
use erp_server::health::{self, CacheHealth, Probe, ProbeError};
use erp_server::http::Stack;
use erp_server::server::Deadlines;
use serde_json::{Value, json};

struct Catalog(AtomicBool);

#[async_trait]
impl Probe for Catalog {
    async fn ask_catalog(&self) -> Result<(), ProbeError> {
        match self.0.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err("canary: no route to 10.0.0.5".into()),
        }
    }

    fn cache(&self) -> CacheHealth {
        CacheHealth {
            tenants: 2,
            capacity: 50,
            open_connections: 3,
            idle_connections: 1,
            waiting_requests: 4,
            max_connections: 60,
        }
    }
}

async fn server(connected: bool) -> TestServer {
    let probes = health::routes(Arc::new(Catalog(AtomicBool::new(connected))));
    let app = Stack::default().around(Router::new(), probes);
    TestServer::with(app, Deadlines::default()).await
}

async fn health(server: &TestServer) -> (u16, Value) {
    let response = server.get("/api/health").send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}

#[tokio::test]
async fn with_its_catalog_it_is_healthy_and_ready() {
    let server = server(true).await;
    let (status, health) = health(&server).await;
    assert_eq!(status, 200);
    assert_eq!(health["status"], "healthy");
    assert_eq!(health["database"], json!({"enterprise": "connected"}));
    assert!(health["uptime"].is_u64());
    assert!(
        health["timestamp"].as_str().unwrap().ends_with('Z'),
        "{health}"
    );
    let cache = json!({
        "tenants": 2, "capacity": 50, "openConnections": 3, "idleConnections": 1,
        "waitingRequests": 4, "maxConnections": 60,
    });
    assert_eq!(health["cache"], cache);
    assert_eq!(server.get("/readyz").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn without_its_catalog_it_lives_but_is_not_ready_and_tells_no_stranger_why() {
    let server = server(false).await;
    let (status, health) = health(&server).await;
    assert_eq!(status, 503);
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(health["database"], json!({"enterprise": "disconnected"}));
    assert!(!health.to_string().contains("canary"));

    let response = server.get("/readyz").send().await.unwrap();
    assert_eq!(header(&response, "retry-after"), Some("1"));
    assert_problem(response, 503, "unavailable").await;
    assert_eq!(server.get("/livez").send().await.unwrap().status(), 200);
}
