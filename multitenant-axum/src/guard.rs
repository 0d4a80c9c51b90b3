use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use multitenant_core::gate::{Access, Gate, Passage, Refusal};
use multitenant_core::{Problem as CoreProblem, gate};
use tower::{Layer, Service};

use crate::{Problem, View};

/// Lets only those through to a route whom its rule lets through: a tower layer over a
/// [`Gate`]. [`Guarded`](crate::Guarded) puts one around each route; by hand it is for an
/// application that keeps its own [`Router`](axum::Router):
///
/// ```
/// use axum::{Router, routing::get};
/// use multitenant_axum::Guard;
/// use multitenant_core::gate::{Access, Gate};
///
/// fn app(gate: Gate) -> Router {
///     Router::new()
///         .route("/ping", get(async || "pong"))
///         .route_layer(Guard::new(gate, Access::USER))
/// }
/// ```
///
/// Those who are let through stand in the request's extensions as a [`Passage`], which the
/// extractors read, and in the current span's fields `tenant` and `subject`, if it has them.
#[derive(Clone)]
pub struct Guard {
    gate: Gate,
    access: Access,
}

impl Guard {
    /// A guard that asks `gate` by this rule.
    pub fn new(gate: impl Into<Gate>, access: impl Into<Access>) -> Self {
        Self {
            gate: gate.into(),
            access: access.into(),
        }
    }

    async fn admit(&self, request: Request) -> Result<Request, Problem> {
        let (mut parts, body) = request.into_parts();
        let passage = match self.gate.admit(&View(&parts), self.access).await {
            Ok(passage) => passage,
            Err(refusal) => return Err(refuse(&refusal)),
        };
        record(&passage);
        parts.extensions.insert(passage);
        Ok(Request::from_parts(parts, body))
    }
}

fn refuse(refusal: &Refusal) -> Problem {
    let problem = CoreProblem::from(refusal);
    let (code, error) = (problem.code, refusal as &(dyn std::error::Error + 'static));
    if problem.status() < 500 {
        tracing::debug!(%code, error, "a request was refused");
    } else {
        tracing::warn!(%code, error, "a request could not be decided upon");
    }
    Problem(problem)
}

fn record(passage: &Passage) {
    let span = tracing::Span::current();
    let (principal, tenant) = match passage {
        Passage::User(principal, tenant) => (Some(principal), Some(tenant)),
        Passage::Staff(principal) => (Some(principal), None),
        Passage::Hinted(tenant) => (None, tenant.as_ref()),
        _ => (None, None),
    };
    if let Some(tenant) = tenant {
        span.record("tenant", tracing::field::display(tenant.id()));
    }
    if let Some(principal) = principal.map(gate::Principal::subject) {
        span.record("subject", tracing::field::display(principal));
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&self.access).finish()
    }
}

impl<S> Layer<S> for Guard {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService {
            guard: self.clone(),
            inner,
        }
    }
}

/// A service behind a [`Guard`].
#[derive(Debug, Clone)]
pub struct GuardService<S> {
    guard: Guard,
    inner: S,
}

impl<S> Service<Request> for GuardService<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that was polled ready is the one to call; the clone waits for the next request.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let guard = self.guard.clone();
        Box::pin(async move {
            match guard.admit(request).await {
                Ok(request) => inner.call(request).await,
                Err(problem) => Ok(problem.into_response()),
            }
        })
    }
}
