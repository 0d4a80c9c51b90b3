use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use multitenant_core::resolve::TrustedProxies;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use super::envelope::{Envelope, envelope};
use super::rate_limit::{RateLimits, limit_rate};
use super::{cors, panic};
use crate::config::Config;

/// The layers around all routes.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The origins from which browsers may call.
    pub frontend_origins: Vec<HeaderValue>,
    /// Whether browsers are told to come by TLS only (RFC 6797).
    pub strict_transport: bool,
    /// The proxies whose word on the host and the caller's address counts.
    pub trusted_proxies: TrustedProxies,
    /// Whether requests per address are limited.
    pub rate_limit: bool,
    /// Most bytes of a body; a route may have a `DefaultBodyLimit` of its own.
    pub body_limit: usize,
    /// How long a request may take to arrive and be answered.
    pub deadline: Duration,
}

/// Bytes of a body of JSON: a few thousand rows.
const BODY_LIMIT: usize = 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(30);

impl Default for Stack {
    fn default() -> Self {
        Self {
            frontend_origins: Vec::new(),
            strict_transport: false,
            trusted_proxies: TrustedProxies::default(),
            rate_limit: true,
            body_limit: BODY_LIMIT,
            deadline: DEADLINE,
        }
    }
}

impl From<&Config> for Stack {
    fn from(config: &Config) -> Self {
        Self {
            frontend_origins: config.frontend_origins.clone(),
            strict_transport: config.environment.is_production(),
            trusted_proxies: config.trusted_proxies.clone(),
            rate_limit: config.rate_limit,
            ..Self::default()
        }
    }
}

impl Stack {
    /// Puts the layers around `routes`, and around the `probes` that watch the server, which no
    /// rate limits. Needs a runtime, on which old addresses are forgotten.
    ///
    /// From the outside in: the request's id, the envelope (log line, headers), problems, panics,
    /// CORS, the rate limit, the deadline, the body's limit.
    pub fn around(&self, routes: Router, probes: Router) -> Router {
        // A fallback of their own, so that a flood of unknown paths is limited too.
        let routes = routes.fallback(async || StatusCode::NOT_FOUND);
        let routes = match self.rate_limit {
            true => routes.layer(from_fn_with_state(RateLimits::start(), limit_rate)),
            false => routes,
        };
        let envelope_state = Arc::new(Envelope {
            proxies: self.trusted_proxies.clone(),
            strict_transport: self.strict_transport,
        });
        let layers = ServiceBuilder::new()
            .layer(from_fn(multitenant_axum::request_id))
            .layer(from_fn_with_state(envelope_state, envelope))
            .layer(from_fn(multitenant_axum::problems))
            .layer(CatchPanicLayer::custom(panic::to_problem))
            .option_layer(cors::layer(&self.frontend_origins))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                self.deadline,
            ))
            .layer(DefaultBodyLimit::max(self.body_limit));
        routes.merge(probes).layer(layers)
    }
}
