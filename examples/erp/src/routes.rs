use axum::Router;
use multitenant_axum::Guarded;
use multitenant_core::platform::Platform;

use crate::{client, docs, enterprise, openapi};

/// Every business route, each with its rule.
#[must_use]
pub fn guarded(platform: &Platform) -> Guarded<Platform> {
    Guarded::new(platform.gate().clone())
        .nest("/api/enterprise", enterprise::routes(platform))
        .nest("/api/client", client::routes(platform))
}

/// The router of every business route, and of what tells about them.
pub fn routes(platform: &Platform) -> Router {
    let guarded = guarded(platform);
    let openapi = openapi::document(guarded.routes());
    let routes = guarded.into_router().with_state(platform.clone());
    routes.merge(docs::routes(&openapi))
}
