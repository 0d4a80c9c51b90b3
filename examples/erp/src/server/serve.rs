use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::Service;

use super::Stop;

/// How long the server waits for others.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// For the head of a request, counted from the end of the one before: a caller who sends it
    /// byte by byte, or nothing, is cut off.
    pub head: Duration,
    /// For what runs, once the server was asked to end.
    pub drain: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            drain: Duration::from_secs(30),
        }
    }
}

/// Serves until it is asked to stop; then accepts nothing more, lets the requests that run come to
/// their end within the deadline, and returns. Each request's extensions hold
/// `ConnectInfo<SocketAddr>`.
///
/// This is `axum::serve` with a deadline for heads and one for the end.
pub async fn serve(mut listener: TcpListener, app: Router, deadlines: Deadlines, mut stop: Stop) {
    let app: Router = app.with_state(()); // once, not with each request
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.asked() => break,
            (stream, peer) = Listener::accept(&mut listener) => {
                let connection = connection(stream, peer, &app, deadlines.head);
                let connection = graceful.watch(connection);
                connections.spawn(async {
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "a connection broke off");
                    }
                });
            }
            Some(_) = connections.join_next() => {} // frees what an ended one has held
        }
    }
    drop(listener);
    drain(graceful, connections, deadlines.drain, stop).await;
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: &Router,
    head_deadline: Duration,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send + 'static {
    // Answers are small and whole: waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot send small packets at once");
    }
    let app = app.clone();
    let service = service_fn(move |request| answer(app.clone(), peer, request));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_deadline)
        .serve_connection(TokioIo::new(stream), service)
}

async fn answer(
    mut app: Router,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let mut request: Request = request.map(axum::body::Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    app.call(request).await
}

async fn drain(
    graceful: GracefulShutdown,
    mut connections: JoinSet<()>,
    deadline: Duration,
    mut stop: Stop,
) {
    let open = graceful.count();
    tracing::info!(open, "accepting no more; finishing what runs");
    let cut_off = tokio::select! {
        () = graceful.shutdown() => None,
        () = tokio::time::sleep(deadline) => Some("the deadline has passed"),
        () = stop.asked() => Some("asked to end at once"),
    };
    if let Some(why) = cut_off {
        let open = connections.len();
        tracing::warn!(open, why, "cutting off what still runs");
    }
    connections.shutdown().await;
}
