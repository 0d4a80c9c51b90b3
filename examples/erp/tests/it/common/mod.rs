//! A server on a free port of loopback, and what is said to it.

pub mod program;
pub mod proxy;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use erp_server::http::Stack;
use erp_server::server::{Deadlines, Stop, StopHandle, serve};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Long enough for any machine; nothing waits for it where all is well.
pub const LONG: Duration = Duration::from_secs(20);

pub struct TestServer {
    pub address: SocketAddr,
    pub stop: StopHandle,
    ended: JoinHandle<()>,
}

impl TestServer {
    pub async fn start(routes: Router) -> Self {
        Self::behind(&Stack::default(), routes).await
    }

    pub async fn behind(stack: &Stack, routes: Router) -> Self {
        let app = stack.around(routes, Router::new());
        Self::with(app, Deadlines::default()).await
    }

    pub async fn with(app: Router, deadlines: Deadlines) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop_here, stop) = Stop::by_hand();
        let ended = tokio::spawn(serve(listener, app, deadlines, stop_here));
        Self {
            address,
            stop,
            ended,
        }
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(reqwest::Method::GET, path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(reqwest::Method::POST, path)
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        reqwest::Client::new().request(method, url).timeout(LONG)
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub async fn has_ended(self) {
        tokio::time::timeout(LONG, self.ended)
            .await
            .unwrap()
            .unwrap();
    }
}

/// Everything that comes until the other side closes.
pub async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    tokio::time::timeout(LONG, read).await.unwrap().unwrap();
    String::from_utf8(bytes).unwrap()
}

pub async fn write(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

pub fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

/// Checks that a response is a problem of this code, whole and with the request's id.
pub async fn assert_problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(
        header(&response, "content-type"),
        Some("application/problem+json")
    );
    let id = header(&response, "x-request-id").unwrap().to_owned();
    let body = response.bytes().await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["code"], code);
    assert_eq!(problem["requestId"], id.as_str());
    for member in ["type", "title", "detail"] {
        assert!(problem[member].is_string(), "{problem}");
    }
    problem
}
