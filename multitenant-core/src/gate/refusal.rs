use std::time::Duration;

use crate::auth::AuthError;
use crate::resolve::{RepeatedHeader, ResolveError};
use crate::tenant::TenantError;
use crate::{Code, Problem};

/// Why a request was not let through.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It brought no bearer token.
    #[error("the request has no bearer token")]
    TokenMissing,
    /// Its Authorization header is not one bearer token.
    #[error("the request's Authorization header is not a single bearer token")]
    TokenUnreadable,
    /// Its token was not accepted.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// It names no tenant, or two.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Its tenant is not served.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// The person must change a temporary password first.
    #[error("a temporary password must be changed first")]
    PasswordChangeDue,
    /// The person's roles do not allow it.
    #[error("{reason}")]
    Denied {
        /// Which permission, which roles were asked.
        reason: String,
    },
}

impl Refusal {
    /// Writes it to the log, and says what the caller is told.
    pub(super) fn tell(&self) -> Problem {
        let problem = Problem::from(self);
        let (code, error) = (problem.code, self as &(dyn std::error::Error + 'static));
        if problem.status() < 500 {
            tracing::debug!(%code, error, "a request was refused");
        } else {
            tracing::warn!(%code, error, "a request could not be decided upon");
        }
        problem
    }
}

impl From<RepeatedHeader> for Refusal {
    fn from(error: RepeatedHeader) -> Self {
        ResolveError::from(error).into()
    }
}

const RETRY: Duration = Duration::from_secs(1);

crate::error::problem_by_value!(Refusal, ResolveError);

impl From<&Refusal> for Problem {
    /// What the caller is told. Nothing here tells a stranger whether a tenant exists: whatever
    /// concerns a tenant's state is reached with an accepted token only.
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::TokenMissing => Self::new(
                Code::TokenMissing,
                "sign in, and send the token as Authorization: Bearer …",
            ),
            Refusal::TokenUnreadable => Code::TokenInvalid.into(),
            Refusal::Auth(error) => error.into(),
            Refusal::Resolve(error) => error.into(),
            Refusal::Tenant(error) => (&AuthError::Tenant(error.clone())).into(),
            Refusal::PasswordChangeDue => Self::new(
                Code::PasswordChangeRequired,
                "change the temporary password first, by POST auth/password",
            ),
            Refusal::Denied { .. } => {
                Self::new(Code::PermissionDenied, "your roles do not allow this")
            }
        }
    }
}

impl From<&ResolveError> for Problem {
    fn from(error: &ResolveError) -> Self {
        match error {
            ResolveError::Required => Self::new(
                Code::TenantRequired,
                "name the tenant by its host or by the header x-tenant-id",
            ),
            ResolveError::Mismatch | ResolveError::Repeated(_) => Self::new(
                Code::TenantMismatch,
                "everything in the request that names a tenant must name the same one, once",
            ),
            ResolveError::Unknown => Code::NotFound.into(),
            ResolveError::Lookup(_) => {
                Self::retry_later(Code::Unavailable, RETRY, "try again in a moment")
            }
        }
    }
}
