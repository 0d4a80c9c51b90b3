//! Signing in with a password, staying signed in, and signing out.

mod door;
mod error;
mod hashing;
mod lookups;
mod stores;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use lookups::{Lookups, PATIENCE};

use super::{AuthError, Identity};
use crate::limits::ACCESS_TOKEN_SECONDS;
use crate::password::Password;
use crate::tenant::TenantError;
use crate::token::{AccessClaims, KeyRings, RefreshScope, RefreshToken};
use crate::{Clock, Email, Realm, SessionId, TenantId, Timestamp};

pub use door::Door;
pub use error::SignInError;
pub use hashing::HashingQueue;
pub use stores::{Account, NewSession, Origin, RefreshStore, Rotation, StoredSession, UserStore};

/// How long sessions last.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignInOptions {
    /// How long a session lasts at most, however often it is refreshed. Default 30 days.
    pub session: Duration,
    /// How many sign-ins may look for their person at once: strangers take no more of the tenants'
    /// connections. Default 8.
    pub lookups: usize,
}

impl Default for SignInOptions {
    fn default() -> Self {
        Self {
            session: Duration::from_secs(30 * 24 * 60 * 60),
            lookups: 8,
        }
    }
}

/// What somebody who signed in gets.
#[derive(Debug)]
pub struct SignedIn {
    /// The access token, good for [`expires_in`](Self::expires_in) seconds.
    pub access_token: SecretString,
    /// The token to be exchanged for the next pair.
    pub refresh_token: SecretString,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// The person.
    pub account: Account,
}

/// How long a client that lost the answer to a refresh, or sent it twice, gets the same answer
/// again; after that, a token used before is taken for stolen.
const REPETITION: TimeDelta = TimeDelta::seconds(10);

/// Signs people in and out, whatever keeps them.
pub struct SignIn {
    keys: Arc<KeyRings>,
    users: Arc<dyn UserStore>,
    sessions: Arc<dyn RefreshStore>,
    hashing: HashingQueue,
    clock: Arc<dyn Clock>,
    lookups: Lookups,
    options: SignInOptions,
}

impl SignIn {
    /// Signs in with these keys the people of these stores.
    pub fn new(
        keys: Arc<KeyRings>,
        users: Arc<dyn UserStore>,
        sessions: Arc<dyn RefreshStore>,
        hashing: HashingQueue,
        clock: Arc<dyn Clock>,
        options: SignInOptions,
    ) -> Self {
        Self {
            keys,
            users,
            sessions,
            hashing,
            clock,
            lookups: Lookups::new(options.lookups),
            options,
        }
    }

