//! The id and the headers that leave with every answer.
use crate::common::{TestServer, header};
use axum::Router;
use axum::routing::{get, post};
use erp_server::http::Stack;
use reqwest::{Method, Response};

fn routes() -> Router {
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/echo", post(async |body: String| body))
        .route(
            "/public",
            get(async || ([("cache-control", "max-age=60")], "for all")),
        )
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_any_other_replaced() {
    let server = TestServer::start(routes()).await;
    let longest = "a".repeat(128);
    let longer = "a".repeat(129);
    let table = [
        ("4bf92f35-77b3_A.1", true),
        (longest.as_str(), true),
        (longer.as_str(), false),
        ("two words", false),
        ("", false),
        ("<script>", false),
    ];
    for (theirs, kept) in table {
        let request = server.get("/hello").header("x-request-id", theirs);
        let response = request.send().await.unwrap();
        let ours = header(&response, "x-request-id").unwrap();
        assert_eq!(ours == theirs, kept, "{theirs}");
        assert!(kept || uuid::Uuid::parse_str(ours).is_ok(), "{ours}");
    }
}

#[tokio::test]
async fn a_request_id_that_comes_twice_is_replaced() {
    let server = TestServer::start(routes()).await;
    let request = server.get("/hello").header("x-request-id", "one");
    let response = request.header("x-request-id", "two").send().await.unwrap();
    let id = header(&response, "x-request-id").unwrap();
    assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
}

#[tokio::test]
async fn good_answers_and_errors_alike_have_an_id_and_the_security_headers() {
    let server = TestServer::start(routes()).await;
    let too_large = vec![b'a'; 1024 * 1024 + 1];
    let requests = [
        (200, server.get("/hello")),
        (404, server.get("/nowhere")),
        (405, server.post("/hello")),
        (413, server.post("/echo").body(too_large)),
    ];
    for (status, request) in requests {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert!(header(&response, "x-request-id").is_some(), "{status}");
        assert_security_headers(&response);
    }
}

fn assert_security_headers(response: &Response) {
    let table = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("cache-control", "no-store"),
    ];
    for (name, value) in table {
        assert_eq!(header(response, name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_route_may_say_that_its_answer_can_be_stored() {
    let server = TestServer::start(routes()).await;
    let response = server.get("/public").send().await.unwrap();
    assert_eq!(header(&response, "cache-control"), Some("max-age=60"));
}

#[tokio::test]
async fn browsers_are_bound_to_tls_in_production_only() {
    for strict_transport in [false, true] {
        let stack = Stack {
            strict_transport,
            ..Stack::default()
        };
        let server = TestServer::behind(&stack, routes()).await;
        let response = server.get("/hello").send().await.unwrap();
        let named = header(&response, "strict-transport-security").is_some();
        assert_eq!(named, strict_transport);
    }
}

#[tokio::test]
async fn only_the_frontends_origins_may_call_from_a_browser() {
    let stack = Stack {
        frontend_origins: vec!["https://erp.example.com".parse().unwrap()],
        ..Stack::default()
    };
    let server = TestServer::behind(&stack, routes()).await;
    let table = [
        ("https://erp.example.com", true),
        ("https://erp.example.com.evil.example", false),
        ("http://erp.example.com", false),
        ("null", false),
    ];
    for (origin, allowed) in table {
        for path in ["/hello", "/nowhere"] {
            let response = server
                .get(path)
                .header("origin", origin)
                .send()
                .await
                .unwrap();
            let answered = header(&response, "access-control-allow-origin");
            assert_eq!(answered, allowed.then_some(origin), "{origin} {path}");
        }
    }
}

#[tokio::test]
async fn a_browser_asks_first_and_is_told_what_it_may_send() {
    let stack = Stack {
        frontend_origins: vec!["https://erp.example.com".parse().unwrap()],
        ..Stack::default()
    };
    let server = TestServer::behind(&stack, routes()).await;
    let asking = server
        .request(Method::OPTIONS, "/echo")
        .header("origin", "https://erp.example.com")
        .header("access-control-request-method", "POST");
    let response = asking.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = header(&response, "access-control-allow-headers").unwrap();
    assert!(headers.contains("x-tenant-id"), "{headers}");
    assert_eq!(header(&response, "access-control-allow-credentials"), None);
}

#[tokio::test]
async fn without_a_frontend_no_browser_may_call() {
    let server = TestServer::start(routes()).await;
    let request = server
        .get("/hello")
        .header("origin", "https://erp.example.com");
    let response = request.send().await.unwrap();
    assert_eq!(header(&response, "access-control-allow-origin"), None);
}
