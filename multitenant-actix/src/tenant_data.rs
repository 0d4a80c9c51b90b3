use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use multitenant_core::Problem as CoreProblem;
use multitenant_core::gate::Passage;
use multitenant_core::tenant::{CacheOptions, PerTenant, Tenant, Tenants};

use crate::Problem;

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
/// It is the value that [`TenantStates<T>`](TenantStates) in the application's data keep for the
/// tenant; without those, `T` may be the handle of the tenant's database. It stands behind a
/// [`Guard`](crate::Guard), which says which tenant it is; elsewhere the answer is an internal
/// error, and the log says what is missing.
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

impl<T> Deref for TenantData<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.0
    }
}

impl<T> Clone for TenantData<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: fmt::Debug> fmt::Debug for TenantData<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TenantData").field(&self.0).finish()
    }
}

/// A value for each tenant, built out of its handle at first use and kept while it is used. Put
/// into the application's data as it is, it gives handlers [`TenantData<T>`](TenantData).
///
/// ```
/// # #[cfg(feature = "postgres")] mod example {
/// use std::sync::Arc;
/// use std::sync::atomic::AtomicU64;
///
/// use actix_web::web::ServiceConfig;
/// use multitenant_actix::TenantStates;
/// use multitenant_core::tenant::{CacheOptions, PgTenant as PgPool, Tenants};
///
/// // As it was.
/// struct AppState {
///     pool: PgPool,
///     hits: AtomicU64,
/// }
///
/// // Once, before the server is made; each of its workers gets a clone.
/// fn states(tenants: Arc<dyn Tenants>) -> TenantStates<AppState> {
///     TenantStates::new(tenants, CacheOptions::default(), |tenant| {
///         Ok(AppState { pool: tenant.db()?, hits: AtomicU64::new(0) })
///     })
/// }
///
/// fn configure(services: &mut ServiceConfig, states: &TenantStates<AppState>) {
///     services.app_data(states.clone());
/// }
/// # }
/// ```
pub struct TenantStates<T>(PerTenant<Result<Arc<T>, CoreProblem>>);

impl<T: Send + Sync + 'static> TenantStates<T> {
    /// Values that `build` makes, of at most `options.capacity` tenants at once.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(
        tenants: Arc<dyn Tenants>,
        options: CacheOptions,
        build: impl Fn(&Tenant) -> Result<T, Problem> + Send + Sync + 'static,
    ) -> Self {
        let build = move |tenant: &Tenant| match build(tenant) {
            Ok(value) => Ok(Arc::new(value)),
            Err(problem) => Err(problem.0),
        };
        Self(PerTenant::new(tenants, options, build))
    }

    /// The tenant's value.
    ///
    /// # Errors
    /// Where the tenant is served no more, or what `build` failed with.
    pub async fn of(&self, tenant: &Tenant) -> Result<Arc<T>, Problem> {
        Ok(self.0.of(tenant).await?.clone()?)
    }
}

impl<T> Clone for TenantStates<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for TenantStates<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantStates")
    }
}

impl<T: Send + Sync + 'static> FromRequest for TenantData<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let tenant = Passage::tenant(extensions.get(), "TenantData").cloned();
        let states = request.app_data::<TenantStates<T>>().cloned();
        Box::pin(async move {
            let tenant = tenant?;
            let value = match states {
                Some(states) => states.of(&tenant).await?,
                None => handle(&tenant).ok_or_else(missing::<T>)?,
            };
            Ok(Self(value))
        })
    }
}

/// The handle of the tenant's database, if that is what is asked for.
#[cfg(feature = "_sql")]
fn handle<T: Send + Sync + 'static>(tenant: &Tenant) -> Option<Arc<T>> {
    let db = tenant.any_sql().ok()?;
    let db: Arc<dyn std::any::Any + Send + Sync> = multitenant_core::on!(db, db => Arc::new(db));
    db.downcast().ok()
}

#[cfg(not(feature = "_sql"))]
fn handle<T: Send + Sync + 'static>(_: &Tenant) -> Option<Arc<T>> {
    None
}

fn missing<T>() -> Problem {
    let state = std::any::type_name::<T>();
    let error = std::io::Error::other(format!(
        "a handler cannot take TenantData<{state}>: put TenantStates<{state}> into the \
         application by .app_data(states.clone()), or ask for the engine that the tenant runs on"
    ));
    CoreProblem::internal(&error).into()
}
