//! Who somebody is: authenticators, and what is remembered of sessions and roles.

mod authenticator;
mod identity;
mod policies;
mod sessions;
#[cfg(all(feature = "tokens", feature = "passwords"))]
pub mod sign_in;
#[cfg(feature = "tokens")]
mod tokens;
#[cfg(feature = "tokens")]
mod verified;

pub use authenticator::{AuthError, Authenticator};
pub use identity::Identity;
pub use policies::{Policies, PolicyStore};
pub use sessions::{LiveSession, SessionKey, SessionStore, Sessions};
#[cfg(feature = "tokens")]
pub use tokens::TokenAuthenticator;

use crate::tenant::CacheError;

impl From<CacheError<AuthError>> for AuthError {
    fn from(error: CacheError<Self>) -> Self {
        match error {
            CacheError::Load(error) => error,
            interrupted @ CacheError::Interrupted => Self::unavailable(interrupted),
        }
    }
}
