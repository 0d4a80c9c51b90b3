use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::cache::CacheOptions;
use super::handle::Tenant;
use super::per_tenant::PerTenant;
use super::tenants::Tenants;
use crate::Problem;

/// What an application has of each tenant, where it had it once: built out of the tenant's handle
/// at first use, and kept while it is used. As [`PerTenant`], of values that may fail to be made;
/// the adapters' extractors take them apart.
///
/// ```
/// # #[cfg(feature = "postgres")] mod example {
/// use std::sync::Arc;
/// use std::sync::atomic::AtomicU64;
///
/// use multitenant_core::tenant::{CacheOptions, PgTenant as PgPool, TenantStates, Tenants};
///
/// // As it was.
/// #[derive(Clone)]
/// struct AppState {
///     pool: PgPool,
///     hits: Arc<AtomicU64>,
/// }
///
/// fn states(tenants: Arc<dyn Tenants>) -> TenantStates<AppState> {
///     TenantStates::new(tenants, CacheOptions::default(), |tenant| {
///         Ok(AppState { pool: tenant.db()?, hits: Arc::default() })
///     })
/// }
/// # }
/// ```
pub struct TenantStates<V>(PerTenant<Result<V, Problem>>);

impl<V: Clone + Send + Sync + 'static> TenantStates<V> {
    /// Values that `build` makes, of at most `options.capacity` tenants at once.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(
        tenants: Arc<dyn Tenants>,
        options: CacheOptions,
        build: impl Fn(&Tenant) -> Result<V, Problem> + Send + Sync + 'static,
    ) -> Self {
        Self(PerTenant::new(tenants, options, build))
    }

    /// The tenant's value.
    ///
    /// # Errors
    /// Where the tenant is served no more, or what `build` failed with.
    pub async fn of(&self, tenant: &Tenant) -> Result<V, Problem> {
        let found = self.0.of(tenant).await;
        found.map_err(|error| Problem::from(&error))?.clone()
    }
}

impl<V> Clone for TenantStates<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> fmt::Debug for TenantStates<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantStates")
    }
}

impl Tenant {
    /// The handle of the tenant's database, for an extractor that is asked for `T`.
    ///
    /// # Errors
    /// An internal error where `T` is no handle of the engine that it runs on: what else an
    /// application has of each tenant must be given by it.
    pub fn handle<T: Any + Send + Sync>(&self) -> Result<Arc<T>, Problem> {
        self.database()
            .and_then(|database| database.downcast().ok())
            .ok_or_else(|| Problem::internal(&NoState(std::any::type_name::<T>())))
    }

    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    fn database(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(crate::on!(self.any_sql().ok()?, db => Arc::new(db)))
    }

    #[cfg(not(any(feature = "postgres", feature = "sqlite")))]
    fn database(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "nothing gives {0} of a tenant: give the guard one by .with_state(|tenant| …), or ask for the \
     engine that the tenant runs on"
)]
struct NoState(&'static str);
