use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::http::{Request, Response};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use multitenant_core::Code;
use multitenant_core::gate::{Access, Entrance, Gate};
use multitenant_core::resolve::Resolver;
use tower::{Layer, Service};

use crate::body::GuardedBody;
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
/// and for whatever else is a tower service from a request to a response, with bodies of any kind
/// and without a router of axum's:
///
/// ```
/// use std::convert::Infallible;
///
/// use axum::body::Body;
/// use axum::http::{Request, Response};
/// use multitenant_axum::Guard;
/// use multitenant_core::gate::{Access, Gate, Passage};
/// use tower::{Layer, Service, service_fn};
///
/// async fn answer(request: Request<Body>) -> Result<Response<String>, Infallible> {
///     let passage: Option<&Passage> = request.extensions().get();
///     Ok(Response::new(format!("{passage:?}")))
/// }
///
/// fn service(gate: Gate) -> impl Service<Request<Body>, Error = Infallible> {
///     Guard::new(gate, Access::USER).layer(service_fn(answer))
/// }
/// ```
///
/// Those who are let through stand in the request's extensions as a
/// [`Passage`](multitenant_core::gate::Passage), which the extractors read, and in the current
/// span's fields `tenant` and `subject`, if it has them. The passage is kept until the response's
/// body has ended or is dropped. A handler that panics is answered as
/// [`Code::Internal`].
#[derive(Debug, Clone)]
pub struct Guard {
    entrance: Entrance,
}

impl Guard {
    /// A guard that asks `gate` by this rule.
    pub fn new(gate: impl Into<Gate>, access: impl Into<Access>) -> Self {
        Self {
            entrance: Entrance::guarded(gate, access),
        }
    }

    /// A guard that lets everybody through who names a tenant that is served, for an application
    /// that signs people in by itself; its handlers take the tenant, and what it has of its own, by
    /// [`TenantState`](crate::TenantState).
    ///
    /// **It asks nobody who they are.** The application's own sign-in must be bound to the tenant, or
    /// somebody who signed in at one is let in at another: sign its tokens with
    /// [`Tenant::derive_secret`](multitenant_core::tenant::Tenant::derive_secret), name its sessions
    /// with [`Tenant::scope`](multitenant_core::tenant::Tenant::scope), or give the resolver a
    /// [`Claim`](multitenant_core::resolve::Claim).
    ///
    /// Without a name it answers 400 `tenant_required`, for two 403 `tenant_mismatch`, and for a
    /// tenant that does not exist or is not served 404 `not_found`.
    pub fn by_name(resolver: impl Into<Resolver>) -> Self {
        Self {
            entrance: Entrance::by_name(resolver),
        }
    }

    async fn run<S, B, R>(
        &self,
        mut inner: S,
        request: Request<B>,
    ) -> Result<Response<GuardedBody<R>>, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
    {
        let (mut parts, body) = request.into_parts();
        let passage = match self.entrance.admit(&View(&parts)).await {
            Ok(passage) => passage,
            Err(problem) => return Ok(refused(problem)),
        };
        parts.extensions.insert(passage.clone());
        let request = Request::from_parts(parts, body);
        // What a handler left half done is dropped with it, and nobody sees it again.
        let handled = AssertUnwindSafe(async { inner.call(request).await });
        match handled.catch_unwind().await {
            Ok(Ok(response)) => Ok(response.map(|body| GuardedBody::passed(body, passage))),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(refused(Code::Internal)),
        }
    }
}

fn refused<R>(problem: impl Into<Problem>) -> Response<GuardedBody<R>> {
    problem.into().into_response().map(GuardedBody::refused)
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

impl<S, B, R> Service<Request<B>> for GuardService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Send + 'static,
{
    type Response = Response<GuardedBody<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was polled ready is the one to call; the clone waits for the next request.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        let guard = self.guard.clone();
        Box::pin(async move { guard.run(inner, request).await })
    }
}
