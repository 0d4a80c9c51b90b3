use std::fmt;

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpResponse, ResponseError, web};
use multitenant_core::Code;
use multitenant_core::gate::{self, Access, AccessRule, Gate};

use crate::methods::{Endpoint, rank};
use crate::{Guard, Methods, Problem};

/// A route as it was added. Without methods it answers to all of them, by [`any`](crate::any).
pub type Route = gate::Route<Method>;

/// Routes that each say who may use them, on their way into an [`App`](actix_web::App) or a
/// [`Scope`](actix_web::Scope).
///
/// ```
/// use actix_web::{App, web};
/// use multitenant_actix::{Guarded, get};
/// use multitenant_core::gate::{Access, Gate};
///
/// multitenant_core::permissions! { invoices: [READ, CREATE] }
///
/// # async fn list() -> &'static str { "" }
/// # async fn create() -> &'static str { "" }
/// # async fn ping() -> &'static str { "" }
/// # async fn health() -> &'static str { "" }
/// # use multitenant_actix::post;
/// fn routes(gate: Gate) -> Guarded {
///     Guarded::new(gate)
///         .public("/health", get(health))
///         .route(Access::USER, "/ping", get(ping))
///         .route(invoices::READ, "/invoices", get(list))
///         .route(invoices::CREATE, "/invoices", post(create))
/// }
///
/// # fn serve(gate: Gate) {
/// let app = App::new().configure(|services| routes(gate).configure(services));
/// # }
/// # fn main() {}
/// ```
///
/// A route without a rule does not compile:
///
/// ```compile_fail
/// use multitenant_actix::{Guarded, get};
/// use multitenant_core::gate::Gate;
///
/// # async fn list() -> &'static str { "" }
/// fn routes(gate: Gate) -> Guarded {
///     Guarded::new(gate).route("/invoices", get(list))
/// }
/// ```
///
/// The rule stands around every handler of its route. An unknown path is 404 and a method that a
/// path has not got is 405, as problems and for everybody. Of two paths that match, the one with
/// the earlier fixed part counts, in whatever order they were added. What is added to the
/// application beside it is not guarded.
pub struct Guarded {
    gate: Gate,
    routes: Vec<Route>,
    endpoints: Vec<Vec<Endpoint>>,
}

impl Guarded {
    /// No routes yet; those to come ask this gate.
    pub fn new(gate: impl Into<Gate>) -> Self {
        Self {
            gate: gate.into(),
            routes: Vec::new(),
            endpoints: Vec::new(),
        }
    }

    /// Adds a route for those whom the rule lets through. A path may be added several times with
    /// different methods, each under a rule of its own.
    ///
    /// # Panics
    /// While the application starts, on a method that the path has already, a path that was added
    /// with other names of its parameters, or one that is none, as [`web::resource`] does.
    #[must_use]
    #[track_caller]
    pub fn route(mut self, rule: impl AccessRule, path: &str, methods: Methods) -> Self {
        let access = rule.access();
        let handlers = methods.handlers.into_iter();
        let guarded = handlers.map(|(method, route)| {
            let guard = Guard::new(self.gate.clone(), access);
            (method, route.wrap(guard))
        });
        let endpoints: Vec<_> = guarded.collect();
        // One for every method makes a list of none.
        let methods = endpoints.iter().map(|(method, _)| method.clone());
        let methods = methods.collect::<Option<_>>().unwrap_or_default();
        self.add(Route::new(methods, path, access), endpoints);
        self
    }

    /// Adds a route for everybody, which learns of no tenant.
    ///
    /// # Panics
    /// As [`route`](Self::route).
    #[must_use]
    #[track_caller]
    pub fn public(self, path: &str, methods: Methods) -> Self {
        self.route(Access::Public, path, methods)
    }

    /// Adds routes under a prefix, with their rules.
    ///
    /// # Panics
    /// As [`route`](Self::route).
    #[must_use]
    #[track_caller]
    pub fn nest(mut self, prefix: &str, inner: Self) -> Self {
        for (route, endpoints) in inner.routes.into_iter().zip(inner.endpoints) {
            self.add(route.under(prefix), endpoints);
        }
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

    #[track_caller]
    #[allow(
        clippy::panic,
        reason = "a route that cannot be served as written ends the start, as documented"
    )]
    fn add(&mut self, route: Route, endpoints: Vec<Endpoint>) {
        let places = self.routes.iter().zip(&self.endpoints);
        let here = places.filter(|(other, _)| other.path == route.path);
        for (method, _) in here.flat_map(|(_, there)| there) {
            let free = endpoints.iter().all(|(new, _)| new != method);
            assert!(free, "{} has a handler for {method:?} already", route.path);
        }
        if let Err(twice) = route.check_spelling(&self.routes) {
            panic!("{twice}");
        }
        self.routes.push(route);
        self.endpoints.push(endpoints);
    }

    /// Every route, in the order in which they were added: to print, and to test each by its rule.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Puts the routes into an application or a scope, which from then on answers 404 and 405 by
    /// problems.
    pub fn configure(self, services: &mut web::ServiceConfig) {
        let mut places: Vec<(String, Vec<Endpoint>)> = Vec::new();
        for (route, endpoints) in self.routes.into_iter().zip(self.endpoints) {
            match places.iter_mut().find(|(path, _)| *path == route.path) {
                Some((_, there)) => there.extend(endpoints),
                None => places.push((route.path, endpoints)),
            }
        }
        // actix takes the first that matches.
        places.sort_by_cached_key(|(path, _)| openness(path));
        for (path, endpoints) in places {
            services.service(resource(&path, endpoints));
        }
        services.default_service(web::to(async || Problem::from(Code::NotFound)));
    }
}

/// For each segment whether it is fixed, a parameter, or all the rest.
fn openness(path: &str) -> Vec<u8> {
    let segments = path.split('/').map(|segment| match segment.find('{') {
        None => 0,
        Some(_) if segment.contains('*') => 2,
        Some(_) => 1,
    });
    segments.collect()
}

fn resource(path: &str, mut endpoints: Vec<Endpoint>) -> actix_web::Resource {
    endpoints.sort_by_key(rank);
    let allow = allow(&endpoints);
    let not_allowed = web::to(move || {
        let allow = allow.clone();
        async move { not_allowed(allow) }
    });
    let resource = web::resource(path).default_service(not_allowed);
    let routes = endpoints.into_iter().map(|(_, route)| route);
    routes.fold(resource, actix_web::Resource::route)
}

/// The value of the header `Allow` (RFC 9110, section 10.2.1).
fn allow(endpoints: &[Endpoint]) -> Option<HeaderValue> {
    let own = endpoints.iter().filter_map(|(method, _)| method.as_ref());
    let mut names: Vec<_> = own.map(Method::as_str).collect();
    names.extend(names.contains(&"GET").then_some("HEAD"));
    names.sort_unstable();
    names.dedup();
    HeaderValue::from_str(&names.join(",")).ok()
}

fn not_allowed(allow: Option<HeaderValue>) -> HttpResponse {
    let mut response = Problem::from(Code::MethodNotAllowed).error_response();
    if let Some(allow) = allow {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.routes).finish()
    }
}
