use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, Route, guard};

use crate::Guard;

/// Handlers by method, for one path: what [`Guarded::route`](crate::Guarded::route) takes.
///
/// ```
/// use multitenant_actix::get;
///
/// # async fn list() -> &'static str { "" }
/// # async fn create() -> &'static str { "" }
/// let invoices = get(list).post(create);
/// ```
#[derive(Default)]
pub struct Methods {
    handlers: Vec<Endpoint>,
}

/// A handler and the method that it answers to; `None`: every method that has none of its own.
pub(crate) type Endpoint = (Option<Method>, Route);

/// `GET` answers `HEAD` too, where that has no handler of its own.
fn route(method: Option<&Method>) -> Route {
    match method {
        Some(&Method::GET) => Route::new().guard(guard::Any(guard::Get()).or(guard::Head())),
        Some(method) => Route::new().method(method.clone()),
        None => Route::new(),
    }
}

/// A handler of actix's: an async function that takes extractors and returns a responder.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler",
    label = "expected an async function whose arguments are extractors and whose result is a responder"
)]
pub trait Handles<Args> {
    /// Lets the route be handled by it.
    fn handle(self, route: Route) -> Route;
}

impl<F, Args> Handles<Args> for F
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    fn handle(self, route: Route) -> Route {
        route.to(self)
    }
}

impl Methods {
    /// Lets this handler answer to a method; to every one that has none of its own for `None`.
    #[must_use]
    pub fn on<Args>(
        mut self,
        method: impl Into<Option<Method>>,
        handler: impl Handles<Args>,
    ) -> Self {
        let method = method.into();
        let route = handler.handle(route(method.as_ref()));
        self.handlers.push((method, route));
        self
    }

    /// Lets this handler answer to every method that has none of its own.
    #[must_use]
    pub fn any<Args>(self, handler: impl Handles<Args>) -> Self {
        self.on(None, handler)
    }

    /// Puts the guard around each of them; those for a method first, then what is for every other.
    pub(crate) fn behind(self, guard: &Guard) -> impl Iterator<Item = Vec<Endpoint>> {
        let handlers = self.handlers.into_iter();
        let guarded = handlers.map(|(method, route)| (method, route.wrap(guard.clone())));
        let (named, every) = guarded.partition(|(method, _)| method.is_some());
        let parts: [Vec<Endpoint>; 2] = [named, every];
        parts.into_iter().filter(|part| !part.is_empty())
    }
}

/// A handler that answers to every method.
pub fn any<Args>(handler: impl Handles<Args>) -> Methods {
    Methods::default().any(handler)
}

macro_rules! by_name {
    ($($name:ident: $method:ident),+) => {
        $(
            #[doc = concat!("A handler that answers to `", stringify!($method), "`.")]
            pub fn $name<Args>(handler: impl Handles<Args>) -> Methods {
                Methods::default().on(Method::$method, handler)
            }
        )+

        impl Methods {
            $(
                #[doc = concat!("Lets this handler answer to `", stringify!($method), "`.")]
                #[must_use]
                pub fn $name<Args>(self, handler: impl Handles<Args>) -> Self {
                    self.on(Method::$method, handler)
                }
            )+
        }
    };
}

by_name!(get: GET, post: POST, put: PUT, patch: PATCH, delete: DELETE, head: HEAD, options: OPTIONS);
