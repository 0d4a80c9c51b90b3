use secrecy::SecretString;

use crate::auth::AuthError;
use crate::auth::sign_in::Account;
use crate::{Email, RoleName, Standing, Subject, Timestamp, UserId};

/// Somebody as a row holds them, staff or user.
#[derive(sqlx::FromRow)]
pub(super) struct PersonRow {
    pub(super) id: UserId,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) password_hash: String,
    pub(super) must_change_password: bool,
    pub(super) temporary_password_expires_at: Option<Timestamp>,
    pub(super) is_active: bool,
    pub(super) ver: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl PersonRow {
    pub(super) fn into_account(self, standing: Standing) -> Result<Account, AuthError> {
        Ok(Account {
            subject: self.id.into(),
            email: self.email.parse().map_err(AuthError::unavailable)?,
            password: self.password_hash.parse().map_err(AuthError::unavailable)?,
            name: self.name,
            is_active: self.is_active,
            version: self.ver,
            password_change_due: self.must_change_password,
            temporary_until: self.temporary_password_expires_at,
            standing,
        })
    }
}

/// A user of a tenant, without what only a sign-in needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// What they sign in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Whether they may sign in.
    pub is_active: bool,
    /// Whether they must change a temporary password first.
    pub password_change_due: bool,
    /// Their roles, by name.
    pub roles: Vec<String>,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they were last changed.
    pub updated_at: Timestamp,
}

impl User {
    pub(super) fn from_row(row: PersonRow, roles: Vec<String>) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            is_active: row.is_active,
            password_change_due: row.must_change_password,
            roles,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A user who is to be made, with a temporary password.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// What they will sign in with.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// Their roles, by name.
    pub roles: Vec<RoleName>,
}

/// A user who was made.
#[derive(Debug)]
pub struct CreatedUser {
    /// The user.
    pub user: User,
    /// The password that opens nothing but its own change; shown this once.
    pub temporary_password: SecretString,
}

/// What is to be different about a user; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    /// What they sign in with.
    pub email: Option<Email>,
    /// What they are called.
    pub name: Option<String>,
    /// Whether they may sign in.
    pub is_active: Option<bool>,
}

/// Which users are wanted; `None` asks for any.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Those whose name or e-mail address contains this, in either case.
    pub search: Option<String>,
}

/// A role as a tenant has it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoredRole {
    /// Its name.
    pub name: RoleName,
    /// Whether it came with the tenant and stays.
    pub is_system: bool,
    /// What it grants, as `resource:action`, with `*`.
    pub permissions: Vec<String>,
}

pub(super) fn user_id(subject: &Subject) -> Option<UserId> {
    subject.as_str().parse().ok()
}
