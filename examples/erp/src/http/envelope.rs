use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::access_log::AccessLog;
use super::peer::ClientAddress;
use super::{problems, security_headers};
use crate::config::TrustedProxies;

/// What [`envelope`] needs to know.
pub(super) struct Envelope {
    pub(super) proxies: TrustedProxies,
    pub(super) strict_transport: bool,
}

/// Finds out who calls, and lets nothing leave without its headers, a problem for a body where
/// it is an error, and a line in the log.
pub(super) async fn envelope(
    State(envelope): State<Arc<Envelope>>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if let Some(ConnectInfo(peer)) = peer {
        let client = ClientAddress::find(peer.ip(), request.headers(), &envelope.proxies);
        request.extensions_mut().insert(client);
    }
    let log = AccessLog::start(&request);
    let response = next.run(request).instrument(log.span()).await;
    let mut response = problems::from_bare(response);
    security_headers::add(response.headers_mut(), envelope.strict_transport);
    log.end(response.status());
    response
}
