use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
#[cfg(feature = "_sql")]
use multitenant_core::engine::SqlEngine;
use multitenant_core::gate::Passage;
#[cfg(feature = "_sql")]
use multitenant_core::tenant;
use multitenant_core::tenant::{Tenant, TenantStates};

use crate::Problem;
use crate::extract::thin;

/// What an application has of each tenant, where it had it once: its handlers take it as they took
/// axum's `State`, under the old name.
///
/// ```
/// # #[cfg(feature = "postgres")] mod example {
/// use axum::{Router, routing::get};
/// use multitenant_axum::{Guard, Problem, TenantState as State};
/// use multitenant_core::resolve::Resolver;
/// use multitenant_core::tenant::PgTenant as PgPool;
///
/// async fn count(State(pool): State<PgPool>) -> Result<String, Problem> {
///     let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM invoices").fetch_one(&pool).await?;
///     Ok(count.to_string())
/// }
///
/// fn app(resolver: Resolver) -> Router {
///     Router::new()
///         .route("/invoices", get(count))
///         .layer(Guard::by_name(resolver))
/// }
/// # }
/// ```
///
/// In a router without state it is the tenant's database. In a router with
/// [`TenantStates`] it is the value that those keep for the tenant, or a part of it by
/// [`FromRef`]:
///
/// ```
/// # #[cfg(feature = "postgres")] mod example {
/// use std::sync::Arc;
/// use std::sync::atomic::AtomicU64;
///
/// use axum::Router;
/// use axum::extract::FromRef;
/// use multitenant_axum::TenantStates;
/// use multitenant_core::tenant::{CacheOptions, PgTenant as PgPool, Tenants};
///
/// // As it was: a state, and its parts.
/// #[derive(Clone)]
/// struct AppState {
///     pool: PgPool,
///     hits: Arc<AtomicU64>,
/// }
///
/// impl FromRef<AppState> for PgPool {
///     fn from_ref(state: &AppState) -> Self {
///         state.pool.clone()
///     }
/// }
///
/// fn with_state(app: Router<TenantStates<AppState>>, tenants: Arc<dyn Tenants>) -> Router {
///     app.with_state(TenantStates::new(tenants, CacheOptions::default(), |tenant| {
///         Ok(AppState { pool: tenant.db()?, hits: Arc::default() })
///     }))
/// }
/// # }
/// ```
///
/// It stands behind a [`Guard`](crate::Guard) or a
/// [`TenantRouter`](crate::TenantRouter), which say which tenant it is; elsewhere the answer is an
/// internal error, and the log says what is missing.
#[derive(Debug, Clone)]
pub struct TenantState<T>(pub T);

thin!([T] TenantState<T>, T);

/// The state of a router out of which a handler may take [`TenantState<T>`](TenantState).
#[diagnostic::on_unimplemented(
    message = "a router with the state `{Self}` has no `TenantState<{T}>`",
    note = "without a state it has `TenantState` of a tenant's database: `PgTenant`, `SqliteTenant`",
    note = "`TenantStates<V>` as its state has `TenantState` of `V`, and of what is `FromRef<V>`"
)]
pub trait GivesTenantState<T>: Send + Sync {
    /// What belongs to the tenant.
    fn state_of(&self, tenant: &Tenant) -> impl Future<Output = Result<T, Problem>> + Send;
}

#[cfg(feature = "_sql")]
impl<E: SqlEngine> GivesTenantState<tenant::Db<E>> for () {
    async fn state_of(&self, tenant: &Tenant) -> Result<tenant::Db<E>, Problem> {
        Ok(tenant.db()?)
    }
}

impl<V, T> GivesTenantState<T> for TenantStates<V>
where
    V: Clone + Send + Sync + 'static,
    T: FromRef<V>,
{
    async fn state_of(&self, tenant: &Tenant) -> Result<T, Problem> {
        Ok(T::from_ref(&self.of(tenant).await?))
    }
}

impl<S, T> FromRequestParts<S> for TenantState<T>
where
    S: GivesTenantState<T>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let tenant = Passage::tenant(parts.extensions.get(), "TenantState")?;
        let tenant = tenant.clone();
        Ok(Self(state.state_of(&tenant).await?))
    }
}
