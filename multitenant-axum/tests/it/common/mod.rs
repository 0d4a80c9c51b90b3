//! Serving with axum.

use std::net::SocketAddr;

use axum::Router;
use axum::middleware::from_fn;
use multitenant_conformance::Server;
use tokio::net::TcpListener;

/// Serves an application on a free port, with request ids.
pub async fn serve(app: impl Into<Router>) -> Server {
    serve_bare(app.into().layer(from_fn(multitenant_axum::request_id))).await
}

/// Serves an application on a free port as it is.
pub async fn serve_bare(app: Router) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Server { address }
}
