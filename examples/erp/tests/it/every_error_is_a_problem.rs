//! What goes wrong is told in one form, whoever refuses.
use std::time::Duration;

use crate::common::{TestServer, assert_problem, header, read_all, write};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use erp_server::http::Stack;
use reqwest::Method;

fn routes() -> Router {
    let large = post(async |body: String| body.len().to_string());
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/echo", post(async |body: String| body))
        .route(
            "/upload",
            large.layer(DefaultBodyLimit::max(4 * 1024 * 1024)),
        )
        .route("/panic", get(panics))
        .route(
            "/slow",
            get(async || std::future::pending::<String>().await),
        )
        .route("/own", get(async || (StatusCode::BAD_GATEWAY, "as it is")))
}

#[allow(clippy::panic, reason = "it is what the test is about")]
async fn panics() -> String {
    panic!("canary")
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let server = TestServer::start(routes()).await;
    let response = server.get("/nowhere").send().await.unwrap();
    assert_problem(response, 404, "not_found").await;
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let server = TestServer::start(routes()).await;
    let response = server
        .request(Method::DELETE, "/hello")
        .send()
        .await
        .unwrap();
    assert_eq!(header(&response, "allow"), Some("GET,HEAD"));
    assert_problem(response, 405, "method_not_allowed").await;
}

#[tokio::test]
async fn a_body_may_have_a_mebibyte_and_no_byte_more_unless_its_route_takes_more() {
    let server = TestServer::start(routes()).await;
    let send = |path, bytes| server.post(path).body(vec![b'a'; bytes]).send();
    let limit = 1024 * 1024;
    assert_eq!(send("/echo", limit).await.unwrap().status(), 200);
    assert_problem(
        send("/echo", limit + 1).await.unwrap(),
        413,
        "body_too_large",
    )
    .await;
    assert_eq!(send("/upload", limit + 1).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_limited_too() {
    let server = TestServer::start(routes()).await;
    let mut stream = server.connect().await;
    write(
        &mut stream,
        "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n",
    )
    .await;
    write(&mut stream, "transfer-encoding: chunked\r\n\r\n100001\r\n").await;
    write(&mut stream, &"a".repeat(0x10_0001)).await;
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn what_is_not_utf_8_is_malformed() {
    let server = TestServer::start(routes()).await;
    let response = server.post("/echo").body(vec![0xff]).send().await.unwrap();
    assert_problem(response, 400, "body_malformed").await;
}

#[tokio::test]
async fn a_panic_is_internal_and_its_text_stays_inside() {
    let server = TestServer::start(routes()).await;
    let response = server.get("/panic").send().await.unwrap();
    let problem = assert_problem(response, 500, "internal").await;
    assert!(!problem.to_string().contains("canary"));
    assert_eq!(server.get("/hello").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let stack = Stack {
        deadline: Duration::from_millis(50),
        ..Stack::default()
    };
    let server = TestServer::behind(&stack, routes()).await;
    let response = server.get("/slow").send().await.unwrap();
    assert_problem(response, 408, "request_timeout").await;

    let mut stream = server.connect().await;
    write(
        &mut stream,
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf",
    )
    .await;
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("request_timeout"), "{answer}");
}

#[tokio::test]
async fn what_the_contract_has_no_code_for_stays_as_the_route_made_it() {
    let server = TestServer::start(routes()).await;
    let response = server.get("/own").send().await.unwrap();
    assert_eq!(response.status(), 502);
    assert_eq!(response.text().await.unwrap(), "as it is");
}
