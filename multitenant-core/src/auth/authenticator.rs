use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Identity;
use crate::directory::TenantStatus;
use crate::tenant::TenantError;
use crate::{Code, Problem, Realm};

/// Why somebody's credential was not accepted.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// It is not one of ours, is over, or belongs to the other realm.
    #[error("the credential is not accepted: {code}")]
    Refused {
        /// What the bearer is told.
        code: Code,
        /// Why, for the log.
        #[source]
        reason: Option<Arc<dyn Error + Send + Sync>>,
    },
    /// Its session was ended, or the person's roles, password or state changed since.
    #[error("the session was ended, or the person changed since the token was issued")]
    Revoked,
    /// The tenant that it belongs to is not served.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// Whether it is good cannot be found out now.
    #[error("it could not be checked whether the session still exists")]
    Unavailable(#[source] Arc<dyn Error + Send + Sync>),
}

impl AuthError {
    /// A refusal with a reason for the log.
    pub fn refused(code: Code, reason: impl Error + Send + Sync + 'static) -> Self {
        Self::Refused {
            code,
            reason: Some(Arc::new(reason)),
        }
    }

    /// A failure of the store behind an authenticator.
    pub fn unavailable(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Arc::new(source))
    }
}

impl From<Code> for AuthError {
    /// A refusal of which the log needs to know no more than its code.
    fn from(code: Code) -> Self {
        Self::Refused { code, reason: None }
    }
}

const RETRY: Duration = Duration::from_secs(1);

crate::error::problem_by_value!(AuthError);

impl From<&AuthError> for Problem {
    /// What the bearer of a credential is told. Of their tenant's state they learn only where the
    /// credential is genuine.
    fn from(error: &AuthError) -> Self {
        match error {
            AuthError::Refused { code, .. } => (*code).into(),
            AuthError::Revoked => {
                Self::new(Code::TokenRevoked, "sign in again: the session was ended")
            }
            AuthError::Tenant(error) => of_own(error),
            AuthError::Unavailable(_) => {
                Self::retry_later(Code::Unavailable, RETRY, "try again in a moment")
            }
        }
    }
}

/// What somebody with an accepted token is told of their own tenant.
fn of_own(error: &TenantError) -> Problem {
    match error {
        TenantError::Unknown
        | TenantError::NotServed(TenantStatus::Deleting | TenantStatus::Provisioning) => {
            Code::TokenRevoked.into()
        }
        other => other.into(),
    }
}

/// Turns a bearer credential into an identity. Ours is
/// [`TokenAuthenticator`](super::TokenAuthenticator) (feature `tokens`); one of your own may ask an
/// identity provider, or know API keys:
///
/// ```
/// use std::collections::HashMap;
///
/// use async_trait::async_trait;
/// use multitenant_core::auth::{AuthError, Authenticator, Identity};
/// use multitenant_core::{Code, Realm, Subject, TenantId};
///
/// /// Whose each key is.
/// struct Keys(HashMap<String, Identity>);
///
/// #[async_trait]
/// impl Authenticator for Keys {
///     async fn authenticate(&self, realm: Realm, key: &str) -> Result<Identity, AuthError> {
///         let known = self.0.get(key).filter(|known| known.realm() == realm);
///         known.cloned().ok_or(Code::TokenInvalid.into())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tenant = TenantId::generate();
/// let robot = Identity::user(tenant, Subject::new("robot")?, ["Viewer".parse()?]);
/// let keys = Keys(HashMap::from([("a-key".to_owned(), robot.clone())]));
/// assert_eq!(keys.authenticate(Realm::Client, "a-key").await?, robot);
/// assert!(keys.authenticate(Realm::Enterprise, "a-key").await.is_err());
/// # Ok(()) }
/// ```
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Called once for each request to a route that is not public, with the text of its bearer
    /// token. Must be sure of the realm: an identity of the other one is a refusal.
    ///
    /// # Errors
    /// [`AuthError`] says what the bearer is told.
    async fn authenticate(&self, realm: Realm, credential: &str) -> Result<Identity, AuthError>;
}
