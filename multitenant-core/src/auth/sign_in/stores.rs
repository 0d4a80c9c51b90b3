use std::net::IpAddr;

use async_trait::async_trait;

use crate::auth::{AuthError, SessionStore};
use crate::password::PasswordHash;
use crate::token::RefreshHash;
use crate::{Email, SessionId, Standing, Subject, TenantId, Timestamp};

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub struct Account {
    /// The person.
    pub subject: Subject,
    /// What they sign in with.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// Their password, hashed.
    pub password: PasswordHash,
    /// Whether they may sign in.
    pub is_active: bool,
    /// Raised by every change of their roles, password or state.
    pub version: i64,
    /// Whether the password is a temporary one that must be changed first.
    pub password_change_due: bool,
    /// When a temporary password stops working.
    pub temporary_until: Option<Timestamp>,
    /// Where they stand, and with what rights.
    pub standing: Standing,
}

/// From where and in which request somebody acts on their own account.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The address they come from.
    pub address: Option<IpAddr>,
    /// What their program calls itself.
    pub user_agent: Option<String>,
    /// The request.
    pub request_id: Option<String>,
}

/// A sign-in that is to be remembered.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub subject: Subject,
    /// The person's version when their password was checked.
    pub version: i64,
    /// The hash of its first refresh token.
    pub refresh: RefreshHash,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// From where it was begun.
    pub origin: Origin,
}

/// A refresh token that takes the place of the one before.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// Whose session it is.
    pub subject: Subject,
    /// How many times the token had been exchanged before.
    pub generation: u32,
    /// The hash of the next token.
    pub next: RefreshHash,
    /// When it was made.
    pub at: Timestamp,
    /// From where the one before was sent.
    pub origin: Origin,
}

/// A session as it is stored, alive or not.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// Whose it is.
    pub subject: Subject,
    /// How many times its refresh token was exchanged.
    pub generation: u32,
    /// The hash of its present refresh token.
    pub refresh: RefreshHash,
    /// When that was made.
    pub last_used_at: Timestamp,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
    /// Whether it was ended.
    pub ended: bool,
}

/// Where people live who sign in with a password. `tenant: None` stands for the platform's staff.
///
#[doc = include_str!("../../docs/seams/user_store.md")]
#[async_trait]
pub trait UserStore: Send + Sync + 'static {
    /// Reads somebody by what they sign in with.
    ///
    /// # Errors
    /// [`AuthError`] when the store cannot be read.
    async fn by_email(
        &self,
        tenant: Option<TenantId>,
        email: &Email,
    ) -> Result<Option<Account>, AuthError>;

    /// Reads somebody by who they are.
    ///
    /// # Errors
    /// [`AuthError`] when the store cannot be read.
    async fn by_subject(
        &self,
        tenant: Option<TenantId>,
        subject: &Subject,
    ) -> Result<Option<Account>, AuthError>;

    /// Sets a password that the person chose: it is no temporary one, their version is raised, and
    /// all their sessions are ended. In force on this node when it returns. `false`: their version
    /// is not `version` any more, and nothing has changed.
    ///
    /// # Errors
    /// [`AuthError`] when it could not be written; then nothing has changed.
    async fn set_password(
        &self,
        tenant: Option<TenantId>,
        subject: &Subject,
        version: i64,
        password: &PasswordHash,
        origin: &Origin,
    ) -> Result<bool, AuthError>;
}

/// Where sign-ins are remembered until they are ended.
///
#[doc = include_str!("../../docs/seams/refresh_store.md")]
#[async_trait]
pub trait RefreshStore: SessionStore {
    /// Remembers a sign-in. `false`: the person changed since their password was checked, and
    /// nothing is remembered.
    ///
    /// # Errors
    /// [`AuthError`] when it could not be written.
    async fn begin(
        &self,
        tenant: Option<TenantId>,
        session: &NewSession,
    ) -> Result<bool, AuthError>;

    /// Reads a session, also one that has ended.
    ///
    /// # Errors
    /// [`AuthError`] when the store cannot be read.
    async fn stored(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
    ) -> Result<Option<StoredSession>, AuthError>;

    /// Puts the next refresh token in the place of that of the rotation's generation. `false`:
    /// somebody else was faster, or the session has ended.
    ///
    /// # Errors
    /// [`AuthError`] when it could not be written.
    async fn rotate(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
        rotation: &Rotation,
    ) -> Result<bool, AuthError>;

    /// Ends a session, for a reason that goes into the audit log. In force on this node when it
    /// returns.
    ///
    /// # Errors
    /// [`AuthError`] when it could not be written.
    async fn end(
        &self,
        tenant: Option<TenantId>,
        session: SessionId,
        reason: &'static str,
        origin: &Origin,
    ) -> Result<(), AuthError>;
}
