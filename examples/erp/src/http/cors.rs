use std::time::Duration;

use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::CorsLayer;

const TENANT: HeaderName = HeaderName::from_static("x-tenant-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Lets browsers call from exactly these origins, without cookies; none where there is none.
pub(super) fn layer(origins: &[HeaderValue]) -> Option<CorsLayer> {
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let layer = CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods(methods)
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            TENANT,
            REQUEST_ID,
            IDEMPOTENCY_KEY,
        ])
        .expose_headers([REQUEST_ID, RETRY_AFTER, ALLOW])
        .max_age(Duration::from_secs(600));
    (!origins.is_empty()).then_some(layer)
}
