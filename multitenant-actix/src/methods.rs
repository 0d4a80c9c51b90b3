use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, Route, guard};

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
    pub(crate) handlers: Vec<Endpoint>,
}

/// A handler and the method that it answers to; `None`: every method that has none of its own.
pub(crate) type Endpoint = (Option<Method>, Route);

/// In which order handlers are tried: `GET` answers `HEAD` too, where that has no handler of its
/// own.
pub(crate) fn rank((method, _): &Endpoint) -> u8 {
    match method {
        Some(Method::HEAD) => 0,
        Some(_) => 1,
        None => 2,
    }
}

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
    /// Lets this handler answer to a method.
    #[must_use]
    pub fn on<Args>(self, method: Method, handler: impl Handles<Args>) -> Self {
        self.add(Some(method), handler)
    }

    /// Lets this handler answer to every method that has none of its own.
    #[must_use]
    pub fn any<Args>(self, handler: impl Handles<Args>) -> Self {
        self.add(None, handler)
    }

    fn add<Args>(mut self, method: Option<Method>, handler: impl Handles<Args>) -> Self {
        let route = handler.handle(route(method.as_ref()));
        self.handlers.push((method, route));
        self
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
