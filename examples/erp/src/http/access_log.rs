use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use multitenant_core::RequestId;
use tracing::Span;
use tracing::field::Empty;

/// Writes one line for a request when it ends: answered, or given up by its caller. The span
/// names the request in every other line too; whoever lets it through to a tenant records the
/// tenant there.
///
/// The route is the template, never the path: what people put into paths and queries is not for
/// a log.
pub(super) struct AccessLog {
    span: Span,
    started: Instant,
    status: Option<StatusCode>,
}

impl AccessLog {
    pub(super) fn start(request: &Request) -> Self {
        let extensions = request.extensions();
        let route = extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        let id = extensions.get::<RequestId>().map(RequestId::as_str);
        let span = tracing::info_span!(
            "request",
            id,
            method = request.method().as_str(),
            route,
            tenant = Empty,
            subject = Empty,
        );
        Self {
            span,
            started: Instant::now(),
            status: None,
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn end(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        let latency_ms = self.started.elapsed().as_micros() as f64 / 1_000.0;
        match self.status {
            Some(status) => tracing::info!(status = status.as_u16(), latency_ms, "answered"),
            None => tracing::info!(latency_ms, "the caller went away"),
        }
    }
}
