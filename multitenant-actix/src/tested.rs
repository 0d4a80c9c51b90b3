use std::fmt;

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::test::{TestRequest, init_service};
use multitenant_core::testing::{Answer, Application, Ask};

use crate::{Guarded, Route};

/// An application under test, out of what makes its routes, for
/// [`assert_isolated`](multitenant_core::testing::assert_isolated):
///
/// ```
/// # #[cfg(feature = "sqlite")] mod example {
/// use multitenant_actix::{Guarded, Tested};
/// use multitenant_core::testing::{TestPlatform, assert_isolated};
/// # use multitenant_actix::{Principal, get};
/// # use multitenant_core::gate::{Access, Gate};
/// # use multitenant_core::rbac::access::REGISTRY;
/// # fn app(gate: &Gate) -> Guarded {
/// #     let me = async |who: Principal| who.subject().to_string();
/// #     Guarded::new(gate.clone()).route(Access::USER, "/me", get(me))
/// # }
///
/// // #[actix_web::test]
/// # pub fn main() { actix_web::rt::System::new().block_on(test()) }
/// # async
/// fn test() {
///     let kit = TestPlatform::on_sqlite(REGISTRY).tenants(["acme", "globex"]);
///     let kit = kit.start().await.unwrap();
///     let [acme, globex] = ["acme", "globex"].map(|slug| kit.tenant(slug).party());
///     let app = Tested(|| app(kit.platform().gate()));
///     assert_isolated(&app, acme.await.unwrap(), globex.await.unwrap()).await;
/// }
/// # }
/// # #[cfg(feature = "sqlite")] use example::main;
/// # #[cfg(not(feature = "sqlite"))] fn main() {}
/// ```
#[derive(Clone, Copy)]
pub struct Tested<F>(pub F);

impl<F: Fn() -> Guarded> fmt::Debug for Tested<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0().fmt(f)
    }
}

impl<F: Fn() -> Guarded> Application for Tested<F> {
    fn routes(&self) -> Vec<multitenant_core::gate::Route<String>> {
        self.0().routes().iter().map(Route::in_words).collect()
    }

    async fn answer(&self, ask: Ask) -> Answer {
        let app = App::new().configure(|services| self.0().configure(services));
        let app = init_service(app).await;
        let Ok(method) = ask.method().parse() else {
            return Answer::new(400, [], "no request");
        };
        let mut request = TestRequest::with_uri(ask.target()).method(method);
        for (name, value) in ask.headers() {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
                request = request.append_header((name, value));
            }
        }
        let request = request.set_payload(ask.content().to_vec()).to_request();
        let response = match actix_web::test::try_call_service(&app, request).await {
            Ok(response) => response.map_into_boxed_body().into_parts().1,
            Err(error) => error.error_response(),
        };
        let (head, body) = response.into_parts();
        let headers = head.headers().iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes()));
        let body = to_bytes(body).await.unwrap_or_default();
        Answer::new(head.status().as_u16(), headers, body)
    }
}
