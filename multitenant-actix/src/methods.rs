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
    pub(crate) handlers: Vec<(Answers, Route)>,
}

/// Which methods a handler answers to. In the order in which they are tried: `GET` answers `HEAD`
/// too, where that has no handler of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answers {
    Head,
    Only(Method),
    Any,
}

impl Answers {
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Head => 0,
            Self::Only(_) => 1,
            Self::Any => 2,
        }
    }

    pub(crate) fn method(&self) -> Option<Method> {
        match self {
            Self::Head => Some(Method::HEAD),
            Self::Only(method) => Some(method.clone()),
            Self::Any => None,
        }
    }

    fn route(&self) -> Route {
        match self {
            Self::Head => Route::new().method(Method::HEAD),
            Self::Only(method) if *method == Method::GET => {
                Route::new().guard(guard::Any(guard::Get()).or(guard::Head()))
            }
            Self::Only(method) => Route::new().method(method.clone()),
            Self::Any => Route::new(),
        }
    }
}

impl Methods {
    /// Lets this handler answer to a method.
    #[must_use]
    pub fn on<F, Args>(self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        match method {
            Method::HEAD => self.add(Answers::Head, handler),
            other => self.add(Answers::Only(other), handler),
        }
    }

    /// Lets this handler answer to every method that has none of its own.
    #[must_use]
    pub fn any<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add(Answers::Any, handler)
    }

    fn add<F, Args>(mut self, answers: Answers, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let route = answers.route().to(handler);
        self.handlers.push((answers, route));
        self
    }
}

/// A handler that answers to every method.
pub fn any<F, Args>(handler: F) -> Methods
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Methods::default().any(handler)
}

macro_rules! by_name {
    ($($name:ident: $method:ident),+) => {
        $(
            #[doc = concat!("A handler that answers to `", stringify!($method), "`.")]
            pub fn $name<F, Args>(handler: F) -> Methods
            where
                F: Handler<Args>,
                Args: FromRequest + 'static,
                F::Output: Responder + 'static,
            {
                Methods::default().on(Method::$method, handler)
            }
        )+

        impl Methods {
            $(
                #[doc = concat!("Lets this handler answer to `", stringify!($method), "`.")]
                #[must_use]
                pub fn $name<F, Args>(self, handler: F) -> Self
                where
                    F: Handler<Args>,
                    Args: FromRequest + 'static,
                    F::Output: Responder + 'static,
                {
                    self.on(Method::$method, handler)
                }
            )+
        }
    };
}

by_name!(get: GET, post: POST, put: PUT, patch: PATCH, delete: DELETE, head: HEAD, options: OPTIONS);