    /// Signs somebody in. An unknown tenant, an unknown person and a wrong password are answered
    /// alike and take as long.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        door: Door,
        email: &str,
        password: SecretString,
        origin: Origin,
    ) -> Result<SignedIn, SignInError> {
        let found = self.find(door, email).await?;
        let hash = found.as_ref().map(|(_, account)| account.password.clone());
        let is_right = self.hashing.verify(password, hash).await?;
        let (tenant, account) = found
            .filter(|_| is_right)
            .ok_or(SignInError::InvalidCredentials)?;
        let now = self.clock.now();
        if account.temporary_until.is_some_and(|until| until <= now) {
            return Err(SignInError::InvalidCredentials);
        }
        check_active(&account)?;
        self.begin(tenant, account, origin, now).await
    }

    async fn find(
        &self,
        door: Door,
        email: &str,
    ) -> Result<Option<(Option<TenantId>, Account)>, SignInError> {
        let _turn = self.lookups.turn(door).await?;
        let tenant = match door {
            Door::Staff => None,
            Door::Tenant(tenant) => Some(tenant),
            Door::Nowhere => return Ok(None),
        };
        let Ok(email) = email.parse::<Email>() else {
            return Ok(None);
        };
        let found = tokio::time::timeout(PATIENCE, self.users.by_email(tenant, &email)).await;
        match found.map_err(|_| SignInError::Busy)? {
            Ok(account) => Ok(account.map(|account| (tenant, account))),
            // Suspended since the request was looked at: to a stranger like none.
            Err(AuthError::Tenant(TenantError::Unknown | TenantError::NotServed(_))) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn begin(
        &self,
        tenant: Option<TenantId>,
        account: Account,
        origin: Origin,
        now: Timestamp,
    ) -> Result<SignedIn, SignInError> {
        let id = SessionId::generate();
        let scope = tenant.map_or(RefreshScope::Enterprise, RefreshScope::Client);
        let refresh = RefreshToken::generate(&self.keys, scope, id)?;
        let session = NewSession {
            id,
            subject: account.subject.clone(),
            version: account.version,
            refresh: refresh.hash(),
            created_at: now,
            expires_at: now + self.options.session,
            origin,
        };
        if !self.sessions.begin(tenant, &session).await? {
            return Err(SignInError::InvalidCredentials);
        }
        self.answer(account, id, &refresh, now)
    }

    fn answer(
        &self,
        account: Account,
        session: SessionId,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<SignedIn, SignInError> {
        let standing = account.standing.clone();
        let subject = account.subject.clone();
        let claims = AccessClaims::new(subject, session, account.version, standing, now);
        Ok(SignedIn {
            access_token: self.keys.issue(&claims)?.into(),
            refresh_token: refresh.reveal(),
            expires_in: ACCESS_TOKEN_SECONDS,
            account,
        })
    }

    /// Exchanges a refresh token for the next pair. A repetition within ten seconds gets the same
    /// refresh token again; a later one ends the session, since one of the two was stolen.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn refresh(
        &self,
        realm: Realm,
        token: &str,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        let presented = RefreshToken::verify(&self.keys, realm, token)?;
        let now = self.clock.now();
        let (subject, next) = self.exchange(&presented, origin, now).await?;
        let tenant = presented.tenant();
        let account = self.users.by_subject(tenant, &subject).await?;
        let account = account.ok_or(SignInError::Revoked)?;
        check_active(&account)?;
        self.answer(account, presented.session(), &next, now)
    }

    /// The tenant that a user's refresh token belongs to.
    ///
    /// # Errors
    /// [`SignInError::Token`] for anything but a genuine token of a user.
    pub fn tenant_of(&self, token: &str) -> Result<TenantId, SignInError> {
        let presented = RefreshToken::verify(&self.keys, Realm::Client, token)?;
        let tenant = presented.tenant();
        tenant.ok_or_else(|| crate::token::TokenError::WrongRealm.into())
    }

    async fn exchange(
        &self,
        presented: &RefreshToken,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(crate::Subject, RefreshToken), SignInError> {
        let (tenant, session) = (presented.tenant(), presented.session());
        let next = presented.successor(&self.keys);
        let stored = self.alive(tenant, session, now).await?;
        if stored.refresh == presented.hash() {
            let rotation = Rotation {
                subject: stored.subject.clone(),
                generation: presented.generation(),
                next: next.hash(),
                at: now,
                origin: origin.clone(),
            };
            if self.sessions.rotate(tenant, session, &rotation).await? {
                return Ok((stored.subject, next));
            }
        }
        // Somebody was faster: the same client, twice, or a thief.
        let stored = self.alive(tenant, session, now).await?;
        if stored.refresh == next.hash() && now - stored.last_used_at <= REPETITION {
            return Ok((stored.subject, next));
        }
        let reason = "a refresh token was used twice";
        self.sessions.end(tenant, session, reason, origin).await?;
        Err(SignInError::Revoked)
    }

    async fn alive(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
        now: Timestamp,
    ) -> Result<StoredSession, SignInError> {
        let stored = self.sessions.stored(tenant, session).await?;
        let stored = stored
            .filter(|stored| !stored.ended)
            .ok_or(SignInError::Revoked)?;
        if stored.expires_at <= now {
            return Err(SignInError::Expired);
        }
        Ok(stored)
    }

    /// Ends the session that somebody acts under; in force here when it returns.
    ///
    /// # Errors
    /// [`SignInError::Store`].
    pub async fn sign_out(&self, who: &Identity, origin: &Origin) -> Result<(), SignInError> {
        let Some(session) = who.session else {
            return Ok(());
        };
        let reason = "signed out";
        Ok(self
            .sessions
            .end(who.tenant(), session, reason, origin)
            .await?)
    }

    /// Changes somebody's own password, which ends all their sessions; in force here when it
    /// returns.
    ///
    /// # Errors
    /// [`SignInError::InvalidCredentials`] where the present password is another.
    pub async fn change_password(
        &self,
        who: &Identity,
        current: SecretString,
        new: Password,
        origin: &Origin,
    ) -> Result<(), SignInError> {
        let tenant = who.tenant();
        let account = self.users.by_subject(tenant, &who.subject).await?;
        let account = account.ok_or(SignInError::Revoked)?;
        if current.expose_secret() == new.as_secret().expose_secret() {
            return Err(SignInError::SamePassword);
        }
        let hash = Some(account.password);
        if !self.hashing.verify(current, hash).await? {
            return Err(SignInError::InvalidCredentials);
        }
        let new = self.hashing.hash(new).await?;
        let version = account.version;
        let set = self
            .users
            .set_password(tenant, &who.subject, version, &new, origin);
        match set.await? {
            true => Ok(()),
            false => Err(SignInError::Revoked),
        }
    }

    /// The person behind an identity, as stored now; `None` where they are gone.
    ///
    /// # Errors
    /// [`SignInError::Store`].
    pub async fn me(&self, who: &Identity) -> Result<Option<Account>, SignInError> {
        Ok(self.users.by_subject(who.tenant(), &who.subject).await?)
    }
}

fn check_active(account: &Account) -> Result<(), SignInError> {
    if account.is_active {
        Ok(())
    } else {
        Err(SignInError::AccountSuspended)
    }
}
