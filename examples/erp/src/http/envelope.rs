use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use multitenant_axum::View;
use multitenant_core::resolve::TrustedProxies;
use tracing::Instrument;

use super::access_log::AccessLog;
use super::peer::ClientAddress;
use super::security_headers;

/// What [`envelope`] needs to know.
pub(super) struct Envelope {
    pub(super) proxies: TrustedProxies,
    pub(super) strict_transport: bool,
}

/// Finds out who calls, and lets nothing leave without its headers and a line in the log.
pub(super) async fn envelope(
    State(envelope): State<Arc<Envelope>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Some(client) = envelope.proxies.client(&View(&parts)) {
        parts.extensions.insert(ClientAddress(client));
    }
    let request = Request::from_parts(parts, body);
    let log = AccessLog::start(&request);
    let mut response = next.run(request).instrument(log.span()).await;
    security_headers::add(response.headers_mut(), envelope.strict_transport);
    log.end(response.status());
    response
}
