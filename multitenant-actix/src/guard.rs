use std::fmt;
use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Extensions, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpMessage, ResponseError};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use multitenant_core::gate::{Access, Entrance, Gate, Within};
use multitenant_core::resolve::Resolver;
use multitenant_core::tenant::{CacheOptions, Tenant, TenantStates};
use multitenant_core::{Code, Problem as CoreProblem};

use crate::{GuardedBody, Problem, View};

type Answered<B> = ServiceResponse<EitherBody<GuardedBody<B>>>;

/// Lets only those through to a route whom its rule lets through: a middleware over a [`Gate`].
/// [`Guarded`](crate::Guarded) puts one around each route; by hand it is for an application that
/// keeps its own resources and scopes:
///
/// ```
/// use actix_web::web;
/// use multitenant_actix::Guard;
/// use multitenant_core::gate::{Access, Gate};
///
/// fn app(gate: Gate, services: &mut web::ServiceConfig) {
///     let guard = Guard::new(gate, Access::USER);
///     services.service(web::resource("/ping").wrap(guard).get(async || "pong"));
/// }
/// ```
///
/// Those who are let through stand in the request's extensions as a
/// [`Passage`](multitenant_core::gate::Passage), which the extractors read, and in the current
/// span's fields `tenant` and `subject`, if it has them. The passage is kept until the response's
/// body has ended or is dropped. A handler that panics is answered as [`Code::Internal`].
///
/// Behind it everything runs within the runtime on which the gate's tenants were started, and not
/// the worker's own: what a handler opens or spawns by `tokio` outlives its worker.
#[derive(Clone)]
pub struct Guard {
    entrance: Entrance,
    states: Vec<Arc<PutStates>>,
}

/// Puts into a request's extensions what handlers take of each tenant.
type PutStates = dyn Fn(&mut Extensions) + Send + Sync;

impl Guard {
    /// A guard that asks `gate` by this rule.
    pub fn new(gate: impl Into<Gate>, access: impl Into<Access>) -> Self {
        Self {
            entrance: Entrance::guarded(gate, access),
            states: Vec::new(),
        }
    }

    /// A guard that lets everybody through who names a tenant that is served, for an application
    /// that signs people in by itself; its handlers take the tenant, and what it has of its own, by
    /// [`TenantData`](crate::TenantData).
    ///
    /// **It asks nobody who they are.** The application's own sign-in must be bound to the tenant, or
    /// somebody who signed in at one is let in at another: sign its tokens with
    /// [`Tenant::derive_secret`](multitenant_core::tenant::Tenant::derive_secret), name its sessions
    /// with [`Tenant::scope`](multitenant_core::tenant::Tenant::scope), or give the resolver a
    /// [`Claim`](multitenant_core::resolve::Claim).
    ///
    /// Without a name it answers 400 `tenant_required`, for two 403 `tenant_mismatch`, and for a
    /// tenant that does not exist or is not served 404 `not_found`.
    pub fn by_name(resolver: impl Into<Resolver>) -> Self {
        Self {
            entrance: Entrance::by_name(resolver),
            states: Vec::new(),
        }
    }

    /// Gives handlers behind it [`TenantData<T>`](crate::TenantData): a value for each tenant that
    /// `build` makes out of its handle at first use, and that is kept while it is used. Make the
    /// guard once, and let each of the server's workers have a clone. May be called once for each
    /// type.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn with_state<T: Send + Sync + 'static>(
        mut self,
        build: impl Fn(&Tenant) -> Result<T, Problem> + Send + Sync + 'static,
    ) -> Self {
        let tenants = Arc::clone(self.entrance.tenants());
        let states = TenantStates::new(tenants, CacheOptions::default(), move |tenant| {
            build(tenant).map(Arc::new).map_err(|problem| problem.0)
        });
        self.states.push(Arc::new(move |extensions| {
            extensions.insert(states.clone());
        }));
        self
    }

    async fn run<S, B>(&self, inner: &S, request: ServiceRequest) -> Result<Answered<B>, Error>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let passage = match self.entrance.admit(&View(request.head())).await {
            Ok(passage) => passage,
            Err(problem) => return Ok(refused(request, problem)),
        };
        request.extensions_mut().insert(passage.clone());
        for put in &self.states {
            put(&mut request.extensions_mut());
        }
        // What a handler left half done is dropped with it, and nobody sees it again.
        let handled = AssertUnwindSafe(async { inner.call(request).await });
        let panicked = |_| Problem::from(Code::Internal);
        let response = handled.catch_unwind().await.map_err(panicked)??;
        let runtime = self.entrance.runtime().clone();
        let response = response.map_body(|_, body| GuardedBody {
            inner: Within::new(runtime, body).keeping(passage),
        });
        Ok(response.map_into_left_body())
    }
}

fn refused<B>(request: ServiceRequest, problem: CoreProblem) -> Answered<B> {
    let response = Problem(problem).error_response();
    request.into_response(response).map_into_right_body()
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&self.entrance).finish()
    }
}

impl<S, B> Transform<S, ServiceRequest> for Guard
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = Answered<B>;
    type Error = Error;
    type Transform = GuardService<S>;
    type InitError = ();
    type Future = Ready<Result<GuardService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(GuardService {
            guard: self.clone(),
            inner: Rc::new(inner),
        }))
    }
}

/// A service behind a [`Guard`].
#[derive(Debug, Clone)]
pub struct GuardService<S> {
    guard: Guard,
    inner: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for GuardService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = Answered<B>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (guard, inner) = (self.guard.clone(), Rc::clone(&self.inner));
        let runtime = guard.entrance.runtime().clone();
        let run = async move { guard.run(&*inner, request).await };
        Box::pin(Within::new(runtime, run))
    }
}
