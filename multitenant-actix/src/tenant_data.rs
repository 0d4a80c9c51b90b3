use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use multitenant_core::gate::Passage;
use multitenant_core::tenant::TenantStates;

use crate::Problem;
use crate::extract::thin;

/// What an application has of each tenant, where it had it once: its handlers take it as they took
/// actix's `web::Data`, under the old name.
///
/// ```
/// # #[cfg(feature = "postgres")] mod example {
/// use actix_web::App;
/// use actix_web::web::{self, ServiceConfig};
/// use multitenant_actix::{Guard, Problem, TenantData as Data};
/// use multitenant_core::resolve::Resolver;
/// use multitenant_core::tenant::PgTenant as PgPool;
///
/// async fn count(pool: Data<PgPool>) -> Result<String, Problem> {
///     let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM invoices").fetch_one(&**pool).await?;
///     Ok(count.to_string())
/// }
///
/// fn app(services: &mut ServiceConfig, guard: Guard) {
///     let app = web::scope("").wrap(guard);
///     services.service(app.route("/invoices", web::get().to(count)));
/// }
///
/// fn serve(resolver: Resolver) {
///     let guard = Guard::by_name(resolver);
///     let app = App::new().configure(|services| app(services, guard));
/// }
/// # }
/// ```
///
/// It is the tenant's value of this type, where the guard has one by
/// [`with_state`](crate::Guard::with_state):
///
/// ```
/// # #[cfg(feature = "postgres")] mod example {
/// use std::sync::atomic::AtomicU64;
///
/// use multitenant_actix::Guard;
/// use multitenant_core::resolve::Resolver;
/// use multitenant_core::tenant::PgTenant as PgPool;
///
/// // As it was.
/// struct AppState {
///     pool: PgPool,
///     hits: AtomicU64,
/// }
///
/// fn guard(resolver: Resolver) -> Guard {
///     Guard::by_name(resolver).with_state(|tenant| {
///         Ok(AppState { pool: tenant.db()?, hits: AtomicU64::new(0) })
///     })
/// }
/// # }
/// ```
///
/// Without one, it may be the handle of the tenant's database. It stands behind a
/// [`Guard`](crate::Guard), which says which tenant it is; elsewhere the answer is an internal
/// error, and the log says what is missing.
#[derive(Debug)]
pub struct TenantData<T>(Arc<T>);

impl<T> TenantData<T> {
    /// What is inside.
    #[must_use]
    pub fn get_ref(&self) -> &T {
        &self.0
    }

    /// What is inside, to be kept.
    #[must_use]
    pub fn into_inner(self) -> Arc<T> {
        self.0
    }
}

thin!([T] TenantData<T>, Arc<T>);

impl<T> Clone for TenantData<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + Sync + 'static> FromRequest for TenantData<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let tenant = Passage::tenant(extensions.get(), "TenantData").cloned();
        let states = extensions.get::<TenantStates<Arc<T>>>().cloned();
        Box::pin(async move {
            let tenant = tenant?;
            Ok(Self(match states {
                Some(states) => states.of(&tenant).await?,
                None => tenant.handle()?,
            }))
        })
    }
}
