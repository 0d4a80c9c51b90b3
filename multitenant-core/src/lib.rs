//! One application, many tenants, each with a database of its own.
//!
//! | I want to … | start at |
//! | --- | --- |
//! | name a tenant | [`TenantId`], [`Slug`] |
//! | say who may do what | [`permissions!`], [`rbac`] |
//! | issue and check tokens | [`token`] (feature `tokens`) |
//! | hash passwords | [`password`] (feature `passwords`) |
//! | keep a secret in a database | [`keys::Vault`], [`secret`] (feature `crypto`) |
//! | read what a caller sent | [`input`] (feature `input`) |
//! | answer an error over HTTP | [`Problem`], [`Code`] |
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(feature = "accounts", any(feature = "postgres", feature = "sqlite")))]
pub mod accounts;
pub mod auth;
#[cfg(all(feature = "catalog", any(feature = "postgres", feature = "sqlite")))]
pub mod catalog;
pub mod directory;
pub mod engine;
mod error;
pub mod events;
pub mod gate;
mod id;
#[cfg(feature = "input")]
pub mod input;
#[cfg(feature = "crypto")]
pub mod keys;
pub mod limits;
#[cfg(feature = "passwords")]
pub mod password;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub mod platform;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub mod provision;
pub mod rbac;
pub mod resolve;
#[cfg(feature = "crypto")]
pub mod secret;
pub mod tenant;
mod time;
#[cfg(feature = "tokens")]
pub mod token;

pub use error::{Code, FieldError, Problem, ProblemDocument};
pub use id::{
    Email, EnterpriseRole, InvalidEmail, InvalidEnterpriseRole, InvalidId, InvalidName,
    InvalidRealm, InvalidSlug, NodeId, OperationId, Realm, RequestId, RoleName, ServerId,
    SessionId, Slug, Subject, TenantId, TokenId, UserId,
};
pub use time::{Clock, SystemClock, Timestamp};
