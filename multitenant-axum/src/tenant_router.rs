use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use multitenant_core::gate::{Entrance, Passage};
use multitenant_core::resolve::Resolver;
use multitenant_core::tenant::{CacheOptions, Tenant};
use tower::{Service, ServiceExt};

use crate::body::GuardedBody;
use crate::{Problem, TenantStates, View};

/// An application's own [`Router`], one for each tenant: built at a tenant's first request, kept
/// while it is used, with whatever state it has for itself. So an application that was written for
/// one tenant serves many, its handlers untouched.
///
/// ```
/// # #[cfg(feature = "postgres")] mod example {
/// use axum::extract::State;
/// use axum::{Router, routing::get};
/// use multitenant_axum::{Problem, TenantRouter};
/// use multitenant_core::resolve::Resolver;
/// use multitenant_core::tenant::{CacheOptions, PgTenant as PgPool, Tenant};
///
/// // As it was: a router over a pool.
/// fn app(pool: PgPool) -> Router {
///     Router::new().route("/invoices", get(count)).with_state(pool)
/// }
///
/// async fn count(State(pool): State<PgPool>) -> Result<String, Problem> {
///     let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM invoices").fetch_one(&pool).await?;
///     Ok(count.to_string())
/// }
///
/// // What is new. Routes that belong to no tenant stand outside.
/// fn all(resolver: Resolver) -> Router {
///     let of_tenant = |tenant: &Tenant| Ok(app(tenant.db()?));
///     Router::new()
///         .route("/livez", get(async || "alive"))
///         .fallback_service(TenantRouter::new(resolver, CacheOptions::default(), of_tenant))
/// }
/// # }
/// ```
///
/// **It asks nobody who they are.** The application's own sign-in must be bound to the tenant, or
/// somebody who signed in at one is let in at another: sign its tokens with
/// [`Tenant::derive_secret`], name its sessions with [`Tenant::scope`], or give the resolver a
/// [`Claim`](multitenant_core::resolve::Claim).
///
/// A request that names no tenant is answered with 400 `tenant_required`, one that names two with
/// 403 `tenant_mismatch`, and one whose tenant does not exist or is not served with 404
/// `not_found`. The tenant is kept until the response's body has ended or is dropped, and stands
/// for the extractors [`Tenant`](crate::Tenant) and [`TenantState`](crate::TenantState).
#[derive(Clone)]
pub struct TenantRouter {
    entrance: Entrance,
    routers: TenantStates<Router>,
}

impl TenantRouter {
    /// Routers that `build` makes, at most `options.capacity` of them at once.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(
        resolver: impl Into<Resolver>,
        options: CacheOptions,
        build: impl Fn(&Tenant) -> Result<Router, Problem> + Send + Sync + 'static,
    ) -> Self {
        let entrance = Entrance::by_name(resolver);
        let tenants = Arc::clone(entrance.tenants());
        Self {
            entrance,
            routers: TenantStates::new(tenants, options, move |tenant| {
                build(tenant).map_err(|problem| problem.0)
            }),
        }
    }

    /// A router that has nothing beside.
    pub fn into_router(self) -> Router {
        Router::new().fallback_service(self)
    }

    async fn answer(&self, request: Request) -> Result<Response, Problem> {
        let (mut parts, body) = request.into_parts();
        let passage = self.entrance.admit(&View(&parts)).await?;
        let tenant = Passage::tenant(Some(&passage), "TenantRouter")?;
        let router = self.routers.of(tenant).await?;
        parts.extensions.insert(passage.clone());
        let request = Request::from_parts(parts, body);
        let Ok(response) = router.oneshot(request).await;
        Ok(response.map(|body| Body::new(GuardedBody::passed(body, passage))))
    }
}

impl Service<Request> for TenantRouter {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(this.answer(request).await.into_response()) })
    }
}

impl fmt::Debug for TenantRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantRouter")
    }
}
