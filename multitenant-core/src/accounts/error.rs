use std::sync::Arc;
use std::time::Duration;

use crate::auth::AuthError;
use crate::auth::sign_in::SignInError;
use crate::catalog::CatalogError;
use crate::events::{FollowError, IntentError};
use crate::password::PasswordError;
use crate::tenant::{TenantError, WrongEngine};
use crate::{Code, FieldError, Problem, RoleName};

/// Why people or roles could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// There is no such person or role in this tenant.
    #[error("there is no such person or role here")]
    NotFound,
    /// Somebody else in this tenant has the address.
    #[error("the e-mail address is taken; choose another")]
    EmailTaken,
    /// The tenant has no such role.
    #[error("there is no role {0}")]
    RoleUnknown(RoleName),
    /// The roles grant more than the person who gives them holds.
    #[error("the role {0} grants more than you hold yourself")]
    GrantsMore(RoleName),
    /// Nobody would be left to administer the tenant.
    #[error("the tenant would be left without an active user of the role Admin")]
    LastAdmin,
    /// Nobody would be left to administer the platform.
    #[error("the platform would be left without an active member of the staff of the role ADMIN")]
    LastStaffAdmin,
    /// The change took so long that it might have gone unheard; nothing has changed.
    #[error("the change took too long and was taken back")]
    TooLate,
    /// A row holds what this version cannot read.
    #[error("a row of {0} cannot be read; was it written by a newer version?")]
    Unreadable(&'static str),
    /// The tenant is not served.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// The tenant's database runs on an engine that this build does not know.
    #[error(transparent)]
    Engine(#[from] WrongEngine),
    /// The catalog refused or could not be reached.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The change could not be announced to other nodes.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The change is made, but it could not be brought into force here yet.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// A password could not be made or hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A password could not be hashed now.
    #[error(transparent)]
    Hashing(#[from] SignInError),
    /// The database refused or could not be reached.
    #[error("the database of people refused or did not answer")]
    Database(#[from] sqlx::Error),
}

const RETRY: Duration = Duration::from_secs(1);

crate::error::problem_by_value!(AccountError);

impl From<&AccountError> for Problem {
    /// What a user of the tenant is told.
    fn from(error: &AccountError) -> Self {
        let invalid = |field: &str| Self::invalid(vec![FieldError::new(field, error.to_string())]);
        match error {
            AccountError::NotFound => Code::NotFound.into(),
            AccountError::EmailTaken | AccountError::LastAdmin | AccountError::LastStaffAdmin => {
                Self::new(Code::Conflict, error.to_string())
            }
            AccountError::RoleUnknown(_) => invalid("roles"),
            AccountError::GrantsMore(_) => Self::new(Code::PermissionDenied, error.to_string()),
            AccountError::Tenant(error) => (&AuthError::Tenant(error.clone())).into(),
            AccountError::Catalog(error) => error.into(),
            AccountError::Hashing(error) => error.into(),
            AccountError::Database(error) => error.into(),
            AccountError::TooLate | AccountError::Intent(_) | AccountError::Follow(_) => {
                Self::retry_later(Code::Unavailable, RETRY, "try again in a moment")
            }
            AccountError::Unreadable(_) | AccountError::Engine(_) | AccountError::Password(_) => {
                Code::Internal.into()
            }
        }
    }
}

impl From<AccountError> for AuthError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Tenant(error) => Self::Tenant(error),
            other => Self::Unavailable(Arc::new(other)),
        }
    }
}
