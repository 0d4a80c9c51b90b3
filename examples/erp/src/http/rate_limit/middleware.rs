use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::DefaultClock;
use multitenant_axum::Problem;
use multitenant_core::{Code, Problem as CoreProblem};

use super::limit::Limit;
use crate::http::ClientAddress;

/// The limits of this server: one for all requests, and a tighter one for sign-ins, each of which
/// costs a password's hash.
pub(in crate::http) struct RateLimits {
    requests: Limit,
    sign_ins: Limit,
}

const PER_SECOND: NonZeroU32 = NonZeroU32::new(50).unwrap();
const BURST: NonZeroU32 = NonZeroU32::new(200).unwrap();
const SIGN_INS_PER_SECOND: NonZeroU32 = NonZeroU32::new(2).unwrap();
const SIGN_IN_BURST: NonZeroU32 = NonZeroU32::new(30).unwrap();

const TIDY_EVERY: Duration = Duration::from_secs(1);

impl RateLimits {
    /// Starts counting, and forgetting, for as long as somebody holds what this returns.
    pub(in crate::http) fn start() -> Arc<Self> {
        let limit = |per_second, burst| Limit::new(per_second, burst, DefaultClock::default());
        let limits = Arc::new(Self {
            requests: limit(PER_SECOND, BURST),
            sign_ins: limit(SIGN_INS_PER_SECOND, SIGN_IN_BURST),
        });
        tokio::spawn(tidy(Arc::downgrade(&limits)));
        limits
    }

    fn check(&self, address: IpAddr, is_sign_in: bool) -> Result<(), Duration> {
        self.requests.check(address)?;
        match is_sign_in {
            true => self.sign_ins.check(address),
            false => Ok(()),
        }
    }
}

async fn tidy(limits: Weak<RateLimits>) {
    loop {
        tokio::time::sleep(TIDY_EVERY).await;
        let Some(limits) = limits.upgrade() else {
            return;
        };
        limits.requests.tidy();
        limits.sign_ins.tidy();
    }
}

/// Refuses what is too much from one address.
pub(in crate::http) async fn limit_rate(
    State(limits): State<Arc<RateLimits>>,
    request: Request,
    next: Next,
) -> Response {
    let address = request.extensions().get::<ClientAddress>();
    let admitted = match address {
        Some(ClientAddress(address)) => limits.check(*address, is_sign_in(&request)),
        None => Ok(()), // not over a socket
    };
    match admitted {
        Ok(()) => next.run(request).await,
        Err(wait) => too_many(wait),
    }
}

fn is_sign_in(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    let checks_a_password =
        |route: &str| route.ends_with("/auth/login") || route.ends_with("/auth/password");
    route.is_some_and(|route| checks_a_password(route.as_str()))
}

fn too_many(wait: Duration) -> Response {
    let detail = "this address sends too many requests; wait as Retry-After says";
    Problem(CoreProblem::retry_later(Code::RateLimited, wait, detail)).into_response()
}
