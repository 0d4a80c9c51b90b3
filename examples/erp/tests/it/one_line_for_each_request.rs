//! What the log says of a request, and what it keeps to itself.
use std::sync::Arc;

use crate::common::{LONG, TestServer, write};
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use erp_server::config::AppEnv;
use erp_server::telemetry::dispatch;
use serde_json::Value;
use tempfile::NamedTempFile;
use tracing::dispatcher::DefaultGuard;

/// Catches what this thread logs; the test's server runs on it too.
struct Log {
    file: NamedTempFile,
    _guard: DefaultGuard,
}

impl Log {
    fn catch() -> Self {
        let file = NamedTempFile::new().unwrap();
        let out = Arc::new(file.reopen().unwrap());
        let dispatch = dispatch("info", AppEnv::Production, out);
        Self {
            file,
            _guard: tracing::dispatcher::set_default(&dispatch),
        }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file.path()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        let text = self.text();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn routes() -> Router {
    let tenant = get(async |Path(_): Path<String>| {
        tracing::Span::current().record("tenant", "acme");
        "hello"
    });
    Router::new()
        .route("/things/{id}", tenant)
        .route("/echo", post(async |body: String| body))
        .route(
            "/slow",
            get(async || std::future::pending::<String>().await),
        )
}

#[tokio::test]
async fn it_names_id_tenant_method_route_status_and_latency() {
    let log = Log::catch();
    let server = TestServer::start(routes()).await;
    let request = server.get("/things/7").header("x-request-id", "r-1");
    request.send().await.unwrap();
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert_eq!(line["message"], "answered");
    assert_eq!(line["status"], 200);
    assert!(line["latency_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(line["span"]["id"], "r-1");
    assert_eq!(line["span"]["tenant"], "acme");
    assert_eq!(line["span"]["method"], "GET");
    assert_eq!(line["span"]["route"], "/things/{id}");
}

#[tokio::test]
async fn what_stands_in_paths_queries_headers_and_bodies_is_not_in_it() {
    let log = Log::catch();
    let server = TestServer::start(routes()).await;
    let requests = [
        server.get("/things/canary?token=canary"),
        server.get("/canary?token=canary"),
        server.post("/echo").body("canary"),
        server.get("/things/1").bearer_auth("canary"),
        server
            .get("/things/1")
            .header("x-request-id", "canary canary"),
    ];
    let count = requests.len();
    for request in requests {
        request.send().await.unwrap();
    }
    assert_eq!(log.lines().len(), count);
    assert!(!log.text().contains("canary"), "{}", log.text());
}

#[tokio::test]
async fn a_request_whose_caller_went_away_has_its_line_too() {
    let log = Log::catch();
    let server = TestServer::start(routes()).await;
    let mut stream = server.connect().await;
    write(&mut stream, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let line = async {
        while log.lines().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let gone = async {
        // Once the server has taken it up, which nothing shows from outside.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        drop(stream);
    };
    tokio::time::timeout(LONG, async { tokio::join!(line, gone) })
        .await
        .unwrap();
    let lines = log.lines();
    assert_eq!(lines[0]["message"], "the caller went away");
    assert_eq!(lines[0]["span"]["route"], "/slow");
}
