use std::fmt;

use axum::Router;
use axum::http::Method;
use axum::routing::MethodRouter;
use multitenant_core::Code;
use multitenant_core::gate::{self, Access, AccessRule, Gate, Routes};

use crate::{Guard, Problem, methods};

/// A route as it was added. Without methods it answers to all of them, by
/// [`any`](axum::routing::any).
pub type Route = gate::Route<Method>;

/// Routes that each say who may use them, on their way to become a [`Router`].
///
/// ```
/// use axum::Router;
/// use axum::routing::{get, post};
/// use multitenant_axum::Guarded;
/// use multitenant_core::gate::{Access, Gate};
///
/// multitenant_core::permissions! { invoices: [READ, CREATE] }
///
/// # async fn list() {}
/// # async fn create() {}
/// # async fn ping() {}
/// # async fn health() {}
/// fn app(gate: Gate) -> Router {
///     Guarded::new(gate)
///         .public("/health", get(health))
///         .route(Access::USER, "/ping", get(ping))
///         .route(invoices::READ, "/invoices", get(list))
///         .route(invoices::CREATE, "/invoices", post(create))
///         .into_router()
/// }
/// # fn main() {}
/// ```
///
/// A route without a rule does not compile:
///
/// ```compile_fail
/// use axum::Router;
/// use axum::routing::get;
/// use multitenant_axum::Guarded;
/// use multitenant_core::gate::Gate;
///
/// # async fn list() {}
/// fn app(gate: Gate) -> Router {
///     Guarded::new(gate)
///         .route("/invoices", get(list))
///         .into_router()
/// }
/// ```
///
/// The rule stands around every handler of its route, also around a fallback of the route's own.
/// An unknown path is 404 and a method that a path has not got is 405, as problems and for
/// everybody. What is added to the router that comes out is not guarded.
pub struct Guarded<S = ()> {
    routes: Routes<Method, MethodRouter<S>>,
}

impl<S: Clone + Send + Sync + 'static> Guarded<S> {
    /// No routes yet; those to come ask this gate.
    pub fn new(gate: impl Into<Gate>) -> Self {
        Self {
            routes: Routes::new(gate),
        }
    }

    /// Adds a route for those whom the rule lets through. A path may be added several times with
    /// different methods, each under a rule of its own.
    ///
    /// # Panics
    /// While the application starts, on a path that was added with other names of its parameters.
    #[must_use]
    #[track_caller]
    pub fn route(mut self, rule: impl AccessRule, path: &str, methods: MethodRouter<S>) -> Self {
        let access = rule.access();
        let named = methods::of(&methods);
        // `layer`, not `route_layer`, which leaves `any` and a fallback of the route unguarded.
        let guarded = methods.layer(Guard::new(self.routes.gate().clone(), access));
        self.routes.add(named, path, access, guarded);
        self
    }

    /// Adds a route for everybody, which learns of no tenant.
    ///
    /// # Panics
    /// As [`route`](Self::route).
    #[must_use]
    #[track_caller]
    pub fn public(self, path: &str, methods: MethodRouter<S>) -> Self {
        self.route(Access::Public, path, methods)
    }

    /// Adds routes under a prefix, with their rules. Unlike under [`Router::nest`], handlers see
    /// the target as it came, and no request pays for being passed on.
    ///
    /// # Panics
    /// As [`route`](Self::route).
    #[must_use]
    #[track_caller]
    pub fn nest(mut self, prefix: &str, inner: Self) -> Self {
        self.routes.nest(prefix, inner.routes);
        self
    }

    /// Adds routes, with their rules.
    ///
    /// # Panics
    /// As [`route`](Self::route).
    #[must_use]
    #[track_caller]
    pub fn merge(self, other: Self) -> Self {
        self.nest("", other)
    }

    /// Every route, in the order in which they were added: to print, and to test each by its rule.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        self.routes.list()
    }

    /// The router, which answers 404 and 405 by problems.
    ///
    /// # Panics
    /// As [`Router::route`] does, while the application starts: on a path that is not one, or a
    /// method that a path has twice.
    pub fn into_router(self) -> Router<S> {
        let routes = self.routes.into_handlers();
        routes
            .fold(Router::new(), |router, (route, handler)| {
                router.route(&route.path, handler)
            })
            .fallback(async || Problem::from(Code::NotFound))
            .method_not_allowed_fallback(async || Problem::from(Code::MethodNotAllowed))
    }
}

impl<S: Clone + Send + Sync + 'static> From<Guarded<S>> for Router<S> {
    fn from(guarded: Guarded<S>) -> Self {
        guarded.into_router()
    }
}

impl<S> fmt::Debug for Guarded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.routes.fmt(f)
    }
}
