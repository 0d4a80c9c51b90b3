use std::time::Duration;

use super::cache::CacheError;
use crate::directory::{DirectoryError, TenantStatus};
use crate::events::FollowError;
use crate::{Code, Problem};

/// Why a tenant is not served.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TenantError {
    /// There is no tenant with this id or slug.
    #[error("there is no such tenant")]
    Unknown,
    /// The tenant exists but is not served now.
    #[error("the tenant is not served: it is {0:?}")]
    NotServed(TenantStatus),
    /// The tenant's record cannot be read, or its secret cannot be opened.
    #[error("the tenant's record could not be read")]
    Record(#[source] DirectoryError),
    /// The log of changes cannot be read.
    #[error("it could not be checked whether the tenant exists")]
    Log(#[source] FollowError),
    /// The log of changes could not be read for so long that what this node knows is not served.
    #[error("what is known of the tenant is too old: the log of changes was last read {age:?} ago")]
    Stale {
        /// How long ago the log was last read.
        age: Duration,
    },
    /// Reading the tenant's record was interrupted.
    #[error("reading the tenant's record was interrupted")]
    Interrupted,
    /// The manager has been shut down.
    #[error("the server is shutting down")]
    ShutDown,
}

impl From<CacheError<TenantError>> for TenantError {
    fn from(error: CacheError<TenantError>) -> Self {
        match error {
            CacheError::Load(error) => error,
            CacheError::Interrupted => Self::Interrupted,
        }
    }
}

/// How long a caller is asked to wait before it tries again.
const RETRY: Duration = Duration::from_secs(1);

crate::error::problem_by_value!(TenantError);

impl From<&TenantError> for Problem {
    /// What a caller who is known to belong to the tenant is told. A stranger must be told less:
    /// that is for the gate to decide.
    fn from(error: &TenantError) -> Self {
        match error {
            TenantError::Unknown => Code::TenantUnknown.into(),
            TenantError::NotServed(TenantStatus::Suspended) => Self::new(
                Code::TenantSuspended,
                "the tenant is suspended; ask the platform's staff to activate it",
            ),
            TenantError::NotServed(_) => Code::TenantUnknown.into(),
            TenantError::Record(_) | TenantError::Interrupted => {
                Self::retry_later(Code::TenantUnavailable, RETRY, "try again in a moment")
            }
            TenantError::Log(_) | TenantError::Stale { .. } | TenantError::ShutDown => {
                Self::retry_later(Code::Unavailable, RETRY, "try again in a moment")
            }
        }
    }
}
