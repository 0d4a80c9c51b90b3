use std::rc::Rc;

use actix_web::dev::{Extensions, HttpServiceFactory, Service, ServiceRequest};
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{Resource, Responder};
use multitenant_core::gate::{self, Access, AccessRule, Gate, RoutedPath, Routes};
use multitenant_core::{Code, input};

use crate::methods::Endpoint;
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
#[derive(Debug)]
pub struct Guarded {
    routes: Routes<Method, Vec<Endpoint>>,
}

impl Guarded {
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
    /// While the application starts, on a method that the path has already, or a path that was
    /// added with other names of its parameters.
    #[must_use]
    #[track_caller]
    pub fn route(mut self, rule: impl AccessRule, path: &str, methods: Methods) -> Self {
        let access = rule.access();
        let guard = Guard::new(self.routes.gate().clone(), access);
        for endpoints in methods.behind(&guard) {
            let named = endpoints.iter().filter_map(|(method, _)| method.clone());
            self.routes.add(named.collect(), path, access, endpoints);
        }
        self.routes.expect_one_handler_a_method();
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
        self.routes.nest(prefix, inner.routes);
        self.routes.expect_one_handler_a_method();
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

    /// Puts the routes into an application or a scope, which from then on answers 404 and 405 by
    /// problems. Extractors take bodies of up to [`input::BODY_LIMIT`] behind them, unless there is
    /// a [`PayloadConfig`] around.
    ///
    /// # Panics
    /// On a path that is none, as [`web::resource`] does.
    pub fn configure(self, services: &mut web::ServiceConfig) {
        for path in self.routes.into_paths() {
            services.service(resource(path));
        }
        services.default_service(web::to(async || Problem::from(Code::NotFound)));
    }
}

fn resource(path: RoutedPath<Method, Vec<Endpoint>>) -> impl HttpServiceFactory {
    let allow = path.allow();
    let not_allowed = web::to(move || {
        let problem = Problem::from(Code::MethodNotAllowed).customize();
        std::future::ready(problem.insert_header((ALLOW, allow.clone())))
    });
    let resource = web::resource(path.path).default_service(not_allowed);
    let mut endpoints: Vec<_> = path.handlers.into_iter().flatten().collect();
    // `HEAD` before `GET`, which answers it too; what is for every other method last.
    endpoints.sort_by_key(|(method, _)| (method.is_none(), *method != Some(Method::HEAD)));
    let routes = endpoints.into_iter().map(|(_, route)| route);
    let resource = routes.fold(resource, Resource::route);
    let mut limit = Extensions::new();
    limit.insert(PayloadConfig::new(input::BODY_LIMIT));
    let limit = Rc::new(limit);
    resource.wrap_fn(move |mut request, service| {
        if !is_limited(&request) {
            request.add_data_container(Rc::clone(&limit));
        }
        service.call(request)
    })
}

/// Whether the application says itself how large bodies may be, in either way that actix knows.
fn is_limited(request: &ServiceRequest) -> bool {
    request.app_data::<PayloadConfig>().is_some()
        || request.app_data::<Data<PayloadConfig>>().is_some()
}
