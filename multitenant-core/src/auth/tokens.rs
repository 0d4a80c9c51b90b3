use std::sync::Arc;

use async_trait::async_trait;

use super::verified::VerifiedTokens;
use super::{AuthError, Authenticator, Identity, Sessions};
use crate::token::KeyRings;
use crate::{Clock, Realm};

/// Accepts our own access tokens whose sessions are alive.
pub struct TokenAuthenticator {
    tokens: VerifiedTokens,
    sessions: Sessions,
    clock: Arc<dyn Clock>,
}

impl TokenAuthenticator {
    /// Accepts tokens signed with one of `keys`.
    pub fn new(keys: Arc<KeyRings>, sessions: Sessions, clock: Arc<dyn Clock>) -> Self {
        Self {
            tokens: VerifiedTokens::new(keys),
            sessions,
            clock,
        }
    }
}

#[async_trait]
impl Authenticator for TokenAuthenticator {
    async fn authenticate(&self, realm: Realm, credential: &str) -> Result<Identity, AuthError> {
        let claims = self
            .tokens
            .verify(realm, credential, self.clock.now())
            .map_err(|error| AuthError::refused(error.code(), error))?;
        let key = (claims.standing.tenant(), claims.session);
        let session = self
            .sessions
            .check(key, &claims.subject, claims.version)
            .await?;
        Ok(Identity {
            subject: claims.subject.clone(),
            session: Some(claims.session),
            standing: claims.standing.clone(),
            password_change_due: session.password_change_due,
        })
    }
}
