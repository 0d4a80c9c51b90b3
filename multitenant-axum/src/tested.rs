use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use multitenant_core::testing::{Answer, Application, Ask};
use tower::ServiceExt;

use crate::{Guarded, Route};

/// An application under test, for
/// [`assert_isolated`](multitenant_core::testing::assert_isolated):
///
/// ```
/// # #[cfg(feature = "sqlite")] mod example {
/// use multitenant_axum::{Guarded, Tested};
/// use multitenant_core::testing::{TestPlatform, assert_isolated};
/// # use axum::routing::get;
/// # use multitenant_core::gate::{Access, Gate};
/// # use multitenant_core::rbac::access::REGISTRY;
/// # use multitenant_axum::Principal;
/// # fn app(gate: &Gate) -> Guarded {
/// #     let me = async |who: Principal| who.subject().to_string();
/// #     Guarded::new(gate.clone()).route(Access::USER, "/me", get(me))
/// # }
///
/// // #[tokio::test]
/// # #[tokio::main]
/// pub async fn main() {
///     let kit = TestPlatform::on_sqlite(REGISTRY).tenants(["acme", "globex"]);
///     let kit = kit.start().await.unwrap();
///     let [acme, globex] = ["acme", "globex"].map(|slug| kit.tenant(slug).party());
///     let app = Tested::from(app(kit.platform().gate()));
///     assert_isolated(&app, acme.await.unwrap(), globex.await.unwrap()).await;
/// }
/// # }
/// # #[cfg(feature = "sqlite")] use example::main;
/// # #[cfg(not(feature = "sqlite"))] fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Tested {
    router: Router,
    routes: Vec<Route>,
}

impl Tested {
    /// A router, with state and layers and all, and those of its routes that are tried.
    #[must_use]
    pub fn new(router: Router, routes: &[Route]) -> Self {
        Self {
            router,
            routes: routes.to_vec(),
        }
    }
}

impl From<Guarded> for Tested {
    fn from(guarded: Guarded) -> Self {
        let routes = guarded.routes().to_vec();
        Self {
            router: guarded.into_router(),
            routes,
        }
    }
}

impl Application for Tested {
    fn routes(&self) -> Vec<multitenant_core::gate::Route<String>> {
        self.routes.iter().map(Route::in_words).collect()
    }

    async fn answer(&self, ask: Ask) -> Answer {
        let mut request = Request::builder().method(ask.method()).uri(ask.target());
        for (name, value) in ask.headers() {
            request = request.header(name, value);
        }
        let body = Body::from(ask.content().to_vec());
        let Ok(request) = request.body(body) else {
            return Answer::new(400, [], "no request");
        };
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let headers = parts.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes()));
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        Answer::new(parts.status.as_u16(), headers, body)
    }
}
