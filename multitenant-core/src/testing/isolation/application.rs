use std::fmt;

use crate::gate::Route;
use crate::testing::{Answer, Ask};

/// An application under test: its routes, and how it answers. The adapters have one each, by the
/// name `Tested`.
///
/// ```
/// use multitenant_core::gate::{Access, Route};
/// use multitenant_core::testing::{Answer, Application, Ask};
///
/// /// Answers everything alike.
/// struct Static;
///
/// impl Application for Static {
///     fn routes(&self) -> Vec<Route<String>> {
///         vec![Route::new(vec!["GET".to_owned()], "/", Access::Public)]
///     }
///
///     async fn answer(&self, _: Ask) -> Answer {
///         Answer::new(200, [], "hello")
///     }
/// }
/// ```
pub trait Application {
    /// Every route. Parameters of a path stand in braces: `/invoices/{id}`.
    fn routes(&self) -> Vec<Route<String>>;

    /// Sends a request through the application.
    fn answer(&self, ask: Ask) -> impl Future<Output = Answer>;
}

/// An [`Application`] out of a list of its routes and something that asks it: for one without
/// guarded routes, or one that runs somewhere.
///
/// ```
/// use std::net::SocketAddr;
///
/// use multitenant_core::gate::Route;
/// use multitenant_core::testing::{Application, Ask, Listed};
///
/// /// `routes` is what `Guarded::routes` gave.
/// fn served_at(address: SocketAddr, routes: &[Route<&'static str>]) -> impl Application {
///     Listed::new(routes, async move |ask: Ask| ask.send(address).await)
/// }
/// ```
pub struct Listed<F> {
    routes: Vec<Route<String>>,
    ask: F,
}

impl<F: AsyncFn(Ask) -> Answer> Listed<F> {
    /// The application with these routes, asked by this function.
    pub fn new<'r, M: fmt::Display + 'r>(
        routes: impl IntoIterator<Item = &'r Route<M>>,
        ask: F,
    ) -> Self {
        Self {
            routes: routes.into_iter().map(Route::in_words).collect(),
            ask,
        }
    }
}

impl<F> fmt::Debug for Listed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.routes).finish()
    }
}

impl<F: AsyncFn(Ask) -> Answer> Application for Listed<F> {
    fn routes(&self) -> Vec<Route<String>> {
        self.routes.clone()
    }

    async fn answer(&self, ask: Ask) -> Answer {
        (self.ask)(ask).await
    }
}
