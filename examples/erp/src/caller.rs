//! From where a request comes, and on whose account it changes something.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use multitenant_core::auth::sign_in::Origin;
use multitenant_core::catalog::{Actor, Change};
use multitenant_core::gate::Principal;
use multitenant_core::{Problem, RequestId};

use crate::http::ClientAddress;

/// Longest name of a program that is kept with a session, in characters.
const USER_AGENT_MAX_CHARS: usize = 300;

/// From where a request comes.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Origin);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let user_agent = parts.headers.get(USER_AGENT);
        let user_agent = user_agent.and_then(|value| value.to_str().ok());
        let request_id = parts.extensions.get::<RequestId>();
        Ok(Self(Origin {
            address: parts
                .extensions
                .get::<ClientAddress>()
                .map(|address| address.0),
            user_agent: user_agent.map(|name| name.chars().take(USER_AGENT_MAX_CHARS).collect()),
            request_id: request_id.map(|id| id.as_str().to_owned()),
        }))
    }
}

impl Caller {
    /// A change that `who` makes by this request.
    #[must_use]
    pub(crate) fn change(&self, who: &Principal) -> Change {
        let actor = Actor::person(who.identity().tenant(), who.subject().clone());
        let change = Change::by(actor);
        match &self.0.request_id {
            Some(id) => change.in_request(id.clone()),
            None => change,
        }
    }
}

/// Answers one of the library's errors.
pub(crate) fn told<E>(error: E) -> multitenant_axum::Problem
where
    E: std::error::Error,
    for<'e> Problem: From<&'e E>,
{
    let problem = Problem::from(&error);
    if problem.status() >= 500 {
        tracing::warn!(%error, source = ?error.source(), "a request failed");
    }
    problem.into()
}
