use std::sync::Arc;
use std::time::Duration;

use crate::auth::AuthError;
use crate::password::PasswordError;
use crate::token::TokenError;
use crate::{Code, FieldError, Problem};

/// Why somebody was not signed in.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// There is no such tenant, no such person in it, or it is another password; or a temporary
    /// password's time is over.
    #[error("e-mail and password do not belong together")]
    InvalidCredentials,
    /// The right password, of somebody who is deactivated.
    #[error("the account is suspended")]
    AccountSuspended,
    /// More people sign in than passwords can be checked.
    #[error("too many sign-ins at once")]
    Busy,
    /// The new password is the present one.
    #[error("the new password is the present one; choose another")]
    SamePassword,
    /// The refresh token is not accepted.
    #[error("the refresh token is not accepted")]
    Token(#[source] Arc<TokenError>),
    /// The session's time is over.
    #[error("the session has expired")]
    Expired,
    /// The session was ended, or its token was used before.
    #[error("the session was ended, or its refresh token was used before")]
    Revoked,
    /// A password could not be hashed or checked.
    #[error(transparent)]
    Password(Arc<PasswordError>),
    /// What is stored could not be read or written.
    #[error(transparent)]
    Store(#[from] AuthError),
}

impl From<PasswordError> for SignInError {
    fn from(error: PasswordError) -> Self {
        Self::Password(Arc::new(error))
    }
}

impl From<TokenError> for SignInError {
    fn from(error: TokenError) -> Self {
        Self::Token(Arc::new(error))
    }
}

const RETRY: Duration = Duration::from_secs(1);

crate::error::problem_by_value!(SignInError);

impl From<&SignInError> for Problem {
    fn from(error: &SignInError) -> Self {
        match error {
            SignInError::InvalidCredentials => Code::InvalidCredentials.into(),
            SignInError::AccountSuspended => Code::AccountSuspended.into(),
            SignInError::SamePassword => {
                Self::invalid(vec![FieldError::new("newPassword", error.to_string())])
            }
            SignInError::Busy => {
                Self::retry_later(Code::Unavailable, RETRY, "try again in a moment")
            }
            SignInError::Token(error) => error.code().into(),
            SignInError::Expired => Self::new(Code::TokenExpired, "sign in again"),
            SignInError::Revoked => Self::new(Code::TokenRevoked, "sign in again"),
            SignInError::Password(_) => Code::Internal.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}
