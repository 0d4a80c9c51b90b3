//! What one address sends too much is refused, and no other address feels it.
use crate::common::{TestServer, assert_problem, header};
use axum::Router;
use axum::routing::{get, post};
use erp_server::http::Stack;
use erp_server::server::Deadlines;
use multitenant_core::resolve::TrustedProxies;
use reqwest::StatusCode;

fn routes() -> Router {
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/api/client/auth/login", post(async || "signed in"))
}

/// Sends requests until one is refused, which must come to pass before `most`.
async fn refused(most: usize, send: impl AsyncFn() -> reqwest::Response) -> reqwest::Response {
    for _ in 0..most {
        let response = send().await;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            return response;
        }
    }
    unreachable!("{most} requests were let through");
}

#[tokio::test]
async fn what_is_too_much_is_told_when_to_come_again() {
    let server = TestServer::start(routes()).await;
    let client = reqwest::Client::new();
    let url = format!("http://{}/hello", server.address);
    let response = refused(100_000, async || client.get(&url).send().await.unwrap()).await;
    assert_eq!(header(&response, "retry-after"), Some("1"));
    assert_problem(response, 429, "rate_limited").await;
}

#[tokio::test]
async fn unknown_paths_count_too_and_probes_do_not() {
    let probes = Router::new().route("/livez", get(async || "alive"));
    let app = Stack::default().around(routes(), probes);
    let server = TestServer::with(app, Deadlines::default()).await;
    let client = reqwest::Client::new();
    let url = |path: &str| format!("http://{}{path}", server.address);
    for _ in 0..300 {
        assert_eq!(
            client.get(url("/livez")).send().await.unwrap().status(),
            200
        );
    }
    let unknown = async || client.get(url("/nowhere")).send().await.unwrap();
    refused(100_000, unknown).await;
}

#[tokio::test]
async fn signing_in_has_a_tighter_limit_of_its_own() {
    let server = TestServer::start(routes()).await;
    let sign_in = async || server.post("/api/client/auth/login").send().await.unwrap();
    refused(150, sign_in).await;
    assert_eq!(server.get("/hello").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_is_counted_alone_and_else_nobody_can_pretend() {
    let loopback = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    for (trusted_proxies, told_apart) in [(loopback, true), (TrustedProxies::default(), false)] {
        let stack = Stack {
            trusted_proxies,
            ..Stack::default()
        };
        let server = TestServer::behind(&stack, routes()).await;
        let sign_in = async |from: &str| {
            let request = server.post("/api/client/auth/login");
            request
                .header("x-forwarded-for", from)
                .send()
                .await
                .unwrap()
        };
        refused(150, async || sign_in("203.0.113.5, 192.0.2.1").await).await;
        let other = sign_in("192.0.2.1, 192.0.2.2").await;
        assert_eq!(other.status() == StatusCode::OK, told_apart);
        let invented = sign_in("203.0.113.6, 192.0.2.1").await;
        assert_eq!(invented.status(), StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn the_limit_can_be_switched_off() {
    let stack = Stack {
        rate_limit: false,
        ..Stack::default()
    };
    let server = TestServer::behind(&stack, routes()).await;
    for _ in 0..300 {
        let response = server.post("/api/client/auth/login").send().await.unwrap();
        assert_eq!(response.status(), 200);
    }
}
