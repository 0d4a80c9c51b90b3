use std::ops::Deref;

use chrono::TimeDelta;

use crate::limits::ACCESS_TOKEN_SECONDS;
use crate::{SessionId, Standing, Subject, Timestamp, TokenId};

/// What an access token says about the person who bears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who it is (`sub`).
    pub subject: Subject,
    /// The sign-in it came from (`sid`).
    pub session: SessionId,
    /// The person's version (`ver`), raised by every change of their roles, password or state: an
    /// older token is refused.
    pub version: i64,
    /// The token's own name (`jti`).
    pub token: TokenId,
    /// When it was issued (`iat`), to the second.
    pub issued_at: Timestamp,
    /// The first moment at which it is refused (`exp`), to the second.
    pub expires_at: Timestamp,
    /// Where the person stands, which is what the two realms say differently.
    pub standing: Standing,
}

impl AccessClaims {
    /// Claims of a token that is issued now and lives for
    /// [`ACCESS_TOKEN_SECONDS`](crate::limits::ACCESS_TOKEN_SECONDS).
    #[must_use]
    pub fn new(
        subject: Subject,
        session: SessionId,
        version: i64,
        standing: Standing,
        now: Timestamp,
    ) -> Self {
        let end = now.checked_add_signed(TimeDelta::seconds(ACCESS_TOKEN_SECONDS));
        Self {
            subject,
            session,
            version,
            token: TokenId::generate(),
            issued_at: now,
            expires_at: end.unwrap_or(now),
            standing,
        }
    }
}

/// Something a token said, once its signature and every rule have been checked. Only
/// [`KeyRings::verify`](super::KeyRings::verify) makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(super) const fn new(content: T) -> Self {
        Self(content)
    }

    /// Gives what was verified.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
